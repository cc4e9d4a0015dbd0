/* One request against a server that may be as slow, rude or large as it likes. */
#include "http/request.h"
#include "support/canary.h"
#include "support/expect.h"
#include "support/http_server.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOON_MS 20000 /* far enough for anything that should work */
#define SHORT_MS 300

static http_server *server, *second;
static char seen_head[4096]; /* of the latest request */
static char seen_body[4096];
static char *large;

static void stop(void)
{
    http_server_stop(server);
    http_server_stop(second);
    server = second = NULL;
    free(large);
    large = NULL;
}

static void remember(const http_server_request *request)
{
    snprintf(seen_head, sizeof seen_head, "%s", request->headers);
    snprintf(seen_body, sizeof seen_body, "%s", request->body);
}

static ll_http_request get(const char *path)
{
    return (ll_http_request){ .method = "GET",
                              .url = http_server_url(server, path),
                              .deadline = ll_deadline_in_ms(SOON_MS) };
}

static void expect_failure(const ll_http_request *request, llmlearn_err err,
                           ll_http_failure failure)
{
    ll_http_response response;
    llmlearn_err got = ll_http_send(request, &response);

    ck_assert_msg(got == err && response.failure == failure, "%s (%d): %s",
                  llmlearn_error_name(got), (int)response.failure, llmlearn_error_detail());
    ck_assert_ptr_null(response.body.data);
    ck_assert_int_eq(response.status, 0);
}

/* ---- answers --------------------------------------------------------------- */

static const char early[] = "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void answer_plainly(void *user, const http_server_request *request)
{
    (void)user;
    remember(request);
    if (strcmp(request->path, "/empty") == 0)
        http_server_write(request->fd, "HTTP/1.1 204 No Content\r\n\r\n", 27);
    else if (strcmp(request->path, "/busy") == 0)
        http_server_reply(request->fd, 429,
                          "X-Request-ID:  req_1 \r\nretry-after: 7\r\nRetry-After-Ms: 250\r\n"
                          "x-should-retry: true\r\n",
                          "busy");
    else if (strcmp(request->path, "/early") == 0)
        http_server_write(request->fd, early, strlen(early));
    else
        http_server_reply(request->fd, 200, "x-request-id: r\xc3\xa4\r\n", "hello");
}

