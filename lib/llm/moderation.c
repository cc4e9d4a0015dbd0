#include "llm/moderation.h"

#include "base/err.h"
#include "base/json_writer.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

static llmlearn_err check(const ll_llm_endpoint *endpoint, const char *const *texts, uint32_t count)
{
    llmlearn_err err = ll_llm_endpoint_check(endpoint);

    if (err != LLMLEARN_OK)
        return err;
    if (count == 0 || count > LL_MODERATION_TEXTS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "moderation: 1 to %d texts", LL_MODERATION_TEXTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        bool valid = false;

        if (ll_utf8_measure(texts[i], LL_MODERATION_TEXT_BYTES_MAX, &valid) == SIZE_MAX || !valid)
            return ll_fail(LLMLEARN_EINVAL, "moderation: text %u must be UTF-8 of at most %u bytes",
                           i, LL_MODERATION_TEXT_BYTES_MAX);
    }
    return LLMLEARN_OK;
}

static llmlearn_err write_body(const char *model, const char *const *texts, uint32_t count,
                               ll_buffer *out_body)
{
    ll_json_writer w = { 0 };

    ll_json_writer_open(&w, '{');
    if (model != NULL)
        ll_json_writer_put_string(&w, "model", model);
    ll_json_writer_key(&w, "input");
    ll_json_writer_open(&w, '[');
    for (uint32_t i = 0; i < count; i++)
        ll_json_writer_string(&w, texts[i]);
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, '}');
    if (w.buffer.failed) {
        ll_buffer_free(&w.buffer);
        return ll_fail(LLMLEARN_ENOMEM, "writing a request for moderation");
    }
    *out_body = w.buffer;
    return LLMLEARN_OK;
}

/* False if it is no verdict: silence must not pass for "not flagged". */
static bool read_verdict(json_t *result, ll_moderation_verdict *verdict)
{
    const json_t *flagged = json_object_get(result, "flagged");
    json_t *categories = json_object_get(result, "categories");
    const char *name;
    json_t *hit;

    if (!json_is_boolean(flagged))
        return false;
    *verdict = (ll_moderation_verdict){ .flagged = json_is_true(flagged) };
    if (!verdict->flagged)
        return true;
    json_object_foreach(categories, name, hit)
    {
        if (json_is_true(hit)) {
            ll_llm_json_word(name, verdict->category);
            break;
        }
    }
    return true;
}

llmlearn_err ll_moderation_parse(const char *body, size_t bytes, uint32_t count,
                                 ll_moderation_verdict *out_verdicts)
{
    ll_moderation_verdict verdicts[LL_MODERATION_TEXTS_MAX];
    json_t *object, *results;
    bool good;
    llmlearn_err err = ll_llm_json_parse("the moderation's answer", body, bytes, &object);

    assert(count <= LL_MODERATION_TEXTS_MAX);
    if (err != LLMLEARN_OK)
        return err;
    results = json_object_get(object, "results");
    good = json_is_array(results) && json_array_size(results) == count;
    for (uint32_t i = 0; i < count && good; i++)
        good = read_verdict(json_array_get(results, i), &verdicts[i]);
    json_decref(object);
    if (!good)
        return ll_fail(LLMLEARN_ELLM, "the moderation answered no verdict for each text");
    memcpy(out_verdicts, verdicts, count * sizeof verdicts[0]);
    return LLMLEARN_OK;
}

static llmlearn_err read_response(const ll_session *session, const ll_http_response *response,
                                  uint32_t count, ll_moderation_verdict *out_verdicts)
{
    if (response->status == 404 || response->status == 405 || response->status == 501)
        return ll_fail(LLMLEARN_EUNSUPPORTED, "the model's service has no moderation (status %d)",
                       response->status);
    if (!ll_session_succeeded(response))
        return ll_session_fail(session, response);
    return ll_moderation_parse(response->body.data, response->body.length, count, out_verdicts);
}

llmlearn_err ll_moderation_ask(const ll_llm_endpoint *endpoint, const char *model,
                               const char *const *texts, uint32_t count, ll_deadline deadline,
                               const atomic_int *cancel, ll_moderation_verdict *out_verdicts)
{
    ll_session session = { .endpoint = endpoint, .deadline = deadline, .cancel = cancel };
    ll_http_response response;
    ll_buffer body;
    llmlearn_err err;

    assert(texts != NULL && out_verdicts != NULL);
    err = check(endpoint, texts, count);
    if (err == LLMLEARN_OK)
        err = write_body(model, texts, count, &body);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_session_open(&session);
    if (err == LLMLEARN_OK)
        err = ll_session_send(&session, "/moderations", body.data, body.length, &response);
    if (err == LLMLEARN_OK) {
        err = read_response(&session, &response, count, out_verdicts);
        ll_http_response_free(&response);
    }
    ll_session_close(&session);
    ll_buffer_free(&body);
    return err;
}
