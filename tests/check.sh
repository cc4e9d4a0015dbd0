#!/bin/sh
# Everything `make check` runs, stage by stage. Nothing stops at a failure:
# all stages run, what fails shows its output, and the last line counts.
#
# From the Makefile: LL_MAKE, LL_BUILD (a folder), CC, PYTHON, JOBS.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${LL_MAKE:=make}" "${LL_BUILD:=build}" "${PYTHON:=python3}" "${JOBS:=2}"
LL_TEST_JOBS=$JOBS
TZ=UTC
export LL_TEST_JOBS LL_BUILD PYTHON TZ CC

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
results=$work/results
begun=$(date +%s)

stage() {
    stage_begun=$(date +%s)
    echo "== $1"
}

done_stage() {
    echo "   $(($(date +%s) - stage_begun)) s"
}

run() {
    tests/run.sh -l "$results" "$@"
}

# What has to be built for a stage is a result of its own, and shows its
# output only if it fails. -k: one broken test must not hide the others.
build() {
    if $LL_MAKE --no-print-directory -k -j"$JOBS" "$@" >"$work/build" 2>&1; then
        echo '1 0 0' >>"$results"
    else
        echo "FAILED  make $*"
        sed 's/^/    /' "$work/build"
        echo '0 1 0' >>"$results"
    fi
}

# programs FOLDER SANITIZERS. Functions of their arguments alone, and what one thread does alone,
# have nothing to show to ThreadSanitizer, which is slow.
programs() {
    for source in tests/unit/*_test.c tests/flow/*_test.c tests/fault/*_test.c; do
        case $2:$source in
        thread:tests/unit/stats_* | thread:tests/unit/prompt_*) continue ;;
        thread:tests/unit/cron_line_* | thread:tests/unit/message_*) continue ;;
        thread:tests/unit/sha256_* | thread:tests/unit/utf8_*) continue ;;
        thread:tests/fault/store_failures_*) continue ;;
        esac
        [ ! -e "$source" ] || echo "$1/${source%.c}"
    done
}

# suite NAME FOLDER SANITIZERS MORE: build there, with MORE, then run every program.
suite() {
    stage "$1"
    build B="$2" SANITIZE="$3" all tests $4
    LL_SANITIZER=${3%%,*}
    export LL_SANITIZER
    # shellcheck disable=SC2046
    run $(programs "$2" "$3")
    unset LL_SANITIZER
    done_stage
}

suite 'unit, flow and fault tests' "$LL_BUILD" '' benches
suite 'the same under AddressSanitizer and UBSan' "$LL_BUILD/asan" address,undefined server
suite 'the same under ThreadSanitizer, where there are threads' "$LL_BUILD/tsan" thread ''

stage 'style'
run "tests/style/tidy.sh $LL_BUILD" tests/style/selftest.sh
done_stage

stage 'install, and other scripts'
set --
for script in tests/*/*_test.sh; do
    [ ! -e "$script" ] || set -- "$@" "$script"
done
run "$@"
done_stage

stage 'the example server under AddressSanitizer and UBSan'
build B="$LL_BUILD" binding
set --
for test in examples/server/tests/test_raw_http.py examples/server/tests/test_life.py; do
    [ ! -e "$test" ] || set -- "$@" "env LL_SERVER=$LL_BUILD/asan/llmlearn-server \
        $LL_MAKE -s B=$LL_BUILD pytest T=$test"
done
run "$@"
done_stage

stage 'Python'
set --
for folder in bindings/python/tests examples/*/tests; do
    ls "$folder"/test_*.py >/dev/null 2>&1 || continue
    set -- "$@" "$LL_MAKE -s B=$LL_BUILD pytest T=$folder"
done
[ $# -eq 0 ] || build B="$LL_BUILD" binding server
run "$@"
done_stage

stage 'dashboard'
build B="$LL_BUILD" dashboard
set --
for kind in lint unit browser; do
    set -- "$@" "examples/dashboard/check.sh $kind"
done
run "$@"
done_stage

echo "== all: $(($(date +%s) - begun)) s"
awk '
    { good += $1; bad += $2; skip += $3 }
    END {
        printf "%d passed, %d failed%s\n", good, bad, skip ? ", " skip " skipped" : ""
        exit bad > 0
    }' "$results"
