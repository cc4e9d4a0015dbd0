/* Splits, e-processes and bounds at looks, as callers meet them: defaults, refusals that name the
 * argument, outputs untouched by a refusal, structs of another age. */
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

static const uint64_t counts[2] = { 5000, 5300 };
static const double weights[2] = { 0.5, 0.5 };
static const double times[3] = { 100, 200, 300 };

/* ---- splits ---------------------------------------------------------------- */

START_TEST(a_split_has_a_default_concentration)
{
    llmlearn_split some = { .struct_size = sizeof some }, chosen = { .struct_size = sizeof chosen };

    expect_ok(llmlearn_stats_split(counts, weights, 2, 0, &some));
    expect_ok(llmlearn_stats_split(counts, weights, 2, 1000, &chosen));
    ck_assert(memcmp(&some, &chosen, sizeof some) == 0);
    ck_assert(some.ln_e_value > 0 && some.p_value < 0.01);
}
END_TEST

START_TEST(a_split_refuses_by_name)
{
    llmlearn_split out = { .struct_size = sizeof out, .chi_square = 77 };
    const llmlearn_split before = out;
    const uint64_t large[2] = { 1, LLMLEARN_COUNT_MAX + 1 };

    expect_err(llmlearn_stats_split(NULL, weights, 2, 0, &out), LLMLEARN_EINVAL, "counts");
    expect_err(llmlearn_stats_split(large, weights, 2, 0, &out), LLMLEARN_EINVAL, "counts[1]");
    expect_err(llmlearn_stats_split(counts, NULL, 2, 0, &out), LLMLEARN_EINVAL, "weights");
    expect_err(llmlearn_stats_split(counts, (double[]){ 0, 0 }, 2, 0, &out), LLMLEARN_EINVAL,
               "weights");
    expect_err(llmlearn_stats_split(counts, (double[]){ 1, -1 }, 2, 0, &out), LLMLEARN_EINVAL,
               "weights[1]");
    expect_err(llmlearn_stats_split(counts, (double[]){ NAN, 1 }, 2, 0, &out), LLMLEARN_EINVAL,
               "weights[0]");
    expect_err(llmlearn_stats_split(counts, (double[]){ INFINITY, 1 }, 2, 0, &out), LLMLEARN_EINVAL,
               "weights[0]");
    expect_err(llmlearn_stats_split(counts, (double[]){ 1, 1e-101 }, 2, 0, &out), LLMLEARN_EINVAL,
               "weights[1]");
    expect_err(llmlearn_stats_split(counts, weights, 0, 0, &out), LLMLEARN_EINVAL, "count");
    expect_err(llmlearn_stats_split(counts, weights, 65, 0, &out), LLMLEARN_EINVAL, "count");
    expect_err(llmlearn_stats_split(counts, weights, 2, 0.5, &out), LLMLEARN_EINVAL,
               "concentration");
    expect_err(llmlearn_stats_split(counts, weights, 2, 1.1e9, &out), LLMLEARN_EINVAL,
               "concentration");
    expect_err(llmlearn_stats_split(counts, weights, 2, NAN, &out), LLMLEARN_EINVAL,
               "concentration");
    expect_err(llmlearn_stats_split(counts, weights, 2, 0, NULL), LLMLEARN_EINVAL, "out_split");
    ck_assert(memcmp(&out, &before, sizeof out) == 0);
    out.struct_size = 8;
    expect_err(llmlearn_stats_split(counts, weights, 2, 0, &out), LLMLEARN_EINVAL, "struct_size");
}
END_TEST

/* ---- e-processes ------------------------------------------------------------ */

static llmlearn_eprocess begun(void)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };

    expect_ok(llmlearn_eprocess_begin(weights, 2, 0, 0, &state));
    return state;
}

START_TEST(an_e_process_begins_empty)
{
    llmlearn_eprocess state = { .struct_size = sizeof state, .trials = { 4, 5, 6 } };

    expect_ok(llmlearn_eprocess_begin((double[]){ 2, 6 }, 2, 1, 0, &state));
    ck_assert(state.kappa == 100 && state.arm_count == 2 && state.champion == 1);
    ck_assert(state.weights[0] == 0.25 && state.weights[1] == 0.75 && state.weights[2] == 0);
    ck_assert(state.trials[0] == 0 && state.trials[2] == 0 && state.ln_e_value[0] == 0);
    expect_ok(llmlearn_eprocess_begin(weights, 2, 0, 48, &state));
    ck_assert(state.kappa == 48);
}
END_TEST

