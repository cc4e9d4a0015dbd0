/* rules_bench.c - how often the shipped rules are wrong, and how soon they are right, by simulation
 * with fixed seeds; and what a vote costs in an e-process, and sixty-four looks.
 *
 * To stderr also goes a table of the rules side by side. */
#include "measure.h"

#include "experiment/evidence.h"
#include "simulation/clusters.h"
#include "simulation/draws.h"
#include "simulation/rules.h"

#define RUNS 20000
#define RUNS_QUICK 1000
#define ROUNDS 30
#define VOTES 200000

static uint32_t runs; /* of each scenario */

static void print_percent(const char *name, double share, const char *goal)
{
    print_figure((figure){ .name = name, .value = 100.0 * share, .unit = "%", .goal = goal });
}

/* ---- always valid: winners among equals ---------------------------------------- */

/* The worst of all, looked at after every vote. */
static void measure_false_winners(void)
{
    static const uint32_t arms[] = { 2, 4, 10 };
    static const double rates[] = { 0.05, 0.5, 0.6, 0.95 };
    const uint32_t each = runs / 4;
    double worst = 0.0;

    for (size_t i = 0; i < COUNT_OF(arms); i++) {
        for (size_t j = 0; j < 2 * COUNT_OF(rates); j++) {
            double champion = j % 2 == 0 ? 1.0 / arms[i] : 0.9;
            scenario s = equal_arms(arms[i], rates[j / 2], champion, 6000);
            tally t = run_rule(RULE_ALWAYS_VALID, &s, each, 100 + i * 10 + j);
            double share = share_of(t.winners, &t);
            worst = share > worst ? share : worst;
        }
    }
    /* 5 % and three standard errors of 5,000 runs */
    print_percent("always_valid_false_winners", worst, "value <= 5.92");
}

/* ---- power ------------------------------------------------------------------------ */

static void measure_power(const char *name, rule which, scenario s, const char *power_goal,
                          const char *time_goal)
{
    /* what is true of group_sequential, 78.1 %, is close to the goal */
    uint32_t some = which == RULE_GROUP_SEQUENTIAL ? 5 * runs : runs;
    tally t = run_rule(which, &s, some, 200);
    char text[80];

    snprintf(text, sizeof text, "%s_found", name);
    print_percent(text, share_of(t.better, &t), power_goal);
    snprintf(text, sizeof text, "%s_time", name);
    print_percent(text, t.time, time_goal);
}

/* The champion is the better of two: how often is the other not promoted? */
static void measure_wrong_arm(const char *name, rule which, scenario s)
{
    tally t = run_rule(which, &s, runs, 300);

    print_percent(name, 1.0 - share_of(t.unfounded, &t), "value >= 99.9");
}

/* ---- three alike and one worse ----------------------------------------------------- */

static scenario one_worse(uint32_t horizon, uint32_t look_every)
{
    scenario s = equal_arms(4, 0.6, 0.25, horizon);

    s.rates[3] = 0.4;
    s.look_every = look_every;
    return s;
}

static void measure_unfounded(void)
{
    static const struct {
        const char *name;
        rule which;
        uint32_t look_every;
        const char *goal;
    } cells[] = {
        { "one_worse_classic_alone", RULE_CLASSIC, 2000, NULL },
        { "one_worse_promotable", RULE_PROMOTABLE, 2000, "value <= 5" },
        { "one_worse_always_valid", RULE_ALWAYS_VALID, 1, "value <= 5" },
        { "one_worse_group_sequential", RULE_GROUP_SEQUENTIAL, 100, "value <= 5" },
    };

    for (size_t i = 0; i < COUNT_OF(cells); i++) {
        scenario s = one_worse(2000, cells[i].look_every);
        uint32_t some = cells[i].which == RULE_GROUP_SEQUENTIAL ? runs / 5 : runs;
        tally t = run_rule(cells[i].which, &s, some, 400);
        print_percent(cells[i].name, share_of(t.unfounded, &t), cells[i].goal);
    }
}

