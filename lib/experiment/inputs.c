#include "experiment/inputs.h"

#include "base/crc32c.h"
#include "base/err.h"
#include "stats/eprocess_bytes.h"

#include <assert.h>
#include <string.h>

#define MAGIC "LLDI"
#define VERSION 1u
#define HEAD_BYTES 16u
#define AT_SIZE 8u
#define AT_CRC 12u

/* One walk over the fields both writes and reads them, so that the two cannot differ. */
typedef struct walk {
    ll_buffer *out; /* writes; NULL: reads */
    const uint8_t *at, *end;
    bool failed; /* the bytes ended, or cannot be */
} walk;

static void walk_bytes(walk *w, void *bytes, size_t size)
{
    if (w->out != NULL) {
        ll_buffer_append(w->out, bytes, size);
        return;
    }
    if (w->failed || (size_t)(w->end - w->at) < size) {
        w->failed = true;
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, w->at, size);
    w->at += size;
}

static void walk_u64(walk *w, uint64_t *value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(*value >> (8 * i));
    walk_bytes(w, bytes, sizeof bytes);
    *value = 0;
    for (int i = 8; i-- > 0;)
        *value = *value << 8 | bytes[i];
}

static void walk_i64(walk *w, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;

    walk_u64(w, &bits);
    *value = (int64_t)bits;
}

static void walk_real(walk *w, double *value)
{
    uint64_t bits;

    memcpy(&bits, value, sizeof bits);
    walk_u64(w, &bits);
    memcpy(value, &bits, sizeof bits);
}

/* A number from 0 to max. */
static void walk_u32(walk *w, uint32_t *value, uint32_t max)
{
    uint64_t wide = *value;

    walk_u64(w, &wide);
    if (wide > max) {
        w->failed = true;
        wide = 0;
    }
    *value = (uint32_t)wide;
}

static void walk_flag(walk *w, bool *value)
{
    uint32_t bit = *value;

    walk_u32(w, &bit, 1);
    *value = bit != 0;
}

static void walk_i64s(walk *w, int64_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        walk_i64(w, &values[i]);
}

/* ---- the parts --------------------------------------------------------- */

static void walk_test(walk *w, ll_ab_test *t)
{
    uint32_t rule = (uint32_t)t->rule;

    walk_u64(w, &t->id);
    walk_u32(w, &rule, INT32_MAX);
    t->rule = (int32_t)rule;
    walk_i64(w, &t->started_us);
    walk_i64(w, &t->duration_min_us);
    walk_i64(w, &t->duration_max_us);
    walk_i64(w, &t->trials_min);
    walk_real(w, &t->alpha);
    walk_real(w, &t->effect_min);
    walk_real(w, &t->lift_min);
    walk_real(w, &t->rate_planned);
    walk_i64(w, &t->trials_planned);
    walk_i64(w, &t->contaminated);
    walk_i64(w, &t->mismatches);
    walk_real(w, &t->srm_ln_e_max);
}

static void walk_moments(walk *w, ll_ab_moments *moments)
{
    uint8_t bytes[LL_AB_MOMENTS_BYTES];

    ll_ab_moments_write(moments, bytes);
    walk_bytes(w, bytes, sizeof bytes);
    ll_ab_moments_read(bytes, moments);
}

static void walk_version(walk *w, char version[LL_VERSION_BYTES_MAX + 1])
{
    uint32_t bytes = (uint32_t)strnlen(version, LL_VERSION_BYTES_MAX);

    walk_u32(w, &bytes, LL_VERSION_BYTES_MAX);
    walk_bytes(w, version, bytes);
    version[bytes] = '\0';
}

static void walk_counts(walk *w, ll_ab_arm *arm)
{
    int64_t *const counts[] = {
        &arm->variant,          &arm->explanations,   &arm->cached,
        &arm->fallback,         &arm->rerouted,       &arm->units,
        &arm->first_votes,      &arm->first_positive, &arm->votes,
        &arm->positive,         &arm->rating_count,   &arm->rating_sum,
        &arm->cost_nanousd,     &arm->cost_known,     &arm->off_us,
        &arm->reported,         &arm->failures,       &arm->exposures,
        &arm->voting_units,     &arm->votes_squared,  &arm->products,
        &arm->positive_squared,
    };

    for (uint32_t i = 0; i < LL_ARRAY_COUNT(counts); i++)
        walk_i64(w, counts[i]);
    walk_i64s(w, arm->first_rating, 5);
}

