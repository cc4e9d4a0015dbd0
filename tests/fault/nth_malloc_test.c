/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=aligned_alloc */
/* The n-th allocation fails, once or from then on for ever, for n = 1, 2, 3 ... until the call
 * succeeds: in the caller's thread, or in whichever thread comes. Ours and SQLite's
 * allocations count alike. A call then says LLMLEARN_ENOMEM, leaves its outputs and the
 * database alone, and succeeds when it is made again. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <errno.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* More than any call allocates; and a bound for the loop. */
#define ALLOCATIONS_MAX 50000
/* Of a call that waits for the journal to be stored, also while there is no memory to store it. */
#define PATIENCE_MS 10000

/* ---- failing ----------------------------------------------------------- */

typedef enum scope { CALLER = 1, ALL_THREADS } scope;

static atomic_int armed; /* a scope, or 0 */
static atomic_bool for_ever;
static atomic_int left; /* allocations until the one that fails */
static atomic_int failed;
static _Thread_local bool is_caller;

static bool fails(void)
{
    int who = atomic_load(&armed);
    int before;

    if (who == 0 || (who == CALLER && !is_caller))
        return false;
    before = atomic_fetch_sub(&left, 1);
    if (before > 1 || (before < 1 && !atomic_load(&for_ever)))
        return false;
    atomic_fetch_add(&failed, 1);
    errno = ENOMEM;
    return true;
}

static void arm(scope who, bool ever, int n)
{
    is_caller = true;
    atomic_store(&failed, 0);
    atomic_store(&left, n);
    atomic_store(&for_ever, ever);
    atomic_store(&armed, (int)who);
}

/* How many failed. */
static int disarm(void)
{
    atomic_store(&armed, 0);
    return atomic_load(&failed);
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, bytes);
}

static void *sqlite_malloc(int bytes)
{
    return fails() ? NULL : __real_malloc((size_t)bytes);
}

static void *sqlite_realloc(void *old, int bytes)
{
    return fails() ? NULL : __real_realloc(old, (size_t)bytes);
}

static int sqlite_size(void *block)
{
    return block == NULL ? 0 : (int)malloc_usable_size(block);
}

static int sqlite_roundup(int bytes)
{
    return (bytes + 7) & ~7;
}

static int sqlite_init(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *unused)
{
    (void)unused;
}

/* Only a test may do this: both are for the whole process. */
static void take_over_allocators(void)
{
    static sqlite3_mem_methods methods = { .xMalloc = sqlite_malloc,
                                           .xFree = free,
                                           .xRealloc = sqlite_realloc,
                                           .xSize = sqlite_size,
                                           .xRoundup = sqlite_roundup,
                                           .xInit = sqlite_init,
                                           .xShutdown = sqlite_shutdown };

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
}

/* ---- the calls --------------------------------------------------------- */

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static llmlearn_id explanation; /* a fresh one for every call */
static int serial;

static llmlearn_err call_open(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;
    llmlearn_err err;

    learner_options(path, &options);
    err = llmlearn_open(&options, &opened);
    disarm();
    ck_assert((opened != NULL) == (err == LLMLEARN_OK));
    llmlearn_close(opened, LEARNER_DEADLINE_MS);
    return err;
}

/* The first call of a handle makes its journal and its threads. */
static llmlearn_err call_first_log(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;
    llmlearn_id id = { .bytes = { 0 } };
    llmlearn_err err;
    int armed_before = atomic_exchange(&armed, 0);

    learner_options(path, &options);
    expect_ok(llmlearn_open(&options, &opened));
    atomic_store(&armed, armed_before);
    err = learner_log(opened, "first", &id);
    disarm();
    ck_assert((id.bytes[6] != 0) == (err == LLMLEARN_OK));
    expect_ok(llmlearn_close(opened, LEARNER_DEADLINE_MS));
    return err;
}

/* Frees whatever happens, and loses nothing: the count at the end knows. */
static llmlearn_err call_close(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;
    int armed_before = atomic_exchange(&armed, 0);

    learner_options(path, &options);
    expect_ok(llmlearn_open(&options, &opened));
    expect_ok(learner_log(opened, "closing", &explanation));
    atomic_store(&armed, armed_before);
    return llmlearn_close(opened, LEARNER_DEADLINE_MS);
}

static llmlearn_err call_log(void)
{
    return learner_log(learner, "text", NULL);
}

static llmlearn_err call_vote(void)
{
    const llmlearn_feedback f = { .struct_size = sizeof f,
                                  .vote = LLMLEARN_HELPFUL,
                                  .explanation_id = explanation,
                                  .user = "ann",
                                  .comment = "good",
                                  .rating = 5,
                                  .deadline_ms = LEARNER_DEADLINE_MS };
    llmlearn_id id = { .bytes = { 0 } };
    llmlearn_err err = llmlearn_submit_feedback(learner, &f, &id);

    disarm();
    ck_assert((id.bytes[6] != 0) == (err == LLMLEARN_OK));
    return err;
}

