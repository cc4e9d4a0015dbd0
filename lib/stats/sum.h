/* sum.h - a sum of doubles that keeps what each addition rounds away.
 *
 * high + rest is as good as if it had been added up in twice the precision and
 * rounded once: values of 1e16 that cancel leave the 1 between them.
 * Ogita, Rump & Oishi 2005, "Accurate sum and dot product", Sum2.
 *
 * Uses: nothing. */
#ifndef LL_STATS_SUM_H
#define LL_STATS_SUM_H

typedef struct ll_sum {
    double high; /* the sum as doubles add it */
    double rest; /* and what that lost on the way */
} ll_sum;

/* What is lost is itself a double and found exactly, whichever of the two is
 * the larger. Knuth, The Art of Computer Programming 2, 4.2.2, theorem B. */
static inline void ll_sum_add(ll_sum *sum, double value)
{
    double high = sum->high + value;
    double added = high - sum->high;

    sum->rest += (sum->high - (high - added)) + (value - added);
    sum->high = high;
}

#endif
