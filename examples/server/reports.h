/* reports.h - what the library reports, handed on as it is. For admins. */
#ifndef SERVER_REPORTS_H
#define SERVER_REPORTS_H

#include "request.h"

#include <jansson.h>

void reports_analytics(request *r);
/* The same from the library's cache, at once. False: it is not there, and nothing is told yet. */
bool reports_analytics_if_cached(request *r);
void reports_ab_tests(request *r);
void reports_series(request *r);
void reports_decisions(request *r);
void reports_variants(request *r);

/* The number of a test in the path. False: refused. */
bool reports_test_id(request *r, uint64_t *out);

/* What a call of the library answered and, by its address, the report that it filled, which is
 * freed: as JSON to look into, for json_decref. NULL: refused. */
json_t *reports_read(request *r, llmlearn_err err, char *const *report);

#endif
