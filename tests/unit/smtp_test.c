/* Mail given to servers that are not ours: Python's aiosmtpd and Node's smtp-server, each started
 * here, on loopback, with certificates made here. What arrives must be what was sent, byte by
 * byte; what fails must say whether another try is worth it; and the password, which the servers
 * repeat in all they refuse, must be nowhere. */
#include "http/smtp.h"
#include "mail/message.h"
#include "support/canary.h"
#include "support/certificate.h"
#include "support/child.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/program.h"

#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANARY CANARY_PASSWORD
#define AMPLE_MS 30000u
#define SHORT_MS 700u /* for what must not be waited for: it would come after a minute */

static char folder[FOLDER_PATH_BYTES];
static char spool[FOLDER_PATH_BYTES + 32], ca_file[FOLDER_PATH_BYTES + 32];
static bool has_certificate;
static child peer;
static char url[64];
static ll_smtp_result result;

static const char hello[] = "Subject: hello\r\n\r\nhello\r\n";
static const char *to_ops[] = { "ops@example.org" };

static void set_up(void)
{
    folder_make(folder);
    setenv("CANARY", CANARY, 1);
    program_see_peers();
    snprintf(spool, sizeof spool, "%s/spool", folder);
    snprintf(ca_file, sizeof ca_file, "%s/server.crt", folder);
    has_certificate = certificate_make(folder, "server", "DNS:localhost,IP:127.0.0.1") &&
                      certificate_make(folder, "other", "DNS:mail.example.org");
}

static void tear_down(void)
{
    child_stop(&peer);
    folder_remove(folder);
}

static bool can_serve(const char *program)
{
    if (!has_certificate) {
        printf("SKIP no openssl to make a certificate with\n");
        return false;
    }
    if (strcmp(program, "node") == 0 && !program_can(program, "-e", "require('smtp-server')")) {
        printf("SKIP no node with smtp-server (tests/setup/peers.sh)\n");
        return false;
    }
    if (strcmp(program, "node") != 0 && !program_can(program, "-c", "import aiosmtpd.smtp")) {
        printf("SKIP no python3 with aiosmtpd\n");
        return false;
    }
    return true;
}

/* False, with a line, if that server is not to be had. */
static bool serve_by(const char *program, const char *script, const char *how,
                     const char *certificate)
{
    char crt[FOLDER_PATH_BYTES + 32], key[FOLDER_PATH_BYTES + 32];
    const char *words[] = { program, program_file(script), how, crt, key, spool, NULL };

    if (!can_serve(program))
        return false;
    snprintf(crt, sizeof crt, "%s/%s.crt", folder, certificate);
    snprintf(key, sizeof key, "%s/%s.key", folder, certificate);
    child_stop(&peer);
    child_start(&peer, words);
    ck_assert_msg(child_wait_for(&peer, "\n") && strncmp(peer.said, "ready ", 6) == 0, "%s",
                  peer.said);
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", strcmp(how, "implicit") == 0 ? "smtps" : "smtp",
             atoi(peer.said + 6));
    return true;
}

static bool serve(const char *how)
{
    return serve_by(program_python(), "tests/peers/smtp_server.py", how, "server");
}

static ll_smtp_server usual(void)
{
    return (ll_smtp_server){ .url = url, .user = "engine", .password = CANARY, .ca_file = ca_file };
}

static ll_smtp_mail mail_from(const char *from)
{
    return (ll_smtp_mail){
        .from = from, .to = to_ops, .to_count = 1, .data = hello, .bytes = sizeof hello - 1
    };
}

/* Every line of detail passes here. */
static llmlearn_err send_within(const ll_smtp_server *server, const ll_smtp_mail *mail, uint64_t ms)
{
    llmlearn_err err;

    memset(&result, 0xff, sizeof result);
    err = ll_smtp_send(server, mail, ll_deadline_in_ms(ms), NULL, &result);
    if (err != LLMLEARN_OK)
        ck_assert_msg(strstr(llmlearn_error_detail(), CANARY) == NULL, "%s",
                      llmlearn_error_detail());
    ck_assert_int_eq(err == LLMLEARN_OK, result.outcome == LL_SMTP_SENT);
    return err;
}

