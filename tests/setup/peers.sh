#!/bin/sh
# Installs the programs of tests/peers/package.json, which judge what we send to
# a model's service or a mail server, and the example server's API, into
# build/peers. Silent when they are there; without npm or network it says so, and
# the tests that need them say that they skip.
set -u
cd "$(dirname "$0")/../.." || exit 1
peers=build/peers

if cmp -s tests/peers/package.json "$peers/installed.json"; then
    exit 0
fi
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo 'SKIP no npm; tests against the peers will skip (Debian: nodejs npm)'
    exit 0
fi

echo 'setup: installing with npm: prism, spectral, aimock, smtp-server, mailparser'
mkdir -p "$peers" || exit 0
cp tests/peers/package.json "$peers/package.json"
log=$(mktemp) || exit 0
trap 'rm -f "$log"' EXIT
# Nobody's scripts are run, and no lock file is kept: it would name a registry.
if (cd "$peers" && timeout 300 npm install --ignore-scripts --no-package-lock --no-audit \
    --no-fund --no-progress --loglevel=error) >"$log" 2>&1; then
    cp tests/peers/package.json "$peers/installed.json"
else
    tail -n 5 "$log"
    echo 'SKIP npm could not install the peers; tests against them will skip'
fi
exit 0
