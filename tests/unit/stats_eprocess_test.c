/* What reference cases do not show of an e-process: that it is one, also under drift; a million
 * votes; who wins; and its bytes, whole or damaged. */
#include "base/crc32c.h"
#include "simulation/draws.h"
#include "stats/eprocess.h"
#include "stats/eprocess_bytes.h"
#include "stats/limits.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOTES_MAX 6

static llmlearn_eprocess begin(const double *weights, uint32_t arm_count, uint32_t champion,
                               double kappa)
{
    llmlearn_eprocess state;

    memset(&state, 0xa5, sizeof state); /* what was there before does not matter */
    state.struct_size = sizeof state;
    ll_eprocess_begin(weights, arm_count, champion, kappa, &state);
    ck_assert(ll_eprocess_is_sound(&state));
    return state;
}

static llmlearn_eprocess begin_equal(uint32_t arm_count)
{
    double weights[LL_STATS_ARMS_MAX];

    for (uint32_t i = 0; i < arm_count; i++)
        weights[i] = 1.0;
    return begin(weights, arm_count, 0, 100.0);
}

/* ---- the claim ---------------------------------------------------------- */

/* E[E_v] after `length` votes, over all sequences of arms and votes, for the rates at each time. */
static double expectation(const double *weights, double kappa, const double rates[2][VOTES_MAX],
                          int length)
{
    double sum = 0.0;

    for (unsigned code = 0; code < 1u << 2 * length; code++) {
        llmlearn_eprocess state = begin(weights, 2, 0, kappa);
        double probability = 1.0;
        for (int i = 0; i < length; i++) {
            uint32_t arm = code >> 2 * i & 1;
            bool success = code >> (2 * i + 1) & 1;
            double p = rates[arm][i];
            probability *= weights[arm] / (weights[0] + weights[1]) * (success ? p : 1.0 - p);
            ll_eprocess_add(&state, arm, success);
        }
        sum += probability * exp(state.ln_e_value[1]);
    }
    return sum;
}

START_TEST(it_is_fair_while_the_rates_are_equal_and_drift)
{
    const double rates[2][VOTES_MAX] = { { 0.1, 0.9, 0.3, 0.99, 0.5, 0.2 },
                                         { 0.1, 0.9, 0.3, 0.99, 0.5, 0.2 } };

    for (int length = 1; length <= VOTES_MAX; length++) {
        ck_assert(fabs(expectation((double[]){ 3, 1 }, 20, rates, length) - 1.0) < 1e-13);
        ck_assert(fabs(expectation((double[]){ 1, 9 }, 1000, rates, length) - 1.0) < 1e-13);
    }
}
END_TEST

START_TEST(it_loses_while_the_variant_is_worse)
{
    const double rates[2][VOTES_MAX] = { { 0.2, 0.9, 0.4, 1.0, 0.5, 0.3 },
                                         { 0.1, 0.8, 0.3, 0.9, 0.0, 0.2 } };
    const double better[2][VOTES_MAX] = { { 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 },
                                          { 0.9, 0.9, 0.9, 0.9, 0.9, 0.9 } };
    double before = 1.0;

    for (int length = 2; length <= VOTES_MAX; length++) {
        double now = expectation((double[]){ 3, 1 }, 20, rates, length);
        ck_assert(now <= before && now > 0.9);
        before = now;
    }
    ck_assert(before < 1.0 - 1e-6);
    ck_assert(expectation((double[]){ 3, 1 }, 20, better, VOTES_MAX) > 1.05);
}
END_TEST

/* ---- numbers ------------------------------------------------------------ */

/* The definition, in long double, for one variant. */
typedef struct long_process {
    long double successes[2], trials[2], weights[2], ln_e;
} long_process;

static void long_add(long_process *s, long double kappa, int arm, bool success)
{
    long double trials = s->trials[0] + s->trials[1];
    long double pool = (s->successes[0] + s->successes[1] + 0.5L) / (trials + 1.0L);
    long double theta[2];

    for (int i = 0; i < 2; i++)
        theta[i] = (s->successes[i] + kappa * pool) / (s->trials[i] + kappa);
    if (theta[1] > theta[0]) {
        for (int i = 0; i < 2; i++)
            theta[i] = success ? theta[i] : 1.0L - theta[i];
        s->ln_e += logl(theta[arm] * (s->weights[0] + s->weights[1]) /
                        (s->weights[0] * theta[0] + s->weights[1] * theta[1]));
    }
    s->trials[arm]++;
    s->successes[arm] += success;
}