static void walk_arm(walk *w, ll_decide_input *in, uint32_t i)
{
    ll_ab_arm *arm = &in->arms[i];

    walk_version(w, in->versions[i]);
    walk_real(w, &arm->weight);
    walk_counts(w, arm);
    walk_moments(w, &arm->latency_us);
    walk_moments(w, &arm->cost_nanousd_mean);
    walk_moments(w, &arm->failure_ppm);
    walk_real(w, &in->latency_p50_ms[i]);
    walk_real(w, &in->latency_p95_ms[i]);
}

static void walk_eprocess(walk *w, llmlearn_eprocess *state)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    uint32_t size = w->out == NULL ? 0 : (uint32_t)ll_eprocess_bytes_write(state, bytes);

    walk_u32(w, &size, sizeof bytes);
    walk_bytes(w, bytes, size);
    if (w->out != NULL)
        return;
    state->struct_size = sizeof *state;
    if (!w->failed && ll_eprocess_bytes_read(bytes, size, state) != LLMLEARN_OK)
        w->failed = true;
}

static void walk_look(walk *w, ll_ab_look *look, uint32_t arm_count)
{
    walk_i64(w, &look->at_us);
    walk_i64(w, &look->vote_sequence);
    walk_i64s(w, look->first_votes, arm_count);
    walk_i64s(w, look->first_positive, arm_count);
}

static void walk_input(walk *w, ll_decide_input *in)
{
    walk_test(w, &in->test);
    walk_u32(w, &in->arm_count, LLMLEARN_ARMS_MAX);
    walk_u32(w, &in->champion, LLMLEARN_ARMS_MAX);
    walk_i64(w, &in->now_us);
    walk_i64(w, &in->vote_sequence);
    for (uint32_t i = 0; i < in->arm_count; i++)
        walk_arm(w, in, i);
    walk_flag(w, &in->has_eprocess);
    if (in->has_eprocess) {
        walk_i64(w, &in->week);
        walk_eprocess(w, &in->eprocess);
        walk_eprocess(w, &in->eprocess_week_end);
    }
    walk_u32(w, &in->look_count, LLMLEARN_LOOKS_MAX);
    for (uint32_t i = 0; i < in->look_count; i++)
        walk_look(w, &in->looks[i], in->arm_count);
    walk_i64(w, &in->recent.first_day);
    walk_u32(w, &in->recent.day_count, LL_RECENT_DAYS_MAX);
    walk_i64s(w, in->recent.units, in->arm_count);
    walk_i64s(w, in->recent.first_votes, in->arm_count);
}

/* ---- the whole --------------------------------------------------------- */

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    return ll_crc32c(ll_crc32c(0, bytes, AT_CRC), bytes + HEAD_BYTES, size - HEAD_BYTES);
}

void ll_inputs_write(ll_decide_input *in, ll_buffer *out)
{
    uint8_t head[HEAD_BYTES] = MAGIC;
    size_t begin = out->length;
    walk w = { .out = out };

    assert(ll_input_fault(in) == NULL);
    put_u32(head + 4, VERSION);
    ll_buffer_append(out, head, sizeof head);
    walk_input(&w, in);
    if (out->failed)
        return;
    uint8_t *bytes = (uint8_t *)out->data + begin;
    size_t size = out->length - begin;
    assert(!w.failed && size <= LL_INPUTS_BYTES_MAX);
    put_u32(bytes + AT_SIZE, (uint32_t)size);
    put_u32(bytes + AT_CRC, crc_of(bytes, size));
}

static llmlearn_err check_head(const uint8_t *bytes, size_t size)
{
    if (size < HEAD_BYTES || size > LL_INPUTS_BYTES_MAX || memcmp(bytes, MAGIC, 4) != 0 ||
        get_u32(bytes + AT_SIZE) != size || get_u32(bytes + AT_CRC) != crc_of(bytes, size))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the inputs of a verdict are damaged");
    if (get_u32(bytes + 4) != VERSION)
        return ll_fail(LLMLEARN_EUNSUPPORTED,
                       "llm_decisions: the inputs of a verdict have the form %u of a newer version",
                       get_u32(bytes + 4));
    return LLMLEARN_OK;
}

llmlearn_err ll_inputs_read(const void *bytes, size_t size, ll_decide_input *out)
{
    walk w = { .at = bytes, .end = (const uint8_t *)bytes + size };
    llmlearn_err err = check_head(bytes, size);

    if (err != LLMLEARN_OK)
        return err;
    w.at += HEAD_BYTES;
    memset(out, 0, sizeof *out);
    walk_input(&w, out);
    if (w.failed || w.at != w.end)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the inputs of a verdict do not fit");
    if (ll_input_fault(out) != NULL)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the inputs of a verdict hold %s",
                       ll_input_fault(out));
    return LLMLEARN_OK;
}
