#include "experiment/assign.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLITS 4

static const double halves[] = { 0.5, 0.5 };
static const double quarters[] = { 0.5, 0.25, 0.25 };
static const double tenths[] = { 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 };
static const double lopsided[] = { 0.9, 0.1 };

static const struct {
    const double *weights;
    uint32_t arm_count;
} splits[SPLITS] = { { halves, 2 }, { quarters, 3 }, { tenths, 10 }, { lopsided, 2 } };

/* The salts 00 01 .. 0f and ff f8 f1 .. */
static void salt_of(int which, uint8_t out[LL_ASSIGN_SALT_BYTES])
{
    for (int i = 0; i < LL_ASSIGN_SALT_BYTES; i++)
        out[i] = (uint8_t)(which == 0 ? i : 255 - 7 * i);
}

static uint32_t arm_of(const ll_assign_split *split, const char *unit)
{
    return ll_assign_arm_of_unit(split, unit, strlen(unit));
}

/* Made by a separate program of a separate language from the words of assign.h alone. They
 * must never change: people would fall out of their arm in the middle of a test. */
static const struct {
    const char *unit;
    uint32_t arms[2][SPLITS];
} frozen[] = {
    { "a", { { 0, 0, 1, 0 }, { 0, 0, 3, 0 } } },
    { "user-1", { { 1, 2, 8, 0 }, { 1, 2, 9, 1 } } },
    { "user-2", { { 1, 1, 6, 0 }, { 0, 0, 4, 0 } } },
    { "user-1000000", { { 0, 0, 3, 0 }, { 1, 2, 8, 0 } } },
    { "alice@example.com", { { 0, 0, 0, 0 }, { 1, 1, 6, 0 } } },
    { "Zo\xc3\xab", { { 1, 2, 7, 0 }, { 0, 0, 0, 0 } } },
    { "0190b7d4-7c5e-7000-8000-000000000001", { { 0, 0, 0, 0 }, { 1, 2, 8, 0 } } },
    { "12345678", { { 0, 0, 0, 0 }, { 0, 0, 4, 0 } } },
    { "123456789", { { 1, 2, 9, 1 }, { 1, 2, 8, 0 } } },
    { "\xe7\x94\xa8\xe6\x88\xb7", { { 1, 2, 9, 1 }, { 0, 0, 4, 0 } } },
};

START_TEST(units_keep_their_arms_for_ever)
{
    for (int salt = 0; salt < 2; salt++) {
        for (int s = 0; s < SPLITS; s++) {
            uint8_t bytes[LL_ASSIGN_SALT_BYTES];
            ll_assign_split split;

            salt_of(salt, bytes);
            ll_assign_split_init(&split, bytes, splits[s].weights, splits[s].arm_count);
            for (size_t i = 0; i < sizeof frozen / sizeof frozen[0]; i++)
                ck_assert_msg(arm_of(&split, frozen[i].unit) == frozen[i].arms[salt][s],
                              "%s, salt %d, split %d: arm %u", frozen[i].unit, salt, s,
                              arm_of(&split, frozen[i].unit));
        }
    }
}
END_TEST

START_TEST(ten_thousand_units_keep_their_arms_for_ever)
{
    uint8_t salt[LL_ASSIGN_SALT_BYTES];
    ll_assign_split split;
    uint64_t digest = 0;
    char unit[24];

    salt_of(0, salt);
    ll_assign_split_init(&split, salt, tenths, 10);
    for (int i = 0; i < 10000; i++) {
        snprintf(unit, sizeof unit, "user-%d", i);
        digest = digest * UINT64_C(1099511628211) + arm_of(&split, unit) + 1;
    }
    ck_assert_uint_eq(digest, UINT64_C(0x5afba45744c547da));
}
END_TEST

/* Chi-square with 9 degrees of freedom exceeds 33.7 once in 10,000 salts; this salt is one of
 * the others, for ever. */
START_TEST(a_million_units_split_as_the_weights_say)
{
    static const double uneven[] = { 0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.04, 0.01 };
    uint8_t salt[LL_ASSIGN_SALT_BYTES];
    ll_assign_split split;
    uint64_t counts[10] = { 0 };
    double chi_square = 0;
    char unit[24];

    salt_of(1, salt);
    ll_assign_split_init(&split, salt, uneven, 10);
    for (int i = 0; i < 1000000; i++) {
        snprintf(unit, sizeof unit, "account-%d", i);
        counts[arm_of(&split, unit)]++;
    }
    for (int i = 0; i < 10; i++) {
        double expected = uneven[i] * 1e6;
        chi_square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    }
    printf("a million units: chi-square %.2f of 33.7\n", chi_square);
    ck_assert_double_lt(chi_square, 33.7);
}
END_TEST

/* Somebody's arm in one test must say nothing of his arm in the next: four equal cells. */
START_TEST(another_salt_is_another_split)
{
    uint8_t salt[LL_ASSIGN_SALT_BYTES];
    ll_assign_split first, second;
    double counts[2][2] = { { 0 } };
    double chi_square = 0;
    char unit[24];

    salt_of(0, salt);
    ll_assign_split_init(&first, salt, halves, 2);
    salt[15] ^= 1;
    ll_assign_split_init(&second, salt, halves, 2);
    for (int i = 0; i < 100000; i++) {
        snprintf(unit, sizeof unit, "user-%d", i);
        counts[arm_of(&first, unit)][arm_of(&second, unit)] += 1;
    }
    for (int i = 0; i < 4; i++) {
        double off = counts[i / 2][i % 2] - 25000;
        chi_square += off * off / 25000;
    }
    ck_assert_double_lt(chi_square, 21.1); /* one in 10,000 for 3 degrees of freedom */
}
END_TEST

