#!/bin/sh
# Installs what a make target needs and this Debian machine lacks.
#
#   tests/setup/deps.sh run|check|bench|coverage
#
# Silent when all is there. Without apt, or without the right to use it, it
# says what is needed and goes on: the build then speaks for itself, and tests
# that miss a tool say that they skip.
set -u

build='gcc make pkg-config libsqlite3-dev libjansson-dev libcurl4-openssl-dev'
python='python3 python3-dev python3-cffi python3-setuptools python3-wheel python3-pip'
checks='g++ clang libclang-rt-dev check python3-venv python3-pytest python3-pytest-asyncio'
checks="$checks gunicorn mypy clang-format-14 openssl python3-aiosmtpd python3-croniter"
checks="$checks python3-jsonschema python3-prometheus-client chromium"
server='libmicrohttpd-dev libssl-dev'
rivals='wrk python3-numpy python3-scipy python3-flask gunicorn'

case ${1-} in
run)      wanted="$build $server $python" ;;
check)    wanted="$build $server $python $checks" ;;
# check: their support archive is the tests'
bench)    wanted="$build $server $python check $rivals" ;;
coverage) wanted="$build g++ check gcovr" ;;
*)
    echo "usage: $0 run|check|bench|coverage" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: not a Debian machine; 'make $1' needs what Debian calls: $wanted"
    exit 0
fi

# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
    sed -n 's/ installed$//p' | tr '\n' ' ')
missing=
for package in $wanted; do
    case " $installed" in
    *" $package "*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=sudo
else
    echo "setup: not root and no sudo; please install:$missing"
    exit 0
fi

echo "setup: installing with apt:$missing"
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt update >"$log" 2>&1 || tail -n 5 "$log"

# One name that this release lacks would make apt refuse all the others.
known=
for package in $missing; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        known="$known $package"
    else
        echo "setup: this release has no $package; going on without it"
    fi
done

# shellcheck disable=SC2086
if [ -n "$known" ] && ! apt install --no-install-recommends $known >"$log" 2>&1; then
    tail -n 15 "$log"
    echo "setup: apt could not install:$known"
fi
exit 0
