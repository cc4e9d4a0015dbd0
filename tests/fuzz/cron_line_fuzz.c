/* Any bytes as a cron line, after any time: the first 8 bytes are the time. What is found is later
 * than the time, is a whole minute, and is found again from the moment before it. */
#include "cron/line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    ll_cron_line line;
    int64_t after, next, again;

    if (bytes < sizeof after)
        return 0;
    memcpy(&after, data, sizeof after);
    if (ll_cron_parse((const char *)data + sizeof after, bytes - sizeof after, &line) !=
            LLMLEARN_OK ||
        ll_cron_next(&line, after, &next) != LLMLEARN_OK)
        return 0;
    if (next <= after || next % 60000000 != 0)
        abort();
    if (ll_cron_next(&line, next - 1, &again) != LLMLEARN_OK || again != next)
        abort();
    return 0;
}