static llmlearn_err try(const ll_smtp_server *server, const ll_smtp_mail *mail)
{
    return send_within(server, mail, AMPLE_MS);
}

static void expect_result(ll_smtp_outcome outcome, ll_smtp_cause cause, int code)
{
    ck_assert_msg(result.outcome == outcome && result.cause == cause && result.code == code,
                  "outcome %d cause %d code %d: %s", (int)result.outcome, (int)result.cause,
                  result.code, llmlearn_error_detail());
}

/* From that sender, to that recipient: fails, in this way. */
static void expect_refused(const char *from, const char *to, ll_smtp_outcome outcome,
                           ll_smtp_cause cause, int code)
{
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from(from);

    mail.to = &to;
    ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
    expect_result(outcome, cause, code);
}

static int arrived(void)
{
    size_t bytes = 0;
    unsigned char *text = file_read(spool, &bytes);
    int lines = 0;

    for (size_t i = 0; text != NULL && i < bytes; i++)
        lines += text[i] == '\n';
    free(text);
    return lines;
}

/* The last mail that arrived; the caller decrefs. */
static json_t *last_mail(void)
{
    size_t bytes = 0;
    unsigned char *text = file_read(spool, &bytes);

    ck_assert_ptr_nonnull(text);
    size_t from = bytes - 1;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    json_t *mail = json_loadb((char *)text + from, bytes - from, 0, NULL);
    free(text);
    ck_assert_ptr_nonnull(mail);
    return mail;
}

static const char *string_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_ptr_nonnull(text);
    return text;
}

static void expect_arrived(const ll_smtp_mail *mail, const char *user, bool tls)
{
    json_t *got = last_mail();
    json_t *to = json_object_get(got, "to");

    ck_assert_str_eq(string_of(got, "from"), mail->from);
    ck_assert_uint_eq(strlen(string_of(got, "data")), mail->bytes);
    ck_assert_int_eq(memcmp(string_of(got, "data"), mail->data, mail->bytes), 0);
    ck_assert_str_eq(string_of(got, "user"), user);
    ck_assert_int_eq(json_is_true(json_object_get(got, "tls")), tls);
    ck_assert_uint_eq(json_array_size(to), mail->to_count - result.refused_count);
    json_decref(got);
}

/* ---- what is sent arrives ---------------------------------------------- */

static const char *const five[] = { "a@example.org", "b@example.org", "c@example.org",
                                    "d@example.org", "e@example.org" };

/* To five people: dots, an empty line, a long one, a whole message in UTF-8, one of 1 MiB. */
static void everything_arrives(const char *user, bool tls)
{
    static const char dots[] = "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n...\r\n\r\nQUIT\r\n.\r\n";
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");
    ll_message message = { .at_us = INT64_C(1795442400) * 1000000,
                           .from_name = "Tr\xc3\xa4"
                                        "der",
                           .from = mail.from,
                           .to = five,
                           .to_count = 5,
                           .subject = "Gr\xc3\xbc\xc3\x9f"
                                      "e \xf0\x9f\x98\x80",
                           .text = ".\n\xe2\x82\xac\n" };
    char *large = malloc(LL_MESSAGE_TEXT_BYTES_MAX + 1);
    ll_buffer raw = { 0 };
    int before = arrived();

    mail.to = five;
    mail.to_count = 5;
    mail.data = dots;
    mail.bytes = sizeof dots - 1;
    expect_ok(try(&server, &mail));
    expect_result(LL_SMTP_SENT, LL_SMTP_NO_CAUSE, 0);
    expect_arrived(&mail, user, tls);

    expect_ok(ll_message_write(&message, &raw));
    mail.data = raw.data;
    mail.bytes = raw.length;
    expect_ok(try(&server, &mail));
    expect_arrived(&mail, user, tls);
    ll_buffer_free(&raw);

    for (size_t i = 0; i < LL_MESSAGE_TEXT_BYTES_MAX; i++)
        large[i] = i % 100 == 0 ? '\n' : i % 7 == 0 ? '.' : '=';
    large[LL_MESSAGE_TEXT_BYTES_MAX] = '\0';
    message.text = large;
    expect_ok(ll_message_write(&message, &raw));
    mail.data = raw.data;
    mail.bytes = raw.length;
    expect_ok(try(&server, &mail));
    expect_arrived(&mail, user, tls);
    ck_assert_int_eq(arrived(), before + 3);
    ll_buffer_free(&raw);
    free(large);
}