/* ---- many arms, all alike --------------------------------------------------------------- */

/* As many votes for each variant as an ordinary test of it alone needs. */
static void measure_many_arms(void)
{
    static const uint32_t arms[] = { 4, 10 };
    char text[80];

    for (size_t i = 0; i < COUNT_OF(arms); i++) {
        scenario s = equal_arms(arms[i], 0.6, 1.0 / arms[i], arms[i] * 1470);
        tally t = run_rule(RULE_ALWAYS_VALID, &s, runs / 5, 5);
        snprintf(text, sizeof text, "always_valid_%u_alike", arms[i]);
        print_percent(text, share_of(t.winners, &t), "value <= 5");
        s.look_every = s.horizon / 28;
        t = run_rule(RULE_GROUP_SEQUENTIAL, &s, runs / 10, 5);
        snprintf(text, sizeof text, "group_sequential_%u_alike", arms[i]);
        print_percent(text, share_of(t.winners, &t), "value <= 5");
    }
}

/* ---- users who vote twenty times ------------------------------------------------------ */

static void measure_clusters(void)
{
    clusters c = { .users = 100, .votes = 20, .rate = 0.6, .correlation = 0.3 };
    differences even = run_clusters(&c, runs, 600);

    c.uneven = true;
    differences uneven = run_clusters(&c, runs, 601);
    print_percent("clusters_false_differences", even.clustered, "value <= 6");
    print_percent("clusters_uneven_false_differences", uneven.clustered, "value <= 6");
    print_percent("clusters_taken_for_votes", even.naive, NULL);
}

/* ---- splits --------------------------------------------------------------------------- */

/* As a test does it: after each unit, of two arms that should be alike. The concentration is
 * experiment's. */
static bool is_flagged(double share, uint64_t units, draws *d)
{
    uint64_t counts[2] = { 0 };
    double ln_e = 0.0;

    for (uint64_t n = 0; n < units; n++) {
        int arm = draw_event(d, share) ? 0 : 1;
        ln_e += ll_evidence_srm_gain(counts[arm]++, n, 0.5);
        if (ln_e >= log(1000))
            return true;
    }
    return false;
}

static double flagged(double share, uint64_t seed)
{
    draws d = draws_begin(seed);
    uint32_t found = 0;

    for (uint32_t i = 0; i < runs; i++)
        found += is_flagged(share, 20000, &d);
    return (double)found / runs;
}

static void measure_splits(void)
{
    print_percent("split_48_52_flagged", flagged(0.48, 700), "value >= 95");
    print_percent("split_50_50_flagged", flagged(0.5, 701), "value <= 0.1");
}

/* ---- side by side -------------------------------------------------------------------- */

static void print_row(const char *name, rule which, uint32_t horizon, uint32_t look_every)
{
    const scenario equal = two_arms(0.6, 0.6, horizon, look_every);
    const scenario small = two_arms(0.6, 0.65, horizon, look_every);
    const scenario large = two_arms(0.6, 0.7, horizon, look_every);
    const scenario worse = one_worse(horizon, look_every);
    /* bounds of two arms are known from run to run; those of four are not */
    bool known = which == RULE_GROUP_SEQUENTIAL;
    tally none = run_rule(which, &equal, known ? 5 * runs : runs, 500);
    tally five = run_rule(which, &small, known ? 5 * runs : runs, 501);
    tally ten = run_rule(which, &large, runs, 502);
    tally one = run_rule(which, &worse, known ? runs / 5 : runs, 503);

    fprintf(stderr, "| %s | %.1f %% | %.1f %% | %.0f %% | %.0f %% | %.0f %% | %.0f %% |\n", name,
            100.0 * share_of(none.unfounded, &none), 100.0 * share_of(one.unfounded, &one),
            100.0 * share_of(five.better, &five), 100.0 * five.time,
            100.0 * share_of(ten.better, &ten), 100.0 * ten.time);
}

