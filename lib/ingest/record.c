#include "ingest/record.h"

#include <assert.h>
#include <string.h>

size_t ll_record_encode_head(const ll_record_fixed *fixed, const char *const texts[LL_TEXT_COUNT],
                             char head[LL_RECORD_HEAD_BYTES])
{
    size_t at = sizeof *fixed;

    memcpy(head, fixed, sizeof *fixed);
    for (int i = LL_TEXT_TICKER; i < LL_TEXT_METADATA; i++) {
        assert(at + fixed->bytes[i] <= LL_RECORD_HEAD_BYTES);
        if (fixed->bytes[i] > 0)
            memcpy(head + at, texts[i], fixed->bytes[i]);
        at += fixed->bytes[i];
    }
    return at;
}

bool ll_record_decode(const uint8_t *payload, uint32_t bytes, ll_decoded *out_decoded)
{
    ll_record_fixed *fixed = &out_decoded->fixed;
    uint64_t at = sizeof *fixed;

    if (bytes < sizeof *fixed)
        return false;
    memcpy(fixed, payload, sizeof *fixed);
    for (int i = 0; i < LL_TEXT_COUNT; i++) {
        bool optional = i > LL_TEXT_VERSION && i < LL_TEXT_TEXT;
        bool absent = fixed->bytes[i] == 0 && optional;

        if (at + fixed->bytes[i] > bytes)
            return false;
        out_decoded->text[i] = absent ? NULL : (const char *)payload + at;
        at += fixed->bytes[i];
    }
    return at == bytes && fixed->bytes[LL_TEXT_TICKER] > 0 && fixed->bytes[LL_TEXT_SIGNAL] > 0 &&
           fixed->bytes[LL_TEXT_VERSION] > 0;
}