START_TEST(arrives_by_starttls)
{
    if (serve("starttls"))
        everything_arrives("engine", true);
}
END_TEST

START_TEST(arrives_by_tls)
{
    if (serve("implicit"))
        everything_arrives("engine", true);
}
END_TEST

START_TEST(arrives_at_node)
{
    static const char *const ways[] = { "starttls", "implicit" };

    for (int i = 0; i < 2; i++) {
        if (!serve_by("node", "tests/peers/smtp_server.js", ways[i], "server"))
            return;
        everything_arrives("engine", true);
        expect_refused("engine@b.c", "unknown@b.c", LL_SMTP_PERMANENT, LL_SMTP_REFUSED, 550);
        expect_refused("engine@b.c", "later@b.c", LL_SMTP_TEMPORARY, LL_SMTP_REFUSED, 451);
        expect_refused("spam@b.c", "ops@b.c", LL_SMTP_PERMANENT, LL_SMTP_REFUSED, 554);

        ll_smtp_server server = usual();
        ll_smtp_mail mail = mail_from("engine@example.org");
        server.password = CANARY "x";
        ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
        expect_result(LL_SMTP_PERMANENT, LL_SMTP_AUTH, 535);
    }
}
END_TEST

static llmlearn_err give_canary(void *user, char out[LL_SMTP_PASSWORD_BYTES])
{
    ++*(int *)user;
    strcpy(out, CANARY);
    return LLMLEARN_OK;
}

static llmlearn_err give_line(void *user, char out[LL_SMTP_PASSWORD_BYTES])
{
    (void)user;
    strcpy(out, CANARY "\n");
    return LLMLEARN_OK;
}

static llmlearn_err give_nothing(void *user, char out[LL_SMTP_PASSWORD_BYTES])
{
    (void)user;
    (void)out;
    return ll_smtp_check(&(ll_smtp_server){ .url = "no" });
}

START_TEST(a_password_may_be_asked_for)
{
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");
    int asked = 0;

    if (!serve("starttls"))
        return;
    server.password = NULL;
    server.ask_password = give_canary;
    server.ask_password_user = &asked;
    expect_ok(try(&server, &mail));
    ck_assert_int_eq(asked, 1);
    expect_arrived(&mail, "engine", true);
    server.ask_password = give_line;
    expect_err(try(&server, &mail), LLMLEARN_EINVAL, "password: ");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_ARGUMENT, 0);
    server.ask_password = give_nothing;
    expect_err(try(&server, &mail), LLMLEARN_EINVAL, "url: ");
    server.user = NULL;
    expect_ok(try(&server, &mail));
    expect_arrived(&mail, "", true);
    ck_assert_int_eq(arrived(), 2);
}
END_TEST

/* ---- TLS --------------------------------------------------------------- */

START_TEST(without_starttls_nothing_is_said)
{
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    if (!serve("plain-auth"))
        return;
    expect_err(try(&server, &mail), LLMLEARN_EIO, "STARTTLS");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_TLS, 0);
    ck_assert_int_eq(arrived(), 0);

    server.plain_loopback = true; /* to this machine itself, by a flag */
    expect_ok(try(&server, &mail));
    expect_arrived(&mail, "engine", false);
}
END_TEST

