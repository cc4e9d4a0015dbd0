#include "store/ledger.h"

#include "base/calendar.h"
#include "store/names.h"
#include "support/ab_fixture.h"
#include "support/draw.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CENT INT64_C(10000000)
#define DOLLAR (100 * CENT)
#define NO_LIMIT                                                                                   \
    (&(ll_ledger_limits){ .per_run_nanousd = LL_LEDGER_UNLIMITED,                                  \
                          .per_month_nanousd = LL_LEDGER_UNLIMITED })

static int64_t time_of(int64_t year, uint32_t month, uint32_t day)
{
    return ll_calendar_day(year, month, day) * LL_US_PER_DAY;
}

static llmlearn_err try_reserve(const char *run, int64_t ceiling, const ll_ledger_limits *limits,
                                int64_t now, int64_t *out_id)
{
    const ll_ledger_call call = { .kind = LL_LEDGER_GENERATE,
                                  .run = run,
                                  .ceiling_nanousd = ceiling };

    return ll_ledger_reserve(ab_connection, &call, limits, now, out_id);
}

static int64_t reserve(const char *run, int64_t ceiling, int64_t now)
{
    int64_t id = 0;

    ck_ok(try_reserve(run, ceiling, NO_LIMIT, now, &id));
    ck_assert_int_ne(id, 0);
    return id;
}

static void settle(int64_t id, int64_t cost, int64_t now)
{
    const ll_ledger_result result = { .prompt_tokens = 10,
                                      .completion_tokens = LL_LEDGER_UNKNOWN,
                                      .cost_nanousd = cost };

    ck_ok(ll_ledger_settle(ab_connection, id, &result, now));
}

static ll_ledger_sum sum_run(const char *run)
{
    ll_ledger_sum sum;

    ck_ok(ll_ledger_sum_run(ab_connection, run, &sum));
    return sum;
}

static int64_t month_nanousd(int64_t time)
{
    ll_ledger_sum sum;

    ck_ok(ll_ledger_sum_month(ab_connection, time, &sum));
    return sum.nanousd;
}

START_TEST(what_is_known_counts_and_what_is_not_counts_in_full)
{
    int64_t now = time_of(2026, 11, 23), known, unknown, unsent;
    ll_ledger_sum sum;

    ab_begin();
    known = reserve("a", 5 * CENT, now);
    unknown = reserve("a", 7 * CENT, now);
    unsent = reserve("a", 11 * CENT, now);
    (void)reserve("a", 13 * CENT, now); /* a crash: never settled */
    (void)reserve("b", 17 * CENT, now);
    ck_assert_int_eq(sum_run("a").nanousd, 36 * CENT);
    settle(known, 2 * CENT, now);
    settle(unknown, LL_LEDGER_UNKNOWN, now);
    settle(unsent, 0, now);
    sum = sum_run("a");
    ck_assert_int_eq(sum.nanousd, 22 * CENT);
    ck_assert_int_eq(sum.known_nanousd, 2 * CENT);
    ck_assert_int_eq(sum.held_nanousd, 20 * CENT);
    ck_assert_int_eq(sum.calls, 4);
    ck_assert_int_eq(sum.calls_unknown, 2);
    ck_assert_int_eq(sum_run("none").nanousd, 0);
    ck_assert_int_eq(month_nanousd(now), 39 * CENT);
    ab_commit();
}
END_TEST

