#include "api/model.h"

#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPLAIN_TOKENS 1024u
#define GENERATE_TOKENS 16384u
#define HEADERS_MAX 16u
#define RETRIES_DEFAULT 2u
#define RETRIES_MAX 10u
#define KEY_BYTES_MAX 4096u
#define PATH_BYTES_MAX 4095u
#define HOST_BYTES_MAX 64u
#define MESSAGES_MAX 3
#define IDENTITY_BYTES 96 /* a name has 64 */
#define MESSAGE_BYTES 64u
#define FORMS_MORE 2 /* of asking for JSON: see llm/chat.h */

/* Texts are copies, the key's is overwritten before it is freed. */
struct ll_model {
    ll_model *next; /* of all that were ever set */
    char identity[IDENTITY_BYTES];
    char *model, *provider, *base_url, *api_key, *organization, *project, *token_limit_field;
    char *ca_file;
    char *headers[HEADERS_MAX];
    llmlearn_secret_fn read_key;
    void *read_key_user;
    llmlearn_ask_fn ask;
    void *ask_user;
    uint32_t max_tokens;
    double temperature; /* NaN: not sent */
    ll_prices *prices;
    const ll_log *log;
    ll_llm_endpoint endpoint;
};

/* ---- making and freeing ------------------------------------------------ */

