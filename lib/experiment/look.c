#include "experiment/look.h"

#include "base/clock.h"
#include "base/err.h"
#include "experiment/looks_taken.h"
#include "stats/eprocess_bytes.h"
#include "store/ab_eprocess.h"
#include "store/ab_latency.h"

#include <string.h>

static llmlearn_err read_arms(ll_connection *connection, ll_decide_input *in)
{
    ll_variant variant;
    llmlearn_err err = ll_ab_arms_read(connection, in->test.id, in->arms, &in->arm_count);

    in->champion = UINT32_MAX;
    for (uint32_t i = 0; i < in->arm_count && err == LLMLEARN_OK; i++) {
        err = ll_variants_get(connection, in->arms[i].variant, &variant);
        memcpy(in->versions[i], variant.version, sizeof in->versions[i]);
        if (in->arms[i].variant == in->test.champion)
            in->champion = i;
    }
    if (err == LLMLEARN_OK && in->champion == UINT32_MAX)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu lacks its champion",
                      (unsigned long long)in->test.id);
    return err;
}

static llmlearn_err read_latencies(ll_connection *connection, ll_decide_input *in)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < in->arm_count && err == LLMLEARN_OK; i++)
        err = ll_ab_latency_read(connection, in->test.id, i, &in->latency_p50_ms[i],
                                 &in->latency_p95_ms[i]);
    return err;
}

static llmlearn_err unpack(const uint8_t *bytes, size_t size, llmlearn_eprocess *out)
{
    out->struct_size = sizeof *out;
    return ll_eprocess_bytes_read(bytes, size, out);
}

/* No vote may have come since the week was over. */
static llmlearn_err read_eprocess(ll_connection *connection, ll_decide_input *in)
{
    ll_ab_eprocess kept;
    llmlearn_err err = ll_ab_eprocess_read(connection, in->test.id, &kept);

    if (err != LLMLEARN_OK || kept.now_bytes == 0)
        return err;
    ll_ab_eprocess_turn_weeks(&kept, in->test.started_us, in->now_us);
    in->has_eprocess = true;
    in->week = kept.week;
    err = unpack(kept.now, kept.now_bytes, &in->eprocess);
    if (err == LLMLEARN_OK)
        err = unpack(kept.week_end, kept.week_end_bytes, &in->eprocess_week_end);
    return err;
}

/* The whole days before this one, none of which began before the test. */
static llmlearn_err read_days(ll_connection *connection, ll_decide_input *in)
{
    int64_t today = ll_clock_day(in->now_us);
    int64_t first = ll_clock_day(in->test.started_us) + 1;

    if (first < today - LL_RECENT_DAYS_MAX)
        first = today - LL_RECENT_DAYS_MAX;
    if (first >= today)
        return LLMLEARN_OK;
    return ll_ab_days_read(connection, in->test.id, first, (uint32_t)(today - first), &in->recent);
}

llmlearn_err ll_look_read(ll_connection *connection, const ll_ab_test *test, int64_t now_us,
                          int64_t vote_sequence, ll_decide_input *out)
{
    memset(out, 0, sizeof *out);
    out->test = *test;
    out->now_us = now_us;
    out->vote_sequence = vote_sequence;
    llmlearn_err err = read_arms(connection, out);
    if (err == LLMLEARN_OK)
        err = read_latencies(connection, out);
    if (err == LLMLEARN_OK)
        err = read_eprocess(connection, out);
    if (err == LLMLEARN_OK)
        err = ll_ab_looks_read(connection, test->id, out->looks, &out->look_count);
    if (err == LLMLEARN_OK)
        err = read_days(connection, out);
    if (err == LLMLEARN_OK && ll_input_fault(out) != NULL)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_tests: test %llu holds %s",
                      (unsigned long long)test->id, ll_input_fault(out));
    return err;
}

llmlearn_err ll_look_keep(ll_connection *connection, const ll_decide_input *in)
{
    ll_ab_look look = { .at_us = in->now_us, .vote_sequence = in->vote_sequence };

    for (uint32_t i = 0; i < in->arm_count; i++) {
        llmlearn_rate seen = ll_looks_votes(in, i);
        look.first_votes[i] = (int64_t)seen.trials;
        look.first_positive[i] = (int64_t)seen.successes;
    }
    return ll_ab_looks_add(connection, in->test.id, &look, in->arm_count);
}
