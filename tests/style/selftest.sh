#!/bin/sh
# Each style check refuses what it is there to refuse: a small tree that passes
# all of them is spoilt in one way at a time, and the check has to say so in
# the words given. A check that passes everything is worse than none.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
: "${CC:=gcc}"
bad=0
trees=$(mktemp -d) || exit 1
trap 'rm -rf "$trees"' EXIT

fresh() {
    rm -rf "$trees/t"
    mkdir -p "$trees/t/include" "$trees/t/lib/base" "$trees/t/lib/store" "$trees/t/tests"
    cd "$trees/t" || exit 1
    cp "$top/.clang-format" .
    touch Makefile LICENSE README.md
    cat >include/llmlearn.h <<'END'
#ifndef LLMLEARN_H
#define LLMLEARN_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#ifndef LLMLEARN_API
#define LLMLEARN_API __attribute__((visibility("default")))
#endif
typedef struct llmlearn_point {
    uint32_t struct_size;
    uint32_t x;
} llmlearn_point;
typedef void (*llmlearn_seen)(int what);
LLMLEARN_API int llmlearn_one(llmlearn_seen seen);
LLMLEARN_API int llmlearn_two(void);
#ifdef __cplusplus
}
#endif
#endif
END
    cat >lib/base/one.h <<'END'
#ifndef LL_BASE_ONE_H
#define LL_BASE_ONE_H
int ll_base_one(void);
#endif
END
    cat >lib/base/one.c <<'END'
#include "base/one.h"

#include "llmlearn.h"

static const char *const words[] = { "a", "b" };
static _Thread_local int detail;

int ll_base_one(void)
{
    return words[0][0] + detail++;
}

int llmlearn_one(llmlearn_seen seen)
{
    seen(ll_base_one());
    return 1;
}

int llmlearn_two(void)
{
    return 2;
}
END
    cat >lib/store/sqlite.c <<'END'
#include <sqlite3.h>

#include "base/one.h"
END
    printf '%s\n' '- `detail` in lib/base/one.c: why' >lib/README.md
    cat >lib/llmlearn.map <<'END'
L_0 {
    global:
        llmlearn_one;
        llmlearn_two;
    local:
        *;
};
END
}

build() {
    mkdir -p build/lib/base
    "$CC" -fPIC -fvisibility=hidden -Iinclude -Ilib -c lib/base/one.c -o build/lib/base/one.o &&
        "$CC" -shared -Wl,--version-script=lib/llmlearn.map build/lib/base/one.o \
            -o build/libllmlearn.so
}

# refuses CHECK 'words it says' 'what spoils the tree'
refuses() {
    fresh
    eval "$3"
    case $1 in symbols | globals) build ;; esac
    if said=$("$here/$1.sh" . 2>&1); then
        case $said in
        SKIP*) echo "$said" ;;
        *) echo "not ok $1 let pass: $3" && bad=1 ;;
        esac
    elif ! printf '%s' "$said" | grep -qF -e "$2"; then
        printf 'not ok %s refused, but for another reason than "%s":\n%s\n' "$1" "$2" "$said"
        bad=1
    else
        echo "ok $1 refuses: $2"
    fi
}

fresh && build
for check in layers length names format header symbols globals; do
    if said=$("$here/$check.sh" . 2>&1); then
        echo "ok $check passes a clean tree"
    else
        printf 'not ok %s refuses a clean tree:\n%s\n' "$check" "$said"
        bad=1
    fi
done

lines() { awk -v n="$1" -v text="$2" 'BEGIN { while (n-- > 0) print text }'; }

refuses layers 'base may not use store' 'echo "#include \"store/sqlite.h\"" >>lib/base/one.c'
refuses layers 'store may not use journal' 'echo "#include \"journal/x.h\"" >>lib/store/sqlite.c'
refuses layers 'is not "folder/file.h"' 'echo "#include \"one.h\"" >>lib/base/one.c'
refuses layers 'stands in no layer' 'mkdir lib/zoo; echo "int ll_x;" >lib/zoo/x.c'
refuses layers 'only lib/store/sqlite' 'echo "#include <sqlite3.h>" >>lib/base/one.c'
refuses layers 'only lib/store/sqlite' 'echo "#include <sqlite3.h>" >lib/store/store.c'
refuses layers 'only http may use curl' 'echo "#include <curl/curl.h>" >>lib/base/one.c'
refuses layers 'only llm and prompt may' 'echo "#include <jansson.h>" >>lib/base/one.c'
refuses layers 'may use libpq' 'echo "#include <libpq-fe.h>" >>lib/store/sqlite.c'

refuses length 'a function of 71 lines' \
    '{ echo "int f(void)"; echo "{"; lines 69 "    g();"; echo "}"; } >>lib/base/one.c'
refuses length 'more than 600 lines' 'lines 601 "/* */" >lib/base/two.h'
refuses length 'lib/base/two.h:1:' 'printf "/* %098d */\n" 0 >lib/base/two.h'
refuses length 'tests/x.py:1:' 'printf "# %0100d\n" 0 >tests/x.py'
refuses length 'lib/base/two.h:1:' 'echo "int x; " >lib/base/two.h'

refuses names 'named for nothing' 'touch lib/base/util.c'
refuses names 'named for nothing' 'touch tests/helpers.py'
refuses names 'no TODO, FIXME or XXX' 'echo "/* TODO: later */" >>lib/base/one.c'
refuses names 'not of the top level' 'mkdir docs'

refuses format 'clang-format-violations' 'echo "int  f( void ) ;" >>lib/base/one.h'

refuses header 'does not stand alone' 'sed -i "/stdint/d" include/llmlearn.h'
refuses header 'c++11' 'sed -i "s/uint32_t x;/uint32_t this;/" include/llmlearn.h'
refuses header 'padding' 'sed -i "s/uint32_t x;/uint64_t x;/" include/llmlearn.h'
refuses header 'std=c99' 'sed -i "s/uint32_t x;/_Alignas(4) uint32_t x;/" include/llmlearn.h'
refuses header 'base/one.h does not stand alone' 'echo "size_t ll_n(void);" >>lib/base/one.h'

refuses symbols 'only in the header:  llmlearn_three' \
    'sed -i "s/^LLM.*two.*/&\nLLMLEARN_API int llmlearn_three(void);/" include/llmlearn.h'
refuses symbols 'only in the map:  llmlearn_three' \
    'sed -i "s/.*two;/&\n        llmlearn_three;/" lib/llmlearn.map'
refuses symbols 'only in the header:  llmlearn_two' 'sed -i "/two;/d" lib/llmlearn.map'
refuses symbols 'only in the library:  ll_base_one' \
    'sed -i "s/.*two;/&\n        ll_*;/" lib/llmlearn.map
     sed -i "s/^int ll_/__attribute__((visibility(\"default\"))) int ll_/" lib/base/one.c'
refuses symbols 'only in the map:  llmlearn_*' \
    'sed -i "s/llmlearn_one;/llmlearn_*;/" lib/llmlearn.map'

refuses globals 'mutable global count' \
    'echo "static int count; int ll_n(void) { return ++count; }" >>lib/base/one.c'
refuses globals 'mutable global last' \
    'echo "int ll_n(void) { static int last = 3; return ++last; }" >>lib/base/one.c'
refuses globals 'mutable global detail' 'true >lib/README.md'
refuses globals 'bare has no prefix' 'echo "int bare(void) { return 3; }" >>lib/base/one.c'
exit "$bad"
