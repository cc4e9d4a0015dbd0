#include "experiment/receipt.h"
#include "support/folder.h"
#include "support/inputs.h"
#include "support/stats_cases.h"

#include <check.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY INPUT_DAY
#define START INPUT_START

/* Two arms: the champion's votes and the other's. */
static void look_at_two(look *l, int64_t s0, int64_t n0, int64_t s1, int64_t n1)
{
    look_begin(l, LLMLEARN_RULE_CLASSIC, 2);
    look_set_arm(l, 0, s0, n0);
    look_set_arm(l, 1, s1, n1);
    look_decide(l);
}

static const ll_receipt_made not_promoted = { .version = "1.2.3" };
static const ll_receipt_made promoted = { .promoted = true, .version = "1.2.3" };

static json_t *receipt_of(const look *l)
{
    char *json = NULL, *sentence = NULL;

    ck_assert_int_eq(ll_receipt_write(&l->in, &l->out, &not_promoted, &json, &sentence),
                     LLMLEARN_OK);
    json_t *receipt = json_loads(json, 0, NULL);
    ck_assert_ptr_nonnull(receipt);
    ck_assert_str_eq(json_string_value(json_object_get(receipt, "sentence")), sentence);
    free(json);
    free(sentence);
    return receipt;
}

/* ---- reference cases --------------------------------------------------- */

static llmlearn_verdict verdict_for(const char *status)
{
    if (strcmp(status, "winner") == 0)
        return LLMLEARN_WINNER;
    if (strcmp(status, "running") == 0 || strncmp(status, "insufficient", 12) == 0)
        return LLMLEARN_KEEP_GOING;
    return LLMLEARN_NO_DIFFERENCE;
}

/* False for a case with one arm, which no test can have. */
static bool decide_case(json_t *test_case, look *l)
{
    uint64_t s[CASE_ARMS_MAX], n[CASE_ARMS_MAX];
    uint32_t arm_count = in_counts(test_case, "succ", s);
    json_t *in = json_object_get(test_case, "in");

    ck_assert_uint_eq(in_counts(test_case, "n", n), arm_count);
    if (arm_count < 2)
        return false;
    look_begin(l, LLMLEARN_RULE_CLASSIC, arm_count);
    for (uint32_t i = 0; i < arm_count; i++)
        look_set_arm(l, i, (int64_t)s[i], (int64_t)n[i]);
    l->in.test.trials_min = (int64_t)in_count(test_case, "min_n");
    if (!json_is_true(json_object_get(in, "duration_reached")))
        l->in.now_us = START + 7 * DAY - 1;
    for (uint32_t i = 0; i < arm_count; i++)
        l->in.arms[i].units = 0; /* else most would be invalid: they are unequal */
    look_decide(l);
    return true;
}

START_TEST(agrees_with_the_reference_cases)
{
    figure figures[] = { { .name = "p", .relative = 1e-9 },
                         { .name = "Cramer's V", .relative = 1e-12 },
                         { 0 } };
    json_t *loaded = load_cases("decision_classic");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        const char *status = out_string(test_case, "status");
        json_t *winner = json_object_get(json_object_get(test_case, "out"), "winner");
        look l;

        if (!decide_case(test_case, &l))
            continue;
        ck_assert_str_eq(l.out.status, status);
        ck_assert_int_eq(l.out.verdict, verdict_for(status));
        ck_assert_int_eq(l.out.winner, json_is_null(winner) ? -1 : (int)json_integer_value(winner));
        if (!json_is_null(json_object_get(json_object_get(test_case, "out"), "p"))) {
            check_figure(&figures[0], test_case, l.out.evidence.classic.p_value,
                         out_string(test_case, "p"));
            check_figure(&figures[1], test_case, l.out.evidence.classic.cramers_v,
                         out_string(test_case, "V"));
        }
    }
    ck_assert_uint_ge(i, 24);
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* ---- verdicts ---------------------------------------------------------- */

START_TEST(the_minimum_duration_is_reached_to_the_microsecond)
{
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
    l.in.now_us = START + 7 * DAY;
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
    l.in.now_us--;
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_KEEP_GOING);
    ck_assert(!l.out.promotable);
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: the test has run 6.9 days of at least 7 days.");
    l.in.now_us = START + 90 * 60 * LL_US_PER_S;
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: the test has run 1.5 hours of at least 7 days.");
}
END_TEST

