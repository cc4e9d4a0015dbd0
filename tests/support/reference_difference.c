#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_difference(void)
{
    TCase *tests = tcase_create("difference");

    return tests;
}
