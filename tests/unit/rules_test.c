/* What each sequential rule makes of a test, moment by moment; and what ends a test under all. */
#include "experiment/looks_taken.h"
#include "stats/looks.h"
#include "stats/normal.h"
#include "support/inputs.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const llmlearn_rule rules[] = { LLMLEARN_RULE_CLASSIC, LLMLEARN_RULE_GROUP_SEQUENTIAL,
                                       LLMLEARN_RULE_ALWAYS_VALID };

static void expect(const look *l, llmlearn_verdict verdict, const char *status)
{
    ck_assert_msg(l->out.verdict == verdict && strcmp(l->out.status, status) == 0,
                  "%s, %s; not %s, %s", ll_decide_verdict_name(l->out.verdict), l->out.status,
                  ll_decide_verdict_name(verdict), status);
}

static void expect_winner(const look *l, int32_t winner)
{
    expect(l, LLMLEARN_WINNER, "winner");
    ck_assert_int_eq(l->out.winner, winner);
    ck_assert(l->out.promotable);
}

/* Two arms with as many first votes each. */
static void two_arms(look *l, llmlearn_rule rule, int64_t champion, int64_t variant, int64_t votes)
{
    look_begin(l, rule, 2);
    look_set_arm(l, 0, champion, votes);
    look_set_arm(l, 1, variant, votes);
}

/* ---- group_sequential: when it looks ------------------------------------ */

START_TEST(a_look_needs_the_minimum_duration_and_the_minimum_of_votes)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 60, 90, 100);
    l.in.now_us = INPUT_START + 7 * INPUT_DAY - 1;
    l.in.week = 0;
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "running");
    ck_assert(!l.out.takes_look && l.out.looks == 0);
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: the test has run 6.9 days of at least 7 days.");
    look_set_age(&l, 7);
    look_decide(&l);
    ck_assert(l.out.takes_look && l.out.looks == 1);

    look_set_arm(&l, 1, 90, 99);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "insufficient_sample");
    ck_assert(!l.out.takes_look);
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: v1.1 has 99 of the 100 first votes that each arm needs,"
                     " by the end of week 1.");
}
END_TEST

/* Of seven days, or of one where a test may end within the week. Where a rule of one look each
 * seven days would look twice within an hour, and not at all a week later. */
START_TEST(one_look_in_each_whole_week_since_the_start)
{
    const struct {
        double before, now;
        bool looks;
    } cases[] = {
        { 7.0, 7.1, false }, { 7.0, 7.99, false }, { 7.0, 8.0, true },
        { 7.9, 8.0, true },  { 7.1, 9.0, true },   { 8.5, 8.9, false },
    };
    look l;

    for (int days = 1; days <= 7; days += 6) {
        for (size_t i = 0; i < LL_ARRAY_COUNT(cases); i++) {
            two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 60, 61, 100);
            l.in.test.duration_min_us = days * INPUT_DAY;
            l.in.test.duration_max_us = 64 * days * INPUT_DAY;
            look_add_before(&l, cases[i].before * days, 90);
            look_set_age(&l, cases[i].now * days);
            look_decide(&l);
            expect(&l, LLMLEARN_KEEP_GOING, cases[i].looks ? "not_yet" : "between_looks");
            ck_assert(l.out.takes_look == cases[i].looks);
            ck_assert_uint_eq(l.out.looks, cases[i].looks ? 2 : 1);
        }
        ck_assert_str_eq(look_sentence(&l),
                         days == 1
                             ? "Look 1 was taken already; the next one is due in 2.4 hours."
                             : "Look 1 was taken already; the next one is due in 16.8 hours.");
    }
}
END_TEST

/* A test of 128 weeks is looked at in every other one. In one of 100 it is the same: 1/64 of it
 * is a week and a half, and weeks are whole. */
START_TEST(long_tests_are_looked_at_sixty_four_times)
{
    look l;

    for (int days = 1; days <= 7; days += 6) {
        for (int count = 100; count < 129; count += 28) {
            two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 60, 61, 100);
            l.in.test.duration_min_us = days * INPUT_DAY;
            l.in.test.duration_max_us = count * days * INPUT_DAY;
            look_add_before(&l, 20.0 * days, 90);
            look_set_age(&l, 21.9 * days);
            look_decide(&l);
            expect(&l, LLMLEARN_KEEP_GOING, "between_looks");
            look_set_age(&l, 22.0 * days);
            look_decide(&l);
            expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
        }
    }
}
END_TEST

