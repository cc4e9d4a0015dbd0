/* quarter_bench.c - a quarter in which thousands of tests run at once, on one database, and what is
 * promoted is known to be right or wrong: rates against those of the rules alone, promotions of
 * arms that are no better, and broken experiments that must be seen to be broken. A figure's ratio
 * is how many standard errors it is from its reference. */
#include "measure.h"

#include "simulation/quarter.h"
#include "simulation/rules.h"

#include <math.h>

#define THREADS 32
#define EXPECTED_RUNS 20000
#define SEED 20251006

/* ---- the cases ----------------------------------------------------------- */

typedef enum kind {
    MATCHED = 1, /* winners as often as by the rule alone */
    UNFOUNDED,   /* no variant is better: promotions are mistakes */
    BROKEN       /* must be found to be invalid */
} kind;

#define CASES_MAX 32
#define NAME_BYTES 32

static quarter_case cases[CASES_MAX];
static kind kinds[CASES_MAX];
static char names[CASES_MAX][NAME_BYTES];
static uint32_t case_count;

static void add(kind of, const char *name, const quarter_case *c)
{
    NEED(case_count < CASES_MAX);
    snprintf(names[case_count], NAME_BYTES, "%s", name);
    cases[case_count] = *c;
    cases[case_count].name = names[case_count];
    kinds[case_count++] = of;
}

/* By every rule. The classic one waits for its minimum, the others may end
 * from `sequential_min` days on; group_sequential looks every day, every week if that is 7. */
static void add_rules(kind of, const char *name, quarter_case c, uint32_t sequential_min)
{
    static const struct {
        const char *name;
        int32_t rule;
    } rules[] = { { "classic", LLMLEARN_RULE_CLASSIC },
                  { "group_sequential", LLMLEARN_RULE_GROUP_SEQUENTIAL },
                  { "always_valid", LLMLEARN_RULE_ALWAYS_VALID } };
    char whole[NAME_BYTES];

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        snprintf(whole, sizeof whole, "%s_%s", name, rules[i].name);
        c.rule = rules[i].rule;
        if (c.rule == LLMLEARN_RULE_GROUP_SEQUENTIAL)
            c.days_min = sequential_min;
        if (c.rule == LLMLEARN_RULE_ALWAYS_VALID)
            c.days_min = 7;
        add(of, whole, &c);
    }
}

/* 504 votes of a test, and about as many planned. */
static void add_matched(void)
{
    quarter_case c = { .people = PEOPLE_ONCE,
                       .tests = 130,
                       .arm_count = 2,
                       .rates = { 0.6, 0.6 },
                       .days = 84,
                       .days_min = 84,
                       .requests = 6,
                       .lift_min = 0.12 };

    add_rules(MATCHED, "60_60", c, 0);
    c.rates[1] = 0.65;
    add_rules(MATCHED, "60_65", c, 0);
    c.rates[1] = 0.7;
    add_rules(MATCHED, "60_70", c, 0);
}

static void add_unfounded(void)
{
    const quarter_case one_worse = { .people = PEOPLE_ONCE,
                                     .tests = 100,
                                     .arm_count = 4,
                                     .rates = { 0.6, 0.6, 0.6, 0.4 },
                                     .days = 84,
                                     .days_min = 84,
                                     .requests = 6,
                                     .lift_min = 0.12 };
    quarter_case c = one_worse;

    add_rules(UNFOUNDED, "one_worse", c, 7);
    c.arm_count = 2;
    c.people = PEOPLE_HARD;
    c.rates[0] = c.rates[1] = 0.7;
    add_rules(UNFOUNDED, "hard", c, 7);
    c.people = PEOPLE_LOYAL;
    c.rates[0] = c.rates[1] = 0.6;
    c.tests = 150;
    c.days = c.days_min = 35;
    c.requests = 10;
    add_rules(UNFOUNDED, "loyal", c, 7);
    c.people = PEOPLE_READING;
    c.tests = 50;
    c.days = c.days_min = 21;
    c.requests = 3;
    add_rules(UNFOUNDED, "reading", c, 7);
    /* So many votes that one week's weekdays alone would be convincing. */
    c.people = PEOPLE_WEEKLY;
    c.tests = 30;
    c.days = 28;
    c.days_min = 14;
    c.requests = 200;
    c.lift_min = 0.04;
    add_rules(UNFOUNDED, "weekly", c, 7);
}

/* To 20,000 units, and to 2,000 first votes. */
static void add_broken(void)
{
    quarter_case c = { .rule = LLMLEARN_RULE_GROUP_SEQUENTIAL,
                       .people = PEOPLE_LOST,
                       .tests = 40,
                       .arm_count = 2,
                       .rates = { 0.6, 0.6 },
                       .days = 7,
                       .requests = 2971 };

    add(BROKEN, "split_48_52", &c);
    c.people = PEOPLE_SILENT;
    c.requests = 816;
    add(BROKEN, "response_40_30", &c);
}

