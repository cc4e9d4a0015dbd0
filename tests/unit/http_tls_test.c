/* Whom we trust: servers with every kind of certificate, by openssl. */
#include "http/request.h"
#include "support/canary.h"
#include "support/child.h"
#include "support/expect.h"
#include "support/folder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOON_MS 30000

static char folder[FOLDER_PATH_BYTES];

/* Two authorities; of the first: a good certificate, one of another host, one of yesterday and
 * one of tomorrow; of the second a good one; and one that nobody signed. */
static const char make_certificates[] =
    "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
    "for ca in ca other_ca; do\n"
    "  openssl req -x509 $key -keyout $ca.key -out $ca.pem -days 10 -subj /CN=$ca\n"
    "done\n"
    "here='subjectAltName=DNS:localhost,IP:127.0.0.1'\n"
    "openssl req -x509 $key -keyout self_signed.key -out self_signed.pem -days 10 \\\n"
    "  -subj /CN=localhost -addext $here\n"
    "cat >ca.conf <<END\n"
    "[ca]\n"
    "default_ca=all\n"
    "[all]\n"
    "database=index\n"
    "new_certs_dir=.\n"
    "default_md=sha256\n"
    "policy=any\n"
    "rand_serial=yes\n"
    "unique_subject=no\n"
    "copy_extensions=copy\n"
    "[any]\n"
    "commonName=supplied\n"
    "END\n"
    ": >index\n"
    "sign() {\n" /* name, authority, host, from, to */
    "  openssl req -new $key -keyout $1.key -out $1.csr -subj /CN=localhost -addext \"$3\"\n"
    "  openssl ca -batch -config ca.conf -cert $2.pem -keyfile $2.key -in $1.csr -out $1.pem \\\n"
    "    -startdate $4 -enddate $5 -notext\n"
    "}\n"
    "day() { date -u -d \"$1 days\" +%Y%m%d%H%M%SZ; }\n"
    "sign good ca $here $(day -1) $(day 5)\n"
    "sign wrong_host ca subjectAltName=DNS:other.example,IP:127.0.0.2 $(day -1) $(day 5)\n"
    "sign expired ca $here $(day -5) $(day -1)\n"
    "sign not_yet ca $here $(day 1) $(day 5)\n"
    "sign wrong_ca other_ca $here $(day -1) $(day 5)\n";

typedef struct server_case {
    const char *certificate;
    const char *ca;           /* NULL: the system's */
    const char *option;       /* of openssl s_server */
    const char *option_value; /* of -servername */
    const char *host;
    bool accepted;
} server_case;

static const server_case cases[] = {
    { "good", "ca.pem", NULL, NULL, "127.0.0.1", true },
    { "good", "ca.pem", NULL, NULL, "localhost", true },
    { "good", "ca.pem", "-tls1_2", NULL, "127.0.0.1", true },
    { "good", "ca.pem", "-tls1_3", NULL, "127.0.0.1", true },
    { "good", "ca.pem", "-servername_fatal", "localhost", "localhost", true },
    { "self_signed", "self_signed.pem", NULL, NULL, "127.0.0.1", true }, /* pinned */
    { "self_signed", "ca.pem", NULL, NULL, "127.0.0.1", false },
    { "self_signed", NULL, NULL, NULL, "127.0.0.1", false },
    { "good", NULL, NULL, NULL, "127.0.0.1", false },
    { "good", "absent.pem", NULL, NULL, "127.0.0.1", false },
    { "good", "good.key", NULL, NULL, "127.0.0.1", false },
    { "expired", "ca.pem", NULL, NULL, "127.0.0.1", false },
    { "not_yet", "ca.pem", NULL, NULL, "127.0.0.1", false },
    { "wrong_host", "ca.pem", NULL, NULL, "127.0.0.1", false },
    { "wrong_host", "ca.pem", NULL, NULL, "localhost", false },
    { "wrong_ca", "ca.pem", NULL, NULL, "127.0.0.1", false },
    { "good", "ca.pem", "-tls1_1", NULL, "127.0.0.1", false },
    { "good", "ca.pem", "-tls1", NULL, "127.0.0.1", false },
};