/* What came after the week's end decides nothing until the next, or until the last day. */
START_TEST(a_look_sees_whole_weeks)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 300, 400);
    look_set_week_end(&l, 1, 199, 399);
    look_set_age(&l, 9);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert(l.out.takes_look);
    ck_assert_double_lt(fabs(l.out.evidence.arms[1].z), 0.1);
    ck_assert_uint_eq(l.out.evidence.looked[1].trials, 399);
    ck_assert_uint_eq(l.out.evidence.first_votes[1].trials, 400);
    look_set_week_end(&l, 1, 60, 99);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "insufficient_sample");
    look_set_week_end(&l, 1, 300, 400);
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_str_eq(look_sentence(&l),
                     "v1.1 was found helpful by 75.0 % of 400 first votes, against 50.0 % of 400"
                     " for the champion v1.0: z = 7.30, where 3.36 is needed, at look 1, by the end"
                     " of week 1.");

    look_set_week_end(&l, 1, 199, 399);
    l.in.test.duration_max_us = 9 * INPUT_DAY; /* whatever the week saw */
    look_decide(&l);
    expect_winner(&l, 1);
    l.in.test.duration_max_us = 56 * INPUT_DAY;
    l.in.test.duration_min_us = 6 * INPUT_DAY; /* a test that may end in the week */
    look_decide(&l);
    expect_winner(&l, 1);

    look_set_week_end(&l, 1, 300, 400);
    l.in.test.duration_min_us = 10 * INPUT_DAY;
    look_set_age(&l, 13.9);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "running");
    look_set_age(&l, 14);
    look_decide(&l);
    expect_winner(&l, 1);
}
END_TEST

/* However the days fall, there is room for the last look, the 64th. */
START_TEST(the_last_of_sixty_four_looks_is_kept_for_the_last_day)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 205, 400);
    l.in.test.duration_min_us = 0;
    l.in.test.duration_max_us = 64 * INPUT_DAY;
    for (int day = 0; day < 63; day++)
        look_add_before(&l, day, 100 + day);
    look_set_age(&l, 63.5);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "between_looks");
    look_set_age(&l, 64);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    ck_assert_uint_eq(l.out.looks, 64);
    ck_assert(l.out.takes_look);
}
END_TEST

START_TEST(on_the_last_day_it_looks_whatever_there_is)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 1, 2, 3);
    look_set_age(&l, 56);
    look_add_before(&l, 56.0, 2);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 0, 0, 0);
    look_set_age(&l, 56);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    ck_assert(!l.out.evidence.arms[1].has_bound);
    ck_assert_str_eq(look_sentence(&l), "No difference was shown, and the time is up: v1.1, the"
                                        " nearest, has z = 0.00, at look 1. The champion v1.0"
                                        " stays.");
}
END_TEST

/* ---- group_sequential: what wins ---------------------------------------- */

/* The bound of the looks so far and this one, asked of stats. */
static double bound_of(const look *l, double alpha, bool final)
{
    double information[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
    uint32_t count = 0;

    for (; count < l->in.look_count; count++)
        information[count] = (double)l->in.looks[count].first_votes[0] / 2;
    information[count++] = (double)l->in.arms[0].first_votes / 2;
    ll_looks_bounds(information, count, 500, alpha, final, bounds, NULL);
    return bounds[count - 1];
}

/* The difference that comes to z just at the bound, found by trying. */
static int64_t votes_to_win(look *l, int64_t champion, int64_t votes, double bound)
{
    for (int64_t positive = champion; positive <= votes; positive++) {
        double p = (double)(champion + positive) / (2.0 * (double)votes);
        double z = (double)(positive - champion) / sqrt(2.0 * (double)votes * p * (1 - p));
        look_set_arm(l, 1, positive, votes);
        if (z >= bound)
            return positive;
    }
    ck_abort_msg("nothing wins");
    return 0;
}

START_TEST(z_at_the_bound_wins_and_just_below_does_not)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 0, 400);
    look_add_before(&l, 7.5, 150);
    look_set_age(&l, 14);
    double bound = bound_of(&l, 0.025, false);
    int64_t enough = votes_to_win(&l, 200, 400, bound);
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_double_eq(l.out.evidence.arms[1].bound, bound);
    ck_assert_double_eq(l.out.evidence.arms[1].information, 200);
    look_set_arm(&l, 1, enough - 1, 400);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
}
END_TEST

