#include "ingest/batch.h"

#include "base/crc32c.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "ingest/name_cache.h"
#include "ingest/record.h"
#include "store/explanations.h"
#include "store/names.h"
#include "store/positions.h"
#include "store/units.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Arms whose sums wait for the end of the transaction; more than that are written early. */
#define ARMS_WAITING_MAX 128u
/* The cache's space for versions, apart from the kinds of names; the signal's id is added. */
#define SPACE_VERSIONS (UINT64_C(1) << 32)

typedef struct arm_sum {
    uint64_t test;
    uint32_t arm;
    int64_t mismatches; /* on the test, with any of its arms */
    ll_arm_delta delta;
} arm_sum;

struct ll_batch {
    const ll_ingest_options *options;
    ll_connection *connection;
    int64_t now_us;
    ll_metrics_changes *metrics;
    ll_name_cache *names;
    uint64_t unit_key[2];
    ll_batch_tally tally;
    uint32_t arm_count;
    arm_sum arms[ARMS_WAITING_MAX];
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
    ll_name_cache_free(batch->names);
    free(batch);
}

void ll_batch_begin(ll_batch *batch, ll_connection *connection, int64_t now_us)
{
    batch->connection = connection;
    batch->now_us = now_us;
    batch->tally = (ll_batch_tally){ 0 };
    batch->arm_count = 0;
    ll_metrics_changes_clear(batch->metrics);
}

void ll_batch_forget(ll_batch *batch)
{
    ll_name_cache_forget(batch->names);
    ll_metrics_changes_clear(batch->metrics);
    batch->arm_count = 0;
    batch->tally = (ll_batch_tally){ 0 };
}

ll_metrics_changes *ll_batch_metrics(ll_batch *batch)
{
    return batch->metrics;
}

ll_batch_tally ll_batch_tallied(const ll_batch *batch)
{
    return batch->tally;
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

static llmlearn_err write_arms(ll_batch *batch)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < batch->arm_count && err == LLMLEARN_OK; i++) {
        const arm_sum *sum = &batch->arms[i];

        err = ll_arms_add(batch->connection, sum->test, sum->arm, &sum->delta);
        if (err == LLMLEARN_OK && sum->mismatches > 0)
            err = ll_tests_count_mismatch(batch->connection, sum->test, sum->mismatches);
    }
    batch->arm_count = 0;
    return err;
}

/* The sums waiting for an arm; needs room for one more. */
static arm_sum *sum_of(ll_batch *batch, uint64_t test, uint32_t arm)
{
    for (uint32_t i = 0; i < batch->arm_count; i++)
        if (batch->arms[i].test == test && batch->arms[i].arm == arm)
            return &batch->arms[i];
    assert(batch->arm_count < ARMS_WAITING_MAX);
    batch->arms[batch->arm_count] = (arm_sum){ .test = test, .arm = arm };
    return &batch->arms[batch->arm_count++];
}

/* A row of the arm it belongs to: does it expose a unit, and is that unit new? */
static llmlearn_err arrive(ll_batch *batch, ll_explanation_row *row, bool *out_new_unit)
{
    ll_unit_arrival arrival = LL_UNIT_NEW;
    llmlearn_err err = LLMLEARN_OK;
    bool shown = (row->flags & (LLMLEARN_CACHED | LLMLEARN_REROUTED)) == 0;

    *out_new_unit = false;
    if (!shown)
        return LLMLEARN_OK;
    if (row->unit.data != NULL) {
        int64_t unit = (int64_t)ll_siphash13(batch->unit_key, row->unit.data, row->unit.bytes);

        err = ll_units_arrive(batch->connection, row->test, unit, row->arm, &arrival);
    }
    row->counted = err == LLMLEARN_OK && arrival != LL_UNIT_CONTAMINATED;
    *out_new_unit = row->counted && arrival == LL_UNIT_NEW;
    return err;
}

static void sum_row(arm_sum *sum, const ll_explanation_row *row, bool new_unit)
{
    int64_t *cost = &sum->delta.cost_nanousd;

    sum->delta.explanations++;
    sum->delta.cached += (row->flags & LLMLEARN_CACHED) != 0;
    sum->delta.fallback += (row->flags & LLMLEARN_FALLBACK) != 0;
    sum->delta.rerouted += (row->flags & LLMLEARN_REROUTED) != 0;
    sum->delta.units += new_unit;
    if (row->flags & LLMLEARN_HAS_COST) {
        if (__builtin_add_overflow(*cost, row->cost_nanousd, cost))
            *cost = INT64_MAX;
        sum->delta.cost_known++;
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

/* Decides whether the row counts in its test; *out_sum is the arm to add it to once it is
 * really inserted, or NULL. */
static llmlearn_err place_in_test(ll_batch *batch, ll_explanation_row *row, int64_t signal,
                                  arm_sum **out_sum, bool *out_new_unit, bool *out_mismatch)
{
    ll_exposure exposure;
    llmlearn_err err = check_exposure(batch, row, signal, &exposure);

    if (err != LLMLEARN_OK || exposure == LL_EXPOSURE_UNKNOWN)
        return err;
    *out_sum = sum_of(batch, row->test, row->arm);
    *out_mismatch = exposure == LL_EXPOSURE_MISMATCH;
    if (exposure == LL_EXPOSURE_COUNTS)
        err = arrive(batch, row, out_new_unit);
    return err;
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

/* Inserts a row of a test with what its unit's arrival changes, or neither. */
static llmlearn_err insert_in_test(ll_batch *batch, ll_explanation_row *row, int64_t signal,
                                   ll_insertion *out_insertion)
{
    arm_sum *sum = NULL;
    bool new_unit = false;
    bool mismatch = false;
    llmlearn_err err = LLMLEARN_OK;

    if (batch->arm_count == ARMS_WAITING_MAX)
        err = write_arms(batch); /* before the mark: other rows' sums are not this one's to undo */
    if (err == LLMLEARN_OK)
        err = ll_connection_mark(batch->connection);
    if (err != LLMLEARN_OK)
        return err;
    err = place_in_test(batch, row, signal, &sum, &new_unit, &mismatch);
    if (err == LLMLEARN_OK)
        err = ll_explanations_insert(batch->connection, row, out_insertion);
    if (err != LLMLEARN_OK || *out_insertion != LL_INSERTED) {
        llmlearn_err undone = ll_connection_undo(batch->connection);

        return undone == LLMLEARN_OK ? err : undone;
    }
    if (sum != NULL && mismatch)
        sum->mismatches++;
    else if (sum != NULL)
        sum_row(sum, row, new_unit);
    return ll_connection_keep(batch->connection);
}

/* Inserts the row and counts it where it belongs. */
static llmlearn_err insert(ll_batch *batch, ll_explanation_row *row, int64_t signal,
                           ll_insertion *out_insertion)
{
    ll_span bad_metadata = take_bad_metadata(row);
    llmlearn_err err;

    if (row->test != 0)
        err = insert_in_test(batch, row, signal, out_insertion);
    else
        err = ll_explanations_insert(batch->connection, row, out_insertion);
    if (err != LLMLEARN_OK || *out_insertion != LL_INSERTED)
        return err;
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
    llmlearn_err err = write_arms(batch);

    if (err == LLMLEARN_OK)
        err = ll_metrics_write(batch->metrics, batch->connection);
    return err;
}
