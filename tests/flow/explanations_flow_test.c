/* Pages of explanations, as a reader turns them: against what was logged, kept in plain arrays. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define WALK 20000 /* as llmlearn.h says */

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;

static void set_up(void)
{
    llmlearn_options options;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner_options(path, &options);
    options.batch_interval_ms = 60000; /* what a page shows, it has stored itself */
    options.journal_bytes_max = 64 << 20;
    options.segment_bytes = 1 << 20;
    expect_ok(llmlearn_open(&options, &learner));
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    folder_remove(folder);
}

/* ---- asking ------------------------------------------------------------ */

static llmlearn_explanations_query query(uint32_t limit)
{
    return (llmlearn_explanations_query){ .struct_size = sizeof(llmlearn_explanations_query),
                                          .limit = limit,
                                          .deadline_ms = LEARNER_DEADLINE_MS };
}

static json_t *ask(const llmlearn_explanations_query *q)
{
    char *json = NULL;
    json_t *page;

    expect_ok(llmlearn_explanations(learner, q, &json));
    page = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json_is_object(page), "not an object: %s", json);
    ck_assert_int_eq(json_integer_value(json_object_get(page, "schema")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(page, "pending")), 0);
    ck_assert(json_is_array(json_object_get(page, "explanations")));
    llmlearn_free(json);
    return page;
}

static json_t *at(json_t *page, size_t index)
{
    return json_array_get(json_object_get(page, "explanations"), index);
}

static size_t length(json_t *page)
{
    return json_array_size(json_object_get(page, "explanations"));
}

static llmlearn_id id_of(const char *text)
{
    llmlearn_id id;

    ck_assert_ptr_nonnull(text);
    expect_ok(llmlearn_id_parse(text, &id));
    return id;
}

/* Follows `next` to the end; *out_pages counts the pages. */
static json_t *ask_all(llmlearn_explanations_query q, int *out_pages)
{
    json_t *all = json_array();
    llmlearn_id before;
    const char *next;

    *out_pages = 0;
    do {
        json_t *page = ask(&q);
        ck_assert_uint_le(length(page), q.limit == 0 ? 20 : q.limit);
        json_array_extend(all, json_object_get(page, "explanations"));
        next = json_string_value(json_object_get(page, "next"));
        ck_assert(next != NULL || json_is_null(json_object_get(page, "next")));
        if (next != NULL) {
            before = id_of(next);
            q.before = &before;
        }
        json_decref(page);
        ++*out_pages;
    } while (next != NULL);
    return all;
}

/* ---- what was logged --------------------------------------------------- */

enum { LOGGED = 500 };
static const char *const tickers[] = { "AAPL", "NVDA", "BRK.B" };
static const char *const signals[] = { "BUY", "SELL" };
static const char *const versions[] = { "v1.0", "v1.1", "v2" };
static struct logged {
    llmlearn_id id;
    int ticker, signal, version;
} logged[LOGGED];

static int choice(uint64_t *random, int count)
{
    return (int)(learner_random(random) % (uint32_t)count);
}

static void log_one(struct logged *row)
{
    const llmlearn_explanation e = { .struct_size = sizeof e,
                                     .flags = LLMLEARN_HAS_CONFIDENCE,
                                     .ticker = tickers[row->ticker],
                                     .signal = signals[row->signal],
                                     .version = versions[row->version],
                                     .text = "It has risen.",
                                     .confidence = 0.5 };

    expect_ok(llmlearn_log_explanation(learner, &e, &row->id));
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(llmlearn_id));
}

static void log_all(void)
{
    uint64_t random = learner_seed("explanations");

    for (int i = 0; i < LOGGED; i++) {
        logged[i].ticker = choice(&random, 3);
        logged[i].signal = choice(&random, 2);
        logged[i].version = choice(&random, 3);
        log_one(&logged[i]);
    }
    qsort(logged, LOGGED, sizeof logged[0], by_id);
}

static const char *any(const char *const names[], int index)
{
    return index < 0 ? NULL : names[index];
}

