/* llmlearn_generate_variants over HTTP: what is booked for calls that fail, and that nothing that
 * was paid for is thrown away. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"
#include "support/recount.h"

#include <jansson.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE                                                                                       \
    "Explain in three short sentences why the signal for {{ticker}} is {{signal}}. Name the trend" \
    " {{trend}} and one risk, at a confidence of {{confidence}}. Answer in plain English."
#define BETTER                                                                                     \
    "You write for private investors. In at most sixty words, tell why {{ticker}} is a {{signal}}" \
    ": begin with the trend, {{trend}}, then say what it means for them, and close with the one"   \
    " risk that could prove this wrong. We are {{confidence}} sure. Use everyday words."

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static char prices[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static http_server *server;
static int statuses[8]; /* of the first, the second, ...; 0: 200 */
static char last_prompt[8000];
static atomic_int replays_asked;
static atomic_int *slow; /* replays hang until the other end gives up */

/* A chat completion of 900 and 300 tokens: 0.0015 dollars. */
static void complete(int fd, const char *content)
{
    json_t *answer =
        json_pack("{s:[{s:{s:s}, s:s}], s:{s:i, s:i}}", "choices", "message", "content", content,
                  "finish_reason", "stop", "usage", "prompt_tokens", 900, "completion_tokens", 300);
    char *body = json_dumps(answer, 0);

    http_server_reply(fd, 200, "Content-Type: application/json\r\n", body);
    free(body);
    json_decref(answer);
}

static void answer(void *user, const http_server_request *request)
{
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{";
    int status = request->number <= 8 ? statuses[request->number - 1] : 0;

    (void)user;
    if (strstr(request->body, "response_format") == NULL) {
        atomic_fetch_add(&replays_asked, 1);
        snprintf(last_prompt, sizeof last_prompt, "%s", request->body);
        if (slow != NULL)
            http_server_wait_for_hangup(request->fd);
        else
            complete(request->fd, "It rises.");
    } else if (status == 1) {
        http_server_write(request->fd, cut, sizeof cut - 1);
    } else if (status != 0) {
        http_server_reply(request->fd, status, "retry-after-ms: 1\r\n",
                          "{\"error\": {\"type\": \"no\"}}");
    } else {
        complete(request->fd, "{\"variants\": [\"" BETTER "\"]}");
    }
}

static void set_model(const char *price_file)
{
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .base_url = http_server_url(server, "/v1"),
                                   .price_file = price_file };

    expect_ok(
        llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING | LLMLEARN_FOR_EXPLAINING, &model));
}

static void set_up(void)
{
    const llmlearn_variant base = { .struct_size = sizeof base,
                                    .deadline_ms = LEARNER_DEADLINE_MS,
                                    .signal = "BUY",
                                    .version = "v1.0",
                                    .text = BASE };

    memset(statuses, 0, sizeof statuses);
    atomic_store(&replays_asked, 0);
    slow = NULL;
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    snprintf(prices, sizeof prices, "%s/prices.json", folder);
    FILE *file = fopen(prices, "w");
    ck_assert_ptr_nonnull(file);
    fputs("{\"toy-1\": {\"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 2e-06}}", file);
    fclose(file);
    server = http_server_start(answer, NULL);
    learner = learner_open(path);
    expect_ok(llmlearn_add_variant(learner, &base));
    expect_ok(
        llmlearn_promote_variant(learner, "BUY", "v1.0", "ann", "the first", LEARNER_DEADLINE_MS));
    set_model(prices);
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    http_server_stop(server);
    recount(path);
    folder_remove(folder);
}

static const llmlearn_generation plain = { .struct_size = sizeof plain,
                                           .signal = "BUY",
                                           .deadline_ms = LEARNER_DEADLINE_MS };

static int64_t number(const char *sql)
{
    return recount_number(path, sql);
}

#define BOOKED "SELECT sum(ifnull(cost_nanousd, reserved_nanousd)) FROM llm_generations"
#define ONE_ANSWER INT64_C(1500000)

static void log_input(const char *metadata)
{
    const llmlearn_explanation e = { .struct_size = sizeof e,
                                     .flags = LLMLEARN_HAS_CONFIDENCE,
                                     .ticker = "NVDA",
                                     .signal = "BUY",
                                     .text = "It rises.",
                                     .confidence = 0.5,
                                     .metadata_json = metadata };

    expect_ok(llmlearn_log_explanation(learner, &e, NULL));
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
}

/* ---- what is booked ---------------------------------------------------- */

