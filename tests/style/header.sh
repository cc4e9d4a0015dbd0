#!/bin/sh
# The public header compiles alone, in every language it is promised for, and
# none of its structs has padding that the compiler put there. So does each
# header of lib and of the examples, in ours.
#
#   header.sh [root]
set -eu
cd "${1:-.}"
: "${CC:=gcc}" "${CXX:=g++}"
bad=0

alone() {
    compiler=$1 language=$2 header=$3
    shift 3
    # A header of macros alone would leave an empty translation unit.
    if ! printf '#include "%s"\nextern int something;\n' "$header" | "$compiler" -x "$language" \
        "$@" -Wall -Wextra -pedantic -Werror -Iinclude -fsyntax-only -; then
        echo "$header does not stand alone: $compiler $*"
        bad=1
    fi
}

for header in include/*.h; do
    [ -e "$header" ] || continue
    alone "$CC" c "${header#include/}" -std=c99 -Wpadded
    alone "$CC" c "${header#include/}" -std=c11 -Wstrict-prototypes
    if command -v "$CXX" >/dev/null; then
        alone "$CXX" c++ "${header#include/}" -std=c++11
        alone "$CXX" c++ "${header#include/}" -std=c++17
    else
        echo "SKIP $CXX is not here, C++ not tried"
    fi
done

for header in lib/*/*.h; do
    [ -e "$header" ] || continue
    alone "$CC" c "${header#lib/}" -std=c11 -D_GNU_SOURCE= -Ilib
done
for header in examples/*/*.h; do
    [ -e "$header" ] || continue
    alone "$CC" c "${header#examples/}" -std=c11 -D_GNU_SOURCE= -Iexamples
done
exit "$bad"