static llmlearn_err call_flush(void)
{
    return llmlearn_flush(learner, LEARNER_DEADLINE_MS);
}

static llmlearn_err check_json(llmlearn_err err, char *json)
{
    disarm();
    ck_assert((json != NULL) == (err == LLMLEARN_OK));
    llmlearn_free(json);
    return err;
}

static llmlearn_err call_get_explanation(void)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_get_explanation(learner, &explanation, LEARNER_DEADLINE_MS, &json);

    return check_json(err, json);
}

static llmlearn_err call_explanations(void)
{
    const llmlearn_explanations_query q = {
        .struct_size = sizeof q, .ticker = "NVDA", .user = "ann", .deadline_ms = LEARNER_DEADLINE_MS
    };
    char *json = NULL;
    llmlearn_err err = llmlearn_explanations(learner, &q, &json);

    return check_json(err, json);
}

static llmlearn_err call_analytics(void)
{
    char *json = NULL;
    llmlearn_err err =
        llmlearn_analytics(learner, 30, LLMLEARN_REFRESH, LEARNER_DEADLINE_MS, &json);

    return check_json(err, json);
}

static llmlearn_err call_ab_tests(void)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_ab_tests(learner, NULL, 0, &json);

    return check_json(err, json);
}

static llmlearn_err call_series(void)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_ab_test_series(learner, 1, LEARNER_DEADLINE_MS, &json);

    return check_json(err, json);
}

static llmlearn_err call_decisions(void)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_decisions(learner, NULL, 0, &json);

    return check_json(err, json);
}

static llmlearn_err call_get_variant(void)
{
    llmlearn_assignment a = { .struct_size = sizeof a };
    llmlearn_err err = llmlearn_get_variant(learner, "BUY", "ann", &a);

    disarm();
    ck_assert((a.version != NULL) == (err == LLMLEARN_OK));
    return err;
}

static llmlearn_err call_add_variant(void)
{
    char version[20];
    const llmlearn_variant v = { .struct_size = sizeof v,
                                 .deadline_ms = LEARNER_DEADLINE_MS,
                                 .signal = "HOLD",
                                 .version = version,
                                 .text = "t",
                                 .parent = serial > 0 ? "v0" : NULL };
    llmlearn_err err;

    snprintf(version, sizeof version, "v%d", serial);
    err = llmlearn_add_variant(learner, &v);
    serial += err == LLMLEARN_OK;
    return err;
}

/* Starts a test and, once that succeeded, stops it without any failure. */
static llmlearn_err call_start_test(void)
{
    const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };
    const llmlearn_ab_test t = { .struct_size = sizeof t,
                                 .signal = "SELL",
                                 .arms = arms,
                                 .arm_count = 2,
                                 .deadline_ms = LEARNER_DEADLINE_MS };
    uint64_t id = 0;
    llmlearn_err err = llmlearn_start_ab_test(learner, &t, &id);

    disarm();
    ck_assert((id != 0) == (err == LLMLEARN_OK));
    if (err == LLMLEARN_OK) {
        expect_ok(llmlearn_stop_ab_test(learner, id, "test", "done", LEARNER_DEADLINE_MS));
    }
    return err;
}

static llmlearn_err call_select_winner(void)
{
    llmlearn_decision d = { .struct_size = sizeof d };
    llmlearn_err err = llmlearn_select_winner(learner, "BUY", 0, PATIENCE_MS, &d);

    disarm();
    ck_assert((d.verdict != 0) == (err == LLMLEARN_OK));
    llmlearn_free(d.receipt_json);
    return err;
}

static llmlearn_err call_promote(void)
{
    return llmlearn_promote_variant(learner, "SELL", "v1.0", "test", "again", LEARNER_DEADLINE_MS);
}

static llmlearn_err answer(void *user, const llmlearn_question *question, llmlearn_answer *out)
{
    (void)user;
    out->text = __real_strdup(
        question->json_schema == NULL ? "It rises."
        : strstr(question->prompt, "{{trend}}") != NULL
            ? "{\"variants\": [\"For a private investor: why {{ticker}} is a {{signal}}"
              " when its trend is {{trend}}, and what could prove that wrong?\"]}"
            : "{\"variants\": [\"Tell why {{ticker}} rises, plainly.\"]}");
    return LLMLEARN_OK;
}

