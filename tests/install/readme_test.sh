#!/bin/sh
# The quick starts of README.md do what they say: the first ```c block that has
# a main is compiled against the library and run, the first ```python block
# that imports llmlearn is run.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${LL_MAKE:=make}" "${LL_BUILD:=build}" "${CC:=gcc}" "${PYTHON:=python3}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0

# block LANGUAGE PATTERN: the first block in that language with that pattern.
block() {
    awk -v fence='^```'"$1"'$' -v pattern="$2" '
        $0 ~ fence { inside = 1; text = ""; next }
        /^```/ && inside { inside = 0; if (text ~ pattern) { printf "%s", text; exit } next }
        inside { text = text $0 "\n" }' README.md
}

if [ ! -e README.md ]; then
    echo 'SKIP no README.md'
    exit 0
fi

$LL_MAKE -s B="$LL_BUILD" all binding || bad=1
built=$(cd "$LL_BUILD" && pwd) || exit 1

block c 'int main' >"$work/start.c"
if [ ! -s "$work/start.c" ]; then
    echo 'not ok README.md has no C quick start'
    bad=1
elif "$CC" -std=c11 -Wall -Wextra -Iinclude -o "$work/start" "$work/start.c" -L"$built" -lllmlearn \
    -Wl,-rpath,"$built" && (cd "$work" && ./start); then
    echo 'ok the C quick start builds and runs'
else
    echo 'not ok the C quick start builds and runs'
    bad=1
fi

rm -rf "$work"/* # each starts without a database
block python 'import llmlearn|from llmlearn' >"$work/start.py"
if [ ! -s "$work/start.py" ]; then
    echo 'not ok README.md has no Python quick start'
    bad=1
elif (cd "$work" && PYTHONPATH=$built/python "$PYTHON" start.py); then
    echo 'ok the Python quick start runs'
else
    echo 'not ok the Python quick start runs'
    bad=1
fi
exit "$bad"
