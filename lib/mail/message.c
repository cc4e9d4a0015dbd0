#include "mail/message.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "base/utf8.h"
#include "http/smtp_address.h"
#include "mail/mime.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The last second of the year 9999: a date has four digits of year. */
#define AT_US_MAX (INT64_C(253402300799) * LL_US_PER_S)

enum { FIELD_BYTES = 24 };

/* ---- what may be in a field -------------------------------------------- */

/* Below U+0020, U+007F to U+009F, and the two characters that separate lines without being
 * controls; but for tabs and line ends where they are allowed. Of valid UTF-8. */
static bool is_control(const uint8_t *at, bool lines_allowed)
{
    if (lines_allowed && (at[0] == '\t' || at[0] == '\n' || at[0] == '\r'))
        return false;
    if (at[0] < 0x20 || at[0] == 0x7f)
        return true;
    if (at[0] == 0xc2)
        return at[1] < 0xa0;
    return at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9);
}

static llmlearn_err check_text(const char *field, const char *text, size_t bytes_max,
                               bool lines_allowed)
{
    bool valid = false;

    if (text == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: there is none", field);
    size_t bytes = ll_utf8_measure(text, bytes_max, &valid);
    if (bytes == SIZE_MAX)
        return ll_fail(LLMLEARN_EINVAL, "%s: more than %zu bytes", field, bytes_max);
    if (!valid)
        return ll_fail(LLMLEARN_EINVAL, "%s: not valid UTF-8", field);
    for (size_t i = 0; i < bytes; i++) {
        if (is_control((const uint8_t *)text + i, lines_allowed))
            return ll_fail(LLMLEARN_EINVAL,
                           "%s: a control character or a line end at byte %zu; take it out", field,
                           i);
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_from(const ll_message *message)
{
    const char *name = message->from_name;
    llmlearn_err err = ll_smtp_address_check("from", message->from);

    if (err != LLMLEARN_OK || name == NULL)
        return err;
    err = check_text("from_name", name, LL_MESSAGE_NAME_BYTES_MAX, false);
    if (err == LLMLEARN_OK && strpbrk(name, "<>") != NULL)
        return ll_fail(LLMLEARN_EINVAL, "from_name: '<' or '>' in it; the address goes into from");
    return err;
}

static llmlearn_err check_to(const ll_message *message)
{
    char field[FIELD_BYTES];

    if (message->to_count == 0 || message->to_count > LL_MESSAGE_TO_MAX)
        return ll_fail(LLMLEARN_EINVAL, "to: %" PRIu32 " addresses, must be 1 to %d",
                       message->to_count, LL_MESSAGE_TO_MAX);
    for (uint32_t i = 0; i < message->to_count; i++) {
        snprintf(field, sizeof field, "to[%" PRIu32 "]", i);
        llmlearn_err err = ll_smtp_address_check(field, message->to[i]);
        if (err != LLMLEARN_OK)
            return err;
    }
    return LLMLEARN_OK;
}

static llmlearn_err check(const ll_message *message)
{
    llmlearn_err err = LLMLEARN_OK;

    if (message->at_us < 0 || message->at_us > AT_US_MAX)
        return ll_fail(LLMLEARN_EINVAL, "at_us: %" PRId64 " is not of the years 1970 to 9999",
                       message->at_us);
    err = check_from(message);
    if (err == LLMLEARN_OK)
        err = check_to(message);
    if (err == LLMLEARN_OK)
        err = check_text("subject", message->subject, LL_MESSAGE_SUBJECT_BYTES_MAX, false);
    if (err == LLMLEARN_OK)
        err = check_text("text", message->text, LL_MESSAGE_TEXT_BYTES_MAX, true);
    return err;
}

/* ---- headers ----------------------------------------------------------- */

/* Not strftime(): that speaks the locale's language. */
static void put_date(ll_buffer *out, int64_t at_us)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(at_us / LL_US_PER_S);
    struct tm t;

    gmtime_r(&seconds, &t);
    ll_buffer_printf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
                     days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900,
                     t.tm_hour, t.tm_min, t.tm_sec);
}

static void put_id(ll_buffer *out, const uint8_t id[LL_MESSAGE_ID_BYTES], const char *from)
{
    ll_buffer_printf(out, "Message-ID: <");
    for (int i = 0; i < LL_MESSAGE_ID_BYTES; i++)
        ll_buffer_printf(out, "%02x", id[i]);
    ll_buffer_printf(out, "@%s>\r\n", ll_smtp_address_domain(from));
}

static void put_from(ll_buffer *out, const char *name, const char *from)
{
    static const char header[] = "From: ";

    ll_buffer_append(out, header, sizeof header - 1);
    if (name != NULL && name[0] != '\0') {
        ll_mime_put_name(out, sizeof header - 1, name, strlen(name));
        ll_buffer_printf(out, "\r\n <%s>\r\n", from);
    } else {
        ll_buffer_printf(out, "%s\r\n", from);
    }
}

static void put_to(ll_buffer *out, const char *const *to, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ll_buffer_printf(out, "%s%s%s", i == 0 ? "To: " : " ", to[i],
                         i + 1 < count ? ",\r\n" : "\r\n");
}

static void put_subject(ll_buffer *out, const char *subject)
{
    static const char header[] = "Subject: ";

    ll_buffer_append(out, header, sizeof header - 1);
    ll_mime_put_text(out, sizeof header - 1, subject, strlen(subject));
    ll_buffer_append(out, "\r\n", 2);
}

llmlearn_err ll_message_write(const ll_message *message, ll_buffer *out)
{
    uint8_t id[LL_MESSAGE_ID_BYTES];

    assert(message != NULL);
    assert(out != NULL && out->length == 0);
    llmlearn_err err = check(message);
    if (err == LLMLEARN_OK && message->id == NULL)
        err = ll_random_bytes(id, sizeof id);
    if (err != LLMLEARN_OK)
        return err;

    put_date(out, message->at_us);
    put_id(out, message->id != NULL ? message->id : id, message->from);
    put_from(out, message->from_name, message->from);
    put_to(out, message->to, message->to_count);
    put_subject(out, message->subject);
    ll_buffer_printf(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: quoted-printable\r\n"
                          "Auto-Submitted: auto-generated\r\n\r\n");
    ll_mime_put_body(out, message->text, strlen(message->text));
    if (!out->failed)
        return LLMLEARN_OK;
    ll_buffer_free(out);
    return ll_fail(LLMLEARN_ENOMEM, "out of memory for a mail");
}
