/* What stands between libcurl and the system: names that lie, name servers that do not answer,
 * sockets whose other end is gone. This program's own getaddrinfo, connect and send are the ones
 * that libcurl gets, as it is loaded after them. */
/* link: -rdynamic */
#include "http/request.h"
#include "support/expect.h"
#include "support/http_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON_MS 20000
#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

static const char *resolved; /* what each name is resolved to; NULL: as usual */
static atomic_bool resolver_hangs, resolver_asked, resolver_back;
static atomic_bool resolver_open_to_signals;
static sem_t resolver_let_go;
static atomic_int connects_elsewhere;  /* to other than loopback */
static _Thread_local bool pipe_breaks; /* for what this thread sends */

static http_server *server;

static void look_at_signals(void)
{
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGUSR1))
        atomic_store(&resolver_open_to_signals, true);
}

static void hang(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 50;
    sem_timedwait(&resolver_let_go, &until);
    atomic_store(&resolver_back, true);
}

SEEN_BY_LIBRARIES int getaddrinfo(const char *name, const char *service,
                                  const struct addrinfo *hints, struct addrinfo **out)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    atomic_store(&resolver_asked, true);
    look_at_signals();
    if (atomic_load(&resolver_hangs)) {
        hang();
        return EAI_AGAIN;
    }
    return real(resolved != NULL ? resolved : name, service, hints, out);
}

static bool is_loopback(const struct sockaddr *to)
{
    const struct sockaddr_in *v4 = (const void *)to;
    const struct sockaddr_in6 *v6 = (const void *)to;

    if (to->sa_family == AF_INET)
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    return to->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

SEEN_BY_LIBRARIES int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t bytes)
{
    const struct sockaddr *to = address.__sockaddr__;
    static int (*real)(int, const struct sockaddr *, socklen_t);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if ((to->sa_family == AF_INET || to->sa_family == AF_INET6) && !is_loopback(to)) {
        atomic_fetch_add(&connects_elsewhere, 1);
        errno = ENETUNREACH;
        return -1;
    }
    return real(fd, to, bytes);
}

/* As a TLS library that uses write() would fare. */
SEEN_BY_LIBRARIES ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (!pipe_breaks)
        return real(fd, bytes, count, flags);
    raise(SIGPIPE);
    errno = EPIPE;
    return -1;
}

/* ---- helpers ------------------------------------------------------------------- */

static void answer_ok(void *user, const http_server_request *request)
{
    (void)user;
    http_server_reply(request->fd, 200, "", "ok");
}

static void start(void)
{
    sem_init(&resolver_let_go, 0, 0);
    server = http_server_start(answer_ok, NULL);
}

static void stop(void)
{
    http_server_stop(server);
}

/* scheme://name:port of the server. */
static llmlearn_err call(const char *scheme, const char *name, bool allow_private,
                         ll_http_failure *out_failure)
{
    char url[128];
    ll_http_response response;
    ll_http_request request = { .method = "GET",
                                .url = url,
                                .allow_private = allow_private,
                                .deadline = ll_deadline_in_ms(SOON_MS) };
    llmlearn_err err;

    snprintf(url, sizeof url, "%s://%s:%d/", scheme, name, http_server_port(server));
    err = ll_http_send(&request, &response);
    *out_failure = response.failure;
    ll_http_response_free(&response);
    return err;
}

/* ---- names that lie -------------------------------------------------------------- */

static const struct {
    const char *address;
    bool allow_private;
} bad[] = {
    { "127.0.0.1", false },
    { "::1", false },
    { "10.0.0.1", false },
    { "172.16.0.1", false },
    { "192.168.1.1", false },
    { "100.64.0.1", false },
    { "fd12::1", false },
    { "169.254.169.254", false },
    { "169.254.169.254", true },
    { "0.0.0.0", true },
    { "224.0.0.1", true },
    { "255.255.255.255", true },
    { "100.100.100.200", true },
    { "fe80::1", true },
    { "ff02::1", true },
    { "::", true },
    { "fd00:ec2::254", true },
    { "::ffff:169.254.169.254", true },
    { "64:ff9b::a9fe:a9fe", true },
};

