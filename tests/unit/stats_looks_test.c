/* What reference cases do not show of the bounds at looks: that any looks have some, and that by
 * another method alpha is what they spend. */
#include "simulation/draws.h"
#include "stats/looks.h"
#include "stats/normal.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- by another method --------------------------------------------------- */

/* The forward recursion for the density of paths that have not crossed, on a fixed fine grid of the
 * score z sqrt(I), by Simpson's rule. It needs looks that are not too close. */
#define STEPS 1500 /* even */

typedef struct grid {
    double from, step;
    double density[STEPS + 1];
} grid;

static double simpson(int i)
{
    if (i == 0 || i == STEPS)
        return 1.0 / 3.0;
    return i % 2 == 1 ? 4.0 / 3.0 : 2.0 / 3.0;
}

static double normal_density(double z)
{
    return exp(-0.5 * z * z) / sqrt(2.0 * acos(-1.0));
}

static void advance(const grid *before, double sd, double from, double to, grid *after)
{
    after->from = from;
    after->step = (to - from) / STEPS;
    for (int i = 0; i <= STEPS; i++) {
        double place = from + i * after->step, sum = 0.0;
        if (before == NULL) {
            after->density[i] = normal_density(place / sd) / sd;
            continue;
        }
        for (int j = 0; j <= STEPS; j++) {
            double away = (place - before->from - j * before->step) / sd;
            if (fabs(away) < 8.0)
                sum += simpson(j) * before->density[j] * normal_density(away);
        }
        after->density[i] = sum * before->step / sd;
    }
}

/* P(the score of the next look is above `bound`), having come so far. */
static double crossing(const grid *before, double sd, double bound)
{
    double sum = 0.0;

    if (before == NULL)
        return ll_normal_sf(bound / sd);
    for (int j = 0; j <= STEPS; j++)
        sum += simpson(j) * before->density[j] *
               ll_normal_sf((bound - before->from - j * before->step) / sd);
    return sum * before->step;
}

/* Fills the probability of crossing first at each look. */
static void cross_forward(const double *information, const double *bounds, uint32_t count,
                          double *out)
{
    static grid grids[2];
    const grid *before = NULL;
    double done = 0.0;

    for (uint32_t k = 0; k < count; k++) {
        double sd = sqrt(information[k] - done);
        double scale = sqrt(information[k]);
        done = information[k];
        out[k] = crossing(before, sd, bounds[k] * scale);
        advance(before, sd, -8.5 * scale, bounds[k] * scale, &grids[k % 2]);
        before = &grids[k % 2];
    }
}

/* The share of random paths that cross at any look. */
static double cross_random(const double *information, const double *bounds, uint32_t count,
                           int paths, draws *d)
{
    int crossed = 0;

    for (int i = 0; i < paths; i++) {
        double score = 0.0, done = 0.0;
        for (uint32_t k = 0; k < count; k++) {
            score += sqrt(information[k] - done) * draw_normal(d);
            done = information[k];
            if (score >= bounds[k] * sqrt(done)) {
                crossed++;
                break;
            }
        }
    }
    return (double)crossed / paths;
}

/* ---- tests ---------------------------------------------------------------- */

static double spending(double t, double alpha)
{
    return t < 1.0 ? 2.0 * ll_normal_sf(ll_normal_isf(alpha / 2.0) / sqrt(t)) : alpha;
}

/* Looks at random, apart by at least a hundredth of what there is. */
static uint32_t spaced_looks(draws *d, double *information)
{
    uint32_t count = 2 + (uint32_t)draw_below(d, 6);
    double at = -log(1.0 - draw_real(d)) + 0.01;

    for (uint32_t i = 0; i < count; i++) {
        information[i] = at;
        at += at * pow(100.0, -draw_real(d));
    }
    return count;
}

