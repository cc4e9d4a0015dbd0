#include "http/smtp.h"

#include "base/err.h"
#include "http/smtp_address.h"
#include "http/transfer.h"
#include "http/url.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_BYTES = 24 };

/* One mail on its way. */
typedef struct sending {
    const ll_curl *curl;
    const ll_smtp_server *server;
    const ll_smtp_mail *mail;
    ll_url url;
    bool implicit_tls;
    CURL *easy;
    struct curl_slist *to;
    ll_transfer transfer;
    size_t read; /* of the mail's bytes */
    /* What the server said: its last code; the refusals and the refusals for now among its last
     * 64 answers, the latest in the lowest bit; and how far that got us. */
    int code;
    uint64_t refusals, refusals_for_now;
    uint32_t refused_count;
    bool data_asked, accepted;
} sending;

_Static_assert(LL_SMTP_TO_MAX <= 64, "an answer to each recipient is a bit");

/* ---- what we take ------------------------------------------------------ */

/* The same rules for a host as anywhere: libcurl reads it as if it were for https. */
static llmlearn_err check_url(sending *s)
{
    static const char implicit[] = "smtps://", starttls[] = "smtp://";
    const char *url = s->server->url;
    char as_https[LL_URL_BYTES_MAX + 2];
    const char *rest;

    if (url != NULL && strncmp(url, implicit, sizeof implicit - 1) == 0)
        rest = url + sizeof implicit - 1;
    else if (url != NULL && strncmp(url, starttls, sizeof starttls - 1) == 0)
        rest = url + sizeof starttls - 1;
    else
        return ll_fail(LLMLEARN_EINVAL, "url: must be smtps://host or smtp://host");
    if (rest[strcspn(rest, "/?")] != '\0')
        return ll_fail(LLMLEARN_EINVAL, "url: nothing may follow the host and the port");
    snprintf(as_https, sizeof as_https, "https://%s", rest);
    llmlearn_err err = ll_url_check(s->curl, as_https, &s->url);
    if (err != LLMLEARN_OK)
        return err;

    s->implicit_tls = url[4] == 's';
    if (s->server->plain_loopback && (s->implicit_tls || !s->url.loopback))
        return ll_fail(LLMLEARN_EINVAL, "url: without TLS it must be smtp:// and this machine "
                                        "itself (127.0.0.1, [::1], localhost)");
    return LLMLEARN_OK;
}

/* One line of text, of which nothing is repeated. */
static llmlearn_err check_secret(const char *field, const char *text, size_t bytes_max)
{
    size_t bytes = strnlen(text, bytes_max + 1);

    if (bytes == 0 || bytes > bytes_max)
        return ll_fail(LLMLEARN_EINVAL, "%s: must have 1 to %zu bytes", field, bytes_max);
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            return ll_fail(LLMLEARN_EINVAL,
                           "%s: must be one line of text; one that was read from "
                           "a file may end in a line feed",
                           field);
    return LLMLEARN_OK;
}

static llmlearn_err check_server(sending *s)
{
    const ll_smtp_server *server = s->server;
    llmlearn_err err = check_url(s);

    if (err != LLMLEARN_OK || server->user == NULL)
        return err;
    err = check_secret("user", server->user, LL_SMTP_USER_BYTES_MAX);
    if (err == LLMLEARN_OK && server->password == NULL && server->ask_password == NULL)
        return ll_fail(LLMLEARN_EINVAL, "password: there is none for the user");
    if (err == LLMLEARN_OK && server->password != NULL)
        err = check_secret("password", server->password, LL_SMTP_PASSWORD_BYTES - 1);
    return err;
}

static llmlearn_err check_people(const ll_smtp_mail *mail)
{
    char field[FIELD_BYTES];
    llmlearn_err err = ll_smtp_address_check("from", mail->from);

    if (err == LLMLEARN_OK && (mail->to_count == 0 || mail->to_count > LL_SMTP_TO_MAX))
        return ll_fail(LLMLEARN_EINVAL, "to: %" PRIu32 " addresses, must be 1 to %d",
                       mail->to_count, LL_SMTP_TO_MAX);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < mail->to_count; i++) {
        snprintf(field, sizeof field, "to[%" PRIu32 "]", i);
        err = ll_smtp_address_check(field, mail->to[i]);
    }
    return err;
}

