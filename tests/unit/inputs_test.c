/* What a verdict was made of: kept as bytes, and safe to read whatever became of them. */
#include "base/crc32c.h"
#include "base/err.h"
#include "experiment/inputs.h"
#include "experiment/receipt.h"
#include "support/inputs.h"
#include "support/learners.h"
#include "support/stores.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static look *one, *other;

static void setup(void)
{
    one = calloc(1, sizeof *one);
    other = calloc(1, sizeof *other);
    ck_assert(one != NULL && other != NULL);
}

static void teardown(void)
{
    free(one);
    free(other);
}

/* A test with something in every field. */
static void fill(look *l, llmlearn_rule rule, uint32_t arm_count, uint32_t looks)
{
    look_begin(l, rule, arm_count);
    for (uint32_t i = 0; i < arm_count; i++) {
        ll_ab_arm *arm = &l->in.arms[i];
        look_set_arm(l, i, 300 + i, 600);
        look_set_e(l, i, i == 0 ? 0 : 0.125 * i);
        arm->cached = 3;
        arm->fallback = 4;
        arm->rerouted = 5;
        arm->rating_count = 6;
        arm->rating_sum = 22;
        arm->cost_nanousd = INT64_MAX;
        arm->cost_known = 7;
        arm->off_us = i == 1 && arm_count > 2 ? INPUT_START + 5 : 0;
        arm->reported = 8;
        arm->failures = 9;
        arm->exposures = 1300;
        arm->first_rating[4] = 6;
        moments_set(&arm->latency_us, 600, 1000000 + i, 1000);
        moments_set(&arm->cost_nanousd_mean, 600, 70 + i, 7);
        moments_set(&arm->failure_ppm, 600, 1000 + i, 1000);
        l->in.latency_p50_ms[i] = 0.1 + i;
        l->in.recent.units[i] = 100 + i;
        l->in.recent.first_votes[i] = 50 + i;
    }
    l->in.recent.first_day = 20001;
    l->in.recent.day_count = 7;
    l->in.test.contaminated = 1;
    l->in.test.mismatches = 2;
    l->in.test.srm_ln_e_max = 1.5;
    for (uint32_t i = 0; i < looks; i++)
        look_add_before(l, 0.1 * i, 10 + i);
}

static ll_buffer write_one(void)
{
    ll_buffer bytes = { 0 };

    ll_inputs_write(&one->in, &bytes);
    ck_assert(!bytes.failed);
    return bytes;
}

static char *receipt_of(look *l)
{
    const ll_receipt_made made = { .version = "1.0.0" };
    char *json = NULL, *sentence = NULL;

    look_decide(l);
    ck_ok(ll_receipt_write(&l->in, &l->out, &made, &json, &sentence));
    free(sentence);
    return json;
}

START_TEST(what_is_read_back_decides_the_same_to_the_last_bit)
{
    for (int rule = LLMLEARN_RULE_CLASSIC; rule <= LLMLEARN_RULE_ALWAYS_VALID; rule++) {
        for (uint32_t arms = 2; arms <= LLMLEARN_ARMS_MAX; arms += 31) {
            fill(one, (llmlearn_rule)rule, arms, arms - 2);
            ll_buffer bytes = write_one();
            memset(&other->in, 0xa5, sizeof other->in);
            ck_ok(ll_inputs_read(bytes.data, bytes.length, &other->in));
            char *before = receipt_of(one), *after = receipt_of(other);
            ck_assert_str_eq(before, after);
            free(before);
            free(after);
            ll_buffer_free(&bytes);
        }
    }
}
END_TEST

