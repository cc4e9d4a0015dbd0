/* labels.h - what numbers in the rollups are called: tickers, variants.
 *
 * Looked up once and kept. A ticker's name never changes; a variant's status does, with
 * the version of the configuration.
 *
 * Threads: one at a time per labels.
 * Uses:    store. */
#ifndef LL_ANALYTICS_LABELS_H
#define LL_ANALYTICS_LABELS_H

#include "store/connection.h"

/* Kept from one report to the next at most that many, so that a flood of different names
 * does not stay: about 400 KB. */
#define LL_LABELS_KEPT_MAX 4096

typedef struct ll_label {
    int64_t id;
    const char *name;   /* of a ticker; the version of a variant */
    const char *signal; /* of a variant, else NULL */
    const char *status; /* of a variant, else NULL */
} ll_label;

typedef struct ll_label_list {
    ll_label **items; /* by id */
    uint32_t count;
    uint32_t capacity;
} ll_label_list;

/* All zero is an empty one. */
typedef struct ll_labels {
    ll_label_list tickers;
    ll_label_list variants;
    int64_t config_version;
} ll_labels;

/* Forgets what may be outdated. Labels given before are gone; those given after it stay
 * until the next call. */
llmlearn_err ll_labels_begin(ll_labels *labels, ll_connection *connection);

/* LLMLEARN_ECORRUPT if the database knows no such number. */
llmlearn_err ll_labels_ticker(ll_labels *labels, ll_connection *connection, int64_t id,
                              const ll_label **out_label);
llmlearn_err ll_labels_variant(ll_labels *labels, ll_connection *connection, int64_t id,
                               const ll_label **out_label);

void ll_labels_clear(ll_labels *labels);

#endif
