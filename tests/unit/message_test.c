/* Mails as bytes: what may be in a field; how lines come out; and two parsers that are not ours,
 * Python's and Node's, which must find exactly our headers and the same subject and text. */
#include "base/utf8.h"
#include "http/smtp_address.h"
#include "mail/message.h"
#include "support/draw.h"
#include "support/expect.h"
#include "support/program.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_US (INT64_C(1795442400) * 1000000) /* 2026-11-23 14:00:00 */

static const char *const to_ops[] = { "ops@example.org" };

static ll_message usual(void)
{
    return (ll_message){ .at_us = AT_US,
                         .from_name = "Trading engine",
                         .from = "engine@example.org",
                         .to = to_ops,
                         .to_count = 1,
                         .subject = "A test has begun",
                         .text = "BUY: v1.0 against v1.1\n" };
}

static void refused(const ll_message *message, const char *field)
{
    ll_buffer out = { 0 };

    expect_err(ll_message_write(message, &out), LLMLEARN_EINVAL, field);
    ck_assert_ptr_eq(strstr(llmlearn_error_detail(), field), llmlearn_error_detail());
    ck_assert_ptr_null(out.data);
    ck_assert_uint_eq(out.length, 0);
}

static void accepted(const ll_message *message)
{
    ll_buffer out = { 0 };

    expect_ok(ll_message_write(message, &out));
    ll_buffer_free(&out);
}

/* ---- what may be in a field ------------------------------------------- */

/* Each would be a header, a command or a recipient of its own if it got through. */
static const char *const injections[] = {
    "a\rb",
    "a\nb",
    "a\r\nBcc: x@example.org",
    "a\r\n.\r\nMAIL FROM:<x@example.org>",
    "\n",
    "a\tb",
    "a\x01",
    "a\x1b[31m",
    "a\x7f",
    "a\xc2\x85",
    "a\xc2\x80",
    "a\xe2\x80\xa8"
    "b",
    "a\xe2\x80\xa9",
    "a\xff",
    "\xc0\x8a",
    "a\xed\xa0\x80",
};

START_TEST(no_field_takes_a_line_end)
{
    for (size_t i = 0; i < sizeof injections / sizeof injections[0]; i++) {
        ll_message m = usual();
        char address[128];
        const char *to[] = { "ops@example.org", "desk@example.org", address };

        m.subject = injections[i];
        refused(&m, "subject: ");
        m = usual();
        m.from_name = injections[i];
        refused(&m, "from_name: ");

        static const char *const shapes[] = { "%s@example.org", "ops%s@example.org", "ops@%s.org",
                                              "ops@example.org%s", "%s" };
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(address, sizeof address, shapes[k], injections[i]);
#pragma GCC diagnostic pop
            m = usual();
            m.from = address;
            refused(&m, "from: ");
            m = usual();
            m.to = to;
            m.to_count = 3;
            refused(&m, "to[2]: ");
        }
    }
}
END_TEST

/* The text has lines, and no other controls. */
START_TEST(text_takes_lines_only)
{
    static const char *const wrong[] = { "a\x01",
                                         "a\x1b[31m",
                                         "a\x7f",
                                         "\xc2\x9b"
                                         "31m",
                                         "a\x08",
                                         "a\xe2\x80\xa8",
                                         "\xff" };
    ll_message m = usual();

    m.text = "a\r\nb\n\rc\td";
    accepted(&m);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        m.text = wrong[i];
        refused(&m, "text: ");
    }
    m.text = NULL;
    refused(&m, "text: ");
}
END_TEST

