#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_rate(void)
{
    TCase *tests = tcase_create("rate");

    return tests;
}
