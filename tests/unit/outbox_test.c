/* Alerts in the database: once per rule, thing and window; leased to one sender at a time; tried
 * again ever more slowly, and given up after a week. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
#include "store/outbox.h"
#include "support/draw.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW (INT64_C(1795442400) * 1000000) /* a whole hour, 14:00 */
#define LEASE (60 * LL_US_PER_S)

/* ---- the allocator ----------------------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static long allocations_left = -1; /* -1: as many as are wanted */

static bool fails_now(void)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
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

/* ---- the store --------------------------------------------------------- */

static char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
static ll_store *store;
static ll_connection *connection;

static void begin(void)
{
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
}

static void commit(void)
{
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
}

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/db", folder);
    store = store_open(path);
    begin();
}

static void tear_down(void)
{
    ll_store_rollback(store);
    ll_store_unlock(store);
    ll_store_close(store);
    folder_remove(folder);
}

static ll_outbox_row row_of(const char *about)
{
    return (ll_outbox_row){ .rule = "winner_promoted",
                            .about = about,
                            .window_us = LL_US_PER_HOUR,
                            .subject = "BUY: v1.1 is better",
                            .text = "It is.\n",
                            .details = "{\"test\":7}" };
}

/* Its id; 0: there was one. */
static uint64_t add_at(const char *about, int64_t now_us)
{
    const ll_outbox_row row = row_of(about);
    uint64_t id = 0;
    bool added = false;

    ck_ok(ll_outbox_add(connection, &row, now_us, &id, &added));
    ck_assert_uint_ne(id, 0);
    return added ? id : 0;
}

/* The id of what is due, with its attempt; nothing else of it. */
static uint64_t due_at(const char *channel, int64_t now_us, uint32_t *out_attempt)
{
    ll_outbox_due due;

    ck_ok(ll_outbox_due_next(connection, channel, now_us, LEASE, &due));
    uint64_t id = due.id;
    if (out_attempt != NULL)
        *out_attempt = due.attempt;
    if (id != 0)
        ll_outbox_due_free(&due);
    return id;
}

static bool fail_at(uint64_t id, uint32_t attempt, bool permanent, int64_t now_us)
{
    bool given_up = false;

    ck_ok(ll_outbox_failed(connection, id, "mail", attempt, permanent, "no", now_us, &given_up));
    return given_up;
}

/* A column of the delivery of the only alert, by SQLite alone; -1 is NULL. Commits. */
static int64_t delivery(const char *column)
{
    char sql[160], text[64];

    snprintf(sql, sizeof sql, "SELECT coalesce(%s, -1) FROM llm_deliveries WHERE channel = 'mail'",
             column);
    commit();
    raw_text(path, sql, text, sizeof text);
    begin();
    return text[0] == '\0' ? -2 : atoll(text);
}

/* ---- once -------------------------------------------------------------- */

START_TEST(once_in_a_window)
{
    uint64_t id = add_at("BUY", NOW);
    const ll_outbox_row row = row_of("BUY");
    uint64_t again = 0;
    bool added = true;

    ck_assert_uint_ne(id, 0);
    ck_ok(ll_outbox_add(connection, &row, NOW + LL_US_PER_HOUR - 1, &again, &added));
    ck_assert(!added);
    ck_assert_uint_eq(again, id);
    ck_assert_uint_ne(add_at("SELL", NOW), 0);
    ck_assert_uint_ne(add_at("BUY", NOW + LL_US_PER_HOUR), 0);
    ck_assert_uint_eq(add_at("BUY", NOW + LL_US_PER_HOUR), 0);
}
END_TEST

START_TEST(once_for_ever)
{
    ll_outbox_row row = row_of("7");
    uint64_t id = 0;
    bool added = false;

    row.window_us = 0;
    ck_ok(ll_outbox_add(connection, &row, NOW, &id, &added));
    ck_assert(added);
    ck_ok(ll_outbox_add(connection, &row, NOW + 1000 * LL_US_PER_DAY, &id, &added));
    ck_assert(!added);
}
END_TEST

START_TEST(undone_with_its_transaction)
{
    add_at("BUY", NOW);
    ll_store_rollback(store);
    ll_store_unlock(store);
    begin();
    ck_assert_uint_eq(due_at("mail", NOW, NULL), 0);
    ck_assert_uint_ne(add_at("BUY", NOW), 0);
}
END_TEST

/* ---- due --------------------------------------------------------------- */