/* Returns its port. */
static int start_server(child *server, const server_case *c)
{
    char certificate[FOLDER_PATH_BYTES + 64], key[FOLDER_PATH_BYTES + 64];
    const char *words[20] = { "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
                              /* or this openssl would not even offer the old versions */
                              "-cipher", "ALL:@SECLEVEL=0", "-cert", certificate, "-key", key };
    size_t count = 11;
    const char *at;

    snprintf(certificate, sizeof certificate, "%s/%s.pem", folder, c->certificate);
    snprintf(key, sizeof key, "%s/%s.key", folder, c->certificate);
    if (c->option_value != NULL) {
        const char *const more[] = { "-servername", c->option_value, "-cert2",
                                     certificate,   "-key2",         key };

        for (size_t i = 0; i < 6; i++)
            words[count++] = more[i];
    }
    if (c->option != NULL)
        words[count++] = c->option;
    child_start(server, words);
    ck_assert_msg(child_wait_for(server, "ACCEPT ") && child_wait_for(server, "\n"), "%s",
                  server->said);
    at = strstr(server->said, "ACCEPT ");
    return atoi(strrchr(at, ':') + 1);
}

static llmlearn_err ask(const server_case *c, int port, ll_http_response *out_response)
{
    char url[64], ca[FOLDER_PATH_BYTES + 64];
    static const char *const headers[] = { "Authorization: Bearer " CANARY_KEY };
    ll_http_request request = { .method = "GET",
                                .url = url,
                                .headers = headers,
                                .header_count = 1,
                                .ca_file = c->ca == NULL ? NULL : ca,
                                .deadline = ll_deadline_in_ms(SOON_MS) };

    snprintf(url, sizeof url, "https://%s:%d/", c->host, port);
    snprintf(ca, sizeof ca, "%s/%s", folder, c->ca == NULL ? "" : c->ca);
    return ll_http_send(&request, out_response);
}

static void judge(int number)
{
    const server_case *c = &cases[number];
    child *server = calloc(1, sizeof *server);
    ll_http_response response;
    int port = start_server(server, c);
    llmlearn_err err = ask(c, port, &response);

    ck_assert_msg((err == LLMLEARN_OK) == c->accepted, "case %d: %s: %s", number,
                  llmlearn_error_name(err), llmlearn_error_detail());
    if (c->accepted) {
        ck_assert_int_eq(response.status, 200);
    } else {
        ck_assert_int_eq(err, LLMLEARN_EIO);
        ck_assert_msg(response.failure == LL_HTTP_TLS, "case %d: %s", number,
                      llmlearn_error_detail());
        ck_assert_ptr_null(strstr(llmlearn_error_detail(), "canary"));
    }
    ll_http_response_free(&response);
    child_stop(server);
    free(server);
}

static void set_up(void)
{
    char command[FOLDER_PATH_BYTES + sizeof make_certificates + 64];

    folder_make(folder);
    snprintf(command, sizeof command, "set -e; cd '%s'\n%s", folder, make_certificates);
    child_run(command);
}

static void tear_down(void)
{
    folder_remove(folder);
}

START_TEST(only_good_certificates_are_taken)
{
    judge(_i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_tls");
    TCase *tests = tcase_create("http_tls");
    SRunner *runner = srunner_create(suite);
    int failed, accepted = 0, count = sizeof cases / sizeof cases[0];

    if (!child_exists("openssl")) {
        printf("SKIP no openssl to be the server\n");
        return EXIT_SUCCESS;
    }
    for (int i = 0; i < count; i++)
        accepted += cases[i].accepted;
    printf("%d servers: %d to be accepted, %d refused\n", count, accepted, count - accepted);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, only_good_certificates_are_taken, 0, count);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