/* -1: any. Pages of `limit` together are what was logged, each once, the newest first. */
static void expect_pages(uint32_t limit, int ticker, int signal, int version)
{
    llmlearn_explanations_query q = query(limit);
    size_t found = 0, per_page = limit == 0 ? 20 : limit;
    json_t *all;
    int pages;

    q.ticker = any(tickers, ticker);
    q.signal = any(signals, signal);
    q.version = any(versions, version);
    all = ask_all(q, &pages);
    for (int i = LOGGED - 1; i >= 0; i--) {
        char text[LLMLEARN_ID_TEXT_BYTES];
        json_t *row = json_array_get(all, found);

        if ((ticker >= 0 && logged[i].ticker != ticker) ||
            (signal >= 0 && logged[i].signal != signal) ||
            (version >= 0 && logged[i].version != version))
            continue;
        expect_ok(llmlearn_id_format(&logged[i].id, text));
        ck_assert_str_eq(json_string_value(json_object_get(row, "id")), text);
        found++;
    }
    ck_assert_uint_eq(json_array_size(all), found);
    ck_assert_int_eq(pages, found == 0 ? 1 : (int)((found + per_page - 1) / per_page));
    json_decref(all);
}

/* ---- the tests --------------------------------------------------------- */

START_TEST(pages_show_everything_once_and_the_newest_first)
{
    log_all();
    expect_pages(0, -1, -1, -1);
    expect_pages(1, 0, -1, -1);
    expect_pages(100, -1, -1, -1); /* the last page is full, and nothing is behind it */
    expect_pages(7, -1, -1, -1);
}
END_TEST

START_TEST(filters_leave_out_what_does_not_match)
{
    log_all();
    for (int ticker = -1; ticker < 3; ticker++)
        for (int signal = -1; signal < 2; signal++)
            for (int version = -1; version < 3; version++)
                expect_pages(13, ticker, signal, version);
}
END_TEST

START_TEST(a_name_that_nobody_logged_finds_nothing)
{
    llmlearn_explanations_query q = query(0);
    json_t *page;
    int pages;

    page = ask_all(q, &pages); /* an empty database */
    ck_assert_uint_eq(json_array_size(page), 0);
    json_decref(page);
    log_all();
    for (int i = 0; i < 3; i++) {
        q.ticker = i == 0 ? "NONE" : NULL;
        q.signal = i == 1 ? "NONE" : NULL;
        q.version = i == 2 ? "NONE" : NULL;
        page = ask_all(q, &pages);
        ck_assert_uint_eq(json_array_size(page), 0);
        ck_assert_int_eq(pages, 1);
        json_decref(page);
    }
}
END_TEST

START_TEST(each_is_as_get_explanation_shows_it)
{
    const llmlearn_explanation e = {
        .struct_size = sizeof e,
        .flags = LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_PROMPT_TOKENS |
                 LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST | LLMLEARN_FALLBACK,
        .ticker = "BRK.B",
        .signal = "HOLD",
        .text = "Grüße, \"quoted\"\n\t\\ and 日本語 😀",
        .version = "v1.2-beta",
        .model = "m",
        .provider = "p",
        .unit = "konto 4711 – ä",
        .fallback_reason = "timeout after 30 s",
        .metadata_json = "{\"a\": [1, 2.5, null]}",
        .confidence = 0.87,
        .latency_ms = 1234.5,
        .prompt_tokens = 321,
        .completion_tokens = 12,
        .cost_nanousd = 150000,
    };
    llmlearn_explanations_query q = query(0);
    json_t *page;

    expect_ok(llmlearn_log_explanation(learner, &e, NULL));
    expect_ok(learner_log(learner, "plain", NULL));
    page = ask(&q);
    ck_assert_uint_eq(length(page), 2);
    for (size_t i = 0; i < 2; i++) {
        char *json = NULL;
        json_t *one, *listed = at(page, i);
        llmlearn_id id = id_of(json_string_value(json_object_get(listed, "id")));

        expect_ok(llmlearn_get_explanation(learner, &id, LEARNER_DEADLINE_MS, &json));
        one = json_loads(json, 0, NULL);
        json_object_del(one, "feedback");
        ck_assert_int_eq(json_integer_value(json_object_get(listed, "positive")), 0);
        ck_assert_int_eq(json_integer_value(json_object_get(listed, "negative")), 0);
        ck_assert(json_is_null(json_object_get(listed, "mine")));
        json_object_del(listed, "positive");
        json_object_del(listed, "negative");
        json_object_del(listed, "mine");
        ck_assert_msg(json_equal(one, listed), "not as %s", json);
        json_decref(one);
        llmlearn_free(json);
    }
    json_decref(page);
}
END_TEST