START_TEST(too_few_votes_end_in_no_difference_when_the_time_is_up)
{
    look l;

    look_at_two(&l, 20, 40, 90, 120);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_KEEP_GOING);
    l.in.now_us = START + 56 * DAY - 1;
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: v1.0 has 40 of the 100 first votes that"
                     " each arm needs.");
    l.in.now_us++;
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_str_eq(l.out.status, "insufficient_sample");
    ck_assert_str_eq(look_sentence(&l),
                     "The test ran out of time after 56 days: v1.0 has 40 of the 100 first votes"
                     " that each arm needs. The champion v1.0 stays.");
}
END_TEST

START_TEST(no_minimum_duration_decides_at_once)
{
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    l.in.test.duration_min_us = 0;
    l.in.now_us = START;
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
}
END_TEST

/* ---- promotable -------------------------------------------------------- */

START_TEST(a_winner_that_beats_the_champion_is_promotable)
{
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    ck_assert_int_eq(l.out.winner, 1);
    ck_assert(l.out.promotable);
    ck_assert_uint_eq(l.out.advisories, 0);
    ck_assert_str_eq(look_sentence(&l),
                     "v1.1 was found helpful by 71.2 % of 410 first votes, against 60.4 % of 402"
                     " for the champion v1.0: p = 0.0012 by the chi-square test, Cramer's V"
                     " 0.114.");
}
END_TEST

START_TEST(the_champion_is_never_promotable)
{
    look l;

    look_at_two(&l, 292, 410, 243, 402);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
    ck_assert_int_eq(l.out.winner, 0);
    ck_assert(!l.out.promotable);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "The champion stays: v1.0 was found helpful by"
                                                    " 71.2 % of 410 first votes"));
}
END_TEST

/* One bad arm makes the rule name the best of the others, which beat nobody. */
START_TEST(a_winner_by_a_bad_third_arm_is_not_promotable)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_CLASSIC, 4);
    look_set_arm(&l, 0, 600, 1000);
    look_set_arm(&l, 1, 605, 1000);
    look_set_arm(&l, 2, 600, 1000);
    look_set_arm(&l, 3, 400, 1000);
    look_decide(&l);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
    ck_assert_int_eq(l.out.winner, 1);
    ck_assert(!l.out.promotable);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_WINNER_NOT_SEPARATED);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "that it beats the champion is not shown"));
}
END_TEST

/* The champion may win so too: then it is the second best that is not separated. */
START_TEST(a_champion_hardly_ahead_is_said_to_be_not_separated)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_CLASSIC, 3);
    look_set_arm(&l, 0, 605, 1000);
    look_set_arm(&l, 1, 600, 1000);
    look_set_arm(&l, 2, 400, 1000);
    look_decide(&l);
    ck_assert_int_eq(l.out.winner, 0);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_WINNER_NOT_SEPARATED);
    look_set_arm(&l, 1, 400, 1000);
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, 0);
}
END_TEST

START_TEST(a_small_effect_and_few_votes_are_advised_of)
{
    look l;

    look_at_two(&l, 600, 1000, 650, 1000);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_V_GATE_BLOCKS);
    ck_assert_str_eq(look_sentence(&l),
                     "The arms differ (p = 0.021 by the chi-square test), but too little to count:"
                     " Cramer's V 0.0516 is not above 0.1. The champion v1.0 stays.");
    look_begin(&l, LLMLEARN_RULE_CLASSIC, 2);
    l.in.test.trials_min = 5;
    look_set_arm(&l, 0, 1, 8);
    look_set_arm(&l, 1, 8, 8);
    look_decide(&l);
    ck_assert_uint_eq(l.out.advisories, LL_ADVISORY_LOW_EXPECTED);
    ck_assert(l.out.promotable);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "by Fisher's exact test"));
}
END_TEST

START_TEST(over_five_percent_from_a_cache_blocks)
{
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    l.in.arms[0].explanations = 1000;
    l.in.arms[0].cached = 50;
    look_decide(&l);
    ck_assert(l.out.promotable);
    l.in.arms[0].cached = 51;
    look_decide(&l);
    ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_CACHED_SHARE);
    ck_assert(!l.out.promotable);
    ck_assert_int_eq(l.out.verdict, LLMLEARN_WINNER);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "Promotion waits for a person: more than 5 %"));
}
END_TEST

