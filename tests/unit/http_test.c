/* One request against a server that may be as slow, rude or large as it likes. */
#include "http/request.h"
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

static http_server *server;
static http_server *second;
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

/* ---- answers --------------------------------------------------------------- */

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
    else if (strcmp(request->path, "/continue") == 0)
        http_server_write(request->fd,
                          "HTTP/1.1 103 Early\r\nRetry-After: 9\r\n\r\n"
                          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                          76 + 0);
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

static Suite *http_suite(void)
{
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");

    tcase_add_checked_fixture(tests, NULL, stop);
    tcase_add_test(tests, an_answer_comes_back_whole);
    tcase_add_test(tests, a_body_and_headers_are_sent);
    tcase_add_test(tests, headers_that_matter_are_kept);
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
