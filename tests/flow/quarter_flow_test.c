/* A small quarter through the public calls, three processes at work on one database: what is
 * promoted, and how often, when the truth is known. The whole one is tests/bench/quarter_bench.c.
 *
 * Which arm a unit falls into is drawn anew in each run, by the test's own salt; so a bound is one
 * that chance breaks once in 100,000 times. */
#include "simulation/quarter.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RARE 1e-5
#define EXPECTED_RUNS 4000
#define SEED 20251006

#define CLASSIC LLMLEARN_RULE_CLASSIC
#define GROUP LLMLEARN_RULE_GROUP_SEQUENTIAL
#define ALWAYS LLMLEARN_RULE_ALWAYS_VALID

#define SOUND 6 /* the first of the cases */

static quarter_case cases[] = {
    { "aa_classic", CLASSIC, PEOPLE_ONCE, 30, 2, { 0.6, 0.6 }, 28, 28, 12, 0.15, 0 },
    { "aa_group", GROUP, PEOPLE_ONCE, 30, 2, { 0.6, 0.6 }, 28, 0, 12, 0.15, 0 },
    { "aa_always", ALWAYS, PEOPLE_ONCE, 30, 2, { 0.6, 0.6 }, 28, 7, 12, 0.15, 0 },
    { "better_classic", CLASSIC, PEOPLE_ONCE, 20, 2, { 0.5, 0.7 }, 28, 28, 12, 0.15, 0 },
    { "better_group", GROUP, PEOPLE_ONCE, 20, 2, { 0.5, 0.7 }, 28, 0, 12, 0.15, 0 },
    { "better_always", ALWAYS, PEOPLE_ONCE, 20, 2, { 0.5, 0.7 }, 28, 7, 12, 0.15, 0 },
    { "worse_classic", CLASSIC, PEOPLE_ONCE, 12, 4, { 0.6, 0.6, 0.6, 0.3 }, 21, 21, 24, 0.15, 0 },
    { "worse_group", GROUP, PEOPLE_ONCE, 12, 4, { 0.6, 0.6, 0.6, 0.3 }, 21, 7, 24, 0.15, 0 },
    { "worse_always", ALWAYS, PEOPLE_ONCE, 12, 4, { 0.6, 0.6, 0.6, 0.3 }, 21, 7, 24, 0.15, 0 },
    { "loyal_group", GROUP, PEOPLE_LOYAL, 20, 2, { 0.6, 0.6 }, 20, 7, 10, 0.15, 0 },
    { "hard_group", GROUP, PEOPLE_HARD, 12, 2, { 0.7, 0.7 }, 21, 7, 60, 0.07, 0 },
    { "weekly_always", ALWAYS, PEOPLE_WEEKLY, 6, 2, { 0.6, 0.6 }, 14, 7, 60, 0.15, 0 },
    { "reading_group", GROUP, PEOPLE_READING, 16, 2, { 0.6, 0.6 }, 10, 7, 5, 0.15, 0 },
    { "split_group", GROUP, PEOPLE_LOST, 1, 2, { 0.6, 0.6 }, 7, 7, 5943, 0.05, 0 },
    { "response_classic", CLASSIC, PEOPLE_SILENT, 2, 2, { 0.6, 0.6 }, 7, 7, 1000, 0.05, 0 },
};

#define CASES (sizeof cases / sizeof cases[0])

/* ---- chance ------------------------------------------------------------------- */

static double ln_binomial(uint32_t k, uint32_t n, double p)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) +
           (n - k) * log1p(-p);
}

/* That so few come out, or so many. */
static double chance_of_extreme(uint32_t got, uint32_t n, double p)
{
    double few = 0, many = 0;

    for (uint32_t k = 0; k <= n; k++) {
        double one = exp(ln_binomial(k, n, p));
        few += k <= got ? one : 0;
        many += k >= got ? one : 0;
    }
    return few < many ? few : many;
}

static double chance_of_so_many(uint32_t got, uint32_t n, double p)
{
    double many = 0;

    for (uint32_t k = got; k <= n; k++)
        many += exp(ln_binomial(k, n, p));
    return many;
}

/* ---- a quarter ------------------------------------------------------------------ */

static rule rule_of(const quarter_case *c)
{
    return c->rule == CLASSIC ? RULE_CLASSIC
           : c->rule == GROUP ? RULE_GROUP_SEQUENTIAL
                              : RULE_ALWAYS_VALID;
}

static void expect_rate_of_rule(const quarter_case *c, const quarter_tally *t)
{
    const scenario s = quarter_expected(c, t);
    const tally alone = run_rule(rule_of(c), &s, EXPECTED_RUNS, SEED);
    /* As if one more run had gone either way: a rate of 0 would allow nothing. */
    double expected = (alone.winners + 1.0) / (alone.runs + 2.0);

    ck_assert_msg(chance_of_extreme(t->winners, t->tests, expected) > RARE,
                  "%s: %u winners of %u, expected %.4f", c->name, t->winners, t->tests, expected);
    if (c->rates[1] <= c->rates[0])
        ck_assert_msg(chance_of_so_many(t->promoted, t->tests, 0.05) > RARE,
                      "%s: %u of %u promoted", c->name, t->promoted, t->tests);
}

/* A variant may win without being promoted by the classic rule alone: if another arm is bad. */
static void expect_nothing_promoted(const quarter_case *c, const quarter_tally *t)
{
    ck_assert_msg(chance_of_so_many(t->promoted, t->tests, 0.05) > RARE, "%s: %u of %u promoted",
                  c->name, t->promoted, t->tests);
    if (c->rule != CLASSIC)
        ck_assert_msg(chance_of_so_many(t->variants, t->tests, 0.05) > RARE,
                      "%s: a variant won %u of %u", c->name, t->variants, t->tests);
}

/* Of more units, and more votes, than are needed: see the bench. */
static void expect_all_invalid(const quarter_case *c, const quarter_tally *t)
{
    ck_assert_msg(t->invalid == t->tests, "%s: %u of %u invalid", c->name, t->invalid, t->tests);
    ck_assert_msg(t->promoted == 0, "%s: %u promoted", c->name, t->promoted);
}

static bool is_broken(const quarter_case *c)
{
    return c->people == PEOPLE_LOST || c->people == PEOPLE_SILENT;
}

START_TEST(what_a_quarter_promotes_is_right)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
    quarter_tally tallies[CASES];
    uint32_t sound = 0, alarms = 0;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    for (size_t i = 0; i < CASES; i++)
        cases[i].tests =
            (cases[i].tests + (uint32_t)learner_rounds(1, 8) - 1) / (uint32_t)learner_rounds(1, 8);
    run_quarter(&(quarter){ .path = path,
                            .cases = cases,
                            .case_count = CASES,
                            .processes = 3,
                            .threads = 32,
                            .seed = SEED },
                tallies);
    recount(path);
    for (size_t i = 0; i < CASES; i++) {
        if (i < SOUND)
            expect_rate_of_rule(&cases[i], &tallies[i]);
        else if (is_broken(&cases[i]))
            expect_all_invalid(&cases[i], &tallies[i]);
        else
            expect_nothing_promoted(&cases[i], &tallies[i]);
        sound += is_broken(&cases[i]) ? 0 : tallies[i].tests;
        alarms += is_broken(&cases[i]) ? 0 : tallies[i].invalid;
    }
    ck_assert_msg(chance_of_so_many(alarms, sound, 0.011) > RARE, "%u false alarms in %u", alarms,
                  sound);
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quarter");
    TCase *tcase = tcase_create("truth");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_a_quarter_promotes_is_right);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