/* A bare CR or LF is where two servers may see the end of a mail in two places. */
static llmlearn_err check_data(const ll_smtp_mail *mail)
{
    size_t line = 0;

    if (mail->bytes < 2 || mail->bytes > LL_SMTP_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "data: %zu bytes, must be 2 to %u", mail->bytes,
                       LL_SMTP_BYTES_MAX);
    if (memcmp(mail->data + mail->bytes - 2, "\r\n", 2) != 0)
        return ll_fail(LLMLEARN_EINVAL, "data: must end in CRLF");
    for (size_t i = 0; i < mail->bytes; i++) {
        unsigned char c = (unsigned char)mail->data[i];

        if (c == '\r' && mail->data[i + 1] == '\n') { /* there is one more: it ends in LF */
            i++;
            line = 0;
        } else if (c == '\0' || c == '\r' || c == '\n' || c > 127) {
            return ll_fail(LLMLEARN_EINVAL, "data: byte %zu is not ASCII or ends a line alone", i);
        } else if (++line > LL_SMTP_LINE_BYTES_MAX) {
            return ll_fail(LLMLEARN_EINVAL, "data: a line of more than %d bytes",
                           LL_SMTP_LINE_BYTES_MAX);
        }
    }
    return LLMLEARN_OK;
}

/* ---- what the server says ---------------------------------------------- */

/* The bits of the last answers, one to each recipient. */
static uint64_t recipients(const sending *s)
{
    return UINT64_MAX >> (64 - s->mail->to_count);
}

static void hear(sending *s, int code)
{
    if (code == 221) /* goodbye: says nothing of the mail */
        return;
    s->code = code;
    if (code == 354) {
        s->data_asked = true;
        s->refused_count = (uint32_t)__builtin_popcountll(s->refusals & recipients(s));
    } else if (s->data_asked && code >= 200 && code < 300) {
        s->accepted = true;
    }
    s->refusals = s->refusals << 1 | (code >= 400);
    s->refusals_for_now = s->refusals_for_now << 1 | (code >= 400 && code < 500);
}

/* libcurl hands over every line that the server sends; "250-" is not yet the last of an answer. */
static size_t take_line(char *line, size_t one, size_t bytes, void *user)
{
    sending *s = user;
    int code = 0;

    (void)one;
    for (int i = 0; i < 3; i++) {
        if (bytes < 4 || line[i] < '0' || line[i] > '9')
            return bytes;
        code = 10 * code + (line[i] - '0');
    }
    if (line[3] != '-' && !s->accepted)
        hear(s, code);
    return bytes;
}

static size_t take_nothing(char *data, size_t one, size_t bytes, void *user)
{
    (void)data;
    (void)user;
    return one * bytes;
}

static size_t give_bytes(char *out, size_t one, size_t room, void *user)
{
    sending *s = user;
    size_t left = s->mail->bytes - s->read;
    size_t bytes = left < room * one ? left : room * one;

    memcpy(out, s->mail->data + s->read, bytes);
    s->read += bytes;
    return bytes;
}

static bool is_cancelled(const sending *s)
{
    return s->transfer.cancel != NULL && atomic_load(s->transfer.cancel) != 0;
}

/* Asked by libcurl once a second while it waits by itself: for the answer to the whole mail, and
 * for the one to QUIT, which nobody needs. Non-zero: stop. */
static int progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const sending *s = user;

    (void)a, (void)b, (void)c, (void)d;
    return s->accepted || is_cancelled(s) || ll_deadline_passed(s->transfer.deadline);
}

/* ---- sending ----------------------------------------------------------- */

/* The first failure is kept. */
static void keep(CURLcode *first, CURLcode code)
{
    if (*first == CURLE_OK)
        *first = code;
}

static CURLcode set_user(sending *s, const char *password)
{
    CURLcode code = CURLE_OK;

    if (s->server->user == NULL)
        return CURLE_OK;
    keep(&code, s->curl->easy_setopt(s->easy, CURLOPT_USERNAME, s->server->user));
    keep(&code, s->curl->easy_setopt(s->easy, CURLOPT_PASSWORD, password));
    return code;
}

