/* Any bytes as a price file: no cost is negative, none above its ceiling. */
#include "llm/prices.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void look_at(const ll_prices *prices, const char *model, int64_t prompt, int64_t cached,
                    int64_t completion)
{
    int64_t cost = ll_prices_cost(prices, model, prompt, cached, completion);
    int64_t most = LL_PRICES_UNKNOWN;

    if (prompt >= 0 && completion > 0 && completion <= UINT32_MAX)
        most = ll_prices_ceiling(prices, model, (size_t)prompt, (uint32_t)completion);
    expect(cost >= LL_PRICES_UNKNOWN && most >= LL_PRICES_UNKNOWN);
    expect(most == LL_PRICES_UNKNOWN || (cost >= 0 && cost <= most));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const models[] = { "m", "n", "", "sample_spec" };
    static const int64_t tokens[] = { -1, 0, 1, 1000, 200000, 200001, 4294967295, INT64_MAX };
    const size_t count = sizeof tokens / sizeof tokens[0];
    ll_prices *prices = NULL;
    llmlearn_err err = ll_prices_parse((const char *)data, bytes, &prices);

    if (err != LLMLEARN_OK) {
        expect(err == LLMLEARN_ELLM); /* memory there is */
        expect(prices == NULL);
        return 0;
    }
    expect(ll_prices_count(prices) > 0);
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++)
        for (size_t i = 0; i < count * count * count; i++)
            look_at(prices, models[m], tokens[i % count], tokens[i / count % count],
                    tokens[i / count / count]);
    ll_prices_free(prices);
    return 0;
}
