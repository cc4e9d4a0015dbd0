#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_posterior(void)
{
    TCase *tests = tcase_create("posterior");

    return tests;
}
