#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_plan(void)
{
    TCase *tests = tcase_create("plan");

    return tests;
}