START_TEST(all_of_it_comes_out)
{
    ll_outbox_due due;
    uint64_t id = add_at("BUY", NOW);

    ck_ok(ll_outbox_due_next(connection, "mail", NOW + 5, LEASE, &due));
    ck_assert_uint_eq(due.id, id);
    ck_assert_int_eq(due.at_us, NOW);
    ck_assert_uint_eq(due.attempt, 1);
    ck_assert_str_eq(due.rule, "winner_promoted");
    ck_assert_str_eq(due.about, "BUY");
    ck_assert_str_eq(due.subject, "BUY: v1.1 is better");
    ck_assert_str_eq(due.text, "It is.\n");
    ck_assert_str_eq(due.details, "{\"test\":7}");
    ll_outbox_due_free(&due);
    ck_assert_uint_eq(due.id, 0);
    ll_outbox_due_free(&due);
    ll_outbox_due_free(NULL);
}
END_TEST

START_TEST(oldest_first_each_to_one)
{
    uint64_t a = add_at("A", NOW), b = add_at("B", NOW), c = add_at("C", NOW + 1);

    ck_assert_uint_eq(due_at("mail", NOW + 2, NULL), a);
    ck_assert_uint_eq(due_at("mail", NOW + 2, NULL), b);
    ck_assert_uint_eq(due_at("mail", NOW + 2, NULL), c);
    ck_assert_uint_eq(due_at("mail", NOW + 2, NULL), 0);
    ck_assert_uint_eq(due_at("webhook", NOW + 2, NULL),
                      a); /* channels know nothing of each other */
}
END_TEST

START_TEST(a_lease_ends)
{
    uint32_t attempt = 0;
    uint64_t id = add_at("A", NOW);

    ck_assert_uint_eq(due_at("mail", NOW, &attempt), id);
    ck_assert_uint_eq(due_at("mail", NOW + LEASE - 1, NULL), 0);
    ck_assert_uint_eq(due_at("mail", NOW + LEASE, &attempt), id);
    ck_assert_uint_eq(attempt, 2);

    /* The first comes back late: what it says is of no interest any more, but that it was sent. */
    ck_assert(!fail_at(id, 1, true, NOW + LEASE));
    ck_assert_int_eq(delivery("given_up_us"), -1);
    ck_ok(ll_outbox_sent(connection, id, "mail", NOW + LEASE + 1));
    ck_assert(!fail_at(id, 2, true, NOW + LEASE + 2));
    ck_assert_int_eq(delivery("sent_us"), NOW + LEASE + 1);
    ck_assert_int_eq(delivery("given_up_us"), -1);
    ck_ok(ll_outbox_sent(connection, id, "mail", NOW + LEASE + 9));
    ck_assert_int_eq(delivery("sent_us"), NOW + LEASE + 1);
    ck_assert_uint_eq(due_at("mail", NOW + LL_US_PER_DAY, NULL), 0);
}
END_TEST

START_TEST(sent_after_giving_up_is_sent)
{
    uint32_t attempt = 0;
    uint64_t id = add_at("A", NOW);

    due_at("mail", NOW, &attempt);
    ck_assert(fail_at(id, attempt, true, NOW));
    ck_assert_int_eq(delivery("given_up_us"), NOW);
    ck_assert_uint_eq(due_at("mail", NOW + LL_US_PER_DAY, NULL), 0);
    ck_ok(ll_outbox_sent(connection, id, "mail", NOW + 1));
    ck_assert_int_eq(delivery("sent_us"), NOW + 1);
    ck_assert_int_eq(delivery("given_up_us"), -1);
}
END_TEST

/* ---- again and again --------------------------------------------------- */

START_TEST(waits_double_up_to_a_limit)
{
    draw s = { .state = 5 };

    for (uint32_t attempt = 1; attempt < 100000; attempt += attempt < 100 ? 1 : 997) {
        int64_t most = LL_OUTBOX_WAIT_MAX_US;
        if (attempt <= 9)
            most = LL_OUTBOX_WAIT_MIN_US << (attempt - 1);
        for (int i = 0; i < 200; i++) {
            int64_t wait = ll_outbox_wait_us(attempt, draw_bits(&s));
            ck_assert_int_ge(wait, most / 2);
            ck_assert_int_le(wait, most);
        }
        ck_assert_int_eq(ll_outbox_wait_us(attempt, 0), most);
    }
    ck_assert_int_le(ll_outbox_wait_us(UINT32_MAX, UINT64_MAX), LL_OUTBOX_WAIT_MAX_US);
}
END_TEST

