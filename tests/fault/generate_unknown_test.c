/* The disk does not answer the commit that reserves a generation's money: no model is asked, and
 * the money is not held for the rest of the month. */
#include "base/point.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"
#include "support/weeks.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More than a caller waits for a commit behind its deadline. */
#define STALL_S 7

static char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
static atomic_llong now_us = WEEKS_BEGIN_US;
static atomic_int stalls;

void ll_point_hit(const char *name)
{
    if (strcmp(name, "store.committed") == 0 && atomic_exchange(&stalls, 0) != 0)
        nanosleep(&(struct timespec){ .tv_sec = STALL_S }, NULL);
}

static int64_t number(const char *sql)
{
    return recount_number(path, sql);
}

START_TEST(a_reservation_that_may_stand_is_let_go)
{
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .signal = WEEKS_SIGNAL,
                                             .deadline_ms = 500 };
    weeks_model model = { .fails = LLMLEARN_OK };
    char *json = NULL;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    llmlearn *learner = weeks_open(path, &now_us);
    weeks_add_champion(learner);
    weeks_set_model(learner, &model, INT64_C(1000000000), folder);
    atomic_store(&stalls, 1);
    expect_err(llmlearn_generate_variants(learner, &generation, &json), LLMLEARN_EUNKNOWN, "");
    ck_assert_int_eq(atomic_load(&model.asked), 0);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_generations"), 1); /* it does stand */
    ck_assert_int_eq(number("SELECT count(*) FROM llm_generations WHERE cost_nanousd = 0 AND"
                            " settled_us IS NOT NULL AND error = 'not called'"),
                     1);
    expect_ok(llmlearn_generate_variants(
        learner, &(llmlearn_generation){ .struct_size = sizeof generation, .signal = WEEKS_SIGNAL },
        &json));
    llmlearn_free(json);
    ck_assert_int_eq(atomic_load(&model.asked), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_generations WHERE settled_us IS NULL"), 0);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("generate_unknown");
    TCase *tests = tcase_create("generate_unknown");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_reservation_that_may_stand_is_let_go);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