START_TEST(one_percent_of_units_in_two_arms_blocks_from_ten_on)
{
    look l;

    look_at_two(&l, 243, 402, 292, 410); /* 812 units */
    l.in.test.contaminated = 9;
    look_decide(&l);
    ck_assert_uint_eq(l.out.blockers, 0);
    l.in.test.contaminated = 10;
    look_decide(&l);
    ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_CONTAMINATION);
    ck_assert(!l.out.promotable);
    l.in.arms[0].units = l.in.arms[1].units = 705; /* 1410 units: 15 are needed */
    l.in.test.contaminated = 14;
    look_decide(&l);
    ck_assert_uint_eq(l.out.blockers, 0);
    l.in.test.contaminated = 15;
    look_decide(&l);
    ck_assert_uint_eq(l.out.blockers, LL_BLOCKER_CONTAMINATION);
}
END_TEST

/* ---- receipts ---------------------------------------------------------- */

static void check_keys(json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;
    size_t i = 0;

    json_object_foreach(object, key, value)
    {
        ck_assert_ptr_nonnull(keys[i]);
        ck_assert_str_eq(key, keys[i++]);
    }
    ck_assert_ptr_null(keys[i]);
}

static double real_of(json_t *object, const char *key)
{
    ck_assert_msg(json_is_real(json_object_get(object, key)), "%s is not a real", key);
    return json_real_value(json_object_get(object, key));
}

START_TEST(a_receipt_has_every_field_in_the_order_of_the_header)
{
    static const char *const keys[] = { "verdict",
                                        "status",
                                        "winner",
                                        "winner_arm",
                                        "ln_e_value",
                                        "rule",
                                        "alpha",
                                        "effect_min",
                                        "lift_min",
                                        "trials_min",
                                        "trials_planned",
                                        "looked_at",
                                        "looks",
                                        "days_left",
                                        "cannot_finish",
                                        "vote_sequence",
                                        "library_version",
                                        "promotable",
                                        "promoted",
                                        "blockers",
                                        "advisories",
                                        "sentence",
                                        "fixed_sample_label",
                                        "p_value",
                                        "ln_p_value",
                                        "chi_square",
                                        "degrees",
                                        "cramers_v",
                                        "cramers_v_unbiased",
                                        "method",
                                        "difference_confidence",
                                        "srm",
                                        "differential_response",
                                        "contaminated_units",
                                        "mismatches",
                                        "arms",
                                        NULL };
    static const char *const arm_keys[] = { "arm",
                                            "version",
                                            "champion",
                                            "weight",
                                            "off_since",
                                            "units",
                                            "first_votes",
                                            "positive",
                                            "positive_rate",
                                            "positive_rate_interval",
                                            "first_votes_seen",
                                            "positive_seen",
                                            "response_rate",
                                            "difference",
                                            "difference_interval",
                                            "lift",
                                            "p_champion",
                                            "holm_p_champion",
                                            "ln_e_value",
                                            "ln_e_value_week_end",
                                            "z",
                                            "bound",
                                            "information",
                                            "information_planned",
                                            "best_ratio",
                                            "expected_loss",
                                            "all_votes",
                                            "all_positive",
                                            "all_positive_rate",
                                            "all_positive_rate_interval",
                                            "design_effect",
                                            "rating_count",
                                            "average_rating",
                                            "rating_superiority",
                                            "rating_p_value",
                                            "latency_ms",
                                            "cost_nanousd_mean",
                                            "exposures",
                                            "failures",
                                            "failure_rate",
                                            "guardrails",
                                            NULL };
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    json_t *receipt = receipt_of(&l);
    check_keys(receipt, keys);
    ck_assert_str_eq(json_string_value(json_object_get(receipt, "verdict")), "winner");
    ck_assert_str_eq(json_string_value(json_object_get(receipt, "winner")), "v1.1");
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "winner_arm")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "looks")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "vote_sequence")), 4711);
    ck_assert_str_eq(json_string_value(json_object_get(receipt, "method")), "pearson");
    ck_assert(json_is_true(json_object_get(receipt, "promotable")));
    /* Their digits read back to the same bits. */
    ck_assert(real_of(receipt, "p_value") == l.out.evidence.classic.p_value);
    ck_assert(real_of(receipt, "ln_p_value") == l.out.evidence.classic.ln_p_value);
    ck_assert(real_of(receipt, "chi_square") == l.out.evidence.classic.chi_square);
    ck_assert(real_of(receipt, "cramers_v") == l.out.evidence.classic.cramers_v);
    ck_assert(real_of(receipt, "alpha") == 0.05);

    json_t *arms = json_object_get(receipt, "arms");
    ck_assert_uint_eq(json_array_size(arms), 2);
    json_t *champion = json_array_get(arms, 0), *other = json_array_get(arms, 1);
    check_keys(champion, arm_keys);
    check_keys(other, arm_keys);
    ck_assert(json_is_null(json_object_get(champion, "difference")));
    ck_assert(json_is_null(json_object_get(champion, "p_champion")));
    ck_assert_double_eq_tol(real_of(other, "difference"), 292. / 410 - 243. / 402, 1e-15);
    ck_assert(real_of(other, "holm_p_champion") == l.out.evidence.classic.champion_holm_p[1]);
    json_t *interval = json_object_get(other, "difference_interval");
    double low = json_real_value(json_array_get(interval, 0));
    double high = json_real_value(json_array_get(interval, 1));
    ck_assert(0 < low && low < 292. / 410 - 243. / 402 && 292. / 410 - 243. / 402 < high);
    json_decref(receipt);
}
END_TEST

