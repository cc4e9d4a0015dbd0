/* Chat against a server that says what the test tells it to: forms, tries, failures, and where
 * the key goes. */
#include "base/clock.h"
#include "llm/chat.h"
#include "llm/models.h"
#include "llm/moderation.h"
#include "support/canary.h"
#include "support/expect.h"
#include "support/http_server.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON_MS 20000
#define CANARY CANARY_KEY
#define GOOD                                                                                       \
    "{\"model\":\"m-2026\",\"choices\":[{\"message\":{\"content\":\"fine\"},\"finish_reason\":"    \
    "\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2}}"
#define NO_FORMAT                                                                                  \
    "{\"error\":{\"message\":\"" CANARY "\",\"type\":\"invalid_request_error\",\"param\":"         \
    "\"response_format\",\"code\":null}}"

/* What the server says to each request in turn; the last one again and again. */
typedef struct said {
    int status; /* 0: hangs until the other end is gone; -1: drops the connection */
    const char *headers;
    const char *body;
} said;

static http_server *server;
static const said *script;
static char base_url[128];
static char paths[8][128]; /* of each request */
static char bodies[8][2048];
static char heads[8][2048];
static char logged[8192]; /* every line of the log */
static atomic_int lines_logged;

static void answer(void *user, const http_server_request *request)
{
    const said *s = script;
    int slot = (request->number - 1) % 8;

    (void)user;
    snprintf(paths[slot], sizeof paths[0], "%.120s", request->path);
    snprintf(bodies[slot], sizeof bodies[0], "%.2000s", request->body);
    snprintf(heads[slot], sizeof heads[0], "%.2000s", request->headers);
    for (int i = 1; i < request->number && s[1].headers != NULL; i++)
        s++;
    if (s->status > 0)
        http_server_reply(request->fd, s->status, s->headers, s->body);
    else if (s->status == 0)
        http_server_wait_for_hangup(request->fd);
}

static void write_log(void *user, llmlearn_log_level level, const char *id, const char *line)
{
    size_t used = strlen(logged);

    (void)user;
    snprintf(logged + used, sizeof logged - used, "%d %s %s\n", (int)level, id, line);
    atomic_fetch_add(&lines_logged, 1);
}

static const ll_log test_log = { .write = write_log };

static ll_llm_endpoint start(const said *answers)
{
    script = answers;
    server = http_server_start(answer, NULL);
    snprintf(base_url, sizeof base_url, "%s", http_server_url(server, "/v1"));
    return (
        ll_llm_endpoint){ .base_url = base_url, .api_key = CANARY, .model = "m", .log = &test_log };
}

static void stop(void)
{
    http_server_stop(server);
    server = NULL;
}

static const ll_llm_message hello[] = { { "system", "Be short." },
                                        { "user", "Say \"hi\"\n\xc3\xa4" } };

static ll_llm_chat plain_chat(void)
{
    return (ll_llm_chat){ .messages = hello,
                          .message_count = 2,
                          .temperature = NAN,
                          .deadline = ll_deadline_in_ms(SOON_MS) };
}

/* A call that fails, says so without the key, and leaves the answer as it was. */
static void expect_failure(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                           llmlearn_err err, const char *words)
{
    ll_llm_answer out = { .attempts = 77 };

    expect_err(ll_chat_ask(endpoint, chat, &out), err, words);
    ck_assert_uint_eq(out.attempts, 77);
    ck_assert_ptr_null(out.text);
    ck_assert_msg(strstr(llmlearn_error_detail(), CANARY) == NULL, "%s", llmlearn_error_detail());
    ck_assert_msg(strstr(logged, CANARY) == NULL, "%s", logged);
}

/* ---- the request --------------------------------------------------------------------- */

static void expect_json(const char *got, const char *want)
{
    json_t *a = json_loads(got, JSON_REJECT_DUPLICATES, NULL), *b = json_loads(want, 0, NULL);

    ck_assert_msg(a != NULL && b != NULL && json_equal(a, b), "%s\nis not\n%s", got, want);
    json_decref(a);
    json_decref(b);
}