START_TEST(certificates_are_verified)
{
    static const char *const ways[] = { "starttls", "implicit" };
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    for (int i = 0; i < 2; i++) {
        if (!serve(ways[i]))
            return;
        server.ca_file = NULL; /* the system's do not know it */
        ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
        expect_result(LL_SMTP_PERMANENT, LL_SMTP_TLS, 0);

        char other[FOLDER_PATH_BYTES + 32];
        snprintf(other, sizeof other, "%s/other.crt", folder);
        server.ca_file = other; /* known, but of another host */
        serve_by(program_python(), "tests/peers/smtp_server.py", ways[i], "other");
        ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
        expect_result(LL_SMTP_PERMANENT, LL_SMTP_TLS, 0);

        server.ca_file = "/nonexistent.crt";
        ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
        expect_result(LL_SMTP_PERMANENT, LL_SMTP_TLS, 0);
        ck_assert_int_eq(arrived(), 0);
    }
}
END_TEST

/* ---- what a server refuses --------------------------------------------- */

START_TEST(refusals_are_told_apart)
{
    if (!serve("starttls"))
        return;
    expect_refused("nobody@b.c", "ops@b.c", LL_SMTP_PERMANENT, LL_SMTP_REFUSED, 550);
    expect_refused("engine@b.c", "unknown@b.c", LL_SMTP_PERMANENT, LL_SMTP_REFUSED, 550);
    expect_refused("spam@b.c", "ops@b.c", LL_SMTP_PERMANENT, LL_SMTP_REFUSED, 554);
    expect_refused("late@b.c", "ops@b.c", LL_SMTP_TEMPORARY, LL_SMTP_REFUSED, 451);
    expect_refused("drop@b.c", "ops@b.c", LL_SMTP_TEMPORARY, LL_SMTP_BROKEN, 0);
    expect_refused("early@b.c", "ops@b.c", LL_SMTP_TEMPORARY, LL_SMTP_BROKEN, 0);
    ck_assert_int_eq(arrived(), 0);
}
END_TEST

START_TEST(for_now_is_not_for_ever)
{
    static const char *const later[] = { "later@b.c" };
    static const char *const both[] = { "later@b.c", "unknown@b.c" };
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@b.c");

    if (!serve("starttls"))
        return;
    mail.to = later;
    ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_REFUSED, 451);
    expect_ok(try(&server, &mail));
    expect_arrived(&mail, "engine", true);

    /* One for now and one for ever, in this order, is for now. */
    mail.from = "other@b.c";
    mail.to = both;
    mail.to_count = 2;
    ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_REFUSED, 550);
}
END_TEST

START_TEST(one_bad_address_does_not_keep_it_from_others)
{
    static const char *const some[] = { "unknown@b.c", "a@b.c", "later@b.c", "b@b.c" };
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@b.c");

    if (!serve("starttls"))
        return;
    mail.to = some;
    mail.to_count = 4;
    expect_ok(try(&server, &mail));
    expect_result(LL_SMTP_SENT, LL_SMTP_NO_CAUSE, 0);
    ck_assert_uint_eq(result.refused_count, 2);
    expect_arrived(&mail, "engine", true);
}
END_TEST

START_TEST(a_wrong_password_is_told)
{
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    if (!serve("starttls"))
        return;
    server.password = "wrong " CANARY;
    expect_err(try(&server, &mail), LLMLEARN_EIO, "user and password");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_AUTH, 535);
    if (!serve("plain")) /* it offers no AUTH */
        return;
    server.plain_loopback = true;
    expect_err(try(&server, &mail), LLMLEARN_EIO, "no way to log in");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_AUTH, 0);
    ck_assert_int_eq(arrived(), 0);
}
END_TEST

START_TEST(a_busy_server_is_for_now)
{
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    if (!serve("busy"))
        return;
    ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_REFUSED, 421);
}
END_TEST

