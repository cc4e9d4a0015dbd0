/* reports.h - what the library reports, handed on as it is. For admins. */
#ifndef SERVER_REPORTS_H
#define SERVER_REPORTS_H

#include "request.h"

void reports_analytics(request *r);
void reports_ab_tests(request *r);
void reports_series(request *r);
void reports_decisions(request *r);
void reports_variants(request *r);

/* The number of a test in the path. False: refused. */
bool reports_test_id(request *r, uint64_t *out);

#endif