START_TEST(a_request_is_what_was_asked)
{
    static const said answers[] = { { 200, "x-request-id: req_7\r\n", GOOD }, { 0 } };
    const char *const more[] = { "X-More: 1" };
    ll_llm_endpoint endpoint = start(answers);
    ll_llm_chat chat = plain_chat();
    ll_llm_answer got;

    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_str_eq(paths[0], "/v1/chat/completions");
    expect_json(bodies[0],
                "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
                "short.\"},{\"role\":\"user\",\"content\":\"Say \\\"hi\\\"\\n\\u00e4\"}]}");
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nAuthorization: Bearer " CANARY "\r\n"));
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_null(strstr(heads[0], "OpenAI-"));
    ck_assert_str_eq(got.text, "fine");
    ck_assert_int_eq(got.kind, LL_LLM_OK);
    ck_assert_str_eq(got.model, "m-2026");
    ck_assert_str_eq(got.request_id, "req_7");
    ck_assert_int_eq(got.status, 200);
    ck_assert_uint_eq(got.attempts, 1);
    ck_assert_int_eq(got.prompt_tokens, 10);
    ck_assert_int_eq(got.cached_tokens, -1);
    ck_assert_int_eq(got.cost_nanousd, -1);
    ck_assert_int_ge(got.latency_ms, 0);
    ll_llm_answer_free(&got);
    stop();

    endpoint = start(answers);
    endpoint.api_key = NULL;
    endpoint.organization = "org-1";
    endpoint.project = "proj_2";
    endpoint.headers = more;
    endpoint.header_count = 1;
    endpoint.token_limit_field = "max_tokens";
    strcat(base_url, "//?api-version=1"); /* the query stays behind the path */
    chat.temperature = 0.25;
    chat.max_tokens = 50;
    chat.schema_name = "variants";
    chat.schema = "{\"type\":\"object\",\"properties\":{}}";
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_str_eq(paths[0], "/v1/chat/completions?api-version=1");
    ck_assert_ptr_nonnull(strstr(bodies[0], "\"max_tokens\":50"));
    ck_assert_ptr_nonnull(strstr(bodies[0], "\"temperature\":0.25"));
    ck_assert_ptr_nonnull(strstr(bodies[0], "\"response_format\":{\"type\":\"json_schema\","
                                            "\"json_schema\":{\"name\":\"variants\",\"strict\":"
                                            "true,\"schema\":{\"type\":"));
    ck_assert_ptr_null(strstr(heads[0], "Authorization"));
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nOpenAI-Organization: org-1\r\n"));
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nOpenAI-Project: proj_2\r\n"));
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nX-More: 1\r\n"));
    ck_assert_int_eq(got.format, LL_LLM_FORMAT_SCHEMA);
    ll_llm_answer_free(&got);

    size_t bytes = 0;
    expect_ok(ll_chat_measure(&endpoint, &chat, &bytes));
    ck_assert_uint_eq(bytes, strlen(bodies[0]));
}
END_TEST

START_TEST(a_cost_is_of_the_model_that_answered)
{
    static const said answers[] = { { 200, "", GOOD }, { 0 } };
    static const char file[] =
        "{\"m\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06}}";
    static const char file_too[] =
        "{\"m\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06},"
        "\"m-2026\":{\"input_cost_per_token\":3e-06,\"output_cost_per_token\":4e-06}}";
    ll_llm_endpoint endpoint = start(answers);
    ll_llm_chat chat = plain_chat();
    ll_prices *prices, *prices_too;
    ll_llm_answer got;

    expect_ok(ll_prices_parse(file, sizeof file - 1, &prices));
    expect_ok(ll_prices_parse(file_too, sizeof file_too - 1, &prices_too));
    endpoint.prices = prices;
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_int_eq(got.cost_nanousd, 10 * 1000 + 2 * 2000);
    ll_llm_answer_free(&got);
    endpoint.prices = prices_too;
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_int_eq(got.cost_nanousd, 10 * 3000 + 2 * 4000);
    ll_llm_answer_free(&got);
    ll_prices_free(prices);
    ll_prices_free(prices_too);
}
END_TEST

