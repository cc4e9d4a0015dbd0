#!/bin/sh
# tests/run.sh counts right, above all what goes wrong: a program that crashes,
# hangs, is missing, or says that all is well and then fails.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
unset LL_SANITIZER

# counts NAME 'last line' STATUS 'script'...: what the runner makes of programs.
counts() {
    name=$1 line=$2 status=$3
    shift 3
    rm -f "$work"/program*
    number=0
    for body in "$@"; do
        number=$((number + 1))
        printf '#!/bin/sh\n%s\n' "$body" >"$work/program$number"
        chmod +x "$work/program$number"
    done
    said=$(LL_TEST_SECONDS=1 tests/run.sh "$work"/program* 2>&1)
    got=$?
    last=$(printf '%s\n' "$said" | tail -n 1)
    if [ "$last" = "$line" ] && [ "$got" -eq "$status" ]; then
        echo "ok the runner counts $name"
    else
        printf 'not ok the runner counts %s: "%s", status %s\n%s\n' "$name" "$last" "$got" "$said"
        bad=1
    fi
}

check='echo "50%: Checks: 4, Failures: 1, Errors: 1"; exit 1'
counts 'libcheck, all well' '3 passed, 0 failed' 0 'echo "100%: Checks: 3, Failures: 0, Errors: 0"'
counts 'libcheck, failures and errors' '2 passed, 2 failed' 1 "$check"
counts 'libcheck without a check' '0 passed, 1 failed' 1 \
    'echo "100%: Checks: 0, Failures: 0, Errors: 0"'
counts 'libcheck, all well and then a leak' '3 passed, 1 failed' 1 \
    'echo "100%: Checks: 3, Failures: 0, Errors: 0"; exit 23'
counts 'a check that skips' '2 passed, 0 failed, 1 skipped' 0 \
    'echo "SKIP no fork"; echo "100%: Checks: 3, Failures: 0, Errors: 0"'
counts 'a program that skips' '0 passed, 0 failed, 1 skipped' 0 'echo "SKIP no tool"'
counts 'pytest' '3 passed, 3 failed, 4 skipped' 1 \
    'echo "=== 2 failed, 3 passed, 4 skipped, 1 warning, 1 error in 0.31s ==="; exit 1'
counts 'quiet pytest' '12 passed, 0 failed' 0 'echo "12 passed in 1.02s"'
counts 'pytest that finds nothing' '0 passed, 1 failed' 1 'echo "no tests ran in 0.01s"; exit 5'
counts 'lines of a script' '2 passed, 1 failed' 1 'echo ok a; echo not ok b; echo ok c; exit 1'
counts 'a failing line even with status 0' '0 passed, 1 failed' 1 'echo not ok b'
counts 'a silent success' '1 passed, 0 failed' 0 'true'
counts 'a silent failure' '0 passed, 1 failed' 1 'exit 3'
counts 'a crash' '0 passed, 1 failed' 1 'kill -SEGV $$'
counts 'a hang' '0 passed, 1 failed' 1 'exec sleep 20'
mark=$(sed -n 's/^#define CANARY_MARK "\(.*\)"$/\1/p' tests/support/canary.h)
for before in '' x xy; do
    counts "a secret in what is printed, behind '$before'" '1 passed, 1 failed' 1 \
        "echo 'ok $before$mark'"
    counts "a secret in base64, behind '$before'" '1 passed, 1 failed' 1 \
        "printf %s '$before${mark}z' | base64; echo ok a"
done
counts 'no secret' '1 passed, 0 failed' 0 "echo ok ${mark%?}"
counts 'several' '4 passed, 2 failed' 1 'echo ok a' "$check" 'true'

if tests/run.sh "$work/nothing" | tail -n 1 | grep -qx '0 passed, 1 failed'; then
    echo 'ok the runner counts a missing program'
else
    echo 'not ok the runner counts a missing program'
    bad=1
fi
exit "$bad"
