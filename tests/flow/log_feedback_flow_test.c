/* The ordinary life of explanations and votes, through the shared library alone. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner = learner_open(path);
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    ck_assert_int_eq(learner_journal_files(path), 0);
    folder_remove(folder);
}

/* ---- reading back ------------------------------------------------------ */

static json_t *get(const llmlearn_id *id)
{
    char *json = NULL;
    json_t *value;

    expect_ok(llmlearn_get_explanation(learner, id, LEARNER_DEADLINE_MS, &json));
    value = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json_is_object(value), "not an object: %s", json);
    llmlearn_free(json);
    return value;
}

static void expect_text(json_t *object, const char *key, const char *text)
{
    const char *found = json_string_value(json_object_get(object, key));

    ck_assert_msg(found != NULL && strcmp(found, text) == 0, "%s: %s, not %s", key,
                  found == NULL ? "no text" : found, text);
}

static void expect_int(json_t *object, const char *key, json_int_t number)
{
    json_t *found = json_object_get(object, key);

    ck_assert_msg(json_is_integer(found) && json_integer_value(found) == number,
                  "%s: %lld, not %lld", key, (long long)json_integer_value(found),
                  (long long)number);
}

static void expect_null(json_t *object, const char *key)
{
    ck_assert_msg(json_is_null(json_object_get(object, key)), "%s: not null", key);
}

static void expect_bool(json_t *object, const char *key, bool value)
{
    json_t *found = json_object_get(object, key);

    ck_assert_msg(json_is_boolean(found) && json_is_true(found) == value, "%s: not %d", key, value);
}

static json_t *vote_at(json_t *explanation, size_t index)
{
    json_t *vote = json_array_get(json_object_get(explanation, "feedback"), index);

    ck_assert_msg(json_is_object(vote), "there is no vote %zu", index);
    return vote;
}

static size_t vote_count(const llmlearn_id *id)
{
    json_t *explanation = get(id);
    size_t count = json_array_size(json_object_get(explanation, "feedback"));

    json_decref(explanation);
    return count;
}

START_TEST(every_field_comes_back)
{
    const llmlearn_explanation e = {
        .struct_size = sizeof e,
        .flags = LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_PROMPT_TOKENS |
                 LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST | LLMLEARN_CACHED |
                 LLMLEARN_FALLBACK,
        .ticker = "BRK.B",
        .signal = "HOLD",
        .text = "Grüße, \"quoted\"\n\t\\ and 日本語 😀",
        .version = "v1.2-beta",
        .model = "gpt-4o-mini",
        .provider = "openai",
        .unit = "konto 4711 – ä",
        .fallback_reason = "timeout after 30 s",
        .metadata_json = "{\"a\": [1, 2.5, null], \"b\": {\"c\": \"ü\"}}",
        .confidence = 0.87,
        .latency_ms = 1234.5,
        .prompt_tokens = 321,
        .completion_tokens = INT64_C(1) << 40,
        .cost_nanousd = 150000,
    };
    char text[LLMLEARN_ID_TEXT_BYTES];
    llmlearn_id id;
    json_t *got;

    expect_ok(llmlearn_log_explanation(learner, &e, &id));
    expect_ok(llmlearn_id_format(&id, text));
    got = get(&id);
    expect_text(got, "id", text);
    expect_text(got, "ticker", e.ticker);
    expect_text(got, "signal", e.signal);
    expect_text(got, "text", e.text);
    expect_text(got, "version", e.version);
    expect_text(got, "model", e.model);
    expect_text(got, "provider", e.provider);
    expect_text(got, "unit", e.unit);
    expect_text(got, "fallback_reason", e.fallback_reason);
    ck_assert(json_real_value(json_object_get(got, "confidence")) == 0.87);
    ck_assert(json_real_value(json_object_get(got, "latency_ms")) == 1234.5);
    expect_int(got, "prompt_tokens", 321);
    expect_int(got, "completion_tokens", INT64_C(1) << 40);
    expect_int(got, "cost_nanousd", 150000);
    expect_bool(got, "cached", true);
    expect_bool(got, "fallback", true);
    expect_bool(got, "rerouted", false);
    expect_null(got, "test_id");
    expect_null(got, "arm");
    ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(got, "metadata"), "a")), 3);
    ck_assert_int_gt(json_integer_value(json_object_get(got, "created_us")),
                     INT64_C(1700000000000000));
    ck_assert_uint_eq(json_array_size(json_object_get(got, "feedback")), 0);
    json_decref(got);
}
END_TEST