START_TEST(an_answer_comes_back_whole)
{
    ll_http_response response;
    ll_http_request request;

    server = http_server_start(answer_plainly, NULL);
    request = get("/hello?a=1");
    expect_ok(ll_http_send(&request, &response));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.body.data, "hello");
    ck_assert_uint_eq(response.body.length, 5);
    ck_assert_str_eq(response.request_id, ""); /* not ASCII */
    ck_assert_ptr_nonnull(strstr(seen_head, "GET /hello?a=1 HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_head, "User-Agent: libllmlearn/0."));
    ll_http_response_free(&response);

    request = get("/empty");
    expect_ok(ll_http_send(&request, &response));
    ck_assert_int_eq(response.status, 204);
    ck_assert_str_eq(response.body.data, "");
    ll_http_response_free(&response);
    ll_http_response_free(&response); /* and again */
    ll_http_response_free(NULL);
}
END_TEST

START_TEST(a_body_and_headers_are_sent)
{
    const char *const headers[] = { "Content-Type: application/json", "X-Empty-Not: 1" };
    ll_http_response response;
    ll_http_request request;

    server = http_server_start(answer_plainly, NULL);
    request = get("/");
    request.method = "POST";
    request.headers = headers;
    request.header_count = 2;
    request.body = "{\"a\":1}";
    request.body_bytes = 7;
    expect_ok(ll_http_send(&request, &response));
    ck_assert_str_eq(seen_body, "{\"a\":1}");
    ck_assert_ptr_nonnull(strstr(seen_head, "POST / HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_head, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_null(strstr(seen_head, "Expect"));
    ll_http_response_free(&response);

    request.body = NULL;
    request.body_bytes = 0;
    expect_ok(ll_http_send(&request, &response));
    ck_assert_str_eq(seen_body, "");
    ck_assert_ptr_nonnull(strstr(seen_head, "\r\nContent-Length: 0"));
    ll_http_response_free(&response);
}
END_TEST

START_TEST(headers_that_matter_are_kept)
{
    ll_http_response response;
    ll_http_request request;

    server = http_server_start(answer_plainly, NULL);
    request = get("/busy");
    expect_ok(ll_http_send(&request, &response));
    ck_assert_int_eq(response.status, 429);
    ck_assert_str_eq(response.request_id, "req_1");
    ck_assert_str_eq(response.retry_after, "7");
    ck_assert_str_eq(response.retry_after_ms, "250");
    ck_assert_str_eq(response.should_retry, "true");
    ll_http_response_free(&response);
}
END_TEST

START_TEST(headers_of_an_early_answer_do_not_count)
{
    ll_http_response response;
    ll_http_request request;

    server = http_server_start(answer_plainly, NULL);
    request = get("/early");
    expect_ok(ll_http_send(&request, &response));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.retry_after, "");
    ck_assert_str_eq(response.body.data, "ok");
    ll_http_response_free(&response);
}
END_TEST

/* ---- faults ------------------------------------------------------------------ */

static void answer_badly(void *user, const http_server_request *request)
{
    const char *path = request->path;
    int fd = request->fd;

    (void)user;
    if (strcmp(path, "/silent") == 0) {
        http_server_wait_for_hangup(fd);
    } else if (strcmp(path, "/half") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 43);
        http_server_wait_for_hangup(fd);
    } else if (strcmp(path, "/cut") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 43);
    } else if (strcmp(path, "/garbage") == 0) {
        http_server_write(fd, "* OK IMAP4 ready\r\n\r\n", 20);
    } else if (strcmp(path, "/large") == 0) {
        http_server_reply(fd, 200, "", large);
    } else if (strcmp(path, "/endless") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
        for (int i = 0; i < 64; i++)
            http_server_write(fd, large, strlen(large));
    } else if (strcmp(path, "/chunked") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 47);
        http_server_write(fd, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 20);
    } else if (strcmp(path, "/chunks") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 51);
    } else if (strcmp(path, "/headers") == 0) {
        http_server_write(fd, "HTTP/1.1 200 OK\r\n", 17);
        for (int i = 0; i < 100; i++) {
            http_server_write(fd, "X-More: ", 8);
            http_server_write(fd, large, 1000);
            http_server_write(fd, "\r\n", 2);
        }
        http_server_write(fd, "Content-Length: 0\r\n\r\n", 21);
    } else if (strcmp(path, "/reset") == 0) {
        http_server_reset(fd);
    } /* else "/dropped": nothing at all */
}

START_TEST(a_chunked_answer_is_put_together)
{
    ll_http_response response;
    ll_http_request request;

    server = http_server_start(answer_badly, NULL);
    request = get("/chunked");
    expect_ok(ll_http_send(&request, &response));
    ck_assert_str_eq(response.body.data, "hello");
    ll_http_response_free(&response);
}
END_TEST

START_TEST(broken_answers_are_told_apart)
{
    static const char *const broken[] = { "/cut", "/garbage", "/dropped", "/reset", "/chunks" };

    server = http_server_start(answer_badly, NULL);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        ll_http_request request = get(broken[i]);

        expect_failure(&request, LLMLEARN_EIO, LL_HTTP_BROKEN);
        ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "127.0.0.1: "));
    }
}
END_TEST

START_TEST(a_deadline_ends_it)
{
    static const char *const slow[] = { "/silent", "/half" };

    server = http_server_start(answer_badly, NULL);
    for (size_t i = 0; i < 2; i++) {
        ll_http_request request = get(slow[i]);

        request.deadline = ll_deadline_in_ms(SHORT_MS);
        expect_failure(&request, LLMLEARN_ETIMEDOUT, LL_HTTP_TIMED_OUT);
        ck_assert(ll_deadline_passed(request.deadline)); /* and not before */
    }
    ll_http_request request = get("/silent");
    request.deadline = ll_deadline_in_ms(0);
    expect_failure(&request, LLMLEARN_ETIMEDOUT, LL_HTTP_TIMED_OUT);
}
END_TEST

