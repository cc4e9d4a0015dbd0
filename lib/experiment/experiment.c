#include "experiment/experiment.h"

#include "base/err.h"
#include "experiment/intern.h"
#include "experiment/snapshot.h"
#include "experiment/tests.h"
#include "store/serving.h"
#include "store/store.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What readers touch comes first, and never changes but for `current`. */
struct ll_experiment {
    _Atomic(const ll_snapshot *) current;
    const char *baseline;
    ll_assign_draws *draws;

    ll_intern *intern;
    ll_snapshot *snapshots; /* every one ever published */
    ll_tests tests;         /* every one ever published or asked about */
    int64_t version;        /* of the config published */
    const ll_log *log;
};

/* Publishes a snapshot, or an equal one from before, which it replaces. */
static void publish(ll_experiment *e, ll_snapshot *fresh)
{
    ll_snapshot *known = e->snapshots;

    ll_snapshot_finish(fresh);
    while (known != NULL && !ll_snapshot_equal(known, fresh))
        known = known->next;
    if (known != NULL) {
        free(fresh);
    } else {
        fresh->next = e->snapshots;
        e->snapshots = fresh;
        known = fresh;
    }
    /* Release: whoever reads the pointer sees the whole snapshot, and its texts and tests. */
    atomic_store_explicit(&e->current, known, memory_order_release);
}

llmlearn_err ll_experiment_open(const char *baseline, const ll_log *log, ll_experiment **out)
{
    ll_experiment *e = calloc(1, sizeof *e);
    ll_snapshot *empty = NULL;
    llmlearn_err err = LLMLEARN_ENOMEM;

    assert(baseline != NULL);
    if (e == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the experiment");
    e->log = log;
    e->draws = aligned_alloc(_Alignof(ll_assign_draws), sizeof *e->draws);
    if (e->draws == NULL) {
        err = ll_fail(LLMLEARN_ENOMEM, "out of memory for the experiment");
        goto fail;
    }
    err = ll_assign_draws_init(e->draws);
    if (err == LLMLEARN_OK)
        err = ll_intern_new(&e->intern);
    if (err == LLMLEARN_OK)
        err = ll_intern_text(e->intern, baseline, strlen(baseline), &e->baseline);
    if (err == LLMLEARN_OK)
        err = ll_snapshot_new(0, &empty);
    if (err != LLMLEARN_OK)
        goto fail;
    publish(e, empty);
    *out = e;
    return LLMLEARN_OK;

fail:
    ll_experiment_close(e);
    return err;
}

void ll_experiment_close(ll_experiment *e)
{
    if (e == NULL)
        return;
    while (e->snapshots != NULL) {
        ll_snapshot *first = e->snapshots;
        e->snapshots = first->next;
        free(first);
    }
    ll_tests_free(&e->tests);
    ll_intern_free(e->intern);
    free(e->draws);
    free(e);
}

llmlearn_err ll_experiment_intern(ll_experiment *e, const char *text, size_t bytes,
                                  const char **out_text)
{
    return ll_intern_text(e->intern, text, bytes, out_text);
}

/* ---- loading ----------------------------------------------------------- */

/* What was read, before it is known how many signals there are. */
typedef struct loaded {
    char signal[LL_SIGNAL_BYTES_MAX];
    size_t signal_bytes;
    const char *version, *text;
    uint64_t test;
} loaded;

typedef struct load_list {
    ll_intern *intern;
    loaded *rows;
    uint32_t count, capacity;
} load_list;

static llmlearn_err reserve(load_list *list)
{
    uint32_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;

    if (list->count < list->capacity)
        return LLMLEARN_OK;
    loaded *rows = realloc(list->rows, capacity * sizeof(loaded));
    if (rows == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for %u signals", capacity);
    list->rows = rows;
    list->capacity = capacity;
    return LLMLEARN_OK;
}

static llmlearn_err add_row(void *context, const ll_served *served)
{
    load_list *list = context;
    loaded row = { .signal_bytes = served->signal_bytes, .test = served->test };
    llmlearn_err err = reserve(list);

    if (served->signal_bytes < 1 || served->signal_bytes > LL_SIGNAL_BYTES_MAX)
        return LLMLEARN_OK; /* nobody can ask for it */
    memcpy(row.signal, served->signal, served->signal_bytes);
    if (err == LLMLEARN_OK && served->version != NULL)
        err = ll_intern_text(list->intern, served->version, served->version_bytes, &row.version);
    if (err == LLMLEARN_OK && served->text != NULL)
        err = ll_intern_text(list->intern, served->text, served->text_bytes, &row.text);
    if (err == LLMLEARN_OK)
        list->rows[list->count++] = row;
    return err;
}

typedef struct off_arms {
    uint64_t bits;
    uint32_t arm;
} off_arms;

static llmlearn_err add_off(void *context, const ll_served *served)
{
    off_arms *off = context;

    if (served->off && off->arm < LLMLEARN_ARMS_MAX)
        off->bits |= UINT64_C(1) << off->arm;
    off->arm++;
    return LLMLEARN_OK;
}

/* What a test is never changes, so it is kept; which of its arms are off does. */
static llmlearn_err fill_test(ll_experiment *e, ll_connection *connection, uint64_t test,
                              ll_snapshot_signal *slot)
{
    off_arms off = { .bits = 0 };
    llmlearn_err err = ll_tests_keep(&e->tests, e->intern, connection, test, &slot->test);

    if (err == LLMLEARN_OK)
        err = ll_serving_arms(connection, test, add_off, &off);
    slot->off = off.bits;
    return err;
}

static llmlearn_err fill(ll_experiment *e, ll_connection *connection, const load_list *list,
                         ll_snapshot *snapshot)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < list->count && err == LLMLEARN_OK; i++) {
        const loaded *row = &list->rows[i];
        ll_snapshot_signal *slot = ll_snapshot_put(snapshot, row->signal, row->signal_bytes);
        if (row->test != 0) {
            err = fill_test(e, connection, row->test, slot);
        } else {
            slot->version = row->version;
            slot->text = row->text;
        }
    }
    return err;
}