START_TEST(each_look_spends_what_it_may)
{
    static const double alphas[] = { 0.025, 0.05, 0.0028, 0.3, 1e-4 };
    draws d = draws_begin(1);
    double worst = 0.0;

    for (int round = 0; round < 15; round++) {
        double information[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
        double spent[LLMLEARN_LOOKS_MAX], crossed[LLMLEARN_LOOKS_MAX], before = 0.0;
        uint32_t count = spaced_looks(&d, information);
        double planned = information[count - 1] * (round % 2 == 0 ? 1.0 : 0.9 + draw_real(&d));
        if (planned <= information[count - 2])
            planned = information[count - 1];
        double alpha = alphas[round % 5];
        bool final = round % 3 == 0;

        ll_looks_bounds(information, count, planned, alpha, final, bounds, spent);
        cross_forward(information, bounds, count, crossed);
        for (uint32_t k = 0; k < count; k++) {
            double now =
                final && k + 1 == count ? alpha : spending(information[k] / planned, alpha);
            ck_assert(fabs(spent[k] - now / alpha) < 1e-12);
            worst = fmax(worst, fabs(crossed[k] - (now - before)) / alpha);
            before = now;
        }
        ck_assert(spent[count - 1] <= 1.0);
        if (final)
            ck_assert(spent[count - 1] == 1.0);
    }
    printf("spent at a look, by forward integration: worst error %.1e of alpha\n", worst);
    ck_assert(worst < 1e-7);
}
END_TEST

START_TEST(alpha_is_what_random_paths_cross_with)
{
    static const double gaps[] = { 1e-15, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 1.0 };
    const int paths = 40000;
    draws d = draws_begin(2);

    for (int round = 0; round < 24; round++) {
        double information[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
        double at = 0.0, alpha = round % 2 == 0 ? 0.05 : 0.5;
        for (uint32_t i = 0; i < 20; i++) {
            at += gaps[draw_below(&d, 8)] * (i == 0 ? 1.0 : at);
            information[i] = i > 0 ? fmax(at, nextafter(information[i - 1], 1e9)) : at;
        }
        ll_looks_bounds(information, 20, information[19], alpha, false, bounds, NULL);
        double crossed = cross_random(information, bounds, 20, paths, &d);
        double error = sqrt(alpha * (1.0 - alpha) / paths);
        ck_assert_msg(fabs(crossed - alpha) < 3.5 * error, "round %d: %g of %g", round, crossed,
                      alpha);
    }
}
END_TEST

START_TEST(one_look_is_an_ordinary_test)
{
    double bound, spent;

    for (int i = 1; i < 300; i += 7) {
        double alpha = pow(10.0, -i);
        ll_looks_bounds((double[]){ 7.0 }, 1, 7.0, alpha, false, &bound, &spent);
        ck_assert(fabs(bound - ll_normal_isf(alpha)) < 1e-12 && spent == 1.0);
        ll_looks_bounds((double[]){ 2.0 }, 1, 7.0, alpha, true, &bound, &spent);
        ck_assert(fabs(bound - ll_normal_isf(alpha)) < 1e-12 && spent == 1.0);
        ll_looks_bounds((double[]){ 9.0 }, 1, 7.0, alpha, false, &bound, &spent);
        ck_assert(fabs(bound - ll_normal_isf(alpha)) < 1e-12 && spent == 1.0);
    }
}
END_TEST

START_TEST(no_later_look_changes_a_bound)
{
    double information[LLMLEARN_LOOKS_MAX], all[LLMLEARN_LOOKS_MAX], some[LLMLEARN_LOOKS_MAX];
    draws d = draws_begin(3);

    for (uint32_t i = 0; i < LLMLEARN_LOOKS_MAX; i++)
        information[i] = (i > 0 ? information[i - 1] : 0) + 1.0 + (double)draw_below(&d, 100);
    double planned = information[LLMLEARN_LOOKS_MAX - 1];
    ll_looks_bounds(information, LLMLEARN_LOOKS_MAX, planned, 0.025, false, all, NULL);
    for (uint32_t count = 1; count < LLMLEARN_LOOKS_MAX; count += 9) {
        ll_looks_bounds(information, count, planned, 0.025, false, some, NULL);
        ck_assert(memcmp(some, all, count * sizeof *some) == 0);
    }
    ll_looks_bounds(information, LLMLEARN_LOOKS_MAX, planned, 0.025, false, information, NULL);
    ck_assert(memcmp(information, all, sizeof all) == 0); /* written over what was read */
}
END_TEST

START_TEST(only_ratios_of_information_matter)
{
    double one[3], other[3];

    ll_looks_bounds((double[]){ 1, 2.5, 3 }, 3, 4, 0.025, true, one, NULL);
    ll_looks_bounds((double[]){ 0x1p300, 2.5 * 0x1p300, 3 * 0x1p300 }, 3, 4 * 0x1p300, 0.025, true,
                    other, NULL);
    ck_assert(memcmp(one, other, sizeof one) == 0);
}
END_TEST

START_TEST(nothing_to_speak_of_is_forty)
{
    double bounds[4], spent[4];

    ll_looks_bounds((double[]){ 1e-100, 1e-9, 0.001, 0.5 }, 4, 1.0, 0.025, false, bounds, spent);
    ck_assert(bounds[0] == 40.0 && bounds[1] == 40.0 && bounds[2] == 40.0);
    ck_assert(spent[0] == 0.0 && spent[1] == 0.0 && spent[2] == 0.0);
    /* Looks without a bound are none: half of the information is as if it were the first look. */
    ck_assert(fabs(bounds[3] - 2.9625880427275666) < 1e-6);

    /* The second look adds nothing that a double can tell. */
    ll_looks_bounds((double[]){ 1.0, nextafter(1.0, 2.0) }, 2, 3.0, 0.025, false, bounds, spent);
    ck_assert(bounds[0] < 40.0 && bounds[1] <= 40.0 && spent[1] >= spent[0]);
}
END_TEST

/* Information anywhere between its limits, any alpha: a number, and never more than the bound that
 * a test of its own would have there. */
START_TEST(any_looks_have_bounds)
{
    draws d = draws_begin(4);

    for (int round = 0; round < 1500; round++) {
        double information[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
        double spent[LLMLEARN_LOOKS_MAX];
        uint32_t count = 1 + (uint32_t)draw_below(&d, round % 50 == 0 ? LLMLEARN_LOOKS_MAX : 8);
        double alpha = draw_event(&d, 0.5) ? pow(10.0, -300.0 * draw_real(&d))
                                           : 1.0 - pow(10.0, -15.0 * draw_real(&d));
        double reach = draw_event(&d, 0.5) ? 2.0 : 200.0 / count;
        information[0] = pow(10.0, reach * draw_real(&d) - (reach > 2.0 ? 100.0 : 0.0));
        for (uint32_t i = 1; i < count; i++)
            information[i] = draw_event(&d, 0.3)
                                 ? nextafter(information[i - 1], INFINITY)
                                 : information[i - 1] * pow(10.0, reach * draw_real(&d) + 1e-15);
        alpha = fmin(fmax(alpha, 1e-300), 1.0 - 1e-15);
        ll_looks_bounds(information, count, information[count - 1], alpha, draw_event(&d, 0.5),
                        bounds, spent);
        for (uint32_t i = 0; i < count; i++)
            if (!(fabs(bounds[i]) <= 40.0) || !(spent[i] >= 0.0 && spent[i] <= 1.0) ||
                (i > 0 && spent[i] < spent[i - 1]))
                ck_abort_msg("round %d, look %u: %g, %g", round, i, bounds[i], spent[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats looks");
    TCase *tests = tcase_create("looks");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_look_spends_what_it_may);
    tcase_add_test(tests, alpha_is_what_random_paths_cross_with);
    tcase_add_test(tests, one_look_is_an_ordinary_test);
    tcase_add_test(tests, no_later_look_changes_a_bound);
    tcase_add_test(tests, only_ratios_of_information_matter);
    tcase_add_test(tests, nothing_to_speak_of_is_forty);
    tcase_add_test(tests, any_looks_have_bounds);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
