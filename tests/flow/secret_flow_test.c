/* An API key and a header with a secret go through explaining, generating and the weekly job, with
 * every failure that a service can have: they reach the service, and are afterwards in no log line,
 * no error, no answer, no alert, and in no file of the learner's. Nor is the key of the alerts. */
#include "support/canary.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY CANARY_KEY
#define HEADER_SECRET CANARY_MARK "-header"
#define GOOD                                                                                       \
    "{\"choices\": [{\"message\": {\"role\": \"assistant\", \"content\": \"It rises.\"},"          \
    " \"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 5, \"completion_tokens\": 3}}"

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static http_server *server;
static atomic_int what; /* the failure of the moment */
static atomic_int keys_seen;
static atomic_int alerts, dirty_alerts;
static atomic_int_fast64_t now_us = INT64_C(1760000000) * 1000000;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static void expect_clean(const char *where, const char *text)
{
    ck_assert_msg(!canary_is_in_text(text), "%s holds the secret: %s", where, text);
}

static void log_line(void *user, llmlearn_log_level level, const char *id, const char *text)
{
    (void)user;
    (void)level;
    expect_clean(id, text);
}

/* ---- the service ------------------------------------------------------- */

enum { GOES_WELL, ECHOES_401, ECHOES_IN_TEXT, BREAKS, IS_BROKEN_JSON, REDIRECTS, IS_BUSY, CASES };

static void answer(void *user, const http_server_request *request)
{
    static const char echo[] = "{\"error\": {\"message\": \"wrong key " KEY "\", \"type\": \"" KEY
                               "\", \"code\": \"" HEADER_SECRET "\"}}";
    (void)user;
    if (strcmp(request->path, "/hook") == 0) {
        atomic_fetch_add(&alerts, 1);
        atomic_fetch_add(&dirty_alerts, canary_is_in(request->body, request->body_bytes) ||
                                            canary_is_in_text(request->headers));
        http_server_reply(request->fd, 200, "", "");
        return;
    }
    if (strstr(request->headers, "Bearer " KEY) != NULL &&
        strstr(request->headers, HEADER_SECRET) != NULL)
        atomic_fetch_add(&keys_seen, 1);
    switch (atomic_load(&what)) {
    case GOES_WELL:
        http_server_reply(request->fd, 200, "", GOOD);
        return;
    case ECHOES_401:
        http_server_reply(request->fd, 401, "x-request-id: " KEY "\r\n", echo);
        return;
    case ECHOES_IN_TEXT: /* what a model says is shown: a model is not told the key */
        http_server_reply(request->fd, 500, "", echo);
        return;
    case BREAKS:
        http_server_reset(request->fd);
        return;
    case IS_BROKEN_JSON:
        http_server_reply(request->fd, 200, "", "{\"choices\": [" KEY);
        return;
    case REDIRECTS:
        http_server_reply(request->fd, 302, "Location: http://127.0.0.1:1/" KEY "\r\n", "");
        return;
    case IS_BUSY:
        http_server_reply(request->fd, 429, "retry-after: 900\r\n", echo);
        return;
    }
}

/* ---- the life of a key -------------------------------------------------- */

static size_t read_key(void *user, char *out, size_t bytes)
{
    (void)user;
    return (size_t)snprintf(out, bytes, "%s", KEY);
}

static void set_model(llmlearn *learner, bool asked, uint32_t retries)
{
    static const char *const headers[] = { "X-Gateway: " HEADER_SECRET };
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .base_url = http_server_url(server, "/v1"),
                                   .api_key = asked ? NULL : KEY,
                                   .read_key = asked ? read_key : NULL,
                                   .headers = headers,
                                   .header_count = 1,
                                   .retries_max = retries };

    expect_ok(
        llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING | LLMLEARN_FOR_GENERATING, &model));
}

static void use(llmlearn *learner)
{
    const llmlearn_explain_request request = { .struct_size = sizeof request,
                                               .flags = LLMLEARN_EXPLAIN_UNCACHED,
                                               .ticker = "NVDA",
                                               .signal = "BUY",
                                               .deadline_ms = 3000 };
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .signal = "BUY",
                                             .deadline_ms = 3000 };
    llmlearn_explained e = { .struct_size = sizeof e };
    char *json = NULL;

    expect_ok(llmlearn_explain(learner, &request, &e));
    expect_clean("a text", e.text);
    expect_clean("a reason", e.reason);
    llmlearn_free(e.text);
    if (llmlearn_generate_variants(learner, &generation, &json) != LLMLEARN_OK)
        expect_clean("an error", llmlearn_error_detail());
    llmlearn_free(json);
    expect_ok(llmlearn_variants(learner, NULL, 0, LEARNER_DEADLINE_MS, &json));
    expect_clean("a list", json);
    llmlearn_free(json);
    atomic_fetch_add(&now_us, INT64_C(3) * 86400 * 1000000);
    expect_ok(llmlearn_run_due_jobs(learner, LEARNER_DEADLINE_MS, NULL));
    expect_ok(llmlearn_decisions(learner, NULL, 100, &json));
    expect_clean("history", json);
    llmlearn_free(json);
}

static void set_alerts(llmlearn *learner)
{
    /* Nobody votes: that is told each week. */
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .cron = "@daily",
                                         .response_rate_min = 0.5 };
    const llmlearn_webhook webhook = { .struct_size = sizeof webhook,
                                       .url = http_server_url(server, "/hook"),
                                       .secret = CANARY_SECRET };

    expect_ok(llmlearn_set_schedule(learner, &schedule, LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_set_webhook(learner, &webhook));
}

START_TEST(secrets_reach_the_service_and_nothing_else)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = LEARNER_DEADLINE_MS,
                                       .signal = "BUY",
                                       .version = "v1.0",
                                       .text = "Why is {{ticker}} a {{signal}}?" };
    const llmlearn_budget unlimited = { .struct_size = sizeof unlimited,
                                        .run_nanousd = -1,
                                        .month_nanousd = -1 };
    llmlearn_options options;
    llmlearn *learner = NULL;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    server = http_server_start(answer, NULL);
    learner_options(path, &options);
    options.log = log_line;
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &learner));
    expect_ok(llmlearn_add_variant(learner, &variant));
    expect_ok(
        llmlearn_promote_variant(learner, "BUY", "v1.0", "ann", "first", LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_set_budget(learner, &unlimited));
    set_alerts(learner);
    for (int asked = 0; asked < 2; asked++) {
        for (int i = 0; i < CASES; i++) {
            atomic_store(&what, i);
            set_model(learner, asked != 0, i % 2 == 0 ? UINT32_MAX : 1);
            use(learner);
        }
    }
    ck_assert_int_ge(atomic_load(&keys_seen), 2 * CASES);
    ck_assert_int_ge(atomic_load(&alerts), 4);
    ck_assert_int_eq(atomic_load(&dirty_alerts), 0);
    http_server_stop(server); /* nobody is there any more */
    use(learner);
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    ck_assert_ptr_null(canary_find(folder));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    folder_remove(folder);
}
END_TEST

/* The search itself: a key that is logged as a text is found, in the journal and in the store. */
START_TEST(a_secret_in_a_file_is_found)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    llmlearn *learner = learner_open(path);
    ck_assert_ptr_null(canary_find(folder));
    expect_ok(learner_log(learner, "here it is: " KEY, NULL));
    ck_assert_ptr_nonnull(canary_find(folder));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    ck_assert_ptr_nonnull(canary_find(path));
    folder_clear(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tc = tcase_create("secret");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, secrets_reach_the_service_and_nothing_else);
    tcase_add_test(tc, a_secret_in_a_file_is_found);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
