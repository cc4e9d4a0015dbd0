/* llmlearn_explain where requests, models and locales meet: an answer that was kept for one request
 * is given to no other that it does not suit, a raised flag is seen, numbers have a point. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"
#include "support/recount.h"

#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static atomic_int asked;
static char last_prompt[2000];
static const char *said;
static llmlearn_err ends_with;
static int64_t tokens_said;

static llmlearn_err ask(void *user, const llmlearn_question *question, llmlearn_answer *out)
{
    const char *own = user;

    if (atomic_fetch_add(&asked, 1) < 1000) /* one thread alone */
        snprintf(last_prompt, sizeof last_prompt, "%s", question->prompt);
    if (tokens_said > 0) {
        out->flags = LLMLEARN_HAS_PROMPT_TOKENS;
        out->prompt_tokens = tokens_said;
    }
    if (ends_with == LLMLEARN_OK)
        out->text = strdup(own != NULL ? own : said != NULL ? said : question->system);
    return ends_with;
}

static void set_model(const char *own)
{
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .ask = ask,
                                   .ask_user = (void *)(uintptr_t)own };

    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &model));
}

static void set_up(void)
{
    const llmlearn_variant v = { .struct_size = sizeof v,
                                 .deadline_ms = LEARNER_DEADLINE_MS,
                                 .signal = "BUY",
                                 .version = "v1.0",
                                 .text = "Why {{signal}} {{ticker}} at {{confidence}}?" };

    atomic_store(&asked, 0);
    said = NULL;
    tokens_said = 0;
    ends_with = LLMLEARN_OK;
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner = learner_open(path);
    expect_ok(llmlearn_add_variant(learner, &v));
    expect_ok(
        llmlearn_promote_variant(learner, "BUY", "v1.0", "ann", "first", LEARNER_DEADLINE_MS));
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    folder_remove(folder);
}

static const llmlearn_explain_request plain = { .struct_size = sizeof plain,
                                                .flags = LLMLEARN_HAS_CONFIDENCE,
                                                .ticker = "NVDA",
                                                .signal = "BUY",
                                                .confidence = 0.87,
                                                .system = "Be brief." };

/* So that the baseline is another. */
static void add_champion(void)
{
    const llmlearn_variant v = { .struct_size = sizeof v,
                                 .deadline_ms = LEARNER_DEADLINE_MS,
                                 .signal = "BUY",
                                 .version = "v1.1",
                                 .text = "New: why {{signal}} {{ticker}}?" };

    expect_ok(llmlearn_add_variant(learner, &v));
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v1.1", "ann", "next", LEARNER_DEADLINE_MS));
}

static void expect_text(const llmlearn_explain_request *request, llmlearn_source source,
                        const char *text)
{
    llmlearn_explained e = { .struct_size = sizeof e };

    expect_ok(llmlearn_explain(learner, request, &e));
    ck_assert_int_eq(e.source, (int)source);
    if (text != NULL)
        ck_assert_str_eq(e.text, text);
    llmlearn_free(e.text);
}

/* ---- kept answers ------------------------------------------------------ */

START_TEST(what_is_said_before_the_prompt_is_part_of_the_question)
{
    llmlearn_explain_request other = plain;

    set_model(NULL); /* answers with its system message */
    other.system = "Be kind.";
    expect_text(&plain, LLMLEARN_FROM_MODEL, "Be brief.");
    expect_text(&other, LLMLEARN_FROM_MODEL, "Be kind.");
    expect_text(&plain, LLMLEARN_FROM_CACHE, "Be brief.");
    expect_text(&other, LLMLEARN_FROM_CACHE, "Be kind.");
}
END_TEST

START_TEST(another_model_of_the_same_name_answers_for_itself)
{
    set_model("Of the first.");
    expect_text(&plain, LLMLEARN_FROM_MODEL, "Of the first.");
    set_model("Of the second.");
    expect_text(&plain, LLMLEARN_FROM_MODEL, "Of the second.");
}
END_TEST

