#!/bin/sh
# Every style check, one line each. symbols and globals look at what is built.
#
#   tidy.sh [build folder]
set -u
cd "$(dirname "$0")/../.." || exit 1
b=${1:-build}
bad=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

check() {
    name=$1
    shift
    if "tests/style/$name.sh" "$@" >"$out" 2>&1; then
        echo "ok $name"
        grep '^SKIP ' "$out"
    else
        echo "not ok $name"
        sed 's/^/    /' "$out"
        bad=1
    fi
}

check layers .
check length .
check names .
check format .
check header .
check symbols . "$b/libllmlearn.so"
check globals . "$b"
exit "$bad"
