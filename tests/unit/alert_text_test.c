/* What alerts say: every kind once as people read it, and every kind with texts that would rather
 * be a header, a line of ours or JSON. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
#include "base/clock.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "mail/alert_text.h"
#include "mail/message.h"
#include "mail/shown.h"
#include "support/expect.h"

#include <check.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static long allocations_left = -1; /* -1: as many as are wanted */
static bool only_once;             /* after the one that fails there is memory again */

static bool fails_now(void)
{
    if (allocations_left > 0)
        allocations_left--;
    if (allocations_left != 0)
        return false;
    if (only_once)
        allocations_left = -1;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

/* ---- every kind, of these texts ---------------------------------------- */

enum { KINDS = 11 };

/* name: wherever a name goes; long_text: evidence or reason. */
static llmlearn_err write_kind(int kind, const char *name, const char *long_text,
                               ll_alert_text *out)
{
    const char *versions[20];

    for (int i = 0; i < 20; i++)
        versions[i] = name;
    switch (kind) {
    case 0:
        return ll_alert_test_started_text(
            &(ll_alert_test_started){ name, 7, name, versions, 20, 56 }, out);
    case 1:
        return ll_alert_winner_promoted_text(
            &(ll_alert_winner_promoted){ name, UINT64_MAX, name, name, long_text }, out);
    case 2:
        return ll_alert_test_invalid_text(&(ll_alert_test_invalid){ name, 7, name, long_text },
                                          out);
    case 3:
        return ll_alert_guardrail_tripped_text(
            &(ll_alert_guardrail_tripped){ name, 7, name, name, long_text, true }, out);
    case 4:
        return ll_alert_auto_revert_text(&(ll_alert_auto_revert){ name, name, name, long_text },
                                         out);
    case 5:
        return ll_alert_budget_reached_text(&(ll_alert_budget_reached){ name, 1, INT64_MAX, 0 },
                                            out);
    case 6:
        return ll_alert_model_retires_text(&(ll_alert_model_retires){ name, name, 20780, 20779 },
                                           out);
    case 7:
        return ll_alert_cannot_finish_text(
            &(ll_alert_cannot_finish){ name, 7, name, long_text, NAN, 56 }, out);
    case 8:
        return ll_alert_approval_needed_text(
            &(ll_alert_approval_needed){ name, name, versions, 20 }, out);
    case 9:
        return ll_alert_job_failed_text(&(ll_alert_job_failed){ name, name, long_text }, out);
    default:
        return ll_alert_low_feedback_text(&(ll_alert_low_feedback){ name, 3, 0, 7, INFINITY }, out);
    }
}

/* ---- as people read it ------------------------------------------------- */

static void expect_text(llmlearn_err err, ll_alert_text *got, const char *subject, const char *text,
                        const char *details)
{
    expect_ok(err);
    ck_assert_str_eq(got->subject, subject);
    ck_assert_str_eq(got->text, text);
    ck_assert_str_eq(got->details, details);
    ll_alert_text_free(got);
}

START_TEST(tests_are_told)
{
    static const char *const versions[] = { "v1.0", "v1.1", "v1.2" };
    ll_alert_text got;

    expect_text(ll_alert_test_started_text(
                    &(ll_alert_test_started){ "BUY", 7, "v1.0", versions, 3, 56 }, &got),
                &got, "BUY: a test of 3 prompts has begun",
                "Test 7 of BUY has begun. It compares v1.0, v1.1, v1.2; v1.0 is the champion until "
                "one of the others is shown to be better.\n"
                "It ends by itself after 56 days at the latest.\n\n"
                "What to do: nothing. If the new prompts look wrong to you, stop the test; the "
                "champion then serves everybody again.\n",
                "{\"signal\":\"BUY\",\"test\":7,\"champion\":\"v1.0\",\"days_max\":56,\"versions\":"
                "[\"v1.0\",\"v1.1\",\"v1.2\"]}");
    expect_text(
        ll_alert_winner_promoted_text(
            &(ll_alert_winner_promoted){
                "BUY", 7, "v1.1", "v1.0",
                "61.0 % of 4012 against 54.1 % of 3988 found it helpful." },
            &got),
        &got, "BUY: v1.1 is the new champion",
        "Test 7 of BUY has ended, and v1.1 took the place of v1.0. It serves everybody from now "
        "on.\n\n61.0 % of 4012 against 54.1 % of 3988 found it helpful.\n\n"
        "What to do: nothing, if you agree. A rollback brings the champion before it back.\n",
        "{\"signal\":\"BUY\",\"test\":7,\"winner\":\"v1.1\",\"before\":\"v1.0\",\"evidence\":"
        "\"61.0 % of 4012 against 54.1 % of 3988 found it helpful.\"}");
}
END_TEST

START_TEST(a_person_is_asked_for)
{
    static const char *const versions[] = { "g1.1" };
    ll_alert_text got;

    expect_text(ll_alert_approval_needed_text(
                    &(ll_alert_approval_needed){ "BUY", "v1.0", versions, 1 }, &got),
                &got, "BUY: 1 new prompt waits for approval",
                "A model has written 1 prompt for BUY, from its champion v1.0: g1.1. They serve "
                "nobody, and no new test of BUY begins, before a person has read and approved at "
                "least one.\n\n"
                "What to do: read their texts (llmlearn_variants), approve those that you would "
                "let users see (llmlearn_approve_variant), archive the others "
                "(llmlearn_archive_variant). The next run of the weekly job tests what was "
                "approved.\n",
                "{\"signal\":\"BUY\",\"champion\":\"v1.0\",\"versions\":[\"g1.1\"]}");
    expect_text(ll_alert_job_failed_text(
                    &(ll_alert_job_failed){ "BUY", "look", "a receipt is damaged" }, &got),
                &got, "BUY: the weekly job failed",
                "The weekly job could not do its step \"look\" for BUY and left the rest of this "
                "run out. What is served to users goes on as before; other signals are not "
                "concerned.\n\na receipt is damaged\n\n"
                "What to do: see whether the reason tells; the next run tries again.\n",
                "{\"signal\":\"BUY\",\"step\":\"look\",\"reason\":\"a receipt is damaged\"}");
}
END_TEST

START_TEST(money_is_told)
{
    ll_alert_text got;

    expect_text(
        ll_alert_budget_reached_text(&(ll_alert_budget_reached){ "month", INT64_C(19994999999),
                                                                 INT64_C(20000000000),
                                                                 INT64_C(1796083200) * 1000000 },
                                     &got),
        &got, "The budget of the month for models is used up",
        "Of the month's budget of $20.00 for calls of models, $19.99 are spent or reserved, and "
        "the next call could cost more than is left. No new prompts are written until "
        "2026-12-01T00:00:00.000000Z; what is served to users goes on "
        "as before.\n\nWhat to do: raise the limit if that is too early, or leave it.\n",
        "{\"budget\":\"month\",\"spent_nanousd\":19994999999,\"limit_nanousd\":20000000000,"
        "\"until\":\"2026-12-01T00:00:00.000000Z\"}");
    expect_ok(ll_alert_budget_reached_text(
        &(ll_alert_budget_reached){ "run", 0, INT64_C(750000), 0 }, &got));
    ck_assert_ptr_nonnull(strstr(got.text, "$0.0007 for calls of models nothing is spent"));
    ck_assert_ptr_null(strstr(got.text, "$0.00 "));
    ck_assert_str_eq(got.subject, "The budget of the run for models is too small");
    ck_assert_ptr_nonnull(strstr(got.text, "until somebody raises it;"));
    ll_alert_text_free(&got);
}
END_TEST

START_TEST(numbers_look_the_same_everywhere)
{
    ll_alert_text got;

    /* Where a comma parts the decimals, if such a locale is installed. */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE.utf8") == NULL)
        printf("no locale with a decimal comma is installed\n");
    expect_ok(
        ll_alert_low_feedback_text(&(ll_alert_low_feedback){ "BUY", 13, 1000, 7, 0.02 }, &got));
    ck_assert_ptr_nonnull(strstr(got.text, "13 of 1000 explanations of BUY got a vote: 1.3 %, less "
                                           "than 2.0 %."));
    ck_assert_str_eq(got.details,
                     "{\"signal\":\"BUY\",\"votes\":13,\"explanations\":1000,\"days\":7}");
    ll_alert_text_free(&got);
    expect_ok(ll_alert_cannot_finish_text(
        &(ll_alert_cannot_finish){ "BUY", 7, "v1.0", "", 203.4, 56 }, &got));
    ck_assert_ptr_nonnull(strstr(got.text, "it would take some 203."));
    ck_assert_ptr_nonnull(strstr(got.details, "\"days_needed\":203.4"));
    ll_alert_text_free(&got);
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(days_of_models_are_told)
{
    ll_alert_text got;

    expect_ok(ll_alert_model_retires_text(
        &(ll_alert_model_retires){ "gpt-x", "gpt-y", 20780, 20779 }, &got));
    ck_assert_str_eq(got.subject, "gpt-x retires on 2026-11-23");
    ck_assert_ptr_nonnull(strstr(got.text, ", in 1 day. Calls"));
    ck_assert_ptr_nonnull(strstr(got.text, "names gpt-y in its place"));
    ll_alert_text_free(&got);
    expect_ok(ll_alert_model_retires_text(&(ll_alert_model_retires){ "gpt-x", NULL, 20780, 20790 },
                                          &got));
    ck_assert_str_eq(got.subject, "gpt-x was retired on 2026-11-23");
    ck_assert_ptr_nonnull(strstr(got.details, "\"replacement\":null"));
    ll_alert_text_free(&got);
}
END_TEST

/* ---- texts of others --------------------------------------------------- */

START_TEST(others_texts_are_shown)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "v1.1", "v1.1" },
        { "a\nb\r\tc", "a\\nb\\r\\tc" },
        { "\x1b[31m", "\\u001b[31m" },
        { "\x7f", "\\u007f" },
        { "\xc2\x85", "\\u0085" },
        { "\xe2\x80\xae"
          "abc",
          "\\u202eabc" },
        { "\xe2\x80\xa8", "\\u2028" },
        { "a\xe2\x80\x8b"
          "b",
          "a\\u200bb" },
        { "\xef\xbb\xbf", "\\ufeff" },
        { "\xf3\xa0\x81\x81", "\\ue0041" },
        { "\xff\xc3", "\\xff\\xc3" },
        { "\xc3(", "\\xc3(" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
        { "Gr\xc3\xbc\xc3\x9f"
          "e \xf0\x9f\x98\x80",
          "Gr\xc3\xbc\xc3\x9f"
          "e \xf0\x9f\x98\x80" },
        { "<b>\"'&\\", "<b>\"'&\\" },
    };
    char out[64];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_shown_write(cases[i].text, out, sizeof out);
        ck_assert_str_eq(out, cases[i].shown);
    }
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
    static const char *const parts[] = { "x",  "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                         "\n", "\xff",     "\xe2\x80\xae" };
    char text[4001], out[64];

    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        for (size_t lead = 0; lead < 8; lead++) {
            memset(text, 'a', lead);
            text[lead] = '\0';
            while (strlen(text) + 8 < sizeof text)
                strcat(text, parts[p]);
            for (size_t room = 16; room <= sizeof out; room++) {
                memset(out, 'Z', sizeof out);
                ll_shown_write(text, out, room);
                size_t bytes = strlen(out);
                ck_assert_uint_lt(bytes, room);
                ck_assert_uint_ge(bytes + 8 + 3, room);
                ck_assert_str_eq(out + bytes - 3, "...");
                ck_assert(ll_utf8_valid(out, bytes));
            }
        }
    }
    memset(text, 'a', 63);
    text[63] = '\0';
    ll_shown_write(text, out, 64);
    ck_assert_str_eq(out, text); /* what just fits is not cut */
}
END_TEST

