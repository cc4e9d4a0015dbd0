/* Calls to a model when memory runs out: the n-th allocation fails, alone or with all that follow,
 * for n = 1, 2, 3, ... until the call needs no more; of ours, jansson's and libcurl's. Each
 * failure leaves the outputs alone, and the leak checker says whether anything was lost. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup */
#include "http/curl.h"
#include "llm/chat.h"
#include "llm/models.h"
#include "llm/moderation.h"
#include "support/canary.h"
#include "support/expect.h"
#include "support/http_server.h"

#include <check.h>
#include <dlfcn.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 3000
#define GOOD "{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"fine\"}}],\"usage\":{}}"

/* ---- the allocator ----------------------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

static _Thread_local long allocations_left = -1; /* -1: as many as are wanted */
static bool only_once; /* after the one that fails there is memory again */
static _Thread_local bool one_failed;

static bool fails_now(void)
{
    if (allocations_left < 0)
        return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    if (only_once)
        allocations_left = -1;
    one_failed = true;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    char *copy = __wrap_malloc(strlen(text) + 1);

    return copy != NULL ? strcpy(copy, text) : NULL;
}

/* libcurl and jansson take theirs from here, too; jansson only where memory stays away: if it comes
 * back at once, jansson 2.14 may drop a character of a string and not notice. */
static void lend_allocator(bool to_jansson)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    __typeof__(curl_global_init_mem) *init;

    ck_assert_ptr_nonnull(library);
    *(void **)&init = dlsym(library, "curl_global_init_mem");
    ck_assert_int_eq(init(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                          __wrap_calloc),
                     CURLE_OK);
    if (to_jansson)
        json_set_alloc_funcs(__wrap_malloc, free);
}

/* ---- calls ---------------------------------------------------------------- */

static http_server *server;
static char base_url[128];

static void answer(void *user, const http_server_request *request)
{
    (void)user;
    if (strstr(request->path, "moderations") != NULL)
        http_server_reply(request->fd, 200, "", "{\"results\":[{\"flagged\":true}]}");
    else if (strstr(request->path, "models") != NULL)
        http_server_reply(request->fd, 200, "",
                          "{\"data\":[{\"id\":\"m\",\"shutdown_date\":\"2027-01-14\"}]}");
    else if (strstr(request->body, "json_schema") != NULL)
        http_server_reply(request->fd, 400, "", "{\"error\":{\"param\":\"response_format\"}}");
    else
        http_server_reply(request->fd, 200, "x-request-id: r\r\n", GOOD);
}

static ll_llm_endpoint endpoint(void)
{
    return (ll_llm_endpoint){
        .base_url = base_url, .api_key = CANARY_KEY, .model = "m", .retries_max = -1
    };
}

static llmlearn_err chat(void)
{
    static const ll_llm_message hello = { "user", "hello" };
    const ll_llm_chat c = { .messages = &hello,
                            .message_count = 1,
                            .temperature = NAN,
                            .schema_name = "s",
                            .schema = "{}",
                            .deadline = ll_deadline_in_ms(20000) };
    const ll_llm_endpoint e = endpoint();
    ll_llm_answer out = { .attempts = 77 };
    llmlearn_err err = ll_chat_ask(&e, &c, &out);

    allocations_left = -1;
    if (err == LLMLEARN_OK) {
        ck_assert_str_eq(out.text, "fine");
        ll_llm_answer_free(&out);
    } else {
        ck_assert_uint_eq(out.attempts, 77);
        ck_assert_ptr_null(out.text);
    }
    return err;
}

static llmlearn_err moderate(void)
{
    static const char *const texts[] = { "text" };
    const ll_llm_endpoint e = endpoint();
    ll_moderation_verdict out = { .category = "untouched" };
    llmlearn_err err = ll_moderation_ask(&e, NULL, texts, 1, ll_deadline_in_ms(20000), NULL, &out);

    allocations_left = -1;
    ck_assert_int_eq(out.flagged, err == LLMLEARN_OK);
    return err;
}

static llmlearn_err models(void)
{
    const ll_llm_endpoint e = endpoint();
    ll_models_retirement out = { 0 };
    llmlearn_err err = ll_models_ask(&e, ll_deadline_in_ms(20000), NULL, &out);

    allocations_left = -1;
    ck_assert_int_eq(out.announced, err == LLMLEARN_OK);
    return err;
}

static llmlearn_err prices(void)
{
    static const char file[] =
        "{\"a\":{\"input_cost_per_token\":1e-6,\"output_cost_per_token\":1e-6},"
        "\"b\":{\"input_cost_per_token\":2e-6,\"output_cost_per_token\":1e-6},\"c\":{}}";
    ll_prices *out = NULL;
    llmlearn_err err = ll_prices_parse(file, sizeof file - 1, &out);

    allocations_left = -1;
    ck_assert_uint_eq(ll_prices_count(out), err == LLMLEARN_OK ? 2 : 0);
    ll_prices_free(out);
    return err;
}

static const struct {
    const char *name;
    llmlearn_err (*run)(void);
    bool by_curl;
} calls[] = {
    { "chat", chat, true },
    { "moderation", moderate, true },
    { "models", models, true },
    { "prices", prices, false },
};

/* libcurl makes of some of its failures one of the connection. */
static bool is_fair(llmlearn_err err, bool by_curl)
{
    return err == LLMLEARN_ENOMEM ||
           (by_curl && (err == LLMLEARN_ELLM || err == LLMLEARN_EUNSUPPORTED));
}

/* A call that gets through although something failed has done without it. */
static void run_out(int which, bool once)
{
    int tries = 0, of_memory = 0, without = 0;
    llmlearn_err err;

    only_once = once;
    do {
        one_failed = false;
        allocations_left = tries;
        err = calls[which].run();
        ck_assert_msg(err == LLMLEARN_OK || is_fair(err, calls[which].by_curl), "%s: %d: %s: %s",
                      calls[which].name, tries, llmlearn_error_name(err), llmlearn_error_detail());
        of_memory += err == LLMLEARN_ENOMEM;
        without += err == LLMLEARN_OK && one_failed;
    } while (one_failed && ++tries < TRIES_MAX);
    ck_assert_int_eq(err, LLMLEARN_OK);
    ck_assert_int_lt(tries, TRIES_MAX);
    ck_assert_int_gt(of_memory, tries / 2);
    printf("%s, %s: %d failures, %d told as LLMLEARN_ENOMEM, %d done without\n", calls[which].name,
           once ? "one" : "all", tries, of_memory, without);
}

static void set_up(bool once)
{
    const ll_curl *curl;

    lend_allocator(!once);
    expect_ok(ll_curl_load(&curl)); /* what is loaded once in a process is not tried here */
    server = http_server_start(answer, NULL);
    snprintf(base_url, sizeof base_url, "%s", http_server_url(server, "/v1"));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        expect_ok(calls[i].run()); /* what they keep for ever they have now */
}

static void tear_down(void)
{
    http_server_stop(server);
}

START_TEST(memory_runs_out)
{
    bool once = _i % 2 == 0;

    set_up(once);
    run_out(_i / 2, once);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("llm_memory");
    TCase *tests = tcase_create("llm_memory");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_loop_test(tests, memory_runs_out, 0, 2 * (int)(sizeof calls / sizeof calls[0]));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
