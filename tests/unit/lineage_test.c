#include "store/lineage.h"

#include "store/ledger.h"
#include "store/names.h"
#include "support/ab_fixture.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW AB_START_US

static int64_t signal_id, model, generation, parent;

static ll_variant_text variant(const char *version, const char *text)
{
    return (ll_variant_text){ .signal = signal_id,
                              .version = version,
                              .version_bytes = strlen(version),
                              .text = text,
                              .text_bytes = strlen(text),
                              .parent = parent };
}

static int64_t add_generation(void)
{
    static const ll_ledger_limits unlimited = { LL_LEDGER_UNLIMITED, LL_LEDGER_UNLIMITED };
    int64_t id = 0;
    const ll_ledger_call call = {
        .kind = LL_LEDGER_GENERATE, .signal = signal_id, .run = "r", .ceiling_nanousd = 1
    };

    ck_ok(ll_ledger_reserve(ab_connection, &call, &unlimited, NOW, &id));
    return id;
}

static void set_up(void)
{
    ll_variant champion;
    ll_variant_text text;

    ab_set_up();
    ab_begin();
    ck_ok(ll_names_intern(ab_connection, LL_NAME_SIGNAL, "BUY", 3, &signal_id));
    ck_ok(ll_names_intern(ab_connection, LL_NAME_MODEL, "m-1", 3, &model));
    generation = add_generation();
    parent = 0;
    text = variant("v1.0", "Explain {{ticker}}.");
    ck_ok(ll_variants_add(ab_connection, &text, NOW));
    ck_ok(ll_variants_find(ab_connection, signal_id, "v1.0", 4, &champion));
    parent = champion.id;
}

static void tear_down(void)
{
    ab_commit();
    ab_tear_down();
}

static ll_lineage_candidate candidate(const char *version, const char *text, const char *reason)
{
    return (ll_lineage_candidate){ .variant = variant(version, text),
                                   .generation = generation,
                                   .model = model,
                                   .prompt_tokens = 900,
                                   .completion_tokens = 250,
                                   .cost_nanousd = 123456,
                                   .reason = reason };
}

static int64_t add(const ll_lineage_candidate *c)
{
    int64_t id = 0;

    ck_ok(ll_lineage_add(ab_connection, c, NOW + 5, &id));
    ck_assert_int_ne(id, 0);
    return id;
}

/* What the callback saw, the strings in one line. */
typedef struct seen {
    int count, hypotheses;
    ll_lineage last;
    char words[400];
} seen;

static const char *or_none(const char *text)
{
    return text == NULL ? "-" : text;
}

static llmlearn_err see(void *context, const ll_lineage *l)
{
    seen *s = context;
    size_t used = strlen(s->words);

    s->count++;
    s->last = *l;
    if (l->hypothesis != NULL) {
        ck_assert_str_eq(l->hypothesis, "Reasons help.");
        s->hypotheses++;
    }
    snprintf(s->words + used, sizeof s->words - used, "%s %s %s %s<%s %s %s %s\n", l->signal,
             l->version, l->text, ll_variant_status_name(l->status), or_none(l->parent),
             or_none(l->model), or_none(l->reason), or_none(l->approved_by));
    return LLMLEARN_OK;
}

static seen list(ll_lineage_filter filter)
{
    seen s = { .count = 0 };

    if (filter.limit == 0)
        filter.limit = 100;
    ck_ok(ll_lineage_list(ab_connection, &filter, see, &s));
    return s;
}

START_TEST(candidates_are_read_as_they_were_added)
{
    ll_lineage_candidate draft = candidate("v1.1", "Say why {{ticker}}.", NULL);
    ll_lineage_candidate rejected = candidate("v1.2", "Buy!", "placeholder {{ticker}} is missing");
    ll_lineage_candidate bare = candidate("v1.3", "Hm {{ticker}}.", NULL);
    int64_t first;

    draft.hypothesis = "Reasons help.";
    bare.model = 0;
    bare.prompt_tokens = bare.completion_tokens = bare.cost_nanousd = LL_LINEAGE_UNKNOWN;
    bare.variant.parent = 0;
    first = add(&draft);
    (void)add(&rejected);
    (void)add(&bare);
    seen s = list((ll_lineage_filter){ 0 });
    ck_assert_str_eq(s.words,
                     "BUY v1.3 Hm {{ticker}}. draft<- - - -\n"
                     "BUY v1.2 Buy! rejected<v1.0 m-1 placeholder {{ticker}} is missing -\n"
                     "BUY v1.1 Say why {{ticker}}. draft<v1.0 m-1 - -\n");
    ck_assert_int_eq(s.hypotheses, 1);
    ck_assert_int_eq(s.last.variant, first);
    ck_assert_int_eq(s.last.generation, generation);
    ck_assert_int_eq(s.last.prompt_tokens, 900);
    ck_assert_int_eq(s.last.completion_tokens, 250);
    ck_assert_int_eq(s.last.cost_nanousd, 123456);
    ck_assert_int_eq(s.last.created_us, NOW + 5);
    ck_assert_int_eq(s.last.approved_us, 0);
    s = list((ll_lineage_filter){ .limit = 1 });
    ck_assert_int_eq(s.last.prompt_tokens, LL_LINEAGE_UNKNOWN);
    ck_assert_int_eq(s.last.cost_nanousd, LL_LINEAGE_UNKNOWN);
    ck_assert_int_eq(s.count, 1);
    ck_assert_int_eq(list((ll_lineage_filter){ .waiting = true }).count, 2);
    ck_assert_int_eq(list((ll_lineage_filter){ .variant = first }).count, 1);
    ck_assert_int_eq(list((ll_lineage_filter){ .signal = signal_id }).count, 3);
    ck_assert_int_eq(list((ll_lineage_filter){ .signal = signal_id + 77 }).count, 0);
}
END_TEST

