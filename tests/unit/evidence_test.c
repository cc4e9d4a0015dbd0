/* That the evidence is what the public statistics say of the same numbers, and that sums over units
 * lose nothing. */
#include "experiment/unit_mean.h"
#include "support/inputs.h"
#include "support/learners.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARMS 3
#define USERS 120

/* Whole cases beside the sums made of them. */
typedef struct person {
    uint64_t votes, positive;
} person;

static person people[ARMS][USERS];

/* Arms of users with one to five votes each, ratings, and what they met. */
static void fill(look *l, llmlearn_rule rule)
{
    uint64_t state = 42;

    look_begin(l, rule, ARMS);
    for (uint32_t i = 0; i < ARMS; i++) {
        ll_ab_arm *arm = &l->in.arms[i];
        look_set_arm(l, i, 60 + 10 * i, USERS);
        arm->voting_units = USERS;
        arm->votes = arm->positive = arm->votes_squared = arm->products = arm->positive_squared = 0;
        for (int u = 0; u < USERS; u++) {
            person p = { .votes = 1 + learner_random(&state) % 5 };
            p.positive = learner_random(&state) % (p.votes + 1);
            people[i][u] = p;
            arm->votes += (int64_t)p.votes;
            arm->positive += (int64_t)p.positive;
            arm->votes_squared += (int64_t)(p.votes * p.votes);
            arm->products += (int64_t)(p.votes * p.positive);
            arm->positive_squared += (int64_t)(p.positive * p.positive);
            ll_ab_moments_add(&arm->latency_us, 500000 + (int64_t)(learner_random(&state) % 900000),
                              1, 1);
            ll_ab_moments_add(&arm->cost_nanousd_mean, (int64_t)(learner_random(&state) % 9000), 1,
                              1);
            ll_ab_moments_add(&arm->failure_ppm, learner_random(&state) % 10 == 0 ? 500000 : 0, 1,
                              1);
            arm->first_rating[learner_random(&state) % 5]++;
        }
        if (i > 0)
            look_set_e(l, i, 1.5 * i);
    }
    l->in.eprocess_week_end.ln_e_value[1] = 0.25;
    look_decide(l);
}

static llmlearn_rate first_of(const look *l, uint32_t arm)
{
    return (llmlearn_rate){ .successes = (uint64_t)l->in.arms[arm].first_positive,
                            .trials = (uint64_t)l->in.arms[arm].first_votes };
}

#define ck_public(call) ck_assert_int_eq((call), LLMLEARN_OK)

START_TEST(each_part_is_what_the_public_call_says)
{
    llmlearn_rate arms[ARMS];
    look l;

    fill(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL);
    const ll_evidence *e = &l.out.evidence;
    for (uint32_t i = 0; i < ARMS; i++)
        arms[i] = first_of(&l, i);

    llmlearn_association association = { .struct_size = sizeof association };
    ck_public(llmlearn_stats_association(arms, ARMS, &association));
    ck_assert(e->classic.p_value == association.p_value);
    ck_assert(e->classic.chi_square == association.chi_square);
    ck_assert(e->classic.cramers_v == association.cramers_v);
    ck_assert(e->cramers_v_unbiased == association.cramers_v_unbiased);

    llmlearn_posterior posterior = { .struct_size = sizeof posterior };
    ck_public(llmlearn_stats_posterior(arms, ARMS, 0, 0, 0.95, &posterior));
    for (uint32_t i = 0; i < ARMS; i++) {
        ck_assert(e->posterior.best_ratio[i] == posterior.best_ratio[i]);
        ck_assert(e->posterior.expected_loss[i] == posterior.expected_loss[i]);
    }

    double p[ARMS - 1], adjusted[ARMS - 1];
    for (uint32_t i = 1; i < ARMS; i++) {
        const llmlearn_rate pair[2] = { arms[0], arms[i] };
        ck_public(llmlearn_stats_association(pair, 2, &association));
        p[i - 1] = association.p_value;
        ck_assert(e->classic.champion_p[i] == p[i - 1]);
        /* The pooled z is the root of the pair's chi-square. */
        ck_assert_double_eq_tol(e->arms[i].z, sqrt(association.chi_square), 1e-12);
    }
    ck_public(llmlearn_stats_holm(p, ARMS - 1, adjusted));
    ck_assert(e->classic.champion_holm_p[1] == adjusted[0]);
    ck_assert(e->classic.champion_holm_p[2] == adjusted[1]);
}
END_TEST

START_TEST(differences_hold_all_at_once)
{
    llmlearn_difference alone = { .struct_size = sizeof alone };
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    for (uint32_t i = 1; i < ARMS; i++) {
        const llmlearn_rate champion = first_of(&l, 0), variant = first_of(&l, i);
        const llmlearn_difference *found = &l.out.evidence.arms[i].difference;
        ck_public(llmlearn_stats_difference(&champion, &variant, 1 - 0.05 / 2, 0, &alone));
        ck_assert(found->difference == alone.difference);
        ck_assert_double_eq_tol(found->low, alone.low, 1e-14);
        ck_assert_double_eq_tol(found->high, alone.high, 1e-14);
        ck_assert(found->lift_ratio == alone.lift_ratio);
    }
}
END_TEST

