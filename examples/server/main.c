/* llmlearn-server - the learning loop over HTTP: explanations and votes for readers, reports and
 * tests for admins, and the dashboard. README.md says how to run it. */
#include "connections.h"
#include "figures.h"
#include "files.h"
#include "hourly.h"
#include "log.h"
#include "metrics.h"
#include "model.h"
#include "monotonic.h"
#include "refusal.h"
#include "request.h"
#include "server_key.h"
#include "workers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HTTP_THREADS_MAX = 16,
    DISK_THREADS = 64, /* votes that wait for the disk together share one flush */
    SLOW_THREADS = 8,
    SLOW_QUEUE = 64,
    CONNECTION_MEMORY = 32 * 1024,
    STOP_SECONDS = 10,
};

static int fail(const char *what)
{
    fprintf(stderr, "llmlearn-server: %s\n", what);
    return 1;
}

static void log_of_library(void *user, llmlearn_log_level level, const char *message_id,
                           const char *text)
{
    static const char *const names[] = { "", "info", "warning", "error" };
    (void)user;
    log_line(names[level], message_id, "detail", text, NULL);
}

/* ---- begin and end */

static bool open_learner(server *s)
{
    llmlearn_options opened;

    llmlearn_options_init(&opened, sizeof opened);
    opened.path = s->options.database;
    opened.feedback_per_hour = s->options.feedback_per_hour;
    opened.log = log_of_library;
    llmlearn_err err = llmlearn_open(&opened, &s->learner);
    if (err == LLMLEARN_OK)
        err = model_set(s);
    if (err == LLMLEARN_OK && s->options.schedule) {
        llmlearn_schedule weekly = { .struct_size = sizeof weekly };
        err = llmlearn_set_schedule(s->learner, &weekly, 0);
        if (err == LLMLEARN_OK)
            err = llmlearn_start_scheduler(s->learner);
    }
    if (err != LLMLEARN_OK)
        fprintf(stderr, "llmlearn-server: %s: %s\n", s->options.database, llmlearn_error_detail());
    return err == LLMLEARN_OK;
}

static bool begin(server *s, char *problem, size_t problem_bytes)
{
    const connections_limits limits = {
        .all = s->options.connections_max,
        .per_address = s->options.connections_per_address,
        .deadline_s = s->options.deadline_s,
        .exempt = s->options.has_proxy ? &s->options.proxy : NULL,
    };

    if (!refusal_begin()) {
        snprintf(problem, problem_bytes, "libmicrohttpd is not a shared library");
        return false;
    }
    s->admin_token = secrets_hash(s->options.admin_token, strlen(s->options.admin_token));
    s->files = files_read(s->options.static_folder, problem, problem_bytes);
    if (s->files == NULL)
        return false;
    s->figures = figures_read(s->options.figures, problem, problem_bytes);
    if (s->figures == NULL ||
        !server_key_read(s->options.database, s->options.key, &s->key, problem, problem_bytes))
        return false;
    snprintf(problem, problem_bytes, "there is no memory, or there are no threads to be had");
    s->connections = connections_begin(&limits);
    s->disk = workers_begin(DISK_THREADS, s->options.connections_max);
    s->slow = workers_begin(SLOW_THREADS, SLOW_QUEUE);
    s->identities = hourly_begin(s->options.identities_per_hour);
    s->explains = hourly_begin(s->options.explains_per_hour);
    s->metrics = metrics_begin();
    return s->connections != NULL && s->disk != NULL && s->slow != NULL && s->identities != NULL &&
           s->explains != NULL && s->metrics != NULL;
}

static int end(server *s)
{
    int failed = 0;

    workers_end(s->slow);
    workers_end(s->disk);
    connections_end(s->connections);
    hourly_end(s->identities);
    hourly_end(s->explains);
    metrics_end(s->metrics);
    files_free(s->files);
    json_decref(s->figures);
    if (s->learner != NULL && llmlearn_close(s->learner, STOP_SECONDS * 1000) != LLMLEARN_OK) {
        log_line("error", "close", "detail", llmlearn_error_detail(), NULL);
        failed = 1;
    }
    return failed;
}

/* ---- listening */

static bool bind_address(const options *o, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, o->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(o->port);
        return true;
    }
    if (inet_pton(AF_INET6, o->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(o->port);
        return true;
    }
    return false;
}

