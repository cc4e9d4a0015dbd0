/* What callers get wrong: each mistake has its code and a line that names the field, and
 * nothing changes. Then files that are not as they should be. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS LEARNER_DEADLINE_MS
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static llmlearn_id known;
static uint64_t test_id;
static char *before;
static char long_text[300 * 1024];

/* A clock that stands still: a refused call leaves no trace of its time either. */
static int64_t stand_still(void *user)
{
    (void)user;
    return INT64_C(1790000000000000);
}

static llmlearn *open_here(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;

    learner_options(path, &options);
    options.clock = stand_still;
    expect_ok(llmlearn_open(&options, &opened));
    return opened;
}

static void add_variant(const char *signal, const char *version)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = MS,
                                       .signal = signal,
                                       .version = version,
                                       .text = version };

    expect_ok(llmlearn_add_variant(learner, &variant));
}

static llmlearn_arm good_arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };

static llmlearn_ab_test good_test(const char *signal)
{
    return (llmlearn_ab_test){ .struct_size = sizeof(llmlearn_ab_test),
                               .signal = signal,
                               .arms = good_arms,
                               .arm_count = 2,
                               .deadline_ms = MS };
}

/* BUY has a champion and a running test, SELL a champion; one vote stands. */
static void set_up(void)
{
    llmlearn_ab_test test = good_test("BUY");

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    memset(long_text, 'x', sizeof long_text - 1);
    learner = open_here();
    add_variant("BUY", "v1.0");
    add_variant("BUY", "v1.1");
    add_variant("SELL", "v1.0");
    add_variant("SELL", "v1.1");
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v1.0", "test", "first", MS));
    expect_ok(llmlearn_promote_variant(learner, "SELL", "v1.0", "test", "first", MS));
    expect_ok(llmlearn_start_ab_test(learner, &test, &test_id));
    expect_ok(learner_log(learner, "text", &known));
    expect_ok(learner_vote(learner, &known, "ann", true, 4));
    expect_ok(llmlearn_flush(learner, MS));
    before = recount_dump(path);
}

static void tear_down(void)
{
    llmlearn_counters counters = { .struct_size = sizeof counters };
    char *after;

    expect_ok(llmlearn_get_counters(learner, &counters));
    ck_assert_uint_eq(counters.logged, 1);
    expect_ok(llmlearn_close(learner, MS));
    after = recount_dump(path);
    ck_assert_str_eq(before, after);
    recount(path);
    free(before);
    free(after);
    folder_remove(folder);
}

/* A text of so many bytes. */
static const char *of_bytes(size_t bytes)
{
    return long_text + sizeof long_text - 1 - bytes;
}

/* ---- NULL -------------------------------------------------------------- */