START_TEST(all_votes_are_clustered_by_unit)
{
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    for (uint32_t i = 0; i < ARMS; i++) {
        llmlearn_clustered found = { .struct_size = sizeof found };
        llmlearn_cluster cluster = { .units = USERS };
        for (int u = 0; u < USERS; u++) {
            const person *one = &people[i][u];
            cluster.trials += one->votes;
            cluster.successes += one->positive;
            cluster.trials_squared += one->votes * one->votes;
            cluster.products += one->votes * one->positive;
            cluster.successes_squared += one->positive * one->positive;
        }
        ck_public(llmlearn_stats_clustered(&cluster, 0.95, &found));
        ck_assert(l.out.evidence.arms[i].all_votes.low == found.low);
        ck_assert(l.out.evidence.arms[i].all_votes.high == found.high);
        ck_assert(l.out.evidence.arms[i].all_votes.design_effect == found.design_effect);
        ck_assert_double_gt(found.design_effect, 1);
    }
}
END_TEST

START_TEST(splits_are_of_units_and_of_first_votes)
{
    const double weights[ARMS] = { 1, 1, 1 };
    llmlearn_split units = { .struct_size = sizeof units }, votes = { .struct_size = sizeof votes };
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    l.in.arms[0].units = 1000;
    l.in.arms[1].units = 1100;
    l.in.arms[2].units = 900;
    look_set_arm(&l, 2, 50, 90);
    l.in.arms[2].units = 900;
    look_decide(&l);
    ck_public(
        llmlearn_stats_split((const uint64_t[]){ 1000, 1100, 900 }, weights, ARMS, 1000, &units));
    ck_public(
        llmlearn_stats_split((const uint64_t[]){ USERS, USERS, 90 }, weights, ARMS, 100, &votes));
    ck_assert_double_eq_tol(l.out.evidence.srm.ln_e_value, units.ln_e_value, 1e-9);
    ck_assert_double_eq_tol(l.out.evidence.response.ln_e_value, votes.ln_e_value, 1e-9);
    ck_assert_double_eq_tol(l.out.evidence.response_apart, 1 - 0.1 / 0.12, 1e-12);
}
END_TEST

START_TEST(ratings_are_those_of_first_votes)
{
    llmlearn_ratings found = { .struct_size = sizeof found };
    uint64_t counts[2][5];
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    for (int i = 0; i < 5; i++) {
        counts[0][i] = (uint64_t)l.in.arms[0].first_rating[i];
        counts[1][i] = (uint64_t)l.in.arms[1].first_rating[i];
    }
    ck_public(llmlearn_stats_ratings(counts[0], counts[1], 0.95, &found));
    ck_assert(l.out.evidence.arms[1].ratings.p_value == found.p_value);
    ck_assert(l.out.evidence.arms[1].ratings.superiority == found.superiority);
}
END_TEST

/* Margins that are so much, and not such a part, are a shift of the champion's mean. */
START_TEST(guardrails_are_tests_of_non_inferiority)
{
    llmlearn_noninferiority found = { .struct_size = sizeof found };
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    const ll_ab_arm *c = &l.in.arms[0], *v = &l.in.arms[2];
    const llmlearn_noninferiority *guardrails = l.out.evidence.arms[2].guardrails;

    llmlearn_mean control = ll_unit_mean_of(&c->latency_us),
                  other = ll_unit_mean_of(&v->latency_us);
    ck_public(llmlearn_stats_mean_not_worse(&control, &other, 0.2, 0.05, &found));
    ck_assert(guardrails[LL_GUARDRAIL_LATENCY].p_worse == found.p_worse);

    control = ll_unit_mean_of(&c->cost_nanousd_mean);
    other = ll_unit_mean_of(&v->cost_nanousd_mean);
    ck_public(llmlearn_stats_mean_not_worse(&control, &other, 0.2, 0.05, &found));
    ck_assert(guardrails[LL_GUARDRAIL_COST].p_worse == found.p_worse);

    control = ll_unit_mean_of(&c->failure_ppm);
    other = ll_unit_mean_of(&v->failure_ppm);
    ck_public(llmlearn_stats_mean_not_worse(&control, &other, 1e4 / control.mean, 0.05, &found));
    /* Not the same test: there the champion's spread is blown up with its mean. */
    ck_assert_double_eq_tol(guardrails[LL_GUARDRAIL_FAILURES].p_worse, found.p_worse, 0.05);

    double mean[2] = { 0 };
    for (int i = 0; i < 5; i++) {
        mean[0] += (i + 1) * (double)c->first_rating[i] / USERS;
        mean[1] += (i + 1) * (double)v->first_rating[i] / USERS;
    }
    bool better_than_margin = mean[1] > mean[0] - 0.1;
    ck_assert((guardrails[LL_GUARDRAIL_RATING].statistic > 0) == better_than_margin);
}
END_TEST