/* A service that refuses a call, as for a wrong key, works for nobody. */
START_TEST(a_refused_call_costs_nothing)
{
    statuses[0] = 401;
    ck_assert_int_eq(llmlearn_generate_variants(learner, &plain, NULL), LLMLEARN_ELLM);
    ck_assert_int_eq(number(BOOKED), 0);
    statuses[1] = statuses[2] = statuses[3] = 429;
    ck_assert_int_eq(llmlearn_generate_variants(learner, &plain, NULL), LLMLEARN_ELLM);
    ck_assert_int_eq(http_server_requests(server), 4);
    ck_assert_int_eq(number(BOOKED), 0);
    statuses[4] = 429;
    expect_ok(llmlearn_generate_variants(learner, &plain, NULL));
    ck_assert_int_eq(number(BOOKED), ONE_ANSWER);
}
END_TEST

START_TEST(nobody_there_costs_nothing)
{
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .base_url = "http://127.0.0.1:1/v1",
                                   .retries_max = UINT32_MAX,
                                   .price_file = prices };

    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING, &model));
    ck_assert_int_eq(llmlearn_generate_variants(learner, &plain, NULL), LLMLEARN_ELLM);
    ck_assert_int_eq(number(BOOKED), 0);
}
END_TEST

/* It may have worked for an answer that broke off on the way, and will ask to be paid. */
START_TEST(a_try_that_was_lost_is_booked_beside_the_one_that_was_answered)
{
    statuses[0] = 500;
    expect_ok(llmlearn_generate_variants(learner, &plain, NULL));
    int64_t once = number("SELECT reserved_nanousd / 5 FROM llm_generations");
    ck_assert_int_gt(once, 30000000); /* 16,384 tokens, at 2 dollars the million */
    ck_assert_int_eq(number(BOOKED), once + ONE_ANSWER);
    ck_assert_int_eq(number("SELECT sum(cost_nanousd) FROM llm_variants"), ONE_ANSWER);
    statuses[2] = statuses[3] = statuses[4] = 1;
    ck_assert_int_eq(llmlearn_generate_variants(learner, &plain, NULL), LLMLEARN_ELLM);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_generations WHERE cost_nanousd IS NULL"), 1);
}
END_TEST

/* ---- what was paid for ------------------------------------------------- */

START_TEST(what_was_paid_for_is_kept_when_the_time_ends)
{
    static atomic_int yes;
    llmlearn_generation generation = plain;
    char *json = NULL;

    log_input("{\"trend\": \"up\"}");
    slow = &yes;
    generation.replays = 1;
    generation.deadline_ms = 3000;
    expect_ok(llmlearn_generate_variants(learner, &generation, &json));
    ck_assert_msg(strstr(json, "replay: the time ended") != NULL, "%s", json);
    llmlearn_free(json);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_variants WHERE status = 'rejected'"), 1);
}
END_TEST

START_TEST(nothing_is_paid_for_that_could_not_be_tried_out)
{
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-2",
                                   .base_url = http_server_url(server, "/v1"),
                                   .price_file = prices };
    llmlearn_generation generation = plain;

    log_input("{\"trend\": \"up\"}");
    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &model));
    generation.replays = 1;
    expect_err(llmlearn_generate_variants(learner, &generation, NULL), LLMLEARN_EBUDGET, "toy-2");
    ck_assert_int_eq(http_server_requests(server), 0);
}
END_TEST

/* ---- what is replayed -------------------------------------------------- */

/* A German writes 0,5. Most machines have to make the locale first. */
static void use_german_numbers(void)
{
    char command[2 * FOLDER_PATH_BYTES + 100];

    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/out 2>&1",
             folder, folder);
    setenv("LOCPATH", folder, 1);
    if (system(command) < 0 || setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        printf("SKIP no locale with a decimal comma can be made\n");
}

START_TEST(inputs_are_replayed_as_they_were)
{
    llmlearn_generation generation = plain;

    log_input("{\"trend\": 1.5, \"confidence\": 0.9}");
    use_german_numbers();
    generation.replays = 1;
    expect_ok(llmlearn_generate_variants(learner, &generation, NULL));
    setlocale(LC_NUMERIC, "C");
    ck_assert_int_eq(atomic_load(&replays_asked), 1);
    ck_assert_msg(strstr(last_prompt, "trend, 1.5,") != NULL, "%s", last_prompt);
    ck_assert_msg(strstr(last_prompt, "We are 0.50 sure") != NULL, "%s", last_prompt);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("generate, and its money");
    TCase *tc = tcase_create("generate");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_refused_call_costs_nothing);
    tcase_add_test(tc, nobody_there_costs_nothing);
    tcase_add_test(tc, a_try_that_was_lost_is_booked_beside_the_one_that_was_answered);
    tcase_add_test(tc, what_was_paid_for_is_kept_when_the_time_ends);
    tcase_add_test(tc, nothing_is_paid_for_that_could_not_be_tried_out);
    tcase_add_test(tc, inputs_are_replayed_as_they_were);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