/* And once more gives the same bytes: nothing is lost that is written. */
START_TEST(written_again_they_are_the_same_bytes)
{
    fill(one, LLMLEARN_RULE_GROUP_SEQUENTIAL, 5, 20);
    ll_buffer bytes = write_one(), again = { 0 };
    ck_ok(ll_inputs_read(bytes.data, bytes.length, &other->in));
    ll_inputs_write(&other->in, &again);
    ck_assert_uint_eq(bytes.length, again.length);
    ck_assert_mem_eq(bytes.data, again.data, bytes.length);
    ll_buffer_free(&bytes);
    ll_buffer_free(&again);
}
END_TEST

START_TEST(the_largest_test_fits)
{
    fill(one, LLMLEARN_RULE_GROUP_SEQUENTIAL, LLMLEARN_ARMS_MAX, LLMLEARN_LOOKS_MAX - 1);
    for (uint32_t i = 0; i < LLMLEARN_ARMS_MAX; i++)
        memset(one->in.versions[i], 'v', LL_VERSION_BYTES_MAX);
    ll_buffer bytes = write_one();
    ck_assert_uint_le(bytes.length, LL_INPUTS_BYTES_MAX);
    printf("64 arms, 63 looks: %zu bytes; ", bytes.length);
    ll_buffer_free(&bytes);
    fill(one, LLMLEARN_RULE_CLASSIC, 2, 0);
    bytes = write_one();
    printf("2 arms: %zu bytes\n", bytes.length);
    ll_buffer_free(&bytes);
}
END_TEST

START_TEST(one_bit_that_flipped_is_found)
{
    fill(one, LLMLEARN_RULE_GROUP_SEQUENTIAL, 2, 2);
    ll_buffer bytes = write_one();
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        bytes.data[bit / 8] ^= (char)(1 << bit % 8);
        ck_fails(ll_inputs_read(bytes.data, bytes.length, &other->in), LLMLEARN_ECORRUPT, "inputs");
        bytes.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 0; length < bytes.length; length++)
        ck_fails(ll_inputs_read(bytes.data, length, &other->in), LLMLEARN_ECORRUPT, "inputs");
    ck_ok(ll_inputs_read(bytes.data, bytes.length, &other->in));
    ll_buffer_free(&bytes);
}
END_TEST

static void seal(ll_buffer *bytes)
{
    uint8_t *at = (uint8_t *)bytes->data;
    uint32_t crc = ll_crc32c(ll_crc32c(0, at, 12), at + 16, bytes->length - 16);

    for (int i = 0; i < 4; i++)
        at[12 + i] = (uint8_t)(crc >> (8 * i));
}

/* Damage with a checksum that fits, as a defect or an attacker would have it: it is refused, or
 * decides something. It never crashes. */
START_TEST(damage_under_a_good_checksum_is_refused_or_decides)
{
    uint64_t seed = learner_seed("inputs"), state = seed;
    int rounds = learner_rounds(20000, 2000), read = 0;

    for (int round = 0; round < rounds; round++) {
        fill(one, LLMLEARN_RULE_CLASSIC + round % 3, 2 + (uint32_t)round % 3, (uint32_t)round % 4);
        ll_buffer bytes = write_one();
        for (uint32_t i = learner_random(&state) % 4; i < 4; i++) {
            size_t bit = 16 * 8 + learner_random(&state) % (8 * (bytes.length - 16));
            bytes.data[bit / 8] ^= (char)(1 << bit % 8);
        }
        seal(&bytes);
        llmlearn_err err = ll_inputs_read(bytes.data, bytes.length, &other->in);
        ck_assert(err == LLMLEARN_OK || err == LLMLEARN_ECORRUPT);
        if (err == LLMLEARN_OK) {
            free(receipt_of(other));
            read++;
        }
        ll_buffer_free(&bytes);
    }
    printf("%d of %d were still inputs that decide\n", read, rounds);
    ck_assert_int_gt(read, rounds / 10);
    ck_assert_int_lt(read, rounds);
}
END_TEST

