#!/bin/sh
# Each defect still changes the file that it names: one that does not, because the
# code has moved on, would be found only by planting them all.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
script=$work/script vain=$work/vain.defect

# fits DEFECT: false, and why, if it would be planted in vain.
fits() {
    file=$(sed -n '1,3s/^file: *//p' "$1")
    sed 1,3d "$1" >"$script"
    if [ ! -f "$file" ]; then
        echo "there is no file '$file'"
        return 1
    fi
    if sed -f "$script" "$file" | cmp -s - "$file"; then
        echo "it changes nothing in $file"
        return 1
    fi
}

bad=0 count=0
for defect in tests/sabotage/*.defect; do
    if why=$(fits "$defect" 2>&1); then
        count=$((count + 1))
    else
        echo "not ok $defect: $why"
        bad=1
    fi
done
[ "$bad" -ne 0 ] || echo "ok $count defects fit the code"

printf 'file: Makefile\nwhy: a control\ntest: true\ns/no such line/is there/\n' >"$vain"
if fits "$vain" >/dev/null; then
    echo 'not ok a defect that changes nothing is seen'
    bad=1
else
    echo 'ok a defect that changes nothing is seen'
fi
exit "$bad"
