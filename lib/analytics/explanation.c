#include "analytics/explanation.h"

#include "base/err.h"

static const ll_statement find_explanation = {
    "SELECT " LL_EXPLANATION_COLUMNS " FROM " LL_EXPLANATION_TABLES
    " WHERE e.explanation_id = ?1 AND " LL_EXPLANATION_JOINED
};
static const ll_statement find_votes = {
    "SELECT u.name, f.helpful, f.rating, f.comment, f.created_us FROM llm_feedback f"
    " LEFT JOIN llm_users u ON u.id = f.voter WHERE f.explanation = ?1"
    " ORDER BY f.sequence DESC LIMIT 1000"
};

typedef struct finding {
    ll_json_writer writer;
    int64_t row; /* 0: not found */
} finding;

static void put_text(ll_json_writer *w, const char *key, const ll_row *row, int column)
{
    size_t bytes = 0;

    ll_json_writer_put_string(w, key, ll_row_text(row, column, &bytes));
}

static void put_int(ll_json_writer *w, const char *key, const ll_row *row, int column)
{
    if (ll_row_is_null(row, column))
        ll_json_writer_put_null(w, key);
    else
        ll_json_writer_put_int(w, key, ll_row_int(row, column));
}

static void put_real(ll_json_writer *w, const char *key, const ll_row *row, int column)
{
    if (ll_row_is_null(row, column))
        ll_json_writer_put_null(w, key);
    else
        ll_json_writer_put_real(w, key, ll_row_real(row, column));
}

static void put_time(ll_json_writer *w, const ll_row *row, int column)
{
    char text[LL_TIME_TEXT_BYTES];

    ll_clock_format_time(ll_row_int(row, column), text);
    ll_json_writer_put_string(w, "created_at", text);
}

/* Ingest kept it only if it was an object. */
static void put_metadata(ll_json_writer *w, const ll_row *row, int column)
{
    size_t bytes = 0;
    const char *json = ll_row_text(row, column, &bytes);

    ll_json_writer_key(w, "metadata");
    if (json == NULL)
        ll_json_writer_null(w);
    else
        ll_json_writer_json(w, json, bytes);
}

static void put_id(ll_json_writer *w, const ll_row *row, int column)
{
    char text[LLMLEARN_ID_TEXT_BYTES];
    size_t bytes = 0;
    const void *id = ll_row_blob(row, column, &bytes);

    /* The schema lets no other length in; a file that somebody changed may. */
    if (id != NULL && bytes == sizeof(llmlearn_id) && llmlearn_id_format(id, text) == LLMLEARN_OK)
        ll_json_writer_put_string(w, "id", text);
    else
        ll_json_writer_put_null(w, "id");
}

void ll_explanation_put(ll_json_writer *w, const ll_row *row)
{
    static const char *const names[] = { "ticker", "signal",   "text", "version",
                                         "model",  "provider", "unit" };
    int64_t flags = ll_row_int(row, 10);

    put_id(w, row, 1);
    put_time(w, row, 2);
    put_int(w, "created_us", row, 2);
    for (int i = 0; i < 7; i++)
        put_text(w, names[i], row, 3 + i);
    put_real(w, "confidence", row, 11);
    put_real(w, "latency_ms", row, 12);
    put_int(w, "prompt_tokens", row, 13);
    put_int(w, "completion_tokens", row, 14);
    put_int(w, "cost_nanousd", row, 15);
    ll_json_writer_put_bool(w, "cached", (flags & LLMLEARN_CACHED) != 0);
    ll_json_writer_put_bool(w, "fallback", (flags & LLMLEARN_FALLBACK) != 0);
    put_text(w, "fallback_reason", row, 16);
    ll_json_writer_put_bool(w, "rerouted", (flags & LLMLEARN_REROUTED) != 0);
    put_int(w, "test_id", row, 17);
    put_int(w, "arm", row, 18);
    put_metadata(w, row, 19);
}

void ll_explanation_put_vote(ll_json_writer *w, const ll_row *row, int column)
{
    ll_json_writer_put_bool(w, "helpful", ll_row_int(row, column) != 0);
    put_int(w, "rating", row, column + 1);
    put_text(w, "comment", row, column + 2);
    put_time(w, row, column + 3);
}

static llmlearn_err put_explanation(void *context, const ll_row *row)
{
    finding *f = context;

    f->row = ll_row_int(row, 0);
    ll_explanation_put(&f->writer, row);
    return LLMLEARN_OK;
}

static llmlearn_err put_vote(void *context, const ll_row *row)
{
    ll_json_writer *w = context;

    ll_json_writer_open(w, '{');
    put_text(w, "user", row, 0);
    ll_explanation_put_vote(w, row, 1);
    ll_json_writer_close(w, '}');
    return LLMLEARN_OK;
}

static llmlearn_err put_all(ll_connection *connection, const llmlearn_id *id, finding *f)
{
    const ll_value wanted[] = { ll_blob(id->bytes, sizeof *id) };
    llmlearn_err err;

    ll_json_writer_open(&f->writer, '{');
    err = ll_connection_run(connection, &find_explanation, wanted, 1, put_explanation, f);
    if (err == LLMLEARN_OK && f->row == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "no such explanation");
    if (err == LLMLEARN_OK) {
        const ll_value row[] = { ll_int(f->row) };

        ll_json_writer_key(&f->writer, "feedback");
        ll_json_writer_open(&f->writer, '[');
        err = ll_connection_run(connection, &find_votes, row, 1, put_vote, &f->writer);
    }
    ll_json_writer_close(&f->writer, ']');
    ll_json_writer_close(&f->writer, '}');
    return err;
}

llmlearn_err ll_explanation_json(ll_connection *connection, const llmlearn_id *id, char **out_json)
{
    finding f = { .row = 0 };
    llmlearn_err err = put_all(connection, id, &f);
    char *json;

    if (err != LLMLEARN_OK) {
        ll_buffer_free(&f.writer.buffer);
        return err;
    }
    json = ll_buffer_take(&f.writer.buffer);
    if (json == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the report");
    *out_json = json;
    return LLMLEARN_OK;
}
