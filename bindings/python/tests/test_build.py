"""The module is made from the header, whole and fresh, and pip can make it anywhere."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import llmlearn
from llmlearn import _ffi
from llmlearn._ffi import ffi, lib

from conftest import PROJECT, ROOT, package_path

HEADER = ROOT / "include" / "llmlearn.h"


def load_build():
    spec = importlib.util.spec_from_file_location(
        "llmlearn_build_under_test", PROJECT / "src" / "llmlearn" / "_build.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build():
    return load_build()


def header_without_comments():
    return re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)


def test_every_function_of_the_header_can_be_called():
    text = header_without_comments()
    names = set(re.findall(r"^LLMLEARN_API [^;(]*?\b(llmlearn_\w+)\(", text, re.M))
    assert len(names) > 20
    assert {name for name in names if not callable(getattr(lib, name, None))} == set()


def test_every_constant_of_the_header_is_there():
    text = header_without_comments()
    macros = set(re.findall(r"^#define (LLMLEARN_\w+)[ \t]+\S", text, re.M)) - {"LLMLEARN_API"}
    members = set(re.findall(r"^    (LLMLEARN_\w+) = ", text, re.M))
    assert len(macros) > 10 and len(members) > 15
    assert {name for name in macros | members if not isinstance(getattr(lib, name, None), int)} == (
        set()
    )


def test_every_struct_has_the_fields_of_the_header():
    text = header_without_comments()
    structs = re.findall(r"^typedef struct (\w+) \{(.*?)^\}", text, re.M | re.S)
    assert len(structs) > 8
    for name, body in structs:
        fields = re.findall(r"(\w+)(?:\[\w+\])?[;,]", body)
        assert [field for field, _ in ffi.typeof(name).fields] == fields, name


def test_the_declarations_hold_nothing_but_the_header(build):
    cdef = build.cdef(str(HEADER))
    assert "__" not in cdef and "wchar_t" not in cdef
    assert "LLMLEARN_API" not in cdef and "visibility" not in cdef
    assert all(line.endswith(" ...") for line in cdef.splitlines() if line.startswith("#"))


def test_a_new_function_gets_in_by_itself(build, tmp_path):
    changed = tmp_path / "llmlearn.h"
    addition = (
        "#define LLMLEARN_NEW 0x10u\n/* a comment */\n"
        "LLMLEARN_API llmlearn_err llmlearn_new(\n    llmlearn *learner);\n"
    )
    changed.write_text(HEADER.read_text().replace("LLMLEARN_API void llmlearn_free", addition
                                                  + "LLMLEARN_API void llmlearn_free"))
    cdef = build.cdef(str(changed))
    assert "#define LLMLEARN_NEW ...\n" in cdef
    assert re.search(r"llmlearn_err llmlearn_new\(\s*llmlearn \*learner\);", cdef)


def test_the_version_comes_from_the_header(build):
    assert build.version(build.Library(str(HEADER.parent))) == llmlearn.__version__


def test_the_file_claims_no_stable_abi():
    assert _ffi.__file__.endswith(sysconfig.get_config_var("EXT_SUFFIX"))
    assert "abi3" not in _ffi.__file__


def test_the_stub_says_what_the_module_does():
    tree = ast.parse((PROJECT / "src" / "llmlearn" / "_ffi.pyi").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for method in ("log_explanation", "get_variant"):
        stub = next(
            node for node in classes["Core"].body if getattr(node, "name", None) == method
        )
        parameters = inspect.signature(getattr(_ffi.Core, method)).parameters
        assert [arg.arg for arg in stub.args.args + stub.args.kwonlyargs] == list(parameters)
        for arg, default in zip(stub.args.kwonlyargs, stub.args.kw_defaults):
            value = parameters[arg.arg].default
            if default is None:
                assert value is inspect.Parameter.empty
            else:
                assert value is ast.literal_eval(default)
    properties = [node.name for node in classes["Assignment"].body
                  if isinstance(node, ast.FunctionDef) and node.name != "__new__"]
    assert tuple(properties) == llmlearn.Assignment.__match_args__


def test_importing_loads_nothing_slow():
    """What would take milliseconds is loaded when it is needed."""
    code = "import sys; old = set(sys.modules); import llmlearn; print(*set(sys.modules) - old)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, env=package_path()
    )
    loaded = set(done.stdout.split())
    assert "llmlearn.client" in loaded, done.stderr
    slow = {"asyncio", "concurrent", "dataclasses", "datetime", "inspect", "json", "re", "typing"}
    assert loaded & slow == set()


# ---- pip


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def pip_install(target, *flags, **environment):
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation",
               "--no-deps", "--no-warn-script-location", "--target", str(target), *flags, "."]
    env = {name: value for name, value in os.environ.items() if not name.startswith("LLMLEARN_")}
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return subprocess.run(
        command, cwd=copy_of_project(target), capture_output=True, text=True,
        env={**env, **environment}
    )


def copy_of_project(target):
    """The checkout's include, lib and bindings/python elsewhere: pip leaves things behind."""
    import shutil

    copy = Path(target).parent / "checkout"
    if not copy.exists():
        for folder in ("include", "lib"):
            shutil.copytree(ROOT / folder, copy / folder)
        shutil.copytree(
            PROJECT,
            copy / "bindings" / "python",
            ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "dist"),
        )
    return copy / "bindings" / "python"


