#include "reports.h"

#include "json_input.h"
#include "problem.h"
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROWS_MAX = 1000,
    DAYS_STANDARD = 30,
    DAY_MS = 86400 * 1000,
    KEPT_MS = 299 * 1000, /* the library does for 300 s, by the time of day, until midnight */
};

/* By its address: the call that fills it is an argument beside it. */
static void tell(request *r, llmlearn_err err, char *const *json)
{
    if (err == LLMLEARN_OK)
        reply_report(r, *json);
    else
        problem_of_library(r, err);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note_time(server *s, uint32_t days, const char *report)
{
    static const char name[] = "\"age_ms\":";
    const char *age = strstr(report, name);

    if (age != NULL)
        atomic_store(&s->analytics_ms[days], now_ms() - atoll(age + sizeof name - 1));
}

bool reports_analytics_kept(const request *r)
{
    const char *asked = target_parameter(&r->target, "days");
    const char *refresh = target_parameter(&r->target, "refresh");
    unsigned long days = asked != NULL ? strtoul(asked, NULL, 10) : DAYS_STANDARD;

    if (days > ANALYTICS_DAYS_MAX || (refresh != NULL && strcmp(refresh, "0") != 0))
        return false;
    int64_t now = now_ms(), made = atomic_load(&r->server->analytics_ms[days]);
    return made <= now && now - made < KEPT_MS && now / DAY_MS == made / DAY_MS;
}

void reports_analytics(request *r)
{
    uint32_t days = 0, refresh = 0;
    char *json = NULL;

    if (!json_input_parameter(r, "days", 1, ANALYTICS_DAYS_MAX, DAYS_STANDARD, &days) ||
        !json_input_parameter(r, "refresh", 0, 1, 0, &refresh))
        return;
    llmlearn_err err =
        llmlearn_analytics(r->server->learner, days, refresh ? LLMLEARN_REFRESH : 0, 0, &json);
    if (err == LLMLEARN_OK)
        note_time(r->server, days, json);
    tell(r, err, &json);
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
