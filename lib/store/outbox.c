#include "store/outbox.h"

#include "base/err.h"
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const ll_statement add_alert = {
    "INSERT INTO llm_outbox (at_us, rule, about, window, subject, text, details)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (rule, about, window) DO NOTHING"
};
static const ll_statement newest_time = { "SELECT at_us FROM llm_outbox ORDER BY id DESC LIMIT 1" };
static const ll_statement find_alert = {
    "SELECT id FROM llm_outbox WHERE rule = ?1 AND about = ?2 AND window = ?3"
};
static const ll_statement newest_first = {
    "SELECT o.id, o.at_us, d.alert IS NOT NULL, coalesce(d.sent_us, d.given_up_us) IS NOT NULL,"
    " d.next_us, d.attempts FROM llm_outbox o"
    " LEFT JOIN llm_deliveries d ON d.alert = o.id AND d.channel = ?1 ORDER BY o.id DESC"
};
static const ll_statement lease = {
    "INSERT INTO llm_deliveries (alert, channel, attempts, next_us) VALUES (?1, ?2, 1, ?3)"
    " ON CONFLICT (alert, channel) DO UPDATE SET attempts = llm_deliveries.attempts + 1, next_us = "
    "?3"
};
static const ll_statement load = {
    "SELECT o.at_us, d.attempts, o.rule, o.about, o.subject, o.text, o.details"
    " FROM llm_outbox o JOIN llm_deliveries d ON d.alert = o.id AND d.channel = ?2"
    " WHERE o.id = ?1"
};
static const ll_statement mark_sent = {
    "INSERT INTO llm_deliveries (alert, channel, attempts, next_us, sent_us)"
    " VALUES (?1, ?2, 1, ?3, ?3) ON CONFLICT (alert, channel)"
    " DO UPDATE SET sent_us = coalesce(llm_deliveries.sent_us, ?3), given_up_us = NULL, error = "
    "NULL"
};
static const ll_statement age_of = { "SELECT ?2 - at_us FROM llm_outbox WHERE id = ?1" };
static const ll_statement mark_failed = {
    "UPDATE llm_deliveries SET next_us = ?3, given_up_us = ?4, error = ?5"
    " WHERE alert = ?1 AND channel = ?2 AND attempts = ?6 AND sent_us IS NULL"
    " AND given_up_us IS NULL"
};
static const ll_statement abandon = { "UPDATE llm_deliveries SET given_up_us = ?3,"
                                      " error = coalesce(error, 'no attempt came to an end')"
                                      " WHERE alert = ?1 AND channel = ?2" };

/* ---- adding ------------------------------------------------------------ */

/* The beginning of the window, so that hours and days of one rule do not look alike. */
static int64_t window_of(int64_t now_us, int64_t window_us)
{
    assert(window_us >= 0);
    return window_us == 0 ? 0 : now_us - now_us % window_us;
}

static void assert_row(const ll_outbox_row *row)
{
    assert(row->rule != NULL && strlen(row->rule) <= LL_OUTBOX_RULE_BYTES_MAX);
    assert(row->about != NULL && strlen(row->about) <= LL_OUTBOX_ABOUT_BYTES_MAX);
    assert(row->subject != NULL && strlen(row->subject) <= LL_OUTBOX_SUBJECT_BYTES_MAX);
    assert(row->text != NULL && strlen(row->text) <= LL_OUTBOX_TEXT_BYTES_MAX);
    assert(row->details != NULL && strlen(row->details) <= LL_OUTBOX_TEXT_BYTES_MAX);
    (void)row;
}

