#include "store/ledger.h"

#include "base/calendar.h"
#include "base/err.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NANOUSD INT64_C(1000000000) /* in a dollar */

/* Dollars and the rest are added apart: neither sum can overflow. */
#define SUMS                                                                                       \
    "ifnull(sum(cost_nanousd / 1000000000), 0), ifnull(sum(cost_nanousd % 1000000000), 0),"        \
    " ifnull(sum(reserved_nanousd / 1000000000) FILTER (WHERE cost_nanousd IS NULL), 0),"          \
    " ifnull(sum(reserved_nanousd % 1000000000) FILTER (WHERE cost_nanousd IS NULL), 0),"          \
    " count(*), count(*) - count(cost_nanousd)"

static const ll_statement sum_of_run = { "SELECT " SUMS " FROM llm_generations WHERE run = ?1" };
static const ll_statement sum_of_time = {
    "SELECT " SUMS " FROM llm_generations WHERE at_us >= ?1 AND at_us < ?2"
};
static const ll_statement add_call = {
    "INSERT INTO llm_generations (at_us, kind, signal, parent, run, model, reserved_nanousd,"
    " comments) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
};
static const ll_statement settle_call = {
    "UPDATE llm_generations SET settled_us = ?2, prompt_tokens = ?3, completion_tokens = ?4,"
    " cost_nanousd = ?5, error = ?6 WHERE id = ?1 AND settled_us IS NULL"
};

static const ll_statement release_run = {
    "UPDATE llm_generations SET settled_us = ?2, cost_nanousd = 0, error = 'not called'"
    " WHERE run = ?1 AND settled_us IS NULL"
};

static const char *const kind_names[] = {
    [LL_LEDGER_GENERATE] = "generate",
    [LL_LEDGER_REPLAY] = "replay",
    [LL_LEDGER_MODERATE] = "moderate",
    [LL_LEDGER_EXPLAIN] = "explain",
};

/* ---- money ------------------------------------------------------------- */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t together(int64_t dollars, int64_t rest)
{
    return dollars > INT64_MAX / NANOUSD ? INT64_MAX : add(dollars * NANOUSD, rest);
}

void ll_ledger_format(int64_t nanousd, char out[LL_DOLLARS_BYTES])
{
    int places = 9;

    assert(nanousd >= 0);
    snprintf(out, LL_DOLLARS_BYTES, "$%lld.%09lld", (long long)(nanousd / NANOUSD),
             (long long)(nanousd % NANOUSD));
    for (char *last = out + strlen(out) - 1; places > 2 && *last == '0'; places--)
        *last-- = '\0';
}

/* ---- sums -------------------------------------------------------------- */

static llmlearn_err read_sums(void *context, const ll_row *row)
{
    ll_ledger_sum *sum = context;

    sum->known_nanousd = together(ll_row_int(row, 0), ll_row_int(row, 1));
    sum->held_nanousd = together(ll_row_int(row, 2), ll_row_int(row, 3));
    sum->nanousd = add(sum->known_nanousd, sum->held_nanousd);
    sum->calls = ll_row_int(row, 4);
    sum->calls_unknown = ll_row_int(row, 5);
    return LLMLEARN_OK;
}

static llmlearn_err read_sum(ll_connection *connection, const ll_statement *statement,
                             const ll_value *arguments, uint32_t argument_count,
                             ll_ledger_sum *out_sum)
{
    ll_ledger_sum sum = { .nanousd = 0 };
    llmlearn_err err =
        ll_connection_run(connection, statement, arguments, argument_count, read_sums, &sum);

    if (err == LLMLEARN_OK)
        *out_sum = sum;
    return err;
}

llmlearn_err ll_ledger_sum_run(ll_connection *connection, const char *run, ll_ledger_sum *out_sum)
{
    return read_sum(connection, &sum_of_run, (ll_value[]){ ll_string(run) }, 1, out_sum);
}

typedef struct month {
    int64_t first_us, next_us;
} month;

static month month_of(int64_t time_us)
{
    ll_date date = ll_calendar_date(ll_clock_day(time_us));
    int64_t first = ll_calendar_day(date.year, date.month, 1);

    return (month){ .first_us = first * LL_US_PER_DAY,
                    .next_us =
                        (first + ll_calendar_month_days(date.year, date.month)) * LL_US_PER_DAY };
}

llmlearn_err ll_ledger_sum_month(ll_connection *connection, int64_t time_us, ll_ledger_sum *out_sum)
{
    month m = month_of(time_us);

    return read_sum(connection, &sum_of_time, (ll_value[]){ ll_int(m.first_us), ll_int(m.next_us) },
                    2, out_sum);
}

/* ---- reserving --------------------------------------------------------- */

typedef struct limit {
    const char *what;
    int64_t nanousd;
    const char *end; /* of the line: how to go on */
} limit;

