/* What is left of secrets in memory.
 *
 * An API key, a header with a secret, a mail's password and a webhook's secret go through
 * explaining, generating and alerts, with the failures that services have. Meanwhile each block
 * that is freed is searched for them: one that our code frees may hold none. After close all the
 * process's writable memory is searched, stacks and freed blocks too: there may be none left, so
 * that a core of the process has none.
 *
 * libcurl and the libraries under it do not wipe what they free; a request as it was sent is among
 * it. Such blocks are counted, told, and wiped here, so that they do not hide one of ours. This is
 * what cannot be had: the bytes of a call stay in libcurl's freed memory until they are used again.
 *
 * The services are a process of their own, and the test keeps the secrets in disguise. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_FREE 0 /* a sanitizer has one of its own */
#else
#define OWN_FREE 1
#endif

/* ---- secrets in disguise ------------------------------------------------- */

enum { API_KEY, HEADER, PASSWORD, HOOK, SECRETS };
enum { SECRET_BYTES = 32, MASK = 0x5a };

static const char *const names[SECRETS] = { "API key", "header", "password", "webhook's secret" };
static unsigned char disguised[SECRETS][SECRET_BYTES];

static void make_secrets(uint64_t *random)
{
    for (size_t i = 0; i < SECRETS; i++)
        for (size_t k = 0; k < SECRET_BYTES; k++)
            disguised[i][k] = (unsigned char)('a' + learner_random(random) % 26) ^ MASK;
}

static void reveal(size_t which, char out[SECRET_BYTES + 1])
{
    for (size_t k = 0; k < SECRET_BYTES; k++)
        out[k] = (char)(disguised[which][k] ^ MASK);
    out[SECRET_BYTES] = '\0';
}

/* Half of one is as good as the whole. Returns which, or SECRETS. */
static size_t find_secret(const volatile unsigned char *bytes, size_t count, size_t *out_at)
{
    enum { HALF = SECRET_BYTES / 2 };

    for (size_t at = 0; count >= HALF && at + HALF <= count; at++) {
        unsigned char first = bytes[at] ^ MASK;

        for (size_t i = 0; i < 2 * SECRETS; i++) {
            const unsigned char *half = &disguised[i / 2][i % 2 * HALF];
            size_t k = 0;

            if (half[0] != first)
                continue;
            while (k < HALF && (bytes[at + k] ^ MASK) == half[k])
                k++;
            if (k == HALF) {
                *out_at = at;
                return i / 2;
            }
        }
    }
    return SECRETS;
}

/* ---- freed blocks --------------------------------------------------------- */

static atomic_bool watching;
static atomic_int freed_by_others, freed_by_us;
static char first_of_ours[200];

#if OWN_FREE
extern void *__libc_malloc(size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void __libc_free(void *block);

/* libcurl, and what it calls with the bytes of a request; but a list of headers is ours. */
static bool is_of_others(const char *library, const char *function)
{
    static const char *const others[] = { "libcurl",    "libssl",    "libcrypto",
                                          "libnghttp2", "libgnutls", "libsasl" };

    if (function != NULL && strcmp(function, "curl_slist_free_all") == 0)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strstr(library, others[i]) != NULL)
            return true;
    return false;
}

static void look_at(void *block, const void *caller)
{
    size_t bytes = malloc_usable_size(block), at;
    size_t which = find_secret(block, bytes, &at);
    Dl_info about = { 0 };

    if (which == SECRETS)
        return;
    if (dladdr(caller, &about) == 0 || about.dli_fname == NULL)
        about.dli_fname = "?";
    if (is_of_others(about.dli_fname, about.dli_sname)) {
        atomic_fetch_add(&freed_by_others, 1);
    } else if (atomic_fetch_add(&freed_by_us, 1) == 0) {
        snprintf(first_of_ours, sizeof first_of_ours, "the %s in %zu bytes freed by %s+%#zx (%s)",
                 names[which], bytes, about.dli_fname,
                 (size_t)((const char *)caller - (const char *)about.dli_fbase),
                 about.dli_sname != NULL ? about.dli_sname : "");
    }
    explicit_bzero(block, bytes);
}

/* For every library, since a program's own come first. */
#define IN_PLACE_OF_THE_SYSTEMS __attribute__((visibility("default")))