START_TEST(what_is_unknown_is_null_and_not_zero)
{
    static const char *const unknown[] = {
        "model",           "provider",      "unit",         "confidence",
        "latency_ms",      "prompt_tokens", "cost_nanousd", "completion_tokens",
        "fallback_reason", "test_id",       "arm",          "metadata"
    };
    const llmlearn_explanation e = {
        .struct_size = sizeof e, .ticker = "A", .signal = "x-1", .text = ""
    };
    const llmlearn_explanation zero = { .struct_size = sizeof zero,
                                        .flags = LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_COST,
                                        .ticker = "A",
                                        .signal = "x-1",
                                        .text = "" };
    llmlearn_id id;
    json_t *got;

    expect_ok(llmlearn_log_explanation(learner, &e, &id));
    got = get(&id);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect_null(got, unknown[i]);
    expect_text(got, "version", "v1.0"); /* the baseline, which nobody added */
    expect_text(got, "text", "");
    json_decref(got);
    expect_ok(llmlearn_log_explanation(learner, &zero, &id));
    got = get(&id);
    expect_int(got, "cost_nanousd", 0);
    ck_assert(json_is_real(json_object_get(got, "confidence")));
    json_decref(got);
}
END_TEST

START_TEST(the_longest_texts_fit_and_longer_ones_do_not)
{
    size_t bytes = 256 * 1024;
    char *text = malloc(bytes + 2);
    char metadata[16 * 1024 + 1];
    llmlearn_options options;
    llmlearn *another = NULL;
    llmlearn_explanation e = { .struct_size = sizeof e,
                               .ticker = "A",
                               .signal = "BUY",
                               .text = text,
                               .metadata_json = metadata };
    llmlearn_id id;
    char *json = NULL;

    memset(text, 'x', bytes + 1);
    text[bytes] = '\0';
    memset(metadata, ' ', sizeof metadata);
    memcpy(metadata, "{}", 2);
    metadata[sizeof metadata - 1] = '\0';
    /* A segment of 64 KiB cannot hold it: the caller chose that. */
    expect_err(llmlearn_log_explanation(learner, &e, &id), LLMLEARN_EINVAL, "segment");
    learner_options(path, &options);
    options.journal_bytes_max = 0;
    options.segment_bytes = 1 << 20;
    expect_ok(llmlearn_open(&options, &another));
    expect_ok(llmlearn_log_explanation(another, &e, &id));
    expect_ok(llmlearn_get_explanation(another, &id, LEARNER_DEADLINE_MS, &json));
    ck_assert_uint_gt(strlen(json), bytes);
    llmlearn_free(json);
    text[bytes] = 'x';
    text[bytes + 1] = '\0';
    expect_err(llmlearn_log_explanation(another, &e, &id), LLMLEARN_EINVAL, "text");
    expect_ok(llmlearn_close(another, LEARNER_DEADLINE_MS));
    free(text);
}
END_TEST