START_TEST(a_null_pointer_is_refused)
{
    const llmlearn_explanation e = {
        .struct_size = sizeof e, .ticker = "A", .signal = "BUY", .text = "t"
    };
    const llmlearn_feedback f = { .struct_size = sizeof f,
                                  .vote = LLMLEARN_HELPFUL,
                                  .explanation_id = known };
    const llmlearn_variant v = {
        .struct_size = sizeof v, .signal = "BUY", .version = "v9", .text = "t"
    };
    const llmlearn_explanations_query q = { .struct_size = sizeof q };
    const llmlearn_ab_test t = good_test("SELL");
    llmlearn_counters counters = { .struct_size = sizeof counters };
    llmlearn_assignment a = { .struct_size = sizeof a };
    llmlearn_decision d = { .struct_size = sizeof d };
    llmlearn_options options;
    llmlearn *opened = NULL;
    uint64_t id = 7;
    llmlearn_id log_id = { .bytes = { 7 } };
    char text[LLMLEARN_ID_TEXT_BYTES] = "7";
    char *json = NULL;

    learner_options(path, &options);
    expect_err(llmlearn_open(NULL, &opened), LLMLEARN_EINVAL, "options");
    expect_err(llmlearn_open(&options, NULL), LLMLEARN_EINVAL, "out_learner");
    options.path = NULL;
    expect_err(llmlearn_open(&options, &opened), LLMLEARN_EINVAL, "path");
    expect_err(llmlearn_flush(NULL, MS), LLMLEARN_EINVAL, "learner");
    expect_ok(llmlearn_close(NULL, MS));
    expect_err(llmlearn_get_counters(NULL, &counters), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_get_counters(learner, NULL), LLMLEARN_EINVAL, "out_counters");
    llmlearn_free(NULL);
    llmlearn_options_init(NULL, sizeof options);
    expect_err(llmlearn_id_parse(NULL, &log_id), LLMLEARN_EINVAL, "text");
    expect_err(llmlearn_id_parse("0190b7d4-0000-7000-8000-000000000000", NULL), LLMLEARN_EINVAL,
               "out_id");
    expect_err(llmlearn_id_format(NULL, text), LLMLEARN_EINVAL, "id");
    expect_err(llmlearn_id_format(&known, NULL), LLMLEARN_EINVAL, "out_text");
    expect_err(llmlearn_log_explanation(NULL, &e, &log_id), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_log_explanation(learner, NULL, &log_id), LLMLEARN_EINVAL, "explanation");
    expect_err(llmlearn_submit_feedback(NULL, &f, &log_id), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_submit_feedback(learner, NULL, &log_id), LLMLEARN_EINVAL, "feedback");
    expect_err(llmlearn_withdraw_feedback(NULL, &known, "ann", NULL, MS), LLMLEARN_EINVAL,
               "learner");
    expect_err(llmlearn_withdraw_feedback(learner, NULL, "ann", NULL, MS), LLMLEARN_EINVAL,
               "explanation_id");
    expect_err(llmlearn_withdraw_feedback(learner, &known, NULL, NULL, MS), LLMLEARN_EINVAL,
               "user");
    expect_err(llmlearn_withdraw_feedback(learner, &known, "ann", &known, MS), LLMLEARN_EINVAL,
               "user");
    expect_err(llmlearn_get_explanation(NULL, &known, MS, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_get_explanation(learner, NULL, MS, &json), LLMLEARN_EINVAL, "id");
    expect_err(llmlearn_get_explanation(learner, &known, MS, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_explanations(NULL, &q, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_explanations(learner, NULL, &json), LLMLEARN_EINVAL, "query");
    expect_err(llmlearn_explanations(learner, &q, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_add_variant(NULL, &v), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_add_variant(learner, NULL), LLMLEARN_EINVAL, "variant");
    expect_err(llmlearn_archive_variant(NULL, "BUY", "v1.1", "a", "r", MS), LLMLEARN_EINVAL,
               "learner");
    expect_err(llmlearn_archive_variant(learner, NULL, "v1.1", "a", "r", MS), LLMLEARN_EINVAL,
               "signal");
    expect_err(llmlearn_archive_variant(learner, "SELL", NULL, "a", "r", MS), LLMLEARN_EINVAL,
               "version");
    expect_err(llmlearn_archive_variant(learner, "SELL", "v1.1", NULL, "r", MS), LLMLEARN_EINVAL,
               "actor");
    expect_err(llmlearn_archive_variant(learner, "SELL", "v1.1", "a", NULL, MS), LLMLEARN_EINVAL,
               "reason");
    expect_err(llmlearn_get_variant(NULL, "BUY", NULL, &a), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_get_variant(learner, NULL, NULL, &a), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(learner, "BUY", NULL, NULL), LLMLEARN_EINVAL, "out_assignment");
    expect_err(llmlearn_start_ab_test(NULL, &t, &id), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_start_ab_test(learner, NULL, &id), LLMLEARN_EINVAL, "test");
    expect_err(llmlearn_stop_ab_test(NULL, test_id, "a", "r", MS), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_stop_ab_test(learner, test_id, NULL, "r", MS), LLMLEARN_EINVAL, "actor");
    expect_err(llmlearn_stop_ab_test(learner, test_id, "a", NULL, MS), LLMLEARN_EINVAL, "reason");
    expect_err(llmlearn_select_winner(NULL, "BUY", 0, MS, &d), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_select_winner(learner, NULL, 0, MS, &d), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_select_winner(learner, "BUY", 0, MS, NULL), LLMLEARN_EINVAL,
               "out_decision");
    expect_err(llmlearn_promote_variant(NULL, "BUY", "v1.1", "a", "r", MS), LLMLEARN_EINVAL,
               "learner");
    expect_err(llmlearn_promote_variant(learner, NULL, "v1.1", "a", "r", MS), LLMLEARN_EINVAL,
               "signal");
    expect_err(llmlearn_promote_variant(learner, "BUY", NULL, "a", "r", MS), LLMLEARN_EINVAL,
               "version");
    expect_err(llmlearn_promote_variant(learner, "BUY", "v1.1", NULL, "r", MS), LLMLEARN_EINVAL,
               "actor");
    expect_err(llmlearn_promote_variant(learner, "BUY", "v1.1", "a", NULL, MS), LLMLEARN_EINVAL,
               "reason");
    expect_err(llmlearn_rollback(NULL, "BUY", "a", "r", MS), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_rollback(learner, NULL, "a", "r", MS), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_rollback(learner, "BUY", NULL, "r", MS), LLMLEARN_EINVAL, "actor");
    expect_err(llmlearn_rollback(learner, "BUY", "a", NULL, MS), LLMLEARN_EINVAL, "reason");
    expect_err(llmlearn_analytics(NULL, 30, 0, MS, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_analytics(learner, 30, 0, MS, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_ab_tests(NULL, NULL, 0, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_ab_tests(learner, NULL, 0, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_decisions(NULL, NULL, 0, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_decisions(learner, NULL, 0, NULL), LLMLEARN_EINVAL, "out_json");
    /* Outputs are untouched by a failure. */
    ck_assert(opened == NULL && json == NULL && id == 7 && log_id.bytes[0] == 7);
    ck_assert_str_eq(text, "7");
    ck_assert(a.version == NULL && d.receipt_json == NULL && counters.logged == 0);
}
END_TEST

/* ---- struct_size ------------------------------------------------------- */

typedef llmlearn_err (*sized_call)(void *structure);

static llmlearn_err call_open(void *s)
{
    llmlearn *opened = NULL;
    llmlearn_err err = llmlearn_open(s, &opened);

    llmlearn_close(opened, MS);
    return err;
}

/* Of those that change something only what is refused for another reason may pass. */
static llmlearn_err call_log(void *s)
{
    return llmlearn_log_explanation(learner, s, NULL);
}

static llmlearn_err call_vote(void *s)
{
    return llmlearn_submit_feedback(learner, s, NULL);
}

static llmlearn_err call_add_variant(void *s)
{
    return llmlearn_add_variant(learner, s);
}

static llmlearn_err call_start(void *s)
{
    return llmlearn_start_ab_test(learner, s, NULL);
}

static llmlearn_err call_counters(void *s)
{
    return llmlearn_get_counters(learner, s);
}

static llmlearn_err call_get_variant(void *s)
{
    return llmlearn_get_variant(learner, "BUY", NULL, s);
}

static llmlearn_err call_select(void *s)
{
    llmlearn_decision *decision = s;
    llmlearn_err err = llmlearn_select_winner(learner, "BUY", 0, MS, s);

    if (err == LLMLEARN_OK)
        llmlearn_free(decision->receipt_json);
    return err;
}

static llmlearn_err call_explanations(void *s)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_explanations(learner, s, &json);

    ck_assert((json != NULL) == (err == LLMLEARN_OK));
    llmlearn_free(json);
    return err;
}

START_TEST(a_wrong_struct_size_is_refused)
{
    llmlearn_options options;
    llmlearn_explanation e = { .ticker = "A b", .signal = "BUY", .text = "t" };
    llmlearn_feedback f = { .vote = 3 };
    llmlearn_variant v = { .signal = "BUY", .version = "v1.0", .text = "other" };
    llmlearn_ab_test t = good_test("BUY");
    llmlearn_counters counters = { .lag_ms = 0 };
    llmlearn_assignment a = { .arm = 0 };
    llmlearn_decision d = { .verdict = 0 };
    llmlearn_explanations_query q = { .user = "ann" };
    const struct {
        const char *name;
        sized_call call;
        const void *good;
        uint32_t bytes;
        uint32_t first; /* bytes of it in the first release */
        bool is_out;
        llmlearn_err as_it_is; /* what the call says to a struct of the right size */
    } structs[] = {
        { "options", call_open, &options, sizeof options, sizeof options, false, LLMLEARN_OK },
        { "explanation", call_log, &e, sizeof e, sizeof e, false, LLMLEARN_EINVAL },
        { "feedback", call_vote, &f, sizeof f, sizeof f, false, LLMLEARN_EINVAL },
        { "variant", call_add_variant, &v, sizeof v, sizeof v, false, LLMLEARN_EEXIST },
        { "test", call_start, &t, sizeof t, offsetof(llmlearn_ab_test, lift_min), false,
          LLMLEARN_EEXIST },
        { "query", call_explanations, &q, sizeof q, sizeof q, false, LLMLEARN_OK },
        { "out_counters", call_counters, &counters, sizeof counters, sizeof counters, true,
          LLMLEARN_OK },
        { "out_assignment", call_get_variant, &a, sizeof a, sizeof a, true, LLMLEARN_OK },
        { "out_decision", call_select, &d, sizeof d, offsetof(llmlearn_decision, ln_e_value), true,
          LLMLEARN_OK },
    };

    learner_options(path, &options);
    options.clock = stand_still;
    for (size_t i = 0; i < COUNT(structs); i++) {
        uint32_t bytes = structs[i].bytes;
        const uint32_t bad[] = { 0, 3, 4, structs[i].first - 1, 4097, UINT32_MAX };
        union {
            uint32_t struct_size;
            uint64_t aligned[80];
            unsigned char bytes[640];
        } s = { .struct_size = 0 };

        ck_assert_uint_lt(bytes + 16, sizeof s);
        memcpy(s.bytes, structs[i].good, bytes);
        for (size_t j = 0; j < COUNT(bad); j++) {
            s.struct_size = bad[j];
            expect_err(structs[i].call(&s), LLMLEARN_EINVAL, structs[i].name);
            ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "struct_size"));
        }
        s.struct_size =
            structs[i].first; /* a caller of the first release: nothing behind is touched */
        s.bytes[structs[i].first] = 1;
        ck_assert_int_eq(structs[i].call(&s), structs[i].as_it_is);
        ck_assert_uint_eq(s.bytes[structs[i].first], 1);
        s.bytes[structs[i].first] = 0;
        s.struct_size = bytes + 16; /* a caller of a later release that asks for nothing new */
        ck_assert_int_eq(structs[i].call(&s), structs[i].as_it_is);
        ck_assert_uint_eq(s.struct_size, bytes + 16);
        s.bytes[bytes + 15] = 1;
        if (structs[i].is_out)
            ck_assert_int_eq(structs[i].call(&s), structs[i].as_it_is);
        else
            expect_err(structs[i].call(&s), LLMLEARN_EUNSUPPORTED, structs[i].name);
        ck_assert_uint_eq(s.bytes[bytes + 15], 1);
    }
}
END_TEST

/* ---- explanations ------------------------------------------------------ */

static const char *const bad_utf8[] = {
    "\xff",     "\xc0\xaf",         "\xed\xa0\x80",        "a\x80",
    "\xe2\x82", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"
};

static void refuse_log(const llmlearn_explanation *e, const char *words)
{
    llmlearn_id id = { .bytes = { 7 } };

    expect_err(llmlearn_log_explanation(learner, e, &id), LLMLEARN_EINVAL, words);
    ck_assert_int_eq(id.bytes[0], 7);
}

#define with(field, value, words)                                                                  \
    do {                                                                                           \
        llmlearn_explanation changed = good;                                                       \
        changed.field = (value);                                                                   \
        refuse_log(&changed, (words));                                                             \
    } while (0)

START_TEST(explanations_with_wrong_texts)
{
    static const char *const bad_names[] = { "",    "a b", "a\"b", "a'b",  "a\\b", "<b>", "a&b",
                                             "50%", "a;b", "a`b",  "\x01", "\x7f", "ä" };
    static const char *const bad_signals[] = { "", "B UY", "BUY!", "ü", "a.b", "a\n" };
    const llmlearn_explanation good = {
        .struct_size = sizeof good, .ticker = "A", .signal = "BUY", .text = "t"
    };

    for (size_t i = 0; i < COUNT(bad_names); i++) {
        with(ticker, bad_names[i], "ticker");
        with(version, bad_names[i], "version");
        with(model, bad_names[i], "model");
        with(provider, bad_names[i], "provider");
    }
    with(ticker, of_bytes(65), "ticker");
    with(version, of_bytes(65), "version");
    with(model, of_bytes(65), "model");
    with(provider, of_bytes(65), "provider");
    for (size_t i = 0; i < COUNT(bad_signals); i++)
        with(signal, bad_signals[i], "signal");
    with(signal, of_bytes(33), "signal");
    for (size_t i = 0; i < COUNT(bad_utf8); i++) {
        llmlearn_explanation fallback = good;

        with(text, bad_utf8[i], "text");
        with(unit, bad_utf8[i], "unit");
        with(metadata_json, bad_utf8[i], "metadata_json");
        fallback.flags = LLMLEARN_FALLBACK;
        fallback.fallback_reason = bad_utf8[i];
        refuse_log(&fallback, "fallback_reason");
        fallback.fallback_reason = of_bytes(1001);
        refuse_log(&fallback, "fallback_reason");
    }
    with(text, of_bytes(256 * 1024 + 1), "text");
    with(unit, "", "unit");
    with(unit, of_bytes(257), "unit");
    with(metadata_json, of_bytes(16 * 1024 + 1), "metadata_json");
    with(ticker, NULL, "ticker");
    with(signal, NULL, "signal");
    with(text, NULL, "text");
    with(fallback_reason, "why", "fallback_reason");
}
END_TEST

START_TEST(explanations_with_wrong_numbers)
{
    const double bad[] = { NAN, INFINITY, -INFINITY, -1e-9, -1 };
    llmlearn_explanation good = {
        .struct_size = sizeof good, .ticker = "A", .signal = "BUY", .text = "t"
    };

    with(confidence, 0.5, "LLMLEARN_HAS_CONFIDENCE"); /* a forgotten flag */
    with(latency_ms, 5, "LLMLEARN_HAS_LATENCY");
    with(prompt_tokens, 5, "LLMLEARN_HAS_PROMPT_TOKENS");
    with(completion_tokens, 5, "LLMLEARN_HAS_COMPLETION_TOKENS");
    with(cost_nanousd, 5, "LLMLEARN_HAS_COST");
    with(confidence, NAN, "confidence");
    good.flags = LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_PROMPT_TOKENS |
                 LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST;
    for (size_t i = 0; i < COUNT(bad); i++) {
        with(confidence, bad[i], "confidence");
        with(latency_ms, bad[i], "latency_ms");
    }
    with(confidence, 1.0000001, "confidence");
    with(latency_ms, 1.1e9, "latency_ms");
    with(prompt_tokens, -1, "prompt_tokens");
    with(completion_tokens, INT64_MIN, "completion_tokens");
    with(cost_nanousd, -1, "cost_nanousd");
    with(flags, 0x800u, "flags");
    with(flags, 0x80000000u, "flags");
    with(flags, LLMLEARN_REROUTED, "REROUTED");
    with(reserved, 1, "reserved");
    with(arm, 1, "arm");
    good.test_id = 1;
    with(arm, 64, "arm");
    with(test_id, UINT64_MAX, "test_id");
}
END_TEST
#undef with

/* ---- votes ------------------------------------------------------------- */

#define with(field, value, words)                                                                  \
    do {                                                                                           \
        llmlearn_feedback changed = good;                                                          \
        llmlearn_id id = { .bytes = { 7 } };                                                       \
        changed.field = (value);                                                                   \
        expect_err(llmlearn_submit_feedback(learner, &changed, &id), LLMLEARN_EINVAL, (words));    \
        ck_assert_int_eq(id.bytes[0], 7);                                                          \
    } while (0)

START_TEST(wrong_votes)
{
    const llmlearn_feedback good = { .struct_size = sizeof good,
                                     .vote = LLMLEARN_HELPFUL,
                                     .explanation_id = known,
                                     .user = "bob",
                                     .deadline_ms = MS };

    with(vote, 0, "vote");
    with(vote, 2, "vote");
    with(vote, -2, "vote");
    with(rating, -1, "rating");
    with(rating, 6, "rating");
    with(rating, INT32_MAX, "rating");
    with(created_us, -1, "created_us");
    with(created_us, stand_still(NULL) + INT64_C(86400000001), "created_us");
    with(created_us, INT64_MAX, "created_us");
    with(user, "", "user");
    with(user, of_bytes(257), "user");
    with(comment, of_bytes(4001), "comment");
    for (size_t i = 0; i < COUNT(bad_utf8); i++) {
        with(user, bad_utf8[i], "user");
        with(comment, bad_utf8[i], "comment");
        expect_err(llmlearn_withdraw_feedback(learner, &known, bad_utf8[i], NULL, MS),
                   LLMLEARN_EINVAL, "user");
    }
    expect_err(llmlearn_withdraw_feedback(learner, &known, "", NULL, MS), LLMLEARN_EINVAL, "user");
    expect_err(llmlearn_withdraw_feedback(learner, &known, of_bytes(257), NULL, MS),
               LLMLEARN_EINVAL, "user");
    expect_err(llmlearn_withdraw_feedback(learner, &known, "bob", NULL, MS), LLMLEARN_ENOTFOUND,
               "vote");
}
END_TEST
#undef with

/* ---- variants and tests ------------------------------------------------ */

#define with(field, value, code, words)                                                            \
    do {                                                                                           \
        llmlearn_variant changed = good;                                                           \
        changed.field = (value);                                                                   \
        expect_err(llmlearn_add_variant(learner, &changed), (code), (words));                      \
    } while (0)

START_TEST(wrong_variants)
{
    const llmlearn_variant good = {
        .struct_size = sizeof good, .deadline_ms = MS, .signal = "BUY", .version = "v3", .text = "t"
    };

    with(signal, NULL, LLMLEARN_EINVAL, "signal");
    with(signal, "a b", LLMLEARN_EINVAL, "signal");
    with(signal, of_bytes(33), LLMLEARN_EINVAL, "signal");
    with(version, NULL, LLMLEARN_EINVAL, "version");
    with(version, "", LLMLEARN_EINVAL, "version");
    with(version, of_bytes(65), LLMLEARN_EINVAL, "version");
    with(text, NULL, LLMLEARN_EINVAL, "text");
    with(text, "", LLMLEARN_EINVAL, "text");
    with(text, "\xff", LLMLEARN_EINVAL, "text");
    with(text, of_bytes(64 * 1024 + 1), LLMLEARN_EINVAL, "text");
    with(parent, "a b", LLMLEARN_EINVAL, "parent");
    with(parent, "v9", LLMLEARN_ENOTFOUND, "parent");
    with(version, "v1.0", LLMLEARN_EEXIST, "version");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v9", "a", "r", MS), LLMLEARN_ENOTFOUND,
               "version");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.0", "a", "r", MS), LLMLEARN_ESTATE, "");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.1", "a", "r", MS), LLMLEARN_ESTATE, "");
    expect_err(llmlearn_archive_variant(learner, "B Y", "v1.1", "a", "r", MS), LLMLEARN_EINVAL,
               "signal");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v 1", "a", "r", MS), LLMLEARN_EINVAL,
               "version");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.1", of_bytes(257), "r", MS),
               LLMLEARN_EINVAL, "actor");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.1", "a", of_bytes(1001), MS),
               LLMLEARN_EINVAL, "reason");
}
END_TEST

