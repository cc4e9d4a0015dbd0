/* select.h - looks at a signal's test, decides it once, and tells the verdict ever after.
 *
 *   running ──look──▶ keep going: of group_sequential the look is stored, else nothing
 *                └──▶ final: the test ends; verdict row with its receipt and what it was made
 *                     of; perhaps a promotion row
 *   decided ──look──▶ the stored verdict; promoted now if asked, and nothing came between
 *
 * Threads: inside a write transaction. Uses: decide, inputs, look, receipt, promote, store. */
#ifndef LL_EXPERIMENT_SELECT_H
#define LL_EXPERIMENT_SELECT_H

#include "experiment/receipt.h"

typedef struct ll_selection {
    ll_receipt told;    /* promoted: it is the champion now, by this test */
    char *receipt_json; /* the caller's to free() */
    uint64_t decision;  /* 0: keep going */
    bool changed;       /* what get_variant serves */
} ll_selection;

/* Would a look now decide by what is stored? Then store first what was logged: the shares of
 * cached rows and of units in two arms come with it. False for a test that is decided. */
llmlearn_err ll_select_is_open(ll_connection *connection, const char *signal, bool *out_open);

/* vote_sequence: the last one given, also by votes earlier in this transaction.
 * Errors as llmlearn_select_winner says; *out is untouched then. */
llmlearn_err ll_select_winner(ll_connection *connection, const char *signal, bool promote,
                              int64_t now_us, int64_t vote_sequence, ll_selection *out);

#endif
