#include "store/ab_sums.h"

#include "base/err.h"
#include "store/ab_latency.h"
#include "store/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Tests that wait for the end of the transaction; more are written early. One is 60 KB. */
#define OPEN_MAX 128u

struct ll_ab_sums {
    const ll_ab_stepper *stepper;
    ll_connection *connection;
    int64_t now_us;
    bool changed;               /* something was written */
    uint32_t count;             /* of those that are open */
    uint32_t latest;            /* the one opened last */
    ll_ab_open *open[OPEN_MAX]; /* beyond count: memory kept for the next */
    ll_tally latency;           /* (test, arm, bucket) and how many */
};

llmlearn_err ll_ab_sums_new(const ll_ab_stepper *stepper, ll_ab_sums **out_sums)
{
    ll_ab_sums *sums = calloc(1, sizeof *sums);
    llmlearn_err err;

    if (sums == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the sums of tests");
    sums->stepper = stepper;
    err = ll_tally_init(&sums->latency, 1);
    if (err != LLMLEARN_OK) {
        ll_ab_sums_free(sums);
        return err;
    }
    *out_sums = sums;
    return LLMLEARN_OK;
}

void ll_ab_sums_free(ll_ab_sums *sums)
{
    if (sums == NULL)
        return;
    for (uint32_t i = 0; i < OPEN_MAX; i++)
        free(sums->open[i]);
    ll_tally_free(&sums->latency);
    free(sums);
}

static void forget(ll_ab_sums *sums)
{
    sums->count = 0;
    sums->changed = false;
    ll_tally_clear(&sums->latency);
}

void ll_ab_sums_begin(ll_ab_sums *sums, ll_connection *connection, int64_t now_us)
{
    forget(sums);
    sums->connection = connection;
    sums->now_us = now_us;
}

bool ll_ab_sums_is_full(const ll_ab_sums *sums)
{
    return sums->count == OPEN_MAX;
}

/* ---- opening ----------------------------------------------------------- */

/* A state that is damaged stays as it is: its test goes on, and who decides by it is told. */
static llmlearn_err read_eprocess(const ll_ab_sums *sums, ll_ab_open *open)
{
    ll_ab_eprocess *e = &open->eprocess;
    llmlearn_err err;

    open->stepper = sums->stepper;
    open->has_state = false;
    if (sums->stepper == NULL || open->test.status != LL_AB_RUNNING)
        return LLMLEARN_OK;
    err = ll_ab_eprocess_read(sums->connection, open->test.id, e);
    if (err == LLMLEARN_ECORRUPT)
        return LLMLEARN_OK;
    if (err != LLMLEARN_OK || e->now_bytes == 0)
        return err;
    ll_ab_eprocess_turn_weeks(e, open->test.started_us, sums->now_us);
    open->state.struct_size = sizeof open->state;
    open->has_state = sums->stepper->read(e->now, e->now_bytes, &open->state) == LLMLEARN_OK &&
                      open->state.arm_count == open->arm_count;
    return LLMLEARN_OK;
}

/* Fills sums->open[sums->count]. */
static llmlearn_err read_test(ll_ab_sums *sums, uint64_t test)
{
    ll_ab_open *open = sums->open[sums->count];
    llmlearn_err err = ll_ab_tests_get(sums->connection, test, &open->test);

    if (err != LLMLEARN_OK || open->test.id == 0)
        return err;
    err = ll_ab_arms_read(sums->connection, test, open->arms, &open->arm_count);
    if (err == LLMLEARN_OK && open->arm_count == 0)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu has no arms",
                      (unsigned long long)test);
    open->failed = false;
    open->test_changed = false;
    open->stepped = false;
    open->arms_changed = 0;
    memset(open->came, 0, sizeof open->came);
    return err == LLMLEARN_OK ? read_eprocess(sums, open) : err;
}

static ll_ab_open *find(ll_ab_sums *sums, uint64_t test)
{
    if (sums->latest < sums->count && sums->open[sums->latest]->test.id == test)
        return sums->open[sums->latest];
    for (uint32_t i = 0; i < sums->count; i++) {
        if (sums->open[i]->test.id == test) {
            sums->latest = i;
            return sums->open[i];
        }
    }
    return NULL;
}

