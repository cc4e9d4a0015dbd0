/* deliver.h - sends what waits in the outbox, by each channel that is set.
 *
 *   transaction: the oldest that is due, leased ──▶ send, with no lock of any kind held ──▶
 *   transaction: sent, or failed and when again ──▶ the next one
 *
 * A mail's Message-ID and a webhook's delivery id are made of the database's id and the alert's:
 * the same each time it is sent, and nobody else's.
 *
 * Threads: any, several at once: an alert is leased to one of them.
 * Uses:    channels, handle; http, mail, store. */
#ifndef LL_API_DELIVER_H
#define LL_API_DELIVER_H

#include "api/handle.h"

/* As many as go out by the deadline, at most LL_DELIVER_MAX by each channel. What a server says
 * is in the outbox and the log; LLMLEARN_ETIMEDOUT, LLMLEARN_ECANCELLED, the storing errors. */
#define LL_DELIVER_MAX 100u
llmlearn_err ll_deliver(llmlearn *learner, ll_deadline deadline, const atomic_int *cancel);

#endif