START_TEST(nobody_there_is_for_now)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, and nobody listens */
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", ntohs(address.sin_port));
    ck_assert_int_eq(try(&server, &mail), LLMLEARN_EIO);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_NO_CONNECT, 0);
    close(fd);
}
END_TEST

/* ---- time -------------------------------------------------------------- */

START_TEST(the_deadline_holds)
{
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("slow@example.org");
    uint64_t start_ns = ll_clock_monotonic_ns();

    if (!serve("starttls"))
        return;
    ck_assert_int_eq(send_within(&server, &mail, SHORT_MS), LLMLEARN_ETIMEDOUT);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_TIMED_OUT, 0);
    if (!serve("mute"))
        return;
    ck_assert_int_eq(send_within(&server, &mail, SHORT_MS), LLMLEARN_ETIMEDOUT);
    expect_result(LL_SMTP_TEMPORARY, LL_SMTP_TIMED_OUT, 0);
    ck_assert_int_eq(send_within(&server, &mail, 0), LLMLEARN_ETIMEDOUT);
    /* The server would have answered after a minute. */
    ck_assert_uint_lt(ll_clock_monotonic_ns() - start_ns, UINT64_C(50) * 1000000000);
}
END_TEST

START_TEST(an_unanswered_goodbye_is_not_waited_for)
{
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("stuck@example.org");
    uint64_t start_ns = ll_clock_monotonic_ns();

    if (!serve("starttls"))
        return;
    /* Well before the deadline, and before the server would say goodbye. */
    expect_ok(send_within(&server, &mail, 10 * AMPLE_MS));
    expect_arrived(&mail, "engine", true);
    ck_assert_uint_lt(ll_clock_monotonic_ns() - start_ns, UINT64_C(50) * 1000000000);
}
END_TEST

static void *raise_flag(void *flag)
{
    ll_clock_sleep_us(300000);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

START_TEST(a_raised_flag_stops_it)
{
    static const char *const ways[] = { "mute", "starttls" };
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("slow@example.org");
    pthread_t thread;

    for (int i = 0; i < 2; i++) {
        atomic_int flag = 0;

        if (!serve(ways[i]))
            return;
        pthread_create(&thread, NULL, raise_flag, &flag);
        ck_assert_int_eq(ll_smtp_send(&server, &mail, ll_deadline_in_ms(AMPLE_MS), &flag, &result),
                         LLMLEARN_ECANCELLED);
        expect_result(LL_SMTP_TEMPORARY, LL_SMTP_CANCELLED, 0);
        pthread_join(thread, NULL);
    }
}
END_TEST

/* ---- what we refuse ourselves ------------------------------------------ */

static void refused_data(const char *data, size_t bytes)
{
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    mail.data = data;
    mail.bytes = bytes;
    expect_err(try(&server, &mail), LLMLEARN_EINVAL, "data: ");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_ARGUMENT, 0);
}

START_TEST(no_server_sees_half_a_line)
{
    static const char *const wrong[] = {
        "",          "a",           "a\n",           "\n\r\n",       "a\r\r\n",
        "a\rb\r\n",  "a\n.\nb\r\n", "a\r\n.\rb\r\n", "\xc3\xa4\r\n", "a\r\n.\n\r\n",
        "a\n\n.\r\n"
    };
    char *large = malloc(LL_SMTP_BYTES_MAX + 2);

    strcpy(url, "smtp://127.0.0.1:1");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused_data(wrong[i], strlen(wrong[i]));
    refused_data("a\0\r\n", 4);
    memset(large, 'x', LL_SMTP_BYTES_MAX + 2);
    memcpy(large + LL_SMTP_LINE_BYTES_MAX + 1, "\r\n", 2);
    refused_data(large, LL_SMTP_LINE_BYTES_MAX + 3);
    for (size_t i = 0; i + 1 < LL_SMTP_BYTES_MAX + 2; i += 2)
        memcpy(large + i, "\r\n", 2);
    refused_data(large, LL_SMTP_BYTES_MAX + 2);
    free(large);
}
END_TEST

