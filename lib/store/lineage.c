#include "store/lineage.h"

#include "base/err.h"

#include <assert.h>

static const ll_statement add_candidate = {
    "INSERT INTO llm_variants (signal, version, text, parent, status, created_us, changed_us,"
    " generation, model, prompt_tokens, completion_tokens, cost_nanousd, reason,"
    " hypothesis) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
};
static const ll_statement give_text = {
    "UPDATE llm_variants SET text = ?3, parent = ?4, status = ?5, changed_us = ?6,"
    " generation = ?7, model = ?8, prompt_tokens = ?9, completion_tokens = ?10,"
    " cost_nanousd = ?11, reason = ?12, hypothesis = ?13 WHERE signal = ?1 AND version = ?2 AND "
    "text IS NULL"
};
static const ll_statement is_same = {
    "SELECT 1 FROM llm_variants WHERE id = ?1 AND text = ?2 AND generation = ?3"
};
static const ll_statement approve = {
    "UPDATE llm_variants SET approved_by = ?2, approved_us = ?3"
    " WHERE id = ?1 AND status = 'draft' AND text IS NOT NULL AND approved_us IS NULL"
};
static const ll_statement list = {
    "SELECT v.id, v.generation, s.name, v.version, v.text, v.status, p.version, m.name,"
    " ifnull(v.prompt_tokens, -1), ifnull(v.completion_tokens, -1), ifnull(v.cost_nanousd, -1),"
    " v.reason, v.approved_by, v.approved_us, v.created_us,"
    " v.hypothesis"
    " FROM llm_variants v JOIN llm_names s ON s.id = v.signal"
    " LEFT JOIN llm_variants p ON p.id = v.parent LEFT JOIN llm_names m ON m.id = v.model"
    " WHERE (?5 OR v.generation IS NOT NULL) AND (?1 = 0 OR v.id = ?1) AND (?2 = 0 OR v.signal = "
    "?2)"
    "  AND (?3 = 0 OR (v.status = 'draft' AND v.approved_us IS NULL))"
    " ORDER BY v.id DESC LIMIT ?4"
};

/* ---- adding ------------------------------------------------------------ */

static ll_value id_or_null(int64_t id)
{
    return id == 0 ? ll_null() : ll_int(id);
}

static ll_value known(int64_t value)
{
    return value < 0 ? ll_null() : ll_int(value);
}

static llmlearn_err write_candidate(ll_connection *connection, const ll_statement *statement,
                                    const ll_lineage_candidate *c, int64_t now_us)
{
    ll_variant_status status = c->reason == NULL ? LL_VARIANT_DRAFT : LL_VARIANT_REJECTED;
    const ll_value row[] = { ll_int(c->variant.signal),
                             ll_text(c->variant.version, c->variant.version_bytes),
                             ll_text(c->variant.text, c->variant.text_bytes),
                             id_or_null(c->variant.parent),
                             ll_string(ll_variant_status_name(status)),
                             ll_int(now_us),
                             ll_int(c->generation),
                             id_or_null(c->model),
                             known(c->prompt_tokens),
                             known(c->completion_tokens),
                             known(c->cost_nanousd),
                             ll_string(c->reason),
                             ll_string(c->hypothesis) };

    return ll_connection_run(connection, statement, row, LL_ARRAY_COUNT(row), NULL, NULL);
}

/* The version has a text: is it this candidate, added before? */
static llmlearn_err expect_same(ll_connection *connection, int64_t id,
                                const ll_lineage_candidate *c)
{
    const ll_value arguments[] = { ll_int(id), ll_text(c->variant.text, c->variant.text_bytes),
                                   ll_int(c->generation) };
    bool same = false;
    int64_t one;
    llmlearn_err err = ll_connection_int(connection, &is_same, arguments, 3, &same, &one);

    if (err == LLMLEARN_OK && !same)
        err = ll_fail(LLMLEARN_EEXIST, "version: %.*s has a text of another origin",
                      (int)c->variant.version_bytes, c->variant.version);
    return err;
}

llmlearn_err ll_lineage_add(ll_connection *connection, const ll_lineage_candidate *candidate,
                            int64_t now_us, int64_t *out_variant)
{
    const ll_variant_text *v = &candidate->variant;
    ll_variant found;
    int64_t id = 0;
    llmlearn_err err =
        ll_variants_find(connection, v->signal, v->version, v->version_bytes, &found);

    assert(v->text != NULL && candidate->generation != 0);
    if (err != LLMLEARN_OK)
        return err;
    id = found.id;
    if (found.has_text) {
        err = expect_same(connection, id, candidate);
    } else {
        err = write_candidate(connection, id == 0 ? &add_candidate : &give_text, candidate, now_us);
        if (id == 0)
            id = ll_connection_last_row(connection);
    }
    if (err == LLMLEARN_OK)
        *out_variant = id;
    return err;
}

llmlearn_err ll_lineage_approve(ll_connection *connection, int64_t variant, const char *who,
                                int64_t now_us)
{
    const ll_value arguments[] = { ll_int(variant), ll_string(who), ll_int(now_us) };
    llmlearn_err err = ll_connection_run(connection, &approve, arguments, 3, NULL, NULL);

    assert(who != NULL);
    if (err == LLMLEARN_OK && ll_connection_changes(connection) != 1)
        err = ll_fail(LLMLEARN_ESTATE,
                      "variant %lld: only a draft with a text can be approved, and only once",
                      (long long)variant);
    return err;
}

/* ---- reading ----------------------------------------------------------- */

typedef struct listing {
    ll_lineage_fn each;
    void *context;
} listing;

static const char *text_of(const ll_row *row, int column)
{
    size_t bytes = 0;

    return ll_row_text(row, column, &bytes);
}

static llmlearn_err read_lineage(void *context, const ll_row *row)
{
    const listing *l = context;
    const ll_lineage lineage = { .variant = ll_row_int(row, 0),
                                 .generation = ll_row_int(row, 1),
                                 .signal = text_of(row, 2),
                                 .version = text_of(row, 3),
                                 .text = text_of(row, 4),
                                 .status = ll_variant_status_of_name(text_of(row, 5)),
                                 .parent = text_of(row, 6),
                                 .model = text_of(row, 7),
                                 .prompt_tokens = ll_row_int(row, 8),
                                 .completion_tokens = ll_row_int(row, 9),
                                 .cost_nanousd = ll_row_int(row, 10),
                                 .reason = text_of(row, 11),
                                 .approved_by = text_of(row, 12),
                                 .approved_us = ll_row_int(row, 13),
                                 .created_us = ll_row_int(row, 14),
                                 .hypothesis = text_of(row, 15) };

    return l->each(l->context, &lineage);
}

llmlearn_err ll_lineage_list(ll_connection *connection, const ll_lineage_filter *filter,
                             ll_lineage_fn each, void *context)
{
    const ll_value arguments[] = { ll_int(filter->variant), ll_int(filter->signal),
                                   ll_int(filter->waiting), ll_int(filter->limit),
                                   ll_int(filter->anybodys) };

    return ll_connection_run(connection, &list, arguments, 5, read_lineage,
                             &(listing){ each, context });
}