START_TEST(a_kept_answer_must_suit_the_request)
{
    static const char *const fields[] = { "summary" };
    llmlearn_explain_request json = plain, with_field = plain;

    set_model(NULL);
    json.flags |= LLMLEARN_EXPLAIN_JSON;
    with_field.fields = fields;
    with_field.field_count = 1;
    expect_text(&plain, LLMLEARN_FROM_MODEL, "Be brief.");
    said = "{\"text\": \"up\"}";
    expect_text(&json, LLMLEARN_FROM_MODEL, said);
    said = "{\"summary\": \"up\"}";
    expect_text(&with_field, LLMLEARN_FROM_MODEL, said);
    expect_text(&json, LLMLEARN_FROM_CACHE, said);
    ck_assert_int_eq(atomic_load(&asked), 3);
}
END_TEST

/* ---- the caller's own client ------------------------------------------- */

START_TEST(a_flag_that_is_raised_asks_nobody)
{
    llmlearn_explain_request request = plain;
    llmlearn_explained e = { .struct_size = sizeof e };
    int32_t cancel = 1;

    set_model(NULL);
    request.cancel = &cancel;
    ck_assert_int_eq(llmlearn_explain(learner, &request, &e), LLMLEARN_ECANCELLED);
    ck_assert_int_eq(atomic_load(&asked), 0);
}
END_TEST

/* Whatever else its client says, who did not cancel gets a text. */
START_TEST(a_client_that_cancels_by_itself_has_failed)
{
    set_model(NULL);
    ends_with = LLMLEARN_ECANCELLED;
    expect_text(&plain, LLMLEARN_FROM_TEMPLATE, NULL);
}
END_TEST

START_TEST(numbers_that_cannot_be_are_not_added_up_past_the_end)
{
    llmlearn_explained e = { .struct_size = sizeof e };

    add_champion();
    set_model(NULL);
    said = "You should sell now.";
    tokens_said = INT64_MAX;
    expect_ok(llmlearn_explain(learner, &plain, &e));
    ck_assert_int_eq(atomic_load(&asked), 2);
    ck_assert_int_eq(e.source, LLMLEARN_FROM_TEMPLATE);
    ck_assert_uint_eq(e.flags & LLMLEARN_HAS_PROMPT_TOKENS, LLMLEARN_HAS_PROMPT_TOKENS);
    ck_assert(e.prompt_tokens == INT64_MAX);
    ck_assert_uint_eq(e.flags & LLMLEARN_UNLOGGED, 0);
    llmlearn_free(e.text);
}
END_TEST

/* ---- after a fork ------------------------------------------------------ */

static void *explain_one(void *user)
{
    llmlearn_explained e = { .struct_size = sizeof e };
    bool *good = user;

    *good = llmlearn_explain(learner, &plain, &e) == LLMLEARN_OK && e.text != NULL;
    llmlearn_free(e.text);
    return NULL;
}

/* Its first calls come all at once, while one of them makes the store, and look for the baseline's
 * text in it. */
static int child_explains(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool good[THREADS];
    int bad = 0;

    for (int i = 0; i < THREADS; i++)
        bad += pthread_create(&threads[i], NULL, explain_one, &good[i]) != 0;
    if (bad > 0)
        return bad;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        bad += !good[i];
    }
    return bad + (llmlearn_close(learner, LEARNER_DEADLINE_MS) != LLMLEARN_OK);
}