IN_PLACE_OF_THE_SYSTEMS void free(void *block)
{
    if (block != NULL && atomic_load(&watching))
        look_at(block, __builtin_return_address(0));
    __libc_free(block);
}

/* Always to a new place, so that the old one can be looked at. */
IN_PLACE_OF_THE_SYSTEMS void *realloc(void *block, size_t bytes)
{
    if (block == NULL || bytes == 0 || !atomic_load(&watching))
        return __libc_realloc(block, bytes);
    size_t before = malloc_usable_size(block);
    void *moved = __libc_malloc(bytes);

    if (moved == NULL)
        return NULL;
    memcpy(moved, block, before < bytes ? before : bytes);
    look_at(block, __builtin_return_address(0));
    __libc_free(block);
    return moved;
}
#endif

/* ---- all memory ------------------------------------------------------------ */

/* How often a secret stands in memory that can be written; the first place is printed. */
static int count_in_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int count = 0;

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t begin, end;
        char mode[8];

        if (sscanf(line, "%lx-%lx %7s", &begin, &end, mode) != 3 || mode[0] != 'r' ||
            mode[1] != 'w' || strstr(line, "[v") != NULL)
            continue;
        for (size_t at = 0; begin + at < end; at++) {
            const volatile unsigned char *from = (const volatile unsigned char *)begin + at;
            size_t found, which = find_secret(from, end - begin - at, &found);

            if (which == SECRETS)
                break;
            if (count++ < 5)
                printf("the %s at %#lx of %s", names[which], begin + at + found, line);
            at += found;
        }
    }
    fclose(maps);
    return count;
}

/* ---- the services, in a process of their own ------------------------------- */

#define GOOD                                                                                       \
    "{\"choices\": [{\"message\": {\"role\": \"assistant\", \"content\": \"It rises.\"},"          \
    " \"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 5, \"completion_tokens\": 3}}"

static const char *const ways[] = { "good", "401", "500", "broken", "reset", "429", "302", "long" };
enum { WAYS = sizeof ways / sizeof ways[0] };

static void answer(void *user, const http_server_request *request)
{
    char told[200] = "", echo[600];
    const char *key = strstr(request->headers, "Authorization: Bearer ");
    const char *way = request->path + 1;

    (void)user;
    if (key != NULL)
        sscanf(key + 22, "%199s", told);
    snprintf(echo, sizeof echo,
             "{\"error\": {\"message\": \"wrong key %s\", \"type\": \"%s\", \"code\": \"x_%s\"}}",
             told, told, told);
    if (strncmp(way, "401", 3) == 0 || strncmp(way, "500", 3) == 0) {
        http_server_reply(request->fd, atoi(way), "", echo);
    } else if (strncmp(way, "429", 3) == 0) {
        http_server_reply(request->fd, 429, "retry-after-ms: 1\r\n", echo);
    } else if (strncmp(way, "302", 3) == 0) {
        http_server_reply(request->fd, 302, "Location: http://127.0.0.1:1/\r\n", echo);
    } else if (strncmp(way, "broken", 6) == 0) {
        http_server_reply(request->fd, 200, "", echo + 1);
    } else if (strncmp(way, "reset", 5) == 0) {
        http_server_reset(request->fd);
    } else if (strncmp(way, "long", 4) == 0) { /* grows past whatever a reader begins with */
        char *text = NULL;
        size_t bytes = 0;
        FILE *stream = open_memstream(&text, &bytes);

        fprintf(stream, "{\"error\": {\"message\": \"%s", told);
        for (int i = 0; i < 200000; i++)
            fputc(i % 1000 == 0 ? '.' : 'x', stream);
        fprintf(stream, "%s\"}}", told);
        fclose(stream);
        http_server_reply(request->fd, 400, "", text);
        free(text);
    } else {
        http_server_reply(request->fd, strncmp(way, "hook/bad", 8) == 0 ? 500 : 200, "", GOOD);
    }
}

static bool read_line(FILE *stream, char line[2000])
{
    return fgets(line, 2000, stream) != NULL;
}