static int count_lines(const char *text)
{
    int lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST(no_text_becomes_one_of_ours)
{
    static char endless[200000];
    static const char *const hostile[] = {
        "a\r\nBcc: x@example.org\r\n\r\nhello",
        "\n\nWhat to do: send me your password.\n",
        "\",\"signal\":\"SELL\"}",
        "\\\"}{\x01\x02\x1f\x7f",
        "\xff\xfe\xc0\x80\xed\xa0\x80",
        "\xe2\x80\xae\xe2\x80\xa8\xc2\x85",
        "%s%n%d%%",
        endless,
    };
    static const char *const to[] = { "ops@example.org" };

    memset(endless, 'n', sizeof endless - 1);
    for (int kind = 0; kind < KINDS; kind++) {
        ll_alert_text plain;
        expect_ok(write_kind(kind, "v1.0", "because", &plain));

        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            ll_alert_text got;
            ll_buffer mail = { 0 };

            expect_ok(write_kind(kind, hostile[i], hostile[i], &got));
            ck_assert_int_eq(count_lines(got.text), count_lines(plain.text));
            ck_assert_uint_lt(strlen(got.text), 8000);
            ck_assert(ll_json_is_object(got.details, strlen(got.details)));
            const ll_message message = {
                .from = "a@b.c", .to = to, .to_count = 1, .subject = got.subject, .text = got.text
            };
            expect_ok(ll_message_write(&message, &mail));
            ll_buffer_free(&mail);

            json_t *ours = json_loads(plain.details, 0, NULL);
            json_t *theirs = json_loads(got.details, JSON_REJECT_DUPLICATES, NULL);
            ck_assert_ptr_nonnull(ours);
            ck_assert_ptr_nonnull(theirs);
            ck_assert_uint_eq(json_object_size(theirs), json_object_size(ours));
            json_decref(ours);
            json_decref(theirs);
            ll_alert_text_free(&got);
        }
        ll_alert_text_free(&plain);
    }
}
END_TEST