START_TEST(metadata_that_is_no_object_is_kept_aside)
{
    static const char *const bad[] = { "[1]", "{\"a\":1}}", "{nope", "\"text\"" };
    llmlearn_counters counters = { .struct_size = sizeof counters };
    llmlearn_explanation e = {
        .struct_size = sizeof e, .ticker = "A", .signal = "BUY", .text = "t"
    };

    for (size_t i = 0; i < 4; i++) {
        llmlearn_id id;
        json_t *got;

        e.metadata_json = bad[i];
        expect_ok(llmlearn_log_explanation(learner, &e, &id));
        got = get(&id);
        expect_null(got, "metadata");
        expect_text(got, "text", "t");
        json_decref(got);
    }
    expect_ok(llmlearn_get_counters(learner, &counters));
    ck_assert_uint_eq(counters.rejected, 4);
    ck_assert_uint_eq(counters.drained, 4);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_rejected"), 4);
}
END_TEST

/* ---- votes ------------------------------------------------------------- */

START_TEST(a_newer_vote_replaces_the_older)
{
    llmlearn_feedback f = { .struct_size = sizeof f,
                            .vote = LLMLEARN_HELPFUL,
                            .user = "ann",
                            .rating = 5,
                            .comment = "sehr gut – ✓",
                            .deadline_ms = LEARNER_DEADLINE_MS };
    json_t *got;

    expect_ok(learner_log(learner, "t", &f.explanation_id));
    expect_ok(llmlearn_submit_feedback(learner, &f, NULL));
    got = get(&f.explanation_id);
    expect_text(vote_at(got, 0), "user", "ann");
    expect_bool(vote_at(got, 0), "helpful", true);
    expect_int(vote_at(got, 0), "rating", 5);
    expect_text(vote_at(got, 0), "comment", f.comment);
    json_decref(got);
    recount(path);
    f.vote = LLMLEARN_NOT_HELPFUL;
    f.rating = 0;
    f.comment = NULL;
    f.created_us = INT64_C(1600000000000000); /* on another day */
    expect_ok(llmlearn_submit_feedback(learner, &f, NULL));
    recount(path);
    got = get(&f.explanation_id);
    ck_assert_uint_eq(json_array_size(json_object_get(got, "feedback")), 1);
    expect_bool(vote_at(got, 0), "helpful", false);
    expect_null(vote_at(got, 0), "rating");
    expect_null(vote_at(got, 0), "comment");
    expect_text(vote_at(got, 0), "created_at", "2020-09-13T12:26:40.000000Z");
    json_decref(got);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_metrics WHERE day = 18518"), 2);
    ck_assert_int_eq(recount_number(path, "SELECT sum(positive) FROM llm_metrics"), 0);
}
END_TEST

START_TEST(votes_can_be_withdrawn)
{
    llmlearn_id id, vote_id, other;
    llmlearn_feedback f = { .struct_size = sizeof f, .vote = LLMLEARN_HELPFUL };

    f.deadline_ms = LEARNER_DEADLINE_MS;
    expect_ok(learner_log(learner, "t", &id));
    f.explanation_id = id;
    expect_ok(learner_vote(learner, &id, "ann", true, 4));
    expect_ok(llmlearn_submit_feedback(learner, &f, &vote_id));
    expect_ok(llmlearn_submit_feedback(learner, &f, &other));
    ck_assert_uint_eq(vote_count(&id), 3); /* anonymous votes always add */
    expect_ok(llmlearn_withdraw_feedback(learner, &id, NULL, &vote_id, LEARNER_DEADLINE_MS));
    expect_err(llmlearn_withdraw_feedback(learner, &id, NULL, &vote_id, LEARNER_DEADLINE_MS),
               LLMLEARN_ENOTFOUND, "vote");
    recount(path);
    expect_ok(llmlearn_withdraw_feedback(learner, &id, "ann", NULL, LEARNER_DEADLINE_MS));
    expect_err(llmlearn_withdraw_feedback(learner, &id, "ann", NULL, LEARNER_DEADLINE_MS),
               LLMLEARN_ENOTFOUND, "vote");
    expect_err(llmlearn_withdraw_feedback(learner, &id, "bob", NULL, LEARNER_DEADLINE_MS),
               LLMLEARN_ENOTFOUND, "vote");
    ck_assert_uint_eq(vote_count(&id), 1);
    recount(path);
    expect_ok(llmlearn_withdraw_feedback(learner, &id, NULL, &other, LEARNER_DEADLINE_MS));
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT sum(rated) FROM llm_metrics"), 0);
    expect_ok(learner_vote(learner, &id, "ann", false, 1)); /* and given again */
}
END_TEST