START_TEST(a_row_tells_all_of_a_call)
{
    int64_t now = time_of(2026, 11, 23), id = 0, signal = 0, model = 0;
    const ll_ledger_result result = { .prompt_tokens = 1200,
                                      .completion_tokens = 300,
                                      .cost_nanousd = 4200,
                                      .error = "it said: too long" };

    ab_begin();
    ck_ok(ll_names_intern(ab_connection, LL_NAME_SIGNAL, "BUY", 3, &signal));
    ck_ok(ll_names_intern(ab_connection, LL_NAME_MODEL, "m-1", 3, &model));
    const ll_ledger_call call = { .kind = LL_LEDGER_MODERATE,
                                  .signal = signal,
                                  .model = model,
                                  .run = "r",
                                  .comments = "[\"0198\"]",
                                  .ceiling_nanousd = 5000 };
    ck_ok(ll_ledger_reserve(ab_connection, &call, NO_LIMIT, now, &id));
    ck_ok(ll_ledger_settle(ab_connection, id, &result, now + 7));
    ck_fails(ll_ledger_settle(ab_connection, id, &result, now + 8), LLMLEARN_ESTATE, "settled");
    ck_fails(ll_ledger_settle(ab_connection, id + 1, &result, now + 8), LLMLEARN_ESTATE, "never");
    ab_commit();
    ck_assert_int_eq(
        ab_number("SELECT count(*) FROM llm_generations WHERE kind = 'moderate' AND run = 'r' AND"
                  " parent IS NULL AND signal IS NOT NULL AND model IS NOT NULL AND"
                  " reserved_nanousd = 5000 AND prompt_tokens = 1200 AND completion_tokens = 300"
                  " AND cost_nanousd = 4200 AND comments = '[\"0198\"]' AND settled_us = at_us + 7"
                  " AND error = 'it said: too long'"),
        1);
}
END_TEST

START_TEST(a_limit_is_reached_and_not_passed)
{
    const ll_ledger_limits limits = { .per_run_nanousd = 10 * CENT, .per_month_nanousd = DOLLAR };
    int64_t now = time_of(2026, 12, 31), id = 42;

    ab_begin();
    ck_ok(try_reserve("a", 6 * CENT, &limits, now, &id));
    settle(id, 3 * CENT, now);
    id = 42;
    ck_fails(try_reserve("a", 7 * CENT + 1, &limits, now, &id), LLMLEARN_EBUDGET,
             "budget of this run: $0.07 left of $0.10 ($0.03 spent or reserved), and this call may "
             "cost $0.070000001; a larger");
    ck_assert_int_eq(id, 42);
    ck_ok(try_reserve("a", 7 * CENT, &limits, now, &id));
    ck_fails(try_reserve("a", 1, &limits, now, &id), LLMLEARN_EBUDGET, "$0.00 left");
    ck_ok(try_reserve("a", 0, &limits, now, &id)); /* for nothing there is always money */
    for (int i = 0; i < 9; i++) {
        char run[] = { (char)('b' + i), '\0' };
        ck_ok(try_reserve(run, 10 * CENT, &limits, now, &id));
    }
    ck_fails(try_reserve("z", CENT, &limits, now, &id), LLMLEARN_EBUDGET,
             "budget of this month: $0.00 left of $1.00 ($1.00 spent or reserved), and this call "
             "may cost $0.01; the next month begins at 2027-01-01 00:00 UTC");
    ck_ok(try_reserve("z", CENT, &limits, time_of(2027, 1, 1), &id));
    ck_fails(try_reserve("z", CENT, &(ll_ledger_limits){ 0 }, now, &id), LLMLEARN_EBUDGET,
             "of $0.00");
    ab_rollback();
}
END_TEST

/* A call counts in the month that it was reserved in, to the microsecond. */
START_TEST(a_month_is_the_calendar_month_in_utc)
{
    static const struct {
        int64_t year;
        uint32_t month;
    } months[] = { { 2026, 12 }, { 2027, 1 }, { 2027, 2 }, { 2028, 2 }, { 1969, 12 } };

    ab_begin();
    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
        int64_t first = time_of(months[i].year, months[i].month, 1);
        int64_t last = time_of(months[i].year + months[i].month / 12, months[i].month % 12 + 1, 1);
        int64_t id;
        (void)reserve("a", 1, first - 1);
        id = reserve("a", 10, first);
        (void)reserve("a", 100, last - 1);
        (void)reserve("a", 1000, last);
        settle(id, 20, last + 5);
        ck_assert_int_eq(month_nanousd(first), 120);
        ck_assert_int_eq(month_nanousd(last - 1), 120);
        ab_rollback();
        ab_begin();
    }
    ab_rollback();
}
END_TEST

