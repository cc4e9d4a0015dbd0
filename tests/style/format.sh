#!/bin/sh
# clang-format would change nothing. Its versions disagree, so only 14 counts.
#
#   format.sh [root]
set -eu
cd "${1:-.}"

for tool in clang-format-14 clang-format; do
    if "$tool" --version 2>/dev/null | grep -q 'version 14\.'; then
        find lib include tests examples bindings \( -name node_modules -o -name build \) -prune \
            -o -type f \( -name '*.[ch]' -o -name '*.cc' \) -print0 2>/dev/null |
            xargs -0 -r "$tool" --style=file --dry-run -Werror --ferror-limit=3
        exit
    fi
done
echo 'SKIP clang-format 14 is not here'