static void vote(const llmlearn_id *id, const char *user, bool helpful, int rating,
                 const char *comment)
{
    const llmlearn_feedback f = { .struct_size = sizeof f,
                                  .vote = helpful ? LLMLEARN_HELPFUL : LLMLEARN_NOT_HELPFUL,
                                  .explanation_id = *id,
                                  .user = user,
                                  .rating = rating,
                                  .comment = comment,
                                  .deadline_ms = LEARNER_DEADLINE_MS };

    expect_ok(llmlearn_submit_feedback(learner, &f, NULL));
}

/* mine: NULL, or as JSON without its time. */
static void expect_votes(const llmlearn_id *id, const char *user, int positive, int negative,
                         const char *mine)
{
    llmlearn_explanations_query q = query(0);
    json_t *page, *row, *own, *wanted;
    char text[LLMLEARN_ID_TEXT_BYTES];
    size_t i = 0;

    q.user = user;
    page = ask(&q);
    expect_ok(llmlearn_id_format(id, text));
    while (strcmp(json_string_value(json_object_get(at(page, i), "id")), text) != 0)
        ck_assert_uint_lt(++i, length(page));
    row = at(page, i);
    ck_assert_int_eq(json_integer_value(json_object_get(row, "positive")), positive);
    ck_assert_int_eq(json_integer_value(json_object_get(row, "negative")), negative);
    own = json_object_get(row, "mine");
    if (mine == NULL) {
        ck_assert(json_is_null(own));
    } else {
        ck_assert_uint_eq(strlen(json_string_value(json_object_get(own, "created_at"))), 27);
        json_object_del(own, "created_at");
        wanted = json_loads(mine, 0, NULL);
        ck_assert_msg(json_equal(own, wanted), "mine is not %s", mine);
        json_decref(wanted);
    }
    json_decref(page);
}

START_TEST(live_votes_are_counted_and_ones_own_is_shown)
{
    llmlearn_id id, other;

    expect_ok(learner_log(learner, "first", &id));
    expect_ok(learner_log(learner, "second", &other));
    vote(&id, "ann", true, 5, "good");
    vote(&id, "bob", false, 1, "bad");
    vote(&id, NULL, true, 0, NULL);
    expect_votes(&id, NULL, 2, 1, NULL);
    expect_votes(&id, "nobody yet", 2, 1, NULL);
    expect_votes(&id, "ann", 2, 1, "{\"helpful\": true, \"rating\": 5, \"comment\": \"good\"}");
    expect_votes(&id, "bob", 2, 1, "{\"helpful\": false, \"rating\": 1, \"comment\": \"bad\"}");
    expect_votes(&other, "ann", 0, 0, NULL);
    vote(&id, "ann", false, 0, NULL); /* a change of mind */
    expect_votes(&id, "ann", 1, 2, "{\"helpful\": false, \"rating\": null, \"comment\": null}");
    expect_ok(llmlearn_withdraw_feedback(learner, &id, "ann", NULL, LEARNER_DEADLINE_MS));
    expect_votes(&id, "ann", 1, 1, NULL);
}
END_TEST