static void free_secret(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void free_model(ll_model *m)
{
    if (m == NULL)
        return;
    free_secret(m->api_key);
    for (uint32_t i = 0; i < HEADERS_MAX; i++)
        free_secret(m->headers[i]); /* some services have their keys there */
    free(m->model);
    free(m->provider);
    free(m->base_url);
    free(m->organization);
    free(m->project);
    free(m->token_limit_field);
    free(m->ca_file);
    ll_prices_free(m->prices);
    free(m);
}

void ll_models_free(ll_models *models)
{
    ll_model *m = atomic_load(&models->all);

    while (m != NULL) {
        ll_model *next = m->next;
        free_model(m);
        m = next;
    }
}

const ll_model *ll_models_get(const ll_models *models, ll_model_use use)
{
    assert(use < LL_MODEL_USES);
    return atomic_load_explicit(&models->current[use], memory_order_acquire);
}

const char *ll_model_name(const ll_model *model)
{
    return model->model;
}

const char *ll_model_provider(const ll_model *model)
{
    return model->provider;
}

const char *ll_model_identity(const ll_model *model)
{
    return model->identity;
}

const ll_llm_endpoint *ll_model_endpoint(const ll_model *model)
{
    return model->ask == NULL ? &model->endpoint : NULL;
}

/* ---- asking ------------------------------------------------------------ */

static uint32_t tokens_of(const ll_model *model, const ll_model_question *question)
{
    return model->max_tokens != 0 ? model->max_tokens : question->max_tokens;
}

static ll_llm_chat chat_of(const ll_model *model, const ll_model_question *q,
                           ll_llm_message messages[MESSAGES_MAX])
{
    ll_llm_chat chat = { .messages = messages,
                         .temperature = model->temperature,
                         .max_tokens = tokens_of(model, q),
                         .schema_name = q->json_schema != NULL ? q->schema_name : NULL,
                         .schema = q->json_schema,
                         .deadline = q->deadline,
                         .cancel = q->cancel };

    if (q->system != NULL)
        messages[chat.message_count++] = (ll_llm_message){ "system", q->system };
    messages[chat.message_count++] = (ll_llm_message){ "user", q->prompt };
    if (q->data != NULL)
        messages[chat.message_count++] = (ll_llm_message){ "user", q->data };
    return chat;
}

static const char *reason_of_kind(ll_llm_kind kind)
{
    switch (kind) {
    case LL_LLM_OK:
        return NULL;
    case LL_LLM_REFUSAL:
        return "refused";
    case LL_LLM_EMPTY:
        return "empty";
    case LL_LLM_TRUNCATED:
        return "truncated";
    case LL_LLM_FILTERED:
        return "filtered";
    }
    return "model";
}

static ll_model_reply unknown_reply(const char *reason)
{
    return (ll_model_reply){
        .reason = reason, .prompt_tokens = -1, .completion_tokens = -1, .cost_nanousd = -1
    };
}

static bool is_cancelled(const ll_model_question *question)
{
    return question->cancel != NULL && atomic_load(question->cancel) != 0;
}

/* Nobody was asked, or nobody took the question. */
static ll_model_reply free_reply(const char *reason)
{
    return (ll_model_reply){ .reason = reason };
}

/* A model that fails is no error of this call, but for those. */
static llmlearn_err failed(const ll_model *model, llmlearn_err err, uint32_t lost,
                           ll_model_reply *out)
{
    const char *reason = err == LLMLEARN_ECANCELLED  ? "cancelled"
                         : err == LLMLEARN_ETIMEDOUT ? "timeout"
                                                     : "model";

    *out = lost == 0 ? free_reply(reason) : unknown_reply(reason);
    if (err == LLMLEARN_ENOMEM || err == LLMLEARN_ECANCELLED)
        return err;
    ll_log_write(model->log, LLMLEARN_LOG_WARNING, "model-failed", "%s: %s", model->model,
                 llmlearn_error_detail());
    return LLMLEARN_OK;
}

static llmlearn_err ask_endpoint(const ll_model *model, const ll_model_question *question,
                                 ll_model_reply *out)
{
    ll_llm_message messages[MESSAGES_MAX];
    ll_llm_chat chat = chat_of(model, question, messages);
    ll_llm_answer answer;
    uint32_t lost = 0;
    llmlearn_err err;

    chat.lost = &lost;
    err = ll_chat_ask(&model->endpoint, &chat, &answer);
    if (err != LLMLEARN_OK)
        return failed(model, err, lost, out);
    *out = (ll_model_reply){ .reason = reason_of_kind(answer.kind),
                             .prompt_tokens = answer.prompt_tokens,
                             .completion_tokens = answer.completion_tokens,
                             .cost_nanousd = answer.cost_nanousd,
                             .lost = lost };
    if (out->reason == NULL) {
        out->text = answer.text;
        answer.text = NULL;
    }
    ll_llm_answer_free(&answer);
    return LLMLEARN_OK;
}

static int64_t known(const llmlearn_answer *answer, uint32_t flag, int64_t value)
{
    return (answer->flags & flag) != 0 && value >= 0 ? value : -1;
}

static llmlearn_err ask_caller(const ll_model *model, const ll_model_question *q,
                               ll_model_reply *out)
{
    uint64_t left_ms = ll_deadline_left_ms(q->deadline);
    const llmlearn_question question = {
        .struct_size = sizeof question,
        .deadline_ms = left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX,
        .model = model->model,
        .system = q->system,
        .prompt = q->prompt,
        .data = q->data,
        .json_schema = q->json_schema,
        .max_tokens = tokens_of(model, q),
    };
    llmlearn_answer answer = { .struct_size = sizeof answer };
    llmlearn_err err = model->ask(model->ask_user, &question, &answer);

    *out = unknown_reply(err == LLMLEARN_OK ? NULL : "model");
    if (err == LLMLEARN_OK && (answer.text == NULL || answer.text[0] == '\0'))
        out->reason = "empty";
    out->prompt_tokens = known(&answer, LLMLEARN_HAS_PROMPT_TOKENS, answer.prompt_tokens);
    out->completion_tokens =
        known(&answer, LLMLEARN_HAS_COMPLETION_TOKENS, answer.completion_tokens);
    out->cost_nanousd = known(&answer, LLMLEARN_HAS_COST, answer.cost_nanousd);
    if (out->cost_nanousd < 0)
        out->cost_nanousd = ll_prices_cost(model->prices, model->model, out->prompt_tokens, -1,
                                           out->completion_tokens);
    if (out->reason == NULL)
        out->text = answer.text;
    else
        free(answer.text);
    free(answer.model_answered);
    return out->reason != NULL && is_cancelled(q)
               ? ll_fail(LLMLEARN_ECANCELLED, "cancelled while the model was asked")
               : LLMLEARN_OK;
}

llmlearn_err ll_model_ask(const ll_model *model, const ll_model_question *question,
                          ll_model_reply *out_reply)
{
    if (is_cancelled(question)) {
        *out_reply = free_reply("cancelled");
        return ll_fail(LLMLEARN_ECANCELLED, "cancelled before the model was asked");
    }
    if (ll_deadline_passed(question->deadline)) {
        *out_reply = free_reply("timeout");
        return LLMLEARN_OK;
    }
    return model->ask != NULL ? ask_caller(model, question, out_reply)
                              : ask_endpoint(model, question, out_reply);
}

void ll_model_reply_free(ll_model_reply *reply)
{
    free(reply->text);
    reply->text = NULL;
}

/* Of a caller's own client, whose form is not known: what it says, and some more for each message.
 */
static size_t bytes_said(const ll_llm_chat *chat)
{
    size_t bytes = chat->schema != NULL ? strlen(chat->schema) : 0;

    for (uint32_t i = 0; i < chat->message_count; i++)
        bytes += strlen(chat->messages[i].content) + MESSAGE_BYTES;
    return bytes;
}

int64_t ll_model_tries(const ll_model *model, const ll_model_question *question)
{
    if (model->ask != NULL)
        return 1;
    return 1 + (model->endpoint.retries_max > 0 ? model->endpoint.retries_max : 0) +
           (question->json_schema != NULL ? FORMS_MORE : 0);
}

/* Each of its tries may be billed. */
int64_t ll_model_ceiling_nanousd(const ll_model *model, const ll_model_question *question)
{
    ll_llm_message messages[MESSAGES_MAX];
    const ll_llm_chat chat = chat_of(model, question, messages);
    int64_t tries = ll_model_tries(model, question);
    size_t bytes = bytes_said(&chat);

    if (model->ask == NULL && ll_chat_measure(&model->endpoint, &chat, &bytes) != LLMLEARN_OK)
        return -1;
    int64_t once = ll_prices_ceiling(model->prices, model->model, bytes, chat.max_tokens);
    return once >= 0 && once <= INT64_MAX / tries ? once * tries : -1;
}

/* ---- setting ----------------------------------------------------------- */

static llmlearn_err check_transport(const llmlearn_model *m)
{
    if ((m->base_url == NULL) == (m->ask == NULL))
        return ll_fail(LLMLEARN_EINVAL, "base_url, ask: exactly one of them is required");
    if (m->header_count > HEADERS_MAX || (m->header_count > 0 && m->headers == NULL))
        return ll_fail(LLMLEARN_EINVAL, "headers: header_count of them, up to %u", HEADERS_MAX);
    if (m->api_key != NULL && m->read_key != NULL)
        return ll_fail(LLMLEARN_EINVAL, "api_key, read_key: one of them at the most");
    if (m->retries_max > RETRIES_MAX && m->retries_max != UINT32_MAX)
        return ll_fail(LLMLEARN_EINVAL, "retries_max: up to %u, or UINT32_MAX for none",
                       RETRIES_MAX);
    return LLMLEARN_OK;
}

static llmlearn_err check(uint32_t uses, const llmlearn_model *m)
{
    const uint32_t flags = LLMLEARN_MODEL_PRIVATE_ADDRESSES | LLMLEARN_MODEL_TEMPERATURE;

    if ((m->flags & ~flags) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: unknown bits 0x%x", m->flags & ~flags);
    if (m->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: must be 0");
    if ((uses & LLMLEARN_FOR_MODERATING) != 0 && m->base_url == NULL)
        return ll_fail(LLMLEARN_EINVAL, "base_url: only an endpoint can moderate");
    if (ll_argument_name("model", m->model, true) == SIZE_MAX ||
        ll_argument_name("provider", m->provider, false) == SIZE_MAX ||
        ll_argument_text("ca_file", m->ca_file, false, 1, PATH_BYTES_MAX) == SIZE_MAX ||
        ll_argument_text("price_file", m->price_file, false, 1, PATH_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (m->api_key != NULL && strnlen(m->api_key, KEY_BYTES_MAX + 1) > KEY_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "api_key: up to %u bytes", KEY_BYTES_MAX);
    if (!(m->temperature >= 0 && m->temperature <= 2))
        return ll_fail(LLMLEARN_EINVAL, "temperature: must be 0 to 2");
    return check_transport(m);
}

/* The host of "https://host:port/...", as a name. */
static char *host_of(const char *url, bool *failed)
{
    const char *at = strstr(url, "://");
    char host[HOST_BYTES_MAX + 1];
    size_t bytes;

    at = at != NULL ? at + 3 : url;
    bytes = strcspn(at, "/:?#");
    if (bytes > HOST_BYTES_MAX)
        bytes = HOST_BYTES_MAX;
    memcpy(host, at, bytes);
    host[bytes] = '\0';
    return ll_argument_copy(bytes > 0 && host[0] != '[' ? host : "endpoint", failed);
}

static llmlearn_err read_key(void *user, char *out_key, size_t bytes)
{
    const ll_model *m = user;
    size_t length = m->read_key(m->read_key_user, out_key, bytes);

    if (length >= bytes) {
        explicit_bzero(out_key, bytes);
        return ll_fail(LLMLEARN_EINVAL, "read_key: gave a key of more than %zu bytes", bytes - 1);
    }
    out_key[length] = '\0';
    return LLMLEARN_OK;
}

static void fill_endpoint(ll_model *m, const llmlearn_model *theirs)
{
    m->endpoint = (ll_llm_endpoint){
        .base_url = m->base_url,
        .api_key = m->api_key,
        .key = m->read_key != NULL ? read_key : NULL,
        .key_user = m,
        .model = m->model,
        .organization = m->organization,
        .project = m->project,
        .headers = (const char *const *)m->headers,
        .header_count = theirs->header_count,
        .token_limit_field = m->token_limit_field,
        .ca_file = m->ca_file,
        .allow_private = (theirs->flags & LLMLEARN_MODEL_PRIVATE_ADDRESSES) != 0,
        .prices = m->prices,
        .log = m->log,
        .retries_max = theirs->retries_max == 0            ? (int32_t)RETRIES_DEFAULT
                       : theirs->retries_max == UINT32_MAX ? -1
                                                           : (int32_t)theirs->retries_max,
    };
}

static llmlearn_err fill(ll_model *m, const llmlearn_model *theirs)
{
    bool no_memory = false;

    m->model = ll_argument_copy(theirs->model, &no_memory);
    m->base_url = ll_argument_copy(theirs->base_url, &no_memory);
    m->api_key = ll_argument_copy(theirs->api_key, &no_memory);
    m->organization = ll_argument_copy(theirs->organization, &no_memory);
    m->project = ll_argument_copy(theirs->project, &no_memory);
    m->token_limit_field = ll_argument_copy(theirs->max_tokens_field, &no_memory);
    m->ca_file = ll_argument_copy(theirs->ca_file, &no_memory);
    for (uint32_t i = 0; i < theirs->header_count; i++)
        m->headers[i] = ll_argument_copy(theirs->headers[i], &no_memory);
    m->provider = theirs->provider != NULL   ? ll_argument_copy(theirs->provider, &no_memory)
                  : theirs->base_url != NULL ? host_of(theirs->base_url, &no_memory)
                                             : ll_argument_copy("own", &no_memory);
    if (no_memory)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the model");
    m->read_key = theirs->read_key;
    m->read_key_user = theirs->read_key_user;
    m->ask = theirs->ask;
    m->ask_user = theirs->ask_user;
    m->max_tokens = theirs->max_tokens;
    m->temperature = theirs->temperature > 0 || (theirs->flags & LLMLEARN_MODEL_TEMPERATURE) != 0
                         ? theirs->temperature
                         : (double)NAN;
    if (theirs->price_file == NULL)
        return LLMLEARN_OK;
    return ll_prices_load(theirs->price_file, &m->prices);
}

static llmlearn_err make(const ll_log *log, const llmlearn_model *theirs, ll_model **out)
{
    ll_model *m = calloc(1, sizeof *m);
    llmlearn_err err;

    if (m == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the model");
    m->log = log;
    err = fill(m, theirs);
    if (err == LLMLEARN_ELLM) /* it is no answer of a model's: an argument is wrong */
        err = ll_fail(LLMLEARN_EINVAL, "price_file: is no price list in LiteLLM's form");
    if (err == LLMLEARN_OK) {
        snprintf(m->identity, sizeof m->identity, "%s %p", m->model, (void *)m);
        fill_endpoint(m, theirs);
        if (m->ask == NULL)
            err = ll_llm_endpoint_check_all(&m->endpoint);
    }
    if (err != LLMLEARN_OK) {
        free_model(m);
        return err;
    }
    *out = m;
    return LLMLEARN_OK;
}

static void publish(ll_models *models, uint32_t uses, ll_model *m)
{
    if (m != NULL) {
        m->next = atomic_load(&models->all);
        while (!atomic_compare_exchange_weak(&models->all, &m->next, m))
            continue;
    }
    for (uint32_t use = 0; use < LL_MODEL_USES; use++) {
        if ((uses >> use & 1) != 0)
            atomic_store_explicit(&models->current[use], m, memory_order_release);
    }
}

_Static_assert(LLMLEARN_FOR_EXPLAINING == 1u << LL_MODEL_EXPLAINS &&
                   LLMLEARN_FOR_GENERATING == 1u << LL_MODEL_GENERATES &&
                   LLMLEARN_FOR_MODERATING == 1u << LL_MODEL_MODERATES,
               "a bit for each use");

llmlearn_err llmlearn_set_model(llmlearn *learner, uint32_t uses, const llmlearn_model *model)
{
    llmlearn_model m;
    ll_model *made = NULL;
    llmlearn_err err = LLMLEARN_OK;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    if (uses == 0 || uses >= 1u << LL_MODEL_USES)
        return ll_fail(LLMLEARN_EINVAL, "uses: one or more of LLMLEARN_FOR_*");
    if (model != NULL) {
        err = ll_arguments_read("model", model, sizeof m, &m, sizeof m);
        if (err == LLMLEARN_OK)
            err = check(uses, &m);
        if (err == LLMLEARN_OK)
            err = make(&learner->settings.log, &m, &made);
    }
    if (err == LLMLEARN_OK)
        publish(&learner->models, uses, made);
    return err;
}
