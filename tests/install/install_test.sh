#!/bin/sh
# Installs into an empty folder, builds a C and a C++ program there with what
# pkg-config says and nothing else, runs them, links one statically, moves the
# whole prefix, uninstalls, and finds the folder as empty as it was.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${LL_MAKE:=make}" "${LL_BUILD:=build}" "${CC:=gcc}" "${CXX:=g++}"
bad=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root # stands for an empty file system
prefix=/opt/llm
mkdir "$root"

quiet() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
}

# say NAME COMMAND...: one result line.
say() {
    name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        bad=1
    fi
}

make_target() {
    quiet $LL_MAKE --no-print-directory B="$LL_BUILD" DESTDIR="$root" PREFIX=$prefix "$@"
}

# pkg-config as a cross build would use it: everything of ours is below root.
flags() {
    PKG_CONFIG_PATH=$root$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" llmlearn
}

# shellcheck disable=SC2046
compiles() {
    source=$1
    shift
    case $source in
    *.cc) set -- "$CXX" -std=c++17 "$@" ;;
    *) set -- "$CC" -std=c11 "$@" ;;
    esac
    quiet "$@" -Wall -Wextra -pedantic -Werror $(flags --cflags) -o "$work/program" \
        "tests/install/$source" $(flags --libs)
}

runs() {
    rm -rf "$work/data"
    mkdir "$work/data"
    LD_LIBRARY_PATH=$1 "$work/program" "$work/data/learn.db" >"$work/out" 2>&1 &&
        grep -qE '^[0-9]+\.[0-9]+\.[0-9]+ [0-9a-f]{8}-[0-9a-f]{4}-7' "$work/out" &&
        [ -s "$work/data/learn.db" ] || { cat "$work/out"; return 1; }
}

# Our archive in place of our shared library; the system's may stay shared.
# shellcheck disable=SC2046
links_statically() {
    quiet "$CC" -std=c11 $(flags --cflags) -o "$work/program" tests/install/consumer.c \
        $(flags --static --libs | sed 's/-lllmlearn/-l:libllmlearn.a/') &&
        ! readelf -d "$work/program" | grep libllmlearn
}

# A program that defines a name of our internals is none of the archive's business.
# shellcheck disable=SC2046
keeps_internals() {
    own=$(nm --defined-only -g "$root$prefix/lib/libllmlearn.a" | awk 'NF == 3 {print $3}' |
        grep -v '^llmlearn_')
    [ -z "$own" ] || { echo "visible in the archive: $own"; return 1; }
}

names_itself() {
    so=$root$prefix/lib/libllmlearn.so
    version=$(flags --modversion)
    [ "$(readlink "$so")" = "libllmlearn.so.${version%%.*}" ] &&
        [ -f "$so.$version" ] && readelf -d "$so" | grep -q "SONAME.*libllmlearn.so.${version%%.*}]"
}

is_hardened() {
    so=$root$prefix/lib/libllmlearn.so
    readelf -d "$so" | grep -q 'BIND_NOW\|FLAGS.*NOW' && readelf -d "$so" | grep -q NODELETE &&
        readelf -lW "$so" | grep -q GNU_RELRO &&
        ! readelf -lW "$so" | grep 'GNU_STACK' | grep -q 'RWE' &&
        ! readelf -d "$so" | grep -q 'RPATH\|RUNPATH\|TEXTREL'
}

names_no_path_of_ours() {
    ! strings -a "$root$prefix/lib/libllmlearn.so" | grep -F "$PWD"
}

below_moved_prefix() {
    mv "$root$prefix" "$root/moved" &&
        PKG_CONFIG_PATH=$root/moved/lib/pkgconfig pkg-config \
            --define-variable=prefix="$root/moved" --variable=libdir llmlearn |
        grep -qx "$root/moved/lib" && mv "$root/moved" "$root$prefix"
}

is_empty() {
    [ -z "$(ls -A "$root")" ] || { find "$root"; return 1; }
}

keeps_what_is_not_ours() {
    mkdir -p "$root$prefix/include" "$root$prefix/lib" && touch "$root$prefix/lib/libother.so" &&
        make_target install && make_target uninstall &&
        left=$(cd "$root$prefix" && find . | sort | tr '\n' ' ') &&
        [ "$left" = '. ./include ./lib ./lib/libother.so ' ] || { find "$root"; return 1; }
}

say 'installs' make_target install
say 'a C program builds' compiles consumer.c
say 'and runs' runs "$root$prefix/lib"
say 'a C++17 program builds' compiles consumer.cc
say 'and runs' runs "$root$prefix/lib"
say 'a program links statically' links_statically
say 'and runs' runs /nowhere
say 'the archive shows the public names alone' keeps_internals
say 'the shared library has its soname and links' names_itself
say 'the shared library is hardened' is_hardened
say 'the shared library names no folder of the build machine' names_no_path_of_ours
say 'the pkg-config file moves with the prefix' below_moved_prefix
say 'uninstalls' make_target uninstall
say 'and leaves nothing' is_empty
say 'uninstall keeps what it did not bring' keeps_what_is_not_ours
exit "$bad"