START_TEST(no_address_ends_a_command)
{
    static const char *const wrong[] = {
        "a@b.c>\r\nRCPT TO:<x@y.z", "a@b.c\n", "<a@b.c>", "a b@c.d", "a@b.c SIZE=1", "", "-a@b.c"
    };
    ll_smtp_server server = usual();

    if (!serve("starttls"))
        return;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *to[] = { "ops@example.org", wrong[i] };
        ll_smtp_mail mail = mail_from(wrong[i]);

        expect_err(try(&server, &mail), LLMLEARN_EINVAL, "from: ");
        mail = mail_from("engine@example.org");
        mail.to = to;
        mail.to_count = 2;
        expect_err(try(&server, &mail), LLMLEARN_EINVAL, "to[1]: ");
        expect_result(LL_SMTP_PERMANENT, LL_SMTP_ARGUMENT, 0);
    }
    ck_assert_int_eq(arrived(), 0);
}
END_TEST

START_TEST(counts_have_limits)
{
    const char *to[LL_SMTP_TO_MAX + 1];
    const ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    if (!serve("starttls"))
        return;
    for (int i = 0; i <= LL_SMTP_TO_MAX; i++)
        to[i] = i == 7 || i == LL_SMTP_TO_MAX - 1 ? "unknown@b.c" : "ops@b.c";
    mail.to = to;
    mail.to_count = LL_SMTP_TO_MAX;
    expect_ok(try(&server, &mail));
    ck_assert_uint_eq(result.refused_count, 2);
    mail.to_count++;
    expect_err(try(&server, &mail), LLMLEARN_EINVAL, "to: ");
    mail.to_count = 0;
    expect_err(try(&server, &mail), LLMLEARN_EINVAL, "to: ");
}
END_TEST

START_TEST(servers_are_named_plainly)
{
    static const char *const wrong[] = { "",
                                         "mail.example.org",
                                         "http://mail.example.org",
                                         "https://mail.example.org",
                                         "SMTP://mail.example.org",
                                         "smtp://",
                                         "smtp:///",
                                         "smtp://engine:" CANARY "@mail.example.org",
                                         "smtp://mail.example.org/" CANARY,
                                         "smtp://mail.example.org?" CANARY,
                                         "smtp://mail.example.org#" CANARY,
                                         "smtp://mail.example.org:0",
                                         "smtp://mail.example.org:65536",
                                         "smtp://mail.example.org\r\n",
                                         "smtp://mail example.org",
                                         "smtp://0x7f.1" };
    ll_smtp_server server = usual();

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        server.url = wrong[i];
        expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "url: ");
        ck_assert_ptr_null(strstr(llmlearn_error_detail(), CANARY));
    }
    server.url = "smtps://mail.example.org:465";
    expect_ok(ll_smtp_check(&server));
    server.plain_loopback = true; /* but not there */
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "url: ");
    server.url = "smtp://10.0.0.1";
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "url: ");
    server.url = "smtp://localhost.example.org";
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "url: ");
    server.url = "smtp://[::1]:25";
    expect_ok(ll_smtp_check(&server));
    server.password = NULL;
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "password: ");
    server.password = CANARY "\n";
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "password: ");
    ck_assert_ptr_null(strstr(llmlearn_error_detail(), CANARY));
    server = usual();
    server.url = "smtp://localhost";
    server.user = "a\nb";
    expect_err(ll_smtp_check(&server), LLMLEARN_EINVAL, "user: ");
}
END_TEST

START_TEST(private_addresses_need_leave)
{
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");

    server.url = "smtp://10.255.255.1:1";
    expect_err(send_within(&server, &mail, SHORT_MS), LLMLEARN_EINVAL, "address");
    expect_result(LL_SMTP_PERMANENT, LL_SMTP_NO_CONNECT, 0);
}
END_TEST