START_TEST(an_e_process_refuses_by_name)
{
    llmlearn_eprocess state = begun();
    const llmlearn_eprocess before = state;
    int32_t winner = 5;

    expect_err(llmlearn_eprocess_begin(NULL, 2, 0, 0, &state), LLMLEARN_EINVAL, "weights");
    expect_err(llmlearn_eprocess_begin((double[]){ 1, 0 }, 2, 0, 0, &state), LLMLEARN_EINVAL,
               "weights[1]");
    expect_err(llmlearn_eprocess_begin((double[]){ NAN, 1 }, 2, 0, 0, &state), LLMLEARN_EINVAL,
               "weights[0]");
    expect_err(llmlearn_eprocess_begin(weights, 1, 0, 0, &state), LLMLEARN_EINVAL, "arm_count");
    expect_err(llmlearn_eprocess_begin(weights, 65, 0, 0, &state), LLMLEARN_EINVAL, "arm_count");
    expect_err(llmlearn_eprocess_begin(weights, 2, 2, 0, &state), LLMLEARN_EINVAL, "champion");
    expect_err(llmlearn_eprocess_begin(weights, 2, 0, 19, &state), LLMLEARN_EINVAL, "kappa");
    expect_err(llmlearn_eprocess_begin(weights, 2, 0, 1001, &state), LLMLEARN_EINVAL, "kappa");
    expect_err(llmlearn_eprocess_begin(weights, 2, 0, NAN, &state), LLMLEARN_EINVAL, "kappa");
    expect_err(llmlearn_eprocess_begin(weights, 2, 0, 0, NULL), LLMLEARN_EINVAL, "out_state");
    expect_err(llmlearn_eprocess_add(NULL, 0, 1), LLMLEARN_EINVAL, "state");
    expect_err(llmlearn_eprocess_add(&state, 2, 1), LLMLEARN_EINVAL, "arm");
    expect_err(llmlearn_eprocess_add(&state, 0, 2), LLMLEARN_EINVAL, "success");
    expect_err(llmlearn_eprocess_add(&state, 0, -1), LLMLEARN_EINVAL, "success");
    expect_err(llmlearn_eprocess_winner(NULL, 0.05, &winner), LLMLEARN_EINVAL, "state");
    expect_err(llmlearn_eprocess_winner(&state, 0, &winner), LLMLEARN_EINVAL, "alpha_ratio");
    expect_err(llmlearn_eprocess_winner(&state, 1, &winner), LLMLEARN_EINVAL, "alpha_ratio");
    expect_err(llmlearn_eprocess_winner(&state, 0.05, NULL), LLMLEARN_EINVAL, "out_winner");
    ck_assert(memcmp(&state, &before, sizeof state) == 0 && winner == 5);
}
END_TEST

static void expect_spoilt(llmlearn_eprocess state)
{
    const llmlearn_eprocess kept = state;
    int32_t winner = 5;
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t size = 7;

    expect_err(llmlearn_eprocess_add(&state, 1, 1), LLMLEARN_EINVAL, "state");
    expect_err(llmlearn_eprocess_winner(&state, 0.05, &winner), LLMLEARN_EINVAL, "state");
    expect_err(llmlearn_eprocess_write(&state, bytes, &size), LLMLEARN_EINVAL, "state");
    ck_assert(memcmp(&state, &kept, sizeof state) == 0 && winner == 5 && size == 7);
}

#define FIELD(name) offsetof(llmlearn_eprocess, name)