static CURLcode set_up(sending *s)
{
    const ll_curl *curl = s->curl;
    CURL *easy = s->easy;
    long tls = s->server->plain_loopback ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    long left_ms = (long)ll_deadline_left_ms(s->transfer.deadline) + 1; /* 0 would be for ever */
    CURLcode code = ll_transfer_prepare(curl, easy, &s->transfer);

    keep(&code, curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtps,smtp"));
    keep(&code, curl->easy_setopt(easy, CURLOPT_URL, s->server->url));
    keep(&code, curl->easy_setopt(easy, CURLOPT_USE_SSL, tls));
    keep(&code, curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)LL_SMTP_CONNECT_MS));
    keep(&code, curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms));
    keep(&code, curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L)); /* so progress is asked */
    keep(&code, curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progress));
    keep(&code, curl->easy_setopt(easy, CURLOPT_XFERINFODATA, s));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HEADERDATA, s));
    keep(&code, curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_nothing));
    keep(&code, curl->easy_setopt(easy, CURLOPT_UPLOAD, 1L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes));
    keep(&code, curl->easy_setopt(easy, CURLOPT_READDATA, s));
    keep(&code, curl->easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->mail->bytes));
    keep(&code, curl->easy_setopt(easy, CURLOPT_MAIL_FROM, s->mail->from));
    keep(&code, curl->easy_setopt(easy, CURLOPT_MAIL_RCPT, s->to));
    keep(&code, curl->easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L));
    return code;
}

static bool list_recipients(sending *s)
{
    for (uint32_t i = 0; i < s->mail->to_count; i++) {
        struct curl_slist *longer = s->curl->slist_append(s->to, s->mail->to[i]);

        if (longer == NULL)
            return false;
        s->to = longer;
    }
    return true;
}

/* libcurl copies the password; ours is gone before anybody is called. */
static llmlearn_err give_password(sending *s, CURLcode *code)
{
    char asked[LL_SMTP_PASSWORD_BYTES] = { 0 };
    const ll_smtp_server *server = s->server;
    llmlearn_err err = LLMLEARN_OK;

    if (server->user != NULL && server->password == NULL) {
        err = server->ask_password(server->ask_password_user, asked);
        if (err == LLMLEARN_OK)
            err = check_secret("password", asked, sizeof asked - 1);
    }
    if (err == LLMLEARN_OK)
        keep(code, set_user(s, server->password != NULL ? server->password : asked));
    explicit_bzero(asked, sizeof asked);
    return err;
}

/* ---- what became of it ------------------------------------------------- */

static ll_smtp_result result_of(ll_smtp_outcome outcome, ll_smtp_cause cause)
{
    return (ll_smtp_result){ .outcome = outcome, .cause = cause };
}

/* Of what ended it before anybody was called. */
static ll_smtp_result result_before(llmlearn_err err)
{
    if (err == LLMLEARN_EINVAL)
        return result_of(LL_SMTP_PERMANENT, LL_SMTP_ARGUMENT);
    return result_of(LL_SMTP_TEMPORARY, LL_SMTP_OURSELVES);
}

static ll_smtp_cause cause_of(const sending *s, ll_http_failure failure, CURLcode code)
{
    if (failure == LL_HTTP_CANCELLED || is_cancelled(s))
        return LL_SMTP_CANCELLED;
    if (failure == LL_HTTP_TIMED_OUT || ll_deadline_passed(s->transfer.deadline))
        return LL_SMTP_TIMED_OUT;
    if (failure == LL_HTTP_NO_MEMORY || failure == LL_HTTP_NO_LIBRARY)
        return LL_SMTP_OURSELVES;
    if (failure == LL_HTTP_TLS)
        return LL_SMTP_TLS;
    if (code == CURLE_LOGIN_DENIED)
        return LL_SMTP_AUTH;
    if (s->code >= 400)
        return LL_SMTP_REFUSED;
    if (failure == LL_HTTP_REFUSED || failure == LL_HTTP_NO_CONNECT)
        return LL_SMTP_NO_CONNECT;
    return LL_SMTP_BROKEN;
}

/* A server may be down for an hour; its certificate, a password, an address are wrong until
 * somebody does something. But "for now" is believed of any of them. */
static ll_smtp_outcome outcome_of(const sending *s, ll_smtp_cause cause, ll_http_failure failure,
                                  CURLcode code)
{
    bool for_now = s->code >= 400 && s->code < 500;

    switch (cause) {
    case LL_SMTP_TLS: /* a handshake that breaks off may be any trouble */
        return for_now || code == CURLE_SSL_CONNECT_ERROR ? LL_SMTP_TEMPORARY : LL_SMTP_PERMANENT;
    case LL_SMTP_AUTH:
        return for_now ? LL_SMTP_TEMPORARY : LL_SMTP_PERMANENT;
    case LL_SMTP_REFUSED:
        for_now = for_now || (s->refusals_for_now & recipients(s)) != 0;
        return for_now ? LL_SMTP_TEMPORARY : LL_SMTP_PERMANENT;
    case LL_SMTP_NO_CONNECT:
        return failure == LL_HTTP_REFUSED ? LL_SMTP_PERMANENT : LL_SMTP_TEMPORARY;
    default:
        return LL_SMTP_TEMPORARY;
    }
}

