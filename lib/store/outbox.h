/* outbox.h - rows of llm_outbox and llm_deliveries: alerts, and what became of sending them.
 *
 *   add ──▶ llm_outbox: once per rule, thing and window of time, in the transaction that causes it
 *            │
 *            │ due: by each channel, oldest first, each attempt counted before it is made
 *            ▼
 *   llm_deliveries: ── sent ──▶ done
 *            ▲       └─ failed ─┬▶ again after 1 min, 2 min, 4 min ... 6 h, less up to a half
 *            └──────────────────┘└▶ given up: the channel will never take it, it is a week old, or
 *                                  it was tried 50 times
 *
 * A channel is a name that stays the same: "mail", "webhook". An attempt is a lease: until it is
 * over nobody else is given the alert, so that two processes do not send it at once. One that
 * crashes leaves it to the next, which may send it again: at least once, never surely once.
 *
 * A channel that is asked for the first time gets the alerts of the last week, also those of
 * before it was there: what nobody was told of may be why somebody made it. Older ones are not
 * sent by any channel; they stay in the table.
 *
 * Times never go back: an alert is not stored as older than the one before it.
 *
 * Threads: as the connection; inside the caller's transaction.
 * Uses:    connection. */
#ifndef LL_STORE_OUTBOX_H
#define LL_STORE_OUTBOX_H

#include "store/connection.h"

#define LL_OUTBOX_RULE_BYTES_MAX 64
#define LL_OUTBOX_ABOUT_BYTES_MAX 256
#define LL_OUTBOX_CHANNEL_BYTES_MAX 64
#define LL_OUTBOX_SUBJECT_BYTES_MAX 512
#define LL_OUTBOX_TEXT_BYTES_MAX 65536
#define LL_OUTBOX_ERROR_BYTES_MAX 200 /* what is kept of one */

/* A server that is down over a long weekend is back within a week. */
#define LL_OUTBOX_LIFE_US (7 * LL_US_PER_DAY)
/* In a week at the waits below 40 or so are made. */
#define LL_OUTBOX_ATTEMPTS_MAX 50
#define LL_OUTBOX_WAIT_MIN_US (60 * LL_US_PER_S)
#define LL_OUTBOX_WAIT_MAX_US (6 * LL_US_PER_HOUR)

typedef struct ll_outbox_row {
    const char *rule;  /* "winner_promoted" */
    const char *about; /* the thing: a signal, a test, a model */
    int64_t window_us; /* 0: once for ever */
    const char *subject, *text;
    const char *details; /* a JSON object */
} ll_outbox_row;

/* Of rule and thing there is one alert already in the window that now is in: its id, and *out_added
 * false. Windows are counted from 1970. */
llmlearn_err ll_outbox_add(ll_connection *connection, const ll_outbox_row *row, int64_t now_us,
                           uint64_t *out_id, bool *out_added);

/* An alert leased to its channel; ll_outbox_due_free() frees it. */
typedef struct ll_outbox_due {
    uint64_t id; /* 0: nothing is due, and nothing is to be freed */
    int64_t at_us;
    uint32_t attempt; /* 1, 2, ... */
    char *rule, *about, *subject, *text, *details;
} ll_outbox_due;

/* The oldest alert that the channel is to send now, with its attempt counted and nobody else given
 * it for lease_us: longer than sending may take, at most LL_OUTBOX_WAIT_MAX_US. To be committed
 * before it is sent. */
llmlearn_err ll_outbox_due_next(ll_connection *connection, const char *channel, int64_t now_us,
                                int64_t lease_us, ll_outbox_due *out_due);
void ll_outbox_due_free(ll_outbox_due *due);

/* It was taken, whatever else is known of it. */
llmlearn_err ll_outbox_sent(ll_connection *connection, uint64_t id, const char *channel,
                            int64_t now_us);

/* The attempt failed. permanent: it would always. error: one line, of which printable ASCII is
 * kept. Does nothing if the alert was sent or leased again since. */
llmlearn_err ll_outbox_failed(ll_connection *connection, uint64_t id, const char *channel,
                              uint32_t attempt, bool permanent, const char *error, int64_t now_us,
                              bool *out_given_up);

/* How long to wait after so many attempts: between a half and all of what doubles each time. */
int64_t ll_outbox_wait_us(uint32_t attempt, uint64_t random);

#endif