/* With fifteen variants each has a fifteenth of alpha. */
START_TEST(variants_share_alpha)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 16);
    for (uint32_t i = 0; i < 16; i++)
        look_set_arm(&l, i, 200, 400);
    double alone = bound_of(&l, 0.025, false), shared = bound_of(&l, 0.025 / 15, false);
    ck_assert_double_gt(shared, alone + 0.3);
    int64_t enough = votes_to_win(&l, 200, 400, shared);
    look_decide(&l);
    expect_winner(&l, 1);
    look_set_arm(&l, 1, enough - 1, 400);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
}
END_TEST

START_TEST(of_those_that_cross_the_highest_rate_wins)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 4);
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 300, 400);
    look_set_arm(&l, 2, 110, 130); /* 84.6 %, of fewer votes */
    look_set_arm(&l, 3, 320, 400);
    for (uint32_t i = 0; i < 4; i++)
        l.in.arms[i].units = 0;
    look_decide(&l);
    expect_winner(&l, 2);
    ck_assert_double_lt(l.out.evidence.arms[2].z, l.out.evidence.arms[3].z);
    look_set_arm(&l, 2, 60, 130);
    l.in.arms[2].units = 0;
    look_decide(&l);
    expect_winner(&l, 3);
}
END_TEST

/* With many variants and looks only bounds that may have been reached are worked out: those are as
 * ever, and no bound is ever below what is taken for out of reach. */
START_TEST(many_looks_and_arms_change_no_bound)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 4);
    l.in.test.duration_min_us = 0;
    for (int i = 0; i < 20; i++)
        look_add_before(&l, i, 100 + 15 * i);
    look_set_age(&l, 20);
    for (uint32_t i = 0; i < 4; i++)
        look_set_arm(&l, i, 200, 400);
    double bound = bound_of(&l, 0.025 / 3, false);
    int64_t enough = votes_to_win(&l, 200, 400, bound);
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_double_eq(l.out.evidence.arms[1].bound, bound);
    ck_assert(!l.out.evidence.arms[2].has_bound);
    look_set_arm(&l, 1, enough - 1, 400);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert(l.out.evidence.arms[1].has_bound);
    for (double alpha = 0.4; alpha > 1e-8; alpha /= 7) {
        double information[40], bounds[40];
        for (int i = 0; i < 40; i++)
            information[i] = i < 39 ? 5 + 1.3 * i + 0.2 * (i % 3) : 60;
        for (int last = 0; last < 2; last++) {
            ll_looks_bounds(information, 40 - (uint32_t)last, 60, alpha, last == 1, bounds, NULL);
            for (int i = 0; i < 40 - last; i++)
                ck_assert_double_ge(bounds[i], ll_normal_isf(alpha) - 1e-6);
        }
    }
}
END_TEST

/* A champion that is better wins nothing: the test goes on until it is sure. */
START_TEST(a_worse_variant_ends_nothing_early)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 300, 100, 400);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert_double_lt(l.out.evidence.arms[1].z, -10);
}
END_TEST

START_TEST(with_all_that_was_planned_it_ends)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 500, 510, 999);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 500, 510, 1000);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "planned_votes_reached");
    ck_assert_str_eq(
        look_sentence(&l),
        "No difference was shown by all the first votes that were planned: v1.1, the"
        " nearest, has z = 0.45, where 1.96 is needed, at look 1, by the end of week 1. The"
        " champion v1.0 stays.");
    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 500, 545, 1000);
    look_decide(&l);
    expect_winner(&l, 1);
}
END_TEST

/* Of one variant all is known since the look before, where it did not win: it cannot any more,
 * whatever comes. The other is still open. */
START_TEST(a_variant_that_was_known_in_full_is_done)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 3);
    look_add_before(&l, 7.5, 1100);
    l.in.looks[0].first_votes[2] = 200;
    l.in.looks[0].first_positive[2] = 100;
    look_set_arm(&l, 0, 600, 1200);
    look_set_arm(&l, 1, 900, 1200);
    look_set_arm(&l, 2, 150, 300);
    for (uint32_t i = 0; i < 3; i++)
        l.in.arms[i].units = 0;
    look_set_age(&l, 14);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert(l.out.evidence.arms[1].is_done && !l.out.evidence.arms[2].is_done);
    look_set_age(&l, 56);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    l.in.looks[0].first_positive[1] = 150;
    l.in.looks[0].first_votes[1] = 300; /* of it, too, something was left to know */
    look_decide(&l);
    expect_winner(&l, 1);
}
END_TEST

