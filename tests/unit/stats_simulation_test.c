/* The shipped rules in tests whose truth is known: a small run of what tests/bench/rules_bench.c
 * measures at length. A limit is that of the long run, and three standard errors of this one. */
#include "simulation/clusters.h"
#include "simulation/rules.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static void expect_at_most(const char *what, double share, double limit, uint32_t runs)
{
    printf("%-44s %6.2f %%, at most %.1f\n", what, 100.0 * share, 100.0 * limit);
    ck_assert_msg(share <= limit + chance(limit, runs), "%s: %g", what, share);
}

static void expect_at_least(const char *what, double share, double limit, uint32_t runs)
{
    printf("%-44s %6.2f %%, at least %.1f\n", what, 100.0 * share, 100.0 * limit);
    ck_assert_msg(share >= limit - chance(limit, runs), "%s: %g", what, share);
}

START_TEST(always_valid_names_few_false_winners_at_any_vote)
{
    static const uint32_t arms[] = { 2, 4, 10 };
    static const double rates[] = { 0.05, 0.5, 0.6, 0.95 };
    const uint32_t runs = 300;

    for (size_t i = 0; i < 3; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < 8; j++) {
            double champion = j % 2 == 0 ? 1.0 / arms[i] : 0.9;
            scenario s = equal_arms(arms[i], rates[j / 2], champion, 2000);
            tally t = run_rule(RULE_ALWAYS_VALID, &s, runs, 1 + 8 * i + j);
            double share = share_of(t.winners, &t);
            ck_assert_msg(share <= 0.05 + chance(0.05, runs), "%u arms, %g: %g", arms[i],
                          rates[j / 2], share);
            sum += share;
        }
        printf("%2u arms alike: %.2f %% false winners on average\n", arms[i], 100.0 * sum / 8);
    }
}
END_TEST

START_TEST(always_valid_finds_a_difference_early)
{
    const scenario large = two_arms(0.6, 0.7, 2940, 1);
    const scenario small = two_arms(0.6, 0.65, 5880, 1);
    tally t = run_rule(RULE_ALWAYS_VALID, &large, 1500, 31);

    expect_at_least("always valid, 60 against 70: found", share_of(t.better, &t), 0.995, t.runs);
    expect_at_most("always valid, 60 against 70: time", t.time, 0.30, t.runs);
    t = run_rule(RULE_ALWAYS_VALID, &small, 1000, 32);
    expect_at_least("always valid, 60 against 65: found", share_of(t.better, &t), 0.87, t.runs);
    expect_at_most("always valid, 60 against 65: time", t.time, 0.52, t.runs);
}
END_TEST

START_TEST(group_sequential_loses_little_power_and_much_time)
{
    const scenario small = two_arms(0.6, 0.65, 2940, 98);
    const scenario equal = two_arms(0.6, 0.6, 2940, 98);
    tally t = run_rule(RULE_GROUP_SEQUENTIAL, &small, 4000, 33);

    expect_at_least("group sequential, 60 against 65: found", share_of(t.better, &t), 0.775,
                    t.runs);
    expect_at_most("group sequential, 60 against 65: time", t.time, 0.76, t.runs);
    t = run_rule(RULE_GROUP_SEQUENTIAL, &equal, 4000, 34);
    expect_at_most("group sequential, equal arms: winners", share_of(t.winners, &t), 0.025, t.runs);
}
END_TEST

START_TEST(neither_promotes_the_worse_of_two)
{
    const scenario all = two_arms(0.65, 0.6, 5880, 1);
    const scenario looks = two_arms(0.65, 0.6, 2940, 98);
    tally t = run_rule(RULE_ALWAYS_VALID, &all, 500, 35);

    expect_at_most("always valid, the worse arm", share_of(t.winners, &t), 0.001, t.runs);
    t = run_rule(RULE_GROUP_SEQUENTIAL, &looks, 4000, 36);
    expect_at_most("group sequential, the worse arm", share_of(t.winners, &t), 0.001, t.runs);
}
END_TEST

/* Three arms of 60 % and one of 40: not all alike, and yet no reason to change. */
START_TEST(a_bad_arm_promotes_none_that_is_no_better)
{
    scenario s = equal_arms(4, 0.6, 0.25, 2000);
    tally t;

    s.rates[3] = 0.4;
    t = run_rule(RULE_CLASSIC, &s, 2000, 37);
    expect_at_least("one worse, classic alone", share_of(t.unfounded, &t), 0.6, t.runs);
    t = run_rule(RULE_PROMOTABLE, &s, 2000, 37);
    expect_at_most("one worse, promotable", share_of(t.unfounded, &t), 0.05, t.runs);
    t = run_rule(RULE_ALWAYS_VALID, &s, 1000, 38);
    expect_at_most("one worse, always valid", share_of(t.unfounded, &t), 0.05, t.runs);
    s.look_every = 200;
    t = run_rule(RULE_GROUP_SEQUENTIAL, &s, 500, 39);
    expect_at_most("one worse, group sequential", share_of(t.unfounded, &t), 0.05, t.runs);
}
END_TEST

/* Twenty votes of each user, who is rather for or rather against all that is shown. */
START_TEST(users_who_vote_often_count_once)
{
    const clusters c = { .users = 100, .votes = 20, .rate = 0.6, .correlation = 0.3 };
    differences got = run_clusters(&c, 2000, 40);

    expect_at_least("clusters, every vote a unit", got.naive, 0.4, 2000);
    expect_at_most("clusters, every user a unit", got.clustered, 0.06, 2000);
    expect_at_least("clusters, every user a unit", got.clustered, 0.04, 2000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules, simulated");
    TCase *tests = tcase_create("rules");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, always_valid_names_few_false_winners_at_any_vote);
    tcase_add_test(tests, always_valid_finds_a_difference_early);
    tcase_add_test(tests, group_sequential_loses_little_power_and_much_time);
    tcase_add_test(tests, neither_promotes_the_worse_of_two);
    tcase_add_test(tests, a_bad_arm_promotes_none_that_is_no_better);
    tcase_add_test(tests, users_who_vote_often_count_once);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
