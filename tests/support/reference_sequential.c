#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_sequential(void)
{
    TCase *tests = tcase_create("sequential");

    return tests;
}