static llmlearn_err fail(const sending *s, ll_http_failure failure, CURLcode code,
                         ll_smtp_result *out_result)
{
    ll_smtp_cause cause = cause_of(s, failure, code);
    ll_smtp_result result = result_of(outcome_of(s, cause, failure, code), cause);
    const char *host = s->url.host;

    result.code = s->code >= 400 ? s->code : 0;
    *out_result = result;
    switch (cause) {
    case LL_SMTP_CANCELLED:
        return ll_transfer_fail(s->curl, LL_HTTP_CANCELLED, code, host);
    case LL_SMTP_TIMED_OUT:
        return ll_transfer_fail(s->curl, LL_HTTP_TIMED_OUT, code, host);
    case LL_SMTP_AUTH:
        if (result.code == 0)
            return ll_fail(LLMLEARN_EIO, "%s: offers no way to log in", host);
        return ll_fail(LLMLEARN_EIO, "%s: does not take the user and password (SMTP %d)", host,
                       s->code);
    case LL_SMTP_REFUSED:
        return ll_fail(LLMLEARN_EIO, "%s: refuses the sender, the recipients or the mail (SMTP %d)",
                       host, s->code);
    case LL_SMTP_TLS:
        if (code == CURLE_USE_SSL_FAILED)
            return ll_fail(LLMLEARN_EIO, "%s: does not offer STARTTLS (SMTP %d)", host, s->code);
        break;
    default:
        break;
    }
    return ll_transfer_fail(s->curl, failure, code, host);
}

static llmlearn_err perform(sending *s, ll_smtp_result *out_result)
{
    CURLcode code = CURLE_OK;

    s->easy = s->curl->easy_init();
    if (s->easy == NULL || !list_recipients(s))
        return fail(s, LL_HTTP_NO_MEMORY, CURLE_OK, out_result);
    code = set_up(s);
    llmlearn_err err = give_password(s, &code);
    if (err != LLMLEARN_OK) {
        *out_result = result_before(err);
        return err;
    }
    if (code != CURLE_OK)
        return fail(s, code == CURLE_OUT_OF_MEMORY ? LL_HTTP_NO_MEMORY : LL_HTTP_NO_LIBRARY, code,
                    out_result);
    ll_http_failure failure = ll_transfer_run(s->curl, s->easy, &s->transfer, &code);
    if (!s->accepted)
        return fail(s, failure == LL_HTTP_DONE ? LL_HTTP_BROKEN : failure, code, out_result);
    *out_result = result_of(LL_SMTP_SENT, LL_SMTP_NO_CAUSE);
    out_result->refused_count = s->refused_count;
    return LLMLEARN_OK;
}

llmlearn_err ll_smtp_check(const ll_smtp_server *server)
{
    sending s = { .server = server };

    assert(server != NULL);
    llmlearn_err err = ll_curl_load(&s.curl);
    return err == LLMLEARN_OK ? check_server(&s) : err;
}

llmlearn_err ll_smtp_send(const ll_smtp_server *server, const ll_smtp_mail *mail,
                          ll_deadline deadline, const atomic_int *cancel,
                          ll_smtp_result *out_result)
{
    sending s = { .server = server, .mail = mail };

    assert(server != NULL && mail != NULL && out_result != NULL);
    llmlearn_err err = ll_curl_load(&s.curl);
    if (err == LLMLEARN_OK)
        err = check_server(&s);
    if (err == LLMLEARN_OK)
        err = check_people(mail);
    if (err == LLMLEARN_OK)
        err = check_data(mail);
    *out_result = result_before(err);
    if (err != LLMLEARN_OK)
        return err;

    s.transfer = (ll_transfer){ .ca_file = server->ca_file,
                                .addresses = ll_url_addresses(&s.url, server->allow_private),
                                .deadline = deadline,
                                .cancel = cancel };
    err = perform(&s, out_result);
    ll_transfer_clean_up(s.curl, s.easy);
    ll_transfer_free_list(s.curl, s.to);
    return err;
}
