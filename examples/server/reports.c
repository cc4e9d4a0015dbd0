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

/* False: it is asked for from the cache alone, and not there. */
static bool tell_analytics(request *r, bool if_cached)
{
    uint32_t days = 0, refresh = 0;
    char *json = NULL;

    if (!json_input_parameter(r, "days", 1, 90, 30, &days) ||
        !json_input_parameter(r, "refresh", 0, 1, 0, &refresh))
        return true;
    if (if_cached && refresh)
        return false;
    uint32_t flags = if_cached ? LLMLEARN_IF_CACHED : refresh ? LLMLEARN_REFRESH : 0;
    llmlearn_err err = llmlearn_analytics(r->server->learner, days, flags, 0, &json);
    if (if_cached && err == LLMLEARN_ENOTFOUND)
        return false;
    tell(r, err, &json);
    return true;
}

bool reports_analytics_if_cached(request *r)
{
    return tell_analytics(r, true);
}

void reports_analytics(request *r)
{
    tell_analytics(r, false);
}

typedef llmlearn_err (*list_fn)(llmlearn *learner, const char *signal, uint32_t limit,
                                char **out_json);

static void list(request *r, list_fn call)
{
    const char *signal = target_parameter(&r->target, "signal");
    uint32_t limit = 0;
    char *json = NULL;

    if (json_input_parameter(r, "limit", 1, ROWS_MAX, 0, &limit))
        tell(r, call(r->server->learner, signal, limit, &json), &json);
}

void reports_ab_tests(request *r)
{
    list(r, llmlearn_ab_tests);
}

void reports_decisions(request *r)
{
    list(r, llmlearn_decisions);
}

static llmlearn_err variants(llmlearn *learner, const char *signal, uint32_t limit, char **out_json)
{
    return llmlearn_variants(learner, signal, limit, 0, out_json);
}

void reports_variants(request *r)
{
    list(r, variants);
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

json_t *reports_read(request *r, llmlearn_err err, char *const *report)
{
    if (err != LLMLEARN_OK) {
        problem_of_library(r, err);
        return NULL;
    }
    json_t *read = json_loads(*report, 0, NULL);
    llmlearn_free(*report);
    if (read == NULL)
        problem(r, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, "There is no memory left.");
    return read;
}

void reports_series(request *r)
{
    uint64_t test_id = 0;
    char *json = NULL;

    if (reports_test_id(r, &test_id))
        tell(r, llmlearn_ab_test_series(r->server->learner, test_id, 0, &json), &json);
}
