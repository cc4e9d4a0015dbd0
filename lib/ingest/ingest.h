/* ingest.h - the one thread of a process that writes to the store.
 *
 *   journal segments ──▶ drain ─┐
 *                               ├─▶ one transaction: rows, rollups, positions, jobs ─▶ commit
 *   callers' jobs (votes, ...) ─┘
 *
 * A job is a small write that its caller waits for: it runs inside the next transaction and,
 * if it fails, undoes itself alone. For that it has a mark of its own; one that checks all
 * before its first change runs without, and only if it fails half-way all the same is the
 * transaction rolled back and run again with marks. Jobs that wait at the same moment share
 * one commit.
 *
 * Threads: submit, drain and the counters from any thread; everything else happens on the
 *          ingest thread, which starts with the first use.
 * Uses:    base, journal, store. */
#ifndef LL_INGEST_INGEST_H
#define LL_INGEST_INGEST_H

#include "base/clock.h"
#include "base/err.h"
#include "base/event.h"
#include "base/log.h"
#include "journal/journal.h"
#include "store/ab_sums.h"
#include "store/exposure.h"
#include "store/metrics.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct ll_ingest ll_ingest;
typedef struct ll_job ll_job;

/* What a running job works with. */
typedef struct ll_write {
    ll_connection *connection;
    ll_metrics_changes *metrics; /* written before the commit */
    ll_ab_sums *sums;            /* the same; for jobs that say so */
    int64_t now_us;              /* never goes back within one database */
    int64_t *vote_sequence;      /* the last one given; add 1 to take the next */
    uint64_t own_drained;        /* virtual position: stored once this commits */
    bool joining;                /* the job came after the journal was read that far */
    const uint64_t *unit_key;    /* two words: how units' texts are hashed in this database */
} ll_write;

/* Put first in a struct that also holds copies of the arguments and the results.
 * `run` may be called more than once (a commit that failed is replayed): it sets its results
 * afresh each time. LL_JOB_AGAIN_AFTER_DRAIN asks to be run again once all that can be read of
 * what any process had journaled by then is stored; `drained` is set if that is everything. */
struct ll_job {
    llmlearn_err (*run)(ll_job *job, const ll_write *write);
    void (*destroy)(ll_job *job); /* frees the struct and what it copied */
    bool changes_config;          /* bump the config version and reload before waking */
    bool checks_first;            /* changes nothing before it is sure of its success */
    bool through_sums;            /* reads and changes tests by write->sums alone, or none */
    bool reads_only;              /* changes nothing: a commit of such jobs alone writes nothing */
    bool drained;                 /* everything was drained since the job asked for it */
    /* ingest's own, under its mutex */
    int state;
    uint64_t pass; /* of the drain it waits for */
    ll_deadline deadline;
    ll_job *next;
    ll_err_report report;
    ll_event told; /* the outcome; not under the mutex */
    atomic_int references;
};

/* Answers of run beside the error codes: not now, call me again ... */
#define LL_JOB_AGAIN_AFTER_DRAIN ((llmlearn_err)1) /* once what was journaled is stored */
#define LL_JOB_AGAIN ((llmlearn_err)2)             /* in the next transaction */

/* calloc(bytes) with run and destroy set and one reference, the caller's. NULL: no memory. */
ll_job *ll_job_new(size_t bytes, llmlearn_err (*run)(ll_job *job, const ll_write *write),
                   void (*destroy)(ll_job *job));
void ll_job_release(ll_job *job);

/* Runs the job in a transaction and waits for its commit. Returns what run returned, or
 * LLMLEARN_ETIMEDOUT (not stored), LLMLEARN_EUNKNOWN, a storing error. Results may be read
 * from the job after LLMLEARN_OK; the caller still releases its reference. */
llmlearn_err ll_ingest_submit(ll_ingest *ingest, ll_job *job, ll_deadline deadline);

typedef struct ll_ingest_options {
    ll_journal *journal;
    ll_store *store;
    const ll_clock *clock;
    const ll_log *log;
    uint32_t batch_interval_ms;
    uint32_t batch_rows_max;
    /* Is the claim of a logged row right? Inside a write transaction. */
    llmlearn_err (*check_exposure)(void *user, ll_connection *connection,
                                   const ll_exposure_claim *claim, ll_exposure *out_exposure);
    /* The row's (signal, version) as llm_variants.id, given one if new. Inside a write transaction.
     */
    llmlearn_err (*intern_variant)(void *user, ll_connection *connection, int64_t signal,
                                   const char *version, size_t version_bytes, int64_t now_us,
                                   int64_t *out_variant);
    /* Something failed in the test. Switches off the arms that fail too often (off_us,
     * ll_ab_change_arm) and writes the decision; *out_switched if it did: the config version is
     * then bumped and reload_config called. Inside a write transaction; NULL: nobody does. */
    llmlearn_err (*check_breaker)(void *user, ll_connection *connection, ll_ab_open *test,
                                  int64_t now_us, bool *out_switched);
    const ll_ab_stepper *stepper; /* steps the e-processes; NULL: they stand still */
    /* Reloads what get_variant serves; on the ingest thread, about every 250 ms and after a job
     * with changes_config. */
    void (*reload_config)(void *user);
    void *user;
} ll_ingest_options;

llmlearn_err ll_ingest_open(const ll_ingest_options *options, ll_ingest **out_ingest);

/* Starts the thread if it is not running. */
llmlearn_err ll_ingest_start(ll_ingest *ingest);

/* Stops the thread after the transaction at hand, which it cuts short; waits for the disk if that
 * does not answer its commit. Frees. */
void ll_ingest_close(ll_ingest *ingest);

/* Stores everything this process had journaled before the call; with `all`, also what every
 * other process had. LLMLEARN_ETIMEDOUT: some is left. */
llmlearn_err ll_ingest_drain(ll_ingest *ingest, bool all, ll_deadline deadline);

/* More is waiting than the interval should leave: wake up. For the journal's keeper. */
void ll_ingest_wake(void *ingest);

typedef struct ll_ingest_state {
    uint64_t drained;
    uint64_t duplicates;
    uint64_t rejected;
    uint64_t votes;
    uint64_t batches;
    uint64_t store_errors;
    uint32_t lag_ms; /* no record of ours waits longer than this */
} ll_ingest_state;
void ll_ingest_get_state(ll_ingest *ingest, ll_ingest_state *out_state);

/* Fork: stops between transactions and lets go of the store, until the deadline; false if it
 * could not. Resume goes on. */
bool ll_ingest_pause(ll_ingest *ingest, ll_deadline deadline);
void ll_ingest_resume(ll_ingest *ingest);

#endif
