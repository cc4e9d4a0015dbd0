#!/bin/sh
# The statistics give the same verdicts and the same bits whoever compiles them:
# gcc and clang, without an optimiser and with all of it, print the same about
# the inputs of all reference cases and of some thousand seeded ones.
#
#   agreement_test.sh [inputs]      default: 3,000
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${JOBS:=2}"
inputs=${1:-3000}
bad=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Where the public calls and what they need are. The linker leaves out the functions that are
# not called, and with them what only those need: the store and the journal are not built.
sources="lib/base/*.c lib/stats/*.c lib/experiment/*.c lib/api/*stats*.c lib/api/arguments.c
    lib/api/api_life.c tests/support/any_numbers.c tests/builds/agreement.c"

# -ffp-contract=off as in the Makefile: an operation is rounded when it is made.
cat >"$work/compile" <<'END'
compiler=$1 level=$2 folder=$3 source=$4
exec "$compiler" -std=c11 -D_GNU_SOURCE= -ffp-contract=off "$level" -w -ffunction-sections \
    -Iinclude -Ilib -Itests -c -o "$folder/$(echo "$source" | tr / _).o" "$source"
END

compile_all() {
    # shellcheck disable=SC2086
    printf '%s\n' $sources | xargs -P "$JOBS" -n 1 sh "$work/compile" "$1" "$2" "$3"
}

link() {
    "$1" -Wl,--gc-sections -o "$2/agreement" "$2"/*.o -ljansson -lpthread -lm
}

# build COMPILER LEVEL: what the program says goes to a file of that name.
build() {
    folder=$work/$1$2.d
    mkdir "$folder"
    if ! { compile_all "$1" "$2" "$folder" && link "$1" "$folder" &&
        "$folder/agreement" . "$inputs" >"$work/$1$2"; } 2>"$work/log"; then
        echo "not ok $1 $2 builds and runs"
        cat "$work/log"
        exit 1
    fi
}

# The names of the functions of which two outputs say different things.
differing() {
    diff "$1" "$2" | sed -n 's/^[<>] \(digest \)\{0,1\}\([a-z_]*\).*/\2/p' | sort -u | tr '\n' ' '
}

# same WHAT ONE OTHER, each a compiler with its level.
same() {
    if cmp -s "$work/$2.$1" "$work/$3.$1"; then
        echo "ok $2 and $3: the same $1"
    else
        echo "not ok $2 and $3: other $1 of $(differing "$work/$2.$1" "$work/$3.$1")"
        diff "$work/$2.$1" "$work/$3.$1" | head -n 8
        bad=1
    fi
}

compilers=
for compiler in gcc clang; do
    if command -v "$compiler" >/dev/null; then
        compilers="$compilers $compiler"
    else
        echo "SKIP $compiler is not installed: its builds are not compared"
    fi
done
first=
for compiler in $compilers; do
    for level in -O0 -O3; do
        build "$compiler" "$level"
        grep -v '^digest ' "$work/$compiler$level" >"$work/$compiler$level.verdicts"
        grep '^digest ' "$work/$compiler$level" >"$work/$compiler$level.bits"
        if [ -n "$first" ]; then
            same verdicts "$first" "$compiler$level"
            same bits "$first" "$compiler$level"
        else
            first=$compiler$level
            sed 's/^digest /    /' "$work/$first.bits"
        fi
    done
done
exit "$bad"