static void *raise_flag(void *flag)
{
    while (http_server_requests(server) == 0)
        ll_clock_sleep_us(1000);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

START_TEST(a_raised_flag_ends_it)
{
    atomic_int cancel = 0;
    ll_http_request request;
    pthread_t other;

    server = http_server_start(answer_badly, NULL);
    request = get("/silent");
    request.cancel = &cancel;
    ck_assert_int_eq(pthread_create(&other, NULL, raise_flag, &cancel), 0);
    expect_failure(&request, LLMLEARN_ECANCELLED, LL_HTTP_CANCELLED);
    pthread_join(other, NULL);
    ck_assert(!ll_deadline_passed(request.deadline));
    /* raised before: nobody is called */
    expect_failure(&request, LLMLEARN_ECANCELLED, LL_HTTP_CANCELLED);
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

START_TEST(size_has_a_cap)
{
    ll_http_response response;
    ll_http_request request;

    large = malloc(LL_HTTP_RESPONSE_BYTES + 2);
    memset(large, 'x', LL_HTTP_RESPONSE_BYTES + 1);
    large[LL_HTTP_RESPONSE_BYTES] = '\0';
    server = http_server_start(answer_badly, NULL);
    request = get("/large");
    expect_ok(ll_http_send(&request, &response)); /* just so */
    ck_assert_uint_eq(response.body.length, LL_HTTP_RESPONSE_BYTES);
    ll_http_response_free(&response);
    large[LL_HTTP_RESPONSE_BYTES] = 'x';
    large[LL_HTTP_RESPONSE_BYTES + 1] = '\0';
    request = get("/large");
    expect_failure(&request, LLMLEARN_EIO, LL_HTTP_TOO_LARGE);
    request = get("/endless");
    expect_failure(&request, LLMLEARN_EIO, LL_HTTP_TOO_LARGE);
    request = get("/chunked");
    request.response_bytes_max = 4;
    expect_failure(&request, LLMLEARN_EIO, LL_HTTP_TOO_LARGE);
    request = get("/headers");
    expect_failure(&request, LLMLEARN_EIO, LL_HTTP_TOO_LARGE);
}
END_TEST

START_TEST(nobody_there)
{
    ll_http_request request;
    char url[64];

    server = http_server_start(answer_badly, NULL);
    snprintf(url, sizeof url, "%s", http_server_url(server, "/"));
    stop();
    request =
        (ll_http_request){ .method = "GET", .url = url, .deadline = ll_deadline_in_ms(SOON_MS) };
    expect_failure(&request, LLMLEARN_EIO, LL_HTTP_NO_CONNECT);
}
END_TEST

/* ---- where a key must not go ---------------------------------------------------- */

static void answer_elsewhere(void *user, const http_server_request *request)
{
    char location[128];

    snprintf(location, sizeof location, "Location: http://127.0.0.1:%d/\r\n", *(const int *)user);
    http_server_reply(request->fd, 301 + request->number, location, "moved");
}

START_TEST(a_redirect_is_an_answer_like_any_other)
{
    static const char *const headers[] = { "Authorization: Bearer " CANARY_KEY };
    int port;

    second = http_server_start(answer_plainly, NULL);
    port = http_server_port(second);
    server = http_server_start(answer_elsewhere, &port);
    for (int i = 0; i < 7; i++) {
        ll_http_response response;
        ll_http_request request = get("/");

        request.headers = headers;
        request.header_count = 1;
        expect_ok(ll_http_send(&request, &response));
        ck_assert_int_eq(response.status, 302 + i);
        ll_http_response_free(&response);
    }
    ck_assert_int_eq(http_server_requests(second), 0);
}
END_TEST

START_TEST(a_proxy_of_the_environment_is_not_asked)
{
    static const char *const names[] = { "http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy",
                                         "ALL_PROXY" };
    ll_http_response response;
    ll_http_request request;

    second = http_server_start(answer_plainly, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], http_server_url(second, ""), 1);
    server = http_server_start(answer_plainly, NULL);
    request = get("/");
    expect_ok(ll_http_send(&request, &response));
    ll_http_response_free(&response);
    ck_assert_int_eq(http_server_requests(second), 0);
    ck_assert_int_eq(http_server_requests(server), 1);
}
END_TEST

START_TEST(odd_headers_are_refused)
{
    static char long_one[LL_HTTP_HEADER_BYTES_MAX + 2] = "X-Long: ";
    const char *const wrong[] = { NULL,
                                  "",
                                  "Authorization",
                                  ": x",
                                  "Authorization Bearer: x",
                                  "Authorization;",
                                  "@/etc/passwd",
                                  "Authorization: Bearer " CANARY_KEY "\n",
                                  "Authorization: Bearer " CANARY_KEY "\r\nX-Other: 1",
                                  "X-A: a\tb",
                                  "X-A: \x7f",
                                  "Content-Length: 3",
                                  "transfer-encoding: chunked",
                                  "Host: " CANARY_KEY,
                                  long_one };
    ll_http_request request;

    memset(long_one + 8, 'x', sizeof long_one - 9);
    server = http_server_start(answer_plainly, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request = get("/");
        request.headers = &wrong[i];
        request.header_count = 1;
        expect_failure(&request, LLMLEARN_EINVAL, LL_HTTP_REFUSED);
        ck_assert(!canary_is_in_text(llmlearn_error_detail()));
    }
    request = get("/");
    request.headers = wrong;
    request.header_count = LL_HTTP_HEADERS_MAX + 1;
    expect_failure(&request, LLMLEARN_EINVAL, LL_HTTP_REFUSED);
    ck_assert_int_eq(http_server_requests(server), 0);
}
END_TEST

/* ---- threads and processes -------------------------------------------------------- */

static void *send_some(void *user)
{
    for (int i = 0; i < 20; i++) {
        char url[64];
        ll_http_response response;
        ll_http_request request = get("/");

        snprintf(url, sizeof url, "%s", request.url);
        request.url = url;
        if (ll_http_send(&request, &response) != LLMLEARN_OK || response.status != 200)
            atomic_fetch_add((atomic_int *)user, 1);
        ll_http_response_free(&response);
    }
    return NULL;
}

static void answer_ok(void *user, const http_server_request *request)
{
    (void)user;
    http_server_reply(request->fd, 200, "", "ok");
}

START_TEST(threads_do_not_mind_each_other)
{
    atomic_int wrong = 0;
    pthread_t threads[4];

    server = http_server_start(answer_ok, NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_some, &wrong), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(http_server_requests(server), 80);
}
END_TEST

START_TEST(a_child_may_call_too)
{
    atomic_int wrong = 0;
    int status = -1;

    server = http_server_start(answer_ok, NULL);
    send_some(&wrong);
    pid_t child = fork();
    if (child == 0) {
        send_some(&wrong);
        _exit(wrong);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    send_some(&wrong);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

static Suite *http_suite(void)
{
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");

    tcase_add_checked_fixture(tests, NULL, stop);
    tcase_add_test(tests, an_answer_comes_back_whole);
    tcase_add_test(tests, a_body_and_headers_are_sent);
    tcase_add_test(tests, headers_that_matter_are_kept);
    tcase_add_test(tests, headers_of_an_early_answer_do_not_count);
    tcase_add_test(tests, a_chunked_answer_is_put_together);
    tcase_add_test(tests, broken_answers_are_told_apart);
    tcase_add_test(tests, a_deadline_ends_it);
    tcase_add_test(tests, a_raised_flag_ends_it);
    tcase_add_test(tests, size_has_a_cap);
    tcase_add_test(tests, nobody_there);
    tcase_add_test(tests, a_redirect_is_an_answer_like_any_other);
    tcase_add_test(tests, a_proxy_of_the_environment_is_not_asked);
    tcase_add_test(tests, odd_headers_are_refused);
    tcase_add_test(tests, threads_do_not_mind_each_other);
    tcase_add_test(tests, a_child_may_call_too);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(http_suite());
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
