#include "llm/chat.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/json_writer.h"
#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* ---- the request ----------------------------------------------------------- */

static bool is_role(const char *role)
{
    static const char *const roles[] = { "developer", "system", "user", "assistant" };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (role != NULL && strcmp(role, roles[i]) == 0)
            return true;
    return false;
}

static llmlearn_err check_messages(const ll_llm_chat *chat)
{
    size_t room = LL_LLM_CONTENT_BYTES_MAX;

    if (chat->message_count == 0 || chat->message_count > LL_LLM_MESSAGES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "messages: must be 1 to %d", LL_LLM_MESSAGES_MAX);
    for (uint32_t i = 0; i < chat->message_count; i++) {
        const ll_llm_message *m = &chat->messages[i];
        bool valid = false;
        size_t bytes;

        if (!is_role(m->role))
            return ll_fail(LLMLEARN_EINVAL,
                           "messages[%u]: role must be developer, system, user "
                           "or assistant",
                           i);
        bytes = m->content != NULL ? ll_utf8_measure(m->content, room, &valid) : SIZE_MAX;
        if (bytes == SIZE_MAX || !valid)
            return ll_fail(LLMLEARN_EINVAL,
                           "messages[%u]: content must be UTF-8, all messages "
                           "together at most %u bytes",
                           i, LL_LLM_CONTENT_BYTES_MAX);
        room -= bytes;
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_schema(const ll_llm_chat *chat)
{
    size_t bytes;

    if (chat->schema_name == NULL)
        return LLMLEARN_OK;
    bytes = strnlen(chat->schema_name, LL_LLM_SCHEMA_NAME_BYTES_MAX + 1);
    if (bytes == 0 || bytes > LL_LLM_SCHEMA_NAME_BYTES_MAX ||
        chat->schema_name[strspn(chat->schema_name, LETTERS "_-")] != '\0')
        return ll_fail(LLMLEARN_EINVAL, "schema_name: must be 1 to %d letters, digits, _ or -",
                       LL_LLM_SCHEMA_NAME_BYTES_MAX);
    bytes = chat->schema != NULL ? strlen(chat->schema) : 0;
    if (chat->schema == NULL || !ll_utf8_valid(chat->schema, bytes) ||
        !ll_json_is_object(chat->schema, bytes))
        return ll_fail(LLMLEARN_EINVAL, "schema: must be a JSON object");
    return LLMLEARN_OK;
}

static llmlearn_err check(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat)
{
    llmlearn_err err = ll_llm_endpoint_check(endpoint);

    if (err != LLMLEARN_OK)
        return err;
    if (endpoint->model == NULL)
        return ll_fail(LLMLEARN_EINVAL, "model: is required; none is built in");
    err = check_messages(chat);
    if (err != LLMLEARN_OK)
        return err;
    if (!isnan(chat->temperature) && !(chat->temperature >= 0 && chat->temperature <= 2))
        return ll_fail(LLMLEARN_EINVAL, "temperature: must be 0 to 2, or NAN");
    return check_schema(chat);
}

static void write_messages(ll_json_writer *w, const ll_llm_chat *chat)
{
    ll_json_writer_key(w, "messages");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < chat->message_count; i++) {
        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "role", chat->messages[i].role);
        ll_json_writer_put_string(w, "content", chat->messages[i].content);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

static void write_format(ll_json_writer *w, const ll_llm_chat *chat, ll_llm_format format)
{
    ll_json_writer_key(w, "response_format");
    ll_json_writer_open(w, '{');
    if (format == LL_LLM_FORMAT_OBJECT) {
        ll_json_writer_put_string(w, "type", "json_object");
    } else {
        ll_json_writer_put_string(w, "type", "json_schema");
        ll_json_writer_key(w, "json_schema");
        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "name", chat->schema_name);
        ll_json_writer_put_bool(w, "strict", true);
        ll_json_writer_key(w, "schema");
        ll_json_writer_json(w, chat->schema, strlen(chat->schema));
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, '}');
}

static llmlearn_err write_body(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                               ll_llm_format format, ll_buffer *out_body)
{
    const char *limit_field = endpoint->token_limit_field;
    ll_json_writer w = { 0 };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_string(&w, "model", endpoint->model);
    write_messages(&w, chat);
    if (!isnan(chat->temperature))
        ll_json_writer_put_real(&w, "temperature", chat->temperature);
    if (chat->max_tokens > 0)
        ll_json_writer_put_int(&w, limit_field != NULL ? limit_field : "max_completion_tokens",
                               chat->max_tokens);
    if (format != LL_LLM_FORMAT_PLAIN)
        write_format(&w, chat, format);
    ll_json_writer_close(&w, '}');
    if (w.buffer.failed) {
        ll_buffer_free(&w.buffer);
        return ll_fail(LLMLEARN_ENOMEM, "writing a request to the model");
    }
    *out_body = w.buffer;
    return LLMLEARN_OK;
}

llmlearn_err ll_chat_measure(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                             size_t *out_bytes)
{
    ll_buffer body;
    llmlearn_err err = check(endpoint, chat);

    if (err == LLMLEARN_OK)
        err = write_body(endpoint, chat,
                         chat->schema_name != NULL ? LL_LLM_FORMAT_SCHEMA : LL_LLM_FORMAT_PLAIN,
                         &body);
    if (err != LLMLEARN_OK)
        return err;
    *out_bytes = body.length;
    ll_buffer_free(&body);
    return LLMLEARN_OK;
}

/* ---- the call ---------------------------------------------------------------- */

static bool refuses_format(const ll_http_response *response)
{
    ll_answer_problem problem;

    if (response->status != 400 && response->status != 422)
        return false;
    ll_answer_read_problem(response->body.data, response->body.length, &problem);
    return problem.about_format;
}

static llmlearn_err send_as(ll_session *session, const ll_llm_chat *chat, ll_llm_format format,
                            ll_http_response *out_response)
{
    ll_buffer body;
    llmlearn_err err = write_body(session->endpoint, chat, format, &body);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_session_send(session, "/chat/completions", body.data, body.length, out_response);
    ll_buffer_free(&body);
    return err;
}

/* From the form that was wanted to the first that the service takes. */
static llmlearn_err negotiate(ll_session *session, const ll_llm_chat *chat,
                              ll_llm_format *out_format, ll_http_response *out_response)
{
    ll_llm_format format = chat->schema_name != NULL ? LL_LLM_FORMAT_SCHEMA : LL_LLM_FORMAT_PLAIN;
    llmlearn_err err = send_as(session, chat, format, out_response);

    while (err == LLMLEARN_OK && format < LL_LLM_FORMAT_PLAIN && refuses_format(out_response)) {
        ll_http_response_free(out_response);
        format++;
        err = send_as(session, chat, format, out_response);
    }
    *out_format = format;
    return err;
}

static int64_t cost_of(const ll_llm_endpoint *endpoint, const ll_llm_answer *answer)
{
    int64_t cost = ll_prices_cost(endpoint->prices, answer->model, answer->prompt_tokens,
                                  answer->cached_tokens, answer->completion_tokens);

    if (cost != LL_PRICES_UNKNOWN)
        return cost;
    return ll_prices_cost(endpoint->prices, endpoint->model, answer->prompt_tokens,
                          answer->cached_tokens, answer->completion_tokens);
}

static llmlearn_err read_response(const ll_session *session, const ll_http_response *response,
                                  ll_llm_format format, ll_llm_answer *out_answer)
{
    ll_llm_answer answer;
    llmlearn_err err;

    if (!ll_session_succeeded(response))
        return ll_session_fail(session, response);
    err = ll_answer_parse(response->body.data, response->body.length, &answer);
    if (err != LLMLEARN_OK)
        return err;
    answer.format = format;
    answer.attempts = session->attempts;
    answer.latency_ms = session->latency_ms;
    answer.status = response->status;
    ll_llm_json_word(response->request_id, answer.request_id);
    ll_session_hide_key(session, answer.request_id);
    ll_session_hide_key(session, answer.model);
    answer.cost_nanousd = cost_of(session->endpoint, &answer);
    *out_answer = answer;
    return LLMLEARN_OK;
}

llmlearn_err ll_chat_ask(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                         ll_llm_answer *out_answer)
{
    ll_session session = { .endpoint = endpoint,
                           .deadline = chat->deadline,
                           .cancel = chat->cancel,
                           .response_bytes_max = chat->response_bytes_max };
    ll_http_response response;
    ll_llm_format format;
    llmlearn_err err;

    assert(out_answer != NULL);
    if (chat->lost != NULL)
        *chat->lost = 0;
    err = check(endpoint, chat);
    if (err == LLMLEARN_OK)
        err = ll_session_open(&session);
    if (err != LLMLEARN_OK)
        return err;
    err = negotiate(&session, chat, &format, &response);
    if (err == LLMLEARN_OK) {
        err = read_response(&session, &response, format, out_answer);
        if (err != LLMLEARN_OK && ll_session_succeeded(&response))
            session.lost++;
        ll_http_response_free(&response);
    }
    if (chat->lost != NULL)
        *chat->lost = session.lost;
    ll_session_close(&session);
    return err;
}