START_TEST(e_values_are_the_ones_kept)
{
    look l;

    fill(&l, LLMLEARN_RULE_CLASSIC);
    ck_assert(l.out.evidence.arms[1].ln_e_value == 1.5);
    ck_assert(l.out.evidence.arms[1].ln_e_week_end == 0.25);
    ck_assert(l.out.evidence.arms[0].ln_e_value == 0);
    ck_assert(l.out.ln_e_value == 3); /* the highest of any variant */
    l.in.has_eprocess = false;
    look_decide(&l);
    ck_assert(l.out.ln_e_value == 0);
}
END_TEST

START_TEST(the_same_input_gives_the_same_bits)
{
    look *l = calloc(2, sizeof *l);

    ck_assert_ptr_nonnull(l);
    fill(&l[0], LLMLEARN_RULE_GROUP_SEQUENTIAL);
    memset(&l[1].out, 0xff, sizeof l[1].out);
    l[1].in = l[0].in;
    ll_decide(&l[1].in, &l[1].out);
    ck_assert_mem_eq(&l[0].out.evidence, &l[1].out.evidence, sizeof l[0].out.evidence);
    free(l);
}
END_TEST

/* ---- means of units ----------------------------------------------------- */

/* Sums whose squares have 28 digits, of numbers that differ in the last one. */
START_TEST(the_spread_of_large_numbers_that_hardly_differ_is_exact)
{
    const int64_t offsets[] = { 0, 1000, INT64_C(1000000000000), LL_AB_VALUE_MAX - 5 };

    for (size_t i = 0; i < LL_ARRAY_COUNT(offsets); i++) {
        ll_ab_moments m = { .units = 0 };
        for (int64_t x = 0; x < 5; x++)
            ll_ab_moments_add(&m, offsets[i] + x, 1, 1);
        llmlearn_mean mean = ll_unit_mean_of(&m);
        ck_assert_uint_eq(mean.count, 5);
        ck_assert(mean.mean == (double)(offsets[i] + 2));
        ck_assert(mean.variance == 2.5);
    }
}
END_TEST

START_TEST(a_mean_of_one_unit_or_none_has_no_spread)
{
    ll_ab_moments m = { .units = 0 };

    ck_assert(ll_unit_mean_is_sound(&m));
    ck_assert_uint_eq(ll_unit_mean_of(&m).count, 0);
    ll_ab_moments_add(&m, 7, 1, 1);
    ck_assert(ll_unit_mean_of(&m).mean == 7);
    ck_assert(ll_unit_mean_of(&m).variance == 0);
}
END_TEST

START_TEST(sums_that_no_units_can_have_are_found)
{
    ll_ab_moments good = { .units = 3, .sum = 10, .squares = 34 }, m; /* 3, 3, 4 */

    ck_assert(ll_unit_mean_is_sound(&good));
    m = good;
    m.squares = 33; /* less than three whole numbers of the sum 10 can have */
    ck_assert(!ll_unit_mean_is_sound(&m));
    m = good;
    m.units = -3;
    ck_assert(!ll_unit_mean_is_sound(&m));
    m = good;
    m.units = 0;
    ck_assert(!ll_unit_mean_is_sound(&m));
    m = good;
    m.sum = -1;
    ck_assert(!ll_unit_mean_is_sound(&m));
    m = good;
    m.sum = 3 * (ll_i128)LL_AB_VALUE_MAX + 1;
    ck_assert(!ll_unit_mean_is_sound(&m));
    m.units = INT64_MAX;
    m.squares = (ll_i128)(~(ll_u128)0 >> 1);
    ck_assert(!ll_unit_mean_is_sound(&m));
    /* The most there is room for. */
    m.units = INT64_C(10000000000);
    m.sum = m.units * (ll_i128)LL_AB_VALUE_MAX;
    m.squares = m.sum * LL_AB_VALUE_MAX;
    ck_assert(ll_unit_mean_is_sound(&m));
    ck_assert(ll_unit_mean_of(&m).mean == (double)LL_AB_VALUE_MAX);
    ck_assert(ll_unit_mean_of(&m).variance == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evidence");
    TCase *tc = tcase_create("evidence");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, each_part_is_what_the_public_call_says);
    tcase_add_test(tc, differences_hold_all_at_once);
    tcase_add_test(tc, all_votes_are_clustered_by_unit);
    tcase_add_test(tc, splits_are_of_units_and_of_first_votes);
    tcase_add_test(tc, ratings_are_those_of_first_votes);
    tcase_add_test(tc, guardrails_are_tests_of_non_inferiority);
    tcase_add_test(tc, e_values_are_the_ones_kept);
    tcase_add_test(tc, the_same_input_gives_the_same_bits);
    tcase_add_test(tc, the_spread_of_large_numbers_that_hardly_differ_is_exact);
    tcase_add_test(tc, a_mean_of_one_unit_or_none_has_no_spread);
    tcase_add_test(tc, sums_that_no_units_can_have_are_found);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
