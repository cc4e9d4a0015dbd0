#include "stats/eprocess_bytes.h"

#include "base/crc32c.h"
#include "stats/eprocess.h"

#include <assert.h>
#include <string.h>

#define VERSION 1u

enum {
    AT_VERSION = 4,
    AT_SIZE = 8,
    AT_CRC = 12,
    AT_ARM_COUNT = 16,
    AT_CHAMPION = 20,
    AT_KAPPA = 24,
    AT_ARMS = 32,
    ARM_BYTES = 40
};
_Static_assert(AT_ARMS + ARM_BYTES * LLMLEARN_ARMS_MAX == LLMLEARN_EPROCESS_BYTES_MAX,
               "the size that callers make room for");

static const uint8_t magic[4] = { 'L', 'L', 'E', 'P' };

/* ---- numbers ----------------------------------------------------------- */

static void put_32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_64(uint8_t *at, uint64_t value)
{
    put_32(at, (uint32_t)value);
    put_32(at + 4, (uint32_t)(value >> 32));
}

static uint64_t get_64(const uint8_t *at)
{
    return get_32(at) | (uint64_t)get_32(at + 4) << 32;
}

static void put_real(uint8_t *at, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_64(at, bits);
}

static double get_real(const uint8_t *at)
{
    uint64_t bits = get_64(at);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- the whole --------------------------------------------------------- */

static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    return ll_crc32c(ll_crc32c(0, bytes, AT_CRC), bytes + AT_ARM_COUNT, size - AT_ARM_COUNT);
}

static void put_arm(uint8_t *at, const llmlearn_eprocess *state, uint32_t arm)
{
    put_real(at, state->weights[arm]);
    put_64(at + 8, state->successes[arm]);
    put_64(at + 16, state->trials[arm]);
    put_real(at + 24, state->ln_e_value[arm]);
    put_real(at + 32, state->ln_e_max[arm]);
}

static void get_arm(const uint8_t *at, llmlearn_eprocess *state, uint32_t arm)
{
    state->weights[arm] = get_real(at);
    state->successes[arm] = get_64(at + 8);
    state->trials[arm] = get_64(at + 16);
    state->ln_e_value[arm] = get_real(at + 24);
    state->ln_e_max[arm] = get_real(at + 32);
}

size_t ll_eprocess_bytes_write(const llmlearn_eprocess *state, uint8_t *out)
{
    assert(ll_eprocess_is_sound(state));

    uint32_t size = AT_ARMS + ARM_BYTES * state->arm_count;
    memcpy(out, magic, sizeof magic);
    put_32(out + AT_VERSION, VERSION);
    put_32(out + AT_SIZE, size);
    put_32(out + AT_ARM_COUNT, state->arm_count);
    put_32(out + AT_CHAMPION, state->champion);
    put_real(out + AT_KAPPA, state->kappa);
    for (uint32_t i = 0; i < state->arm_count; i++)
        put_arm(out + AT_ARMS + ARM_BYTES * i, state, i);
    put_32(out + AT_CRC, crc_of(out, size));
    return size;
}

llmlearn_err ll_eprocess_bytes_read(const uint8_t *bytes, size_t size, llmlearn_eprocess *out)
{
    if (size < AT_ARM_COUNT || memcmp(bytes, magic, sizeof magic) != 0 ||
        get_32(bytes + AT_SIZE) != size || get_32(bytes + AT_CRC) != crc_of(bytes, size))
        return LLMLEARN_ECORRUPT;
    if (get_32(bytes + AT_VERSION) > VERSION)
        return LLMLEARN_EUNSUPPORTED;
    if (get_32(bytes + AT_VERSION) != VERSION || size < AT_ARMS)
        return LLMLEARN_ECORRUPT;

    *out = (llmlearn_eprocess){
        .struct_size = out->struct_size,
        .arm_count = get_32(bytes + AT_ARM_COUNT),
        .champion = get_32(bytes + AT_CHAMPION),
        .kappa = get_real(bytes + AT_KAPPA),
    };
    if (!ll_eprocess_head_is_sound(out) || size != AT_ARMS + (size_t)ARM_BYTES * out->arm_count)
        return LLMLEARN_ECORRUPT;
    for (uint32_t i = 0; i < out->arm_count; i++)
        get_arm(bytes + AT_ARMS + ARM_BYTES * i, out, i);
    return ll_eprocess_is_sound(out) ? LLMLEARN_OK : LLMLEARN_ECORRUPT;
}