START_TEST(addresses_are_strict)
{
    static const char *const wrong[] = {
        "",        "@",      "a",         "a@",     "@b",         "a@@b",       "a@b@c",
        "a b@c",   "a@b c",  "<a@b>",     "a<@b",   "a@b>",       "A <a@b>",    "a,b@c",
        "a@b,c@d", "a;b@c",  "\"a\"@b",   "a\\b@c", "a(c)@b",     "a[b]@c",     "a@[127.0.0.1]",
        "a:b@c",   "-a@b",   "-oQ/tmp@b", "a@-b",   "a@b-",       "a@b.-c.d",   ".a@b",
        "a.@b",    "a..b@c", "a@.b",      "a@b.",   "a@b..c",     "a%b@c",      "a!b@c",
        "a|b@c",   "a`b@c",  "a@b_c",     "a@b/c",  "\xc3\xa4@b", "a@\xc3\xa4", " a@b",
        "a@b ",
    };
    static const char *const right[] = {
        "a@b",       "ops@localhost", "first.last@sub.example.org",
        "a+tag@b.c", "o'brien@b.c",   "x-y_z=1/2{3}#&$*?^~@b",
        "1@2.3",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_err(ll_smtp_address_check("to[0]", wrong[i]), LLMLEARN_EINVAL, "to[0]: ");
    expect_err(ll_smtp_address_check("from", NULL), LLMLEARN_EINVAL, "from: ");
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        expect_ok(ll_smtp_address_check("from", right[i]));
}
END_TEST

/* Local part, domain: `labels` labels of so many letters. */
static const char *long_address(size_t local, size_t label, int labels)
{
    static char address[1024];
    char *at = address;

    memset(at, 'a', local);
    at += local;
    *at++ = '@';
    for (int i = 0; i < labels; i++) {
        memset(at, 'b', label);
        at += label;
        *at++ = '.';
    }
    at[-1] = '\0';
    return address;
}

START_TEST(lengths_have_limits)
{
    static char long_text[LL_MESSAGE_TEXT_BYTES_MAX + 2];
    ll_message m = usual();

    expect_ok(ll_smtp_address_check("from", long_address(64, 63, 1)));
    expect_err(ll_smtp_address_check("from", long_address(65, 63, 1)), LLMLEARN_EINVAL, "64");
    expect_err(ll_smtp_address_check("from", long_address(1, 64, 1)), LLMLEARN_EINVAL, "63");
    expect_ok(ll_smtp_address_check("from", long_address(62, 47, 4)));
    ck_assert_uint_eq(strlen(long_address(62, 47, 4)), LL_SMTP_ADDRESS_BYTES_MAX);
    expect_err(ll_smtp_address_check("from", long_address(63, 47, 4)), LLMLEARN_EINVAL, "254");

    memset(long_text, 'x', sizeof long_text - 1);
    m.subject = long_text + sizeof long_text - 1 - LL_MESSAGE_SUBJECT_BYTES_MAX;
    accepted(&m);
    m.subject--;
    refused(&m, "subject: ");
    m = usual();
    m.from_name = long_text + sizeof long_text - 1 - LL_MESSAGE_NAME_BYTES_MAX;
    accepted(&m);
    m.from_name--;
    refused(&m, "from_name: ");
    m = usual();
    m.text = long_text + 1;
    accepted(&m);
    m.text--;
    refused(&m, "text: ");
}
END_TEST

START_TEST(counts_and_times_have_limits)
{
    const char *to[LL_MESSAGE_TO_MAX + 1];
    ll_message m = usual();

    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        to[i] = "ops@example.org";
    m.to = to;
    m.to_count = LL_MESSAGE_TO_MAX;
    accepted(&m);
    m.to_count++;
    refused(&m, "to: ");
    m.to_count = 0;
    refused(&m, "to: ");

    m = usual();
    m.at_us = -1;
    refused(&m, "at_us: ");
    m.at_us = INT64_MAX;
    refused(&m, "at_us: ");
    m.at_us = 0;
    accepted(&m);
    m = usual();
    m.from_name = "ops@example.org> <x@example.org";
    refused(&m, "from_name: ");
}
END_TEST

/* ---- what comes out ---------------------------------------------------- */

START_TEST(a_whole_message)
{
    static const uint8_t id[LL_MESSAGE_ID_BYTES] = { 0x01, 0x9f, [15] = 0xa0 };
    static const char *const to[] = { "ops@example.org", "desk@example.org" };
    ll_message m = usual();
    ll_buffer out = { 0 };

    m.id = id;
    m.to = to;
    m.to_count = 2;
    m.text = ".begins with a dot\nFrom here = on\n\nends in a space \n\xc3\xa4";
    expect_ok(ll_message_write(&m, &out));
    ck_assert_str_eq(out.data, "Date: Mon, 23 Nov 2026 14:00:00 +0000\r\n"
                               "Message-ID: <019f00000000000000000000000000a0@example.org>\r\n"
                               "From: Trading engine\r\n <engine@example.org>\r\n"
                               "To: ops@example.org,\r\n desk@example.org\r\n"
                               "Subject: A test has begun\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n"
                               "Auto-Submitted: auto-generated\r\n"
                               "\r\n"
                               "=2Ebegins with a dot\r\n=46rom here =3D on\r\n\r\n"
                               "ends in a space=20\r\n=C3=A4\r\n");
    ll_buffer_free(&out);
}
END_TEST

START_TEST(ids_differ)
{
    ll_message m = usual();
    ll_buffer one = { 0 }, two = { 0 };

    expect_ok(ll_message_write(&m, &one));
    expect_ok(ll_message_write(&m, &two));
    ck_assert_uint_eq(one.length, two.length);
    ck_assert_str_ne(one.data, two.data);
    ll_buffer_free(&one);
    ll_buffer_free(&two);
}
END_TEST

/* ---- what others read -------------------------------------------------- */

enum { MAILS = 300, TO_MAX = 4, TEXT_MAX = 1500 };

typedef struct mail {
    ll_message m;
    const char *to[TO_MAX];
    char *name, *subject, *text;
} mail;

static const char *const addresses[] = { "ops@example.org", "a.b+c@x-y.example", "o'brien@b.c",
                                         "x_y=1/2{3}#&$*?^~@b.org" };

/* Words, spaces, signs that mails treat in a special way, letters of 2, 3 and 4 bytes. */
static char *any_text(draw *s, size_t bytes_max, bool lines)
{
    static const char *const parts[] = {
        " ",
        " ",
        "word",
        "A",
        ".",
        "=",
        "=?",
        "?=",
        "=20",
        "From ",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "--",
        "  ",
        "\"",
        "(",
        ",",
        "<b>",
        "_",
        "@",
        ":",
        "\xf0\x9f\x98\x80",
        "x\xcc\x88",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        /* the rest only where lines may be */
        "\n",
        "\n",
        "\r\n",
        "\n.",
        "\n.\n",
        "\nFrom ",
        " \n",
        "\t\n",
        "\n\n",
        "\t",
    };
    const size_t count = sizeof parts / sizeof parts[0] - (lines ? 0 : 10);
    char *text = calloc(1, bytes_max + 1);
    size_t bytes = 0, want = draw_below(s, bytes_max + 1);

    while (true) {
        const char *part = parts[draw_below(s, count)];
        if (bytes + strlen(part) > want)
            return text;
        strcpy(text + bytes, part);
        bytes += strlen(part);
    }
}

static void fill(mail *one, draw *s)
{
    memset(one, 0, sizeof *one);
    one->m = usual();
    one->m.at_us = (int64_t)draw_below(s, 4102444800) * 1000000;
    one->name = any_text(s, 60, false);
    for (char *c = one->name; (c = strpbrk(c, "<>")) != NULL;)
        *c = 'x';
    one->subject = any_text(s, draw_happens(s, 0.5) ? 30 : LL_MESSAGE_SUBJECT_BYTES_MAX, false);
    one->text = any_text(s, TEXT_MAX, true);
    one->m.to_count = 1 + (uint32_t)draw_below(s, TO_MAX);
    for (uint32_t i = 0; i < one->m.to_count; i++)
        one->to[i] = addresses[draw_below(s, 4)];
    one->m.from = addresses[draw_below(s, 4)];
}

/* The odd ones by hand, and one as large as may be. */
static void fill_special(mail *mails, draw *s)
{
    char *large = malloc(LL_MESSAGE_TEXT_BYTES_MAX + 1);

    for (size_t i = 0; i < LL_MESSAGE_TEXT_BYTES_MAX; i++)
        large[i] = draw_happens(s, 0.01) ? '\n' : (char)('!' + draw_below(s, 90));
    large[LL_MESSAGE_TEXT_BYTES_MAX] = '\0';
    strcpy(mails[0].text, "");
    strcpy(mails[1].text, "\n\n");
    strcpy(mails[2].subject, "");
    strcpy(mails[3].subject,
           "v1.1 is better: 61 % of 4,000 against 54 % (p < 0.001) in a subject "
           "that goes over one line and has to be folded somewhere between words");
    strcpy(mails[4].text, ".\n..\n.\r\n...\n. \n");
    free(mails[5].text);
    mails[5].text = large;
}

static void check_lines(const ll_buffer *raw)
{
    const char *body = strstr(raw->data, "\r\n\r\n");

    ck_assert_ptr_nonnull(body);
    ck_assert_ptr_null(memchr(raw->data, '\0', raw->length));
    for (const char *at = raw->data; *at != '\0';) {
        size_t bytes = strcspn(at, "\r\n");

        ck_assert_msg(bytes <= 76, "%.*s", (int)bytes, at);
        ck_assert_msg(strncmp(at + bytes, "\r\n", 2) == 0, "a bare line end");
        if (at > body) {
            ck_assert_int_ne(at[0], '.');
            ck_assert_int_ne(strncmp(at, "From ", 5), 0);
        }
        for (size_t i = 0; i < bytes; i++)
            ck_assert(at[i] == '\t' || (at[i] >= ' ' && at[i] <= '~'));
        at += bytes + 2;
    }
}

static const char *const our_headers[] = { "date",          "message-id",
                                           "from",          "to",
                                           "subject",       "mime-version",
                                           "content-type",  "content-transfer-encoding",
                                           "auto-submitted" };

static const char *string_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_ptr_nonnull(text);
    return text;
}

