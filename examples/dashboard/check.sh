#!/bin/sh
# One kind of checks of the dashboard, in lines that tests/run.sh counts: check.sh unit|lint|browser
# After `unit`, parts of names of test files choose some of them.
set -u
cd "$(dirname "$0")" || exit 1

if [ ! -e node_modules/.installed.json ]; then
    echo "SKIP dashboard, $1: what it is built from is not installed; make dashboard does that"
    exit 0
fi
case ${1-} in
unit)    shift && exec node_modules/.bin/vitest run --reporter=tap-flat "$@" ;;
lint)    node_modules/.bin/eslint . && exec node_modules/.bin/prettier --check . ;;
browser) exec node e2e/run.mjs ;;
*)
    echo "usage: $0 unit|lint|browser" >&2
    exit 2
    ;;
esac
