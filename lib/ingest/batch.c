#include "ingest/batch.h"

#include "base/crc32c.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "ingest/name_cache.h"
#include "ingest/record.h"
#include "store/ab_count.h"
#include "store/explanations.h"
#include "store/names.h"
#include "store/positions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The cache's space for versions, apart from the kinds of names; the signal's id is added. */
#define SPACE_VERSIONS (UINT64_C(1) << 32)

struct ll_batch {
    const ll_ingest_options *options;
    ll_connection *connection;
    int64_t now_us;
    ll_metrics_changes *metrics;
    ll_ab_sums *sums;
    ll_name_cache *names;
    uint64_t unit_key[2];
    ll_batch_tally tally;
    bool config_changed;
};

llmlearn_err ll_batch_new(const ll_ingest_options *options, ll_batch **out_batch)
{
    ll_batch *batch = calloc(1, sizeof *batch);
    llmlearn_err err = LLMLEARN_ENOMEM;

    if (batch == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the ingest batch");
    batch->options = options;
    memcpy(batch->unit_key, ll_store_id(options->store), sizeof batch->unit_key);
    batch->names = ll_name_cache_new();
    if (batch->names != NULL)
        err = ll_metrics_changes_new(&batch->metrics);
    if (err == LLMLEARN_OK)
        err = ll_ab_sums_new(options->stepper, &batch->sums);
    if (err != LLMLEARN_OK) {
        ll_batch_free(batch);
        return ll_fail(err, "no memory for the ingest batch");
    }
    *out_batch = batch;
    return LLMLEARN_OK;
}

void ll_batch_free(ll_batch *batch)
{
    if (batch == NULL)
        return;
    ll_metrics_changes_free(batch->metrics);
    ll_ab_sums_free(batch->sums);
    ll_name_cache_free(batch->names);
    free(batch);
}

void ll_batch_begin(ll_batch *batch, ll_connection *connection, int64_t now_us)
{
    batch->connection = connection;
    batch->now_us = now_us;
    batch->tally = (ll_batch_tally){ 0 };
    batch->config_changed = false;
    ll_metrics_changes_clear(batch->metrics);
    ll_ab_sums_begin(batch->sums, connection, now_us);
}

void ll_batch_forget(ll_batch *batch)
{
    ll_name_cache_forget(batch->names);
    ll_metrics_changes_clear(batch->metrics);
    batch->tally = (ll_batch_tally){ 0 };
}

ll_metrics_changes *ll_batch_metrics(ll_batch *batch)
{
    return batch->metrics;
}

ll_ab_sums *ll_batch_sums(ll_batch *batch)
{
    return batch->sums;
}

ll_batch_tally ll_batch_tallied(const ll_batch *batch)
{
    return batch->tally;
}

bool ll_batch_changed_config(const ll_batch *batch)
{
    return batch->config_changed;
}

/* ---- names ------------------------------------------------------------- */

static llmlearn_err intern_name(ll_batch *batch, ll_name_kind kind, const char *name, size_t bytes,
                                int64_t *out_id)
{
    llmlearn_err err = LLMLEARN_OK;
    int64_t id = 0;

    if (name != NULL)
        id = ll_name_cache_get(batch->names, kind, name, bytes);
    if (name != NULL && id == 0) {
        err = ll_names_intern(batch->connection, kind, name, bytes, &id);
        if (err == LLMLEARN_OK)
            ll_name_cache_put(batch->names, kind, name, bytes, id);
    }
    *out_id = id;
    return err;
}

static llmlearn_err intern_variant(ll_batch *batch, int64_t signal, const char *version,
                                   size_t bytes, int64_t *out_id)
{
    uint64_t space = SPACE_VERSIONS + (uint64_t)signal;
    int64_t id = ll_name_cache_get(batch->names, space, version, bytes);
    llmlearn_err err = LLMLEARN_OK;

    if (id == 0) {
        err = batch->options->intern_variant(batch->options->user, batch->connection, signal,
                                             version, bytes, batch->now_us, &id);
        if (err == LLMLEARN_OK)
            ll_name_cache_put(batch->names, space, version, bytes, id);
    }
    *out_id = id;
    return err;
}

/* All names of the record, as numbers. */
static llmlearn_err intern_all(ll_batch *batch, const ll_decoded *d, ll_explanation_row *row,
                               int64_t *out_signal)
{
    const uint32_t *bytes = d->fixed.bytes;
    llmlearn_err err = intern_name(batch, LL_NAME_TICKER, d->text[LL_TEXT_TICKER],
                                   bytes[LL_TEXT_TICKER], &row->ticker);

    if (err == LLMLEARN_OK)
        err = intern_name(batch, LL_NAME_SIGNAL, d->text[LL_TEXT_SIGNAL], bytes[LL_TEXT_SIGNAL],
                          out_signal);
    if (err == LLMLEARN_OK)
        err = intern_name(batch, LL_NAME_MODEL, d->text[LL_TEXT_MODEL], bytes[LL_TEXT_MODEL],
                          &row->model);
    if (err == LLMLEARN_OK)
        err = intern_name(batch, LL_NAME_PROVIDER, d->text[LL_TEXT_PROVIDER],
                          bytes[LL_TEXT_PROVIDER], &row->provider);
    if (err == LLMLEARN_OK)
        err = intern_variant(batch, *out_signal, d->text[LL_TEXT_VERSION], bytes[LL_TEXT_VERSION],
                             &row->variant);
    return err;
}

/* ---- tests ------------------------------------------------------------- */

llmlearn_err ll_batch_settle_tests(ll_batch *batch)
{
    const ll_ingest_options *options = batch->options;
    ll_ab_open *failed = ll_ab_sums_next_failed(batch->sums);
    llmlearn_err err = LLMLEARN_OK;

    for (; failed != NULL && err == LLMLEARN_OK; failed = ll_ab_sums_next_failed(batch->sums)) {
        bool switched = false;

        if (options->check_breaker != NULL)
            err = options->check_breaker(options->user, batch->connection, failed, batch->now_us,
                                         &switched);
        batch->config_changed |= switched;
    }
    return err == LLMLEARN_OK ? ll_ab_sums_write(batch->sums) : err;
}

/* How a row stands in its test. */
typedef struct standing {
    ll_ab_open *open; /* NULL: it has none, or none that there is */
    bool mismatch;
    int64_t unit;          /* the number of what it exposes, if it counts */
    ll_unit before, after; /* one that is its own unit is treated as if it had a row */
} standing;

static ll_unit_exposure exposure_of(const ll_explanation_row *row)
{
    return (ll_unit_exposure){
        .failed = (row->flags & LLMLEARN_FALLBACK) != 0,
        .has_latency = (row->flags & LLMLEARN_HAS_LATENCY) != 0,
        .has_cost = (row->flags & LLMLEARN_HAS_COST) != 0,
        .latency_ms = row->latency_ms,
        .cost_nanousd = row->cost_nanousd,
    };
}

/* A row of the arm where it belongs: it counts if its unit was in no other before. */
static llmlearn_err meet_unit(ll_batch *batch, ll_explanation_row *row, standing *s)
{
    const ll_unit_exposure exposure = exposure_of(row);
    bool has_unit = row->unit.data != NULL;
    const void *name = has_unit ? (const void *)row->unit.data : row->id.bytes;
    size_t bytes = has_unit ? row->unit.bytes : sizeof row->id.bytes;
    llmlearn_err err = LLMLEARN_OK;

    s->unit = (int64_t)ll_siphash13(batch->unit_key, name, bytes);
    if (has_unit)
        err = ll_units_read(batch->connection, row->test, s->unit, &s->before);
    if (err != LLMLEARN_OK)
        return err;
    s->after = s->before;
    row->counted = !s->before.found || s->before.arm == row->arm;
    if (row->counted) {
        s->after.arm = row->arm;
        ll_unit_expose(&s->after, &exposure);
    } else {
        s->after.contaminated = true;
    }
    return LLMLEARN_OK;
}

static void sum_row(ll_ab_arm *arm, const ll_explanation_row *row)
{
    arm->explanations++;
    arm->cached += (row->flags & LLMLEARN_CACHED) != 0;
    arm->fallback += (row->flags & LLMLEARN_FALLBACK) != 0;
    arm->rerouted += (row->flags & LLMLEARN_REROUTED) != 0;
    if (row->flags & LLMLEARN_HAS_COST) {
        if (__builtin_add_overflow(arm->cost_nanousd, row->cost_nanousd, &arm->cost_nanousd))
            arm->cost_nanousd = INT64_MAX;
        arm->cost_known++;
    }
}

/* A rerouted row carries the champion's version: its claim is about the arm alone. */
static llmlearn_err check_exposure(ll_batch *batch, const ll_explanation_row *row, int64_t signal,
                                   ll_exposure *out_exposure)
{
    const ll_exposure_claim claim = {
        .test = row->test,
        .arm = row->arm,
        .signal = signal,
        .variant = row->flags & (LLMLEARN_REROUTED | LLMLEARN_FALLBACK) ? 0 : row->variant,
        .unit = row->unit.data,
        .unit_bytes = row->unit.bytes,
    };

    return batch->options->check_exposure(batch->options->user, batch->connection, &claim,
                                          out_exposure);
}

/* Decides whether the row counts in its test, and changes nothing yet. */
static llmlearn_err place_in_test(ll_batch *batch, ll_explanation_row *row, int64_t signal,
                                  standing *s)
{
    bool shown = (row->flags & (LLMLEARN_CACHED | LLMLEARN_REROUTED)) == 0;
    ll_exposure exposure;
    llmlearn_err err = check_exposure(batch, row, signal, &exposure);

    if (err != LLMLEARN_OK || exposure == LL_EXPOSURE_UNKNOWN)
        return err;
    if (ll_ab_sums_is_full(batch->sums))
        err = ll_batch_settle_tests(batch);
    if (err == LLMLEARN_OK)
        err = ll_ab_sums_open(batch->sums, row->test, &s->open);
    if (err != LLMLEARN_OK || s->open == NULL)
        return err;
    s->mismatch = exposure == LL_EXPOSURE_MISMATCH;
    return shown && !s->mismatch ? meet_unit(batch, row, s) : LLMLEARN_OK;
}

/* The row is in; now its unit and its arm. Only the row itself can be refused, so that there is
 * nothing to undo. */
static llmlearn_err count_in_test(ll_batch *batch, const ll_explanation_row *row, const standing *s)
{
    bool contaminates = s->after.contaminated && !s->before.contaminated;
    llmlearn_err err = LLMLEARN_OK;

    if (row->unit.data != NULL && (row->counted || contaminates))
        err = ll_units_write(batch->connection, row->test, s->unit, &s->after);
    if (err != LLMLEARN_OK)
        return err;
    s->open->test.mismatches += s->mismatch;
    s->open->test.contaminated += contaminates;
    s->open->test_changed |= s->mismatch || contaminates;
    if (!s->mismatch)
        sum_row(ll_ab_change_arm(s->open, row->arm), row);
    if (!row->counted)
        return LLMLEARN_OK;
    ll_ab_count_exposure(s->open, row->arm, (uint64_t)s->unit, &s->before, &s->after);
    if (row->flags & LLMLEARN_HAS_LATENCY)
        ll_ab_sums_add_latency(batch->sums, s->open, row->arm, row->latency_ms);
    return LLMLEARN_OK;
}

/* ---- rows -------------------------------------------------------------- */

static llmlearn_err reject(ll_batch *batch, const char *reason, const ll_record *record)
{
    ll_log_write(batch->options->log, LLMLEARN_LOG_WARNING, "record-rejected",
                 "a journal record was put aside in llm_rejected: %s", reason);
    batch->tally.rejected++;
    return ll_rejected_add(batch->connection, batch->now_us, reason, &record->id, record->payload,
                           record->bytes);
}

/* Metadata that is no JSON object is taken off the row, to be kept aside once the row is in. */
static ll_span take_bad_metadata(ll_explanation_row *row)
{
    ll_span metadata = row->metadata;

    if (metadata.data == NULL || ll_json_is_object(metadata.data, metadata.bytes))
        return (ll_span){ .data = NULL };
    row->metadata = (ll_span){ .data = NULL };
    return metadata;
}

static llmlearn_err keep_aside(ll_batch *batch, const llmlearn_id *id, ll_span metadata)
{
    if (metadata.data == NULL)
        return LLMLEARN_OK;
    batch->tally.rejected++;
    return ll_rejected_add(batch->connection, batch->now_us, "metadata_json: not a JSON object", id,
                           metadata.data, metadata.bytes);
}

static ll_span span_of(const ll_decoded *d, ll_record_text which)
{
    return (ll_span){ .data = d->text[which], .bytes = d->fixed.bytes[which] };
}

static ll_explanation_row row_of(const ll_record *record, const ll_decoded *d)
{
    return (ll_explanation_row){
        .id = record->id,
        .created_us = d->fixed.created_us,
        .flags = d->fixed.flags,
        .digest = ll_crc32c(0, record->payload, record->bytes),
        .confidence = d->fixed.confidence,
        .latency_ms = d->fixed.latency_ms,
        .prompt_tokens = d->fixed.prompt_tokens,
        .completion_tokens = d->fixed.completion_tokens,
        .cost_nanousd = d->fixed.cost_nanousd,
        .test = d->fixed.test,
        .arm = d->fixed.arm,
        .unit = span_of(d, LL_TEXT_UNIT),
        .fallback_reason = span_of(d, LL_TEXT_FALLBACK_REASON),
        .metadata = span_of(d, LL_TEXT_METADATA),
        .text = span_of(d, LL_TEXT_TEXT),
    };
}

static llmlearn_err count_row(ll_batch *batch, const ll_explanation_row *row)
{
    uint32_t flags = row->flags;
    int64_t day = ll_clock_day(row->created_us);
    const ll_counts delta = {
        .explanations = 1,
        .cached = (flags & LLMLEARN_CACHED) != 0,
        .fallback = (flags & LLMLEARN_FALLBACK) != 0,
        .prompt_tokens = flags & LLMLEARN_HAS_PROMPT_TOKENS ? row->prompt_tokens : 0,
        .completion_tokens = flags & LLMLEARN_HAS_COMPLETION_TOKENS ? row->completion_tokens : 0,
        .cost_nanousd = flags & LLMLEARN_HAS_COST ? row->cost_nanousd : 0,
        .cost_known = (flags & LLMLEARN_HAS_COST) != 0,
    };
    llmlearn_err err = ll_metrics_add(batch->metrics, day, row->variant, row->ticker, &delta);

    if (err == LLMLEARN_OK && flags & LLMLEARN_HAS_LATENCY)
        err = ll_metrics_add_latency(batch->metrics, day, row->variant, row->latency_ms);
    return err;
}

/* Inserts the row and counts it where it belongs. */
static llmlearn_err insert(ll_batch *batch, ll_explanation_row *row, int64_t signal,
                           ll_insertion *out_insertion)
{
    ll_span bad_metadata = take_bad_metadata(row);
    standing s = { .open = NULL };
    llmlearn_err err = LLMLEARN_OK;

    if (row->test != 0)
        err = place_in_test(batch, row, signal, &s);
    if (err == LLMLEARN_OK)
        err = ll_explanations_insert(batch->connection, row, out_insertion);
    if (err != LLMLEARN_OK || *out_insertion != LL_INSERTED)
        return err;
    if (s.open != NULL)
        err = count_in_test(batch, row, &s);
    if (err == LLMLEARN_OK)
        err = keep_aside(batch, &row->id, bad_metadata);
    return err == LLMLEARN_OK ? count_row(batch, row) : err;
}

static llmlearn_err store_explanation(ll_batch *batch, const ll_record *record, const ll_decoded *d)
{
    ll_explanation_row row = row_of(record, d);
    ll_insertion insertion = LL_INSERTED;
    int64_t signal = 0;
    llmlearn_err err = intern_all(batch, d, &row, &signal);

    if (err == LLMLEARN_OK)
        err = insert(batch, &row, signal, &insertion);
    if (err == LLMLEARN_EINVAL)
        return reject(batch, llmlearn_error_detail(), record);
    if (err != LLMLEARN_OK)
        return err;
    if (insertion == LL_INSERTION_CLASH)
        return reject(batch, "another explanation has this id", record);
    if (insertion == LL_INSERTION_DUPLICATE)
        batch->tally.duplicates++;
    else
        batch->tally.stored++;
    return LLMLEARN_OK;
}

llmlearn_err ll_batch_store(ll_batch *batch, const ll_record *record)
{
    ll_decoded decoded;

    assert(batch->connection != NULL);
    if (record->type != LL_RECORD_EXPLANATION)
        return reject(batch, "unknown record type: written by a newer version?", record);
    if (!ll_record_decode(record->payload, record->bytes, &decoded))
        return reject(batch, "not a whole explanation record", record);
    return store_explanation(batch, record, &decoded);
}

llmlearn_err ll_batch_finish(ll_batch *batch)
{
    llmlearn_err err = ll_batch_settle_tests(batch);

    if (err == LLMLEARN_OK)
        err = ll_metrics_write(batch->metrics, batch->connection);
    return err;
}
