/* Any bytes as a model's answer, as a candidate, as a comment and as an explanation. */
#include "base/utf8.h"
#include "prompt/candidates.h"
#include "prompt/clean.h"
#include "prompt/comments.h"
#include "prompt/reply.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char base[] = "Explain why {{ticker}} has a {{signal}} signal, from {{indicators}} "
                           "alone, in JSON with summary and risks.";
static const char *const fields[] = { "summary", "risks" };

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void check_verdict(const ll_guard_verdict *v, const char *text, size_t bytes)
{
    static const char *const never[] = { "://",          "http",
                                         "<script",      "{{ticker}}{{ticker}}",
                                         "\xe2\x80\x8b", "\xe2\x80\xae",
                                         "<|",           "\x1b" };

    require(v->reason_count <= LL_GUARD_REASONS_MAX, "room for the objections");
    for (size_t i = 0; i < v->reason_count; i++) {
        require(v->reasons[i].name != NULL && v->reasons[i].detail[0] != '\0', "a reason");
        require(ll_utf8_valid(v->reasons[i].detail, strlen(v->reasons[i].detail)), "in UTF-8");
    }
    if (v->reason_count > 0)
        return;
    require(ll_utf8_valid(text, bytes), "what is accepted is UTF-8");
    require(memmem(text, bytes, "{{signal}}", 10) != NULL, "with its placeholders");
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        require(memmem(text, bytes, never[i], strlen(never[i])) == NULL, never[i]);
}

static void as_answer(ll_guard_input *in, const char *text, size_t bytes)
{
    ll_candidates c;

    if (ll_candidates_read(text, bytes, 4, &c) != LLMLEARN_OK)
        return;
    require(ll_candidates_judge(&c, in) == LLMLEARN_OK, "any candidate can be judged");
    for (size_t i = 0; i < c.count; i++)
        check_verdict(&c.items[i].verdict, c.items[i].prompt, c.items[i].bytes);
    ll_candidates_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *text = (const char *)data;
    const ll_comment comments[] = { { text, bytes, true }, { text + bytes / 2, bytes / 3, false } };
    const ll_reply_rules rules = { .signal = "BUY",
                                   .json = bytes % 2,
                                   .json_fields = fields,
                                   .json_field_count = bytes % 2 ? 2 : 0 };
    ll_guard_input in = { .candidate = { text, bytes },
                          .base = { base, sizeof base - 1 },
                          .json_fields = fields,
                          .json_field_count = 2 };
    size_t indexes[LL_COMMENTS_CHOSEN_MAX], chosen;
    const char *reason;
    ll_buffer clean = { 0 };
    ll_guard_verdict v;

    require(ll_guard_check(&in, &v) == LLMLEARN_OK, "any candidate can be checked");
    check_verdict(&v, text, bytes);
    as_answer(&in, text, bytes);
    require(ll_comments_choose(comments, 2, 2, indexes, &chosen) == LLMLEARN_OK && chosen <= 2,
            "any comment can be read");
    require(ll_reply_check(&rules, text, bytes, &reason) == LLMLEARN_OK, "any reply can be read");
    ll_clean_append(&clean, text, bytes, 100);
    require(clean.length <= 100 && ll_utf8_valid(clean.data, clean.length), "clean is clean");
    ll_buffer_free(&clean);
    return 0;
}