/* ---- no memory --------------------------------------------------------- */

static long allocations_left = -1; /* of libcurl's; -1: as many as it wants */

static bool fails_now(void)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

static void *curl_malloc(size_t bytes)
{
    return fails_now() ? NULL : malloc(bytes);
}

static void *curl_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : calloc(count, bytes);
}

static void *curl_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : realloc(old, bytes);
}

static char *curl_strdup(const char *text)
{
    return fails_now() ? NULL : strdup(text);
}

typedef int init_mem(long, void *(*)(size_t), void (*)(void *), void *(*)(void *, size_t),
                     char *(*)(const char *), void *(*)(size_t, size_t));

/* libcurl's memory is ours to refuse, in this process, from before it is first used. */
static bool take_over_memory(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    init_mem *init = NULL;

    if (library != NULL)
        *(void **)&init = dlsym(library, "curl_global_init_mem");
    return init != NULL && init(3, curl_malloc, free, curl_realloc, curl_strdup, curl_calloc) == 0;
}

/* From its n-th on no allocation of libcurl succeeds. Whatever it makes of that, it is never sent
 * without having been, and never given up for ever. */
START_TEST(no_memory_is_an_error)
{
    static const char *const two[] = { "a@b.c", "d@e.f" };
    ll_smtp_server server = usual();
    ll_smtp_mail mail = mail_from("engine@example.org");
    int n = 1;

    if (!take_over_memory() || !serve("plain-auth"))
        return;
    server.plain_loopback = true;
    mail.to = two;
    mail.to_count = 2;
    for (;; n++) {
        ck_assert_int_lt(n, 3000);
        allocations_left = n;
        llmlearn_err err = send_within(&server, &mail, 3 * SHORT_MS);
        bool refused = allocations_left == 0;
        allocations_left = -1;
        if (!refused || err == LLMLEARN_OK)
            break;
        ck_assert_int_eq(arrived(), 0);
        /* Without memory it may also forget that it waits. */
        ck_assert_msg(err == LLMLEARN_ENOMEM || err == LLMLEARN_EIO || err == LLMLEARN_ETIMEDOUT,
                      "allocation %d: %d: %s", n, (int)err, llmlearn_error_detail());
        ck_assert_msg(result.outcome == LL_SMTP_TEMPORARY, "allocation %d: cause %d: %s", n,
                      (int)result.cause, llmlearn_error_detail());
    }
    ck_assert_int_gt(n, 20);
    expect_ok(try(&server, &mail));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smtp");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_set_timeout(all, 4 * PROGRAM_SECONDS);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, arrives_by_starttls);
    tcase_add_test(all, arrives_by_tls);
    tcase_add_test(all, arrives_at_node);
    tcase_add_test(all, a_password_may_be_asked_for);
    tcase_add_test(all, without_starttls_nothing_is_said);
    tcase_add_test(all, certificates_are_verified);
    tcase_add_test(all, refusals_are_told_apart);
    tcase_add_test(all, for_now_is_not_for_ever);
    tcase_add_test(all, one_bad_address_does_not_keep_it_from_others);
    tcase_add_test(all, a_wrong_password_is_told);
    tcase_add_test(all, a_busy_server_is_for_now);
    tcase_add_test(all, nobody_there_is_for_now);
    tcase_add_test(all, the_deadline_holds);
    tcase_add_test(all, an_unanswered_goodbye_is_not_waited_for);
    tcase_add_test(all, a_raised_flag_stops_it);
    tcase_add_test(all, no_server_sees_half_a_line);
    tcase_add_test(all, no_address_ends_a_command);
    tcase_add_test(all, counts_have_limits);
    tcase_add_test(all, servers_are_named_plainly);
    tcase_add_test(all, private_addresses_need_leave);
    tcase_add_test(all, no_memory_is_an_error);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