START_TEST(waits_are_kept)
{
    uint32_t attempt = 0;
    uint64_t id = add_at("A", NOW);
    int64_t now = NOW;

    for (uint32_t i = 1; i <= 12; i++) {
        ck_assert_uint_eq(due_at("mail", now, &attempt), id);
        ck_assert_uint_eq(attempt, i);
        ck_assert(!fail_at(id, attempt, false, now));
        int64_t next = delivery("next_us");
        int64_t most = i <= 9 ? LL_OUTBOX_WAIT_MIN_US << (i - 1) : LL_OUTBOX_WAIT_MAX_US;
        ck_assert_int_ge(next - now, most / 2);
        ck_assert_int_le(next - now, most);
        ck_assert_uint_eq(due_at("mail", next - 1, NULL), 0);
        now = next;
    }
}
END_TEST

/* A server that never comes back: some forty attempts, the last within the week. */
START_TEST(given_up_after_a_week)
{
    uint64_t id = add_at("A", NOW);
    uint32_t attempt = 0, attempts = 0;
    int64_t last = 0;
    bool given_up = false;

    for (int64_t now = NOW; now < NOW + 30 * LL_US_PER_DAY; now += 30 * LL_US_PER_S) {
        if (due_at("mail", now, &attempt) == 0)
            continue;
        attempts++;
        last = now;
        ck_assert(!given_up);
        given_up = fail_at(id, attempt, false, now);
    }
    ck_assert(given_up);
    ck_assert_int_le(last - NOW, LL_OUTBOX_LIFE_US);
    ck_assert_int_ge(last - NOW, LL_OUTBOX_LIFE_US - LL_US_PER_DAY);
    ck_assert_uint_ge(attempts, 30);
    ck_assert_uint_le(attempts, LL_OUTBOX_ATTEMPTS_MAX);
    ck_assert_int_eq(delivery("given_up_us"), last);
    printf("given up after %u attempts in %.1f days\n", attempts,
           (double)(last - NOW) / LL_US_PER_DAY);
}
END_TEST

/* A process that dies of each attempt, and starts again at once. */
START_TEST(given_up_though_none_comes_back)
{
    uint32_t attempts = 0;

    add_at("A", NOW);
    for (int64_t now = NOW; now < NOW + LL_US_PER_DAY; now += LEASE)
        attempts += due_at("mail", now, NULL) != 0;
    ck_assert_uint_eq(attempts, LL_OUTBOX_ATTEMPTS_MAX);
    ck_assert_int_gt(delivery("given_up_us"), NOW);
}
END_TEST

START_TEST(given_up_though_nobody_looked)
{
    add_at("A", NOW);
    ck_assert_uint_ne(due_at("mail", NOW, NULL), 0);
    ck_assert_uint_eq(due_at("mail", NOW + 8 * LL_US_PER_DAY, NULL), 0);
    ck_assert_int_eq(delivery("given_up_us"), NOW + 8 * LL_US_PER_DAY);
}
END_TEST

START_TEST(a_new_channel_gets_a_week)
{
    uint64_t recent;

    add_at("old", NOW);
    recent = add_at("recent", NOW + 5 * LL_US_PER_DAY);
    ck_assert_uint_eq(due_at("mail", NOW + 8 * LL_US_PER_DAY, NULL), recent);
    ck_assert_uint_eq(due_at("mail", NOW + 8 * LL_US_PER_DAY, NULL), 0);
    ck_assert_int_eq(delivery("count(*)"), 1);
}
END_TEST

START_TEST(a_wrong_clock_stops_nothing)
{
    uint32_t attempt = 0;
    uint64_t early = add_at("early", NOW);

    /* A year ahead, for one attempt. */
    ck_assert_uint_eq(due_at("mail", NOW, &attempt), early);
    ck_assert(!fail_at(early, attempt, false, NOW - 3 * LL_US_PER_DAY));
    ck_ok(ll_connection_run(connection,
                            &(ll_statement){ "UPDATE llm_deliveries SET next_us = next_us +"
                                             " 31536000000000" },
                            NULL, 0, NULL, NULL));
    ck_assert_uint_eq(due_at("mail", NOW + 1, &attempt), early);

    /* A year back, for one alert: neither it nor those before it are lost. */
    uint64_t late = add_at("late", NOW - 365 * LL_US_PER_DAY);
    ck_assert_uint_eq(due_at("mail", NOW + 2, NULL), late);
    ck_assert_uint_eq(due_at("mail", NOW + LEASE + 2, NULL), early);
}
END_TEST

