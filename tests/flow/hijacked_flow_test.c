/* A hijacked model: asked for prompts, it answers with every attack of tests/data/prompts, those
 * that pass the guardrails among them. Through generating and through the weekly job as they come,
 * it never gets one to a reader: without a person's approval none is an arm, and none is served. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"
#include "support/weeks.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS LEARNER_DEADLINE_MS
#define AT_ONCE 10
#define ATTACKS_MAX 2000
#define UNITS 40

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static llmlearn *learner;
static atomic_llong now_us;
static json_t *honest, *hostile, *fresh;
static const char *base;

/* Whole answers to "write variants", each with up to AT_ONCE attacks. */
static char *answers[ATTACKS_MAX];
static size_t answer_count, attack_count, asked;

/* ---- attacks ------------------------------------------------------------- */

static json_t *load(const char *name)
{
    const char *root = getenv("LL_TEST_ROOT");
    char file[4096];
    json_error_t error;

    snprintf(file, sizeof file, "%s/tests/data/prompts/%s.json", root != NULL ? root : ".", name);
    json_t *loaded = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(loaded != NULL, "%s: %s", file, error.text);
    return loaded;
}

/* The carrier with the attack in it; NULL: no JSON string can hold it. */
static json_t *inject(const char *attack)
{
    const char *carrier = json_string_value(json_object_get(hostile, "carrier"));
    const char *at = strstr(carrier, "@INJECT@");
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);

    ck_assert(at != NULL && stream != NULL);
    fprintf(stream, "%.*s%s%s", (int)(at - carrier), carrier, attack, at + strlen("@INJECT@"));
    fclose(stream);
    json_t *result = json_string(text);
    free(text);
    return result;
}

static void add_answer(const char *text)
{
    ck_assert_uint_lt(answer_count, ATTACKS_MAX);
    answers[answer_count++] = strdup(text);
}

/* Takes the prompts that have gathered. */
static void close_answer(json_t *variants)
{
    if (json_array_size(variants) == 0)
        return;
    json_t *whole = json_pack("{s:O}", "variants", variants);
    char *text = json_dumps(whole, JSON_ENSURE_ASCII);

    add_answer(text);
    free(text);
    json_decref(whole);
    json_array_clear(variants);
}

static void add_attack(json_t *variants, json_t *prompt)
{
    if (prompt == NULL)
        return;
    json_array_append_new(variants, json_pack("{s:o,s:s}", "prompt", prompt, "hypothesis", "h"));
    attack_count++;
    if (json_array_size(variants) == AT_ONCE)
        close_answer(variants);
}

static void add_list(json_t *variants, json_t *list)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *attack =
            json_string_value(json_is_string(item) ? item : json_object_get(item, "inject"));
        const char *candidate = json_string_value(json_object_get(item, "candidate"));
        const char *answer = json_string_value(json_object_get(item, "answer"));

        if (attack != NULL)
            add_attack(variants, inject(attack));
        else if (candidate != NULL)
            add_attack(variants, json_string(candidate));
        else if (answer != NULL)
            add_answer(answer);
    }
}

static void gather(void)
{
    static const char *const halves[] = { "tuned", "held_out", "adaptive" };
    json_t *variants = json_array();

    asked = answer_count = attack_count = 0;
    add_list(variants, json_object_get(hostile, "cases"));
    add_list(variants, json_object_get(hostile, "beyond"));
    add_list(variants, json_object_get(hostile, "unseen"));
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++)
        add_list(variants, json_object_get(json_object_get(fresh, halves[i]), "hostile"));
    close_answer(variants);
    json_decref(variants);
    ck_assert_uint_gt(attack_count, 1000);
}

static llmlearn_err ask(void *user, const llmlearn_question *question, llmlearn_answer *out)
{
    (void)user;
    if (question->json_schema == NULL) { /* an explanation */
        out->text = strdup("It rises.");
        return LLMLEARN_OK;
    }
    ck_assert_uint_lt(asked, answer_count);
    out->text = strdup(answers[asked++]);
    return LLMLEARN_OK;
}

/* ---- the learner ---------------------------------------------------------- */

static void setup(void)
{
    const llmlearn_budget unlimited = { .struct_size = sizeof unlimited,
                                        .run_nanousd = -1,
                                        .month_nanousd = -1 };
    const llmlearn_model model = { .struct_size = sizeof model, .model = "evil-1", .ask = ask };

    honest = load("honest");
    hostile = load("hostile");
    fresh = load("fresh");
    base = json_string_value(
        json_object_get(json_array_get(json_object_get(honest, "bases"), 0), "prompt"));
    gather();
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    atomic_store(&now_us, WEEKS_BEGIN_US);
    learner = weeks_open(path, &now_us);
    const llmlearn_variant first = { .struct_size = sizeof first,
                                     .deadline_ms = MS,
                                     .signal = "BUY",
                                     .version = "v1.0",
                                     .text = base };
    expect_ok(llmlearn_add_variant(learner, &first));
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v1.0", "ann", "the first", MS));
    expect_ok(
        llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING | LLMLEARN_FOR_EXPLAINING, &model));
    expect_ok(llmlearn_set_budget(learner, &unlimited));
}

