#include "simulation/rules.h"

#include "simulation/draws.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA 0.05
#define EFFECT_MIN 0.1 /* of the classic rule */
#define TRIALS_MIN 100

/* A run stopped with that winner, or -1, after so many votes. */
typedef struct verdict {
    int32_t winner;
    uint32_t votes;
} verdict;

static void check(llmlearn_err err)
{
    if (err == LLMLEARN_OK)
        return;
    fprintf(stderr, "simulation: %s\n", llmlearn_error_detail());
    abort();
}

/* ---- votes ------------------------------------------------------------------ */

typedef struct vote {
    uint32_t arm;
    bool success;
} vote;

static vote draw_vote(const scenario *s, draws *d)
{
    double x = draw_real(d);
    vote v = { .arm = 0 };

    while (v.arm + 1 < s->arm_count && x >= s->weights[v.arm])
        x -= s->weights[v.arm++];
    v.success = draw_event(d, s->rates[v.arm]);
    return v;
}

typedef struct table {
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];
} table;

static void draw_votes(const scenario *s, uint32_t count, draws *d, table *t)
{
    for (uint32_t i = 0; i < count; i++) {
        vote v = draw_vote(s, d);
        t->arms[v.arm].trials++;
        t->arms[v.arm].successes += v.success;
    }
}

/* ---- the rules ---------------------------------------------------------------- */

static verdict run_classic(const scenario *s, bool promotable, draws *d)
{
    table t = { .arms = { { 0 } } };
    llmlearn_compared got = { .struct_size = sizeof got };

    draw_votes(s, s->horizon, d, &t);
    const llmlearn_comparison asked = { .struct_size = sizeof asked,
                                        .arms = t.arms,
                                        .arm_count = s->arm_count,
                                        .trials_min = TRIALS_MIN,
                                        .alpha_ratio = ALPHA,
                                        .effect_min = EFFECT_MIN };
    check(llmlearn_compare_variants(&asked, &got, NULL));
    bool counts = !promotable || got.promotable;
    return (verdict){ .winner = counts ? got.winner : -1, .votes = s->horizon };
}

static verdict run_always_valid(const scenario *s, draws *d)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    verdict got = { .winner = -1 };

    check(llmlearn_eprocess_begin(s->weights, s->arm_count, 0, s->kappa, &state));
    while (got.winner < 0 && got.votes < s->horizon) {
        vote v = draw_vote(s, d);
        check(llmlearn_eprocess_add(&state, v.arm, v.success));
        got.votes++;
        if (got.votes % s->look_every == 0 || got.votes == s->horizon)
            check(llmlearn_eprocess_winner(&state, ALPHA, &got.winner));
    }
    return got;
}

/* One variant's looks: information and z at each, and the bounds. */
typedef struct path {
    double planned, alpha;
    uint32_t looks;
    double information[LLMLEARN_LOOKS_MAX];
    double bounds[LLMLEARN_LOOKS_MAX];
    double z[LLMLEARN_LOOKS_MAX];
} path;

/* The pooled z of the variant against the champion. */
static double z_of(const table *t, uint32_t arm)
{
    double n = (double)(t->arms[0].trials + t->arms[arm].trials);
    double pooled = (double)(t->arms[0].successes + t->arms[arm].successes) / n;
    double variance = pooled * (1.0 - pooled) * n;
    double n_c = (double)t->arms[0].trials, n_v = (double)t->arms[arm].trials;

    if (n_c == 0 || n_v == 0 || variance <= 0)
        return 0.0;
    return ((double)t->arms[arm].successes / n_v - (double)t->arms[0].successes / n_c) /
           sqrt(variance / n_c / n_v);
}

/* A variant that has all its information has had its last look. */
static void look(path *p, const table *t, uint32_t arm)
{
    double information = (double)(t->arms[0].trials + t->arms[arm].trials);

    if (p->looks > 0 && p->information[p->looks - 1] >= p->planned)
        return;
    p->information[p->looks] = information;
    p->z[p->looks++] = z_of(t, arm);
}

/* No bound depends on later looks: so all are found at once, and for looks at the same times as
 * the last ones they are known. */