/* ---- figures ---------------------------------------------------------------- */

static rule rule_of(const quarter_case *c)
{
    switch (c->rule) {
    case LLMLEARN_RULE_CLASSIC:
        return RULE_CLASSIC;
    case LLMLEARN_RULE_GROUP_SEQUENTIAL:
        return RULE_GROUP_SEQUENTIAL;
    default:
        return RULE_ALWAYS_VALID;
    }
}

static void compare_with_rule(const quarter_case *c, const quarter_tally *t)
{
    const scenario s = quarter_expected(c, t);
    const tally alone = run_rule(rule_of(c), &s, EXPECTED_RUNS, SEED);
    double expected = share_of(alone.winners, &alone), got = (double)t->winners / t->tests;
    double error = sqrt(expected * (1 - expected) * (1.0 / t->tests + 1.0 / EXPECTED_RUNS));
    char name[64];

    snprintf(name, sizeof name, "quarter_%s", c->name);
    print_figure((figure){ .name = name,
                           .value = got,
                           .unit = "winners",
                           .reference = "the rule alone",
                           .reference_value = expected,
                           .ratio = fabs(got - expected) / error,
                           .goal = "ratio <= 3" });
}

/* At most 5 %, and what chance adds to so many tests. */
static void bound_promotions(const quarter_case *c, const quarter_tally *t)
{
    char name[64], goal[32];

    snprintf(name, sizeof name, "quarter_%s", c->name);
    snprintf(goal, sizeof goal, "value <= %.4f", 0.05 + chance(0.05, t->tests));
    print_figure((figure){ .name = name,
                           .value = (double)t->promoted / t->tests,
                           .unit = "promoted",
                           .reference = "a variant won",
                           .reference_value = (double)t->variants / t->tests,
                           .goal = goal });
}

static void expect_invalid(const quarter_case *c, const quarter_tally *t)
{
    char name[64], goal[32];

    NEED(t->promoted == 0 || t->invalid < t->tests);
    snprintf(name, sizeof name, "quarter_%s", c->name);
    snprintf(goal, sizeof goal, "value >= %.4f", 0.95 - chance(0.95, t->tests));
    print_figure((figure){ .name = name,
                           .value = (double)t->invalid / t->tests,
                           .unit = "invalid",
                           .reference = "promoted",
                           .reference_value = (double)t->promoted / t->tests,
                           .goal = goal });
}

/* Of tests that are in order, one in a thousand may be taken for badly split and one in a hundred
 * for unlike in response. */
static void print_sums(const quarter_tally *tallies, double seconds)
{
    uint64_t votes = 0, explanations = 0;
    uint32_t tests = 0, invalid = 0;
    char goal[32];

    for (size_t i = 0; i < case_count; i++) {
        votes += tallies[i].votes;
        explanations += tallies[i].explanations;
        tests += kinds[i] == BROKEN ? 0 : tallies[i].tests;
        invalid += kinds[i] == BROKEN ? 0 : tallies[i].invalid;
    }
    snprintf(goal, sizeof goal, "value <= %.4f", 0.011 + chance(0.011, tests));
    print_figure((figure){ .name = "quarter_false_alarms",
                           .value = (double)invalid / tests,
                           .unit = "invalid",
                           .reference = "tests in order",
                           .reference_value = tests,
                           .goal = goal });
    print_figure((figure){ .name = "quarter_votes",
                           .value = (double)votes,
                           .unit = "votes",
                           .reference = "explanations",
                           .reference_value = (double)explanations });
    print_figure((figure){ .name = "quarter_time", .value = seconds, .unit = "s" });
}

static void print_case(size_t i, const quarter_tally *t)
{
    switch (kinds[i]) {
    case MATCHED:
        compare_with_rule(&cases[i], t);
        return;
    case UNFOUNDED:
        bound_promotions(&cases[i], t);
        return;
    case BROKEN:
        expect_invalid(&cases[i], t);
        return;
    }
}

int main(int argc, char **argv)
{
    quarter_tally tallies[CASES_MAX];
    char path[PATH_BYTES];
    double start = now_ns(), seconds;

    path_of(path, argc, argv, "quarter.db");
    add_matched();
    add_unfounded();
    add_broken();
    for (size_t i = 0; i < case_count && is_quick(argc, argv); i++)
        cases[i].tests /= 10;
    run_quarter(&(quarter){ .path = path,
                            .cases = cases,
                            .case_count = case_count,
                            .processes = 1,
                            .threads = THREADS,
                            .seed = SEED },
                tallies);
    seconds = (now_ns() - start) / NS_PER_S;
    for (size_t i = 0; i < case_count; i++)
        print_case(i, &tallies[i]);
    print_sums(tallies, seconds);
    return 0;
}
