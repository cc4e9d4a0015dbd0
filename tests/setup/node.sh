#!/bin/sh
# Installs with npm what the dashboard is built from, as its lock file says, into
# examples/dashboard/node_modules. Silent when it is there. Without npm, a Node that is
# new enough, or network it says so, and what needs the dashboard says that it skips.
set -u
cd "$(dirname "$0")/../../examples/dashboard" || exit 1
installed=node_modules/.installed.json

if cmp -s package-lock.json "$installed"; then
    exit 0
fi
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo 'SKIP no Node and npm; the dashboard needs Node 20.19 or newer. All else works without'
    exit 0
fi
if ! node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
        ? 0 : 1)'; then
    echo "SKIP Node $(node --version) is too old for the dashboard; it needs 20.19 or 22.12"
    exit 0
fi

echo 'setup: installing with npm: react, vite, recharts and what tests the dashboard'
log=$(mktemp) || exit 0
trap 'rm -f "$log"' EXIT
# Nobody's scripts are run.
if timeout 300 npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error \
    >"$log" 2>&1; then
    cp package-lock.json "$installed"
else
    tail -n 5 "$log"
    echo 'SKIP npm could not install what the dashboard is built from; all else works without'
fi
exit 0