START_TEST(a_childs_first_calls_may_come_all_at_once)
{
    const char *sanitizer = getenv("LL_SANITIZER");

    if (sanitizer != NULL && *sanitizer != '\0') {
        printf("SKIP a sanitizer may not survive a fork of many threads\n");
        return;
    }
    add_champion();
    ends_with = LLMLEARN_ELLM;
    set_model(NULL);
    for (int i = 0; i < learner_rounds(20, 5); i++) {
        int status = -1;
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0)
            _exit(child_explains());
        ck_assert(waitpid(child, &status, 0) == child);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

/* ---- a process in trouble ---------------------------------------------- */

/* libcurl then says that it has no memory. A reader gets a text all the same. */
START_TEST(without_file_descriptors_a_template_answers)
{
    const llmlearn_model model = { .struct_size = sizeof model,
                                   .model = "toy-1",
                                   .base_url = "http://127.0.0.1:1/v1",
                                   .retries_max = UINT32_MAX };
    llmlearn_explain_request request = plain;
    struct rlimit before, none;

    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &model));
    request.fallback = "{{ticker}}: {{signal}}.";
    expect_text(&request, LLMLEARN_FROM_TEMPLATE, "NVDA: BUY."); /* has opened what it needs */
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_text(&request, LLMLEARN_FROM_TEMPLATE, "NVDA: BUY.");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

/* ---- numbers ----------------------------------------------------------- */

START_TEST(confidence_has_a_point_in_every_locale)
{
    char command[2 * FOLDER_PATH_BYTES + 100];

    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/out 2>&1",
             folder, folder);
    setenv("LOCPATH", folder, 1);
    if (system(command) < 0 || setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        printf("SKIP no locale with a decimal comma can be made\n");
    set_model(NULL);
    expect_text(&plain, LLMLEARN_FROM_MODEL, NULL);
    setlocale(LC_NUMERIC, "C");
    ck_assert_str_eq(last_prompt, "Why BUY NVDA at 0.87?");
}
END_TEST

/* ---- models that can never answer -------------------------------------- */

START_TEST(a_url_or_header_that_must_not_be_used_is_told_when_it_is_set)
{
    static const char *const urls[] = {
        "ftp://example.com/v1",     "http://example.com/v1", "https://user:word@example.com/v1",
        "https://example.com/v1#x", "example.com",           "https://0x7f.1/v1"
    };
    static const char *const headers[] = { "X-Team: a\r\nHost: evil" };
    static const char *const none[] = { NULL };
    llmlearn_model m = { .struct_size = sizeof m, .model = "toy-1" };

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        m.base_url = urls[i];
        ck_assert_msg(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &m) == LLMLEARN_EINVAL,
                      "%s", urls[i]);
    }
    m.base_url = "https://example.com/v1?a=b";
    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &m));
    m.header_count = 1;
    m.headers = headers;
    ck_assert_int_eq(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &m), LLMLEARN_EINVAL);
    m.headers = none;
    ck_assert_int_eq(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &m), LLMLEARN_EINVAL);
    m.header_count = 0;
    m.reserved = 1;
    ck_assert_int_eq(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &m), LLMLEARN_EINVAL);
    llmlearn_explain_request request = plain;
    llmlearn_explained e = { .struct_size = sizeof e };
    request.reserved = 1;
    ck_assert_int_eq(llmlearn_explain(learner, &request, &e), LLMLEARN_EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("explain, at its borders");
    TCase *tc = tcase_create("explain");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_is_said_before_the_prompt_is_part_of_the_question);
    tcase_add_test(tc, another_model_of_the_same_name_answers_for_itself);
    tcase_add_test(tc, a_kept_answer_must_suit_the_request);
    tcase_add_test(tc, a_flag_that_is_raised_asks_nobody);
    tcase_add_test(tc, a_client_that_cancels_by_itself_has_failed);
    tcase_add_test(tc, numbers_that_cannot_be_are_not_added_up_past_the_end);
    tcase_add_test(tc, a_childs_first_calls_may_come_all_at_once);
    tcase_add_test(tc, without_file_descriptors_a_template_answers);
    tcase_add_test(tc, confidence_has_a_point_in_every_locale);
    tcase_add_test(tc, a_url_or_header_that_must_not_be_used_is_told_when_it_is_set);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