static llmlearn_err call_set_model(void)
{
    const llmlearn_model model = { .struct_size = sizeof model, .model = "toy-1", .ask = answer };

    return llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING | LLMLEARN_FOR_GENERATING, &model);
}

/* Every other answer comes out of the cache. */
static llmlearn_err call_explain(void)
{
    const llmlearn_value values[] = { { "trend", "up" } };
    const llmlearn_explain_request request = { .struct_size = sizeof request,
                                               .flags = serial++ % 2 == 0
                                                            ? LLMLEARN_EXPLAIN_UNCACHED
                                                            : 0,
                                               .ticker = "NVDA",
                                               .signal = "SELL",
                                               .values = values,
                                               .value_count = 1,
                                               .fallback = "{{signal}} {{ticker}}" };
    llmlearn_explained e = { .struct_size = sizeof e };
    llmlearn_err err = llmlearn_explain(learner, &request, &e);

    disarm();
    ck_assert((e.text != NULL) == (err == LLMLEARN_OK));
    llmlearn_free(e.text);
    return err;
}

static llmlearn_err call_generate(void)
{
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .signal = "SELL",
                                             .deadline_ms = LEARNER_DEADLINE_MS };
    char *json = NULL;
    llmlearn_err err = llmlearn_generate_variants(learner, &generation, &json);

    disarm();
    ck_assert((json != NULL) == (err == LLMLEARN_OK));
    llmlearn_free(json);
    return err;
}

/* With inputs out of the log that a candidate is tried out on. */
static llmlearn_err call_replay(void)
{
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .signal = "HOLD",
                                             .replays = 2,
                                             .deadline_ms = LEARNER_DEADLINE_MS };
    char *json = NULL;
    llmlearn_err err = llmlearn_generate_variants(learner, &generation, &json);

    disarm();
    ck_assert((json != NULL) == (err == LLMLEARN_OK));
    ck_assert_msg(json == NULL || strstr(json, "\"status\":\"draft\"") != NULL ||
                      strstr(json, "near_copy") != NULL,
                  "%s", json);
    llmlearn_free(json);
    return err;
}

static llmlearn_err call_variants(void)
{
    char *json = NULL;
    llmlearn_err err = llmlearn_variants(learner, NULL, 0, LEARNER_DEADLINE_MS, &json);

    disarm();
    ck_assert((json != NULL) == (err == LLMLEARN_OK));
    llmlearn_free(json);
    return err;
}

static llmlearn_err call_stats_summary(void)
{
    const double values[] = { 3.0, 1.0, 2.0 };
    llmlearn_summary s = { .struct_size = sizeof s };
    llmlearn_err err = llmlearn_stats_summary(values, 3, &s);

    disarm();
    ck_assert((s.count == 3) == (err == LLMLEARN_OK));
    return err;
}

static const struct {
    const char *name;
    llmlearn_err (*call)(void);
} calls[] = {
    { "open", call_open },
    { "first log", call_first_log },
    { "log", call_log },
    { "submit_feedback", call_vote },
    { "flush", call_flush },
    { "get_explanation", call_get_explanation },
    { "explanations", call_explanations },
    { "analytics", call_analytics },
    { "ab_tests", call_ab_tests },
    { "ab_test_series", call_series },
    { "decisions", call_decisions },
    { "get_variant", call_get_variant },
    { "add_variant", call_add_variant },
    { "start_ab_test", call_start_test },
    { "select_winner", call_select_winner },
    { "promote_variant", call_promote },
    { "set_model", call_set_model },
    { "explain", call_explain },
    { "generate_variants", call_generate },
    { "replay", call_replay },
    { "variants", call_variants },
    { "stats_summary", call_stats_summary },
    { "close", call_close },
};

/* ---- the loop ---------------------------------------------------------- */

static void prepare_replay(void)
{
    const llmlearn_variant v = {
        .struct_size = sizeof v,
        .deadline_ms = LEARNER_DEADLINE_MS,
        .signal = "HOLD",
        .version = "v1.0",
        .text = "Explain in plain words why {{ticker}} is a {{signal}}, what its trend {{trend}}"
                " means, and one risk."
    };
    const llmlearn_explanation e = { .struct_size = sizeof e,
                                     .flags = LLMLEARN_HAS_CONFIDENCE,
                                     .ticker = "NVDA",
                                     .signal = "HOLD",
                                     .text = "It stays.",
                                     .confidence = 0.5,
                                     .metadata_json = "{\"trend\": 1.5, \"more\": \"x\"}" };

    expect_ok(llmlearn_add_variant(learner, &v));
    for (int i = 0; i < 2; i++)
        expect_ok(llmlearn_log_explanation(learner, &e, NULL));
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
}

