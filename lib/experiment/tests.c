#include "experiment/tests.h"

#include "base/err.h"
#include "store/ab_tests.h"
#include "store/serving.h"

#include <assert.h>
#include <stdlib.h>

#define SLOTS_FIRST 16

void ll_tests_free(ll_tests *tests)
{
    for (uint32_t i = 0; i < tests->slot_count; i++)
        free(tests->slots[i]);
    free(tests->slots);
    free(tests->passing);
    *tests = (ll_tests){ .count = 0 };
}

llmlearn_err ll_tests_know_up_to(ll_tests *tests, ll_connection *connection)
{
    return ll_ab_tests_newest(connection, &tests->committed);
}

/* The test's slot, or the empty one where it would be. */
static ll_snapshot_test **slot_of(ll_snapshot_test **slots, uint32_t slot_count, uint64_t id)
{
    uint32_t i = (uint32_t)id & (slot_count - 1);

    while (slots[i] != NULL && slots[i]->id != id)
        i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

static llmlearn_err grow(ll_tests *tests)
{
    uint32_t slot_count = tests->slot_count == 0 ? SLOTS_FIRST : 2 * tests->slot_count;
    ll_snapshot_test **slots = calloc(slot_count, sizeof(ll_snapshot_test *));

    if (slots == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for %u tests", slot_count);
    for (uint32_t i = 0; i < tests->slot_count; i++) {
        if (tests->slots[i] != NULL)
            *slot_of(slots, slot_count, tests->slots[i]->id) = tests->slots[i];
    }
    free(tests->slots);
    tests->slots = slots;
    tests->slot_count = slot_count;
    return LLMLEARN_OK;
}

typedef struct arm_reading {
    ll_intern *intern;
    ll_snapshot_test *test;
    int64_t champion; /* its variant */
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count;
} arm_reading;

static llmlearn_err read_arm(void *context, const ll_served *served)
{
    arm_reading *r = context;

    if (r->count == LLMLEARN_ARMS_MAX || !(served->weight > 0 && served->weight < 2))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu has an impossible arm %u",
                       (unsigned long long)r->test->id, r->count);
    ll_snapshot_arm *arm = &r->test->arms[r->count];
    llmlearn_err err =
        ll_intern_text(r->intern, served->version, served->version_bytes, &arm->version);
    if (err == LLMLEARN_OK && served->text != NULL)
        err = ll_intern_text(r->intern, served->text, served->text_bytes, &arm->text);
    arm->variant = served->variant;
    if (arm->variant == r->champion)
        r->test->champion = r->count;
    r->weights[r->count++] = served->weight;
    return err;
}

static llmlearn_err read_test(ll_intern *intern, ll_connection *connection, const ll_ab_test *row,
                              ll_snapshot_test *test)
{
    arm_reading r = { .intern = intern, .test = test, .champion = row->champion };

    test->id = row->id;
    test->signal = row->signal;
    llmlearn_err err = ll_serving_arms(connection, row->id, read_arm, &r);
    if (err == LLMLEARN_OK && r.count == 0)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu has no arms",
                      (unsigned long long)row->id);
    if (err == LLMLEARN_OK)
        ll_assign_split_init(&test->split, row->salt, r.weights, r.count);
    return err;
}

static llmlearn_err read_and_keep(ll_tests *tests, ll_intern *intern, ll_connection *connection,
                                  const ll_ab_test *row, const ll_snapshot_test **out)
{
    llmlearn_err err = LLMLEARN_OK;

    if (2 * (tests->count + 1) > tests->slot_count)
        err = grow(tests);
    if (err != LLMLEARN_OK)
        return err;
    ll_snapshot_test *test = calloc(1, sizeof *test);
    if (test == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a test");
    err = read_test(intern, connection, row, test);
    if (err != LLMLEARN_OK) {
        free(test);
        return err;
    }
    if (row->id <= tests->committed) {
        *slot_of(tests->slots, tests->slot_count, row->id) = test;
        tests->count++;
    } else {
        free(tests->passing);
        tests->passing = test;
    }
    *out = test;
    return LLMLEARN_OK;
}

llmlearn_err ll_tests_keep(ll_tests *tests, ll_intern *intern, ll_connection *connection,
                           uint64_t id, const ll_snapshot_test **out)
{
    ll_ab_test row;

    if (tests->slot_count > 0) {
        *out = *slot_of(tests->slots, tests->slot_count, id);
        if (*out != NULL)
            return LLMLEARN_OK;
    }
    *out = NULL;
    if (id > INT64_MAX)
        return LLMLEARN_OK;
    llmlearn_err err = ll_ab_tests_get(connection, id, &row);
    if (err != LLMLEARN_OK || row.id == 0)
        return err;
    return read_and_keep(tests, intern, connection, &row, out);
}
