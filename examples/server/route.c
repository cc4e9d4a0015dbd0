#include "route.h"

#include "ab_tests.h"
#include "explanations.h"
#include "feedback.h"
#include "files.h"
#include "health.h"
#include "metrics.h"
#include "openapi.h"
#include "problem.h"
#include "reports.h"
#include "variants.h"

#include <stdio.h>
#include <string.h>

#define EXPLANATIONS "/api/explanations"
#define FEEDBACK "/api/feedback/{id}"
#define AB_TESTS "/api/admin/llm-ab-tests"
#define VARIANTS "/api/admin/variants"
#define VARIANT VARIANTS "/{signal}/{version}"

static const route routes[] = {
    { "GET", EXPLANATIONS, explanations_list, DISK, { "limit", "before", "signal", "ticker" } },
    { "POST", EXPLANATIONS, explanations_make, BODY | SLOW, { NULL } },
    { "GET", EXPLANATIONS "/{id}", explanations_get, DISK, { NULL } },
    { "POST", FEEDBACK, feedback_submit, BODY | DISK, { NULL } },
    { "DELETE", FEEDBACK, feedback_withdraw, DISK, { NULL } },
    { "GET", "/api/admin/llm-analytics", reports_analytics, CACHED | DISK, { "days", "refresh" } },
    { "GET", "/api/admin/decisions", reports_decisions, DISK, { "signal", "limit" } },
    { "GET", AB_TESTS, reports_ab_tests, DISK, { "signal", "limit" } },
    { "GET", AB_TESTS "/{id}/series", reports_series, DISK, { NULL } },
    { "POST", AB_TESTS, ab_tests_start, BODY | SLOW, { NULL } },
    { "POST", AB_TESTS "/{id}/decide", ab_tests_decide, BODY | SLOW, { NULL } },
    { "POST", AB_TESTS "/{id}/promote", ab_tests_promote, BODY | SLOW, { NULL } },
    { "POST", AB_TESTS "/{id}/stop", ab_tests_stop, BODY | SLOW, { NULL } },
    { "POST", AB_TESTS "/{id}/rollback", ab_tests_rollback, BODY | SLOW, { NULL } },
    { "GET", VARIANTS, reports_variants, DISK, { "signal", "limit" } },
    { "POST", VARIANTS, variants_add, BODY | SLOW, { NULL } },
    { "POST", VARIANT "/approve", variants_approve, BODY | SLOW, { NULL } },
    { "POST", VARIANT "/archive", variants_archive, BODY | SLOW, { NULL } },
    { "GET", "/healthz", health_tell, 0, { NULL } },
    { "GET", "/metrics", metrics_tell, 0, { NULL } },
    { "GET", "/openapi.json", openapi_tell, 0, { NULL } },
};

/* A page of the dashboard may be asked for anything: campaign parameters do no harm. */
static const route dashboard = { "GET", "/*", files_tell, 0, { NULL } };

enum { ROUTES = sizeof routes / sizeof routes[0] };

unsigned route_count(void)
{
    return ROUTES + 1;
}

const route *route_at(unsigned index)
{
    return index < ROUTES ? &routes[index] : &dashboard;
}

unsigned route_index(const route *found)
{
    if (found == NULL)
        return ROUTES + 1;
    return found == &dashboard ? ROUTES : (unsigned)(found - routes);
}

/* True if the path is of the pattern; what "{...}" stands for is captured. */
static bool matches(const char *pattern, request *r)
{
    unsigned captures = 0, i = 0;

    for (const char *at = pattern; *at == '/'; i++) {
        size_t length = strcspn(++at, "/");
        const char *segment = i < r->target.segment_count ? r->target.segments[i] : "";
        if (segment[0] == '\0')
            return false;
        if (*at == '{')
            r->captured[captures++] = segment;
        else if (strlen(segment) != length || memcmp(segment, at, length) != 0)
            return false;
        at += length;
    }
    return i == r->target.segment_count;
}

static bool same_method(const route *candidate, const char *method)
{
    return strcmp(candidate->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(candidate->method, "GET") == 0);
}

static void allow(char *list, size_t bytes, const char *method)
{
    size_t used = strlen(list);
    snprintf(list + used, bytes - used, "%s%s%s", used > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

static bool refuse_method(request *r, const char *allowed)
{
    problem(r, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "Here only %s can be used.", allowed);
    if (r->response != NULL)
        MHD_add_response_header(r->response, "Allow", allowed);
    return false;
}

static bool check_query(request *r)
{
    if (r->target.query_problem != NULL) {
        problem(r, MHD_HTTP_BAD_REQUEST, NULL, "The request is malformed: %s.",
                r->target.query_problem);
        return false;
    }
    for (unsigned i = 0; i < r->target.parameter_count; i++) {
        const char *name = r->target.parameters[i].name;
        bool known = false;
        for (unsigned k = 0; k < ROUTE_QUERY_MAX && r->route->query[k] != NULL; k++)
            known = known || strcmp(r->route->query[k], name) == 0;
        if (!known) {
            problem(r, MHD_HTTP_BAD_REQUEST, name, "There is no such parameter here.");
            return false;
        }
    }
    return true;
}

static bool find_page(request *r)
{
    if (target_below(&r->target, "/api")) {
        problem(r, MHD_HTTP_NOT_FOUND, NULL,
                "There is nothing here. /openapi.json tells what there is.");
        return false;
    }
    if (!same_method(&dashboard, r->method))
        return refuse_method(r, "GET, HEAD");
    r->route = &dashboard;
    return true;
}

bool route_find(request *r)
{
    char allowed[64] = "";

    for (unsigned i = 0; i < ROUTES; i++) {
        if (!matches(routes[i].pattern, r))
            continue;
        if (same_method(&routes[i], r->method)) {
            r->route = &routes[i];
            return check_query(r);
        }
        allow(allowed, sizeof allowed, routes[i].method);
    }
    return allowed[0] != '\0' ? refuse_method(r, allowed) : find_page(r);
}
