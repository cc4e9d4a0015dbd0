#include "support/ab_batch.h"

#include "experiment/evidence.h"
#include "ingest/failure.h"
#include "ingest/record.h"
#include "ingest/run.h"
#include "ingest/vote.h"
#include "store/variants.h"
#include "support/recount.h"
#include "support/stores.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

ll_batch *ab_batch;
ll_write ab_write;
int64_t ab_now_us;
uint64_t ab_test_id;
int ab_breaker_calls;
bool ab_skips_recount;

static const ll_log silent = { 0 };
static ll_ingest_options options;
static int64_t vote_sequence;

/* ---- what ingest asks others for --------------------------------------- */

static llmlearn_err all_count(void *user, ll_connection *connection, const ll_exposure_claim *claim,
                              ll_exposure *out_exposure)
{
    (void)user;
    (void)connection;
    *out_exposure = claim->test == AB_TEST_UNKNOWN ? LL_EXPOSURE_UNKNOWN
                    : claim->arm == AB_ARM_WRONG   ? LL_EXPOSURE_MISMATCH
                                                   : LL_EXPOSURE_COUNTS;
    return LLMLEARN_OK;
}

static llmlearn_err intern_variant(void *user, ll_connection *connection, int64_t signal,
                                   const char *version, size_t version_bytes, int64_t at_us,
                                   int64_t *out_variant)
{
    (void)user;
    return ll_variants_intern(connection, signal, version, version_bytes, at_us, out_variant);
}

/* Switches off whatever failed last three times. */
static llmlearn_err trip(void *user, ll_connection *connection, ll_ab_open *open, int64_t at_us,
                         bool *out_switched)
{
    (void)user;
    (void)connection;
    ab_breaker_calls++;
    for (uint32_t i = 0; i < open->arm_count; i++) {
        const ll_ab_recent *recent = &open->arms[i].recent;
        uint64_t failed = 0;
        for (uint32_t j = 0; j < 3 && j < recent->count; j++)
            failed +=
                recent->entries[(recent->next + LL_AB_RECENT_MAX - 1 - j) % LL_AB_RECENT_MAX] & 1;
        if (failed == 3 && open->arms[i].off_us == 0) {
            ll_ab_change_arm(open, i)->off_us = at_us;
            *out_switched = true;
        }
    }
    return LLMLEARN_OK;
}

static const ll_ab_stepper stepper = { llmlearn_eprocess_read, llmlearn_eprocess_add,
                                       llmlearn_eprocess_write, ll_evidence_srm_gain };

/* ---- fixture ----------------------------------------------------------- */

/* A batch for ab_store. */
static void make_batch(void)
{
    options = (ll_ingest_options){ .store = ab_store,
                                   .log = &silent,
                                   .check_exposure = all_count,
                                   .intern_variant = intern_variant,
                                   .check_breaker = trip,
                                   .stepper = &stepper };
    ck_ok(ll_batch_new(&options, &ab_batch));
}

void ab_batch_set_up(void)
{
    ab_set_up();
    make_batch();
    ab_now_us = AB_START_US;
    vote_sequence = 0;
    ab_breaker_calls = 0;
    ab_skips_recount = false;
    ab_test_id = ab_add_test(2);
}

void ab_batch_begin(void)
{
    ab_begin();
    ck_ok(ll_store_get_fact(ab_connection, LL_FACT_VOTE_SEQUENCE, &vote_sequence));
    ll_batch_begin(ab_batch, ab_connection, ab_now_us);
    ab_write = (ll_write){ .connection = ab_connection,
                           .metrics = ll_batch_metrics(ab_batch),
                           .sums = ll_batch_sums(ab_batch),
                           .now_us = ab_now_us,
                           .vote_sequence = &vote_sequence,
                           .unit_key = (const uint64_t *)(const void *)ll_store_id(ab_store) };
}

void ab_batch_commit(void)
{
    ck_ok(ll_batch_finish(ab_batch));
    ck_ok(ll_store_set_fact(ab_connection, LL_FACT_VOTE_SEQUENCE, vote_sequence));
    ab_commit();
}

void ab_batch_undo(void)
{
    ll_batch_forget(ab_batch);
    ab_rollback();
}

void ab_batch_close(void)
{
    ll_batch_free(ab_batch);
    ll_store_close(ab_store);
}

void ab_batch_open(void)
{
    ab_store = store_open(ab_path);
    make_batch();
}

void ab_batch_tear_down(void)
{
    ll_batch_free(ab_batch);
    if (!ab_skips_recount)
        recount(ab_path);
    ab_tear_down();
}

/* ---- what happens ------------------------------------------------------ */

static llmlearn_id id_of(int n)
{
    llmlearn_id id = { { 0 } };

    memcpy(id.bytes, &n, sizeof n);
    memcpy(id.bytes + 8, &n, sizeof n); /* some of it is taken for random */
    return id;
}