START_TEST(the_same_again_changes_nothing_and_another_is_refused)
{
    ll_lineage_candidate c = candidate("v1.1", "Say why {{ticker}}.", NULL);
    int64_t first = add(&c), id = 42;

    ck_assert_int_eq(add(&c), first);
    ck_assert_int_eq(list((ll_lineage_filter){ 0 }).count, 1);
    c.generation = add_generation();
    ck_fails(ll_lineage_add(ab_connection, &c, NOW, &id), LLMLEARN_EEXIST, "v1.1");
    c = candidate("v1.1", "Say how {{ticker}}.", NULL);
    ck_fails(ll_lineage_add(ab_connection, &c, NOW, &id), LLMLEARN_EEXIST, "v1.1");
    c = candidate("v1.0", "Explain {{ticker}}.", NULL); /* somebody's own */
    ck_fails(ll_lineage_add(ab_connection, &c, NOW, &id), LLMLEARN_EEXIST, "v1.0");
    c = candidate("v1.9", "Say.", NULL);
    c.generation = 99999; /* of no call */
    ck_fails(ll_lineage_add(ab_connection, &c, NOW, &id), LLMLEARN_EINVAL, "");
    ck_assert_int_eq(id, 42);
}
END_TEST

/* A version that was met in a log has a row and no text. */
START_TEST(a_version_met_before_gets_its_text)
{
    ll_lineage_candidate c = candidate("v1.1", "Say why {{ticker}}.", "too much like its parent");
    int64_t bare = 0;

    c.hypothesis = "Reasons help.";
    ck_ok(ll_variants_intern(ab_connection, signal_id, "v1.1", 4, NOW, &bare));
    ck_assert_int_eq(add(&c), bare);
    seen s = list((ll_lineage_filter){ .variant = bare });
    ck_assert_int_eq(s.last.status, LL_VARIANT_REJECTED);
    ck_assert_int_eq(s.hypotheses, 1);
}
END_TEST

START_TEST(a_person_approves_a_draft_once)
{
    ll_lineage_candidate draft = candidate("v1.1", "Say why {{ticker}}.", NULL);
    ll_lineage_candidate rejected = candidate("v1.2", "Buy!", "no");
    int64_t id = add(&draft), never = add(&rejected), bare = 0;

    ck_ok(ll_variants_intern(ab_connection, signal_id, "v9", 2, NOW, &bare));
    ck_ok(ll_lineage_approve(ab_connection, id, "ann", NOW + 9));
    seen s = list((ll_lineage_filter){ .variant = id });
    ck_assert_str_eq(s.words, "BUY v1.1 Say why {{ticker}}. draft<v1.0 m-1 - ann\n");
    ck_assert_int_eq(s.last.approved_us, NOW + 9);
    ck_assert_int_eq(list((ll_lineage_filter){ .waiting = true }).count, 0);
    ck_fails(ll_lineage_approve(ab_connection, id, "bob", NOW), LLMLEARN_ESTATE, "only once");
    ck_fails(ll_lineage_approve(ab_connection, never, "bob", NOW), LLMLEARN_ESTATE, "draft");
    ck_fails(ll_lineage_approve(ab_connection, bare, "bob", NOW), LLMLEARN_ESTATE, "text");
    ck_fails(ll_lineage_approve(ab_connection, 777, "bob", NOW), LLMLEARN_ESTATE, "777");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lineage");
    TCase *tc = tcase_create("lineage");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, candidates_are_read_as_they_were_added);
    tcase_add_test(tc, the_same_again_changes_nothing_and_another_is_refused);
    tcase_add_test(tc, a_version_met_before_gets_its_text);
    tcase_add_test(tc, a_person_approves_a_draft_once);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