static llmlearn_err load(ll_experiment *e, ll_connection *connection)
{
    load_list list = { .intern = e->intern };
    ll_snapshot *fresh = NULL;
    llmlearn_err err = ll_tests_know_up_to(&e->tests, connection);

    if (err == LLMLEARN_OK)
        err = ll_serving_champions(connection, e->baseline, add_row, &list);
    if (err == LLMLEARN_OK)
        err = ll_serving_tests(connection, add_row, &list);
    if (err == LLMLEARN_OK)
        err = ll_snapshot_new(list.count, &fresh);
    if (err == LLMLEARN_OK)
        err = fill(e, connection, &list, fresh);
    free(list.rows);
    if (err != LLMLEARN_OK) {
        free(fresh);
        return err;
    }
    publish(e, fresh);
    return LLMLEARN_OK;
}

llmlearn_err ll_experiment_load(ll_experiment *e, ll_connection *connection)
{
    int64_t version = 0;
    llmlearn_err err = ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &version);

    if (err != LLMLEARN_OK || version == e->version)
        return err;
    err = load(e, connection);
    if (err != LLMLEARN_OK)
        return err;
    e->version = version;
    ll_log_write(e->log, LLMLEARN_LOG_INFO, "config-loaded",
                 "serving configuration %lld: %u signals with a champion or a test",
                 (long long)version, atomic_load(&e->current)->count);
    return LLMLEARN_OK;
}

/* ---- serving ----------------------------------------------------------- */

/* An arm that is switched off keeps its units; what they are served is the champion's prompt. */
static void serve_arm(const ll_experiment *e, const ll_snapshot_signal *found, const char *unit,
                      size_t unit_bytes, llmlearn_assignment *out)
{
    const ll_snapshot_test *test = found->test;
    uint64_t hash = 0;
    uint32_t arm, served;

    if (unit == NULL) {
        hash = ll_assign_draw(e->draws);
        arm = ll_assign_arm_of_hash(&test->split, hash);
    } else {
        arm = ll_assign_arm_of_unit(&test->split, unit, unit_bytes);
    }
    bool off = (found->off >> arm & 1) != 0;
    served = off ? test->champion : arm;
    out->arm = arm;
    out->flags = off ? LLMLEARN_REROUTED : 0;
    out->version = test->arms[served].version;
    out->text = test->arms[served].text;
    out->test_id = test->id;
}

void ll_experiment_assign(const ll_experiment *e, const char *signal, size_t signal_bytes,
                          const char *unit, size_t unit_bytes, llmlearn_assignment *out)
{
    const ll_snapshot *snapshot = atomic_load_explicit(&e->current, memory_order_acquire);
    const ll_snapshot_signal *found = ll_snapshot_find(snapshot, signal, signal_bytes);

    out->flags = 0;
    out->reserved = 0;
    if (found != NULL && found->test != NULL) {
        serve_arm(e, found, unit, unit_bytes, out);
        return;
    }
    bool champion = found != NULL && found->version != NULL;
    out->arm = 0;
    out->version = champion ? found->version : e->baseline;
    out->text = champion ? found->text : NULL;
    out->test_id = 0;
}

bool ll_experiment_champion(const ll_experiment *e, const char *signal, size_t signal_bytes,
                            const char **out_version, const char **out_text)
{
    const ll_snapshot *snapshot = atomic_load_explicit(&e->current, memory_order_acquire);
    const ll_snapshot_signal *found = ll_snapshot_find(snapshot, signal, signal_bytes);

    if (found == NULL || found->version == NULL || found->text == NULL)
        return false;
    *out_version = found->version;
    *out_text = found->text;
    return true;
}

llmlearn_err ll_experiment_check_exposure(ll_experiment *e, ll_connection *connection,
                                          const ll_exposure_claim *claim, ll_exposure *out)
{
    const ll_snapshot_test *test = NULL;
    llmlearn_err err = ll_tests_keep(&e->tests, e->intern, connection, claim->test, &test);

    if (err != LLMLEARN_OK)
        return err;
    if (test == NULL)
        *out = LL_EXPOSURE_UNKNOWN;
    else if (claim->arm >= test->split.arm_count || claim->signal != test->signal ||
             (claim->variant != 0 && claim->variant != test->arms[claim->arm].variant))
        *out = LL_EXPOSURE_MISMATCH;
    else if (claim->unit != NULL &&
             ll_assign_arm_of_unit(&test->split, claim->unit, claim->unit_bytes) != claim->arm)
        *out = LL_EXPOSURE_MISMATCH;
    else
        *out = LL_EXPOSURE_COUNTS;
    return LLMLEARN_OK;
}

llmlearn_err ll_experiment_arm_of_unit(ll_experiment *e, ll_connection *connection, uint64_t test,
                                       const char *unit, size_t unit_bytes, bool *out_known,
                                       uint32_t *out_arm)
{
    const ll_snapshot_test *kept = NULL;
    llmlearn_err err = ll_tests_keep(&e->tests, e->intern, connection, test, &kept);

    *out_known = err == LLMLEARN_OK && kept != NULL;
    if (*out_known)
        *out_arm = ll_assign_arm_of_unit(&kept->split, unit, unit_bytes);
    return err;
}
