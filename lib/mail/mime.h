/* mime.h - UTF-8 text in a mail, whose lines are short and of ASCII.
 *
 * In headers as RFC 2047 has it, in bodies as quoted-printable (RFC 2045). Every line that comes
 * of it has at most 76 bytes, and none inside a body begins with '.' or "From ", which some
 * servers and mailboxes change.
 *
 * Threads: pure functions.
 * Uses:    base. */
#ifndef LL_MAIL_MIME_H
#define LL_MAIL_MIME_H

#include "base/buffer.h"

#define LL_MIME_LINE_BYTES 76

/* For people to read, after so many bytes of its line ("Subject: " is 9): as it is, folded between
 * words, or encoded if that would not give back the same text. Text without control characters. */
void ll_mime_put_text(ll_buffer *out, size_t column, const char *text, size_t bytes);

/* The same before an address, where fewer characters may stand as they are. */
void ll_mime_put_name(ll_buffer *out, size_t column, const char *name, size_t bytes);

/* A body: its line ends, LF, CRLF or CR, become CRLF, and the last line gets one. */
void ll_mime_put_body(ll_buffer *out, const char *text, size_t bytes);

#endif
