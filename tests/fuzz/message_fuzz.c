/* Any six texts as a mail: refused, or exactly our headers on short lines of ASCII, and a body that
 * decodes to the text. And as texts that are shown: valid, and one line. */
#include "base/utf8.h"
#include "mail/message.h"
#include "mail/shown.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { FIELDS = 6, BYTES_MAX = 8192 };

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Returns where the body begins. */
static const char *look_at_headers(const char *at)
{
    static const char *const names[] = { "Date: ",
                                         "Message-ID: <",
                                         "From: ",
                                         "To: ",
                                         "Subject: ",
                                         "MIME-Version: 1.0\r\n",
                                         "Content-Type: text/plain; charset=utf-8\r\n",
                                         "Content-Transfer-Encoding: quoted-printable\r\n",
                                         "Auto-Submitted: auto-generated\r\n" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect(strncmp(at, names[i], strlen(names[i])) == 0);
        do { /* with the lines that go on with it */
            const char *end = strstr(at, "\r\n");
            expect(end != NULL);
            at = end + 2;
        } while (*at == ' ');
    }
    expect(strncmp(at, "\r\n", 2) == 0);
    return at + 2;
}

static int digit(char c)
{
    const char *digits = "0123456789ABCDEF";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    expect(found != NULL);
    return (int)(found - digits);
}

/* Into the same bytes, or fewer: quoted-printable, and line ends as '\n'. */
static void decode(const char *at, char *to)
{
    for (; *at != '\0'; at++) {
        if (strncmp(at, "=\r\n", 3) == 0) {
            at += 2;
        } else if (strncmp(at, "\r\n", 2) == 0) {
            *to++ = '\n';
            at++;
        } else if (*at == '=') {
            *to++ = (char)(16 * digit(at[1]) + digit(at[2]));
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

static void same_text(const char *got, const char *text)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '\r' && text[1] == '\n')
            continue;
        expect(*got++ == (*text == '\r' ? '\n' : *text));
    }
    expect(got[0] == '\0' || (got[0] == '\n' && got[1] == '\0'));
}

static void look_at_lines(const char *at)
{
    while (*at != '\0') {
        size_t bytes = strcspn(at, "\r\n");

        expect(bytes <= 300 && strncmp(at + bytes, "\r\n", 2) == 0);
        expect(at[0] != '.' && strncmp(at, "From ", 5) != 0);
        for (size_t i = 0; i < bytes; i++)
            expect(at[i] == '\t' || (at[i] >= ' ' && at[i] <= '~'));
        at += bytes + 2;
    }
}

static void show(const char *text)
{
    char out[100];

    ll_shown_write(text, out, 16 + strlen(text) % 80);
    expect(ll_utf8_valid(out, strlen(out)));
    for (const char *c = out; *c != '\0'; c++)
        expect((uint8_t)*c >= 0x20 && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static char copy[BYTES_MAX + FIELDS], decoded[4 * BYTES_MAX];
    const char *fields[FIELDS];
    ll_buffer out = { 0 };

    if (bytes > BYTES_MAX)
        return 0;
    memset(copy, 0, sizeof copy);
    memcpy(copy, data, bytes);
    const char *at = copy;
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = at;
        show(at);
        at += strlen(at) + 1;
    }
    const ll_message message = { .at_us = 1795442400000000,
                                 .from_name = fields[0],
                                 .from = fields[1],
                                 .to = fields + 2,
                                 .to_count = 2,
                                 .subject = fields[4],
                                 .text = fields[5] };
    if (ll_message_write(&message, &out) != LLMLEARN_OK) {
        expect(out.data == NULL);
        return 0;
    }
    look_at_lines(out.data);
    decode(look_at_headers(out.data), decoded);
    same_text(decoded, message.text);
    ll_buffer_free(&out);
    return 0;
}