llmlearn_err ll_outbox_add(ll_connection *connection, const ll_outbox_row *row, int64_t now_us,
                           uint64_t *out_id, bool *out_added)
{
    bool any = false;
    int64_t id = 0, at_us = 0;

    assert_row(row);
    assert(now_us >= 0);
    llmlearn_err err = ll_connection_int(connection, &newest_time, NULL, 0, &any, &at_us);
    if (err != LLMLEARN_OK)
        return err;
    const ll_value window = ll_int(window_of(now_us, row->window_us));
    const ll_value arguments[] = {
        ll_int(any && at_us > now_us ? at_us : now_us),
        ll_string(row->rule),
        ll_string(row->about),
        window,
        ll_string(row->subject),
        ll_string(row->text),
        ll_string(row->details),
    };

    err =
        ll_connection_run(connection, &add_alert, arguments, LL_ARRAY_COUNT(arguments), NULL, NULL);
    if (err != LLMLEARN_OK)
        return err;
    bool added = ll_connection_changes(connection) > 0;
    if (added)
        id = ll_connection_last_row(connection);
    else
        err = ll_connection_int(connection, &find_alert, arguments + 1, 3, NULL, &id);
    if (err != LLMLEARN_OK)
        return err;
    *out_id = (uint64_t)id;
    *out_added = added;
    return LLMLEARN_OK;
}

/* ---- what is due ------------------------------------------------------- */

/* From the newest alert back to the first that is too old to be sent: so what a look costs does
 * not grow with the years. */
typedef struct look {
    int64_t now_us;
    bool old_enough;
    int64_t due;       /* the oldest so far; 0: none */
    int64_t abandoned; /* the same of those that nobody will try again, but that are still open */
} look;

/* What a lease or a wait may be at most. A time further ahead is one that a clock gave which was
 * wrong since: it is due now. */
static bool is_time(int64_t next_us, int64_t now_us)
{
    return next_us <= now_us || next_us - now_us > LL_OUTBOX_WAIT_MAX_US;
}

static llmlearn_err look_at(void *context, const ll_row *row)
{
    look *l = context;
    int64_t id = ll_row_int(row, 0), age_us = l->now_us - ll_row_int(row, 1);
    bool tried = ll_row_int(row, 2) != 0, settled = ll_row_int(row, 3) != 0;
    int64_t next_us = ll_row_int(row, 4), attempts = ll_row_int(row, 5);

    /* Twice as far, for rows that a crash left open. */
    if (age_us > 2 * LL_OUTBOX_LIFE_US) {
        l->old_enough = true;
        return LLMLEARN_ENOTFOUND;
    }
    if (settled || (tried && !is_time(next_us, l->now_us)))
        return LLMLEARN_OK;
    if (age_us <= LL_OUTBOX_LIFE_US && attempts < LL_OUTBOX_ATTEMPTS_MAX)
        l->due = id;
    else if (tried)
        l->abandoned = id;
    return LLMLEARN_OK;
}

static llmlearn_err look_for(ll_connection *connection, const char *channel, look *l)
{
    const ll_value arguments[] = { ll_string(channel) };
    llmlearn_err err = ll_connection_run(connection, &newest_first, arguments, 1, look_at, l);

    return l->old_enough ? LLMLEARN_OK : err;
}

