/* message.h - one plain-text message as the bytes that SMTP carries.
 *
 *     Date: Mon, 23 Nov 2026 14:00:00 +0000
 *     Message-ID: <9f0c...@example.org>          32 random digits, or given
 *     From: =?UTF-8?B?...?= <engine@example.org>
 *     To: ops@example.org,
 *      desk@example.org
 *     Subject: =?UTF-8?B?...?=                   encoded only if it must be (RFC 2047)
 *     MIME-Version: 1.0
 *     Content-Type: text/plain; charset=utf-8
 *     Content-Transfer-Encoding: quoted-printable
 *     Auto-Submitted: auto-generated             so that nobody's holiday answers it (RFC 3834)
 *
 *     lines of at most 76 bytes, all ending in CRLF, none beginning with '.' or "From "
 *
 * These headers and no others, whatever is in the fields: an address is what smtp_address.h
 * allows, and a control character in any field is refused. The text may have line ends, LF, CRLF
 * or CR, and tabs.
 *
 * Threads: pure functions, but for the random id.
 * Uses:    base, http/smtp_address. */
#ifndef LL_MAIL_MESSAGE_H
#define LL_MAIL_MESSAGE_H

#include "base/buffer.h"
#include "llmlearn.h"

#include <stdint.h>

#define LL_MESSAGE_ID_BYTES 16
#define LL_MESSAGE_TO_MAX 50             /* a list of people; servers must take 100 */
#define LL_MESSAGE_NAME_BYTES_MAX 128    /* of a person or a program */
#define LL_MESSAGE_SUBJECT_BYTES_MAX 512 /* what a list of mails shows is a fifth of it */
#define LL_MESSAGE_TEXT_BYTES_MAX (1u << 20)

typedef struct ll_message {
    int64_t at_us;         /* 1970 to 9999 */
    const char *from_name; /* NULL or "": none */
    const char *from;
    const char *const *to;
    uint32_t to_count; /* 1 to LL_MESSAGE_TO_MAX */
    const char *subject;
    const char *text;
    /* LL_MESSAGE_ID_BYTES that are the same when the same message is sent again, so that a mailbox
     * can tell; NULL: random ones. */
    const uint8_t *id;
} ll_message;

/* LLMLEARN_EINVAL with a line that begins with the field's name: "from", "to[2]", "subject" ...
 * `out` is an empty buffer and stays one on failure. */
llmlearn_err ll_message_write(const ll_message *message, ll_buffer *out);

#endif