START_TEST(a_million_votes_leave_nine_digits)
{
    const double weights[4] = { 0.4, 0.3, 0.2, 0.1 };
    const double rates[4] = { 0.6, 0.6, 0.65, 0.62 };
    llmlearn_eprocess state = begin(weights, 4, 0, 100.0);
    long_process exact[4] = { 0 };
    double worst = 0.0;
    draws d = draws_begin(2);

    for (int i = 0; i < 4; i++) {
        exact[i].weights[0] = state.weights[0];
        exact[i].weights[1] = state.weights[i];
    }
    for (int i = 0; i < 1000000; i++) {
        double x = draw_real(&d);
        uint32_t arm = x < 0.4 ? 0 : x < 0.7 ? 1 : x < 0.9 ? 2 : 3;
        bool success = draw_event(&d, rates[arm]);
        ll_eprocess_add(&state, arm, success);
        for (uint32_t v = 1; v < 4; v++)
            if (arm == 0 || arm == v)
                long_add(&exact[v], 100.0L, arm != 0, success);
        for (uint32_t v = 1; v < 4; v++)
            worst = fmax(worst, fabs(state.ln_e_value[v] - (double)exact[v].ln_e));
    }
    printf("ln E after 1e6 votes: %.1f, %.1f, %.1f; worst error %.1e\n", state.ln_e_value[1],
           state.ln_e_value[2], state.ln_e_value[3], worst);
    ck_assert(state.ln_e_value[2] > 500 && state.ln_e_value[2] < 1000);
    ck_assert(worst < 1e-9);
}
END_TEST

START_TEST(states_of_any_size_stay_sound)
{
    draws d = draws_begin(3);

    for (int round = 0; round < 20000; round++) {
        uint32_t arms = 2 + (uint32_t)draw_below(&d, 4);
        double weights[LL_STATS_ARMS_MAX];
        for (uint32_t i = 0; i < arms; i++)
            weights[i] = pow(10.0, 200.0 * draw_real(&d) - 100.0);
        llmlearn_eprocess state =
            begin(weights, arms, (uint32_t)draw_below(&d, arms), 20.0 + 980.0 * draw_real(&d));
        for (uint32_t i = 0; i < arms; i++) {
            state.trials[i] = draw_below(&d, UINT64_C(1) << draw_below(&d, 54));
            state.successes[i] = draw_below(&d, state.trials[i] + 1);
            if (draw_event(&d, 0.3))
                state.successes[i] = draw_event(&d, 0.5) ? 0 : state.trials[i];
        }
        for (int i = 0; i < 10; i++)
            ll_eprocess_add(&state, (uint32_t)draw_below(&d, arms), draw_event(&d, 0.5));
        if (!ll_eprocess_is_sound(&state))
            ck_abort_msg("round %d", round);
    }
}
END_TEST

START_TEST(only_the_two_arms_of_a_comparison_matter)
{
    llmlearn_eprocess two = begin((double[]){ 2, 1 }, 2, 0, 100);
    llmlearn_eprocess three = begin((double[]){ 1, 2, 5 }, 3, 1, 100); /* the same, and one more */
    draws d = draws_begin(4);

    for (int i = 0; i < 3000; i++) {
        uint32_t arm = (uint32_t)draw_below(&d, 3);
        bool success = draw_event(&d, arm == 0 ? 0.7 : 0.6);
        ll_eprocess_add(&three, arm, success);
        if (arm < 2)
            ll_eprocess_add(&two, arm == 1 ? 0 : 1, success);
    }
    ck_assert(fabs(two.ln_e_value[1] - three.ln_e_value[0]) < 1e-11);
    ck_assert(fabs(two.ln_e_max[1] - three.ln_e_max[0]) < 1e-11);
    ck_assert(three.ln_e_value[1] == 0 && three.ln_e_max[1] == 0);
    ck_assert(two.ln_e_max[1] >= two.ln_e_value[1] && two.ln_e_max[1] > 0);
}
END_TEST

/* ---- who wins ------------------------------------------------------------ */

START_TEST(the_threshold_counts_the_variants)
{
    llmlearn_eprocess state = begin_equal(5);

    for (uint32_t i = 0; i < 5; i++)
        state.trials[i] = 100, state.successes[i] = 50 + i;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), -1);
    state.ln_e_value[3] = log(4 / 0.05) - 1e-9;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), -1);
    state.ln_e_value[3] = log(4 / 0.05) + 1e-9;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), 3);
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.0499), -1);
    state.ln_e_value[1] = 1000; /* surer, but not as good */
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), 3);
    ck_assert_int_eq(ll_eprocess_winner(&state, 1e-300), 1);
    state.ln_e_value[4] = 5;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), 4);
}
END_TEST