START_TEST(a_vote_on_nothing_is_told_so)
{
    llmlearn_id id = { .bytes = { 1, 2, 3 } };
    llmlearn_id vote_id = { .bytes = { 9 } };
    llmlearn_feedback f = { .struct_size = sizeof f,
                            .vote = LLMLEARN_HELPFUL,
                            .explanation_id = id,
                            .deadline_ms = LEARNER_DEADLINE_MS };
    char *json = NULL;

    expect_err(llmlearn_submit_feedback(learner, &f, &vote_id), LLMLEARN_ENOTFOUND, "explanation");
    ck_assert_int_eq(vote_id.bytes[0], 9);
    expect_err(llmlearn_withdraw_feedback(learner, &id, "ann", NULL, LEARNER_DEADLINE_MS),
               LLMLEARN_ENOTFOUND, "explanation");
    expect_err(llmlearn_get_explanation(learner, &id, LEARNER_DEADLINE_MS, &json),
               LLMLEARN_ENOTFOUND, "explanation");
    ck_assert_ptr_null(json);
}
END_TEST

/* In a running test: what a unit said first counts for it, whatever it says later. */
START_TEST(the_first_vote_of_a_unit_stays)
{
    const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };
    const llmlearn_ab_test t = { .struct_size = sizeof t,
                                 .signal = "BUY",
                                 .arms = arms,
                                 .arm_count = 2,
                                 .deadline_ms = LEARNER_DEADLINE_MS };
    llmlearn_variant v = { .struct_size = sizeof v,
                           .deadline_ms = LEARNER_DEADLINE_MS,
                           .signal = "BUY",
                           .version = "v1.0",
                           .text = "t" };
    llmlearn_explanation e = {
        .struct_size = sizeof e, .ticker = "A", .signal = "BUY", .text = "t"
    };

    expect_ok(llmlearn_add_variant(learner, &v));
    v.version = "v1.1";
    expect_ok(llmlearn_add_variant(learner, &v));
    expect_ok(llmlearn_start_ab_test(learner, &t, NULL));
    for (int i = 0; i < 60; i++) {
        llmlearn_assignment a = { .struct_size = sizeof a };
        char unit[20];
        llmlearn_id id;

        snprintf(unit, sizeof unit, "account %d", i % 20);
        e.unit = i % 3 == 0 ? NULL : unit; /* or the explanation is its own unit */
        expect_ok(llmlearn_get_variant(learner, "BUY", e.unit, &a));
        e.version = a.version;
        e.test_id = a.test_id;
        e.arm = a.arm;
        ck_assert_uint_ne(a.test_id, 0);
        expect_ok(llmlearn_log_explanation(learner, &e, &id));
        if (i % 5 == 4)
            continue;
        expect_ok(learner_vote(learner, &id, unit, i % 2 == 0, i % 6));
        recount(path);
        expect_ok(learner_vote(learner, &id, unit, i % 2 != 0, 0));
        expect_ok(learner_vote(learner, &id, NULL, i % 4 == 0, 5));
        if (i % 7 == 0)
            expect_ok(llmlearn_withdraw_feedback(learner, &id, unit, NULL, LEARNER_DEADLINE_MS));
    }
    recount(path);
    ck_assert_int_gt(recount_number(path, "SELECT sum(first_votes) FROM llm_ab_arms"), 20);
    ck_assert_int_eq(recount_number(path, "SELECT sum(mismatches) FROM llm_ab_tests"), 0);
}
END_TEST

/* ---- many at once ------------------------------------------------------ */

#define THREADS 16
#define LOGS_EACH 300

static atomic_int accepted_votes;

