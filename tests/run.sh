#!/bin/sh
# Runs test programs, all of them whatever happens, and counts what they say.
#
#   tests/run.sh [-l results] command...
#
# Each argument is a whole command, a program with its arguments. Read from its
# output: libcheck's "NN%: Checks: 3, Failures: 0, Errors: 0", pytest's "3
# passed, 1 failed", lines "ok ..." and "not ok ...", and lines "SKIP why". A
# program that says none of these, or ends badly although it counts no failure,
# is one result by its exit status. With -l the totals are added to a file and
# the last line is left out.
#
# A program that prints a secret of the tests (tests/support/canary.h), as it is
# or in base64, has failed by that, whatever it says.
set -u

results=
if [ "${1-}" = -l ]; then
    results=$2
    shift 2
fi

: "${LL_TEST_SECONDS:=600}" # for one program; a hung one must not hang the rest
: "${CK_DEFAULT_TIMEOUT:=60}"
export LL_TEST_SECONDS CK_DEFAULT_TIMEOUT

before=
if [ -n "${LL_SANITIZER-}" ]; then
    : "${CK_TIMEOUT_MULTIPLIER:=5}"
    # A malloc of everything returns NULL here as it does outside.
    : "${ASAN_OPTIONS:=allocator_may_return_null=1:detect_stack_use_after_return=1}"
    : "${UBSAN_OPTIONS:=print_stacktrace=1}"
    : "${TSAN_OPTIONS:=allocator_may_return_null=1:second_deadlock_stack=1:die_after_fork=0}"
    export CK_TIMEOUT_MULTIPLIER ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
fi
# The thread sanitizer gives up where a kernel spreads addresses too widely.
if [ "${LL_SANITIZER-}" = thread ] && setarch -R true 2>/dev/null; then
    before='setarch -R'
fi
export before

logs=$(mktemp -d) || exit 1
marks=$logs/marks # one a line; none where there is no such file
: >"$marks"
canary=$(sed -n 's/^#define CANARY_MARK "\(.*\)"$/\1/p' "$(dirname "$0")/support/canary.h" \
    2>/dev/null)
if [ -n "$canary" ]; then
    echo "$canary" >>"$marks"
    for dropped in 0 1 2; do # what of it begins a group of three bytes
        printf %s "$canary" | tail -c "+$((dropped + 1))" | base64 -w 0 |
            sed 's/.==*$//; s/$/\n/' >>"$marks" # but for what depends on the byte behind it
    done
fi
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

# One command: its output and exit status into numbered files.
one='
    start=$(date +%s)
    timeout -k 5 "$LL_TEST_SECONDS" $before $2 >"$1.out" 2>&1 </dev/null
    echo "$? $(($(date +%s) - start)) $2" >"$1.rc"'

number=0
for program in "$@"; do
    number=$((number + 1))
    printf '%s\0%s\0' "$logs/$(printf %04d $number)" "$program"
done | xargs -0 -r -n 2 -P "${LL_TEST_JOBS:-2}" sh -c "$one" sh

passed=0 failed=0 skipped=0
for rc_file in "$logs"/*.rc; do
    [ -e "$rc_file" ] || continue
    read -r rc seconds name <"$rc_file"
    out=${rc_file%.rc}.out
    # shellcheck disable=SC2046
    set -- $(awk -v rc="$rc" '
        /^[0-9]+%: Checks: / {
            split($0, n, /[:,]/); seen = 1
            bad += n[5] + n[7] + (n[3] == 0); good += n[3] - n[5] - n[7]; ck = 1
        }
        /^(=+ )?([0-9]+ [a-z]+, )*[0-9]+ [a-z]+ in [0-9.]+s/ {
            seen = 1
            for (i = 1; i < NF; i++) {
                if ($(i + 1) ~ /^passed/) good += $i
                if ($(i + 1) ~ /^(failed|errors?)/) bad += $i
                if ($(i + 1) ~ /^skipped/) skip += $i
            }
        }
        /^ok /     { seen = 1; good++ }
        /^not ok / { seen = 1; bad++ }
        /^SKIP /   { said++ }
        END {
            # A skipping libcheck test still counts as a check of its own.
            if (ck) { good -= said < good ? said : good }
            skip += said
            if (rc != 0 && bad == 0) bad = 1
            if (!seen && rc == 0 && !said) good = 1
            print good + 0, bad + 0, skip + 0
        }' "$out")
    if [ -s "$marks" ] && grep -qaFf "$marks" "$out"; then
        set -- "$1" "$(($2 + 1))" "$3"
        while read -r mark; do sed -i "s/$mark/[a secret of the tests]/g" "$out"; done <"$marks"
    fi
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    if [ "$2" -ne 0 ]; then
        printf 'FAILED  %s (status %s, %s s)\n' "$name" "$rc" "$seconds"
        sed 's/^/    /' "$out"
    else
        printf 'ok      %-48s %5s passed %4s s\n' "$name" "$1" "$seconds"
        grep -hE '^SKIP(PED)? ' "$out" | sort -u | sed 's/^/        /'
    fi
done

if [ -n "$results" ]; then
    echo "$passed $failed $skipped" >>"$results"
elif [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