START_TEST(wrong_questions_for_a_variant)
{
    llmlearn_assignment a = { .struct_size = sizeof a };

    expect_err(llmlearn_get_variant(learner, "a b", NULL, &a), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(learner, of_bytes(33), NULL, &a), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(learner, "BUY", "", &a), LLMLEARN_EINVAL, "unit");
    expect_err(llmlearn_get_variant(learner, "BUY", of_bytes(257), &a), LLMLEARN_EINVAL, "unit");
    expect_err(llmlearn_get_variant(learner, "BUY", "\xff", &a), LLMLEARN_EINVAL, "unit");
    ck_assert_ptr_null(a.version);
    /* A signal that nobody knows is served the baseline. */
    expect_ok(llmlearn_get_variant(learner, "NEW", NULL, &a));
    ck_assert_str_eq(a.version, "v1.0");
}
END_TEST
#undef with

#define with(field, value, code, words)                                                            \
    do {                                                                                           \
        llmlearn_ab_test changed = good;                                                           \
        uint64_t id = 7;                                                                           \
        changed.field = (value);                                                                   \
        expect_err(llmlearn_start_ab_test(learner, &changed, &id), (code), (words));               \
        ck_assert_uint_eq(id, 7);                                                                  \
    } while (0)

START_TEST(wrong_tests)
{
    const llmlearn_ab_test good = good_test("SELL");

    with(signal, NULL, LLMLEARN_EINVAL, "signal");
    with(signal, "S L", LLMLEARN_EINVAL, "signal");
    with(signal, of_bytes(33), LLMLEARN_EINVAL, "signal");
    with(signal, "BUY", LLMLEARN_EEXIST, "signal"); /* two tests for one signal */
    with(flags, 4, LLMLEARN_EINVAL, "flags");
    with(reserved, 1, LLMLEARN_EINVAL, "reserved");
    with(arms, NULL, LLMLEARN_EINVAL, "arms");
    with(arm_count, 0, LLMLEARN_EINVAL, "arms");
    with(arm_count, 1, LLMLEARN_EINVAL, "arms");
    with(arm_count, 65, LLMLEARN_EINVAL, "arms");
    with(rule, 4, LLMLEARN_EINVAL, "rule");
    with(rule, -1, LLMLEARN_EINVAL, "rule");
    with(duration_min_days, -1, LLMLEARN_EINVAL, "duration_min_days");
    with(duration_min_days, NAN, LLMLEARN_EINVAL, "duration_min_days");
    with(duration_min_days, 366, LLMLEARN_EINVAL, "duration_min_days");
    with(duration_max_days, 1, LLMLEARN_EINVAL, "duration_max_days");
    with(duration_max_days, INFINITY, LLMLEARN_EINVAL, "duration_max_days");
    with(alpha_ratio, -0.1, LLMLEARN_EINVAL, "alpha_ratio");
    with(alpha_ratio, 0.6, LLMLEARN_EINVAL, "alpha_ratio");
    with(alpha_ratio, NAN, LLMLEARN_EINVAL, "alpha_ratio");
    with(effect_min, -0.1, LLMLEARN_EINVAL, "effect_min");
    with(effect_min, 1.1, LLMLEARN_EINVAL, "effect_min");
    with(effect_min, NAN, LLMLEARN_EINVAL, "effect_min");
    with(lift_min, -0.1, LLMLEARN_EINVAL, "lift_min");
    with(lift_min, 0.0009, LLMLEARN_EINVAL, "lift_min");
    with(lift_min, 0.51, LLMLEARN_EINVAL, "lift_min");
    with(lift_min, NAN, LLMLEARN_EINVAL, "lift_min");
    with(trials_min, UINT64_MAX, LLMLEARN_EINVAL, "trials_min");
    with(actor, "", LLMLEARN_EINVAL, "actor");
    with(actor, of_bytes(257), LLMLEARN_EINVAL, "actor");
}
END_TEST

