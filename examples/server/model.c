#include "model.h"

llmlearn_err model_set(const server *s)
{
    llmlearn_model model = {
        .struct_size = sizeof model,
        .model = s->options.llm_model,
        .base_url = s->options.llm_url,
        .api_key = s->options.llm_key,
        .price_file = s->options.llm_prices,
        .retries_max = UINT32_MAX, /* none: a reader is waiting, and the template is there */
    };

    if (s->options.llm_url == NULL)
        return LLMLEARN_OK;
    return llmlearn_set_model(s->learner, LLMLEARN_FOR_EXPLAINING | LLMLEARN_FOR_GENERATING,
                              &model);
}
