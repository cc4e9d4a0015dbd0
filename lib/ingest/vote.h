/* vote.h - what one vote changes, in one transaction: the live vote, the quota, the rollups,
 * and the sums of the test it belongs to.
 *
 * Threads: the ingest thread, as jobs.
 * Uses:    store, jobs. */
#ifndef LL_INGEST_VOTE_H
#define LL_INGEST_VOTE_H

#include "ingest/ingest.h"

/* A copy of the caller's vote. */
typedef struct ll_vote_job {
    ll_job job;
    llmlearn_id explanation_id;
    bool withdraw; /* take the live vote back instead */
    bool helpful;
    int32_t rating;          /* 0: none */
    int64_t created_us;      /* 0: the time of the transaction */
    char *user;              /* NULL: anonymous */
    char *comment;           /* NULL: none */
    llmlearn_id vote_id;     /* names an anonymous vote */
    uint32_t votes_per_hour; /* UINT32_MAX: no limit */
} ll_vote_job;

/* All zero; NULL: no memory. The caller fills it; releasing it frees user and comment. */
ll_vote_job *ll_vote_job_new(void);

#endif