START_TEST(what_was_not_computed_is_null)
{
    look l;

    look_at_two(&l, 0, 0, 3, 5);
    json_t *receipt = receipt_of(&l);
    json_t *champion = json_array_get(json_object_get(receipt, "arms"), 0);
    json_t *other = json_array_get(json_object_get(receipt, "arms"), 1);

    ck_assert_str_eq(json_string_value(json_object_get(receipt, "verdict")), "keep_going");
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "looks")), 0);
    for (const char *const *key =
             (const char *const[]){ "winner", "winner_arm", "p_value", "ln_p_value", "chi_square",
                                    "degrees", "cramers_v", "method", NULL };
         *key != NULL; key++)
        ck_assert_msg(json_is_null(json_object_get(receipt, *key)), "%s", *key);
    ck_assert(json_is_null(json_object_get(champion, "positive_rate")));
    ck_assert(json_is_null(json_object_get(champion, "positive_rate_interval")));
    ck_assert(json_is_null(json_object_get(other, "difference")));
    ck_assert(json_is_null(json_object_get(other, "p_champion")));
    ck_assert_double_eq(real_of(other, "positive_rate"), 0.6);
    json_decref(receipt);
}
END_TEST

START_TEST(a_receipt_reads_back_and_a_damaged_one_does_not)
{
    char *json = NULL, *sentence = NULL;
    ll_receipt told;
    look l;

    look_at_two(&l, 243, 402, 292, 410);
    ck_assert_int_eq(ll_receipt_write(&l.in, &l.out, &promoted, &json, &sentence), LLMLEARN_OK);
    ck_assert_int_eq(ll_receipt_read(json, &told), LLMLEARN_OK);
    ck_assert_int_eq(told.verdict, LLMLEARN_WINNER);
    ck_assert_str_eq(told.status, "winner");
    ck_assert_str_eq(told.winner, "v1.1");
    ck_assert_int_eq(told.winner_arm, 1);
    ck_assert(told.p_value == l.out.evidence.classic.p_value);
    ck_assert(told.cramers_v == l.out.evidence.classic.cramers_v);
    ck_assert(told.promotable && told.promoted);
    for (size_t length = strlen(json); length-- > 0;) {
        json[length] = '\0';
        ck_assert_int_eq(ll_receipt_read(json, &told), LLMLEARN_ECORRUPT);
    }
    free(json);
    free(sentence);
    ck_assert_int_eq(ll_receipt_read("[]", &told), LLMLEARN_ECORRUPT);
    ck_assert_int_eq(ll_receipt_read("{\"verdict\":\"maybe\"}", &told), LLMLEARN_ECORRUPT);
}
END_TEST

/* Pashto writes its decimal point with two bytes. Most machines have to make the locale first. */
static bool use_strange_locale(const char *folder)
{
    char command[2 * FOLDER_PATH_BYTES + 100];

    snprintf(command, sizeof command, "localedef -i ps_AF -f UTF-8 %s/ps_AF.UTF-8 >%s/out 2>&1",
             folder, folder);
    setenv("LOCPATH", folder, 1);
    return system(command) >= 0 && setlocale(LC_ALL, "ps_AF.UTF-8") != NULL;
}

