#!/bin/sh
# Functions of lib and examples have at most 70 lines, files 600, lines anywhere in
# our code 100 columns, and no tab or blank ends a line of C. The public header
# may be long: it is one text, read from top to bottom.
#
#   length.sh [root]
set -eu
cd "${1:-.}"
LC_ALL=C.UTF-8 # so that a dash or a quote is one column, not three
export LC_ALL
bad=0

# A function's brace is the only one that ever stands alone in column 0.
find lib examples -name '*.[ch]' -print0 | xargs -0 -r awk '
    FNR == 1 { start = 0 }
    /^\{/ { start = FNR }
    /^\}/ && start {
        if (FNR - start + 1 > 70) {
            print FILENAME ":" start ": a function of " FNR - start + 1 " lines, at most 70"
            bad = 1
        }
        start = 0
    }
    END { exit bad }' || bad=1

find lib examples -name '*.[ch]' -print0 | xargs -0 -r awk '
    FNR == 601 { print FILENAME ": more than 600 lines"; bad = 1 }
    END { exit bad }' || bad=1

code() {
    find lib include tests bindings examples \( -name node_modules -o -name build \) -prune -o \
        -type f \( "$@" \) -print0 2>/dev/null
}
found=$(
    code -name '*.[ch]' -o -name '*.cc' -o -name '*.py' -o -name '*.sh' |
        xargs -0 -r grep -nHE '.{101,}' | cut -c 1-160
    code -name '*.[ch]' -o -name '*.cc' | xargs -0 -r grep -nHE '[[:blank:]]$' || :
)
if [ -n "$found" ]; then
    printf 'over 100 columns, or blank at the end:\n%s\n' "$found"
    bad=1
fi
exit "$bad"
