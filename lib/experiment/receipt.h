/* receipt.h - a verdict's evidence as JSON, as llmlearn_decisions documents it, and back.
 *
 * Keys keep their order; reals have the digits that read back to the same bits.
 *
 * Uses: decide, sentence. */
#ifndef LL_EXPERIMENT_RECEIPT_H
#define LL_EXPERIMENT_RECEIPT_H

#include "experiment/decide.h"

/* The caller frees both. LLMLEARN_ENOMEM. */
llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              bool promoted, char **out_json, char **out_sentence);

/* What of a stored receipt a caller is told again. */
typedef struct ll_receipt {
    llmlearn_verdict verdict;
    char status[32];
    char winner[72];    /* "" without a winner */
    int64_t winner_arm; /* -1 without a winner */
    double p_value, cramers_v;
    bool promotable, promoted;
} ll_receipt;

/* Of a verdict just made. */
void ll_receipt_tell(const ll_decide_input *in, const ll_decide_outcome *outcome, bool promoted,
                     ll_receipt *out);

/* Of a stored one. LLMLEARN_ECORRUPT if it is not a receipt. */
llmlearn_err ll_receipt_read(const char *text, ll_receipt *out);

#endif