START_TEST(the_hosts_locale_changes_nothing)
{
    char *json[2] = { NULL, NULL }, *sentence[2] = { NULL, NULL };
    char folder[FOLDER_PATH_BYTES];
    look l;

    folder_make(folder);
    look_at_two(&l, 243, 402, 292, 410);
    ck_assert_int_eq(ll_receipt_write(&l.in, &l.out, &not_promoted, &json[0], &sentence[0]),
                     LLMLEARN_OK);
    if (!use_strange_locale(folder)) {
        printf("SKIP no locale with a decimal point of its own can be had here\n");
    } else {
        ck_assert_int_ne(strcmp(localeconv()->decimal_point, "."), 0);
        ck_assert_int_eq(ll_receipt_write(&l.in, &l.out, &not_promoted, &json[1], &sentence[1]),
                         LLMLEARN_OK);
        ck_assert_str_eq(json[0], json[1]);
        ck_assert_str_eq(sentence[0], sentence[1]);
    }
    for (int i = 0; i < 2; i++) {
        free(json[i]);
        free(sentence[i]);
    }
    folder_remove(folder);
}
END_TEST

/* Whatever the counts, under whatever rule: a verdict, numbers that are numbers, and a receipt that
 * parses. Half of the tests know of no units, so that they are not all found invalid. */
START_TEST(any_counts_give_a_verdict_and_a_receipt)
{
    uint64_t state = 88172645463325252;
    int verdicts[LLMLEARN_INVALID + 1] = { 0 };
    look l;

    for (int round = 0; round < 2000; round++) {
        look_begin(&l, LLMLEARN_RULE_CLASSIC + round % 3, 2 + (uint32_t)(state % 4));
        l.in.test.trials_min = 1;
        for (uint32_t i = 0; i < l.in.arm_count; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            int64_t n = (int64_t)(state >> (12 + state % 50));
            look_set_arm(&l, i, n == 0 ? 0 : (int64_t)(state % (uint64_t)(n + 1)), n);
            look_set_e(&l, i, i == 0 ? 0 : (double)(state % 1000) / 100 - 5);
            if (round % 2 == 0)
                l.in.arms[i].units = 0;
        }
        if (round % 7 == 0)
            look_set_age(&l, 60);
        look_decide(&l);
        ck_assert(isfinite(l.out.evidence.classic.p_value));
        ck_assert(isfinite(l.out.evidence.classic.ln_p_value));
        ck_assert(l.out.verdict >= LLMLEARN_KEEP_GOING && l.out.verdict <= LLMLEARN_INVALID);
        ck_assert(!l.out.promotable || (l.out.winner > 0 && l.out.blockers == 0));
        verdicts[l.out.verdict]++;
        json_decref(receipt_of(&l));
    }
    for (int i = LLMLEARN_KEEP_GOING; i <= LLMLEARN_INVALID; i++)
        ck_assert_int_gt(verdicts[i], 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *tc = tcase_create("decide");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, agrees_with_the_reference_cases);
    tcase_add_test(tc, the_minimum_duration_is_reached_to_the_microsecond);
    tcase_add_test(tc, too_few_votes_end_in_no_difference_when_the_time_is_up);
    tcase_add_test(tc, no_minimum_duration_decides_at_once);
    tcase_add_test(tc, a_winner_that_beats_the_champion_is_promotable);
    tcase_add_test(tc, the_champion_is_never_promotable);
    tcase_add_test(tc, a_winner_by_a_bad_third_arm_is_not_promotable);
    tcase_add_test(tc, a_champion_hardly_ahead_is_said_to_be_not_separated);
    tcase_add_test(tc, a_small_effect_and_few_votes_are_advised_of);
    tcase_add_test(tc, over_five_percent_from_a_cache_blocks);
    tcase_add_test(tc, one_percent_of_units_in_two_arms_blocks_from_ten_on);
    tcase_add_test(tc, a_receipt_has_every_field_in_the_order_of_the_header);
    tcase_add_test(tc, what_was_not_computed_is_null);
    tcase_add_test(tc, a_receipt_reads_back_and_a_damaged_one_does_not);
    tcase_add_test(tc, the_hosts_locale_changes_nothing);
    tcase_add_test(tc, any_counts_give_a_verdict_and_a_receipt);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
