#!/bin/sh
# The dashboard's tests without a browser, as tests/run.sh reads them: lint and the form of
# the code, then every component, page and call, and what is built of them.
#
#   examples/dashboard/tests/check.sh [part of a test file's name...]   then without lint
set -u
cd "$(dirname "$0")/.." || exit 1
if [ ! -e node_modules/.installed.json ]; then
    echo 'SKIP the dashboard is not installed: it needs Node 20.19 or newer, and npm'
    exit 0
fi
export TZ=UTC NO_COLOR=1
bad=0

# says NAME COMMAND...: one line, and the output only where it fails.
says() {
    name=$1
    shift
    if said=$("$@" 2>&1); then
        echo "ok $name"
    else
        echo "not ok $name"
        printf '%s\n' "$said" | sed 's/^/# /'
        bad=1
    fi
}

if [ $# -eq 0 ]; then
    says 'the dashboard follows its lint' node_modules/.bin/eslint .
    says 'the dashboard is formatted' node_modules/.bin/prettier --check .
fi
node_modules/.bin/vitest run --reporter=tap-flat "$@" || bad=1
exit "$bad"