SMOKE = """
import sys, llmlearn
with llmlearn.Learner(sys.argv[1]) as learner:
    id = learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
    learner.submit_feedback(explanation_id=id, helpful=True)
    assert learner.analytics()["total_feedback"] == 1
print(llmlearn.__file__)
"""


def assert_it_works(target, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SMOKE, str(tmp_path / "smoke.db")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(target)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(target))


@pytest.fixture
def needs_pip():
    for module in ("pip", "setuptools", "wheel", "cffi"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def test_pip_installs_from_a_bare_checkout(tmp_path, needs_pip):
    """No library anywhere: its C sources are compiled into the module."""
    target = tmp_path / "target"
    done = pip_install(target, PKG_CONFIG_LIBDIR=pkg_config_without_us(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert_it_works(target, tmp_path)
    module = next((target / "llmlearn").glob("_ffi*.so"))
    assert re.findall(r" T (\w+)", output("nm", "-D", "--defined-only", module)) == ["PyInit__ffi"]
    needed = output("readelf", "-d", module)
    assert "libllmlearn" not in needed and "libsqlite3" in needed


def pkg_config_without_us(folder):
    """The system's pkg-config files, without ours should it be installed."""
    paths = output("pkg-config", "--variable", "pc_path", "pkg-config").strip()
    clean = folder / "pkgconfig"
    clean.mkdir()
    for path in reversed(paths.split(":")):
        for file in Path(path).glob("*.pc"):
            if file.name != "llmlearn.pc":
                (clean / file.name).unlink(missing_ok=True)
                (clean / file.name).symlink_to(file)
    return str(clean)


def test_pip_links_the_library_it_is_told(tmp_path, needs_pip):
    libdir = folder_of_the_library()
    target = tmp_path / "target"
    done = pip_install(target, LLMLEARN_INCLUDE=str(ROOT / "include"), LLMLEARN_LIBDIR=libdir)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_it_works(target, tmp_path)


def test_pip_links_the_library_that_pkg_config_knows(tmp_path, needs_pip):
    libdir = folder_of_the_library()
    (tmp_path / "llmlearn.pc").write_text(
        f"libdir={libdir}\nincludedir={ROOT}/include\nName: llmlearn\nDescription: d\nVersion: 0\n"
        "Libs: -L${libdir} -lllmlearn\nCflags: -I${includedir}\n"
    )
    target = tmp_path / "target"
    done = pip_install(target, PKG_CONFIG_PATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    module = next((target / "llmlearn").glob("_ffi*.so"))
    needed = output("readelf", "-d", module)
    assert "libllmlearn.so" in needed
    assert_it_works(target, tmp_path)


def folder_of_the_library():
    """Where the module under test has its libllmlearn.so from."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            if "/libllmlearn.so" in line:
                return os.path.dirname(line.split()[-1])
    pytest.skip("the module under test holds the library itself")


def test_the_source_archive_builds_without_the_repository(tmp_path, needs_pip):
    copy = copy_of_project(tmp_path / "target")
    done = subprocess.run([sys.executable, "setup.py", "-q", "sdist", "-d", str(tmp_path / "dist")],
                          cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    archive = next((tmp_path / "dist").glob("*.tar.gz"))
    names = output("tar", "tzf", archive)
    for needed in ("vendor/include/llmlearn.h", "vendor/lib/base/err.c", "native/hot.c",
                   "src/llmlearn/py.typed", "src/llmlearn/_ffi.pyi", "setup.py"):
        assert f"/{needed}\n" in names
