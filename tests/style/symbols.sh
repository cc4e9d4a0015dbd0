#!/bin/sh
# The header's functions, the names in lib/llmlearn.map and what the shared
# library exports are one list.
#
#   symbols.sh [root [libllmlearn.so]]
#   symbols.sh --map >lib/llmlearn.map      writes the list from the header
set -eu
: "${CC:=gcc}"

of_header() {
    "$CC" -E -P -DLLMLEARN_API= include/llmlearn.h |
        grep -oE '\bllmlearn_[a-z0-9_]+[[:space:]]*\(([^*]|$)' | sed 's/[[:space:]]*(.*//' | sort -u
}

if [ "${1-}" = --map ]; then
    printf 'LLMLEARN_0 {\n    global:\n'
    of_header | sed 's/.*/        &;/'
    printf '    local:\n        *;\n};\n'
    exit
fi

cd "${1:-.}"
so=${2:-build/libllmlearn.so}
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
bad=0

same() {
    if ! diff "$lists/$1" "$lists/$2" >"$lists/diff"; then
        sed -n "s/^</only in the $1: /p; s/^>/only in the $2: /p" "$lists/diff"
        bad=1
    fi
}

of_header >"$lists/header"
grep -oE '^ +[a-z0-9_*]+;' lib/llmlearn.map | tr -d ' ;' | grep -vxF '*' | sort -u >"$lists/map"
same header map
if [ -e "$so" ]; then
    # The version node itself is exported too, as an absolute symbol.
    nm -D --defined-only "$so" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' |
        sort -u >"$lists/library"
    same header library
else
    echo "$so is not built"
    bad=1
fi
exit "$bad"