START_TEST(wrong_arguments_call_nobody)
{
    static const said answers[] = { { 200, "", GOOD }, { 0 } };
    const ll_llm_endpoint good = start(answers);
    const ll_llm_chat good_chat = plain_chat();
    const ll_llm_message no_role[] = { { "robot", "x" } }, no_content[] = { { "user", NULL } },
                         no_utf8[] = { { "user", "\xff" } };
    ll_llm_endpoint e;
    ll_llm_chat c;

#define WRONG(change, words)                                                                       \
    do {                                                                                           \
        e = good;                                                                                  \
        c = good_chat;                                                                             \
        change;                                                                                    \
        expect_failure(&e, &c, LLMLEARN_EINVAL, words);                                            \
    } while (0)
    WRONG(e.base_url = NULL, "base_url");
    WRONG(e.base_url = "", "url");
    WRONG(e.base_url = "http://api.example.com/v1", "https");
    WRONG(e.base_url = "https://" CANARY "@api.example.com/v1", "user name");
    WRONG(e.api_key = "", "api_key");
    WRONG(e.api_key = CANARY "\n", "api_key");
    WRONG(e.api_key = CANARY " x", "api_key");
    WRONG(e.model = NULL, "model");
    WRONG(e.model = "", "model");
    WRONG(e.model = "two words", "model");
    WRONG(e.organization = "a\r\nX-B: c", "organization");
    WRONG(e.project = "", "project");
    WRONG(e.token_limit_field = "a\":1,\"b", "token_limit_field");
    WRONG(e.header_count = LL_LLM_HEADERS_MAX + 1, "headers");
    WRONG(e.retries_max = LL_LLM_RETRIES_MAX + 1, "retries_max");
    WRONG(c.message_count = 0, "messages");
    WRONG(c.message_count = LL_LLM_MESSAGES_MAX + 1, "messages");
    WRONG((c.messages = no_role, c.message_count = 1), "role");
    WRONG((c.messages = no_content, c.message_count = 1), "content");
    WRONG((c.messages = no_utf8, c.message_count = 1), "content");
    WRONG(c.temperature = 2.1, "temperature");
    WRONG(c.temperature = -0.1, "temperature");
    WRONG(c.temperature = INFINITY, "temperature");
    WRONG((c.schema_name = "a b", c.schema = "{}"), "schema_name");
    WRONG((c.schema_name = "", c.schema = "{}"), "schema_name");
    WRONG((c.schema_name = "a", c.schema = NULL), "schema");
    WRONG((c.schema_name = "a", c.schema = "[]"), "schema");
    WRONG((c.schema_name = "a", c.schema = "{\"a\":\"\xff\"}"), "schema");
#undef WRONG
    ck_assert_int_eq(http_server_requests(server), 0);
}
END_TEST

/* ---- forms ---------------------------------------------------------------------------- */

static ll_llm_chat schema_chat(void)
{
    ll_llm_chat chat = plain_chat();

    chat.schema_name = "v";
    chat.schema = "{\"type\":\"object\"}";
    return chat;
}