static llmlearn_err check_limit(const limit *l, const ll_ledger_sum *sum, int64_t ceiling)
{
    char limit_text[LL_DOLLARS_BYTES], used[LL_DOLLARS_BYTES], left[LL_DOLLARS_BYTES],
        most[LL_DOLLARS_BYTES];

    if (l->nanousd == LL_LEDGER_UNLIMITED ||
        (sum->nanousd <= l->nanousd && ceiling <= l->nanousd - sum->nanousd))
        return LLMLEARN_OK;
    ll_ledger_format(l->nanousd, limit_text);
    ll_ledger_format(sum->nanousd, used);
    ll_ledger_format(sum->nanousd < l->nanousd ? l->nanousd - sum->nanousd : 0, left);
    ll_ledger_format(ceiling, most);
    return ll_fail(LLMLEARN_EBUDGET,
                   "budget %s: %s left of %s (%s spent or reserved), and this call may cost %s; %s",
                   l->what, left, limit_text, used, most, l->end);
}

static llmlearn_err check_run(ll_connection *connection, const ll_ledger_call *call,
                              const ll_ledger_limits *limits)
{
    const limit of_run = { .what = "of this run",
                           .nanousd = limits->per_run_nanousd,
                           .end = "a larger limit per run, or a smaller prompt, would allow it" };
    ll_ledger_sum sum;
    llmlearn_err err;

    if (of_run.nanousd == LL_LEDGER_UNLIMITED)
        return LLMLEARN_OK;
    err = ll_ledger_sum_run(connection, call->run, &sum);
    return err == LLMLEARN_OK ? check_limit(&of_run, &sum, call->ceiling_nanousd) : err;
}

static llmlearn_err check_month(ll_connection *connection, const ll_ledger_call *call,
                                const ll_ledger_limits *limits, int64_t now_us)
{
    char next[LL_TIME_TEXT_BYTES], end[64 + LL_TIME_TEXT_BYTES];
    const limit of_month = { .what = "of this month",
                             .nanousd = limits->per_month_nanousd,
                             .end = end };
    ll_ledger_sum sum;
    llmlearn_err err;

    if (of_month.nanousd == LL_LEDGER_UNLIMITED)
        return LLMLEARN_OK;
    ll_clock_format_day(ll_clock_day(month_of(now_us).next_us), next);
    snprintf(end, sizeof end, "the next month begins at %s 00:00 UTC", next);
    err = ll_ledger_sum_month(connection, now_us, &sum);
    return err == LLMLEARN_OK ? check_limit(&of_month, &sum, call->ceiling_nanousd) : err;
}

static ll_value id_or_null(int64_t id)
{
    return id == 0 ? ll_null() : ll_int(id);
}

llmlearn_err ll_ledger_reserve(ll_connection *connection, const ll_ledger_call *call,
                               const ll_ledger_limits *limits, int64_t now_us, int64_t *out_id)
{
    llmlearn_err err;

    assert(call->kind >= LL_LEDGER_GENERATE && call->kind <= LL_LEDGER_EXPLAIN);
    assert(call->run != NULL && limits->per_run_nanousd >= 0 && limits->per_month_nanousd >= 0);
    if (call->ceiling_nanousd < 0 || call->ceiling_nanousd > LL_LEDGER_NANOUSD_MAX)
        return ll_fail(LLMLEARN_EINVAL, "budget: a call that may cost %lld nano-dollars",
                       (long long)call->ceiling_nanousd);
    err = check_run(connection, call, limits);
    if (err == LLMLEARN_OK)
        err = check_month(connection, call, limits, now_us);
    if (err != LLMLEARN_OK)
        return err;
    const ll_value row[] = { ll_int(now_us),
                             ll_string(kind_names[call->kind]),
                             id_or_null(call->signal),
                             id_or_null(call->parent),
                             ll_string(call->run),
                             id_or_null(call->model),
                             ll_int(call->ceiling_nanousd),
                             ll_string(call->comments) };
    err = ll_connection_run(connection, &add_call, row, LL_ARRAY_COUNT(row), NULL, NULL);
    if (err == LLMLEARN_OK)
        *out_id = ll_connection_last_row(connection);
    return err;
}

/* ---- settling ---------------------------------------------------------- */

static ll_value known(int64_t value)
{
    return value < 0 ? ll_null() : ll_int(value);
}

static ll_value error_value(const char *error)
{
    return error == NULL
               ? ll_null()
               : ll_text(error, ll_utf8_cut(error, strlen(error), LL_LEDGER_ERROR_BYTES_MAX));
}

llmlearn_err ll_ledger_settle(ll_connection *connection, int64_t id, const ll_ledger_result *result,
                              int64_t now_us)
{
    /* More than any call costs is a service that cannot count. */
    int64_t cost =
        result->cost_nanousd > LL_LEDGER_NANOUSD_MAX ? LL_LEDGER_UNKNOWN : result->cost_nanousd;
    const ll_value row[] = { ll_int(id),
                             ll_int(now_us),
                             known(result->prompt_tokens),
                             known(result->completion_tokens),
                             known(cost),
                             error_value(result->error) };
    llmlearn_err err =
        ll_connection_run(connection, &settle_call, row, LL_ARRAY_COUNT(row), NULL, NULL);

    if (err == LLMLEARN_OK && ll_connection_changes(connection) != 1)
        err = ll_fail(LLMLEARN_ESTATE, "call %lld: settled already, or never reserved",
                      (long long)id);
    return err;
}

llmlearn_err ll_ledger_release(ll_connection *connection, const char *run, int64_t now_us)
{
    return ll_connection_run(connection, &release_run,
                             (ll_value[]){ ll_string(run), ll_int(now_us) }, 2, NULL, NULL);
}