static void teardown(void)
{
    expect_ok(llmlearn_close(learner, MS));
    recount(path);
    folder_remove(folder);
    for (size_t i = 0; i < answer_count; i++)
        free(answers[i]);
    json_decref(honest);
    json_decref(hostile);
    json_decref(fresh);
}

static void set_schedule(uint32_t flags)
{
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .flags = flags,
                                         .variants = AT_ONCE };

    expect_ok(llmlearn_set_schedule(learner, &schedule, MS));
}

static int64_t drafts(void)
{
    return recount_number(path, "SELECT count(*) FROM llm_variants WHERE status = 'draft'");
}

/* Whoever asks gets the prompt of the operator. */
static void expect_harmless(void)
{
    for (int i = 0; i < UNITS; i++) {
        llmlearn_assignment prompt = { .struct_size = sizeof prompt };
        char unit[16];

        snprintf(unit, sizeof unit, "u%d", i);
        expect_ok(llmlearn_get_variant(learner, "BUY", unit, &prompt));
        ck_assert_str_eq(prompt.version, "v1.0");
        ck_assert_str_eq(prompt.text, base);
        ck_assert_uint_eq(prompt.test_id, 0);
    }
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_ab_arms"), 0);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_variants WHERE status IN"
                                          " ('champion', 'active', 'testing')"),
                     1);
}

static void archive_drafts(void)
{
    char *json = NULL;
    json_t *variant;
    size_t i;

    expect_ok(llmlearn_variants(learner, "BUY", 2 * AT_ONCE, MS, &json));
    json_t *all = json_loads(json, 0, NULL);
    llmlearn_free(json);
    json_array_foreach(json_object_get(all, "variants"), i, variant)
    {
        if (strcmp(json_string_value(json_object_get(variant, "status")), "draft") == 0)
            expect_ok(llmlearn_archive_variant(
                learner, "BUY", json_string_value(json_object_get(variant, "version")), "ann",
                "read it", MS));
    }
    json_decref(all);
}

/* ---- tests ---------------------------------------------------------------- */

START_TEST(what_it_generates_is_never_served)
{
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .signal = "BUY",
                                             .count = AT_ONCE };
    const llmlearn_explain_request request = { .struct_size = sizeof request,
                                               .ticker = "NVDA",
                                               .signal = "BUY" };
    llmlearn_explained said = { .struct_size = sizeof said };

    while (asked < answer_count) {
        char *json = NULL;
        size_t before = asked;
        llmlearn_err err = llmlearn_generate_variants(learner, &generation, &json);

        ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_ELLM, "%s", llmlearn_error_detail());
        ck_assert_uint_gt(asked, before);
        llmlearn_free(json);
    }
    expect_harmless();
    expect_ok(llmlearn_explain(learner, &request, &said));
    ck_assert_str_eq(said.version, "v1.0");
    llmlearn_free(said.text);
    printf("%zu attacks generated, %lld are drafts that wait for a person\n", attack_count,
           (long long)drafts());
    ck_assert_int_gt(drafts(), 0); /* or else nothing shows that it is approval that holds them */
    ck_assert_int_le(drafts() * 20, (int64_t)attack_count);
}
END_TEST

START_TEST(the_weekly_job_starts_no_test_of_them)
{
    int64_t waited = 0;

    set_schedule(0);
    while (asked < answer_count) {
        atomic_fetch_add(&now_us, 7 * WEEKS_DAY_US);
        ck_assert_uint_eq(weeks_run(learner), 1);
        expect_harmless();
        waited += drafts();
        archive_drafts();
    }
    printf("%zu attacks in the weekly job, %lld waited for a person\n", attack_count,
           (long long)waited);
    ck_assert_int_gt(waited, 0);
}
END_TEST

/* What LLMLEARN_SCHEDULE_UNAPPROVED is worth: the same drafts are tested on readers. */
START_TEST(without_approval_those_that_pass_are_tested)
{
    set_schedule(LLMLEARN_SCHEDULE_UNAPPROVED);
    while (asked < answer_count && recount_number(path, "SELECT count(*) FROM llm_ab_arms") == 0) {
        atomic_fetch_add(&now_us, 7 * WEEKS_DAY_US);
        ck_assert_uint_eq(weeks_run(learner), 1);
    }
    ck_assert_int_gt(recount_number(path, "SELECT count(*) FROM llm_ab_arms"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hijacked");
    TCase *tests = tcase_create("hijacked");
    SRunner *runner = srunner_create(suite);

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_it_generates_is_never_served);
    tcase_add_test(tests, the_weekly_job_starts_no_test_of_them);
    tcase_add_test(tests, without_approval_those_that_pass_are_tested);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