/* Four weeks of votes. */
static void print_table(uint32_t horizon)
{
    fprintf(stderr,
            "\n%u votes in four weeks\n\n"
            "| rule | 60, 60 | 60, 60, 60, 40 | 60, 65 | time | 60, 70 | time |\n"
            "|---|---|---|---|---|---|---|\n",
            horizon);
    print_row("`classic`, alone", RULE_CLASSIC, horizon, horizon);
    print_row("`classic` and `promotable`", RULE_PROMOTABLE, horizon, horizon);
    print_row("`group_sequential`, looked at weekly", RULE_GROUP_SEQUENTIAL, horizon, horizon / 4);
    print_row("`always_valid`, looked at weekly", RULE_ALWAYS_VALID, horizon, horizon / 4);
    print_row("`always_valid`, looked at all the time", RULE_ALWAYS_VALID, horizon, 1);
}

/* ---- speed ------------------------------------------------------------------------------ */

/* Nanoseconds for a vote; four arms, of which three are compared at a champion's vote. */
static double vote_ns(void)
{
    static const double weights[4] = { 1, 1, 1, 1 };
    llmlearn_eprocess state = { .struct_size = sizeof state };
    double start;

    MUST(llmlearn_eprocess_begin(weights, 4, 0, 0, &state));
    start = now_ns();
    for (uint32_t i = 0; i < VOTES; i++)
        MUST(llmlearn_eprocess_add(&state, i % 4, i % 5 < 2 || (i % 4 > 0 && i % 7 == 0)));
    return (now_ns() - start) / VOTES;
}

static double looks_ms(void)
{
    double times[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
    double start = now_ns();

    for (int i = 0; i < LLMLEARN_LOOKS_MAX; i++)
        times[i] = i + 1;
    MUST(llmlearn_stats_look_bounds(times, LLMLEARN_LOOKS_MAX, LLMLEARN_LOOKS_MAX, 0.025, 0, bounds,
                                    NULL));
    return (now_ns() - start) / 1e6;
}

static void measure_speed(void)
{
    double votes[ROUNDS], looks[ROUNDS], work[ROUNDS];
    double *const columns[] = { votes, looks };
    size_t kept;

    for (size_t i = 0; i < ROUNDS; i++) {
        work[i] = work_ns();
        votes[i] = vote_ns();
        looks[i] = looks_ms();
        work[i] = slower(work[i], work_ns());
    }
    kept = keep_steady(work, ROUNDS, columns, COUNT_OF(columns));
    print_figure((figure){ .name = "eprocess_add",
                           .value = median(votes, kept),
                           .unit = "ns",
                           .goal = "value <= 100" });
    print_figure((figure){ .name = "look_bounds_64",
                           .value = median(looks, kept),
                           .unit = "ms",
                           .goal = "value <= 10" });
}

int main(int argc, char **argv)
{
    runs = is_quick(argc, argv) ? RUNS_QUICK : RUNS;
    measure_speed();
    measure_false_winners();
    measure_power("always_valid_60_70", RULE_ALWAYS_VALID, two_arms(0.6, 0.7, 2940, 1),
                  "value >= 99.5", "value <= 30");
    measure_power("always_valid_60_65", RULE_ALWAYS_VALID, two_arms(0.6, 0.65, 5880, 1),
                  "value >= 87", "value <= 52");
    measure_power("group_sequential_60_65", RULE_GROUP_SEQUENTIAL, two_arms(0.6, 0.65, 2940, 98),
                  "value >= 77.5", "value <= 76");
    measure_wrong_arm("always_valid_worse_arm_refused", RULE_ALWAYS_VALID,
                      two_arms(0.65, 0.6, 5880, 1));
    measure_wrong_arm("group_sequential_worse_arm_refused", RULE_GROUP_SEQUENTIAL,
                      two_arms(0.65, 0.6, 2940, 98));
    measure_unfounded();
    measure_many_arms();
    measure_clusters();
    measure_splits();
    print_table(2940);
    print_table(4704);
    return 0;
}