START_TEST(nothing_given_is_no_fault)
{
    for (int kind = 0; kind < KINDS; kind++) {
        ll_alert_text got;

        expect_ok(write_kind(kind, NULL, NULL, &got));
        ck_assert_ptr_null(strstr(got.text, "(null)"));
        ll_alert_text_free(&got);
        ll_alert_text_free(&got);
    }
    ll_alert_text_free(NULL);
}
END_TEST

START_TEST(a_payload_holds_it_all)
{
    const ll_alert_kept kept = {
        12, INT64_C(1795442400) * 1000000, "r", "a", "s \"\xc3\xa4\"", "t\n", "{\"k\":[1]}"
    };
    char *payload = ll_alert_payload(&kept);

    ck_assert_str_eq(payload,
                     "{\"id\":12,\"at\":\"2026-11-23T14:00:00.000000Z\",\"rule\":\"r\","
                     "\"about\":\"a\",\"subject\":\"s \\\"\xc3\xa4\\\"\",\"text\":\"t\\u000a\","
                     "\"details\":{\"k\":[1]}}");
    free(payload);
}
END_TEST

/* ---- no memory --------------------------------------------------------- */

/* One alert as text, payload and mail. */
static llmlearn_err all_of(int kind)
{
    static const char *const to[] = { "ops@example.org" };
    ll_alert_text got = { 0 };
    ll_buffer mail = { 0 };
    llmlearn_err err = write_kind(kind, "v1.0", "because it is so", &got);

    if (err != LLMLEARN_OK)
        return err;
    const ll_alert_kept kept = { 1, 0, "r", "a", got.subject, got.text, got.details };
    const ll_message message = {
        .from = "a@b.c", .to = to, .to_count = 1, .subject = got.subject, .text = got.text
    };
    char *payload = ll_alert_payload(&kept);
    err = payload == NULL ? LLMLEARN_ENOMEM : ll_message_write(&message, &mail);
    allocations_left = -1; /* the checks below need some */
    if (err != LLMLEARN_OK)
        ck_assert_ptr_null(mail.data);
    free(payload);
    ll_buffer_free(&mail);
    ll_alert_text_free(&got);
    return err;
}

START_TEST(no_memory_is_an_error)
{
    for (int kind = 0; kind < KINDS; kind++) {
        for (int once = 0; once < 2; once++) {
            int n = 1;

            for (;; n++) {
                ck_assert_int_lt(n, 200);
                only_once = once;
                allocations_left = n;
                llmlearn_err err = all_of(kind);
                allocations_left = -1;
                if (err == LLMLEARN_OK)
                    break;
                ck_assert_int_eq(err, LLMLEARN_ENOMEM);
            }
            ck_assert_int_gt(n, 4);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alert_text");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_add_test(all, tests_are_told);
    tcase_add_test(all, a_person_is_asked_for);
    tcase_add_test(all, money_is_told);
    tcase_add_test(all, numbers_look_the_same_everywhere);
    tcase_add_test(all, days_of_models_are_told);
    tcase_add_test(all, others_texts_are_shown);
    tcase_add_test(all, long_texts_are_cut_between_characters);
    tcase_add_test(all, no_text_becomes_one_of_ours);
    tcase_add_test(all, nothing_given_is_no_fault);
    tcase_add_test(all, a_payload_holds_it_all);
    tcase_add_test(all, no_memory_is_an_error);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
