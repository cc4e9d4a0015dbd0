#include "store/ab_moments.h"

#include <assert.h>

_Static_assert((ll_i128)LL_AB_VALUE_MAX *LL_AB_VALUE_MAX <
                   (ll_i128)(~(ll_u128)0 >> 1) / INT64_C(10000000000),
               "squares of 10^10 units");

int64_t ll_ab_mean(int64_t sum, int64_t count)
{
    assert(count > 0);
    return sum / count + (sum % count >= count - sum % count);
}

void ll_ab_moments_add(ll_ab_moments *moments, int64_t sum, int64_t count, int sign)
{
    int64_t mean;

    assert(sign == 1 || sign == -1);
    if (count <= 0)
        return;
    mean = ll_ab_mean(sum, count);
    moments->units += sign;
    moments->sum += (ll_i128)sign * mean;
    moments->squares += (ll_i128)sign * mean * mean;
}

static uint8_t *put(uint8_t *at, ll_u128 value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static ll_u128 get(const uint8_t *at, int bytes)
{
    ll_u128 value = 0;

    for (int i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

void ll_ab_moments_write(const ll_ab_moments *moments, uint8_t out_bytes[LL_AB_MOMENTS_BYTES])
{
    out_bytes = put(out_bytes, (ll_u128)moments->units, 8);
    out_bytes = put(out_bytes, (ll_u128)moments->sum, 16);
    put(out_bytes, (ll_u128)moments->squares, 16);
}

void ll_ab_moments_read(const uint8_t bytes[LL_AB_MOMENTS_BYTES], ll_ab_moments *out_moments)
{
    out_moments->units = (int64_t)get(bytes, 8);
    out_moments->sum = (ll_i128)get(bytes + 8, 16);
    out_moments->squares = (ll_i128)get(bytes + 24, 16);
}