START_TEST(a_shared_rate_goes_to_the_surer_and_none_to_who_fell_behind)
{
    llmlearn_eprocess state = begin_equal(4);

    for (uint32_t i = 0; i < 4; i++)
        state.trials[i] = 100 * (i + 1), state.successes[i] = 60 * (i + 1);
    for (uint32_t i = 1; i < 4; i++)
        state.ln_e_value[i] = 10;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), -1); /* as the champion, no better */
    state.successes[0] = 59;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), 1);
    state.ln_e_value[3] = 11;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), 3);
    state.successes[0] = 61;
    ck_assert_int_eq(ll_eprocess_winner(&state, 0.05), -1);
}
END_TEST

/* ---- bytes ---------------------------------------------------------------- */

static llmlearn_eprocess some_state(uint32_t arm_count, uint64_t seed)
{
    double weights[LL_STATS_ARMS_MAX];
    draws d = draws_begin(seed);

    for (uint32_t i = 0; i < arm_count; i++)
        weights[i] = 0.1 + draw_real(&d);
    llmlearn_eprocess state = begin(weights, arm_count, arm_count / 2, 123.0);
    for (int i = 0; i < 500; i++)
        ll_eprocess_add(&state, (uint32_t)draw_below(&d, arm_count), draw_event(&d, 0.6));
    return state;
}

START_TEST(bytes_give_back_every_bit)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];

    for (uint32_t arms = 2; arms <= LL_STATS_ARMS_MAX; arms++) {
        llmlearn_eprocess state = some_state(arms, arms);
        llmlearn_eprocess back = { .struct_size = sizeof back, .ln_e_max = { 7 } };
        size_t size = ll_eprocess_bytes_write(&state, bytes);
        ck_assert_uint_eq(size, 32 + 40 * arms);
        ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &back), LLMLEARN_OK);
        ck_assert(memcmp(&state, &back, sizeof state) == 0);
    }
}
END_TEST

/* Written by the first release; every later one must read it. */
START_TEST(the_first_form_stays_readable)
{
    static const uint8_t bytes[112] = {
        0x4c, 0x4c, 0x45, 0x50, 0x01, 0x00, 0x00, 0x00, 0x70, 0x00, 0x00, 0x00, 0x68, 0x4f,
        0x1a, 0x6b, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x48, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe8, 0x3f, 0x02, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0xe0, 0x37, 0xd4, 0x82, 0xd6, 0xbc, 0xae, 0x3f, 0x4c, 0xf8, 0x9d, 0x7d, 0xb9, 0xa5,
        0xb4, 0x3f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xd0, 0x3f, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    uint8_t again[LLMLEARN_EPROCESS_BYTES_MAX];
    llmlearn_eprocess got = { .struct_size = sizeof got };

    ck_assert_int_eq(ll_eprocess_bytes_read(bytes, sizeof bytes, &got), LLMLEARN_OK);
    ck_assert_uint_eq(got.arm_count, 2);
    ck_assert_uint_eq(got.champion, 1);
    ck_assert(got.kappa == 48.0 && got.weights[0] == 0.75 && got.weights[1] == 0.25);
    ck_assert(got.trials[0] == 3 && got.successes[0] == 2 && got.trials[1] == 2);
    ck_assert(got.successes[1] == 0 && got.ln_e_value[0] > 0);
    ck_assert_uint_eq(ll_eprocess_bytes_write(&got, again), sizeof bytes);
    ck_assert(memcmp(bytes, again, sizeof bytes) == 0);
}
END_TEST

START_TEST(each_flipped_bit_and_each_cut_is_found)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    llmlearn_eprocess state = some_state(5, 5), got = { .struct_size = sizeof got };
    size_t size = ll_eprocess_bytes_write(&state, bytes);

    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &got), LLMLEARN_ECORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_eq(ll_eprocess_bytes_read(bytes, cut, &got), LLMLEARN_ECORRUPT);
    ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &got), LLMLEARN_OK);
}
END_TEST

static void put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* As one would who wants to be believed. */
static void seal(uint8_t *bytes, size_t size)
{
    put(bytes + 8, size, 4);
    put(bytes + 12, ll_crc32c(ll_crc32c(0, bytes, 12), bytes + 16, size - 16), 4);
}

