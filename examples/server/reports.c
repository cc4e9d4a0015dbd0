#include "reports.h"

#include "json_input.h"
#include "problem.h"
#include "reply.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1000 };

/* By its address: the call that fills it is an argument beside it. */
static void tell(request *r, llmlearn_err err, char *const *json)
{
    if (err == LLMLEARN_OK)
        reply_report(r, *json);
    else
        problem_of_library(r, err);
}

void reports_analytics(request *r)
{
    uint32_t days = 0, refresh = 0;
    char *json = NULL;

    if (!json_input_parameter(r, "days", 1, 90, 30, &days) ||
        !json_input_parameter(r, "refresh", 0, 1, 0, &refresh))
        return;
    tell(r, llmlearn_analytics(r->server->learner, days, refresh ? LLMLEARN_REFRESH : 0, 0, &json),
         &json);
}

void reports_ab_tests(request *r)
{
    const char *signal = target_parameter(&r->target, "signal");
    uint32_t limit = 0;
    char *json = NULL;

    if (json_input_parameter(r, "limit", 1, ROWS_MAX, 0, &limit))
        tell(r, llmlearn_ab_tests(r->server->learner, signal, limit, &json), &json);
}

void reports_decisions(request *r)
{
    const char *signal = target_parameter(&r->target, "signal");
    uint32_t limit = 0;
    char *json = NULL;

    if (json_input_parameter(r, "limit", 1, ROWS_MAX, 0, &limit))
        tell(r, llmlearn_decisions(r->server->learner, signal, limit, &json), &json);
}

void reports_variants(request *r)
{
    const char *signal = target_parameter(&r->target, "signal");
    uint32_t limit = 0;
    char *json = NULL;

    if (json_input_parameter(r, "limit", 1, ROWS_MAX, 0, &limit))
        tell(r, llmlearn_variants(r->server->learner, signal, limit, 0, &json), &json);
}

bool reports_test_id(request *r, uint64_t *out)
{
    const char *text = r->captured[0];
    size_t length = strlen(text);

    if (length <= 18 && strspn(text, "0123456789") == length) {
        *out = strtoull(text, NULL, 10);
        if (*out > 0)
            return true;
    }
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "id", "It must be a test's number.");
    return false;
}

void reports_series(request *r)
{
    uint64_t test_id = 0;
    char *json = NULL;

    if (reports_test_id(r, &test_id))
        tell(r, llmlearn_ab_test_series(r->server->learner, test_id, 0, &json), &json);
}
