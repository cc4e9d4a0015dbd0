/* ledger.h - what calls of models cost, and the budget that they stay in.
 *
 * Money is reserved before a call, as much as the call can cost at most, and settled after it
 * with what it did cost:
 *
 *     reserve: ceiling <= what is left of each limit ──▶ call ──▶ settle: cost, or unknown
 *
 * A row counts with its cost if that is known, else with its reservation: while the call is under
 * way, after a crash, and if the service did not say what it cost. So money can be counted that
 * was not spent, but none is spent that is not counted. A row counts in the UTC calendar month in
 * which it was reserved.
 *
 * Reserving and settling need a write transaction of the caller's; that orders all processes.
 * Uses: connection, base/calendar. */
#ifndef LL_STORE_LEDGER_H
#define LL_STORE_LEDGER_H

#include "store/connection.h"

/* As a limit: none. */
#define LL_LEDGER_UNLIMITED INT64_MAX
/* A million dollars: no call costs as much, and sums of such numbers cannot overflow. */
#define LL_LEDGER_NANOUSD_MAX INT64_C(1000000000000000)
#define LL_LEDGER_ERROR_BYTES_MAX 500

typedef enum ll_ledger_kind {
    LL_LEDGER_GENERATE = 1,
    LL_LEDGER_REPLAY,
    LL_LEDGER_MODERATE,
    LL_LEDGER_EXPLAIN
} ll_ledger_kind;

typedef struct ll_ledger_call {
    ll_ledger_kind kind;
    int64_t signal, parent, model; /* of llm_names, llm_variants, llm_names; 0: none */
    const char *run;               /* what the limit per run is about */
    const char *comments;          /* JSON list of the explanations whose comments go along; NULL */
    int64_t ceiling_nanousd;       /* >= 0: the most that it can cost */
} ll_ledger_call;

/* 0: nothing may be spent. */
typedef struct ll_ledger_limits {
    int64_t per_run_nanousd;
    int64_t per_month_nanousd;
} ll_ledger_limits;

/* LLMLEARN_EBUDGET: it could exceed a limit; the detail says which, what is left and until when.
 * LLMLEARN_EINVAL: the ceiling is negative or over LL_LEDGER_NANOUSD_MAX. */
llmlearn_err ll_ledger_reserve(ll_connection *connection, const ll_ledger_call *call,
                               const ll_ledger_limits *limits, int64_t now_us, int64_t *out_id);

#define LL_LEDGER_UNKNOWN (-1)

typedef struct ll_ledger_result {
    int64_t prompt_tokens, completion_tokens; /* or LL_LEDGER_UNKNOWN */
    /* LL_LEDGER_UNKNOWN: the reservation stands. 0 also for a call that certainly was not sent. */
    int64_t cost_nanousd;
    const char *error; /* NULL: none */
} ll_ledger_result;

/* LLMLEARN_ESTATE: it was settled already, or never reserved. */
llmlearn_err ll_ledger_settle(ll_connection *connection, int64_t id, const ll_ledger_result *result,
                              int64_t now_us);

/* What is reserved for this run and not settled was never called: it costs nothing. */
llmlearn_err ll_ledger_release(ll_connection *connection, const char *run, int64_t now_us);

typedef struct ll_ledger_sum {
    int64_t nanousd; /* what counts against a limit: all that follows */
    int64_t known_nanousd;
    int64_t held_nanousd; /* reservations: calls under way, lost, or of unknown cost */
    int64_t calls, calls_unknown;
} ll_ledger_sum;

llmlearn_err ll_ledger_sum_run(ll_connection *connection, const char *run, ll_ledger_sum *out_sum);
/* The calendar month, in UTC, that a time lies in. */
llmlearn_err ll_ledger_sum_month(ll_connection *connection, int64_t time_us,
                                 ll_ledger_sum *out_sum);

/* "$1.25", "$0.0000004" */
#define LL_DOLLARS_BYTES 32
void ll_ledger_format(int64_t nanousd, char out[LL_DOLLARS_BYTES]);

#endif
