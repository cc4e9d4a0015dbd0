/* ratings.h - are the ratings of one side better than those of the other?
 *
 * Ratings are 1 to 5 stars, each side five counts of up to 2^53, 1 star first.
 * What decides is their order, by Mann & Whitney; their means stand beside it.
 * Every numerator is an exact integer (pairs won less pairs lost, sums of
 * squares about the mean), so nothing cancels whatever the counts, and
 * exchanging the sides mirrors the result.
 *
 * Uses: stats/normal, stats/student_t, stats/welch, stats/wide. */
#ifndef LL_STATS_RATINGS_H
#define LL_STATS_RATINGS_H

#include "llmlearn.h"

#define LL_RATINGS_STARS 5

/* Fills everything in out but struct_size. Normal approximation with the
 * correction for ties: Mann & Whitney 1947, Lehmann 1975 (1.35); effect size:
 * Vargha & Delaney 2000; means: Welch 1947. */
void ll_ratings_compare(const uint64_t control[LL_RATINGS_STARS],
                        const uint64_t variant[LL_RATINGS_STARS], double confidence,
                        llmlearn_ratings *out);

#endif
