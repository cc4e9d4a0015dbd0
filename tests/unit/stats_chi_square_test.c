#include "stats/chi_square.h"
#include "support/stats_cases.h"

#include <check.h>
#include <stdlib.h>

static void run_tail(const char *set)
{
    enum { SF, LN_SF, END };
    figure figures[] = {
        [SF] = { .name = "chi-square sf", .relative = 1e-12 },
        [LN_SF] = { .name = "chi-square ln sf", .relative = 1e-13 },
        [END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        if (!has_out(test_case, "sf"))
            continue; /* a quantile */
        double x = in_number(test_case, "x");
        uint32_t degrees = (uint32_t)in_count(test_case, "df");
        check_figure(&figures[SF], test_case, ll_chi_square_sf(x, degrees),
                     out_string(test_case, "sf"));
        check_figure(&figures[LN_SF], test_case, ll_chi_square_ln_sf(x, degrees),
                     out_string(test_case, "ln_sf"));
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(the_tail_agrees_with_the_reference_cases)
{
    run_tail("chi2");
}
END_TEST

START_TEST(the_tail_agrees_where_one_method_hands_over_to_another)
{
    run_tail("chi2_large");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats chi-square");
    TCase *tests = tcase_create("chi-square");
    tcase_add_test(tests, the_tail_agrees_with_the_reference_cases);
    tcase_add_test(tests, the_tail_agrees_where_one_method_hands_over_to_another);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