/* The last day spends what is left, also on a variant that has no vote more than at the look
 * before: the same z, that was too small, is then enough. */
START_TEST(the_last_day_spends_all_that_is_left)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 233, 400); /* z = 2.34 */
    look_set_age(&l, 42);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert_double_gt(l.out.evidence.arms[1].bound, 2.5);
    look_add_before(&l, 42, 400);
    look_set_age(&l, 49);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    look_set_age(&l, 56);
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_double_lt(l.out.evidence.arms[1].bound, 2.0);
    ck_assert_str_eq(look_sentence(&l),
                     "v1.1 was found helpful by 58.2 % of 400 first votes, against 50.0 % of 400"
                     " for the champion v1.0: z = 2.34, where 1.96 is needed, at look 2.");
}
END_TEST

/* A quarter of the votes for the variant: as much is known as with equal arms of 75 and 75. */
START_TEST(information_is_what_unequal_arms_are_worth)
{
    ck_assert_double_eq(ll_looks_information(150, 50), 37.5);
    ck_assert_double_eq(ll_looks_information(75, 75), 37.5);
    ck_assert_double_eq(ll_looks_information(0, 50), 0);
    ck_assert_double_eq(ll_looks_information(50, 0), 0);
}
END_TEST

/* ---- always_valid ------------------------------------------------------- */

START_TEST(an_e_value_at_the_weeks_end_wins)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 260, 400);
    look_set_e(&l, 1, log(20));
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_uint_eq(l.out.looks, 1);
    ck_assert_double_eq(l.out.ln_e_value, log(20));
    ck_assert_str_eq(look_sentence(&l),
                     "v1.1 was found helpful by 65.0 % of 400 first votes, against 50.0 % of 400"
                     " for the champion v1.0: an e-value of 20, where 20 is needed, at the end of"
                     " week 1.");
    look_set_e(&l, 1, nextafter(log(20), 0));
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert(!l.out.takes_look);
}
END_TEST

/* What was seen on a Tuesday decides nothing until the week is over; and what was there once, and
 * is no more, does not either. */
START_TEST(neither_now_nor_the_highest_ever_decides)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 260, 400);
    look_set_e(&l, 1, 0);
    l.in.eprocess.ln_e_value[1] = l.in.eprocess.ln_e_max[1] = 10;
    l.in.eprocess_week_end.ln_e_max[1] = 10;
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    ck_assert_double_eq(l.out.ln_e_value, 0);
}
END_TEST

START_TEST(variants_share_alpha_as_e_values_too)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_ALWAYS_VALID, 4);
    for (uint32_t i = 0; i < 4; i++)
        look_set_arm(&l, i, 200 + (int64_t)i, 400);
    look_set_e(&l, 1, log(61));
    look_set_e(&l, 2, log(60.5));
    look_set_e(&l, 3, log(59.9));
    look_decide(&l);
    expect_winner(&l, 2); /* the highest rate of those that cross */
    look_set_e(&l, 1, log(59.9));
    look_set_e(&l, 2, log(59.9));
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
}
END_TEST

START_TEST(whole_weeks_make_up_the_minimum_duration)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 260, 400);
    look_set_e(&l, 1, 10);
    l.in.test.duration_min_us = 10 * INPUT_DAY;
    look_set_age(&l, 13.9); /* over ten days, but the last whole week ended on the seventh */
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "running");
    ck_assert_str_eq(look_sentence(&l), "Too early to decide: the test has run 13.9 days, and is"
                                        " looked at in whole weeks.");
    look_set_age(&l, 14);
    look_decide(&l);
    expect_winner(&l, 1);

    l.in.test.duration_min_us = 0;
    look_set_age(&l, 6.9);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "running");
}
END_TEST

