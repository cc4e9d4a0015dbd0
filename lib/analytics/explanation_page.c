#include "analytics/explanation_page.h"

#include "analytics/explanation.h"
#include "base/err.h"
#include "store/names.h"

#include <assert.h>
#include <string.h>

/* The last row of the walk, by the index alone. */
static const ll_statement find_end = {
    "SELECT explanation_id FROM llm_explanations WHERE explanation_id < ?1"
    " ORDER BY explanation_id DESC LIMIT 1 OFFSET ?2"
};
static const ll_statement find_page = {
    "SELECT " LL_EXPLANATION_COLUMNS ","
    " (SELECT count(*) FROM llm_feedback f WHERE f.explanation = e.row AND f.helpful = 1),"
    " (SELECT count(*) FROM llm_feedback f WHERE f.explanation = e.row AND f.helpful = 0),"
    " o.helpful, o.rating, o.comment, o.created_us"
    " FROM " LL_EXPLANATION_TABLES
    " LEFT JOIN llm_feedback o ON o.explanation = e.row AND o.voter = ?6"
    " WHERE e.explanation_id < ?1 AND e.explanation_id >= ?2 AND (?3 = 0 OR e.ticker = ?3)"
    "  AND (?4 = 0 OR v.signal = ?4) AND (?5 IS NULL OR v.version = ?5)"
    "  AND " LL_EXPLANATION_JOINED " ORDER BY e.explanation_id DESC LIMIT ?7"
};

enum {
    POSITIVE = LL_EXPLANATION_COLUMN_COUNT,
    NEGATIVE,
    MINE,
};

/* What the statements are asked with. */
typedef struct search {
    llmlearn_id before, end; /* before the one, up to the other */
    bool ends;               /* behind `end` there may be more */
    bool nothing;            /* nobody has logged such a name */
    int64_t ticker, signal;  /* 0: any */
    int64_t voter;           /* 0: nobody */
} search;

typedef struct listing {
    ll_json_writer writer;
    uint32_t limit, count;
    bool more;
    llmlearn_id last; /* that was put */
} listing;

static llmlearn_err read_id(const ll_row *row, int column, llmlearn_id *out_id)
{
    size_t bytes = 0;
    const void *id = ll_row_blob(row, column, &bytes);

    if (id == NULL || bytes != sizeof *out_id)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_explanations: an id of %zu bytes", bytes);
    memcpy(out_id, id, sizeof *out_id);
    return LLMLEARN_OK;
}

static llmlearn_err take_end(void *context, const ll_row *row)
{
    search *s = context;

    s->ends = true;
    return read_id(row, 0, &s->end);
}

static llmlearn_err find_name(ll_connection *connection, ll_name_kind kind, const char *name,
                              search *s, int64_t *out_id)
{
    llmlearn_err err;

    if (name == NULL)
        return LLMLEARN_OK;
    err = ll_names_find(connection, kind, name, strlen(name), out_id);
    if (err == LLMLEARN_OK && *out_id == 0)
        s->nothing = true;
    return err;
}

static llmlearn_err begin(ll_connection *connection, const ll_explanation_page *page, search *s)
{
    bool filtered = page->ticker != NULL || page->signal != NULL || page->version != NULL;
    llmlearn_err err = LLMLEARN_OK;

    memset(&s->before, 0xff, sizeof s->before);
    if (page->before != NULL)
        s->before = *page->before;
    if (page->user != NULL)
        err = ll_users_find(connection, page->user, strlen(page->user), &s->voter);
    if (err == LLMLEARN_OK)
        err = find_name(connection, LL_NAME_TICKER, page->ticker, s, &s->ticker);
    if (err == LLMLEARN_OK)
        err = find_name(connection, LL_NAME_SIGNAL, page->signal, s, &s->signal);
    if (err == LLMLEARN_OK && filtered && !s->nothing) {
        const ll_value walk[] = { ll_blob(&s->before, sizeof s->before),
                                  ll_int(LL_EXPLANATION_PAGE_WALK - 1) };
        err = ll_connection_run(connection, &find_end, walk, 2, take_end, s);
    }
    return err;
}

static void put_votes(ll_json_writer *w, const ll_row *row)
{
    ll_json_writer_put_int(w, "positive", ll_row_int(row, POSITIVE));
    ll_json_writer_put_int(w, "negative", ll_row_int(row, NEGATIVE));
    if (ll_row_is_null(row, MINE)) {
        ll_json_writer_put_null(w, "mine");
        return;
    }
    ll_json_writer_key(w, "mine");
    ll_json_writer_open(w, '{');
    ll_explanation_put_vote(w, row, MINE);
    ll_json_writer_close(w, '}');
}

/* One row more than the limit is asked for, to know whether there is one. */
static llmlearn_err put_explanation(void *context, const ll_row *row)
{
    listing *l = context;
    llmlearn_id id;
    llmlearn_err err = read_id(row, 1, &id);

    if (err != LLMLEARN_OK)
        return err;
    l->more = l->count == l->limit;
    if (l->more)
        return LLMLEARN_OK;
    l->last = id;
    l->count++;
    ll_json_writer_open(&l->writer, '{');
    ll_explanation_put(&l->writer, row);
    put_votes(&l->writer, row);
    ll_json_writer_close(&l->writer, '}');
    return LLMLEARN_OK;
}

static void put_next(listing *l, const search *s)
{
    char text[LLMLEARN_ID_TEXT_BYTES];

    if (!l->more && !s->ends)
        ll_json_writer_put_null(&l->writer, "next");
    else if (llmlearn_id_format(l->more ? &l->last : &s->end, text) == LLMLEARN_OK)
        ll_json_writer_put_string(&l->writer, "next", text);
}

static llmlearn_err put_page(ll_connection *connection, const ll_explanation_page *page,
                             const search *s, listing *l)
{
    const ll_value wanted[] = { ll_blob(&s->before, sizeof s->before),
                                ll_blob(&s->end, sizeof s->end),
                                ll_int(s->ticker),
                                ll_int(s->signal),
                                ll_string(page->version),
                                ll_int(s->voter),
                                ll_int((int64_t)page->limit + 1) };
    ll_json_writer *w = &l->writer;
    llmlearn_err err = LLMLEARN_OK;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "schema", 1);
    ll_json_writer_put_int(w, "pending", (int64_t)page->pending);
    ll_json_writer_key(w, "explanations");
    ll_json_writer_open(w, '[');
    if (!s->nothing)
        err = ll_connection_run(connection, &find_page, wanted, LL_ARRAY_COUNT(wanted),
                                put_explanation, l);
    ll_json_writer_close(w, ']');
    put_next(l, s);
    ll_json_writer_close(w, '}');
    return err;
}

llmlearn_err ll_explanation_page_json(ll_connection *connection, const ll_explanation_page *page,
                                      char **out_json)
{
    listing l = { .limit = page->limit };
    search s = { .ends = false };
    llmlearn_err err = begin(connection, page, &s);
    char *json = NULL;

    assert(page->limit > 0 && page->pending <= INT64_MAX);
    if (err == LLMLEARN_OK)
        err = put_page(connection, page, &s, &l);
    if (err == LLMLEARN_OK && (json = ll_buffer_take(&l.writer.buffer)) == NULL)
        err = ll_fail(LLMLEARN_ENOMEM, "no memory for a page of explanations");
    if (err == LLMLEARN_OK)
        *out_json = json;
    else
        ll_buffer_free(&l.writer.buffer);
    return err;
}