START_TEST(errors_are_one_line)
{
    char text[512], error[1000];
    bool given_up = false;
    uint64_t id = add_at("A", NOW);

    due_at("mail", NOW, NULL);
    memset(error, 'x', sizeof error - 1);
    error[sizeof error - 1] = '\0';
    memcpy(error, "a\r\nb\x1b\xc3\xa4", 7);
    ck_ok(ll_outbox_failed(connection, id, "mail", 1, false, error, NOW, &given_up));
    commit();
    raw_text(path, "SELECT error FROM llm_deliveries", text, sizeof text);
    begin();
    ck_assert_uint_eq(strlen(text), LL_OUTBOX_ERROR_BYTES_MAX);
    ck_assert_int_eq(strncmp(text, "a??b???xx", 9), 0);
}
END_TEST

/* Two processes in turn, each with its own idea of the time, some attempts lost: every alert is
 * sent, and none while another has it. */
START_TEST(many_senders)
{
    enum { ALERTS = 40 };
    static int64_t leased_until[ALERTS + 1];
    draw s = { .state = 77 };
    bool sent[ALERTS + 1] = { false };
    int open = ALERTS;
    int64_t now = NOW;

    memset(leased_until, 0, sizeof leased_until);
    for (int i = 0; i < ALERTS; i++) {
        char about[16];
        snprintf(about, sizeof about, "%d", i);
        ck_assert_uint_eq(add_at(about, NOW), (uint64_t)i + 1);
    }
    while (open > 0) {
        uint32_t attempt = 0;
        uint64_t id = due_at("mail", now, &attempt);

        ck_assert_int_lt(now, NOW + 5 * LL_US_PER_DAY);
        now += (int64_t)draw_below(&s, 3 * LEASE);
        if (id == 0)
            continue;
        ck_assert(!sent[id]);
        ck_assert_int_ge(now, leased_until[id]);
        leased_until[id] = 0;
        if (draw_happens(&s, 0.4)) {
            ck_ok(ll_outbox_sent(connection, id, "mail", now));
            sent[id] = true;
            open--;
        } else if (draw_happens(&s, 0.5)) {
            fail_at(id, attempt, false, now);
        }
    }
    ck_assert_uint_eq(due_at("mail", now, NULL), 0);
}
END_TEST

/* ---- no memory --------------------------------------------------------- */

static llmlearn_err one_round(int64_t now)
{
    const ll_outbox_row row = row_of("memory");
    ll_outbox_due due = { .id = 0 };
    uint64_t id = 0;
    bool added = false, given_up = false;
    llmlearn_err err = ll_outbox_add(connection, &row, now, &id, &added);

    if (err == LLMLEARN_OK)
        err = ll_outbox_due_next(connection, "mail", now, LEASE, &due);
    if (err == LLMLEARN_OK)
        err =
            ll_outbox_failed(connection, due.id, "mail", due.attempt, false, "no", now, &given_up);
    if (err == LLMLEARN_OK)
        err = ll_outbox_sent(connection, due.id, "mail", now);
    ll_outbox_due_free(&due);
    return err;
}

START_TEST(no_memory_is_an_error)
{
    int n = 1;

    commit();
    for (;; n++) {
        ck_assert_int_lt(n, 500);
        begin();
        allocations_left = n;
        llmlearn_err err = one_round(NOW);
        allocations_left = -1;
        if (err == LLMLEARN_OK)
            break;
        ck_assert_int_eq(err, LLMLEARN_ENOMEM);
        ll_store_rollback(store);
        ll_store_unlock(store);
    }
    ck_assert_int_gt(n, 5);
    ck_assert_int_eq(delivery("sent_us"), NOW);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outbox");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, once_in_a_window);
    tcase_add_test(all, once_for_ever);
    tcase_add_test(all, undone_with_its_transaction);
    tcase_add_test(all, all_of_it_comes_out);
    tcase_add_test(all, oldest_first_each_to_one);
    tcase_add_test(all, a_lease_ends);
    tcase_add_test(all, sent_after_giving_up_is_sent);
    tcase_add_test(all, waits_double_up_to_a_limit);
    tcase_add_test(all, waits_are_kept);
    tcase_add_test(all, given_up_after_a_week);
    tcase_add_test(all, given_up_though_none_comes_back);
    tcase_add_test(all, given_up_though_nobody_looked);
    tcase_add_test(all, a_new_channel_gets_a_week);
    tcase_add_test(all, a_wrong_clock_stops_nothing);
    tcase_add_test(all, errors_are_one_line);
    tcase_add_test(all, many_senders);
    tcase_add_test(all, no_memory_is_an_error);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
