/* rules.h - tests whose truth is known, decided by the rules as they are shipped.
 *
 * Votes come one by one: the arm is drawn by the weights, the vote by the arm's rate. A rule looks
 * after every so many of them and stops at a winner, or at the horizon. Fixed seeds: the same
 * figures on every machine whose logarithms agree. */
#ifndef TESTS_RULES_H
#define TESTS_RULES_H

#include "llmlearn.h"

#include <stdint.h>

/* `stop`: what may be called a winner is promoted, in place of arm 0, the champion. */
typedef enum rule {
    RULE_CLASSIC = 1,     /* one look at the end: a winner may be the champion itself */
    RULE_PROMOTABLE,      /* the same; only a winner that beats the champion counts */
    RULE_ALWAYS_VALID,    /* an e-process for each variant */
    RULE_GROUP_SEQUENTIAL /* z against the bounds of its looks, alpha / 2 over the variants */
} rule;

typedef struct scenario {
    uint32_t arm_count;
    double rates[LLMLEARN_ARMS_MAX];
    double weights[LLMLEARN_ARMS_MAX]; /* sum 1 */
    uint32_t horizon;                  /* votes, of all arms */
    uint32_t look_every;               /* votes; 1: looks all the time */
    uint32_t planned;                  /* group sequential: votes of all arms; 0: the horizon */
    double kappa;                      /* always valid: of the e-process; 0: its default */
} scenario;

/* Of so many runs. */
typedef struct tally {
    uint32_t runs;
    uint32_t winners;   /* any arm */
    uint32_t better;    /* of them, an arm better than the champion */
    uint32_t unfounded; /* and a variant that is no better than the champion */
    double time;        /* mean share of the horizon until the test stopped */
} tally;

tally run_rule(rule which, const scenario *s, uint32_t runs, uint64_t seed);

/* Two arms of equal weight. */
scenario two_arms(double champion, double variant, uint32_t horizon, uint32_t look_every);

/* `arms` of one rate, the champion having that share of the traffic, the others equal parts. */
scenario equal_arms(uint32_t arms, double rate, double champion_share, uint32_t horizon);

/* As a share of the runs, and what chance may add to a share: three standard errors. */
double share_of(uint32_t count, const tally *t);
double chance(double share, uint32_t runs);

#endif
