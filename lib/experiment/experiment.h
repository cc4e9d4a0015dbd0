/* experiment.h - which prompt a request gets: champions and running tests, in memory.
 *
 *   llm_variants, llm_ab_tests ──load──▶ snapshot (immutable) ──one atomic pointer──▶ assign
 *
 * A snapshot is a table of signals; each has its champion and perhaps a running test.
 * Snapshots, tests and texts are interned by content and live until close, so that a
 * reader needs no lock and no count, and texts may be handed to callers as they are.
 *
 * Threads: assign and intern from any thread; the others from one at a time.
 * Uses:    base, store. */
#ifndef LL_EXPERIMENT_EXPERIMENT_H
#define LL_EXPERIMENT_EXPERIMENT_H

#include "base/log.h"
#include "llmlearn.h"
#include "store/connection.h"
#include "store/exposure.h"

#include <stdbool.h>

typedef struct ll_experiment ll_experiment;

/* With an empty snapshot: the baseline version, without text, for every signal. */
llmlearn_err ll_experiment_open(const char *baseline, const ll_log *log, ll_experiment **out);
/* Gives back every text it handed out. NULL is fine. */
void ll_experiment_close(ll_experiment *experiment);

/* Reads champions and running tests, if the config version differs from the one loaded,
 * and publishes them. The connection must see committed rows only: a reader's snapshot, or a
 * write transaction that has changed nothing yet. An error leaves what was published. */
llmlearn_err ll_experiment_load(ll_experiment *experiment, ll_connection *connection);

/* Fills the assignment but for its struct_size: the arm of the running test that the unit falls
 * into (unit NULL: drawn at random), else the champion, else the baseline.
 * signal_bytes is 1 to 32. No lock, allocation, system call or I/O. */
void ll_experiment_assign(const ll_experiment *experiment, const char *signal, size_t signal_bytes,
                          const char *unit, size_t unit_bytes, llmlearn_assignment *out);

/* The champion of a signal, also while a test runs. False: it has none with a text. */
bool ll_experiment_champion(const ll_experiment *experiment, const char *signal,
                            size_t signal_bytes, const char **out_version, const char **out_text);

/* Is the claim of a logged row right? Inside a write transaction. A test that is not in
 * the snapshot, such as one that ended, is looked up; its facts never change, so they are kept. */
llmlearn_err ll_experiment_check_exposure(ll_experiment *experiment, ll_connection *connection,
                                          const ll_exposure_claim *claim, ll_exposure *out);

/* The arm of the test that the unit falls into; *out_known is false if there is no such test.
 * Inside a write transaction. */
llmlearn_err ll_experiment_arm_of_unit(ll_experiment *experiment, ll_connection *connection,
                                       uint64_t test, const char *unit, size_t unit_bytes,
                                       bool *out_known, uint32_t *out_arm);

/* A copy of the text that lives until close; the same for the same text. */
llmlearn_err ll_experiment_intern(ll_experiment *experiment, const char *text, size_t bytes,
                                  const char **out_text);

#endif
