/* clusters.h - users with many votes each, which resemble one another: how often two arms that are
 * equally good are said to differ. */
#ifndef TESTS_CLUSTERS_H
#define TESTS_CLUSTERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct clusters {
    uint32_t users;     /* of each arm */
    uint32_t votes;     /* of each user; with `uneven`, the mean of 1 to twice that less 1 */
    bool uneven;        /* users differ in how often they vote */
    double rate;        /* of both arms */
    double correlation; /* of two votes of one user */
} clusters;

/* Shares of runs with p < 0.05. */
typedef struct differences {
    double clustered; /* the user taken for the unit, by llmlearn_stats_clustered_difference */
    double naive;     /* every vote taken for a unit, by the usual z */
} differences;

differences run_clusters(const clusters *c, uint32_t runs, uint64_t seed);

#endif
