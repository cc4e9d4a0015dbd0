/* Webhooks, to a receiver in Python that verifies them by its own HMAC and repeats the secret in
 * all its answers. */
#include "mail/webhook.h"
#include "support/canary.h"
#include "support/child.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/program.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANARY CANARY_SECRET
#define AMPLE_MS 30000u

static char folder[FOLDER_PATH_BYTES], spool[FOLDER_PATH_BYTES + 16];
static child peer;
static char url[128];
static ll_webhook_result result;
static bool served;

static void set_up(void)
{
    const char *words[] = { program_python(), program_file("tests/peers/webhook_server.py"), spool,
                            NULL };

    folder_make(folder);
    setenv("CANARY", CANARY, 1);
    snprintf(spool, sizeof spool, "%s/spool", folder);
    served = child_exists(words[0]);
    if (!served) {
        printf("SKIP no python3 to receive webhooks\n");
        return;
    }
    child_start(&peer, words);
    ck_assert_msg(child_wait_for(&peer, "\n") && strncmp(peer.said, "ready ", 6) == 0, "%s",
                  peer.said);
}

static void tear_down(void)
{
    child_stop(&peer);
    folder_remove(folder);
}

static int64_t now_us(void)
{
    return ll_clock_now_us(&(ll_clock){ .now = NULL });
}

static ll_webhook to_status(int status)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%d/status/%d", atoi(peer.said + 6), status);
    return (ll_webhook){ .url = url, .secret = CANARY };
}

/* Every line of detail passes here. */
static llmlearn_err post(const ll_webhook *webhook, const char *body, int64_t at_us)
{
    memset(&result, 0xff, sizeof result);
    llmlearn_err err =
        ll_webhook_send(webhook, "d-1", at_us, body, ll_deadline_in_ms(AMPLE_MS), NULL, &result);
    if (err != LLMLEARN_OK) {
        ck_assert_ptr_null(strstr(llmlearn_error_detail(), CANARY));
        ck_assert_ptr_null(strstr(llmlearn_error_detail(), "/status/"));
    }
    ck_assert_int_eq(err == LLMLEARN_OK, result.outcome == LL_WEBHOOK_SENT);
    return err;
}

/* The last request the receiver had; the caller decrefs. */
static json_t *last_request(void)
{
    size_t bytes = 0;
    char *text = (char *)file_read(spool, &bytes);

    ck_assert_ptr_nonnull(text);
    size_t from = bytes - 1;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    json_t *request = json_loadb(text + from, bytes - from, 0, NULL);
    free(text);
    ck_assert_ptr_nonnull(request);
    return request;
}

static void expect_received(const char *problem, const char *body)
{
    json_t *got = last_request();

    ck_assert_str_eq(json_string_value(json_object_get(got, "problem")), problem);
    ck_assert_str_eq(json_string_value(json_object_get(got, "delivery")), "d-1");
    ck_assert_str_eq(json_string_value(json_object_get(got, "body")), body);
    json_decref(got);
}

START_TEST(a_receiver_can_verify_it)
{
    static const char *const bodies[] = { "{}", "{\"a\":\"\xc3\xa4 . \xf0\x9f\x98\x80\"}",
                                          " { \"spaces\" : [ 1 , 2 ] } " };
    const ll_webhook webhook = to_status(200);

    if (!served)
        return;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        expect_ok(post(&webhook, bodies[i], now_us()));
        ck_assert_int_eq(result.status, 200);
        expect_received("", bodies[i]);
    }
    json_t *again = last_request(); /* the same delivery id each time */
    ck_assert(json_is_true(json_object_get(again, "again")));
    json_decref(again);
}
END_TEST

START_TEST(another_secret_is_found_out)
{
    ll_webhook webhook = to_status(200);

    if (!served)
        return;
    webhook.secret = CANARY "x";
    expect_err(post(&webhook, "{}", now_us()), LLMLEARN_EIO, "401");
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_PERMANENT);
    expect_received("signature", "{}");
}
END_TEST

START_TEST(an_old_one_is_found_out)
{
    const ll_webhook webhook = to_status(200);

    if (!served)
        return;
    expect_err(post(&webhook, "{}", now_us() - (LL_WEBHOOK_REPLAY_S + 5) * LL_US_PER_S),
               LLMLEARN_EIO, "401");
    expect_received("too old", "{}");
}
END_TEST