START_TEST(a_form_that_is_unknown_is_given_up)
{
    static const said twice[] = {
        { 400, "", NO_FORMAT }, { 422, "", NO_FORMAT }, { 200, "", GOOD }, { 0 }
    };
    static const said once[] = { { 400, "", NO_FORMAT }, { 200, "", GOOD }, { 0 } };
    ll_llm_endpoint endpoint = start(twice);
    ll_llm_chat chat = schema_chat();
    ll_llm_answer got;

    endpoint.retries_max = -1; /* it is no retry */
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_int_eq(got.format, LL_LLM_FORMAT_PLAIN);
    ck_assert_uint_eq(got.attempts, 3);
    ck_assert_ptr_nonnull(strstr(bodies[0], "\"response_format\":{\"type\":\"json_schema\""));
    ck_assert_ptr_nonnull(strstr(bodies[1], "\"response_format\":{\"type\":\"json_object\"}"));
    ck_assert_ptr_null(strstr(bodies[2], "response_format"));
    ll_llm_answer_free(&got);
    stop();

    endpoint = start(once);
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_int_eq(got.format, LL_LLM_FORMAT_OBJECT);
    ll_llm_answer_free(&got);
}
END_TEST

START_TEST(other_refusals_are_final)
{
    static const said always[] = { { 400, "", NO_FORMAT }, { 0 } };
    static const said other[] = { { 400, "", "{\"error\":{\"code\":\"context_length_exceeded\"}}" },
                                  { 0 } };
    static const said elsewhere[] = { { 401, "", NO_FORMAT }, { 0 } };
    ll_llm_endpoint endpoint = start(always);
    ll_llm_chat chat = schema_chat();

    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 400, type invalid_request_error");
    ck_assert_int_eq(http_server_requests(server), 3);
    stop();
    endpoint = start(other);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "code context_length_exceeded");
    ck_assert_int_eq(http_server_requests(server), 1);
    stop();
    endpoint = start(elsewhere);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 401");
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

/* ---- tries ------------------------------------------------------------------------------ */

START_TEST(a_busy_service_is_asked_again)
{
    static const said answers[] = { { 429, "retry-after-ms: 1\r\n", "{}" },
                                    { -1, "", "" },
                                    { 503, "retry-after: 0.001\r\n", "nginx" },
                                    { 200, "", GOOD },
                                    { 0 } };
    ll_llm_endpoint endpoint = start(answers);
    ll_llm_chat chat = plain_chat();
    ll_llm_answer got;

    endpoint.retries_max = 3;
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_uint_eq(got.attempts, 4);
    ck_assert_str_eq(got.text, "fine");
    ck_assert_str_eq(bodies[0], bodies[3]);
    ck_assert_ptr_nonnull(strstr(logged, "llm-retry"));
    ll_llm_answer_free(&got);
}
END_TEST

START_TEST(tries_have_an_end)
{
    static const said busy[] = { { 429, "retry-after-ms: 1\r\n", "" }, { 0 } };
    ll_llm_endpoint endpoint = start(busy);
    ll_llm_chat chat = plain_chat();

    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 429, attempt 3");
    ck_assert_int_eq(http_server_requests(server), 3);
    endpoint.retries_max = -1;
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 429, attempt 1");
    ck_assert_int_eq(http_server_requests(server), 4);
}
END_TEST

START_TEST(what_is_not_worth_it_is_not_tried_again)
{
    static const said quota[] = { { 429, "retry-after-ms: 1\r\n",
                                    "{\"error\":{\"type\":\"insufficient_quota\",\"code\":"
                                    "\"insufficient_quota\"}}" },
                                  { 0 } };
    static const said later[] = { { 503, "retry-after: 121\r\n", "" }, { 0 } };
    static const said never[] = { { 500, "x-should-retry: false\r\n", "" }, { 0 } };
    static const said moved[] = { { 308, "Location: https://elsewhere.example/\r\n", "" }, { 0 } };
    ll_llm_chat chat = plain_chat();
    ll_llm_endpoint endpoint = start(quota);

    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "quota is used up");
    ck_assert_int_eq(http_server_requests(server), 1);
    stop();
    endpoint = start(later);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 503");
    ck_assert_int_eq(http_server_requests(server), 1);
    stop();
    endpoint = start(never);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 500");
    ck_assert_int_eq(http_server_requests(server), 1);
    stop();
    endpoint = start(moved);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "redirects are not followed");
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