START_TEST(wrong_arms)
{
    const llmlearn_ab_test good = good_test("SELL");
    const struct {
        llmlearn_arm arms[2];
        llmlearn_err code;
        const char *words;
    } wrong[] = {
        { { { "v1.0", 0.5 }, { "v1.1", -0.5 } }, LLMLEARN_EINVAL, "weight" },
        { { { "v1.0", 0 }, { "v1.1", 0 } }, LLMLEARN_EINVAL, "weight" },
        { { { "v1.0", 1 }, { "v1.1", 0 } }, LLMLEARN_EINVAL, "weight" },
        { { { "v1.0", 0.5 }, { "v1.1", 0.500002 } }, LLMLEARN_EINVAL, "sum" },
        { { { "v1.0", 0.5 }, { "v1.1", 0.4 } }, LLMLEARN_EINVAL, "sum" },
        { { { "v1.0", NAN }, { "v1.1", 0.5 } }, LLMLEARN_EINVAL, "weight" },
        { { { "v1.0", INFINITY }, { "v1.1", 0.5 } }, LLMLEARN_EINVAL, "weight" },
        { { { NULL, 0.5 }, { "v1.1", 0.5 } }, LLMLEARN_EINVAL, "version" },
        { { { "v1.0", 0.5 }, { "", 0.5 } }, LLMLEARN_EINVAL, "version" },
        { { { "v1.0", 0.5 }, { "v1.0", 0.5 } }, LLMLEARN_EINVAL, "version" },
        { { { "v1.0", 0.5 }, { "v8", 0.5 } }, LLMLEARN_ENOTFOUND, "v8" },
    };

    for (size_t i = 0; i < COUNT(wrong); i++)
        with(arms, wrong[i].arms, wrong[i].code, wrong[i].words);
}
END_TEST
#undef with

