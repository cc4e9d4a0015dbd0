#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_quality(void)
{
    TCase *tests = tcase_create("quality");

    return tests;
}