static llmlearn_err take_text(const ll_row *row, int column, char **out_text)
{
    size_t bytes = 0;
    const char *text = ll_row_text(row, column, &bytes);
    char *copy = malloc(bytes + 1);

    assert(text != NULL); /* NOT NULL in the schema */
    if (copy == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for an alert");
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    *out_text = copy;
    return LLMLEARN_OK;
}

static llmlearn_err take_due(void *context, const ll_row *row)
{
    ll_outbox_due *due = context;
    char **const texts[] = { &due->rule, &due->about, &due->subject, &due->text, &due->details };
    llmlearn_err err = LLMLEARN_OK;

    due->at_us = ll_row_int(row, 0);
    due->attempt = (uint32_t)ll_row_int(row, 1);
    for (int i = 0; err == LLMLEARN_OK && i < 5; i++)
        err = take_text(row, 2 + i, texts[i]);
    return err;
}

static void assert_channel(const char *channel)
{
    assert(channel != NULL && channel[0] != '\0');
    assert(strlen(channel) <= LL_OUTBOX_CHANNEL_BYTES_MAX);
    (void)channel;
}

llmlearn_err ll_outbox_due_next(ll_connection *connection, const char *channel, int64_t now_us,
                                int64_t lease_us, ll_outbox_due *out_due)
{
    look l = { .now_us = now_us };
    ll_outbox_due due = { .id = 0 };

    assert_channel(channel);
    assert(lease_us > 0 && lease_us <= LL_OUTBOX_WAIT_MAX_US);
    llmlearn_err err = look_for(connection, channel, &l);
    if (err == LLMLEARN_OK && l.abandoned != 0)
        err = ll_connection_run(
            connection, &abandon,
            (ll_value[]){ ll_int(l.abandoned), ll_string(channel), ll_int(now_us) }, 3, NULL, NULL);
    if (err == LLMLEARN_OK && l.due != 0) {
        const ll_value arguments[] = { ll_int(l.due), ll_string(channel),
                                       ll_int(now_us + lease_us) };

        due.id = (uint64_t)l.due;
        err = ll_connection_run(connection, &lease, arguments, 3, NULL, NULL);
        if (err == LLMLEARN_OK)
            err = ll_connection_run(connection, &load, arguments, 2, take_due, &due);
    }
    if (err != LLMLEARN_OK)
        ll_outbox_due_free(&due);
    else
        *out_due = due;
    return err;
}

void ll_outbox_due_free(ll_outbox_due *due)
{
    if (due == NULL)
        return;
    free(due->rule);
    free(due->about);
    free(due->subject);
    free(due->text);
    free(due->details);
    *due = (ll_outbox_due){ .id = 0 };
}

/* ---- what became of it ------------------------------------------------- */

llmlearn_err ll_outbox_sent(ll_connection *connection, uint64_t id, const char *channel,
                            int64_t now_us)
{
    assert_channel(channel);
    return ll_connection_run(
        connection, &mark_sent,
        (ll_value[]){ ll_int((int64_t)id), ll_string(channel), ll_int(now_us) }, 3, NULL, NULL);
}

int64_t ll_outbox_wait_us(uint32_t attempt, uint64_t random)
{
    int64_t wait_us = LL_OUTBOX_WAIT_MIN_US;

    assert(attempt >= 1);
    for (uint32_t i = 1; i < attempt && wait_us < LL_OUTBOX_WAIT_MAX_US; i++)
        wait_us *= 2;
    if (wait_us > LL_OUTBOX_WAIT_MAX_US)
        wait_us = LL_OUTBOX_WAIT_MAX_US;
    return wait_us - (int64_t)(random % (uint64_t)(wait_us / 2 + 1));
}

/* In one printable line. */
static size_t keep_line(const char *error, char out[LL_OUTBOX_ERROR_BYTES_MAX])
{
    size_t bytes = strnlen(error, LL_OUTBOX_ERROR_BYTES_MAX);

    for (size_t i = 0; i < bytes; i++)
        out[i] = error[i] >= ' ' && error[i] <= '~' ? error[i] : '?';
    return bytes;
}

llmlearn_err ll_outbox_failed(ll_connection *connection, uint64_t id, const char *channel,
                              uint32_t attempt, bool permanent, const char *error, int64_t now_us,
                              bool *out_given_up)
{
    char line[LL_OUTBOX_ERROR_BYTES_MAX];
    uint64_t random = 0;
    int64_t age_us = 0;

    assert_channel(channel);
    assert(error != NULL);
    llmlearn_err err = ll_random_bytes(&random, sizeof random);
    if (err == LLMLEARN_OK)
        err = ll_connection_int(connection, &age_of,
                                (ll_value[]){ ll_int((int64_t)id), ll_int(now_us) }, 2, NULL,
                                &age_us);
    if (err != LLMLEARN_OK)
        return err;

    int64_t wait_us = ll_outbox_wait_us(attempt, random);
    bool given_up =
        permanent || attempt >= LL_OUTBOX_ATTEMPTS_MAX || age_us + wait_us > LL_OUTBOX_LIFE_US;
    const ll_value arguments[] = {
        ll_int((int64_t)id),
        ll_string(channel),
        ll_int(now_us + wait_us),
        given_up ? ll_int(now_us) : ll_null(),
        ll_text(line, keep_line(error, line)),
        ll_int(attempt),
    };
    err = ll_connection_run(connection, &mark_failed, arguments, LL_ARRAY_COUNT(arguments), NULL,
                            NULL);
    if (err == LLMLEARN_OK)
        *out_given_up = given_up && ll_connection_changes(connection) > 0;
    return err;
}
