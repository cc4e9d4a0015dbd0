#include "store/decisions.h"

#include "base/err.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const ll_statement add_decision = {
    "INSERT INTO llm_decisions (at_us, signal, kind, test, actor, reason, from_variant,"
    " to_variant, receipt, inputs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
};
static const ll_statement get_verdict = {
    "SELECT id, receipt FROM llm_decisions WHERE test = ?1 AND kind = 'verdict'"
};
static const ll_statement get_decision = {
    "SELECT kind, test, receipt, inputs FROM llm_decisions WHERE id = ?1"
};
static const ll_statement count_later = {
    "SELECT count(*) FROM llm_decisions WHERE signal = ?1 AND id > ?2"
    " AND kind IN ('start', 'promotion', 'rollback')"
};
static const ll_statement count_promotions = {
    "SELECT count(*) FROM llm_decisions WHERE signal = (SELECT signal FROM llm_ab_tests"
    " WHERE id = ?1) AND test = ?1 AND kind IN ('promotion', 'rollback') AND to_variant = ?2"
};
static const ll_statement changes_of_champion = {
    "SELECT kind = 'rollback', from_variant FROM llm_decisions"
    " WHERE signal = ?1 AND to_variant IS NOT NULL ORDER BY id DESC"
};

static const ll_statement list_decisions = {
    "SELECT d.id, d.at_us, n.name, d.kind, d.test, d.actor, d.reason, f.version, t.version,"
    " d.receipt FROM llm_decisions d JOIN llm_names n ON n.id = d.signal"
    " LEFT JOIN llm_variants f ON f.id = d.from_variant"
    " LEFT JOIN llm_variants t ON t.id = d.to_variant"
    " WHERE ?1 = 0 OR d.signal = ?1 ORDER BY d.id DESC LIMIT ?2"
};

static const char *const kind_names[] = {
    [LL_DECISION_START] = "start",         [LL_DECISION_VERDICT] = "verdict",
    [LL_DECISION_PROMOTION] = "promotion", [LL_DECISION_ROLLBACK] = "rollback",
    [LL_DECISION_STOP] = "stop",           [LL_DECISION_ARCHIVE] = "archive",
    [LL_DECISION_BREAKER] = "breaker",
};

const char *ll_decision_kind_name(ll_decision_kind kind)
{
    assert(kind >= LL_DECISION_START && kind <= LL_DECISION_BREAKER);
    return kind_names[kind];
}

static ll_decision_kind kind_of_name(const char *name)
{
    for (int i = LL_DECISION_START; i <= LL_DECISION_BREAKER; i++) {
        if (strcmp(name, kind_names[i]) == 0)
            return (ll_decision_kind)i;
    }
    return 0;
}

static ll_value int_or_null(int64_t value)
{
    return value == 0 ? ll_null() : ll_int(value);
}

llmlearn_err ll_decisions_add(ll_connection *connection, const ll_decision_row *row,
                              uint64_t *out_id)
{
    const ll_value arguments[] = {
        ll_int(row->at_us),
        ll_int(row->signal),
        ll_string(ll_decision_kind_name(row->kind)),
        int_or_null((int64_t)row->test),
        ll_string(row->actor),
        ll_string(row->reason),
        int_or_null(row->from),
        int_or_null(row->to),
        ll_string(row->receipt),
        ll_blob(row->inputs, row->inputs_bytes),
    };

    assert(row->signal != 0);
    assert(row->actor != NULL && row->reason != NULL);
    llmlearn_err err = ll_connection_run(connection, &add_decision, arguments,
                                         LL_ARRAY_COUNT(arguments), NULL, NULL);
    if (err == LLMLEARN_OK && out_id != NULL)
        *out_id = (uint64_t)ll_connection_last_row(connection);
    return err;
}

/* With a NUL behind it; NULL of NULL. */
static llmlearn_err copy_text(const char *text, size_t bytes, char **out_copy)
{
    char *copy = NULL;

    if (text != NULL) {
        copy = malloc(bytes + 1);
        if (copy == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "out of memory for a decision");
        memcpy(copy, text, bytes);
        copy[bytes] = '\0';
    }
    *out_copy = copy;
    return LLMLEARN_OK;
}

typedef struct verdict {
    uint64_t id;
    char *receipt;
} verdict;

static llmlearn_err read_verdict(void *context, const ll_row *row)
{
    verdict *found = context;
    size_t bytes = 0;
    const char *text = ll_row_text(row, 1, &bytes);

    if (text == NULL)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: verdict %lld has no receipt",
                       (long long)ll_row_int(row, 0));
    free(found->receipt);
    *found = (verdict){ .id = (uint64_t)ll_row_int(row, 0) };
    return copy_text(text, bytes, &found->receipt);
}