static void *log_and_vote(void *argument)
{
    uint64_t random = (uint64_t)(uintptr_t)argument;

    for (int i = 0; i < LOGS_EACH; i++) {
        llmlearn_explanation e = {
            .struct_size = sizeof e,
            .flags = LLMLEARN_HAS_LATENCY | (i % 3 == 0 ? LLMLEARN_CACHED : 0),
            .ticker = i % 2 == 0 ? "NVDA" : "AAPL",
            .signal = i % 5 == 0 ? "SELL" : "BUY",
            .version = i % 7 == 0 ? "v2.0" : NULL,
            .text = "text",
        };
        llmlearn_id id;
        llmlearn_err err;

        e.latency_ms = learner_random(&random) % 100000 / 7.0;
        while ((err = llmlearn_log_explanation(learner, &e, &id)) == LLMLEARN_EFULL)
            usleep(200);
        expect_ok(err);
        if (i % 10 == 0) {
            expect_ok(learner_vote(learner, &id, i % 20 == 0 ? "ann" : NULL, i % 4 != 0, i % 6));
            atomic_fetch_add(&accepted_votes, 1);
        }
    }
    return NULL;
}

START_TEST(sixteen_threads_log_and_vote)
{
    llmlearn_counters counters = { .struct_size = sizeof counters };
    pthread_t threads[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_and_vote, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_get_counters(learner, &counters));
    ck_assert_uint_eq(counters.logged, THREADS * LOGS_EACH);
    ck_assert_uint_eq(counters.drained, THREADS * LOGS_EACH);
    ck_assert_uint_eq(counters.votes, (unsigned)atomic_load(&accepted_votes));
    ck_assert_uint_eq(counters.queued_bytes, 0);
    ck_assert_uint_eq(counters.lag_ms, 0);
    ck_assert_uint_eq(counters.duplicates + counters.rejected + counters.holes, 0);
    ck_assert_uint_eq(counters.store_errors, 0);
    ck_assert_uint_gt(counters.batches, 0);
    ck_assert_uint_gt(counters.journal_bytes, 900000);
    recount(path);
}
END_TEST

/* ---- life -------------------------------------------------------------- */

START_TEST(a_second_process_opens_and_logs_meanwhile)
{
    int status = -1;
    llmlearn_id id;
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    fflush(stdout);
    pid = fork(); /* the child leaves the inherited handle alone and opens its own */
    if (pid == 0) {
        llmlearn *own = learner_open(path);
        llmlearn_id of_child;

        expect_ok(learner_log(own, "second", &of_child));
        ck_assert_int_eq(read(ends[0], &id, sizeof id), sizeof id);
        expect_ok(learner_vote(own, &id, "child", true, 0));
        _exit(llmlearn_close(own, LEARNER_DEADLINE_MS) != LLMLEARN_OK);
    }
    expect_ok(learner_log(learner, "first", &id));
    ck_assert_int_eq(write(ends[1], &id, sizeof id), sizeof id);
    expect_ok(learner_log(learner, "third", &id));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert(learner_drain_all(learner));
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_explanations"), 3);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"), 1);
}
END_TEST

START_TEST(two_handles_on_one_database)
{
    llmlearn *another = learner_open(path);
    llmlearn_id id;

    expect_ok(learner_log(learner, "one", &id));
    expect_ok(learner_vote(another, &id, "ann", true, 0));
    expect_ok(learner_log(another, "two", &id));
    expect_ok(learner_vote(learner, &id, "ann", true, 0));
    expect_ok(llmlearn_close(another, LEARNER_DEADLINE_MS));
    expect_ok(learner_vote(learner, &id, "bob", true, 0));
}
END_TEST

START_TEST(files_are_for_their_owner_alone)
{
    char name[sizeof path + 16];
    llmlearn_id id;
    struct stat found;

    expect_ok(learner_log(learner, "t", &id));
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_int_eq(found.st_mode & 0777, 0600);
    snprintf(name, sizeof name, "%s.journal", path);
    ck_assert_int_eq(stat(name, &found), 0);
    ck_assert_int_eq(found.st_mode & 0777, 0700);
}
END_TEST

