/* Programs by others as the other end: prism, which holds each request against OpenAI's own
 * description of its API, and aimock, which behaves like the service and fails in its ways.
 *
 * tests/setup/peers.sh puts them into build/peers; $LL_PEERS says if they are elsewhere. */
#include "http/request.h"
#include "llm/chat.h"
#include "llm/models.h"
#include "llm/moderation.h"
#include "support/canary.h"
#include "support/child.h"
#include "support/expect.h"

#include <arpa/inet.h>
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON_MS 60000
#define KEY CANARY_KEY

static child peer;
static char base_url[128];
static char programs[512]; /* a folder */

static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
    close(fd);
    return ntohs(at.sin_port);
}

/* Starts one of them and waits until it says that it listens. A port that somebody else takes in
 * between is given up for another. */
static void start(const char *name, const char *const *more, const char *listening)
{
    char program[600], port[16];
    const char *words[16] = { program, "-h", "127.0.0.1", "-p", port };
    size_t count = 5;

    snprintf(program, sizeof program, "%s/%s", programs, name);
    for (size_t i = 0; more[i] != NULL; i++)
        words[count++] = more[i];
    if (strcmp(name, "prism") == 0) { /* its options stand behind "mock" */
        memmove(&words[2], &words[1], (count - 1) * sizeof words[0]);
        words[1] = "mock";
    }
    for (int i = 0; i < 5; i++) {
        snprintf(port, sizeof port, "%d", free_port());
        child_start(&peer, words);
        if (child_wait_for(&peer, listening))
            break;
        child_stop(&peer);
    }
    ck_assert_msg(peer.pid > 0, "%s: %s", program, peer.said);
    snprintf(base_url, sizeof base_url, "http://127.0.0.1:%s", port);
}

static void stop(void)
{
    child_stop(&peer);
}

static ll_llm_endpoint endpoint(void)
{
    return (ll_llm_endpoint){ .base_url = base_url, .api_key = KEY, .model = "gpt-test" };
}

static ll_llm_chat chat_of(ll_llm_message *message, const char *content)
{
    *message = (ll_llm_message){ "user", content };
    return (ll_llm_chat){ .messages = message,
                          .message_count = 1,
                          .temperature = NAN,
                          .deadline = ll_deadline_in_ms(SOON_MS) };
}

/* ---- prism ----------------------------------------------------------------------------- */

static void start_prism(void)
{
    static const char *const more[] = { "tests/data/openai/openapi-16-paths.json", NULL };

    start("prism", more, "is listening");
}

static int post(const char *path, const char *body, bool with_key)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           "Authorization: Bearer " KEY };
    char url[256];
    ll_http_response response;
    ll_http_request request = { .method = "POST",
                                .url = url,
                                .headers = headers,
                                .header_count = with_key ? 2 : 1,
                                .body = body,
                                .body_bytes = strlen(body),
                                .deadline = ll_deadline_in_ms(SOON_MS) };
    int status;

    snprintf(url, sizeof url, "%s%s", base_url, path);
    expect_ok(ll_http_send(&request, &response));
    status = response.status;
    ll_http_response_free(&response);
    return status;
}

#define CHAT "/chat/completions"
#define HELLO "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"

