/* quarter.h - a quarter of many tests at once, through the public calls alone.
 *
 * A virtual clock steps from day to day, from a Monday on. Every day each test that still runs gets
 * its requests: a variant is asked for, an explanation logged, all of it flushed, then voted on by
 * many threads at once; and at midnight everybody asks for the winner and for its promotion. The
 * truth is known, so that what was promoted can be judged. Every test is a signal of its own. */
#ifndef TESTS_QUARTER_H
#define TESTS_QUARTER_H

#include "llmlearn.h"
#include "simulation/rules.h"

#include <stdbool.h>
#include <stdint.h>

#define QUARTER_ARMS_MAX 4

typedef enum population {
    PEOPLE_ONCE = 1, /* every request is another user's, who votes once */
    PEOPLE_LOYAL,    /* a user asks and votes on five days; two votes of one correlate by .3 */
    PEOPLE_HARD,     /* 15 % of the inputs are hard: there arm 1 fails, and a template answers,
                      * which is rated lower than what the others say of hard inputs */
    PEOPLE_WEEKLY,   /* arm 1 is 8 points better on weekdays and 20 worse at weekends */
    PEOPLE_READING,  /* no unit: 20 rate the same text; two votes on one text correlate by .3 */
    PEOPLE_LOST,     /* of arm 1, so many units get lost that the split is 52 to 48 */
    PEOPLE_SILENT    /* of arm 0, 40 % vote, of arm 1, 30 % */
} population;

typedef struct quarter_case {
    const char *name; /* letters, short: signals are called by it */
    int32_t rule;
    population people;
    uint32_t tests;
    uint32_t arm_count;             /* arm 0 is the champion; equal weights */
    double rates[QUARTER_ARMS_MAX]; /* PEOPLE_HARD: of the inputs that are not */
    uint32_t days;                  /* at most; the last look is then */
    uint32_t days_min;              /* 0: none */
    uint32_t requests;              /* of each test each day */
    double lift_min;                /* 0: the default */
    uint32_t look_days;             /* 0: every day; how often somebody asks for the winner */
} quarter_case;

/* What came out. */
typedef struct quarter_tally {
    uint32_t tests;
    uint32_t winners;  /* any arm, the champion too */
    uint32_t variants; /* of them, another arm than the champion */
    uint32_t promoted;
    uint32_t invalid;
    uint32_t no_difference;
    uint32_t trials_planned; /* for each arm; and the weight of the pool in the e-process: */
    double kappa;            /* as the start of any of the tests says */
    uint64_t explanations;
    uint64_t votes;
} quarter_tally;

typedef struct quarter {
    const char *path; /* of the database, which is made */
    const quarter_case *cases;
    uint32_t case_count;
    uint32_t processes; /* that log and vote, one after the other */
    uint32_t threads;   /* of each, that vote; and that ask for winners */
    uint64_t seed;
} quarter;

/* tallies: one for each case. A call that fails ends the program. */
void run_quarter(const quarter *q, quarter_tally *tallies);

/* The same test by the rule alone, without a library around it: see rules.h. */
scenario quarter_expected(const quarter_case *c, const quarter_tally *t);

#endif