static void find_bounds(path *p)
{
    static path known;
    size_t bytes = offsetof(path, information) + p->looks * sizeof *p->information;

    if (memcmp(p, &known, bytes) != 0) {
        known = *p;
        check(llmlearn_stats_look_bounds(known.information, known.looks, known.planned, known.alpha,
                                         LLMLEARN_FINAL_LOOK, known.bounds, NULL));
    }
    memcpy(p->bounds, known.bounds, sizeof p->bounds);
}

/* The best of those that are over their bounds at look k, or -1. */
static int32_t crossed(const scenario *s, const path *paths, const table *t, uint32_t k)
{
    int32_t winner = -1;
    double best = 0.0;

    for (uint32_t v = 1; v < s->arm_count; v++) {
        double rate = (double)t->arms[v].successes / (double)t->arms[v].trials;
        if (k >= paths[v].looks || paths[v].z[k] < paths[v].bounds[k] || rate <= best)
            continue;
        best = rate;
        winner = (int32_t)v;
    }
    return winner;
}

static verdict run_group_sequential(const scenario *s, draws *d)
{
    path paths[LLMLEARN_ARMS_MAX] = { 0 };
    table tables[LLMLEARN_LOOKS_MAX], t = { .arms = { { 0 } } };
    uint32_t looks = s->horizon / s->look_every;
    uint32_t planned = s->planned != 0 ? s->planned : s->horizon;
    int32_t winner = -1;

    assert(looks >= 1 && looks <= LLMLEARN_LOOKS_MAX);
    for (uint32_t v = 1; v < s->arm_count; v++) {
        paths[v].planned = planned * (s->weights[0] + s->weights[v]);
        paths[v].alpha = ALPHA / 2.0 / (s->arm_count - 1);
    }
    for (uint32_t k = 0; k < looks; k++) {
        draw_votes(s, k + 1 < looks ? s->look_every : s->horizon - k * s->look_every, d, &t);
        tables[k] = t;
        for (uint32_t v = 1; v < s->arm_count; v++)
            look(&paths[v], &t, v);
    }
    for (uint32_t v = 1; v < s->arm_count; v++)
        find_bounds(&paths[v]);
    for (uint32_t k = 0; k < looks; k++) {
        winner = crossed(s, paths, &tables[k], k);
        if (winner >= 0)
            return (verdict){ winner, k + 1 < looks ? (k + 1) * s->look_every : s->horizon };
    }
    return (verdict){ -1, s->horizon };
}

/* ---- many runs ------------------------------------------------------------------ */

static verdict run_once(rule which, const scenario *s, draws *d)
{
    switch (which) {
    case RULE_CLASSIC:
        return run_classic(s, false, d);
    case RULE_PROMOTABLE:
        return run_classic(s, true, d);
    case RULE_ALWAYS_VALID:
        return run_always_valid(s, d);
    case RULE_GROUP_SEQUENTIAL:
        return run_group_sequential(s, d);
    }
    abort();
}

tally run_rule(rule which, const scenario *s, uint32_t runs, uint64_t seed)
{
    tally t = { .runs = runs };
    draws d = draws_begin(seed);

    for (uint32_t i = 0; i < runs; i++) {
        verdict got = run_once(which, s, &d);
        t.time += (double)got.votes / s->horizon / runs;
        if (got.winner < 0)
            continue;
        t.winners++;
        t.better += s->rates[got.winner] > s->rates[0];
        t.unfounded += got.winner > 0 && s->rates[got.winner] <= s->rates[0];
    }
    return t;
}

scenario two_arms(double champion, double variant, uint32_t horizon, uint32_t look_every)
{
    return (scenario){ .arm_count = 2,
                       .rates = { champion, variant },
                       .weights = { 0.5, 0.5 },
                       .horizon = horizon,
                       .look_every = look_every };
}

scenario equal_arms(uint32_t arms, double rate, double champion_share, uint32_t horizon)
{
    scenario s = { .arm_count = arms, .horizon = horizon, .look_every = 1 };

    for (uint32_t i = 0; i < arms; i++) {
        s.rates[i] = rate;
        s.weights[i] = i == 0 ? champion_share : (1.0 - champion_share) / (arms - 1);
    }
    return s;
}

double share_of(uint32_t count, const tally *t)
{
    return (double)count / t->runs;
}

double chance(double share, uint32_t runs)
{
    return 3.0 * sqrt(share * (1.0 - share) / runs);
}