START_TEST(wrong_decisions)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    expect_err(llmlearn_select_winner(learner, "B Y", 0, MS, &d), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_select_winner(learner, "BUY", 2, MS, &d), LLMLEARN_EINVAL, "flags");
    expect_err(llmlearn_select_winner(learner, "SELL", 0, MS, &d), LLMLEARN_ENOTFOUND, "SELL");
    expect_err(llmlearn_stop_ab_test(learner, 0, "a", "r", MS), LLMLEARN_ENOTFOUND, "test");
    expect_err(llmlearn_stop_ab_test(learner, 999, "a", "r", MS), LLMLEARN_ENOTFOUND, "test");
    expect_err(llmlearn_stop_ab_test(learner, UINT64_MAX, "a", "r", MS), LLMLEARN_ENOTFOUND,
               "test");
    expect_err(llmlearn_stop_ab_test(learner, test_id, "\xff", "r", MS), LLMLEARN_EINVAL, "actor");
    expect_err(llmlearn_stop_ab_test(learner, test_id, "a", "\xff", MS), LLMLEARN_EINVAL, "reason");
    expect_err(llmlearn_promote_variant(learner, "SELL", "v9", "a", "r", MS), LLMLEARN_ENOTFOUND,
               "v9");
    expect_err(llmlearn_promote_variant(learner, "SELL", "", "a", "r", MS), LLMLEARN_EINVAL,
               "version");
    expect_err(llmlearn_rollback(learner, "SELL", "a", "r", MS), LLMLEARN_ENOCHAMPION, "signal");
    expect_err(llmlearn_rollback(learner, "S L", "a", "r", MS), LLMLEARN_EINVAL, "signal");
    ck_assert(d.receipt_json == NULL && d.verdict == 0);
}
END_TEST