/* One mail; every second login is refused. */
static void serve_mail(int fd, int number)
{
    FILE *stream = fdopen(fd, "r+");
    char line[2000];
    bool in_data = false;

    setvbuf(stream, NULL, _IONBF, 0);
    fputs("220 here\r\n", stream);
    while (read_line(stream, line)) {
        if (in_data) {
            in_data = strcmp(line, ".\r\n") != 0;
            if (!in_data)
                fputs("250 taken\r\n", stream);
        } else if (strncmp(line, "EHLO", 4) == 0) {
            fputs("250-here\r\n250 AUTH PLAIN LOGIN\r\n", stream);
        } else if (strncmp(line, "AUTH", 4) == 0) {
            fputs(number % 2 == 0 ? "235 come in\r\n" : "535 no\r\n", stream);
        } else if (strncmp(line, "DATA", 4) == 0) {
            in_data = true;
            fputs("354 go on\r\n", stream);
        } else {
            fputs(strncmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 good\r\n", stream);
        }
    }
    fclose(stream);
}

static void *serve_mails(void *listening)
{
    int fd = *(int *)listening, taken;

    for (int number = 0; (taken = accept(fd, NULL, NULL)) >= 0; number++)
        serve_mail(taken, number);
    return NULL;
}

typedef struct ports {
    int http, smtp;
} ports;

static pid_t services;
static int lifeline; /* the services end with it */
static ports at;

static void run_services(int told, int line)
{
    http_server *server = http_server_start(answer, NULL);
    struct sockaddr_in here = { .sin_family = AF_INET };
    socklen_t bytes = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;
    char end;

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&here, &bytes) != 0 ||
        pthread_create(&thread, NULL, serve_mails, &fd) != 0)
        _exit(1);
    const ports mine = { http_server_port(server), ntohs(here.sin_port) };
    if (write(told, &mine, sizeof mine) != sizeof mine)
        _exit(1);
    signal(SIGPIPE, SIG_IGN);
    _exit(read(line, &end, 1) != 0);
}

static void start_services(void)
{
    int told[2], line[2];

    ck_assert(pipe(told) == 0 && pipe(line) == 0);
    services = fork();
    ck_assert_int_ge(services, 0);
    if (services == 0) {
        close(line[1]);
        run_services(told[1], line[0]);
    }
    close(told[1]);
    close(line[0]);
    lifeline = line[1];
    ck_assert_int_eq(read(told[0], &at, sizeof at), sizeof at);
    close(told[0]);
}

static void stop_services(void)
{
    int status;

    close(lifeline);
    ck_assert_int_eq(waitpid(services, &status, 0), services);
    ck_assert_int_eq(status, 0);
}

/* ---- a life ----------------------------------------------------------------- */

static char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
static llmlearn *learner;
static atomic_llong now_us = INT64_C(1760000000) * 1000000;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static size_t read_secret(void *user, char *out, size_t bytes)
{
    ck_assert_uint_gt(bytes, SECRET_BYTES);
    reveal((size_t)(intptr_t)user, out);
    return SECRET_BYTES;
}

static void set_model(const char *way, bool asked)
{
    char url[100], key[SECRET_BYTES + 1], header[SECRET_BYTES + 20];
    const char *const headers[] = { header };
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .base_url = url,
                                   .api_key = asked ? NULL : key,
                                   .read_key = asked ? read_secret : NULL,
                                   .read_key_user = (void *)(intptr_t)API_KEY,
                                   .headers = headers,
                                   .header_count = 1,
                                   .retries_max = 1 };

    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", at.http, way);
    reveal(API_KEY, key);
    strcpy(header, "X-Gateway: ");
    reveal(HEADER, header + strlen(header));
    expect_ok(
        llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING | LLMLEARN_FOR_GENERATING, &model));
    explicit_bzero(key, sizeof key);
    explicit_bzero(header, sizeof header);
}

static void set_channels(bool good, bool asked)
{
    static const char *const to[] = { "ann@example.com" };
    char url[100], server[100], secret[SECRET_BYTES + 1], password[SECRET_BYTES + 1];
    const llmlearn_webhook webhook = { .struct_size = sizeof webhook,
                                       .url = url,
                                       .secret = secret };
    const llmlearn_mail mail = { .struct_size = sizeof mail,
                                 .flags = LLMLEARN_MAIL_PLAIN_LOOPBACK,
                                 .server = server,
                                 .from = "engine@example.com",
                                 .to = to,
                                 .to_count = 1,
                                 .user = "engine",
                                 .password = asked ? NULL : password,
                                 .read_password = asked ? read_secret : NULL,
                                 .read_password_user = (void *)(intptr_t)PASSWORD };

    snprintf(url, sizeof url, "http://127.0.0.1:%d/hook/%s", at.http, good ? "good" : "bad");
    snprintf(server, sizeof server, "smtp://127.0.0.1:%d", at.smtp);
    reveal(HOOK, secret);
    reveal(PASSWORD, password);
    expect_ok(llmlearn_set_webhook(learner, &webhook));
    expect_ok(llmlearn_set_mail(learner, &mail));
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(password, sizeof password);
}

