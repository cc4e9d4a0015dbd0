/* welch.h - Welch's t of the difference between two independent means whose
 * variances need not be alike.
 *
 * It takes standard errors rather than variances: their squares could
 * overflow or vanish where they themselves do not.
 *
 * Uses: nothing of ours. */
#ifndef LL_STATS_WELCH_H
#define LL_STATS_WELCH_H

#include <stdint.h>

/* One mean: of how many values, at least 2, and its standard error. */
typedef struct ll_welch_side {
    uint64_t count;
    double error;
} ll_welch_side;

typedef struct ll_welch {
    double error;   /* of the difference */
    double t;       /* difference / error; the largest double if it is more */
    double degrees; /* by Satterthwaite's formula */
} ll_welch;

/* The standard errors are finite, and not both 0. Welch 1947, Biometrika 34:28. */
ll_welch ll_welch_test(double difference, ll_welch_side one, ll_welch_side other);

#endif