START_TEST(votes_are_those_of_the_weeks_end)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 260, 400);
    look_set_e(&l, 1, 10);
    l.in.eprocess_week_end.trials[0] = 99;
    l.in.eprocess_week_end.successes[0] = 50;
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "insufficient_sample");
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: v1.0 has 99 of the 100 first votes that each arm needs,"
                     " by the end of week 1.");
}
END_TEST

START_TEST(its_last_day_ends_it)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 210, 400);
    look_set_e(&l, 1, 1);
    look_set_age(&l, 55.9);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "not_yet");
    look_set_age(&l, 56);
    look_decide(&l);
    expect(&l, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    ck_assert_uint_eq(l.out.looks, 8);
    ck_assert_str_eq(look_sentence(&l),
                     "No difference was shown, and the time is up: v1.1, the nearest, has an"
                     " e-value of 2.72, where 20 is needed, at the end of week 8. The champion v1.0"
                     " stays.");
    look_set_e(&l, 1, 10);
    look_decide(&l);
    expect_winner(&l, 1);
}
END_TEST

/* ---- under every rule --------------------------------------------------- */

/* 12,000 units of 52 % and 48 % come to an e-value over 1,000; of half as many they do not. */
START_TEST(a_broken_split_makes_it_invalid_at_any_look)
{
    look l;

    for (size_t i = 0; i < LL_ARRAY_COUNT(rules); i++) {
        two_arms(&l, rules[i], 200, 300, 400);
        l.in.arms[0].units = 3120;
        l.in.arms[1].units = 2880;
        look_set_age(&l, 0.1);
        look_decide(&l);
        expect(&l, LLMLEARN_KEEP_GOING, "running");
        l.in.arms[0].units = 6240;
        l.in.arms[1].units = 5760;
        look_decide(&l);
        expect(&l, LLMLEARN_INVALID, "srm");
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_SRM);
        ck_assert(!l.out.takes_look && l.out.winner == -1 && !l.out.promotable);
        ck_assert_ptr_nonnull(strstr(look_sentence(&l), "its split is broken"));
    }
}
END_TEST

/* What once was over 1,000 to one against the split, after any unit, is not made good by those that
 * came since. */
START_TEST(a_split_that_was_broken_stays_broken)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_ALWAYS_VALID, 200, 300, 400);
    l.in.arms[0].units = l.in.arms[1].units = 6000;
    look_set_age(&l, 0.1);
    l.in.test.srm_ln_e_max = log(999);
    look_decide(&l);
    expect(&l, LLMLEARN_KEEP_GOING, "running");
    l.in.test.srm_ln_e_max = log(1001);
    look_decide(&l);
    expect(&l, LLMLEARN_INVALID, "srm");
    ck_assert_double_lt(l.out.evidence.srm.ln_e_value, 0);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "its split is broken"));
}
END_TEST

/* Equal units, of which 40 % vote in one arm and 30 % in the other. */
START_TEST(users_who_do_not_answer_alike_make_it_invalid)
{
    look l;

    for (size_t i = 0; i < LL_ARRAY_COUNT(rules); i++) {
        look_begin(&l, rules[i], 2);
        look_set_arm(&l, 0, 300, 600);
        look_set_arm(&l, 1, 400, 800);
        l.in.arms[0].units = l.in.arms[1].units = 2000;
        look_decide(&l);
        expect(&l, LLMLEARN_INVALID, "differential_response");
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_RESPONSE);
        ck_assert_double_eq_tol(l.out.evidence.response_apart, 0.25, 1e-12);
        ck_assert_ptr_nonnull(
            strstr(look_sentence(&l), "30.0 % of v1.0's 2000 units, 40.0 % of v1.1's 2000 units"));

        /* As sure, but hardly apart: nobody's votes are the less comparable. */
        look_set_arm(&l, 0, 48000, 96000);
        look_set_arm(&l, 1, 52000, 104000);
        l.in.arms[0].units = l.in.arms[1].units = 200000;
        look_decide(&l);
        ck_assert_double_gt(l.out.evidence.response.ln_e_value, log(100));
        ck_assert_uint_eq(l.out.blockers, 0);
    }
}
END_TEST

/* An arm that got its share until it was switched off breaks no split, and no sequential rule waits
 * for its votes or lets it win. */