static void log_of_http(void *cls, const char *format, va_list arguments)
{
    (void)cls, (void)format, (void)arguments; /* what clients do wrong they are told */
}

/* They read and write sockets and wait for nothing else, so that more than there are processors
 * would only take them from each other. */
static unsigned http_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 2)
        return 2; /* of a pool, as libmicrohttpd wants it */
    return processors < HTTP_THREADS_MAX ? (unsigned)processors : HTTP_THREADS_MAX;
}

static struct MHD_Daemon *listen_on(server *s)
{
    struct sockaddr_storage at;
    unsigned threads = http_threads();
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

    if (!bind_address(&s->options, &at))
        return NULL;
    if (at.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    /* Its limit of connections is divided among the threads, which is none that can be told:
     * connections.c has ours. */
    return MHD_start_daemon(flags, 0, NULL, NULL, request_take, s,         //
                            MHD_OPTION_EXTERNAL_LOGGER, log_of_http, NULL, //
                            MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,  //
                            MHD_OPTION_THREAD_POOL_SIZE, threads,          //
                            MHD_OPTION_CONNECTION_LIMIT,
                            threads * (s->options.connections_max + 8),                    //
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, //
                            MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,                         //
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                          //
                            MHD_OPTION_URI_LOG_CALLBACK, request_line, s,                  //
                            MHD_OPTION_NOTIFY_CONNECTION, request_connection, s,           //
                            MHD_OPTION_NOTIFY_COMPLETED, request_end, s,                   //
                            MHD_OPTION_END);
}

static void tell_address(const options *o, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    bool is_v6 = strchr(o->address, ':') != NULL;

    printf("listening on http://%s%s%s:%u\n", is_v6 ? "[" : "", o->address, is_v6 ? "]" : "",
           (unsigned)port->port);
    fflush(stdout);
}

/* ---- stopping */

static void wait_for_replies(server *s, unsigned wait_ms)
{
    uint64_t until_ms = monotonic_ms() + wait_ms;
    unsigned idle_rounds = 0;

    while (idle_rounds < 5 && monotonic_ms() < until_ms) {
        idle_rounds = connections_busy(s->connections) == 0 ? idle_rounds + 1 : 0;
        usleep(20 * 1000);
    }
}

/* No new connection; what was begun is ended, within STOP_SECONDS: then models are waited for no
 * longer, and who does not read the reply is cut off. */
static void stop(server *s, struct MHD_Daemon *daemon)
{
    atomic_store(&s->stopping, true);
    int listening = MHD_quiesce_daemon(daemon);
    shutdown(listening, SHUT_RDWR); /* else the system goes on connecting to nobody */
    wait_for_replies(s, STOP_SECONDS * 1000);
    atomic_store(&s->cancel, 1);
    /* Whatever was given to them is resumed then, and has its answer, which is not sent yet. Who
     * asks still is told that it is too late. */
    workers_stop(s->slow);
    workers_stop(s->disk);
    wait_for_replies(s, 1000);
    MHD_stop_daemon(daemon);
    close(listening);
}

static int serve(server *s, const sigset_t *signals)
{
    int signal_number = 0;

    struct MHD_Daemon *daemon = listen_on(s);
    if (daemon == NULL) {
        fprintf(stderr,
                "llmlearn-server: cannot listen on %s, port %u (%s); LLMLEARN_SERVER_ADDRESS and "
                "LLMLEARN_SERVER_PORT say where\n",
                s->options.address, s->options.port, strerror(errno));
        return 1;
    }
    tell_address(&s->options, daemon);
    sigwait(signals, &signal_number);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL); /* a second one ends it at once */
    log_line("info", "stopping", "signal", strsignal(signal_number), NULL);
    stop(s, daemon);
    return 0;
}

int main(void)
{
    server s = { .learner = NULL };
    char problem[600] = "";
    sigset_t signals;

    if (!options_read(&s.options, problem, sizeof problem))
        return fail(problem);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* in every thread that will be */
    signal(SIGPIPE, SIG_IGN);

    int status = 1;
    if (!open_learner(&s))
        status = 1;
    else if (!begin(&s, problem, sizeof problem))
        status = fail(problem);
    else
        status = serve(&s, &signals);
    return end(&s) != 0 ? 1 : status;
}
