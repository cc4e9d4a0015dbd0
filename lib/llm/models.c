#include "llm/models.h"

#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY 86400

/* A day that there is, in just that form; false if the text is anything else. */
static bool parse_day(const char *text, int64_t *out_day)
{
    struct tm date = { 0 };
    char again[LL_TIME_TEXT_BYTES];
    int end = 0;

    if (strlen(text) != 10 ||
        sscanf(text, "%4d-%2d-%2d%n", &date.tm_year, &date.tm_mon, &date.tm_mday, &end) != 3 ||
        end != 10)
        return false;
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    *out_day = (int64_t)timegm(&date) / SECONDS_PER_DAY;
    ll_clock_format_day(*out_day, again);
    /* timegm takes 30 February for 2 March */
    return *out_day >= 0 && strcmp(again, text) == 0;
}

static const json_t *find(const json_t *list, const char *model)
{
    const json_t *data = json_object_get(list, "data");

    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *entry = json_array_get(data, i);
        const char *id = ll_llm_json_text(entry, "id");

        if (id != NULL && strcmp(id, model) == 0)
            return entry;
    }
    return NULL;
}

static llmlearn_err read_entry(const json_t *entry, int64_t today,
                               ll_models_retirement *out_retirement)
{
    ll_models_retirement found = { 0 };
    const json_t *date = json_object_get(entry, "shutdown_date");

    if (entry == NULL)
        return ll_fail(LLMLEARN_ENOTFOUND, "the model's service does not list the model");
    if (date != NULL && !json_is_null(date)) {
        if (!json_is_string(date) || !parse_day(json_string_value(date), &found.day))
            return ll_fail(LLMLEARN_ELLM, "the model's shutdown_date is not YYYY-MM-DD");
        found.announced = true;
        ll_clock_format_day(found.day, found.date);
        found.days_left = found.day - today;
    }
    *out_retirement = found;
    return LLMLEARN_OK;
}

llmlearn_err ll_models_parse(const char *body, size_t bytes, const char *model, int64_t today,
                             ll_models_retirement *out_retirement)
{
    json_t *object;
    llmlearn_err err = ll_llm_json_parse("the list of models", body, bytes, &object);

    assert(model != NULL && out_retirement != NULL);
    if (err != LLMLEARN_OK)
        return err;
    if (json_is_array(json_object_get(object, "data")))
        err = read_entry(find(object, model), today, out_retirement);
    else
        err = ll_fail(LLMLEARN_ELLM, "the model's service answered no list of models");
    json_decref(object);
    return err;
}

llmlearn_err ll_models_ask(const ll_llm_endpoint *endpoint, ll_deadline deadline,
                           const atomic_int *cancel, ll_models_retirement *out_retirement)
{
    ll_session session = { .endpoint = endpoint,
                           .deadline = deadline,
                           .cancel = cancel,
                           .response_bytes_max = LL_MODELS_RESPONSE_BYTES_MAX };
    ll_http_response response;
    llmlearn_err err = ll_llm_endpoint_check(endpoint);

    if (err != LLMLEARN_OK)
        return err;
    if (endpoint->model == NULL)
        return ll_fail(LLMLEARN_EINVAL, "model: is required; none is built in");
    err = ll_session_open(&session);
    if (err == LLMLEARN_OK)
        err = ll_session_send(&session, "/models", NULL, 0, &response);
    if (err == LLMLEARN_OK) {
        if (ll_session_succeeded(&response))
            err = ll_models_parse(response.body.data, response.body.length, endpoint->model,
                                  ll_clock_day(ll_clock_now_us(endpoint->clock)), out_retirement);
        else
            err = ll_session_fail(&session, &response);
        ll_http_response_free(&response);
    }
    ll_session_close(&session);
    return err;
}