START_TEST(an_arm_that_is_off_takes_no_part)
{
    look l;

    for (size_t i = 1; i < LL_ARRAY_COUNT(rules); i++) {
        look_begin(&l, rules[i], 3);
        look_set_arm(&l, 0, 200, 400);
        look_set_arm(&l, 1, 300, 400);
        look_set_arm(&l, 2, 19, 20);
        look_set_e(&l, 1, 10);
        look_set_e(&l, 2, 10);
        l.in.arms[0].units = l.in.arms[1].units = 4000;
        l.in.arms[2].units = 200;
        look_decide(&l);
        expect(&l, LLMLEARN_INVALID, "srm");
        l.in.arms[2].off_us = INPUT_START + INPUT_DAY;
        look_decide(&l);
        expect_winner(&l, 1);
        ck_assert_uint_eq(l.out.advisories & LL_ADVISORY_ARM_SWITCHED_OFF,
                          LL_ADVISORY_ARM_SWITCHED_OFF);
    }
}
END_TEST

START_TEST(without_a_variant_left_it_ends)
{
    look l;

    for (size_t i = 0; i < LL_ARRAY_COUNT(rules); i++) {
        two_arms(&l, rules[i], 0, 0, 0);
        l.in.arms[1].off_us = INPUT_START + 1;
        look_set_age(&l, 0.5);
        look_decide(&l);
        expect(&l, LLMLEARN_NO_DIFFERENCE, "switched_off");
        ck_assert_str_eq(look_sentence(&l), "No variant is left: the breaker has switched off all"
                                            " of them. The champion v1.0 stays.");
    }
}
END_TEST

/* The classic rule may have named it all the same. */
START_TEST(a_winner_that_is_off_waits_for_a_person)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_CLASSIC, 3);
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 300, 400);
    look_set_arm(&l, 2, 210, 400);
    l.in.arms[1].off_us = INPUT_START + 1;
    look_decide(&l);
    expect(&l, LLMLEARN_WINNER, "winner");
    ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_SWITCHED_OFF);
    ck_assert(!l.out.promotable);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "the breaker has switched it off"));
}
END_TEST

/* ---- guardrails --------------------------------------------------------- */

static void win(look *l, llmlearn_rule rule)
{
    two_arms(l, rule, 200, 300, 400);
    look_set_e(l, 1, 10);
    for (int i = 0; i < 2; i++) {
        ll_ab_arm *arm = &l->in.arms[i];
        moments_set(&arm->latency_us, 400, 1000000, 200000);
        moments_set(&arm->cost_nanousd_mean, 400, 5000, 500);
        moments_set(&arm->failure_ppm, 400, 10000, 10000);
        arm->first_rating[3] = arm->first_rating[4] = 100;
    }
}

START_TEST(a_guardrail_that_fails_blocks_the_winner)
{
    look l;

    for (size_t i = 0; i < LL_ARRAY_COUNT(rules); i++) {
        win(&l, rules[i]);
        look_decide(&l);
        expect_winner(&l, 1);
        for (int kind = 0; kind < LL_GUARDRAIL_COUNT; kind++)
            ck_assert_int_eq(l.out.evidence.arms[1].guardrails[kind].guardrail,
                             LLMLEARN_GUARDRAIL_PASS);

        moments_set(&l.in.arms[1].latency_us, 400, 1300000, 200000);
        look_decide(&l);
        expect(&l, LLMLEARN_WINNER, "winner");
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_LATENCY);
        ck_assert(!l.out.promotable);
        ck_assert_ptr_nonnull(strstr(look_sentence(&l),
                                     " Promotion waits for a person: its latency is shown to be"
                                     " more than 20 % higher."));

        win(&l, rules[i]);
        moments_set(&l.in.arms[1].cost_nanousd_mean, 400, 6100, 500);
        look_decide(&l);
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_COST);

        win(&l, rules[i]);
        moments_set(&l.in.arms[1].failure_ppm, 400, 30000, 10000);
        look_decide(&l);
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_FAILURES);

        win(&l, rules[i]);
        l.in.arms[1].first_rating[4] = 40;
        l.in.arms[1].first_rating[2] = 40;
        look_decide(&l);
        ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_RATING);
    }
}
END_TEST

/* 15 % more latency, half a point more failures: within what a better prompt may cost. And with
 * nothing known at all nothing blocks. */