/* A judge that lets everything pass would agree with us too. */
START_TEST(prism_refuses_what_is_wrong)
{
    static const struct {
        const char *path, *body;
        bool with_key;
        int status;
    } rows[] = {
        { CHAT, "{\"model\":\"m\"," HELLO "}", true, 200 },
        { CHAT, "{\"model\":\"m\"," HELLO "}", false, 401 },
        { CHAT, "{\"model\":\"m\"}", true, 422 },
        { CHAT, "{" HELLO "}", true, 422 },
        { CHAT, "{\"model\":\"m\",\"messages\":[]}", true, 422 },
        { CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", true,
          422 },
        { CHAT, "{\"model\":\"m\"," HELLO ",\"temperature\":9}", true, 422 },
        { CHAT, "{\"model\":\"m\"," HELLO ",\"temperature\":\"0.5\"}", true, 422 },
        { CHAT, "{\"model\":\"m\"," HELLO ",\"max_completion_tokens\":\"many\"}", true, 422 },
        { CHAT, "{\"model\":\"m\"," HELLO ",\"response_format\":{\"type\":\"json_schema\"}}", true,
          422 },
        { CHAT,
          "{\"model\":\"m\"," HELLO
          ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
          "{\"strict\":true,\"schema\":{}}}}",
          true, 422 },
        { "/moderations", "{\"input\":[\"x\"]}", true, 200 },
        { "/moderations", "{}", true, 422 },
        { "/moderations", "{\"input\":7}", true, 422 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = post(rows[i].path, rows[i].body, rows[i].with_key);

        ck_assert_msg(status == rows[i].status, "%s: %d, not %d", rows[i].body, status,
                      rows[i].status);
    }
}
END_TEST

START_TEST(prism_takes_our_requests)
{
    static const ll_llm_message all_roles[] = { { "developer", "Be short." },
                                                { "system", "Be \"kind\"." },
                                                { "user", "Say hi\n\xc3\xa4\xf0\x9f\x98\x80" },
                                                { "assistant", "" },
                                                { "user", "" } };
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = { .messages = all_roles,
                         .message_count = 5,
                         .deadline = ll_deadline_in_ms(SOON_MS) };

    for (int i = 0; i < 16; i++) {
        ll_llm_answer got;

        chat.temperature = i & 1 ? 2.0 : i & 8 ? 0.0 : NAN;
        chat.max_tokens = i & 2 ? 100 : 0;
        chat.schema_name = i & 4 ? "variants-1_a" : NULL;
        chat.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\"],"
                      "\"properties\":{\"a\":{\"type\":\"string\"}}}";
        e.token_limit_field = i & 8 ? "max_tokens" : NULL;
        expect_ok(ll_chat_ask(&e, &chat, &got));
        ck_assert_int_eq(got.format, i & 4 ? LL_LLM_FORMAT_SCHEMA : LL_LLM_FORMAT_PLAIN);
        ck_assert_uint_eq(got.attempts, 1);
        ck_assert_int_eq(got.kind, LL_LLM_REFUSAL); /* its example has "refusal": "string" */
        ck_assert_str_eq(got.model, "string");
        ck_assert_int_eq(got.prompt_tokens, 0);
        ll_llm_answer_free(&got);
    }
}
END_TEST

START_TEST(prism_wants_a_key)
{
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = chat_of(&message, "hello");
    ll_llm_answer got;

    e.api_key = NULL;
    expect_err(ll_chat_ask(&e, &chat, &got), LLMLEARN_ELLM, "status 401");
}
END_TEST

START_TEST(prism_takes_the_other_requests)
{
    static const char *const texts[] = { "one" };
    ll_llm_endpoint e = endpoint();
    ll_deadline deadline = ll_deadline_in_ms(SOON_MS);
    ll_moderation_verdict verdict;
    ll_models_retirement found;

    expect_ok(ll_moderation_ask(&e, NULL, texts, 1, deadline, NULL, &verdict));
    ck_assert(verdict.flagged); /* as its example has it */
    expect_ok(ll_moderation_ask(&e, "omni-moderation-latest", texts, 1, deadline, NULL, &verdict));
    e.model = "string";
    expect_ok(ll_models_ask(&e, deadline, NULL, &found));
    ck_assert(found.announced);
    e.model = "absent";
    expect_err(ll_models_ask(&e, deadline, NULL, &found), LLMLEARN_ENOTFOUND, "does not list");
}
END_TEST

/* ---- aimock ----------------------------------------------------------------------------- */

static void start_aimock(void)
{
    static const char *const more[] = { "-f", "tests/peers/aimock.json", "--strict",
                                        "--validate-on-load", NULL };

    setenv("AIMOCK_API_KEYS", KEY, 1); /* any other key gets a 401 */
    start("llmock", more, "listening");
    strcat(base_url, "/v1");
}

/* From now on every request meets this fault. */
static void set_chaos(const char *settings)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           "Authorization: Bearer " KEY };
    char url[256];
    ll_http_response response;
    ll_http_request request = { .method = "POST",
                                .url = url,
                                .headers = headers,
                                .header_count = 2,
                                .body = settings,
                                .body_bytes = strlen(settings),
                                .deadline = ll_deadline_in_ms(SOON_MS) };

    snprintf(url, sizeof url, "%.*s/__aimock/chaos", (int)strlen(base_url) - 3, base_url);
    expect_ok(ll_http_send(&request, &response));
    ck_assert_msg(response.status == 200, "%d: %s", response.status, response.body.data);
    ll_http_response_free(&response);
}

START_TEST(aimock_answers)
{
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = chat_of(&message, "hello there");
    ll_llm_answer got;

    expect_ok(ll_chat_ask(&e, &chat, &got));
    ck_assert_int_eq(got.kind, LL_LLM_OK);
    ck_assert_str_eq(got.text, "Hello from aimock");
    ck_assert_str_eq(got.model, "aimock-1");
    ck_assert_int_eq(got.prompt_tokens, 7);
    ck_assert_int_eq(got.completion_tokens, 3);
    ck_assert_int_eq(strncmp(got.request_id, "req-", 4), 0);
    ll_llm_answer_free(&got);
    message.content = "cut off";
    expect_ok(ll_chat_ask(&e, &chat, &got));
    ck_assert_int_eq(got.kind, LL_LLM_TRUNCATED);
    ck_assert_str_eq(got.text, "Once upon");
    ll_llm_answer_free(&got);
}
END_TEST

