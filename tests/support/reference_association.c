#include "support/reference.h"
#include "support/stats_cases.h"

TCase *reference_association(void)
{
    TCase *tests = tcase_create("association");

    return tests;
}