START_TEST(ids_sort_by_time_and_read_back)
{
    char before[LLMLEARN_ID_TEXT_BYTES] = "";
    llmlearn_id id, again;

    for (int i = 0; i < 100; i++) {
        char text[LLMLEARN_ID_TEXT_BYTES];

        expect_ok(learner_log(learner, "t", &id));
        expect_ok(llmlearn_id_format(&id, text));
        expect_ok(llmlearn_id_parse(text, &again));
        ck_assert_mem_eq(&id, &again, sizeof id);
        ck_assert_int_eq(text[14], '7');
        ck_assert_int_le(strncmp(before, text, 13), 0);
        strcpy(before, text);
        usleep(1100);
    }
}
END_TEST

/* A process that holds the write lock, until it is killed. */
static pid_t hold_the_lock(void)
{
    char name[sizeof path + 16];
    int ends[2];
    char held = 0;
    pid_t pid;

    snprintf(name, sizeof name, "%s.lock", path);
    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        int fd = open(name, O_RDWR);

        if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(ends[1], "1", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(read(ends[0], &held, 1), 1);
    return pid;
}

START_TEST(closing_frees_and_reports_what_stayed)
{
    pid_t holder = hold_the_lock();
    llmlearn_id id;

    expect_ok(learner_log(learner, "stays", &id));
    expect_err(llmlearn_flush(learner, 50), LLMLEARN_ETIMEDOUT, "");
    ck_assert_int_eq(llmlearn_close(learner, 50), LLMLEARN_ETIMEDOUT);
    ck_assert_int_gt(learner_journal_files(path), 0);
    kill(holder, SIGKILL);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    learner = learner_open(path);
    ck_assert(learner_drain_all(learner));
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_explanations"), 1);
}
END_TEST

START_TEST(a_vote_that_timed_out_is_not_stored)
{
    llmlearn_feedback f = { .struct_size = sizeof f, .vote = LLMLEARN_HELPFUL, .deadline_ms = 50 };
    char *json = NULL;
    pid_t holder;

    expect_ok(learner_log(learner, "t", &f.explanation_id));
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    holder = hold_the_lock();
    expect_err(llmlearn_submit_feedback(learner, &f, NULL), LLMLEARN_ETIMEDOUT, "deadline");
    /* Readers do not wait for a writer. */
    expect_ok(llmlearn_get_explanation(learner, &f.explanation_id, LEARNER_DEADLINE_MS, &json));
    llmlearn_free(json);
    kill(holder, SIGKILL);
    ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
    expect_ok(learner_vote(learner, &f.explanation_id, "ann", true, 0));
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_feedback");
    TCase *tcase = tcase_create("ordinary life");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_field_comes_back);
    tcase_add_test(tcase, what_is_unknown_is_null_and_not_zero);
    tcase_add_test(tcase, the_longest_texts_fit_and_longer_ones_do_not);
    tcase_add_test(tcase, metadata_that_is_no_object_is_kept_aside);
    tcase_add_test(tcase, a_newer_vote_replaces_the_older);
    tcase_add_test(tcase, votes_can_be_withdrawn);
    tcase_add_test(tcase, a_vote_on_nothing_is_told_so);
    tcase_add_test(tcase, the_first_vote_of_a_unit_stays);
    tcase_add_test(tcase, sixteen_threads_log_and_vote);
    tcase_add_test(tcase, a_second_process_opens_and_logs_meanwhile);
    tcase_add_test(tcase, two_handles_on_one_database);
    tcase_add_test(tcase, files_are_for_their_owner_alone);
    tcase_add_test(tcase, ids_sort_by_time_and_read_back);
    tcase_add_test(tcase, closing_frees_and_reports_what_stayed);
    tcase_add_test(tcase, a_vote_that_timed_out_is_not_stored);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
