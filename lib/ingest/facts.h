/* facts.h - the small facts of the database that a transaction of jobs goes by, and what is
 * known of the jobs themselves.
 *
 * Threads: the ingest thread, inside a write transaction.
 * Uses:    base, store. */
#ifndef LL_INGEST_FACTS_H
#define LL_INGEST_FACTS_H

#include "store/store.h"

typedef struct ll_facts {
    int64_t clock_us; /* never goes back, but for a clock that was a day ahead */
    int64_t vote_sequence;
    int64_t votes_before;
    uint32_t job_count;
    bool config_changed;
    bool changed; /* by any job: the facts are worth writing */
    bool torn;    /* by a job that failed half-way, without a mark */
} ll_facts;

llmlearn_err ll_facts_read(ll_facts *out_facts, ll_connection *connection, const ll_clock *clock);
llmlearn_err ll_facts_write(const ll_facts *facts, ll_connection *connection);

#endif