static uint64_t hash_of(double x)
{
    return (uint64_t)(x * 0x1p53) << 11;
}

START_TEST(ranges_begin_at_their_border_and_end_before_the_next)
{
    const uint8_t salt[LL_ASSIGN_SALT_BYTES] = { 0 };
    const uint64_t step = 1 << 11;
    ll_assign_split split;

    ll_assign_split_init(&split, salt, quarters, 3);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, 0), 0);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, hash_of(0.5) - 1), 0);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, hash_of(0.5) - step), 0);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, hash_of(0.5)), 1);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, hash_of(0.75) - 1), 1);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, hash_of(0.75)), 2);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, UINT64_MAX), 2);
}
END_TEST

/* 0.1 ten times sums to less than 1 in doubles, 0.7 and 0.2 and 0.1 also; and a sum may be off
 * by 1e-6. Nobody falls off the end. */
START_TEST(the_last_range_ends_at_one_whatever_the_weights_sum_to)
{
    static const double under[] = { 0.5, 0.4999995 };
    static const double over[] = { 0.5, 0.5000005, 0.0000003 };
    const uint8_t salt[LL_ASSIGN_SALT_BYTES] = { 0 };
    ll_assign_split split;

    ll_assign_split_init(&split, salt, tenths, 10);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, UINT64_MAX), 9);
    ll_assign_split_init(&split, salt, under, 2);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, UINT64_MAX), 1);
    ck_assert_uint_eq(split.ends[1], UINT64_C(1) << 53);
    ll_assign_split_init(&split, salt, over, 3);
    ck_assert_uint_eq(ll_assign_arm_of_hash(&split, UINT64_MAX), 1);
    ck_assert_uint_eq(split.ends[2], UINT64_C(1) << 53);
}
END_TEST

START_TEST(as_many_arms_as_there_can_be)
{
    const uint8_t salt[LL_ASSIGN_SALT_BYTES] = { 0 };
    double weights[LLMLEARN_ARMS_MAX];
    ll_assign_split split;

    for (int i = 0; i < LLMLEARN_ARMS_MAX; i++)
        weights[i] = 1.0 / LLMLEARN_ARMS_MAX;
    ll_assign_split_init(&split, salt, weights, LLMLEARN_ARMS_MAX);
    for (uint64_t i = 0; i < LLMLEARN_ARMS_MAX; i++) {
        ck_assert_uint_eq(ll_assign_arm_of_hash(&split, i << 58), i);
        ck_assert_uint_eq(ll_assign_arm_of_hash(&split, (i << 58) + (UINT64_MAX >> 6)), i);
    }
}
END_TEST

/* ---- draws ------------------------------------------------------------- */

#define DRAWS 200000

static ll_assign_draws draws;

static void *draw_many(void *argument)
{
    uint64_t *out = argument;

    for (int i = 0; i < DRAWS; i++)
        out[i] = ll_assign_draw(&draws);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Two equal numbers of 64 bits among 400,000 happen by chance once in 10^8 runs. */
START_TEST(threads_draw_different_numbers_and_evenly)
{
    static uint64_t drawn[2 * DRAWS];
    pthread_t thread;
    double counts[16] = { 0 }, chi_square = 0;

    ck_assert_int_eq(ll_assign_draws_init(&draws), LLMLEARN_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, draw_many, drawn), 0);
    draw_many(drawn + DRAWS);
    pthread_join(thread, NULL);
    for (int i = 0; i < 2 * DRAWS; i++)
        counts[drawn[i] >> 60] += 1;
    for (int i = 0; i < 16; i++) {
        double off = counts[i] - 2 * DRAWS / 16;
        chi_square += off * off / (2 * DRAWS / 16);
    }
    ck_assert_double_lt(chi_square, 80); /* 15 degrees of freedom: once in 10^10 runs */
    qsort(drawn, 2 * DRAWS, sizeof drawn[0], by_value);
    for (int i = 1; i < 2 * DRAWS; i++)
        ck_assert_uint_ne(drawn[i - 1], drawn[i]);
}
END_TEST

START_TEST(every_source_draws_other_numbers)
{
    static ll_assign_draws others;

    ck_assert_int_eq(ll_assign_draws_init(&draws), LLMLEARN_OK);
    ck_assert_int_eq(ll_assign_draws_init(&others), LLMLEARN_OK);
    ck_assert_uint_ne(ll_assign_draw(&draws), ll_assign_draw(&others));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assign");
    TCase *tc = tcase_create("assign");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, units_keep_their_arms_for_ever);
    tcase_add_test(tc, ten_thousand_units_keep_their_arms_for_ever);
    tcase_add_test(tc, a_million_units_split_as_the_weights_say);
    tcase_add_test(tc, another_salt_is_another_split);
    tcase_add_test(tc, ranges_begin_at_their_border_and_end_before_the_next);
    tcase_add_test(tc, the_last_range_ends_at_one_whatever_the_weights_sum_to);
    tcase_add_test(tc, as_many_arms_as_there_can_be);
    tcase_add_test(tc, threads_draw_different_numbers_and_evenly);
    tcase_add_test(tc, every_source_draws_other_numbers);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
