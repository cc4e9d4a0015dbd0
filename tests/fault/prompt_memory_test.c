/* Prompts when memory runs out: the n-th allocation of a call fails, alone or with all that
 * follow, for n = 1, 2, 3, ... until the call needs no more. Each failure is LLMLEARN_ENOMEM and
 * leaves the outputs as they were; the leak checker says whether anything was lost. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup */
#include "prompt/candidates.h"
#include "prompt/meta.h"
#include "prompt/reply.h"
#include "support/prompts.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 2000

/* ---- the allocator ----------------------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

static long allocations_left = -1; /* -1: as many as are wanted */
static bool only_once;             /* after the one that fails there is memory again */

static bool fails_now(void)
{
    if (allocations_left < 0)
        return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    if (only_once)
        allocations_left = -1;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}

/* jansson lives in a shared library, which is not wrapped: it is told. */
static void *jansson_malloc(size_t bytes)
{
    return __wrap_malloc(bytes);
}

/* ---- the calls ---------------------------------------------------------- */

static const char base[] = "Explain why {{ticker}} has a {{signal}} signal. Return JSON with the "
                           "fields summary and risks.";
static const char other[] = "Say in two sentences what the {{signal}} signal of {{ticker}} rests "
                            "on. Return JSON: summary, risks. Explain the signal calmly.";
static const char *const fields[] = { "summary", "risks" };
static const char answer[] =
    "{\"variants\": [{\"prompt\": \"Tell why {{ticker}} has this {{signal}} "
    "signal. JSON: summary, risks.\", \"hypothesis\": \"Shorter.\"}, "
    "\"x\"]}";

/* The last call left its outputs alone if it failed, and wrote them if not. libcheck asserts with
 * memory of its own, so they wait until there is some again. */
static bool kept;

static ll_guard_input frame(void)
{
    static const ll_prompt_text known[] = { { other, sizeof other - 1 } };

    return (ll_guard_input){ .candidate = { other, sizeof other - 1 },
                             .base = { base, sizeof base - 1 },
                             .known = known,
                             .known_count = 1,
                             .json_fields = fields,
                             .json_field_count = 2 };
}

static llmlearn_err check_guard(void)
{
    const ll_guard_input in = frame();
    ll_guard_verdict v = { .reason_count = 77 };
    llmlearn_err err = ll_guard_check(&in, &v);

    kept = (v.reason_count == 77) == (err != LLMLEARN_OK);
    return err;
}

static llmlearn_err render(void)
{
    const ll_template_value values[] = { { "ticker", { "X", 1 } }, { "signal", { "BUY", 3 } } };
    char *text = NULL;
    size_t bytes = 0;
    llmlearn_err err = ll_template_render((ll_prompt_text){ base, sizeof base - 1 }, values, 2, 999,
                                          &text, &bytes);

    kept = (text == NULL) == (err != LLMLEARN_OK);
    free(text);
    return err;
}

static llmlearn_err read_and_judge(void)
{
    const ll_guard_input in = frame();
    ll_candidates c = { .count = 77 };
    llmlearn_err err = ll_candidates_read(answer, sizeof answer - 1, 3, &c);

    kept = (c.count == 77) == (err != LLMLEARN_OK);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_candidates_judge(&c, &in);
    ll_candidates_free(&c);
    return err;
}

static llmlearn_err make_meta(void)
{
    static const ll_comment comments[] = { { "I did not understand the MACD.", 30, false },
                                           { "Short and clear explanation.", 28, true } };
    static const ll_meta_example examples[] = { { "The RSI is 28.", 14, true } };
    const ll_meta_input in = { .signal = "BUY",
                               .base = { base, sizeof base - 1 },
                               .count = 3,
                               .json_fields = fields,
                               .json_field_count = 2,
                               .examples = examples,
                               .example_count = 1,
                               .comments = comments,
                               .comment_count = 2 };
    ll_meta meta = { .message_count = 77 };
    llmlearn_err err = ll_meta_make(&in, &meta);

    kept = (meta.message_count == 77) == (err != LLMLEARN_OK);
    if (err == LLMLEARN_OK) {
        kept = meta.message_count == 3;
        ll_meta_free(&meta);
    }
    return err;
}

static llmlearn_err check_reply(void)
{
    static const char text[] = "{\"summary\": \"You should buy.\", \"risks\": [\"one\", \"two\"]}";
    const ll_reply_rules rules = { .signal = "BUY", .json_fields = fields, .json_field_count = 2 };
    const char *reason = "unwritten";
    llmlearn_err err = ll_reply_check(&rules, text, sizeof text - 1, &reason);

    kept = (reason != NULL) == (err != LLMLEARN_OK);
    return err;
}

typedef llmlearn_err call(void);

static long run_out(call *tried, bool once)
{
    long n = 0;
    llmlearn_err err;

    do {
        only_once = once;
        allocations_left = n;
        err = tried();
        allocations_left = -1;
        ck_assert_msg(kept, "allocation %ld: outputs", n);
        ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_ENOMEM, "allocation %ld: %s: %s", n,
                      llmlearn_error_name(err), llmlearn_error_detail());
    } while (err != LLMLEARN_OK && ++n < TRIES_MAX);
    ck_assert_int_lt(n, TRIES_MAX);
    return n;
}

START_TEST(every_failed_allocation_is_told)
{
    static const struct {
        const char *name;
        call *tried;
        long least;
    } calls[] = {
        { "a check", check_guard, 4 },         { "a rendering", render, 1 },
        { "candidates", read_and_judge, 20 },  { "a meta-prompt", make_meta, 15 },
        { "an explanation", check_reply, 10 },
    };

    json_set_alloc_funcs(jansson_malloc, free);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        long alone = run_out(calls[i].tried, true), all = run_out(calls[i].tried, false);

        printf("%s: %ld allocations failed\n", calls[i].name, all);
        ck_assert_int_ge(all, calls[i].least);
        /* jansson's lexer takes no notice of one that fails, so some of these end early. */
        ck_assert_int_ge(alone, 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_memory");
    TCase *tests = tcase_create("prompt_memory");
    SRunner *runner = srunner_create(suite);
    int failed;

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_failed_allocation_is_told);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