llmlearn_err ll_decisions_verdict(ll_connection *connection, uint64_t test, uint64_t *out_id,
                                  char **out_receipt)
{
    const ll_value arguments[] = { ll_int((int64_t)test) };
    verdict found = { .id = 0 };
    llmlearn_err err =
        ll_connection_run(connection, &get_verdict, arguments, 1, read_verdict, &found);

    if (err != LLMLEARN_OK) {
        free(found.receipt);
        return err;
    }
    *out_id = found.id;
    *out_receipt = found.receipt;
    return LLMLEARN_OK;
}

static llmlearn_err take_decision(void *context, const ll_row *row)
{
    ll_decision_kept *kept = context;
    size_t bytes = 0;
    const char *receipt = ll_row_text(row, 2, &bytes);
    llmlearn_err err = copy_text(receipt, bytes, &kept->receipt);

    kept->kind = kind_of_name(ll_row_text(row, 0, &bytes));
    kept->test = (uint64_t)ll_row_int(row, 1);
    if (err == LLMLEARN_OK && !ll_row_is_null(row, 3)) {
        const char *inputs = ll_row_blob(row, 3, &kept->inputs_bytes);
        err = copy_text(inputs, kept->inputs_bytes, &kept->inputs);
    }
    return err;
}

llmlearn_err ll_decisions_get(ll_connection *connection, uint64_t id, ll_decision_kept *out_kept)
{
    ll_decision_kept kept = { .kind = 0 };
    llmlearn_err err = ll_connection_run(
        connection, &get_decision, (ll_value[]){ ll_int((int64_t)id) }, 1, take_decision, &kept);

    if (err != LLMLEARN_OK)
        ll_decision_kept_free(&kept);
    else
        *out_kept = kept;
    return err;
}

void ll_decision_kept_free(ll_decision_kept *kept)
{
    free(kept->receipt);
    free(kept->inputs);
    *kept = (ll_decision_kept){ .kind = 0 };
}

static llmlearn_err is_any(ll_connection *connection, const ll_statement *count, int64_t first,
                           int64_t second, bool *out_any)
{
    int64_t found = 0;
    llmlearn_err err = ll_connection_int(
        connection, count, (ll_value[]){ ll_int(first), ll_int(second) }, 2, NULL, &found);

    if (err == LLMLEARN_OK)
        *out_any = found > 0;
    return err;
}

llmlearn_err ll_decisions_moved_on(ll_connection *connection, int64_t signal, uint64_t decision,
                                   bool *out_moved)
{
    return is_any(connection, &count_later, signal, (int64_t)decision, out_moved);
}

llmlearn_err ll_decisions_promoted(ll_connection *connection, uint64_t test, int64_t variant,
                                   bool *out_promoted)
{
    return is_any(connection, &count_promotions, (int64_t)test, variant, out_promoted);
}

/* Reading back from the newest change, each rollback cancels the promotion before it that
 * is not cancelled yet. The first one left is how the present champion came to be. */
typedef struct history {
    uint64_t cancelled;
    bool found;
    int64_t before;
} history;

static llmlearn_err read_change(void *context, const ll_row *row)
{
    history *h = context;

    if (h->found)
        return LLMLEARN_OK;
    if (ll_row_int(row, 0) != 0) {
        h->cancelled++;
    } else if (h->cancelled > 0) {
        h->cancelled--;
    } else {
        h->found = true;
        h->before = ll_row_int(row, 1);
    }
    return LLMLEARN_OK;
}

llmlearn_err ll_decisions_previous_champion(ll_connection *connection, int64_t signal,
                                            int64_t *out_variant)
{
    const ll_value arguments[] = { ll_int(signal) };
    history h = { .cancelled = 0 };
    llmlearn_err err =
        ll_connection_run(connection, &changes_of_champion, arguments, 1, read_change, &h);

    if (err == LLMLEARN_OK)
        *out_variant = h.before;
    return err;
}

typedef struct listing {
    ll_decision_listed_fn each;
    void *context;
} listing;

static llmlearn_err read_listed(void *context, const ll_row *row)
{
    const listing *l = context;
    size_t bytes = 0;
    const ll_decision_listed listed = {
        .id = (uint64_t)ll_row_int(row, 0),
        .at_us = ll_row_int(row, 1),
        .signal = ll_row_text(row, 2, &bytes),
        .kind = ll_row_text(row, 3, &bytes),
        .test = (uint64_t)ll_row_int(row, 4),
        .actor = ll_row_text(row, 5, &bytes),
        .reason = ll_row_text(row, 6, &bytes),
        .from = ll_row_text(row, 7, &bytes),
        .to = ll_row_text(row, 8, &bytes),
        .receipt = ll_row_text(row, 9, &bytes),
    };

    return l->each(l->context, &listed);
}

llmlearn_err ll_decisions_list(ll_connection *connection, int64_t signal, uint32_t limit,
                               ll_decision_listed_fn each, void *context)
{
    return ll_connection_run(connection, &list_decisions,
                             (ll_value[]){ ll_int(signal), ll_int(limit) }, 2, read_listed,
                             &(listing){ each, context });
}