/* What the caller, or his disk, may have done to it. */
START_TEST(a_spoilt_state_is_refused)
{
    static const struct {
        size_t at;
        uint32_t value;
    } heads[] = { { FIELD(struct_size), 0 },
                  { FIELD(struct_size), 1 << 20 },
                  { FIELD(arm_count), 1 },
                  { FIELD(arm_count), 65 },
                  { FIELD(champion), 2 } };
    static const struct {
        size_t at;
        double value;
    } numbers[] = { { FIELD(kappa), NAN },       { FIELD(kappa), 0 },
                    { FIELD(weights[1]), -0.5 }, { FIELD(weights[1]), 0.6 },
                    { FIELD(weights[0]), NAN },  { FIELD(ln_e_value[1]), INFINITY },
                    { FIELD(ln_e_value[1]), 1 }, /* more than its maximum */
                    { FIELD(ln_e_max[1]), NAN }, { FIELD(ln_e_max[0]), 1 } }; /* the champion's */
    llmlearn_eprocess state;

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        state = begun();
        memcpy((char *)&state + heads[i].at, &heads[i].value, sizeof heads[i].value);
        expect_spoilt(state);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        state = begun();
        memcpy((char *)&state + numbers[i].at, &numbers[i].value, sizeof numbers[i].value);
        expect_spoilt(state);
    }
    state = begun();
    state.successes[1] = 1;
    expect_spoilt(state);
    state.trials[1] = LLMLEARN_COUNT_MAX + 1;
    expect_spoilt(state);
}
END_TEST

START_TEST(an_arm_is_full_at_two_to_the_53)
{
    llmlearn_eprocess state = begun();

    state.trials[1] = LLMLEARN_COUNT_MAX - 1;
    state.successes[1] = LLMLEARN_COUNT_MAX / 2;
    expect_ok(llmlearn_eprocess_add(&state, 1, 1));
    expect_err(llmlearn_eprocess_add(&state, 1, 1), LLMLEARN_EINVAL, "2^53");
    expect_ok(llmlearn_eprocess_add(&state, 0, 1));
}
END_TEST

START_TEST(a_test_goes_on_from_its_bytes)
{
    llmlearn_eprocess state = begun(), back = { .struct_size = sizeof back };
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    int32_t winner = 5;
    size_t size;

    for (uint32_t i = 0; i < 1000; i++) {
        expect_ok(llmlearn_eprocess_add(&state, i % 2, i % 4 == 1 || i % 5 == 0));
        if (i % 100 != 50)
            continue;
        expect_ok(llmlearn_eprocess_write(&state, bytes, &size));
        expect_ok(llmlearn_eprocess_read(bytes, size, &back));
        ck_assert(memcmp(&state, &back, sizeof state) == 0);
        state = back;
    }
    expect_ok(llmlearn_eprocess_winner(&state, 0.05, &winner));
    ck_assert_int_eq(winner, 1);
}
END_TEST

START_TEST(bytes_are_refused_by_name)
{
    llmlearn_eprocess state = begun();
    const llmlearn_eprocess before = state;
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t size;

    expect_err(llmlearn_eprocess_write(&state, NULL, &size), LLMLEARN_EINVAL, "out_bytes");
    expect_err(llmlearn_eprocess_write(&state, bytes, NULL), LLMLEARN_EINVAL, "out_size");
    expect_ok(llmlearn_eprocess_write(&state, bytes, &size));
    expect_err(llmlearn_eprocess_read(NULL, size, &state), LLMLEARN_EINVAL, "bytes");
    expect_err(llmlearn_eprocess_read(bytes, size, NULL), LLMLEARN_EINVAL, "out_state");
    expect_err(llmlearn_eprocess_read(bytes, size - 1, &state), LLMLEARN_ECORRUPT, "bytes");
    bytes[40] ^= 1;
    expect_err(llmlearn_eprocess_read(bytes, size, &state), LLMLEARN_ECORRUPT, "bytes");
    ck_assert(memcmp(&state, &before, sizeof state) == 0);
}
END_TEST

/* ---- looks ------------------------------------------------------------------- */