static void same_person(json_t *person, const char *name, const char *address)
{
    ck_assert_str_eq(json_string_value(json_array_get(person, 0)), name);
    ck_assert_str_eq(json_string_value(json_array_get(person, 1)), address);
}

/* Line ends as '\n', and none at the end. */
static char *plain_lines(const char *text)
{
    char *copy = calloc(1, strlen(text) + 1), *to = copy;

    for (; *text != '\0'; text++) {
        if (text[0] == '\r' && text[1] == '\n')
            continue;
        *to++ = *text == '\r' ? '\n' : *text;
    }
    while (to > copy && to[-1] == '\n')
        *--to = '\0';
    return copy;
}

/* Parsers tell a subject without the white space around it. */
static char *trimmed(const char *text)
{
    const char *from = text + strspn(text, " ");
    char *copy = strdup(from);

    for (size_t n = strlen(copy); n > 0 && copy[n - 1] == ' '; n--)
        copy[n - 1] = '\0';
    return copy;
}

/* Python makes one space of two in a name, and one of the end of an encoded word. */
static char *without_spaces(const char *text)
{
    char *copy = strdup(text);

    for (char *space = copy; (space = strchr(space, ' ')) != NULL;)
        memmove(space, space + 1, strlen(space));
    return copy;
}

static void same_mail(const mail *sent, json_t *read)
{
    json_t *headers = json_object_get(read, "headers");
    char *subject = trimmed(sent->m.subject), *their_subject = trimmed(string_of(read, "subject"));
    char *name = without_spaces(sent->m.from_name);
    char *text = plain_lines(sent->m.text), *their_text = plain_lines(string_of(read, "text"));
    json_t *from = json_array_get(json_object_get(read, "from"), 0);
    char *their_name = without_spaces(json_string_value(json_array_get(from, 0)));

    ck_assert_uint_eq(json_array_size(headers), sizeof our_headers / sizeof our_headers[0]);
    for (size_t i = 0; i < json_array_size(headers); i++)
        ck_assert_str_eq(json_string_value(json_array_get(headers, i)), our_headers[i]);
    ck_assert_msg(json_array_size(json_object_get(read, "defects")) == 0, "%s",
                  json_string_value(json_array_get(json_object_get(read, "defects"), 0)));
    ck_assert_str_eq(their_subject, subject);
    ck_assert_str_eq(their_name, name);
    ck_assert_str_eq(json_string_value(json_array_get(from, 1)), sent->m.from);
    ck_assert_uint_eq(json_array_size(json_object_get(read, "to")), sent->m.to_count);
    for (uint32_t i = 0; i < sent->m.to_count; i++)
        same_person(json_array_get(json_object_get(read, "to"), i), "", sent->to[i]);
    ck_assert_str_eq(their_text, text);
    ck_assert_int_eq(json_integer_value(json_object_get(read, "seconds")), sent->m.at_us / 1000000);
    free(subject);
    free(their_subject);
    free(name);
    free(their_name);
    free(text);
    free(their_text);
}

