#include "store/ab_recent.h"

#include <assert.h>

void ll_ab_recent_push(ll_ab_recent *recent, uint64_t unit, bool failed)
{
    assert(recent->count <= LL_AB_RECENT_MAX && recent->next < LL_AB_RECENT_MAX);
    recent->entries[recent->next] = (unit & ~UINT64_C(1)) | failed;
    recent->next = (recent->next + 1) % LL_AB_RECENT_MAX;
    recent->count += recent->count < LL_AB_RECENT_MAX;
}

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static uint64_t get(const uint8_t **at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t) * (*at)++ << (8 * i);
    return value;
}

void ll_ab_recent_write(const ll_ab_recent *recent, uint8_t out_bytes[LL_AB_RECENT_BYTES])
{
    out_bytes = put(out_bytes, recent->count, 4);
    out_bytes = put(out_bytes, recent->next, 4);
    for (uint32_t i = 0; i < LL_AB_RECENT_MAX; i++)
        out_bytes = put(out_bytes, recent->entries[i], 8);
}

bool ll_ab_recent_read(const uint8_t *bytes, size_t size, ll_ab_recent *out_recent)
{
    if (size != LL_AB_RECENT_BYTES)
        return false;
    out_recent->count = (uint32_t)get(&bytes, 4);
    out_recent->next = (uint32_t)get(&bytes, 4);
    for (uint32_t i = 0; i < LL_AB_RECENT_MAX; i++)
        out_recent->entries[i] = get(&bytes, 8);
    return out_recent->count <= LL_AB_RECENT_MAX && out_recent->next < LL_AB_RECENT_MAX &&
           (out_recent->count == LL_AB_RECENT_MAX || out_recent->next == out_recent->count);
}
