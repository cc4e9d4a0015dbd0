/* variants.h - rows of llm_variants: the versions of a signal's prompt.
 *
 * A version first met in a log has a row without text, a draft, until somebody adds it.
 * A text never changes once set. A signal has at most one champion, and it has a text.
 *
 *   draft ──▶ active (arm of a running test) ──▶ draft, archived
 *     └───────────▶ champion ◀───────────────────┘   any of them ──▶ rejected by a guardrail
 *
 * Uses: connection. */
#ifndef LL_STORE_VARIANTS_H
#define LL_STORE_VARIANTS_H

#include "store/connection.h"

typedef enum ll_variant_status {
    LL_VARIANT_DRAFT = 1,
    LL_VARIANT_ACTIVE,
    LL_VARIANT_CHAMPION,
    LL_VARIANT_ARCHIVED,
    LL_VARIANT_REJECTED
} ll_variant_status;

/* "draft", ... as in the table. */
const char *ll_variant_status_name(ll_variant_status status);
/* A word that the schema does not know is LL_VARIANT_REJECTED: never served. */
ll_variant_status ll_variant_status_of_name(const char *name);

#define LL_VERSION_BYTES_MAX 64

typedef struct ll_variant {
    int64_t id; /* 0: there is none */
    int64_t signal;
    ll_variant_status status;
    bool has_text;
    char version[LL_VERSION_BYTES_MAX + 1];
} ll_variant;

/* The id of (signal, version), given a row without text if it has none. Needs a write
 * transaction. */
llmlearn_err ll_variants_intern(ll_connection *connection, int64_t signal, const char *version,
                                size_t bytes, int64_t now_us, int64_t *out_variant);

/* out_variant->id is 0 if there is none. */
llmlearn_err ll_variants_find(ll_connection *connection, int64_t signal, const char *version,
                              size_t bytes, ll_variant *out_variant);
llmlearn_err ll_variants_get(ll_connection *connection, int64_t id, ll_variant *out_variant);
llmlearn_err ll_variants_champion(ll_connection *connection, int64_t signal,
                                  ll_variant *out_variant);

/* The text of a version, for free(); NULL if there is no such version or it has none. */
llmlearn_err ll_variants_text(ll_connection *connection, int64_t signal, const char *version,
                              size_t bytes, char **out_text);

typedef struct ll_variant_text {
    int64_t signal;
    const char *version;
    size_t version_bytes;
    const char *text;
    size_t text_bytes;
    int64_t parent; /* 0: none */
} ll_variant_text;

/* Adds a draft, or gives the text to a row that has none. LLMLEARN_EEXIST if it has another. */
llmlearn_err ll_variants_add(ll_connection *connection, const ll_variant_text *variant,
                             int64_t now_us);

/* Its changed_us is the time only if the status is another than before. */
llmlearn_err ll_variants_set_status(ll_connection *connection, int64_t variant,
                                    ll_variant_status status, int64_t now_us);

typedef llmlearn_err (*ll_champion_fn)(void *context, const char *signal, const char *version,
                                       int64_t since_us);

/* The champion of one signal or (0) of all, by the signal's name. */
llmlearn_err ll_variants_list_champions(ll_connection *connection, int64_t signal,
                                        ll_champion_fn each, void *context);

#endif