static void use(void)
{
    const llmlearn_explain_request request = { .struct_size = sizeof request,
                                               .flags = LLMLEARN_EXPLAIN_UNCACHED,
                                               .ticker = "NVDA",
                                               .signal = "BUY",
                                               .deadline_ms = LEARNER_DEADLINE_MS };
    const llmlearn_generation generation = { .struct_size = sizeof generation, .signal = "BUY" };
    llmlearn_explained e = { .struct_size = sizeof e };
    char *json = NULL;

    expect_ok(llmlearn_explain(learner, &request, &e));
    llmlearn_free(e.text);
    llmlearn_generate_variants(learner, &generation, &json);
    llmlearn_free(json);
    atomic_fetch_add(&now_us, INT64_C(4) * 86400 * 1000000);
    expect_ok(llmlearn_run_due_jobs(learner, LEARNER_DEADLINE_MS, NULL));
}

static void open_learner(void)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = LEARNER_DEADLINE_MS,
                                       .signal = "BUY",
                                       .version = "v1.0",
                                       .text = "Why is {{ticker}} a {{signal}}?" };
    const llmlearn_budget unlimited = { .struct_size = sizeof unlimited,
                                        .run_nanousd = -1,
                                        .month_nanousd = -1 };
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .cron = "@daily",
                                         .response_rate_min = 0.5 };
    llmlearn_options options;

    learner_options(path, &options);
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &learner));
    expect_ok(llmlearn_add_variant(learner, &variant));
    expect_ok(
        llmlearn_promote_variant(learner, "BUY", "v1.0", "ann", "first", LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_set_budget(learner, &unlimited));
    expect_ok(llmlearn_set_schedule(learner, &schedule, LEARNER_DEADLINE_MS));
}

START_TEST(no_secret_is_left_in_memory)
{
    uint64_t random = learner_seed("memory");

    make_secrets(&random);
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    start_services();
    atomic_store(&watching, true);
    open_learner();
    for (int i = 0; i < 2 * WAYS; i++) {
        set_model(ways[i / 2], i % 2 != 0);
        set_channels(i % 4 < 2, i % 2 != 0);
        use();
    }
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    atomic_store(&watching, false);
    stop_services();
    int left = count_in_memory();

    printf(
        "%d blocks with a secret were freed by libcurl and below, %d by others; %d places left\n",
        atomic_load(&freed_by_others), atomic_load(&freed_by_us), left);
    ck_assert_int_gt(atomic_load(&freed_by_others), 0); /* the search finds what is there */
    ck_assert_msg(atomic_load(&freed_by_us) == 0, "%s", first_of_ours);
    ck_assert_int_eq(left, 0);
    folder_remove(folder);
}
END_TEST

/* The search itself: on the heap, on the stack, and none when it is gone. */
START_TEST(what_is_left_is_found)
{
    uint64_t random = learner_seed("memory");
    char *held = malloc(SECRET_BYTES + 1), on_stack[SECRET_BYTES + 1];

    make_secrets(&random);
    ck_assert_int_eq(count_in_memory(), 0);
    reveal(HOOK, held);
    ck_assert_int_ge(count_in_memory(), 1);
    explicit_bzero(held, SECRET_BYTES);
    ck_assert_int_eq(count_in_memory(), 0);
    reveal(PASSWORD, on_stack);
    ck_assert_int_ge(count_in_memory(), 1);
    explicit_bzero(on_stack, sizeof on_stack);
    reveal(API_KEY, held);
    atomic_store(&watching, true);
    free(held);
    atomic_store(&watching, false);
    ck_assert_int_eq(atomic_load(&freed_by_us), 1);
}
END_TEST

int main(void)
{
    if (!OWN_FREE) {
        printf("SKIP a sanitizer's allocator cannot be watched\n");
        return 0;
    }
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    SRunner *runner = srunner_create(suite);

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tests, 200);
    tcase_add_test(tests, what_is_left_is_found);
    tcase_add_test(tests, no_secret_is_left_in_memory);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