START_TEST(no_other_users_name_or_comment_is_shown)
{
    llmlearn_explanations_query q = query(0);
    llmlearn_id id;
    char *json = NULL;

    expect_ok(learner_log(learner, "text", &id));
    vote(&id, "ann-7731", true, 5, "a comment of Ann's");
    vote(&id, "bob-4410", false, 1, "a comment of Bob's");
    q.user = "ann-7731";
    expect_ok(llmlearn_explanations(learner, &q, &json));
    ck_assert_ptr_nonnull(strstr(json, "a comment of Ann's"));
    ck_assert_ptr_null(strstr(json, "Bob"));
    ck_assert_ptr_null(strstr(json, "bob-4410"));
    ck_assert_ptr_null(strstr(json, "ann-7731"));
    llmlearn_free(json);
}
END_TEST

START_TEST(what_was_just_logged_is_on_the_first_page)
{
    llmlearn_explanations_query q = query(1);

    for (int i = 0; i < 20; i++) {
        char text[16];
        llmlearn_id id;
        json_t *page;

        snprintf(text, sizeof text, "number %d", i);
        expect_ok(learner_log(learner, text, &id));
        page = ask(&q);
        ck_assert_str_eq(json_string_value(json_object_get(at(page, 0), "text")), text);
        json_decref(page);
    }
}
END_TEST

/* The rare one lies behind more rows than a call looks at. */
START_TEST(a_search_stops_and_says_where_to_go_on)
{
    struct logged common = { .ticker = 0 }, rare = { .ticker = 1, .signal = 1, .version = 1 };
    llmlearn_explanations_query q = query(5);
    json_t *page;
    int pages;

    log_one(&rare);
    for (int i = 0; i < WALK + 10; i++)
        log_one(&common);
    for (int i = 0; i < 3; i++) {
        q = query(5);
        q.ticker = i == 0 ? tickers[1] : NULL;
        q.signal = i == 1 ? signals[1] : NULL;
        q.version = i == 2 ? versions[1] : NULL;
        page = ask(&q);
        ck_assert_uint_eq(length(page), 0);
        ck_assert(json_is_string(json_object_get(page, "next")));
        json_decref(page);
        page = ask_all(q, &pages);
        ck_assert_uint_eq(json_array_size(page), 1);
        ck_assert_int_eq(pages, 2);
        json_decref(page);
    }
    q = query(100); /* without a filter nothing is in the way */
    page = ask_all(q, &pages);
    ck_assert_uint_eq(json_array_size(page), WALK + 11);
    ck_assert_int_eq(pages, (WALK + 11 + 99) / 100);
    json_decref(page);
}
END_TEST

START_TEST(before_may_be_an_id_of_nothing)
{
    llmlearn_explanations_query q = query(0);
    llmlearn_id before = { .bytes = { 0 } };
    json_t *page;

    log_all();
    q.before = &before;
    page = ask(&q);
    ck_assert_uint_eq(length(page), 0);
    json_decref(page);
    memset(before.bytes, 0xff, sizeof before.bytes);
    page = ask(&q);
    ck_assert_uint_eq(length(page), 20);
    json_decref(page);
    before = logged[3].id;
    before.bytes[15] ^= 1; /* of a time between others */
    page = ask(&q);
    ck_assert_uint_ge(length(page), 3);
    ck_assert_uint_le(length(page), 4);
    json_decref(page);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("explanations");
    TCase *tcase = tcase_create("pages");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, pages_show_everything_once_and_the_newest_first);
    tcase_add_test(tcase, filters_leave_out_what_does_not_match);
    tcase_add_test(tcase, a_name_that_nobody_logged_finds_nothing);
    tcase_add_test(tcase, each_is_as_get_explanation_shows_it);
    tcase_add_test(tcase, live_votes_are_counted_and_ones_own_is_shown);
    tcase_add_test(tcase, no_other_users_name_or_comment_is_shown);
    tcase_add_test(tcase, what_was_just_logged_is_on_the_first_page);
    tcase_add_test(tcase, a_search_stops_and_says_where_to_go_on);
    tcase_add_test(tcase, before_may_be_an_id_of_nothing);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
