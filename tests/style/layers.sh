#!/bin/sh
# Includes point one way: a folder of lib may use itself and the folders on
# earlier lines of layers.txt; folders on one line are strangers. And a foreign
# library has one user: sqlite3 the SQLite store, curl the http folder,
# jansson what reads a model's answers, libpq the PostgreSQL store.
#
#   layers.sh [root]
set -eu
table=$(dirname "$0")/layers.txt
cd "${1:-.}"

files=$(find lib -type f \( -name '*.c' -o -name '*.h' \) | sort)
[ -n "$files" ] || exit 0

# shellcheck disable=SC2086
awk -v table="$table" '
BEGIN {
    while ((getline line < table) > 0) {
        n++
        count = split(line, names, " ")
        for (i = 1; i <= count; i++)
            layer[names[i]] = n
    }
    if (n == 0) { print table ": empty"; bad = 1; exit }
}
function refuse(why) { print FILENAME ":" FNR ": " why; bad = 1 }
FNR == 1 {
    split(FILENAME, part, "/")
    here = part[2]
    if (!(here in layer))
        refuse(here " stands in no layer")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    path = quoted[2]
    if (path == "llmlearn.h")
        next
    if (split(path, part, "/") != 2) {
        refuse("\"" path "\" is not \"folder/file.h\"")
        next
    }
    there = part[1]
    if (there != here && !(layer[there] && layer[there] < layer[here]))
        refuse(here " may not use " there)
}
/^[ \t]*#[ \t]*include[ \t]*[<"]sqlite3/ && FILENAME !~ /^lib\/store\/sqlite[a-z0-9_]*\.[ch]$/ {
    refuse("only lib/store/sqlite*.[ch] may use sqlite3")
}
/^[ \t]*#[ \t]*include[ \t]*[<"]curl/ && here != "http" { refuse("only http may use curl") }
/^[ \t]*#[ \t]*include[ \t]*[<"]jansson/ && here != "llm" && here != "prompt" {
    refuse("only llm and prompt may use jansson")
}
/^[ \t]*#[ \t]*include[ \t]*[<"](libpq|postgresql)/ && FILENAME !~ /^lib\/store\/postgres/ {
    refuse("only lib/store/postgres*.[ch] may use libpq")
}
END { exit bad }' $files
