/* smtp.h - gives the bytes of one mail to a mail server.
 *
 *   smtps://mail.example.org[:465]   TLS from the first byte
 *   smtp://mail.example.org[:587]    TLS by STARTTLS before anything is said; a server that does
 *                                    not offer it is refused
 *   smtp://127.0.0.1:25              without TLS only with `plain_loopback`, and only to this
 *                                    machine itself
 *
 * Certificates are always verified, also those of this machine. Which addresses may be called is
 * the rule of url.h. What a server says beside its codes is never repeated, and no line of detail
 * holds a password. Our copies of the password are overwritten; libcurl's own are its own.
 *
 * A recipient who is refused does not keep the mail from the others. The mail is sent once the
 * server has answered 250 to its last byte; when a connection breaks after that byte and before
 * that answer, nobody knows, and it counts as not sent: so a mail can come twice.
 *
 * Threads: any; a connection of its own per mail.
 * Uses:    clock, smtp_address, transfer, url. */
#ifndef LL_HTTP_SMTP_H
#define LL_HTTP_SMTP_H

#include "base/clock.h"
#include "llmlearn.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_SMTP_TO_MAX 50            /* one word holds what was said to each */
#define LL_SMTP_BYTES_MAX (4u << 20) /* a text of 1 MiB, encoded */
#define LL_SMTP_LINE_BYTES_MAX 998   /* RFC 5321, without its CRLF */
#define LL_SMTP_USER_BYTES_MAX 320   /* a mail address and some more */
#define LL_SMTP_PASSWORD_BYTES                                                                     \
    1024                         /* with its NUL; tokens of OAuth are longer and other things      \
                                  */
#define LL_SMTP_CONNECT_MS 60000 /* until it has said hello: some wait half a minute on purpose */

/* Writes the password, NUL-terminated, or returns an error that ends the sending. */
typedef llmlearn_err (*ll_smtp_password_fn)(void *user, char out_password[LL_SMTP_PASSWORD_BYTES]);

typedef struct ll_smtp_server {
    const char *url;
    const char *user;     /* NULL: without AUTH */
    const char *password; /* or NULL, and by a function */
    ll_smtp_password_fn ask_password;
    void *ask_password_user;
    const char *ca_file; /* NULL: the system's */
    bool plain_loopback;
    bool allow_private; /* addresses of private networks may be called */
} ll_smtp_server;

/* All recipients get the same bytes: ASCII, lines that end in CRLF, the last one too. */
typedef struct ll_smtp_mail {
    const char *from;
    const char *const *to;
    uint32_t to_count; /* 1 to LL_SMTP_TO_MAX */
    const char *data;
    size_t bytes;
} ll_smtp_mail;

typedef enum ll_smtp_outcome {
    LL_SMTP_SENT = 0,
    LL_SMTP_TEMPORARY, /* may go another time: 4xx, no connection, broken off, deadline */
    LL_SMTP_PERMANENT  /* will not until somebody changes something: 5xx, TLS, AUTH, arguments */
} ll_smtp_outcome;

typedef enum ll_smtp_cause {
    LL_SMTP_NO_CAUSE = 0,
    LL_SMTP_ARGUMENT,   /* it was not even tried */
    LL_SMTP_NO_CONNECT, /* or its address may not be called */
    LL_SMTP_TLS,        /* not offered, or its certificate is not good */
    LL_SMTP_AUTH,       /* user or password are wrong, or no way to give them is offered */
    LL_SMTP_REFUSED,    /* the sender, all recipients or the mail, by `code` */
    LL_SMTP_BROKEN,
    LL_SMTP_TIMED_OUT,
    LL_SMTP_CANCELLED,
    LL_SMTP_OURSELVES /* no memory, no libcurl */
} ll_smtp_cause;

typedef struct ll_smtp_result {
    ll_smtp_outcome outcome;
    ll_smtp_cause cause;
    int code;               /* the server's last, if it was 400 or more; else 0 */
    uint32_t refused_count; /* of LL_SMTP_SENT: recipients it did not take */
} ll_smtp_result;

/* Could it be sent to by what the fields say? LLMLEARN_EINVAL with the field and the rule;
 * LLMLEARN_EUNSUPPORTED without libcurl. Calls nobody, asks for no password. */
llmlearn_err ll_smtp_check(const ll_smtp_server *server);

/* LLMLEARN_OK: sent. Else LLMLEARN_EINVAL, LLMLEARN_EIO, LLMLEARN_ETIMEDOUT, LLMLEARN_ECANCELLED,
 * LLMLEARN_ENOMEM, LLMLEARN_EUNSUPPORTED, or what ask_password returned. The result is written in
 * any case. cancel: NULL; non-zero: stop. Either limit may be seen a second late, where libcurl
 * waits for an answer by itself. */
llmlearn_err ll_smtp_send(const ll_smtp_server *server, const ll_smtp_mail *mail,
                          ll_deadline deadline, const atomic_int *cancel,
                          ll_smtp_result *out_result);

#endif
