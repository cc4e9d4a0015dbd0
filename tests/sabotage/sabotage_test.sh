#!/bin/sh
# tests/sabotage/run.sh tells a caught defect from every way of not catching one,
# shown on a project of one function with one good test and one blind one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
: "${CC:=gcc}"
unset MAKEFLAGS LL_MAKE

mkdir -p "$work/lib/one" "$work/tests/unit" "$work/tests/sabotage"
cd "$work" || exit 1
cp "$here/run.sh" tests/sabotage/
cp "$here/../run.sh" tests/
echo 'int two(void) { return 2; }' >lib/one/one.c
echo 'int two(void); int main(void) { return two() != 2; }' >tests/unit/good_test.c
echo 'int two(void); int main(void) { return two() == 3; }' >tests/unit/blind_test.c
echo 'int main(void) { return 1; }' >tests/unit/broken_test.c
cat >Makefile <<END
all: build/one.o
build/one.o: lib/one/one.c
	mkdir -p build/tests/unit
	$CC -Wall -Werror -c -o \$@ \$<
build/tests/unit/%: tests/unit/%.c build/one.o
	$CC -o \$@ \$^
END

# expect NAME 'first word' 'words it says' TEST 'sed script'
expect() {
    rm -f tests/sabotage/*.defect
    printf 'file: lib/one/one.c\nwhy: two is not two\ntest: %s\n%s\n' "$4" "$5" \
        >tests/sabotage/it.defect
    said=$(tests/sabotage/run.sh 2>&1)
    got=$?
    case $2 in caught) want=0 ;; *) want=1 ;; esac
    if [ "$got" -eq "$want" ] && printf '%s' "$said" | grep -q "^$2 .*$3" &&
        printf '%s' "$said" | tail -n 1 | grep -q '^[0-9]* caught, [0-9]* missed$'; then
        echo "ok $1"
    else
        printf 'not ok %s: status %s\n%s\n' "$1" "$got" "$said"
        bad=1
    fi
}

good=tests/unit/good_test
expect 'a defect that its test sees is caught' caught 'two is not two' $good 's/2/7/'
expect 'a command may be the test' caught 'two is not two' 'grep -q 2 lib/one/one.c' 's/2/7/'
expect 'a defect that its test does not see is missed' MISSED 'passes' \
    tests/unit/blind_test 's/2/7/'
expect 'a script that changes nothing is missed' MISSED 'changes nothing' $good 's/nine/8/'
expect 'a defect that does not compile is missed' MISSED 'does not build' $good 's/2/x/'
expect 'a test that fails without the defect is missed' MISSED 'without any defect' \
    tests/unit/broken_test 's/2/7/'
expect 'a test that is not there is missed' MISSED 'without any defect' tests/unit/no_test 's/2/7/'
expect 'a script that sed refuses is missed' MISSED 'sed refuses' $good 's/2'

cat >tests/sabotage/it.defect <<END
file: lib/one/gone.c
why: no such file
test: $good
s/2/7/
END
if tests/sabotage/run.sh | grep -q '^MISSED.*existing'; then
    echo 'ok a defect of a file that is gone is missed'
else
    echo 'not ok a defect of a file that is gone is missed'
    bad=1
fi

# The second must not profit from what the first broke.
rm -f tests/sabotage/*.defect
printf 'file: lib/one/one.c\nwhy: w\ntest: %s\ns/2/7/\n' $good >tests/sabotage/a.defect
printf 'file: lib/one/one.c\nwhy: w\ntest: %s\ns/ (void)/(void)/; s/{ r/{  r/\n' $good \
    >tests/sabotage/b.defect
if [ "$(tests/sabotage/run.sh | tail -n 1)" = '1 caught, 1 missed' ]; then
    echo 'ok each defect is planted alone'
else
    echo 'not ok each defect is planted alone'
    bad=1
fi
exit "$bad"