START_TEST(aimock_is_asked_again)
{
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = chat_of(&message, "flaky");
    ll_llm_answer got;

    expect_ok(ll_chat_ask(&e, &chat, &got));
    ck_assert_str_eq(got.text, "at last");
    ck_assert_uint_eq(got.attempts, 3);
    ll_llm_answer_free(&got);
    message.content = "broke";
    expect_err(ll_chat_ask(&e, &chat, &got), LLMLEARN_ELLM, "insufficient_quota");
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "attempt 1"));
}
END_TEST

START_TEST(aimock_as_an_old_server)
{
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = chat_of(&message, "old server");
    ll_llm_answer got;

    chat.schema_name = "a";
    chat.schema = "{\"type\":\"object\"}";
    expect_ok(ll_chat_ask(&e, &chat, &got));
    ck_assert_int_eq(got.format, LL_LLM_FORMAT_PLAIN);
    ck_assert_str_eq(got.text, "{\"a\": 1}");
    ck_assert_uint_eq(got.attempts, 3);
    ll_llm_answer_free(&got);
}
END_TEST

START_TEST(aimock_knows_its_keys)
{
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();
    ll_llm_chat chat = chat_of(&message, "hello");
    ll_llm_answer got;

    e.api_key = KEY "x";
    expect_err(ll_chat_ask(&e, &chat, &got), LLMLEARN_ELLM, "status 401");
    ck_assert_ptr_null(strstr(llmlearn_error_detail(), KEY));
}
END_TEST

START_TEST(aimock_fails_in_every_way)
{
    static const struct {
        const char *settings;
        uint64_t deadline_ms;
        llmlearn_err err;
        const char *words;
    } rows[] = {
        { "{\"rateLimitRate\":1}", SOON_MS, LLMLEARN_ELLM, "status 429" },
        { "{\"dropRate\":1}", SOON_MS, LLMLEARN_ELLM, "status 500" },
        { "{\"disconnectRate\":1}", SOON_MS, LLMLEARN_ELLM, "broke off" },
        { "{\"malformedRate\":1}", SOON_MS, LLMLEARN_ELLM, "not a JSON object" },
        { "{\"latencyMs\":30000}", 500, LLMLEARN_ETIMEDOUT, "deadline" },
    };
    ll_llm_message message;
    ll_llm_endpoint e = endpoint();

    e.retries_max = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ll_llm_chat chat = chat_of(&message, "hello");
        ll_llm_answer got;

        set_chaos(rows[i].settings);
        chat.deadline = ll_deadline_in_ms(rows[i].deadline_ms);
        expect_err(ll_chat_ask(&e, &chat, &got), rows[i].err, rows[i].words);
        ck_assert_ptr_null(strstr(llmlearn_error_detail(), KEY));
    }
}
END_TEST

/* ---- */

static bool find_programs(void)
{
    const char *folder = getenv("LL_PEERS");
    char program[600];

    snprintf(programs, sizeof programs, "%.400s/node_modules/.bin",
             folder != NULL ? folder : "build/peers");
    snprintf(program, sizeof program, "%s/prism", programs);
    if (access(program, X_OK) != 0)
        return false;
    snprintf(program, sizeof program, "%s/llmock", programs);
    return access(program, X_OK) == 0 && child_exists("node");
}

int main(void)
{
    Suite *suite = suite_create("llm_peers");
    TCase *prism = tcase_create("prism"), *aimock = tcase_create("aimock");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (!find_programs()) {
        printf("SKIP no prism and aimock in build/peers: tests/setup/peers.sh installs them\n");
        return EXIT_SUCCESS;
    }
    tcase_add_unchecked_fixture(prism, start_prism, stop);
    tcase_add_test(prism, prism_refuses_what_is_wrong);
    tcase_add_test(prism, prism_takes_our_requests);
    tcase_add_test(prism, prism_wants_a_key);
    tcase_add_test(prism, prism_takes_the_other_requests);
    tcase_add_checked_fixture(aimock, start_aimock, stop);
    tcase_add_test(aimock, aimock_answers);
    tcase_add_test(aimock, aimock_is_asked_again);
    tcase_add_test(aimock, aimock_as_an_old_server);
    tcase_add_test(aimock, aimock_knows_its_keys);
    tcase_add_test(aimock, aimock_fails_in_every_way);
    suite_add_tcase(suite, prism);
    suite_add_tcase(suite, aimock);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