START_TEST(numbers_that_cannot_be_change_nothing)
{
    int64_t now = time_of(2026, 11, 23), id = 42, settled;

    ab_begin();
    ck_fails(try_reserve("a", -1, NO_LIMIT, now, &id), LLMLEARN_EINVAL, "-1");
    ck_fails(try_reserve("a", LL_LEDGER_NANOUSD_MAX + 1, NO_LIMIT, now, &id), LLMLEARN_EINVAL,
             "budget");
    ck_assert_int_eq(id, 42);
    settled = reserve("a", CENT, now);
    settle(settled, INT64_MAX, now); /* nobody's price: it is not known */
    ck_assert_int_eq(sum_run("a").nanousd, CENT);
    settled = reserve("b", CENT, now);
    settle(settled, 3 * CENT, now); /* more than it could: as it was */
    ck_assert_int_eq(sum_run("b").nanousd, 3 * CENT);
    /* 10,000 calls of a million dollars are more than a 64-bit number of nano-dollars. */
    for (int i = 0; i < 10000; i++)
        (void)reserve("rich", LL_LEDGER_NANOUSD_MAX, now);
    ck_assert_int_eq(sum_run("rich").nanousd, INT64_MAX);
    ck_fails(try_reserve("rich", 0,
                         &(ll_ledger_limits){ LL_LEDGER_UNLIMITED - 1, LL_LEDGER_UNLIMITED }, now,
                         &id),
             LLMLEARN_EBUDGET, "$0.00 left");
    ab_rollback();
}
END_TEST

