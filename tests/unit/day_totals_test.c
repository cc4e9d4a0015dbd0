#include "analytics/day_totals.h"

#include "support/raw_rows.h"
#include "support/stores.h"

#include <check.h>
#include <string.h>

static ll_day_totals totals;

static void set_up(void)
{
    memset(&totals, 0, sizeof totals);
    rows_open();
}

static void tear_down(void)
{
    rows_close();
}

/* The sum against a recount of the rows; and how many days it took to be read. */
static void check_sum(int64_t first, int64_t last, uint64_t days_read)
{
    static rows_tally t;
    const rows_filter window = {
        .first = first, .last = last, .signal = -1, .version = -1, .ticker = -1
    };
    ll_connection *connection = NULL;
    ll_counts sum;
    uint64_t before = totals.days_read;

    ck_ok(ll_store_read_begin(rows_store, soon(), &connection));
    ck_ok(ll_day_totals_sum(&totals, connection, first, last, &sum));
    ll_store_read_end(rows_store);
    rows_recount(&window, &t);
    ck_assert_int_eq(sum.explanations, t.explanations);
    ck_assert_int_eq(sum.rated, t.rated);
    ck_assert_int_eq(sum.positive, t.positive);
    ck_assert_int_eq(sum.negative, t.negative);
    ck_assert_int_eq(sum.rating[4], t.rating[4]);
    ck_assert_int_eq(sum.cost_nanousd, t.cost_nanousd);
    ck_assert_uint_eq(totals.days_read - before, days_read);
}

START_TEST(only_changed_days_are_added_up_again)
{
    rows_add_random(4000, 4000, ROWS_TODAY - 179, 180);
    rows_store_all();
    check_sum(ROWS_TODAY - 59, ROWS_TODAY - 30, 30);
    check_sum(ROWS_TODAY - 59, ROWS_TODAY - 30, 0);
    check_sum(ROWS_TODAY - 60, ROWS_TODAY - 31, 1);
    check_sum(ROWS_TODAY - 179, ROWS_TODAY - 90, 90);
    check_sum(ROWS_TODAY - 179, ROWS_TODAY, 180 - 90 - 31);
    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - 40) * LL_US_PER_DAY });
    rows_store_all();
    check_sum(ROWS_TODAY - 59, ROWS_TODAY - 30, 1);
    check_sum(ROWS_TODAY - 180, ROWS_TODAY - 180, 0); /* that had nothing; its place stays */
    check_sum(ROWS_TODAY, ROWS_TODAY, 0);
}
END_TEST

START_TEST(a_day_takes_the_place_of_one_180_days_before)
{
    rows_log(&(rows_explanation){ .created_us = ROWS_TODAY * LL_US_PER_DAY });
    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - 180) * LL_US_PER_DAY });
    rows_log(&(rows_explanation){ .created_us = -180 * LL_US_PER_DAY });
    rows_store_all();
    for (int i = 0; i < 2; i++) {
        check_sum(ROWS_TODAY, ROWS_TODAY, 1);
        check_sum(ROWS_TODAY - 180, ROWS_TODAY - 180, 1);
    }
    check_sum(-200, -100, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("day_totals");
    TCase *tcase = tcase_create("day_totals");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, only_changed_days_are_added_up_again);
    tcase_add_test(tcase, a_day_takes_the_place_of_one_180_days_before);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
