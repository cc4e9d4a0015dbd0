#!/bin/sh
# Plants known defects, one at a time, in a copy of the tree, and sees the test
# that is there for it fail. A test that passes with its defect is no test.
#
#   tests/sabotage/run.sh [name...]      default: every *.defect beside this
#
# A defect is a file:
#
#   file: lib/journal/journal.c
#   why: the commit bit is stored before the payload
#   test: tests/fault/kill_test            (or any command, run in the copy)
#   s/.../.../                             the rest is a sed script for the file
#
# It counts as caught only if the sed changed the file, the copy still builds,
# and the test, which passed in the untouched copy, now fails.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
: "${LL_MAKE:=make}" "${JOBS:=2}" "${LL_SABOTAGE_SECONDS:=300}"
unset LL_BUILD
: "${LL_PEERS:=$PWD/build/peers}" # the copy has none
export LL_PEERS
copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM
caught=0 missed=0

# The copy keeps times, so that only what a defect touches is built again.
# What npm has installed is large, and lent.
tar -cf - --exclude=node_modules Makefile lib include tests bindings examples pkgconfig \
    .clang-format | tar -xf - -C "$copy" || exit 1
modules=examples/dashboard/node_modules
[ ! -e "$modules" ] || ln -s "$PWD/$modules" "$copy/$modules"
cd "$copy" || exit 1

field() {
    sed -n "1,3s/^$1: *//p" "$2"
}

# The program that a `test:` names is built first; a command builds for itself.
# Sets $says: does not build, passes, skips or fails.
try() {
    case $1 in
    tests/*_test)
        if ! $LL_MAKE --no-print-directory -j"$JOBS" B=build all "build/$1" >"$copy/log" 2>&1; then
            says='does not build'
            return
        fi
        set -- "build/$1"
        ;;
    *)
        if ! $LL_MAKE --no-print-directory -j"$JOBS" B=build all >"$copy/log" 2>&1; then
            says='does not build'
            return
        fi
        ;;
    esac
    if LL_TEST_SECONDS=$LL_SABOTAGE_SECONDS tests/run.sh "$1" >"$copy/log" 2>&1; then
        says=passes
        ! grep -q '^0 passed, 0 failed, .* skipped' "$copy/log" || says=skips
    else
        says=fails
    fi
}

missed() {
    echo "MISSED  $name: $1"
    [ ! -s "$copy/log" ] || tail -n 15 "$copy/log" | sed 's/^/    /'
    missed=$((missed + 1))
}

plant() {
    name=$(basename "$1" .defect)
    file=$(field file "$1")
    why=$(field why "$1")
    test=$(field test "$1")
    : >"$copy/log"
    if [ -z "$file" ] || [ -z "$why" ] || [ -z "$test" ] || [ ! -f "$file" ]; then
        missed 'needs the lines file: (an existing one), why: and test:'
        return
    fi
    # Once for each test: it must pass while nothing is broken.
    seen=$copy/passed:$(echo "$test" | tr -c 'A-Za-z0-9_\n' _)
    if [ ! -e "$seen" ]; then
        try "$test"
        if [ "$says" = skips ]; then
            echo "skipped $name: $test cannot run here"
            return
        fi
        if [ "$says" != passes ]; then
            missed "without any defect $test $says"
            return
        fi
        touch "$seen"
    fi
    cp -p "$file" "$copy/whole"
    sed 1,3d "$1" >"$copy/script"
    : >"$copy/log"
    if ! sed -i -f "$copy/script" "$file" 2>"$copy/log"; then
        missed 'sed refuses the script'
    elif cmp -s "$file" "$copy/whole"; then
        missed "the script changes nothing in $file"
    else
        try "$test"
        case $says in
        fails)
            echo "caught  $name: $why"
            caught=$((caught + 1))
            ;;
        *) missed "$why: $test $says" ;;
        esac
    fi
    # Newer than what was built from the broken one.
    cp "$copy/whole" "$file"
    touch "$file"
}

if [ $# -eq 0 ]; then
    set -- "$here"/*.defect
fi
for defect in "$@"; do
    case $defect in */*) ;; *) defect=$here/${defect%.defect}.defect ;; esac
    [ ! -e "$defect" ] || plant "$defect"
done
echo "$caught caught, $missed missed"
[ "$missed" -eq 0 ]
