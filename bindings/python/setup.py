"""What pyproject.toml cannot say: the version, and where the C library comes from.

The rules are in src/llmlearn/_build.py.
"""

import importlib.util
import os
import shutil

from setuptools import setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = os.path.dirname(os.path.abspath(__file__))

_spec = importlib.util.spec_from_file_location(
    "llmlearn_build", os.path.join(HERE, "src", "llmlearn", "_build.py")
)
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)
library = build.find_library()


def afresh(command):
    """The command, always doing all of its work.

    By dates alone it would take a module linked to another library, or objects
    older than a header, for up to date.
    """

    class Afresh(command):
        def finalize_options(self):
            super().finalize_options()
            self.force = True

    return Afresh


class SourceDistribution(sdist):
    """Takes the C library along, so that the archive builds without the repository."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        root = build.source_root()
        if root is None:
            return
        for folder in ("include", "lib"):
            shutil.copytree(
                os.path.join(root, folder),
                os.path.join(base_dir, "vendor", folder),
                dirs_exist_ok=True,
            )


setup(
    version=build.version(library),
    packages=["llmlearn"],
    package_dir={"": "src"},
    package_data={"llmlearn": ["py.typed", "*.pyi"]},
    include_package_data=False,
    cffi_modules=["src/llmlearn/_build.py:ffibuilder"],
    libraries=build.static_libraries(library),
    cmdclass={
        "build_clib": afresh(build_clib),
        "build_ext": afresh(build_ext),
        "sdist": SourceDistribution,
    },
)