START_TEST(a_name_that_leads_to_a_bad_place_is_not_followed)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ll_http_failure failure;

        resolved = bad[i].address;
        expect_err(call("https", "name.example", bad[i].allow_private, &failure), LLMLEARN_EINVAL,
                   "may not be called");
        ck_assert_int_eq(failure, LL_HTTP_REFUSED);
    }
    ck_assert_int_eq(connects_elsewhere, 0);
    ck_assert_int_eq(http_server_requests(server), 0);
}
END_TEST

START_TEST(a_private_place_is_called_if_it_may_be)
{
    ll_http_failure failure;

    resolved = "10.0.0.1";
    expect_err(call("https", "name.example", true, &failure), LLMLEARN_EIO, "could not connect");
    ck_assert_int_eq(failure, LL_HTTP_NO_CONNECT);
    ck_assert_int_gt(connects_elsewhere, 0); /* the stub saw it, and refused it */
}
END_TEST

/* libcurl knows without asking; if it ever did ask, the address would still be looked at. */
START_TEST(localhost_is_this_machine_whatever_name_servers_say)
{
    ll_http_failure failure;

    resolved = "8.8.8.8";
    expect_ok(call("http", "localhost", false, &failure));
    ck_assert_int_eq(connects_elsewhere, 0);
}
END_TEST

START_TEST(threads_that_ask_name_servers_take_no_signal)
{
    ll_http_failure failure;

    resolved = "127.0.0.1";
    expect_err(call("https", "name.example", false, &failure), LLMLEARN_EINVAL, "may not be");
    ck_assert(resolver_asked);
    ck_assert(!resolver_open_to_signals);
}
END_TEST

START_TEST(a_name_server_is_not_waited_for)
{
    ll_http_response response;
    ll_http_request request = { .method = "GET",
                                .url = "https://name.example/",
                                .deadline = ll_deadline_in_ms(300) };

    atomic_store(&resolver_hangs, true);
    expect_err(ll_http_send(&request, &response), LLMLEARN_ETIMEDOUT, "name.example");
    ck_assert(resolver_asked);
    ck_assert_msg(!resolver_back, "came back only with the name server");
    sem_post(&resolver_let_go);
    while (!resolver_back) /* so that nothing of it is left when the leak checker looks */
        ll_clock_sleep_us(1000);
    ll_clock_sleep_us(100000);
}
END_TEST

/* ---- SIGPIPE ---------------------------------------------------------------------- */

static atomic_int pipes_seen;

static void count_pipe(int number)
{
    (void)number;
    atomic_fetch_add(&pipes_seen, 1);
}

static bool pipe_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

START_TEST(a_broken_pipe_is_not_the_hosts_business)
{
    struct sigaction action = { .sa_handler = count_pipe };
    sigset_t before, after;
    ll_http_failure failure;

    sigemptyset(&before);
    sigemptyset(&after);
    sigaction(SIGPIPE, &action, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    pipe_breaks = true;
    expect_err(call("http", "127.0.0.1", false, &failure), LLMLEARN_EIO, "broke off");
    pipe_breaks = false;
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < NSIG; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    ck_assert_int_eq(pipes_seen, 0);
    ck_assert(!pipe_pending());
    sigaction(SIGPIPE, NULL, &action);
    ck_assert(action.sa_handler == count_pipe);
}
END_TEST

START_TEST(the_hosts_own_broken_pipe_stays)
{
    sigset_t pipe_signal;
    ll_http_failure failure;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    raise(SIGPIPE);
    expect_ok(call("http", "127.0.0.1", false, &failure));
    ck_assert(pipe_pending());
    pipe_breaks = true;
    expect_err(call("http", "127.0.0.1", false, &failure), LLMLEARN_EIO, "broke off");
    ck_assert(pipe_pending());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_socket");
    TCase *tests = tcase_create("http_socket");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, a_name_that_leads_to_a_bad_place_is_not_followed);
    tcase_add_test(tests, a_private_place_is_called_if_it_may_be);
    tcase_add_test(tests, localhost_is_this_machine_whatever_name_servers_say);
    tcase_add_test(tests, threads_that_ask_name_servers_take_no_signal);
    tcase_add_test(tests, a_name_server_is_not_waited_for);
    tcase_add_test(tests, a_broken_pipe_is_not_the_hosts_business);
    tcase_add_test(tests, the_hosts_own_broken_pipe_stays);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