/* All of them to the program at once; a line of JSON for each comes back. */
static void parsed_by(const char *const argv[])
{
    static mail mails[MAILS];
    draw s = { .state = 1123 };
    ll_buffer input = { 0 };
    size_t bytes = 0;

    for (int i = 0; i < MAILS; i++)
        fill(&mails[i], &s);
    fill_special(mails, &s);
    for (int i = 0; i < MAILS; i++) {
        ll_buffer raw = { 0 };

        mails[i].m.to = mails[i].to;
        mails[i].m.from_name = mails[i].name;
        mails[i].m.subject = mails[i].subject;
        mails[i].m.text = mails[i].text;
        expect_ok(ll_message_write(&mails[i].m, &raw));
        check_lines(&raw);
        ll_buffer_printf(&input, "%zu\n", raw.length);
        ll_buffer_append(&input, raw.data, raw.length);
        ll_buffer_free(&raw);
    }
    char *output = program_run(argv, input.data, input.length, &bytes);
    ck_assert_ptr_nonnull(output);
    const char *at = output;
    for (int i = 0; i < MAILS; i++) {
        size_t line = strcspn(at, "\n");
        json_t *read = json_loadb(at, line, 0, NULL);

        ck_assert_msg(read != NULL, "mail %d of %d was not read", i, MAILS);
        same_mail(&mails[i], read);
        json_decref(read);
        at += line + (at[line] == '\n');
    }
    for (int i = 0; i < MAILS; i++) {
        free(mails[i].name);
        free(mails[i].subject);
        free(mails[i].text);
    }
    ll_buffer_free(&input);
    free(output);
}

START_TEST(python_reads_the_same)
{
    const char *argv[] = { program_python(), program_file("tests/peers/parse_mail.py"), NULL };

    if (program_can(argv[0], "-c", "import email"))
        parsed_by(argv);
    else
        printf("SKIP no python3 to parse mails\n");
}
END_TEST

START_TEST(node_reads_the_same)
{
    program_see_peers();
    const char *argv[] = { "node", program_file("tests/peers/parse_mail.js"), NULL };

    if (program_can("node", "-e", "require('mailparser')"))
        parsed_by(argv);
    else
        printf("SKIP no node with mailparser to parse mails (tests/setup/peers.sh)\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_set_timeout(all, 2 * PROGRAM_SECONDS);
    tcase_add_test(all, no_field_takes_a_line_end);
    tcase_add_test(all, text_takes_lines_only);
    tcase_add_test(all, addresses_are_strict);
    tcase_add_test(all, lengths_have_limits);
    tcase_add_test(all, counts_and_times_have_limits);
    tcase_add_test(all, a_whole_message);
    tcase_add_test(all, ids_differ);
    tcase_add_test(all, python_reads_the_same);
    tcase_add_test(all, node_reads_the_same);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