START_TEST(a_newer_form_is_told_from_damage)
{
    fill(one, LLMLEARN_RULE_CLASSIC, 2, 0);
    ll_buffer bytes = write_one();
    bytes.data[4]++;
    seal(&bytes);
    ck_fails(ll_inputs_read(bytes.data, bytes.length, &other->in), LLMLEARN_EUNSUPPORTED,
             "the form 2 of a newer version");
    ll_buffer_free(&bytes);
}
END_TEST

/* ---- soundness ---------------------------------------------------------- */

/* Each of these would trip an assertion or give a NaN further on. */
START_TEST(numbers_that_counting_cannot_give_are_found)
{
#define UNSOUND(change)                                                                            \
    do {                                                                                           \
        fill(one, LLMLEARN_RULE_GROUP_SEQUENTIAL, 3, 3);                                           \
        ck_assert_ptr_null(ll_input_fault(&one->in));                                              \
        one->in.change;                                                                            \
        ck_assert_msg(ll_input_fault(&one->in) != NULL, "%s", #change);                            \
    } while (0)

    UNSOUND(arm_count = 1);
    UNSOUND(arm_count = 65);
    UNSOUND(champion = 3);
    UNSOUND(test.rule = 0);
    UNSOUND(test.rule = 4);
    UNSOUND(test.alpha = 0);
    UNSOUND(test.alpha = 1);
    UNSOUND(test.alpha = (double)NAN);
    UNSOUND(test.effect_min = -0.1);
    UNSOUND(test.lift_min = 0);
    UNSOUND(test.rate_planned = 1);
    UNSOUND(test.trials_planned = 0);
    UNSOUND(test.trials_min = -1);
    UNSOUND(test.duration_min_us = 57 * INPUT_DAY);
    UNSOUND(now_us = INT64_MAX);
    UNSOUND(arms[1].weight = 0);
    UNSOUND(arms[1].first_positive = 601);
    UNSOUND(arms[1].first_votes = -1);
    UNSOUND(arms[1].units = INT64_MAX);
    UNSOUND(arms[1].products = 1);
    UNSOUND(arms[1].latency_us.squares = 1);
    UNSOUND(arms[1].cost_nanousd = -1);
    UNSOUND(arms[1].first_rating[0] = 600);
    UNSOUND(arms[0].off_us = 1);
    UNSOUND(test.srm_ln_e_max = -1);
    UNSOUND(test.srm_ln_e_max = (double)NAN);
    UNSOUND(test.srm_ln_e_max = (double)INFINITY);
    UNSOUND(versions[1][0] = '\0');
    UNSOUND(versions[1][0] = '\n');
    UNSOUND(latency_p95_ms[1] = -2);
    UNSOUND(latency_p95_ms[1] = (double)INFINITY);
    UNSOUND(eprocess.champion = 1);
    UNSOUND(eprocess_week_end.arm_count = 2);
    UNSOUND(eprocess.ln_e_value[1] = (double)NAN);
    UNSOUND(week = -1);
    UNSOUND(look_count = LLMLEARN_LOOKS_MAX);
    UNSOUND(looks[1].first_positive[2] = 1000);
    UNSOUND(recent.day_count = 8);
    UNSOUND(recent.first_votes[1] = -1);
    fill(one, LLMLEARN_RULE_ALWAYS_VALID, 3, 0);
    one->in.has_eprocess = false;
    ck_assert_ptr_nonnull(ll_input_fault(&one->in));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inputs");
    TCase *tc = tcase_create("inputs");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_is_read_back_decides_the_same_to_the_last_bit);
    tcase_add_test(tc, written_again_they_are_the_same_bytes);
    tcase_add_test(tc, the_largest_test_fits);
    tcase_add_test(tc, one_bit_that_flipped_is_found);
    tcase_add_test(tc, damage_under_a_good_checksum_is_refused_or_decides);
    tcase_add_test(tc, a_newer_form_is_told_from_damage);
    tcase_add_test(tc, numbers_that_counting_cannot_give_are_found);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
