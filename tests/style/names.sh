#!/bin/sh
# File names say what is inside; lib promises nothing for later; the top level
# is the one that every reader knows.
#
#   names.sh [root]
set -eu
cd "${1:-.}"
bad=0

found=$(find . \( -name '.?*' -o -name build -o -name node_modules \) -prune -o -type f -print |
    grep -E '/(utils?|common|helpers?|misc|defs)\.[^/]*$' || :)
if [ -n "$found" ]; then
    echo "named for nothing: $found"
    bad=1
fi

if grep -rnE '\b(TODO|FIXME|XXX)\b' lib include; then
    echo 'lib and include hold no TODO, FIXME or XXX'
    bad=1
fi

for entry in *; do
    case $entry in
    Makefile | LICENSE | README.md | lib | include | bindings | examples | tests | pkgconfig) ;;
    build) ;;
    *)
        echo "not of the top level: $entry"
        bad=1
        ;;
    esac
done
exit "$bad"
