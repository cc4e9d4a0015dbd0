#include "store/ab_eprocess.h"

#include "base/err.h"

#include <assert.h>
#include <string.h>

#define US_PER_WEEK (7 * LL_US_PER_DAY)

static const ll_statement read_eprocess = {
    "SELECT now, week_end, week FROM llm_ab_eprocess WHERE test = ?1"
};
static const ll_statement write_eprocess = {
    "INSERT INTO llm_ab_eprocess (test, now, week_end, week) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (test) DO UPDATE SET now = excluded.now, week_end = excluded.week_end,"
    " week = excluded.week"
};

static bool take_bytes(const ll_row *row, int column, uint8_t out[LLMLEARN_EPROCESS_BYTES_MAX],
                       size_t *out_size)
{
    size_t size = 0;
    const void *bytes = ll_row_blob(row, column, &size);

    if (bytes == NULL || size == 0 || size > LLMLEARN_EPROCESS_BYTES_MAX)
        return false;
    memcpy(out, bytes, size);
    *out_size = size;
    return true;
}

static llmlearn_err take_eprocess(void *context, const ll_row *row)
{
    ll_ab_eprocess *e = context;

    if (!take_bytes(row, 0, e->now, &e->now_bytes) ||
        !take_bytes(row, 1, e->week_end, &e->week_end_bytes))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_eprocess: a state of an impossible size");
    e->week = ll_row_int(row, 2);
    return LLMLEARN_OK;
}

llmlearn_err ll_ab_eprocess_read(ll_connection *connection, uint64_t test,
                                 ll_ab_eprocess *out_eprocess)
{
    out_eprocess->now_bytes = 0;
    out_eprocess->week_end_bytes = 0;
    out_eprocess->week = 0;
    return ll_connection_run(connection, &read_eprocess, (ll_value[]){ ll_int((int64_t)test) }, 1,
                             take_eprocess, out_eprocess);
}

llmlearn_err ll_ab_eprocess_write(ll_connection *connection, uint64_t test,
                                  const ll_ab_eprocess *eprocess)
{
    bool begins = eprocess->week_end_bytes == 0;
    const ll_value now = ll_blob(eprocess->now, eprocess->now_bytes);
    const ll_value week_end = ll_blob(eprocess->week_end, eprocess->week_end_bytes);
    const ll_value arguments[] = { ll_int((int64_t)test), now, begins ? now : week_end,
                                   ll_int(eprocess->week) };

    assert(test != 0 && eprocess->now_bytes > 0);
    return ll_connection_run(connection, &write_eprocess, arguments, 4, NULL, NULL);
}

void ll_ab_eprocess_turn_weeks(ll_ab_eprocess *eprocess, int64_t started_us, int64_t now_us)
{
    int64_t week = (now_us - started_us) / US_PER_WEEK;

    if (week <= eprocess->week)
        return;
    memcpy(eprocess->week_end, eprocess->now, eprocess->now_bytes);
    eprocess->week_end_bytes = eprocess->now_bytes;
    eprocess->week = week;
}
