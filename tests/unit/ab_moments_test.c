/* Sums of unit means and the ring of the latest exposures: pure functions. */
#include "store/ab_moments.h"

#include "store/ab_recent.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 7;

static uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* ---- moments ---- */

START_TEST(a_mean_is_rounded_to_the_nearest)
{
    ck_assert_int_eq(ll_ab_mean(0, 3), 0);
    ck_assert_int_eq(ll_ab_mean(10, 1), 10);
    ck_assert_int_eq(ll_ab_mean(10, 4), 3); /* 2.5: halves up */
    ck_assert_int_eq(ll_ab_mean(10, 3), 3);
    ck_assert_int_eq(ll_ab_mean(11, 3), 4);
    ck_assert_int_eq(ll_ab_mean(INT64_MAX, 2), INT64_C(1) << 62);
    ck_assert_int_eq(ll_ab_mean(INT64_MAX, INT64_MAX), 1);
}
END_TEST

/* Units come, change and go in a random order; what is left is what the rest add up to anew. */
START_TEST(what_was_taken_out_leaves_nothing)
{
    enum { UNITS = 50 };
    int64_t sums[UNITS] = { 0 }, counts[UNITS] = { 0 };
    ll_ab_moments kept = { .units = 0 }, anew = { .units = 0 };

    for (int i = 0; i < 20000; i++) {
        uint64_t u = random_u64() % UNITS;

        ll_ab_moments_add(&kept, sums[u], counts[u], -1);
        if (random_u64() % 4 == 0) {
            sums[u] = counts[u] = 0;
        } else {
            sums[u] += (int64_t)(random_u64() % LL_AB_VALUE_MAX);
            counts[u]++;
        }
        ll_ab_moments_add(&kept, sums[u], counts[u], 1);
    }
    for (int u = UNITS; u-- > 0;)
        ll_ab_moments_add(&anew, sums[u], counts[u], 1);
    ck_assert_int_eq(kept.units, anew.units);
    ck_assert(kept.sum == anew.sum && kept.squares == anew.squares);
    ck_assert(kept.squares > (ll_i128)UINT64_MAX); /* a 64-bit sum would have wrapped */
    for (int u = 0; u < UNITS; u++)
        ll_ab_moments_add(&kept, sums[u], counts[u], -1);
    ck_assert(kept.units == 0 && kept.sum == 0 && kept.squares == 0);
}
END_TEST

START_TEST(moments_survive_their_bytes)
{
    ll_ab_moments m = { .units = 0x0102030405060708,
                        .sum = -(((ll_i128)5 << 70) - 9),
                        .squares = 3 };
    ll_ab_moments back;
    uint8_t bytes[LL_AB_MOMENTS_BYTES];

    ll_ab_moments_write(&m, bytes);
    ck_assert_uint_eq(bytes[0], 8);
    ck_assert_uint_eq(bytes[7], 1);
    ck_assert_uint_eq(bytes[8], 9);
    ck_assert_uint_eq(bytes[24], 3);
    ll_ab_moments_read(bytes, &back);
    ck_assert_int_eq(back.units, m.units);
    ck_assert(back.sum == m.sum && back.squares == m.squares);
}
END_TEST

/* ---- the latest exposures ---- */

START_TEST(the_latest_fifty_are_kept_in_their_order)
{
    ll_ab_recent recent = { .count = 0 };

    for (uint64_t i = 0; i < 2 * LL_AB_RECENT_MAX + 7; i++) {
        ck_assert_uint_eq(recent.count, i < LL_AB_RECENT_MAX ? i : LL_AB_RECENT_MAX);
        ll_ab_recent_push(&recent, 2 * i + 1, i % 3 == 0);
    }
    for (uint64_t i = LL_AB_RECENT_MAX + 7; i < 2 * LL_AB_RECENT_MAX + 7; i++)
        ck_assert_uint_eq(recent.entries[i % LL_AB_RECENT_MAX], 2 * i + (i % 3 == 0));
    ck_assert_uint_eq(recent.next, 7);
}
END_TEST

START_TEST(the_latest_exposures_survive_their_bytes_and_damage_is_noticed)
{
    uint8_t bytes[LL_AB_RECENT_BYTES];
    ll_ab_recent recent = { .count = 0 }, back;

    ll_ab_recent_push(&recent, UINT64_MAX, false);
    ll_ab_recent_push(&recent, 6, true);
    ll_ab_recent_write(&recent, bytes);
    ck_assert(ll_ab_recent_read(bytes, sizeof bytes, &back));
    ck_assert_mem_eq(&back, &recent, sizeof recent);
    ck_assert(!ll_ab_recent_read(bytes, sizeof bytes - 1, &back));
    bytes[0] = LL_AB_RECENT_MAX + 1;
    ck_assert(!ll_ab_recent_read(bytes, sizeof bytes, &back));
    bytes[0] = 2;
    bytes[4] = 3; /* only a full ring has its next elsewhere than at its end */
    ck_assert(!ll_ab_recent_read(bytes, sizeof bytes, &back));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_moments");
    TCase *tests = tcase_create("ab_moments");

    tcase_add_test(tests, a_mean_is_rounded_to_the_nearest);
    tcase_add_test(tests, what_was_taken_out_leaves_nothing);
    tcase_add_test(tests, moments_survive_their_bytes);
    tcase_add_test(tests, the_latest_fifty_are_kept_in_their_order);
    tcase_add_test(tests, the_latest_exposures_survive_their_bytes_and_damage_is_noticed);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
