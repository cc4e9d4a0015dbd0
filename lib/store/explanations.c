#include "store/explanations.h"

#include "base/hash.h"

#include <assert.h>

static const ll_statement insert_explanation = {
    "INSERT INTO llm_explanations (explanation_id, created_us, ticker, variant, model, provider,"
    " flags, confidence, latency_ms, prompt_tokens, completion_tokens, cost_nanousd, test, arm,"
    " counted, digest, unit, fallback_reason, metadata, text)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20) ON CONFLICT (explanation_id) DO NOTHING"
};
static const ll_statement find_digest = {
    "SELECT digest FROM llm_explanations WHERE explanation_id = ?1"
};
static const ll_statement find_explanation = {
    "SELECT e.row, e.created_us, e.ticker, e.variant, e.test, e.arm, e.counted, e.unit,"
    " EXISTS (SELECT 1 FROM llm_feedback f WHERE f.explanation = e.row)"
    " FROM llm_explanations e WHERE e.explanation_id = ?1"
};

static ll_value known_int(uint32_t flags, uint32_t has, int64_t value)
{
    return flags & has ? ll_int(value) : ll_null();
}

static ll_value known_real(uint32_t flags, uint32_t has, double value)
{
    return flags & has ? ll_real(value) : ll_null();
}

static ll_value reference(int64_t id)
{
    return id != 0 ? ll_int(id) : ll_null();
}

static ll_value span(ll_span text)
{
    return ll_text(text.data, text.bytes);
}

/* Nothing was inserted because the id is there: the same record, or another one? */
static llmlearn_err compare_digest(ll_connection *connection, const ll_explanation_row *row,
                                   ll_insertion *out_insertion)
{
    const ll_value arguments[] = { ll_blob(row->id.bytes, sizeof row->id) };
    int64_t digest = 0;
    llmlearn_err err = ll_connection_int(connection, &find_digest, arguments, 1, NULL, &digest);

    if (err == LLMLEARN_OK)
        *out_insertion = digest == row->digest ? LL_INSERTION_DUPLICATE : LL_INSERTION_CLASH;
    return err;
}

llmlearn_err ll_explanations_insert(ll_connection *connection, const ll_explanation_row *row,
                                    ll_insertion *out_insertion)
{
    uint32_t flags = row->flags;
    const ll_value arguments[] = {
        ll_blob(row->id.bytes, sizeof row->id),
        ll_int(row->created_us),
        ll_int(row->ticker),
        ll_int(row->variant),
        reference(row->model),
        reference(row->provider),
        ll_int(flags),
        known_real(flags, LLMLEARN_HAS_CONFIDENCE, row->confidence),
        known_real(flags, LLMLEARN_HAS_LATENCY, row->latency_ms),
        known_int(flags, LLMLEARN_HAS_PROMPT_TOKENS, row->prompt_tokens),
        known_int(flags, LLMLEARN_HAS_COMPLETION_TOKENS, row->completion_tokens),
        known_int(flags, LLMLEARN_HAS_COST, row->cost_nanousd),
        reference((int64_t)row->test),
        row->test != 0 ? ll_int(row->arm) : ll_null(),
        ll_int(row->counted),
        ll_int(row->digest),
        span(row->unit),
        span(row->fallback_reason),
        span(row->metadata),
        span(row->text),
    };
    llmlearn_err err;

    assert(row->text.data != NULL && row->ticker != 0 && row->variant != 0);
    err = ll_connection_run(connection, &insert_explanation, arguments, LL_ARRAY_COUNT(arguments),
                            NULL, NULL);
    if (err != LLMLEARN_OK)
        return err;
    if (ll_connection_changes(connection) == 0)
        return compare_digest(connection, row, out_insertion);
    *out_insertion = LL_INSERTED;
    return LLMLEARN_OK;
}

typedef struct finding {
    const uint64_t *unit_key;
    ll_explanation_facts *facts;
} finding;

static llmlearn_err read_facts(void *context, const ll_row *row)
{
    finding *f = context;
    size_t unit_bytes = 0;
    const char *unit = ll_row_text(row, 7, &unit_bytes);

    *f->facts = (ll_explanation_facts){ .row = ll_row_int(row, 0),
                                        .created_us = ll_row_int(row, 1),
                                        .ticker = ll_row_int(row, 2),
                                        .variant = ll_row_int(row, 3),
                                        .test = (uint64_t)ll_row_int(row, 4),
                                        .arm = (uint32_t)ll_row_int(row, 5),
                                        .counted = ll_row_int(row, 6) != 0,
                                        .has_unit = unit != NULL,
                                        .rated = ll_row_int(row, 8) != 0 };
    if (unit != NULL)
        f->facts->unit = (int64_t)ll_siphash13(f->unit_key, unit, unit_bytes);
    return LLMLEARN_OK;
}

llmlearn_err ll_explanations_find(ll_connection *connection, const llmlearn_id *id,
                                  const uint64_t unit_key[2], ll_explanation_facts *out_facts)
{
    const ll_value arguments[] = { ll_blob(id->bytes, sizeof *id) };
    finding f = { .unit_key = unit_key, .facts = out_facts };

    out_facts->row = 0;
    return ll_connection_run(connection, &find_explanation, arguments, 1, read_facts, &f);
}