llmlearn_err ll_ab_sums_open(ll_ab_sums *sums, uint64_t test, ll_ab_open **out_open)
{
    llmlearn_err err = ll_tally_reserve(&sums->latency, 1);
    ll_ab_open *open = find(sums, test);

    if (err != LLMLEARN_OK)
        return err;
    if (open == NULL && test <= INT64_MAX) {
        assert(sums->count < OPEN_MAX);
        if (sums->open[sums->count] == NULL)
            sums->open[sums->count] = malloc(sizeof **sums->open);
        if (sums->open[sums->count] == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "out of memory for the sums of a test");
        err = read_test(sums, test);
        if (err != LLMLEARN_OK)
            return err;
        if (sums->open[sums->count]->test.id != 0) {
            sums->latest = sums->count++;
            open = sums->open[sums->latest];
        }
    }
    *out_open = open;
    return LLMLEARN_OK;
}

/* ---- what happened ----------------------------------------------------- */

void ll_ab_sums_add_latency(ll_ab_sums *sums, const ll_ab_open *open, uint32_t arm,
                            double latency_ms)
{
    const int64_t key[] = { (int64_t)open->test.id, arm, ll_latency_bucket(latency_ms) };
    const int64_t one = 1;

    ll_tally_add(&sums->latency, key, &one);
}

ll_ab_open *ll_ab_sums_next_failed(ll_ab_sums *sums)
{
    for (uint32_t i = 0; i < sums->count; i++) {
        if (sums->open[i]->failed) {
            sums->open[i]->failed = false;
            return sums->open[i];
        }
    }
    return NULL;
}

static bool is_changed(const ll_ab_open *open)
{
    return open->arms_changed != 0 || open->test_changed;
}

bool ll_ab_sums_changed(const ll_ab_sums *sums)
{
    bool changed = sums->changed;

    for (uint32_t i = 0; i < sums->count; i++)
        changed |= is_changed(sums->open[i]);
    return changed;
}

/* ---- writing ----------------------------------------------------------- */

static llmlearn_err write_arm(const ll_ab_sums *sums, const ll_ab_open *open, uint32_t arm)
{
    const ll_ab_day *came = &open->came[arm];
    llmlearn_err err = ll_ab_arms_write(sums->connection, open->test.id, arm, &open->arms[arm]);

    if (err == LLMLEARN_OK && (came->units != 0 || came->first_votes != 0))
        err =
            ll_ab_days_add(sums->connection, open->test.id, ll_clock_day(sums->now_us), arm, came);
    return err;
}

static llmlearn_err write_eprocess(const ll_ab_sums *sums, ll_ab_open *open)
{
    ll_ab_eprocess *e = &open->eprocess;
    llmlearn_err err = open->stepper->write(&open->state, e->now, &e->now_bytes);

    return err == LLMLEARN_OK ? ll_ab_eprocess_write(sums->connection, open->test.id, e) : err;
}

static llmlearn_err write_test(const ll_ab_sums *sums, ll_ab_open *open)
{
    llmlearn_err err = LLMLEARN_OK;

    if (open->test_changed)
        err = ll_ab_tests_write_sums(sums->connection, &open->test);
    for (uint32_t i = 0; i < open->arm_count && err == LLMLEARN_OK; i++) {
        if ((open->arms_changed >> i & 1) != 0)
            err = write_arm(sums, open, i);
    }
    if (err == LLMLEARN_OK && open->stepped)
        err = write_eprocess(sums, open);
    return err;
}

llmlearn_err ll_ab_sums_write(ll_ab_sums *sums)
{
    bool changed = ll_ab_sums_changed(sums);
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < sums->count && err == LLMLEARN_OK; i++)
        err = write_test(sums, sums->open[i]);
    if (err == LLMLEARN_OK)
        err = ll_ab_latency_add(sums->connection, &sums->latency);
    if (err != LLMLEARN_OK)
        return err;
    forget(sums);
    sums->changed = changed;
    return LLMLEARN_OK;
}
