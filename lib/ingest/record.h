/* record.h - an explanation as one journal record.
 *
 *   fixed part | ticker signal version model provider unit fallback_reason metadata text
 *
 * Little-endian, texts without NUL, their lengths in the fixed part; length 0 is "none"
 * for the optional ones. A later layout gets another record type.
 *
 * Uses: base, journal. */
#ifndef LL_INGEST_RECORD_H
#define LL_INGEST_RECORD_H

#include "journal/journal.h"
#include "llmlearn.h"

#include <stdbool.h>

#define LL_RECORD_EXPLANATION 1u

/* Texts in this order on disk. */
typedef enum ll_record_text {
    LL_TEXT_TICKER = 0,
    LL_TEXT_SIGNAL,
    LL_TEXT_VERSION,
    LL_TEXT_MODEL,
    LL_TEXT_PROVIDER,
    LL_TEXT_UNIT,
    LL_TEXT_FALLBACK_REASON,
    LL_TEXT_METADATA,
    LL_TEXT_TEXT,
    LL_TEXT_COUNT
} ll_record_text;

typedef struct ll_record_fixed {
    uint32_t flags;
    uint32_t arm;
    int64_t created_us;
    double confidence;
    double latency_ms;
    int64_t prompt_tokens;
    int64_t completion_tokens;
    int64_t cost_nanousd;
    uint64_t test;
    uint32_t bytes[LL_TEXT_COUNT];
    uint32_t reserved; /* 0 */
} ll_record_fixed;

_Static_assert(sizeof(ll_record_fixed) == 104, "no padding on disk");

/* The longest fixed part with all texts but the last two. */
#define LL_RECORD_HEAD_BYTES (sizeof(ll_record_fixed) + 64 * 4 + 32 + 256 + 1000)

/* A record taken apart; texts point into the payload, absent ones are NULL. */
typedef struct ll_decoded {
    ll_record_fixed fixed;
    const char *text[LL_TEXT_COUNT];
} ll_decoded;

/* False if the payload is not a whole record of this layout. Trusts nothing in it. */
bool ll_record_decode(const uint8_t *payload, uint32_t bytes, ll_decoded *out_decoded);

/* Puts the fixed part and all texts but metadata and text into head; returns its length.
 * texts[i] may be NULL where fixed->bytes[i] is 0. */
size_t ll_record_encode_head(const ll_record_fixed *fixed, const char *const texts[LL_TEXT_COUNT],
                             char head[LL_RECORD_HEAD_BYTES]);

#endif