START_TEST(dollars_are_written_as_people_do)
{
    static const struct {
        int64_t nanousd;
        const char *text;
    } cases[] = { { 0, "$0.00" },
                  { 1, "$0.000000001" },
                  { 400, "$0.0000004" },
                  { CENT, "$0.01" },
                  { 125 * CENT, "$1.25" },
                  { 120 * CENT, "$1.20" },
                  { INT64_MAX, "$9223372036.854775807" } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[LL_DOLLARS_BYTES];
        ll_ledger_format(cases[i].nanousd, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

static llmlearn_err find_index(void *context, const ll_row *row)
{
    size_t bytes = 0;

    if (strstr(ll_row_text(row, 3, &bytes), "USING INDEX llm_generations_") != NULL)
        ++*(int *)context;
    return LLMLEARN_OK;
}

/* The sum of a month and that of a run look only where they must. */
START_TEST(sums_use_their_indexes)
{
    static const ll_statement plans[] = {
        { "EXPLAIN QUERY PLAN SELECT sum(cost_nanousd) FROM llm_generations WHERE run = 'a'" },
        { "EXPLAIN QUERY PLAN SELECT sum(cost_nanousd) FROM llm_generations"
          " WHERE at_us >= 1 AND at_us < 2" },
    };
    int found = 0;

    ab_begin();
    for (int i = 0; i < 2; i++)
        ck_ok(ll_connection_run(ab_connection, &plans[i], NULL, 0, find_index, &found));
    ab_rollback();
    ck_assert_int_eq(found, 2);
}
END_TEST

/* ---- whatever happens, no more is spent than there is ------------------ */

enum { STORES = 3, OPEN_MAX = 40, RUNS = 5, MONTHS = 3 };

typedef struct open_call {
    int64_t id, ceiling;
    int run, month;
} open_call;

/* What really was paid, by the service's books. */
typedef struct books {
    int64_t of_run[RUNS], of_month[MONTHS];
    open_call open[OPEN_MAX];
    int open_count, refused, lost;
} books;

static ll_store *stores[STORES];

static const ll_ledger_limits budget = { .per_run_nanousd = 300, .per_month_nanousd = 700 };

static int64_t draw_month(draw *d, int *out_month)
{
    static const uint32_t months[MONTHS] = { 9, 10, 11 };

    *out_month = (int)draw_below(d, MONTHS);
    return time_of(2026, months[*out_month], 1) +
           (int64_t)draw_below(d, 30 * (uint64_t)LL_US_PER_DAY);
}

static ll_connection *begin(draw *d, ll_store **out_store)
{
    ll_connection *connection = NULL;

    *out_store = stores[draw_below(d, STORES)];
    ck_ok(ll_store_lock(*out_store, soon()));
    ck_ok(ll_store_begin(*out_store, &connection));
    return connection;
}

/* The call is made once the reservation is committed; what it costs is decided by the service. */
static void reserve_and_call(draw *d, books *b)
{
    ll_store *store;
    ll_connection *connection = begin(d, &store);
    char run[8];
    open_call call = { .ceiling = (int64_t)draw_below(d, 60), .run = (int)draw_below(d, RUNS) };
    int64_t now = draw_month(d, &call.month);

    snprintf(run, sizeof run, "run-%d", call.run);
    llmlearn_err err = ll_ledger_reserve(connection,
                                         &(ll_ledger_call){ .kind = LL_LEDGER_GENERATE,
                                                            .run = run,
                                                            .ceiling_nanousd = call.ceiling },
                                         &budget, now, &call.id);
    ck_assert(err == LLMLEARN_OK || err == LLMLEARN_EBUDGET);
    b->refused += err == LLMLEARN_EBUDGET;
    if (err == LLMLEARN_OK && draw_happens(d, 0.9)) {
        ck_ok(ll_store_commit(store));
        ck_assert_int_lt(b->open_count, OPEN_MAX);
        b->open[b->open_count++] = call;
    } else { /* refused, or died before the commit: it was not called */
        ll_store_rollback(store);
    }
    ll_store_unlock(store);
}

/* It cost something; the caller learns of it, or not, or dies before it could write it down. */
static void answer(draw *d, books *b)
{
    int which = (int)draw_below(d, (uint64_t)b->open_count);
    open_call call = b->open[which];
    bool sent = draw_happens(d, 0.9);
    int64_t cost = sent ? (int64_t)draw_below(d, (uint64_t)call.ceiling + 1) : 0;
    ll_store *store;

    b->open[which] = b->open[--b->open_count];
    b->of_run[call.run] += cost;
    b->of_month[call.month] += cost;
    if (draw_happens(d, 0.1)) {
        b->lost++;
        return;
    }
    ll_connection *connection = begin(d, &store);
    const ll_ledger_result result = { .cost_nanousd =
                                          draw_happens(d, 0.2) ? LL_LEDGER_UNKNOWN : cost };
    ck_ok(ll_ledger_settle(connection, call.id, &result, time_of(2027, 2, 1)));
    if (draw_happens(d, 0.9))
        ck_ok(ll_store_commit(store));
    else
        ll_store_rollback(store);
    ll_store_unlock(store);
}

static void check_books(const books *b)
{
    for (int i = 0; i < RUNS; i++)
        ck_assert_int_le(b->of_run[i], budget.per_run_nanousd);
    for (int i = 0; i < MONTHS; i++)
        ck_assert_int_le(b->of_month[i], budget.per_month_nanousd);
}

START_TEST(no_order_of_events_spends_more_than_the_budget)
{
    static const ll_statement forget = { "DELETE FROM llm_generations" };
    int refused = 0, lost = 0;

    ll_store_close(ab_store);
    for (int i = 0; i < STORES; i++)
        stores[i] = store_open(ab_path);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        draw d = { .state = seed };
        books b = { .open_count = 0 };
        for (int i = 0; i < 150; i++) {
            if (b.open_count == OPEN_MAX || (b.open_count > 0 && draw_happens(&d, 0.45)))
                answer(&d, &b);
            else
                reserve_and_call(&d, &b);
            check_books(&b);
        }
        while (b.open_count > 0)
            answer(&d, &b);
        check_books(&b);
        refused += b.refused;
        lost += b.lost;
        store_write(stores[0], &forget, NULL, 0);
    }
    ck_assert_int_gt(refused, 500);
    ck_assert_int_gt(lost, 50);
    for (int i = 0; i < STORES; i++)
        ll_store_close(stores[i]);
    ab_store = store_open(ab_path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tc = tcase_create("ledger");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, ab_set_up, ab_tear_down);
    tcase_add_test(tc, what_is_known_counts_and_what_is_not_counts_in_full);
    tcase_add_test(tc, a_row_tells_all_of_a_call);
    tcase_add_test(tc, a_limit_is_reached_and_not_passed);
    tcase_add_test(tc, a_month_is_the_calendar_month_in_utc);
    tcase_add_test(tc, numbers_that_cannot_be_change_nothing);
    tcase_add_test(tc, dollars_are_written_as_people_do);
    tcase_add_test(tc, sums_use_their_indexes);
    tcase_add_test(tc, no_order_of_events_spends_more_than_the_budget);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