/* The service asks for fifteen seconds; there are ten: it is told now, not then. */
START_TEST(a_wait_beyond_the_deadline_is_none)
{
    static const said busy[] = { { 429, "retry-after: 15\r\n", "" }, { 0 } };
    ll_llm_endpoint endpoint = start(busy);
    ll_llm_chat chat = plain_chat();

    chat.deadline = ll_deadline_in_ms(10000);
    expect_failure(&endpoint, &chat, LLMLEARN_ELLM, "status 429, attempt 1");
    ck_assert(!ll_deadline_passed(chat.deadline));
}
END_TEST

static void *cancel_later(void *flag)
{
    while (lines_logged == 0) /* "llm-retry": it rests, then */
        ll_clock_sleep_us(1000);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

START_TEST(a_wait_can_be_cancelled)
{
    static const said busy[] = { { 429, "retry-after: 15\r\n", "" }, { 0 } };
    atomic_int cancel = 0;
    ll_llm_endpoint endpoint = start(busy);
    ll_llm_chat chat = plain_chat();
    pthread_t other;

    chat.cancel = &cancel;
    ck_assert_int_eq(pthread_create(&other, NULL, cancel_later, &cancel), 0);
    expect_failure(&endpoint, &chat, LLMLEARN_ECANCELLED, "to try again");
    pthread_join(other, NULL);
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

/* ---- the key ----------------------------------------------------------------------------- */

START_TEST(no_failure_tells_the_key)
{
    static char large[70000];
    static const struct {
        said answers[2];
        llmlearn_err err;
    } rows[] = {
        { { { 401, "x-request-id: " CANARY "\r\n",
              "{\"error\":{\"message\":\"Incorrect API key provided: " CANARY
              "\",\"type\":\"" CANARY "\",\"code\":\"no_" CANARY "\"}}" } },
          LLMLEARN_ELLM },
        { { { 403, "", CANARY } }, LLMLEARN_ELLM },
        { { { 500, "x-should-retry: false\r\n", CANARY } }, LLMLEARN_ELLM },
        { { { 302, "Location: https://" CANARY ".example/\r\n", "" } }, LLMLEARN_ELLM },
        { { { 429, "retry-after: " CANARY "\r\nx-should-retry: false\r\n", "" } }, LLMLEARN_ELLM },
        { { { 429, "retry-after-ms: 1\r\nx-request-id: " CANARY "\r\n", CANARY } }, LLMLEARN_ELLM },
        { { { 200, "", CANARY } }, LLMLEARN_ELLM },
        { { { 200, "", "{\"choices\":\"" CANARY "\"}" } }, LLMLEARN_ELLM },
        { { { 200, "", large } }, LLMLEARN_ELLM },
        { { { 0, "", "" } }, LLMLEARN_ETIMEDOUT },
        { { { -1, "", "" } }, LLMLEARN_ELLM },
    };

    memset(large, 'x', sizeof large - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ll_llm_endpoint endpoint = start(rows[i].answers);
        ll_llm_chat chat = plain_chat();

        chat.response_bytes_max = 65536;
        if (rows[i].err == LLMLEARN_ETIMEDOUT)
            chat.deadline = ll_deadline_in_ms(300);
        expect_failure(&endpoint, &chat, rows[i].err, "");
        stop();
        ck_assert_ptr_nonnull(strstr(heads[0], CANARY)); /* it was sent */
    }
}
END_TEST

static void *cancel_now(void *flag)
{
    while (http_server_requests(server) == 0)
        ll_clock_sleep_us(1000);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

START_TEST(nor_do_those_without_an_answer)
{
    static const said hangs[] = { { 0, "", "" }, { 0 } };
    atomic_int cancel = 0;
    ll_llm_endpoint endpoint = start(hangs);
    ll_llm_chat chat = plain_chat();
    pthread_t other;

    chat.cancel = &cancel;
    ck_assert_int_eq(pthread_create(&other, NULL, cancel_now, &cancel), 0);
    expect_failure(&endpoint, &chat, LLMLEARN_ECANCELLED, "for its answer");
    pthread_join(other, NULL);
    /* TLS with a server that has none */
    chat = plain_chat();
    stop();
    server = http_server_start(answer, NULL);
    snprintf(base_url, sizeof base_url, "https://127.0.0.1:%d/v1", http_server_port(server));
    chat.deadline = ll_deadline_in_ms(500);
    ll_llm_answer out;
    ck_assert_int_ne(ll_chat_ask(&endpoint, &chat, &out), LLMLEARN_OK);
    ck_assert_msg(strstr(llmlearn_error_detail(), CANARY) == NULL, "%s", llmlearn_error_detail());
}
END_TEST

START_TEST(a_good_answer_does_not_tell_it_either)
{
    static const said answers[] = { { 200, "x-request-id: id-" CANARY "\r\n",
                                      "{\"model\":\"" CANARY
                                      "\",\"choices\":[{\"message\":{\"content\":\"x\"}}]}" },
                                    { 0 } };
    ll_llm_endpoint endpoint = start(answers);
    ll_llm_chat chat = plain_chat();
    ll_llm_answer got;

    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_str_eq(got.model, "");
    ck_assert_str_eq(got.request_id, "");
    ll_llm_answer_free(&got);
}
END_TEST

static llmlearn_err key_status;

static llmlearn_err give_key(void *user, char *out_key, size_t bytes)
{
    snprintf(out_key, bytes, "%s", (const char *)user);
    return key_status;
}

START_TEST(a_key_can_be_asked_for)
{
    static const said answers[] = { { 200, "", GOOD }, { 0 } };
    ll_llm_endpoint endpoint = start(answers);
    ll_llm_chat chat = plain_chat();
    char key[] = CANARY;
    ll_llm_answer got;

    endpoint.api_key = NULL;
    endpoint.key = give_key;
    endpoint.key_user = key;
    expect_ok(ll_chat_ask(&endpoint, &chat, &got));
    ck_assert_ptr_nonnull(strstr(heads[0], "\r\nAuthorization: Bearer " CANARY "\r\n"));
    ll_llm_answer_free(&got);
    key[3] = '\n';
    expect_failure(&endpoint, &chat, LLMLEARN_EINVAL, "api_key");
    key[0] = '\0';
    expect_failure(&endpoint, &chat, LLMLEARN_EINVAL, "api_key");
    strcpy(key, "x");
    key_status = LLMLEARN_EIO;
    ck_assert_int_eq(ll_chat_ask(&endpoint, &chat, &got), LLMLEARN_EIO);
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

/* The session's own copy, seen from inside: the frame of a call that is over may not be read. */
START_TEST(our_copy_of_the_key_is_overwritten)
{
    static ll_session session;
    const ll_llm_endpoint endpoint = { .base_url = "https://x", .api_key = CANARY };

    session.endpoint = &endpoint;
    expect_ok(ll_session_open(&session));
    ck_assert_str_eq(session.authorization, "Authorization: Bearer " CANARY);
    ll_session_close(&session);
    for (size_t i = 0; i + sizeof CANARY < sizeof session; i++)
        ck_assert(memcmp((const char *)&session + i, CANARY, sizeof CANARY - 1) != 0);
}
END_TEST

/* ---- moderation, models --------------------------------------------------------------------- */

START_TEST(a_text_is_moderated)
{
    static const said answers[] = {
        { 503, "retry-after-ms: 1\r\n", "" },
        { 200, "",
          "{\"results\":[{\"flagged\":false},{\"flagged\":true,\"categories\":{\"hate\":true}}]}" },
        { 404, "", "" },
        { 401, "", "" },
        { 0 }
    };
    static const char *const texts[] = { "good \xc3\xa4", "bad\n" };
    ll_llm_endpoint endpoint = start(answers);
    ll_moderation_verdict verdicts[2];
    ll_deadline deadline = ll_deadline_in_ms(SOON_MS);

    expect_ok(ll_moderation_ask(&endpoint, "mod-1", texts, 2, deadline, NULL, verdicts));
    ck_assert(!verdicts[0].flagged && verdicts[1].flagged);
    ck_assert_str_eq(verdicts[1].category, "hate");
    ck_assert_str_eq(paths[1], "/v1/moderations");
    expect_json(bodies[1], "{\"model\":\"mod-1\",\"input\":[\"good \\u00e4\",\"bad\\n\"]}");
    expect_err(ll_moderation_ask(&endpoint, NULL, texts, 1, deadline, NULL, verdicts),
               LLMLEARN_EUNSUPPORTED, "has no moderation");
    expect_json(bodies[2], "{\"input\":[\"good \\u00e4\"]}");
    expect_err(ll_moderation_ask(&endpoint, NULL, texts, 1, deadline, NULL, verdicts),
               LLMLEARN_ELLM, "status 401");
    expect_err(ll_moderation_ask(&endpoint, NULL, texts, 0, deadline, NULL, verdicts),
               LLMLEARN_EINVAL, "1 to");
}
END_TEST

static int64_t november(void *user)
{
    (void)user;
    return 20784 * LL_US_PER_DAY; /* 2026-11-27 */
}

START_TEST(a_models_end_is_asked_for)
{
    static const said answers[] = {
        { 200, "", "{\"data\":[{\"id\":\"m\",\"shutdown_date\":\"2027-01-14\"}]}" },
        { 500, "x-should-retry: false\r\n", "" },
        { 0 }
    };
    const ll_clock clock = { .now = november };
    ll_llm_endpoint endpoint = start(answers);
    ll_models_retirement found;

    endpoint.clock = &clock;
    expect_ok(ll_models_ask(&endpoint, ll_deadline_in_ms(SOON_MS), NULL, &found));
    ck_assert_str_eq(paths[0], "/v1/models");
    ck_assert_ptr_nonnull(strstr(heads[0], "GET "));
    ck_assert_int_eq(found.days_left, 48);
    expect_err(ll_models_ask(&endpoint, ll_deadline_in_ms(SOON_MS), NULL, &found), LLMLEARN_ELLM,
               "status 500");
    endpoint.model = NULL;
    expect_err(ll_models_ask(&endpoint, ll_deadline_in_ms(SOON_MS), NULL, &found), LLMLEARN_EINVAL,
               "model");
}
END_TEST

static Suite *chat_suite(void)
{
    Suite *suite = suite_create("llm_chat");
    TCase *tests = tcase_create("llm_chat");

    tcase_add_checked_fixture(tests, NULL, stop);
    tcase_add_test(tests, a_request_is_what_was_asked);
    tcase_add_test(tests, a_cost_is_of_the_model_that_answered);
    tcase_add_test(tests, wrong_arguments_call_nobody);
    tcase_add_test(tests, a_form_that_is_unknown_is_given_up);
    tcase_add_test(tests, other_refusals_are_final);
    tcase_add_test(tests, a_busy_service_is_asked_again);
    tcase_add_test(tests, tries_have_an_end);
    tcase_add_test(tests, what_is_not_worth_it_is_not_tried_again);
    tcase_add_test(tests, a_wait_beyond_the_deadline_is_none);
    tcase_add_test(tests, a_wait_can_be_cancelled);
    tcase_add_test(tests, no_failure_tells_the_key);
    tcase_add_test(tests, nor_do_those_without_an_answer);
    tcase_add_test(tests, a_good_answer_does_not_tell_it_either);
    tcase_add_test(tests, a_key_can_be_asked_for);
    tcase_add_test(tests, our_copy_of_the_key_is_overwritten);
    tcase_add_test(tests, a_text_is_moderated);
    tcase_add_test(tests, a_models_end_is_asked_for);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(chat_suite());
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
