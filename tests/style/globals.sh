#!/bin/sh
# Nothing in lib is a mutable global but what lib/README.md lists by name, and
# every function that one file offers another carries our prefix.
#
#   globals.sh [root [folder of objects]]
set -eu
cd "${1:-.}"
objects=${2:-build}/lib

if [ -z "$(find "$objects" -name '*.o' 2>/dev/null | head -n 1)" ]; then
    echo "no objects in $objects"
    exit 1
fi

# Lines like "- `name` in lib/base/err.c: why".
allowed=$(sed -n 's/^- `\([a-z_]*\)` in lib.*/\1/p' lib/README.md)

# objdump: value flags section size [visibility] name; of the flags "d" is the
# section itself, "g" what other files see.
found=$(find "$objects" -name '*.o' | sort | while read -r object; do
    objdump -t "$object" | awk -v object="${object#"${2:-build}"/}" -v allowed="$allowed" '
        BEGIN { n = split(allowed, name, "\n"); for (i = 1; i <= n; i++) ok[name[i]] = 1 }
        {
            section = ""
            for (i = 2; i < NF; i++)
                if ($i ~ /^\.(t?data|t?bss|text)/)
                    section = $i
            symbol = $NF
            sub(/\.[0-9]+$/, "", symbol)
        }
        !/ d / && section ~ /^\.t?(data|bss)/ && section !~ /^\.data\.rel\.ro/ && !ok[symbol] {
            print object ": mutable global " symbol
        }
        / g / && section ~ /^\.text/ && symbol !~ /^(ll|llmlearn)_/ {
            print object ": " symbol " has no prefix"
        }'
done)
[ -z "$found" ] && exit 0
echo "$found"
exit 1