START_TEST(a_newer_form_is_told_from_damage)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    llmlearn_eprocess state = some_state(3, 3), got = { .struct_size = sizeof got };
    size_t size = ll_eprocess_bytes_write(&state, bytes);

    put(bytes + 4, 2, 4);
    seal(bytes, size);
    ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &got), LLMLEARN_EUNSUPPORTED);
    seal(bytes, 16); /* whatever else a newer one may hold */
    ck_assert_int_eq(ll_eprocess_bytes_read(bytes, 16, &got), LLMLEARN_EUNSUPPORTED);
    put(bytes + 4, 0, 4);
    seal(bytes, size);
    ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &got), LLMLEARN_ECORRUPT);
}
END_TEST

/* A double of any kind, or one that is nearly fine. */
static uint64_t some_bits(draws *d)
{
    static const double kinds[] = { 0.0,       -0.0, 1.0,   0.5,    -1.0,   INFINITY,
                                    -INFINITY, NAN,  1e308, 5e-324, 1e-300, 9007199254740993.0 };
    uint64_t bits = draw_bits(d);

    if (draw_event(d, 0.7))
        memcpy(&bits, &kinds[draw_below(d, sizeof kinds / sizeof *kinds)], sizeof bits);
    return draw_event(d, 0.3) ? draw_below(d, 100) : bits;
}

/* Whatever can be read can be gone on with. */
static void use(llmlearn_eprocess *state, draws *d)
{
    for (int i = 0; i < 20; i++) {
        uint32_t arm = (uint32_t)draw_below(d, state->arm_count);
        if (state->trials[arm] < LL_STATS_COUNT_MAX)
            ll_eprocess_add(state, arm, draw_event(d, 0.5));
    }
    if (!ll_eprocess_is_sound(state) || ll_eprocess_winner(state, 0.05) >= (int)state->arm_count)
        ck_abort_msg("not sound any more");
}

START_TEST(hostile_bytes_are_refused_or_harmless)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    llmlearn_eprocess got = { .struct_size = sizeof got };
    unsigned accepted = 0;
    draws d = draws_begin(6);

    for (int round = 0; round < 300000; round++) {
        uint32_t arms = 2 + (uint32_t)draw_below(&d, 3);
        size_t size = 32 + 40 * arms;
        llmlearn_eprocess state = begin_equal(arms);
        ll_eprocess_bytes_write(&state, bytes);
        for (uint64_t changes = draw_below(&d, 4); changes > 0; changes--)
            put(bytes + 16 + 8 * draw_below(&d, (size - 16) / 8), some_bits(&d), 8);
        if (draw_event(&d, 0.2))
            put(bytes + 16 + 4 * draw_below(&d, 2), draw_below(&d, 70), 4);
        seal(bytes, size);
        if (ll_eprocess_bytes_read(bytes, size, &got) == LLMLEARN_OK) {
            use(&got, &d);
            accepted++;
        }
    }
    ck_assert_uint_gt(accepted, 1000); /* or nothing was tried */
}
END_TEST

START_TEST(random_bytes_are_refused)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX + 100];
    llmlearn_eprocess got = { .struct_size = sizeof got };
    draws d = draws_begin(7);

    for (int round = 0; round < 100000; round++) {
        size_t size = draw_below(&d, sizeof bytes);
        if (draw_event(&d, 0.9))
            size = draw_below(&d, 64);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)draw_bits(&d);
        if (size >= 16 && draw_event(&d, 0.7)) {
            memcpy(bytes, "LLEP\1\0\0\0", 8);
            seal(bytes, size);
        }
        ck_assert_int_eq(ll_eprocess_bytes_read(bytes, size, &got), LLMLEARN_ECORRUPT);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats e-process");
    TCase *tests = tcase_create("e-process");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, it_is_fair_while_the_rates_are_equal_and_drift);
    tcase_add_test(tests, it_loses_while_the_variant_is_worse);
    tcase_add_test(tests, a_million_votes_leave_nine_digits);
    tcase_add_test(tests, states_of_any_size_stay_sound);
    tcase_add_test(tests, only_the_two_arms_of_a_comparison_matter);
    tcase_add_test(tests, the_threshold_counts_the_variants);
    tcase_add_test(tests, a_shared_rate_goes_to_the_surer_and_none_to_who_fell_behind);
    tcase_add_test(tests, bytes_give_back_every_bit);
    tcase_add_test(tests, the_first_form_stays_readable);
    tcase_add_test(tests, each_flipped_bit_and_each_cut_is_found);
    tcase_add_test(tests, a_newer_form_is_told_from_damage);
    tcase_add_test(tests, hostile_bytes_are_refused_or_harmless);
    tcase_add_test(tests, random_bytes_are_refused);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