START_TEST(answers_are_told_apart)
{
    static const struct {
        int status;
        ll_webhook_outcome outcome;
    } cases[] = {
        { 200, LL_WEBHOOK_SENT },      { 202, LL_WEBHOOK_SENT },      { 299, LL_WEBHOOK_SENT },
        { 301, LL_WEBHOOK_TEMPORARY }, { 302, LL_WEBHOOK_TEMPORARY }, { 400, LL_WEBHOOK_PERMANENT },
        { 401, LL_WEBHOOK_PERMANENT }, { 404, LL_WEBHOOK_PERMANENT }, { 408, LL_WEBHOOK_TEMPORARY },
        { 410, LL_WEBHOOK_PERMANENT }, { 425, LL_WEBHOOK_TEMPORARY }, { 429, LL_WEBHOOK_TEMPORARY },
        { 499, LL_WEBHOOK_PERMANENT }, { 500, LL_WEBHOOK_TEMPORARY }, { 503, LL_WEBHOOK_TEMPORARY },
        { 599, LL_WEBHOOK_TEMPORARY },
    };

    for (size_t i = 0; served && i < sizeof cases / sizeof cases[0]; i++) {
        const ll_webhook webhook = to_status(cases[i].status);

        llmlearn_err err = post(&webhook, "{}", now_us());
        ck_assert_int_eq(err, cases[i].outcome == LL_WEBHOOK_SENT ? LLMLEARN_OK : LLMLEARN_EIO);
        ck_assert_msg(result.outcome == cases[i].outcome, "%d", cases[i].status);
        ck_assert_int_eq(result.status, cases[i].status);
        expect_received("", "{}");
    }
}
END_TEST

START_TEST(nobody_there_is_for_now)
{
    const ll_webhook webhook = { .url = "http://127.0.0.1:1/status/200", .secret = CANARY };

    ck_assert_int_eq(post(&webhook, "{}", now_us()), LLMLEARN_EIO);
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_TEMPORARY);
    ck_assert_int_eq(result.status, 0);
}
END_TEST

static void hang(void *user, const http_server_request *request)
{
    (void)user;
    http_server_wait_for_hangup(request->fd);
}

START_TEST(the_deadline_and_the_flag_hold)
{
    http_server *server = http_server_start(hang, NULL);
    const ll_webhook webhook = { .url = http_server_url(server, "/"), .secret = CANARY };
    atomic_int flag = 1;

    ck_assert_int_eq(
        ll_webhook_send(&webhook, "d-1", 0, "{}", ll_deadline_in_ms(300), NULL, &result),
        LLMLEARN_ETIMEDOUT);
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_TEMPORARY);
    ck_assert_int_eq(
        ll_webhook_send(&webhook, "d-1", 0, "{}", ll_deadline_in_ms(AMPLE_MS), &flag, &result),
        LLMLEARN_ECANCELLED);
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_TEMPORARY);
    http_server_stop(server);
}
END_TEST

START_TEST(wrong_ones_are_not_sent)
{
    static char secret[LL_WEBHOOK_SECRET_BYTES_MAX + 2];
    static char large[LL_WEBHOOK_BODY_BYTES_MAX + 2];
    static const char *const bodies[] = { "", "[]", "{", "{} x", "{\"a\":\"\xff\"}", large };
    ll_webhook webhook = { .url = "https://127.0.0.1:1/", .secret = "123456789012345" };

    memset(large, ' ', sizeof large - 1);
    memcpy(large, "{}", 2);
    expect_err(post(&webhook, "{}", 0), LLMLEARN_EINVAL, "secret: ");
    memset(secret, 's', sizeof secret - 1);
    webhook.secret = secret;
    expect_err(post(&webhook, "{}", 0), LLMLEARN_EINVAL, "secret: ");
    webhook.secret = NULL;
    expect_err(ll_webhook_check(&webhook), LLMLEARN_EINVAL, "secret: ");
    webhook.secret = CANARY;
    expect_ok(ll_webhook_check(&webhook));
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        expect_err(post(&webhook, bodies[i], 0), LLMLEARN_EINVAL, "body: ");
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_PERMANENT);
    webhook.url = "http://example.org/" CANARY;
    expect_err(post(&webhook, "{}", 0), LLMLEARN_EINVAL, "url: ");
    ck_assert_int_eq(result.outcome, LL_WEBHOOK_PERMANENT);
    webhook.url = NULL;
    expect_err(post(&webhook, "{}", 0), LLMLEARN_EINVAL, "url: ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("webhook");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_set_timeout(all, 2 * PROGRAM_SECONDS);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_receiver_can_verify_it);
    tcase_add_test(all, another_secret_is_found_out);
    tcase_add_test(all, an_old_one_is_found_out);
    tcase_add_test(all, answers_are_told_apart);
    tcase_add_test(all, nobody_there_is_for_now);
    tcase_add_test(all, the_deadline_and_the_flag_hold);
    tcase_add_test(all, wrong_ones_are_not_sent);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