static void add_variant(const char *signal, const char *version)
{
    const llmlearn_variant v = { .struct_size = sizeof v,
                                 .deadline_ms = LEARNER_DEADLINE_MS,
                                 .signal = signal,
                                 .version = version,
                                 .text = "t" };

    expect_ok(llmlearn_add_variant(learner, &v));
}

static void set_up(void)
{
    const llmlearn_budget unlimited = { .struct_size = sizeof unlimited,
                                        .run_nanousd = -1,
                                        .month_nanousd = -1 };
    const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };
    const llmlearn_ab_test t = { .struct_size = sizeof t,
                                 .signal = "BUY",
                                 .arms = arms,
                                 .arm_count = 2,
                                 .deadline_ms = LEARNER_DEADLINE_MS };

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner = learner_open(path);
    add_variant("BUY", "v1.0");
    add_variant("BUY", "v1.1");
    add_variant("SELL", "v1.0");
    add_variant("SELL", "v1.1");
    prepare_replay();
    expect_ok(
        llmlearn_promote_variant(learner, "SELL", "v1.0", "test", "first", LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_start_ab_test(learner, &t, NULL));
    expect_ok(call_set_model());
    expect_ok(llmlearn_set_budget(learner, &unlimited));
}

/* Where even ROLLBACK found no memory the connection is closed, and the next call is told. */
static bool follows_a_lost_connection(llmlearn_err err)
{
    return err == LLMLEARN_ENOMEM && strstr(llmlearn_error_detail(), "no memory to go on") != NULL;
}

static void tear_down(void)
{
    llmlearn_err err = llmlearn_close(learner, LEARNER_DEADLINE_MS);

    ck_assert_msg(err == LLMLEARN_OK || follows_a_lost_connection(err), "%s",
                  llmlearn_error_detail());
    recount(path);
    /* No vote stands with half of what was said. */
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"
                                          " WHERE voter < 0 OR comment IS NULL OR rating IS NULL"),
                     0);
    folder_remove(folder);
}

/* Every one of the first hundred, then ever fewer: late ones are SQLite's, reading its schema. */
static int next_after(int n)
{
    return n + learner_rounds(1, 7) + n / 100;
}

/* Without memory for ever nothing is stored, and who waits for that is told at the deadline. */
static bool waited_in_vain(llmlearn_err err, scope who, bool ever)
{
    return err == LLMLEARN_ETIMEDOUT && who == ALL_THREADS && ever;
}

/* A journal's reader says no more than that it cannot go on. */
static bool could_not_read(llmlearn_err err)
{
    return err == LLMLEARN_EIO && strncmp(llmlearn_error_detail(), "no memory to read ", 18) == 0;
}

static int fail_each(size_t which, scope who, bool ever)
{
    uint64_t random = 1;
    int n = 1;

    for (;; n = next_after(n)) {
        llmlearn_err err;
        int hits;

        ck_assert_int_lt(n, ALLOCATIONS_MAX);
        expect_ok(learner_log_in_test(learner, "text", &random, &explanation));
        arm(who, ever, n);
        err = calls[which].call();
        hits = disarm();
        ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_ENOMEM || could_not_read(err) ||
                          waited_in_vain(err, who, ever),
                      "%s, allocation %d: %s: %s", calls[which].name, n, llmlearn_error_name(err),
                      llmlearn_error_detail());
        if (hits == 0 && follows_a_lost_connection(err))
            continue;
        ck_assert_msg(hits > 0 || err == LLMLEARN_OK, "%s, allocation %d: %s without a failure: %s",
                      calls[which].name, n, llmlearn_error_name(err), llmlearn_error_detail());
        if (hits == 0)
            break;
    }
    /* And all is well again. */
    expect_ok(learner_log_in_test(learner, "text", &random, &explanation));
    expect_ok(calls[which].call());
    return n;
}

START_TEST(the_callers_nth_allocation_fails)
{
    size_t which = (size_t)_i / 2;
    bool ever = _i % 2 == 1;
    int n = fail_each(which, CALLER, ever);

    if (!ever) {
        printf("%s: the caller allocates up to %d times\n", calls[which].name, n);
        fflush(stdout);
    }
}
END_TEST

START_TEST(anybodys_nth_allocation_fails)
{
    fail_each((size_t)_i / 2, ALL_THREADS, _i % 2 == 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nth_malloc");
    TCase *tcase = tcase_create("the n-th allocation fails");
    SRunner *runner = srunner_create(suite);
    int calls_twice = 2 * (int)(sizeof calls / sizeof calls[0]);
    int failures;

    take_over_allocators();
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, the_callers_nth_allocation_fails, 0, calls_twice);
    tcase_add_loop_test(tcase, anybodys_nth_allocation_fails, 0, calls_twice);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