START_TEST(what_is_within_its_margin_or_unknown_blocks_nothing)
{
    look l;

    win(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL);
    moments_set(&l.in.arms[1].latency_us, 400, 1150000, 200000);
    moments_set(&l.in.arms[1].failure_ppm, 400, 15000, 15000);
    look_decide(&l);
    expect_winner(&l, 1);
    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 300, 400);
    look_decide(&l);
    expect_winner(&l, 1);
    ck_assert_int_eq(l.out.evidence.arms[1].guardrails[0].guardrail, LLMLEARN_GUARDRAIL_UNKNOWN);
}
END_TEST

/* A champion that wins stays, whatever its latency. */
START_TEST(the_champion_has_no_guardrails)
{
    look l;

    win(&l, LLMLEARN_RULE_CLASSIC);
    look_set_arm(&l, 0, 300, 400);
    look_set_arm(&l, 1, 200, 400);
    moments_set(&l.in.arms[0].latency_us, 400, 9000000, 200000);
    look_decide(&l);
    expect(&l, LLMLEARN_WINNER, "winner");
    ck_assert_int_eq(l.out.winner, 0);
    ck_assert_uint_eq(l.out.blockers, 0);
}
END_TEST

/* ---- what a reader should know ------------------------------------------ */

START_TEST(repeated_votes_and_wrong_claims_are_advised_of)
{
    look l;

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 210, 400);
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, 0);
    /* 100 users of ten votes each, half of them always content, half never. */
    l.in.arms[1].voting_units = 100;
    l.in.arms[1].votes = 1000;
    l.in.arms[1].positive = 500;
    l.in.arms[1].votes_squared = 10000;
    l.in.arms[1].products = l.in.arms[1].positive_squared = 5000;
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_CLUSTERED);
    ck_assert_double_gt(l.out.evidence.arms[1].all_votes.design_effect, 9);

    two_arms(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 200, 210, 400); /* 1,600 explanations */
    l.in.test.mismatches = 15;
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, 0);
    l.in.test.mismatches = 16;
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_MISMATCHES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules");
    TCase *tc = tcase_create("rules");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, a_look_needs_the_minimum_duration_and_the_minimum_of_votes);
    tcase_add_test(tc, one_look_in_each_whole_week_since_the_start);
    tcase_add_test(tc, long_tests_are_looked_at_sixty_four_times);
    tcase_add_test(tc, a_look_sees_whole_weeks);
    tcase_add_test(tc, the_last_of_sixty_four_looks_is_kept_for_the_last_day);
    tcase_add_test(tc, on_the_last_day_it_looks_whatever_there_is);
    tcase_add_test(tc, z_at_the_bound_wins_and_just_below_does_not);
    tcase_add_test(tc, variants_share_alpha);
    tcase_add_test(tc, of_those_that_cross_the_highest_rate_wins);
    tcase_add_test(tc, many_looks_and_arms_change_no_bound);
    tcase_add_test(tc, a_worse_variant_ends_nothing_early);
    tcase_add_test(tc, with_all_that_was_planned_it_ends);
    tcase_add_test(tc, a_variant_that_was_known_in_full_is_done);
    tcase_add_test(tc, the_last_day_spends_all_that_is_left);
    tcase_add_test(tc, information_is_what_unequal_arms_are_worth);
    tcase_add_test(tc, an_e_value_at_the_weeks_end_wins);
    tcase_add_test(tc, neither_now_nor_the_highest_ever_decides);
    tcase_add_test(tc, variants_share_alpha_as_e_values_too);
    tcase_add_test(tc, whole_weeks_make_up_the_minimum_duration);
    tcase_add_test(tc, votes_are_those_of_the_weeks_end);
    tcase_add_test(tc, its_last_day_ends_it);
    tcase_add_test(tc, a_broken_split_makes_it_invalid_at_any_look);
    tcase_add_test(tc, a_split_that_was_broken_stays_broken);
    tcase_add_test(tc, users_who_do_not_answer_alike_make_it_invalid);
    tcase_add_test(tc, an_arm_that_is_off_takes_no_part);
    tcase_add_test(tc, without_a_variant_left_it_ends);
    tcase_add_test(tc, a_winner_that_is_off_waits_for_a_person);
    tcase_add_test(tc, a_guardrail_that_fails_blocks_the_winner);
    tcase_add_test(tc, what_is_within_its_margin_or_unknown_blocks_nothing);
    tcase_add_test(tc, the_champion_has_no_guardrails);
    tcase_add_test(tc, repeated_votes_and_wrong_claims_are_advised_of);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
