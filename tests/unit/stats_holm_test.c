#include "stats/holm.h"
#include "stats/limits.h"
#include "support/stats_cases.h"

#include <check.h>
#include <stdlib.h>

START_TEST(agrees_with_the_reference_cases)
{
    figure holm[] = { { .name = "Holm p", .relative = 1e-12 }, { 0 } };
    json_t *loaded = load_cases("multiplicity");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        double p_values[LL_STATS_ARMS_MAX];
        if (!has_out(test_case, "holm"))
            continue; /* another method */
        json_t *list = json_object_get(json_object_get(test_case, "in"), "p");
        size_t count = json_array_size(list);

        ck_assert_uint_le(count, LL_STATS_ARMS_MAX);
        for (size_t j = 0; j < count; j++)
            p_values[j] = json_number_value(json_array_get(list, j));
        ll_holm_adjust(p_values, (uint32_t)count, p_values);
        for (size_t j = 0; j < count; j++)
            check_figure(holm, test_case, p_values[j], out_end(test_case, "holm", j));
    }
    print_figures(holm);
    json_decref(loaded);
}
END_TEST

START_TEST(may_write_over_its_input)
{
    double p_values[4] = { 0.04, 0.01, 0.5, 0.01 };
    double adjusted[4];

    ll_holm_adjust(p_values, 4, adjusted);
    ll_holm_adjust(p_values, 4, p_values);
    for (int i = 0; i < 4; i++)
        ck_assert(p_values[i] == adjusted[i]);
    ck_assert_double_eq(adjusted[1], 0.04);
    ck_assert_double_eq(adjusted[3], 0.04);
    ck_assert_double_eq(adjusted[0], 0.08);
    ck_assert_double_eq(adjusted[2], 0.5);
}
END_TEST

START_TEST(takes_none_and_as_many_as_there_can_be)
{
    double p_values[LL_STATS_ARMS_MAX] = { 0 };

    ll_holm_adjust(p_values, 0, p_values);
    for (int i = 0; i < LL_STATS_ARMS_MAX; i++)
        p_values[i] = i == 17 ? 0.0001 : 1.0;
    ll_holm_adjust(p_values, LL_STATS_ARMS_MAX, p_values);
    ck_assert_double_eq(p_values[17], 0.0001 * LL_STATS_ARMS_MAX);
    ck_assert_double_eq(p_values[0], 1.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats Holm");
    TCase *tests = tcase_create("Holm");
    tcase_add_test(tests, agrees_with_the_reference_cases);
    tcase_add_test(tests, may_write_over_its_input);
    tcase_add_test(tests, takes_none_and_as_many_as_there_can_be);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
