/* Every field that we offer of every reference case, through the shared library. */
#include "support/reference.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("statistics against reference cases");

    suite_add_tcase(suite, reference_association());
    suite_add_tcase(suite, reference_rate());
    suite_add_tcase(suite, reference_difference());
    suite_add_tcase(suite, reference_plan());
    suite_add_tcase(suite, reference_posterior());
    suite_add_tcase(suite, reference_sequential());
    suite_add_tcase(suite, reference_quality());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
