/* Any bytes as a template: parsed and rendered, they keep the promises of prompt/template.h. */
#include "prompt/template.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const ll_prompt_text text = { (const char *)data, bytes };
    ll_template_value values[LL_TEMPLATE_NAMES_MAX];
    char names[LL_TEMPLATE_NAMES_MAX][LL_TEMPLATE_NAME_BYTES_MAX + 1];
    size_t names_bytes = 0, out_bytes = 0, total = 0;
    ll_template t;
    char *out = NULL;

    if (ll_template_parse(text, &t) != LLMLEARN_OK) {
        require(strstr(llmlearn_error_detail(), "template: line ") != NULL, "the error says where");
        return 0;
    }
    for (size_t i = 0; i < t.name_count; i++) {
        memcpy(names[i], t.names[i].name, t.names[i].bytes);
        names[i][t.names[i].bytes] = '\0';
        values[i] = (ll_template_value){ names[i], { "{{x}}", 5 } };
        names_bytes += (t.names[i].bytes + 4) * t.names[i].count;
        total += t.names[i].count;
    }
    require(total == t.placeholder_count, "the counts add up");
    require(ll_template_same(&t, &t, NULL), "it is the same as itself");
    require(ll_template_render(text, values, t.name_count, bytes + 5 * total, &out, &out_bytes) ==
                LLMLEARN_OK,
            "what is parsed can be rendered");
    require(out_bytes == bytes - names_bytes + 5 * total, "nothing is lost or read again");
    free(out);
    if (t.name_count > 0)
        require(ll_template_render(text, values, t.name_count - 1, SIZE_MAX, &out, &out_bytes) ==
                    LLMLEARN_EINVAL,
                "a value that is missing is missed");
    return 0;
}
