/* replay.h - decides again from what a verdict was made of, and compares.
 *
 * Only reads. Uses: decide, inputs, receipt, store. */
#ifndef LL_EXPERIMENT_REPLAY_H
#define LL_EXPERIMENT_REPLAY_H

#include "store/connection.h"

/* The text, as llmlearn_replay_decision documents it, is the caller's to free(). Errors as there.
 */
llmlearn_err ll_replay_decision(ll_connection *connection, uint64_t decision, char **out_json);

#endif