/* Row n; the same n is the same record. */
void ab_log_row(int n, uint32_t arm, const char *unit, uint32_t flags, double latency_ms,
                int64_t cost)
{
    const char *texts[LL_TEXT_COUNT] = { "NVDA", "S1", "v1", NULL, NULL, unit, NULL, NULL, "t" };
    ll_record_fixed fixed = { .flags = flags,
                              .arm = arm,
                              .created_us = ab_now_us,
                              .latency_ms = latency_ms,
                              .cost_nanousd = cost,
                              .test = ab_test_id };
    uint8_t payload[LL_RECORD_HEAD_BYTES + 8];
    char head[LL_RECORD_HEAD_BYTES];
    ll_record record = { .type = LL_RECORD_EXPLANATION, .id = id_of(n), .payload = payload };

    for (int i = 0; i < LL_TEXT_COUNT; i++)
        fixed.bytes[i] = texts[i] == NULL ? 0 : (uint32_t)strlen(texts[i]);
    record.bytes = (uint32_t)ll_record_encode_head(&fixed, texts, head);
    memcpy(payload, head, record.bytes);
    payload[record.bytes++] = 't';
    ck_ok(ll_batch_store(ab_batch, &record));
}

static llmlearn_err run(ll_job *job)
{
    bool torn = false;
    llmlearn_err err = ll_run_job(job, &ab_write, true, &torn);

    return err == LLMLEARN_OK ? job->report.err : err;
}

llmlearn_err ab_vote(int n, const char *user, bool helpful, int rating)
{
    ll_vote_job *job = ll_vote_job_new();

    ck_assert_ptr_nonnull(job);
    job->explanation_id = id_of(n);
    job->helpful = helpful;
    job->rating = rating;
    job->user = strdup(user);
    job->votes_per_hour = UINT32_MAX;
    job->job.drained = true;
    llmlearn_err err = run(&job->job);
    ll_job_release(&job->job);
    return err;
}

llmlearn_err ab_withdraw(int n, const char *user)
{
    ll_vote_job *job = ll_vote_job_new();

    ck_assert_ptr_nonnull(job);
    job->explanation_id = id_of(n);
    job->withdraw = true;
    job->user = strdup(user);
    job->job.drained = true;
    llmlearn_err err = run(&job->job);
    ll_job_release(&job->job);
    return err;
}

void ab_report(uint32_t arm, const char *unit)
{
    ck_ok(
        ll_failure_count(&ab_write, &(ll_failure){ .test = ab_test_id, .arm = arm, .unit = unit }));
}

/* ---- reading ----------------------------------------------------------- */

const ll_ab_arm *ab_arm_of(uint64_t id, uint32_t arm)
{
    static ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    ll_connection *reader = NULL;
    uint32_t count = 0;

    ck_ok(ll_store_read_begin(ab_store, soon(), &reader));
    ck_ok(ll_ab_arms_read(reader, id, arms, &count));
    ll_store_read_end(ab_store);
    ck_assert_uint_lt(arm, count);
    return &arms[arm];
}

/* ---- the e-process ----------------------------------------------------- */

static llmlearn_eprocess state_after(const char *votes)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };

    ck_ok(llmlearn_eprocess_begin((double[]){ 0.5, 0.5 }, 2, 0, 0, &state));
    for (; *votes != '\0'; votes += 3)
        ck_ok(llmlearn_eprocess_add(&state, (uint32_t)(votes[0] - '0'), votes[1] == '+'));
    return state;
}

void ab_start_eprocess(void)
{
    llmlearn_eprocess state = state_after("");
    ll_ab_eprocess e = { .week = 0 };

    ck_ok(llmlearn_eprocess_write(&state, e.now, &e.now_bytes));
    ab_begin();
    ck_ok(ll_ab_eprocess_write(ab_connection, ab_test_id, &e));
    ab_commit();
}

static void expect_state(const uint8_t *bytes, size_t size, const char *votes)
{
    llmlearn_eprocess found = { .struct_size = sizeof found }, expected = state_after(votes);

    ck_ok(llmlearn_eprocess_read(bytes, size, &found));
    ck_assert_msg(memcmp(&found, &expected, sizeof found) == 0, "not what \"%s\" gives", votes);
}

void ab_expect_eprocess(const char *now, const char *week_end)
{
    ll_connection *reader = NULL;
    ll_ab_eprocess e;

    ck_ok(ll_store_read_begin(ab_store, soon(), &reader));
    ck_ok(ll_ab_eprocess_read(reader, ab_test_id, &e));
    ll_store_read_end(ab_store);
    ll_ab_eprocess_turn_weeks(&e, AB_START_US, ab_now_us);
    expect_state(e.now, e.now_bytes, now);
    expect_state(e.week_end, e.week_end_bytes, week_end);
}
