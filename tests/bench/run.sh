#!/bin/sh
# Runs the benchmarks that make has built, prints a table and, after a whole run,
# writes bench.json beside them. A figure that misses its goal is said so; only a
# program that fails makes this fail.
#
#   run.sh [quick] [name ...]      quick: small; names: only log, drain, ...
set -u

here=$(dirname "$0")
build=${LL_BUILD:-build}
python=${PYTHON:-python3}
load=$(cut -d ' ' -f 1 /proc/loadavg)
quick=
if [ "${1-}" = quick ]; then
    quick=quick
    echo 'bench: quick, with little data: the goals are those of the whole run' >&2
    shift
fi
all='log python_sqlite python feedback variant drain memory open report stats stats_rivals rules'
all="$all verdict quarter server"
wanted="${*:-$all}"

# On the disk that the build is on: what is measured is a disk, too.
folder=$(mktemp -d "$build/bench.XXXXXX") || exit 1
# But a configuration is swapped as fast as a transaction ends, so that is not on it; nor is a
# quarter, which has a million and a half votes.
memory=$(mktemp -d /dev/shm/bench.XXXXXX 2>/dev/null) || memory=$folder
trap 'rm -rf "$folder" "$memory"' EXIT
trap 'exit 1' HUP INT TERM
case $(stat -f -c %T "$folder") in
tmpfs | ramfs) echo "bench: $folder is in memory: figures of the disk mean nothing" ;;
esac

run() {
    case $1 in
    python_sqlite) "$python" "$here/python_sqlite.py" "$folder/$1" $quick ;;
    stats_rivals) "$python" "$here/stats_bench.py" "$folder/$1" $quick ;;
    server) "$python" "$here/server_bench.py" "$folder/$1" "$build/llmlearn-server" $quick ;;
    python) "$python" "$here/python_bench.py" "$folder/$1" $quick ;;
    variant | quarter) "$build/tests/bench/$1_bench" "$memory" $quick ;;
    *) "$build/tests/bench/$1_bench" "$folder/$1" $quick ;;
    esac
}

failed=
for name in $wanted; do
    start=$(date +%s)
    printf 'bench: %-14s' "$name" >&2
    mkdir "$folder/$name"
    if run "$name" >>"$folder/figures" 2>"$folder/$name.log"; then
        echo "$(($(date +%s) - start)) s" >&2
    else
        failed="$failed $name"
        echo failed >&2
    fi
    cat "$folder/$name.log" >&2
    rm -rf "${folder:?}/$name"
    sync # one program's writing back is not the next one's load
done

json=$folder/bench.json
[ "$wanted" != "$all" ] || json=$build/bench.json
"$python" "$here/report.py" "$folder/figures" "$json" "$load" || exit 1
[ -z "$failed" ] || echo "bench: failed:$failed"
[ -z "$failed" ]
