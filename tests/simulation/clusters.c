#include "simulation/clusters.h"

#include "llmlearn.h"
#include "simulation/draws.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ALPHA 0.05

/* With the probability sqrt(correlation) a vote repeats its user's mood, else it is drawn anew: two
 * votes of one user then correlate by the square of that. */
static void add_user(const clusters *c, draws *d, llmlearn_cluster *arm)
{
    uint64_t votes = c->uneven ? 1 + draw_below(d, 2 * c->votes - 1) : c->votes;
    bool mood = draw_event(d, c->rate);
    uint64_t successes = 0;

    for (uint64_t i = 0; i < votes; i++) {
        bool repeats = draw_event(d, sqrt(c->correlation));
        successes += repeats ? mood : draw_event(d, c->rate);
    }
    arm->units++;
    arm->trials += votes;
    arm->successes += successes;
    arm->trials_squared += votes * votes;
    arm->products += successes * votes;
    arm->successes_squared += successes * successes;
}

static bool clustered_differ(const llmlearn_cluster arms[2])
{
    llmlearn_clustered_difference got = { .struct_size = sizeof got };

    if (llmlearn_stats_clustered_difference(&arms[0], &arms[1], 0.95, &got) != LLMLEARN_OK) {
        fprintf(stderr, "simulation: %s\n", llmlearn_error_detail());
        abort();
    }
    return got.p_value < ALPHA;
}

static bool naive_differ(const llmlearn_cluster arms[2])
{
    double n_0 = (double)arms[0].trials, n_1 = (double)arms[1].trials;
    double difference = (double)arms[1].successes / n_1 - (double)arms[0].successes / n_0;
    double pooled = (double)(arms[0].successes + arms[1].successes) / (n_0 + n_1);
    double variance = pooled * (1.0 - pooled) * (1.0 / n_0 + 1.0 / n_1);

    return erfc(fabs(difference) / sqrt(2.0 * variance)) < ALPHA;
}

differences run_clusters(const clusters *c, uint32_t runs, uint64_t seed)
{
    draws d = draws_begin(seed);
    uint32_t clustered = 0, naive = 0;

    for (uint32_t i = 0; i < runs; i++) {
        llmlearn_cluster arms[2] = { { .units = 0 }, { .units = 0 } };
        for (uint32_t j = 0; j < 2 * c->users; j++)
            add_user(c, &d, &arms[j % 2]);
        clustered += clustered_differ(arms);
        naive += naive_differ(arms);
    }
    return (differences){ .clustered = (double)clustered / runs, .naive = (double)naive / runs };
}