START_TEST(looks_spend_alpha)
{
    double bounds[3], without[3], spent[3];

    expect_ok(llmlearn_stats_look_bounds(times, 3, 400, 0.025, 0, bounds, spent));
    expect_ok(llmlearn_stats_look_bounds(times, 3, 400, 0.025, 0, without, NULL));
    ck_assert(memcmp(bounds, without, sizeof bounds) == 0);
    ck_assert(spent[0] > 0 && spent[0] < spent[1] && spent[1] < spent[2] && spent[2] < 1);
    expect_ok(
        llmlearn_stats_look_bounds(times, 3, 400, 0.025, LLMLEARN_FINAL_LOOK, without, spent));
    ck_assert(spent[2] == 1 && without[2] < bounds[2] && without[1] == bounds[1]);
    expect_ok(llmlearn_stats_look_bounds(times, 3, 250, 0.025, 0, bounds, spent));
    ck_assert(spent[2] == 1);
}
END_TEST

START_TEST(looks_are_refused_by_name)
{
    double bounds[3] = { 7, 7, 7 }, spent[3] = { 7, 7, 7 };
    double many[LLMLEARN_LOOKS_MAX + 1] = { 1 };

    expect_err(llmlearn_stats_look_bounds(NULL, 3, 400, 0.025, 0, bounds, spent), LLMLEARN_EINVAL,
               "information");
    expect_err(llmlearn_stats_look_bounds(times, 0, 400, 0.025, 0, bounds, spent), LLMLEARN_EINVAL,
               "look_count");
    expect_err(
        llmlearn_stats_look_bounds(many, LLMLEARN_LOOKS_MAX + 1, 400, 0.025, 0, bounds, spent),
        LLMLEARN_EINVAL, "look_count");
    expect_err(llmlearn_stats_look_bounds((double[]){ 1, 1 }, 2, 4, 0.025, 0, bounds, spent),
               LLMLEARN_EINVAL, "information[1]");
    expect_err(llmlearn_stats_look_bounds((double[]){ 0, 1 }, 2, 4, 0.025, 0, bounds, spent),
               LLMLEARN_EINVAL, "information[0]");
    expect_err(llmlearn_stats_look_bounds((double[]){ 1, NAN }, 2, 4, 0.025, 0, bounds, spent),
               LLMLEARN_EINVAL, "information[1]");
    expect_err(llmlearn_stats_look_bounds(times, 3, 200, 0.025, 0, bounds, spent), LLMLEARN_EINVAL,
               "information[1]");
    expect_err(llmlearn_stats_look_bounds(times, 3, 0, 0.025, 0, bounds, spent), LLMLEARN_EINVAL,
               "information_max");
    expect_err(llmlearn_stats_look_bounds(times, 3, NAN, 0.025, 0, bounds, spent), LLMLEARN_EINVAL,
               "information_max");
    expect_err(llmlearn_stats_look_bounds(times, 3, 400, 0, 0, bounds, spent), LLMLEARN_EINVAL,
               "alpha_ratio");
    expect_err(llmlearn_stats_look_bounds(times, 3, 400, 1, 0, bounds, spent), LLMLEARN_EINVAL,
               "alpha_ratio");
    expect_err(llmlearn_stats_look_bounds(times, 3, 400, NAN, 0, bounds, spent), LLMLEARN_EINVAL,
               "alpha_ratio");
    expect_err(llmlearn_stats_look_bounds(times, 3, 400, 0.025, 2, bounds, spent), LLMLEARN_EINVAL,
               "flags");
    expect_err(llmlearn_stats_look_bounds(times, 3, 400, 0.025, 0, NULL, spent), LLMLEARN_EINVAL,
               "out_bounds");
    for (int i = 0; i < 3; i++)
        ck_assert(bounds[i] == 7 && spent[i] == 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sequential statistics");
    TCase *tests = tcase_create("calls");

    tcase_add_test(tests, a_split_has_a_default_concentration);
    tcase_add_test(tests, a_split_refuses_by_name);
    tcase_add_test(tests, an_e_process_begins_empty);
    tcase_add_test(tests, an_e_process_refuses_by_name);
    tcase_add_test(tests, a_spoilt_state_is_refused);
    tcase_add_test(tests, an_arm_is_full_at_two_to_the_53);
    tcase_add_test(tests, a_test_goes_on_from_its_bytes);
    tcase_add_test(tests, bytes_are_refused_by_name);
    tcase_add_test(tests, looks_spend_alpha);
    tcase_add_test(tests, looks_are_refused_by_name);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