START_TEST(wrong_failures_and_replays)
{
    char *json = NULL;

    expect_err(llmlearn_report_failure(NULL, test_id, 0, NULL, MS), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_report_failure(learner, 0, 0, NULL, MS), LLMLEARN_ENOTFOUND, "test_id");
    expect_err(llmlearn_report_failure(learner, 999, 0, NULL, MS), LLMLEARN_ENOTFOUND, "test_id");
    expect_err(llmlearn_report_failure(learner, UINT64_MAX, 0, NULL, MS), LLMLEARN_ENOTFOUND,
               "test_id");
    expect_err(llmlearn_report_failure(learner, test_id, 2, NULL, MS), LLMLEARN_ENOTFOUND, "arm");
    expect_err(llmlearn_report_failure(learner, test_id, UINT32_MAX, "u", MS), LLMLEARN_ENOTFOUND,
               "arm");
    expect_err(llmlearn_report_failure(learner, test_id, 0, "", MS), LLMLEARN_EINVAL, "unit");
    expect_err(llmlearn_report_failure(learner, test_id, 0, of_bytes(257), MS), LLMLEARN_EINVAL,
               "unit");
    expect_err(llmlearn_report_failure(learner, test_id, 0, "\xff", MS), LLMLEARN_EINVAL, "unit");

    expect_err(llmlearn_replay_decision(NULL, 1, MS, &json), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_replay_decision(learner, 1, MS, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_replay_decision(learner, 0, MS, &json), LLMLEARN_ENOTFOUND, "decision_id");
    expect_err(llmlearn_replay_decision(learner, UINT64_MAX, MS, &json), LLMLEARN_ENOTFOUND,
               "decision_id");
    expect_err(llmlearn_replay_decision(learner, 1, MS, &json), LLMLEARN_ESTATE, "not a verdict");
    ck_assert_ptr_null(json);
}
END_TEST

#define with(field, value, words)                                                                  \
    do {                                                                                           \
        llmlearn_explanations_query changed = { .struct_size = sizeof changed };                   \
        changed.field = (value);                                                                   \
        expect_err(llmlearn_explanations(learner, &changed, &json), LLMLEARN_EINVAL, (words));     \
        ck_assert_ptr_null(json);                                                                  \
    } while (0)

START_TEST(wrong_queries)
{
    char *json = NULL;

    with(limit, 101, "limit");
    with(limit, UINT32_MAX, "limit");
    with(reserved, 1, "reserved");
    with(signal, "", "signal");
    with(signal, "a b", "signal");
    with(ticker, "", "ticker");
    with(ticker, "a b", "ticker");
    with(ticker, of_bytes(65), "ticker");
    with(version, "", "version");
    with(version, "a\nb", "version");
    with(user, "", "user");
    with(user, of_bytes(257), "user");
    for (size_t i = 0; i < COUNT(bad_utf8); i++)
        with(user, bad_utf8[i], "user");
}
END_TEST
#undef with

START_TEST(wrong_reports_and_ids)
{
    static const char *const bad_ids[] = {
        "",
        "0190b7d4",
        "0190b7d4-0000-7000-8000-00000000000",
        "0190b7d4-0000-7000-8000-0000000000000",
        "0190b7d4-0000-7000-8000-00000000000g",
        "0190b7d400000-7000-8000-000000000000",
        "{190b7d4-0000-7000-8000-00000000000}",
    };
    llmlearn_id id = { .bytes = { 7 } };
    char *json = NULL;

    expect_err(llmlearn_analytics(learner, 91, 0, MS, &json), LLMLEARN_EINVAL, "days");
    expect_err(llmlearn_analytics(learner, UINT32_MAX, 0, MS, &json), LLMLEARN_EINVAL, "days");
    expect_err(llmlearn_analytics(learner, 30, 4, MS, &json), LLMLEARN_EINVAL, "flags");
    expect_err(llmlearn_ab_tests(learner, "a b", 0, &json), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_ab_tests(learner, NULL, 1001, &json), LLMLEARN_EINVAL, "limit");
    expect_err(llmlearn_decisions(learner, "", 0, &json), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_decisions(learner, NULL, 1001, &json), LLMLEARN_EINVAL, "limit");
    for (size_t i = 0; i < COUNT(bad_ids); i++)
        expect_err(llmlearn_id_parse(bad_ids[i], &id), LLMLEARN_EINVAL, "text");
    ck_assert(json == NULL && id.bytes[0] == 7);
    ck_assert_str_eq(llmlearn_error_name((llmlearn_err)99), "LLMLEARN_?");
    ck_assert_str_eq(llmlearn_error_name((llmlearn_err)-99), "LLMLEARN_?");
    ck_assert_str_eq(llmlearn_error_name(LLMLEARN_EUNKNOWN), "LLMLEARN_EUNKNOWN");
}
END_TEST

#define with(field, value, words)                                                                  \
    do {                                                                                           \
        llmlearn_options changed = good;                                                           \
        llmlearn *opened = NULL;                                                                   \
        changed.field = (value);                                                                   \
        expect_err(llmlearn_open(&changed, &opened), LLMLEARN_EINVAL, (words));                    \
        ck_assert_ptr_null(opened);                                                                \
    } while (0)

START_TEST(wrong_options)
{
    llmlearn_options good;

    learner_options(path, &good);
    with(path, "", "path");
    with(path, of_bytes(5000), "path");
    with(flags, 1, "flags");
    with(baseline, "a b", "baseline");
    with(baseline, of_bytes(65), "baseline");
    with(journal_bytes_max, 1000, "journal_bytes_max");
    with(journal_bytes_max, UINT64_MAX, "journal_bytes_max");
    with(segment_bytes, 1000, "segment_bytes");
    with(segment_bytes, 1 << 20, "segment_bytes"); /* more than a quarter */
    with(segment_bytes, UINT64_MAX, "segment_bytes");
    with(batch_interval_ms, 60001, "batch_interval_ms");
}
END_TEST
#undef with

/* ---- files ------------------------------------------------------------- */

static char apart[FOLDER_PATH_BYTES + 32];
static char other[FOLDER_PATH_BYTES + 64];

/* Another database, in an empty folder of its own. */
static void begin_other(void)
{
    snprintf(apart, sizeof apart, "%s/apart", folder);
    snprintf(other, sizeof other, "%s/b.db", apart);
    if (file_exists(apart))
        folder_remove(apart);
    ck_assert_int_eq(mkdir(apart, 0700), 0);
}

static llmlearn_err open_other(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;
    llmlearn_err err;

    learner_options(other, &options);
    err = llmlearn_open(&options, &opened);
    if (err != LLMLEARN_OK)
        ck_assert_ptr_null(opened);
    llmlearn_close(opened, MS);
    return err;
}

static void execute(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* Is refused, and not a byte of it is changed. */
static void refuse_file(llmlearn_err code)
{
    size_t bytes = 0;
    unsigned char *whole = file_read(other, &bytes);

    expect_err(open_other(), code, other);
    ck_assert(file_is(other, whole, bytes));
    free(whole);
}

START_TEST(files_that_are_not_ours)
{
    begin_other();
    execute("CREATE TABLE accounts (id INTEGER); INSERT INTO accounts VALUES (1)");
    refuse_file(LLMLEARN_EFOREIGN);
    execute("PRAGMA application_id = 12345");
    refuse_file(LLMLEARN_EFOREIGN);
    file_write(other, "just a text, long enough to be something, but no database", 57);
    refuse_file(LLMLEARN_EFOREIGN);
    unlink(other);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    ck_assert_int_ne(open_other(), LLMLEARN_OK);
    snprintf(other, sizeof other, "%s/missing/b.db", folder);
    expect_err(open_other(), LLMLEARN_EIO, other);
}
END_TEST

START_TEST(a_newer_schema_is_left_alone)
{
    begin_other();
    expect_ok(open_other());
    execute("PRAGMA user_version = 99");
    refuse_file(LLMLEARN_EUNSUPPORTED);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written)
{
    char closed[FOLDER_PATH_BYTES + 16];
    int status = -1;
    pid_t pid;

    snprintf(closed, sizeof closed, "%s/closed", folder);
    snprintf(other, sizeof other, "%s/b.db", closed);
    ck_assert_int_eq(mkdir(closed, 0555), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) { /* nothing is forbidden to root */
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(1);
        _exit(open_other() != LLMLEARN_EIO);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- damage ------------------------------------------------------------ */

static unsigned char *whole;
static size_t whole_bytes;

/* Every call on a damaged database ends, with a code of the header. */
static int use_damaged(void)
{
    const llmlearn_variant v = {
        .struct_size = sizeof v, .signal = "BUY", .version = "v5", .text = "t", .deadline_ms = 2000
    };
    llmlearn_options options;
    llmlearn *opened = NULL;
    llmlearn_id id;
    char *json = NULL;

    learner_options(other, &options);
    if (llmlearn_open(&options, &opened) != LLMLEARN_OK)
        return 0;
    for (int i = 0; i < 20; i++)
        (void)learner_log(opened, "t", &id);
    (void)llmlearn_flush(opened, 2000);
    (void)learner_vote(opened, &known, "ann", false, 1);
    if (llmlearn_get_explanation(opened, &known, 2000, &json) == LLMLEARN_OK)
        llmlearn_free(json);
    if (llmlearn_analytics(opened, 90, LLMLEARN_REFRESH, 2000, &json) == LLMLEARN_OK)
        llmlearn_free(json);
    if (llmlearn_ab_tests(opened, NULL, 0, &json) == LLMLEARN_OK)
        llmlearn_free(json);
    if (llmlearn_decisions(opened, NULL, 0, &json) == LLMLEARN_OK)
        llmlearn_free(json);
    (void)llmlearn_add_variant(opened, &v);
    (void)llmlearn_close(opened, 2000);
    return 0;
}

static void survive(const unsigned char *data, size_t bytes, const char *what)
{
    int status = -1;
    pid_t pid;

    begin_other();
    file_write(other, data, bytes);
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(use_damaged());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "%s: ended with %x", what, status);
}

START_TEST(damaged_databases_crash_nobody)
{
    uint64_t random = learner_seed("damage");
    int rounds = learner_rounds(150, 15);
    unsigned char *damaged;
    char what[64];

    expect_ok(llmlearn_close(learner, MS)); /* into the one file */
    whole = file_read(path, &whole_bytes);
    damaged = malloc(whole_bytes);
    ck_assert_ptr_nonnull(damaged);
    for (int i = 0; i < rounds; i++) {
        size_t at = learner_random(&random) % whole_bytes;
        size_t bits = 1 + learner_random(&random) % 20;

        memcpy(damaged, whole, whole_bytes);
        for (size_t bit = 0; bit < bits; bit++)
            damaged[(at + bit) % whole_bytes] ^= (unsigned char)(1u << learner_random(&random) % 8);
        snprintf(what, sizeof what, "%zu bits changed from byte %zu on", bits, at);
        survive(damaged, whole_bytes, what);
        snprintf(what, sizeof what, "cut at byte %zu", at);
        survive(whole, at, what);
    }
    free(damaged);
    free(whole);
    learner = open_here();
    known = (llmlearn_id){ .bytes = { 0 } };
    expect_ok(learner_log(learner, "text", &known)); /* tear_down counts one */
    expect_ok(llmlearn_flush(learner, MS));
    free(before);
    before = recount_dump(path);
}
END_TEST

/* ---- a damaged journal ------------------------------------------------- */

#define RECORDS 60

/* Dies with its records only in the journal. */
static void leave_journal(void)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        llmlearn_options options;
        llmlearn *opened = NULL;
        char text[64];

        learner_options(other, &options);
        options.batch_interval_ms = 60000;
        if (llmlearn_open(&options, &opened) != LLMLEARN_OK)
            _exit(1);
        for (int i = 0; i < RECORDS; i++) {
            snprintf(text, sizeof text, "record %d, whole", i);
            if (learner_log(opened, text, NULL) != LLMLEARN_OK)
                _exit(1);
        }
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

/* Damages the segment that holds something: the first bytes of data are at 4096. */
static int damage_journal(uint64_t *random, bool cut)
{
    char name[sizeof other + 300];
    int damaged = 0;
    struct dirent *entry;
    DIR *journal;

    snprintf(name, sizeof name, "%s.journal", other);
    journal = opendir(name);
    ck_assert_ptr_nonnull(journal);
    while ((entry = readdir(journal)) != NULL) {
        unsigned char *data;
        size_t bytes = 0;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s.journal/%s", other, entry->d_name);
        data = file_read(name, &bytes);
        if (data != NULL && bytes > 12000 && memcmp(data + 4096, "\0\0\0\0\0\0\0", 8) != 0) {
            size_t at = learner_random(random) % 12000;

            data[at] ^= (unsigned char)(1u << learner_random(random) % 8);
            file_write(name, data, cut ? at : bytes);
            damaged++;
        }
        free(data);
    }
    closedir(journal);
    return damaged;
}

START_TEST(a_damaged_journal_gives_no_wrong_record)
{
    uint64_t random = learner_seed("journal damage");
    int rounds = learner_rounds(60, 10);
    int64_t lost = 0;

    for (int i = 0; i < rounds; i++) {
        llmlearn *opened;
        int64_t stored;

        begin_other();
        leave_journal();
        ck_assert_int_gt(damage_journal(&random, i % 3 == 2), 0);
        opened = learner_open(other);
        ck_assert(learner_drain_all(opened));
        expect_ok(llmlearn_close(opened, MS));
        stored = recount_number(other, "SELECT count(*) FROM llm_explanations");
        ck_assert_int_eq(recount_number(other, "SELECT count(*) FROM llm_explanations WHERE text"
                                               " GLOB 'record [0-9]*, whole'"),
                         stored);
        recount(other);
        if (i % 3 != 2)
            ck_assert_int_ge(stored, RECORDS - 1); /* one bit costs at most one record */
        lost += RECORDS - stored;
    }
    printf("journal damage: %d journals, %lld records of theirs unreadable, none wrong\n", rounds,
           (long long)lost);
    fflush(stdout);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad_input");
    TCase *tcase = tcase_create("bad input");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_null_pointer_is_refused);
    tcase_add_test(tcase, a_wrong_struct_size_is_refused);
    tcase_add_test(tcase, explanations_with_wrong_texts);
    tcase_add_test(tcase, explanations_with_wrong_numbers);
    tcase_add_test(tcase, wrong_votes);
    tcase_add_test(tcase, wrong_variants);
    tcase_add_test(tcase, wrong_questions_for_a_variant);
    tcase_add_test(tcase, wrong_tests);
    tcase_add_test(tcase, wrong_arms);
    tcase_add_test(tcase, wrong_decisions);
    tcase_add_test(tcase, wrong_failures_and_replays);
    tcase_add_test(tcase, wrong_queries);
    tcase_add_test(tcase, wrong_reports_and_ids);
    tcase_add_test(tcase, wrong_options);
    tcase_add_test(tcase, files_that_are_not_ours);
    tcase_add_test(tcase, a_newer_schema_is_left_alone);
    tcase_add_test(tcase, a_folder_that_cannot_be_written);
    tcase_add_test(tcase, damaged_databases_crash_nobody);
    tcase_add_test(tcase, a_damaged_journal_gives_no_wrong_record);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
