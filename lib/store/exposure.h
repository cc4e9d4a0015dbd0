/* exposure.h - what a logged row claims about its test, and whether the claim holds.
 *
 * The two words that ingest and experiment, strangers to each other, both speak.
 *
 * Uses: nothing. */
#ifndef LL_STORE_EXPOSURE_H
#define LL_STORE_EXPOSURE_H

#include <stddef.h>
#include <stdint.h>

/* Where a logged row stands in its test. */
typedef enum ll_exposure {
    LL_EXPOSURE_COUNTS = 1, /* the unit belongs in this arm */
    LL_EXPOSURE_MISMATCH,   /* another arm, version or signal than the test's own */
    LL_EXPOSURE_UNKNOWN     /* no such test */
} ll_exposure;

typedef struct ll_exposure_claim {
    uint64_t test;
    uint32_t arm;
    int64_t signal;   /* llm_names.id */
    int64_t variant;  /* llm_variants.id of the version logged; 0: any will do */
    const char *unit; /* NULL: the explanation is its own unit, drawn at random */
    size_t unit_bytes;
} ll_exposure_claim;

#endif
