/* receipt.h - a verdict's evidence as JSON, as llmlearn_decisions documents it, and back.
 *
 * Keys keep their order; reals have the digits that read back to the same bits.
 *
 * Uses: decide, sentence. */
#ifndef LL_EXPERIMENT_RECEIPT_H
#define LL_EXPERIMENT_RECEIPT_H

#include "experiment/decide.h"

/* What a receipt tells beside the verdict. */
typedef struct ll_receipt_made {
    bool promoted;
    const char *version; /* of the library that decided */
} ll_receipt_made;

/* The caller frees both. LLMLEARN_ENOMEM. */
llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              const ll_receipt_made *made, char **out_json, char **out_sentence);

/* A sentence on a test of many arms may be longer; the receipt itself has it whole. */
#define LL_RECEIPT_SENTENCE_BYTES 2000

/* What of a stored receipt a caller is told again. */
typedef struct ll_receipt {
    llmlearn_verdict verdict;
    char status[32];
    char winner[72];    /* "" without a winner */
    int64_t winner_arm; /* -1 without a winner */
    char version[32];   /* of the library that decided; "" in one just made */
    double p_value, cramers_v, ln_e_value, days_left;
    uint32_t looks;
    uint32_t blockers; /* see blockers.h; of a verdict just made, 0 in a stored one */
    bool cannot_finish, promotable, promoted;
    char sentence[LL_RECEIPT_SENTENCE_BYTES]; /* "" if it does not fit */
} ll_receipt;

/* Of a verdict just made; without its sentence. */
void ll_receipt_tell(const ll_decide_input *in, const ll_decide_outcome *outcome, bool promoted,
                     ll_receipt *out);

/* Of a stored one. LLMLEARN_ECORRUPT if it is not a receipt. */
llmlearn_err ll_receipt_read(const char *text, ll_receipt *out);

#endif
