"""How llmlearn._ffi is built; setup.py and cffi read this file, programs never do.

The extension holds three things: what cffi makes of the public header, the two
hot calls written against Python's own C API (native/), and, unless a library
is found, the C library itself. Where the library comes from, first match wins:

1. LLMLEARN_INCLUDE and LLMLEARN_LIBDIR in the environment: the folders of
   llmlearn.h and of libllmlearn.so; the extension remembers the latter.
2. pkg-config knows ``llmlearn``: the installed library.
3. The C sources of this checkout (or of the source archive), compiled into
   the extension. Needs the header of SQLite, nothing else.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
import tempfile
from typing import Any, NamedTuple

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What native/ adds for the Python side of the binding, beside the header.
NATIVE_CDEF = """
int install(void);
int64_t *clock_new(int64_t start_us);
int64_t clock_get(const int64_t *cell);
void clock_set(int64_t *cell, int64_t now_us);
int64_t clock_add(int64_t *cell, int64_t us);
int64_t clock_read(void *cell);
void flag_set(int32_t *flag);
int32_t flag_get(const int32_t *flag);
char *text_copy(const char *text);
extern "Python" size_t read_secret(void *user, char *out, size_t out_bytes);
extern "Python" llmlearn_err ask_caller(void *user, const llmlearn_question *question,
                                        llmlearn_answer *out_answer);
"""

_NUMBER = re.compile(r"\(?-?(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\)?$")


class Library(NamedTuple):
    """A C library to build against: its header's folder and how to link it."""

    include: str
    sources: tuple[str, ...] = ()  # compile these in; else link with the rest
    cflags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        return os.path.join(self.include, "llmlearn.h")


def _pkg_config(*arguments: str) -> str | None:
    command = shlex.split(os.environ.get("PKG_CONFIG", "pkg-config"))
    try:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _flags(what: str, *packages: str) -> tuple[str, ...]:
    return tuple(shlex.split(_pkg_config(what, *packages) or ""))


def source_root() -> str | None:
    """The folder with include/ and lib/: the checkout, or what the archive brought."""
    for root in (os.path.dirname(os.path.dirname(PROJECT)), os.path.join(PROJECT, "vendor")):
        if os.path.isfile(os.path.join(root, "include", "llmlearn.h")):
            return root
    return None


def _sources_of(root: str) -> tuple[str, ...]:
    return tuple(
        os.path.join(folder, name)
        for folder, _, names in sorted(os.walk(os.path.join(root, "lib")))
        for name in sorted(names)
        if name.endswith(".c")
    )


def _from_environment() -> Library | None:
    include, libdir = os.environ.get("LLMLEARN_INCLUDE"), os.environ.get("LLMLEARN_LIBDIR")
    if not include or not libdir:
        return None
    libdir = os.path.abspath(libdir)
    return Library(
        os.path.abspath(include),
        ldflags=(f"-L{libdir}", "-lllmlearn", f"-Wl,-rpath,{libdir}"),
    )


def _from_pkg_config() -> Library | None:
    include = _pkg_config("--variable=includedir", "llmlearn")
    libdir = _pkg_config("--variable=libdir", "llmlearn")
    if not include or not libdir or not os.path.isfile(os.path.join(include, "llmlearn.h")):
        return None
    rpath = () if libdir.startswith(("/usr/lib", "/lib")) else (f"-Wl,-rpath,{libdir}",)
    return Library(
        include,
        cflags=_flags("--cflags", "llmlearn"),
        ldflags=_flags("--libs", "llmlearn") + rpath,
    )


def find_library() -> Library:
    """The C library by the three rules above."""
    found = _from_environment() or _from_pkg_config()
    if found is not None:
        return found
    root, packages = source_root(), ("sqlite3", "jansson")
    if root is None:
        raise SystemExit(
            "llmlearn: no C library found. Install libllmlearn (pkg-config must know it), or set"
            " LLMLEARN_INCLUDE and LLMLEARN_LIBDIR, or build from a whole checkout."
        )
    return Library(
        os.path.join(root, "include"),
        sources=_sources_of(root),
        cflags=_flags("--cflags", *packages),
        ldflags=(_flags("--libs", *packages) or ("-lsqlite3", "-ljansson")) + ("-lpthread", "-lm"),
    )


def version(library: Library) -> str:
    """The version that the header states."""
    with open(library.header, encoding="utf-8") as file:
        parts = re.findall(r"#define LLMLEARN_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", file.read())
    return ".".join(parts)


def static_libraries(library: Library) -> list[tuple[str, dict[str, Any]]]:
    """For setup(libraries=): the C library itself, when it has to be compiled in."""
    if not library.sources:
        return []
    lib = os.path.join(os.path.dirname(library.include), "lib")
    options = {
        "sources": list(library.sources),
        "include_dirs": [library.include, lib],
        "macros": [("_GNU_SOURCE", ""), ("LLMLEARN_API", "")],
        "cflags": [
            "-std=c11",
            # What gcc 12 only warns of would be a wrong program.
            "-Werror=implicit-function-declaration",
            "-Werror=int-conversion",
            "-UNDEBUG",  # the library's cheap assertions stay on
            "-fPIC",
            "-fvisibility=hidden",
            "-ffp-contract=off",
            f"-ffile-prefix-map={os.path.dirname(library.include)}=.",
            *library.cflags,
        ],
    }
    return [("llmlearn_inside", options)]


def cdef(header: str) -> str:
    """The header as cffi reads it: preprocessed, with every numeric macro named.

    Two empty files stand for the system's headers, whose types cffi knows; so
    nothing but llmlearn.h itself comes out of the preprocessor.
    """
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    with tempfile.TemporaryDirectory() as empty:
        for name in ("stddef.h", "stdint.h"):
            open(os.path.join(empty, name), "w").close()
        command = [*compiler, "-E", "-P", "-dD", "-undef", "-nostdinc", f"-I{empty}"]
        text = subprocess.run(
            [*command, "-DLLMLEARN_API=", header], check=True, capture_output=True, text=True
        ).stdout
    return "\n".join(filter(None, map(_cdef_line, text.splitlines()))) + "\n"


def _cdef_line(line: str) -> str:
    if not line.startswith("#"):
        return line
    words = line.split(None, 2)
    if len(words) == 3 and words[1].startswith("LLMLEARN_") and _NUMBER.match(words[2]):
        return f"#define {words[1]} ..."  # the compiler fills in the number
    return ""


def ffibuilder() -> Any:
    """The cffi builder of llmlearn._ffi."""
    from cffi import FFI

    library = find_library()
    native = os.path.join(PROJECT, "native")
    names = [name for name in sorted(os.listdir(native)) if name.endswith((".c", ".h"))]
    builder = FFI()
    builder.cdef(cdef(library.header) + NATIVE_CDEF)
    builder.set_source(
        "llmlearn._ffi",
        '#include "core.h"\n',
        # Relative: distutils would put the objects of absolute paths elsewhere.
        sources=[os.path.join("native", name) for name in names if name.endswith(".c")],
        depends=[library.header, *(os.path.join("native", name) for name in names)],
        include_dirs=[native, library.include],
        # The hot calls use what the limited API lacks, so the file's tag must not claim it.
        define_macros=[("_CFFI_NO_LIMITED_API", None)],
        py_limited_api=False,
        extra_compile_args=["-std=c11", "-fvisibility=hidden", *library.cflags],
        extra_link_args=["-Wl,--exclude-libs,ALL", "-Wl,-z,nodelete", *library.ldflags],
    )
    return builder
