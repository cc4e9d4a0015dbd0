#include "analytics/explanation.h"

#include "base/err.h"
#include "base/json_writer.h"

static const ll_statement find_explanation = {
    "SELECT e.row, e.created_us, t.name, s.name, e.text, v.version, m.name, p.name, e.unit,"
    " e.flags, e.confidence, e.latency_ms, e.prompt_tokens, e.completion_tokens,"
    " e.cost_nanousd, e.fallback_reason, e.test, e.arm, e.metadata"
    " FROM llm_explanations e JOIN llm_names t ON t.id = e.ticker"
    " JOIN llm_variants v ON v.id = e.variant JOIN llm_names s ON s.id = v.signal"
    " LEFT JOIN llm_names m ON m.id = e.model LEFT JOIN llm_names p ON p.id = e.provider"
    " WHERE e.explanation_id = ?1"
};
static const ll_statement find_votes = {
    "SELECT u.name, f.helpful, f.rating, f.comment, f.created_us FROM llm_feedback f"
    " LEFT JOIN llm_users u ON u.id = f.voter WHERE f.explanation = ?1"
    " ORDER BY f.sequence DESC LIMIT 1000"
};

typedef struct finding {
    ll_json_writer writer;
    const char *id;
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

static llmlearn_err put_explanation(void *context, const ll_row *row)
{
    static const char *const names[] = { "ticker", "signal",   "text", "version",
                                         "model",  "provider", "unit" };
    finding *f = context;
    ll_json_writer *w = &f->writer;
    int64_t flags = ll_row_int(row, 9);

    f->row = ll_row_int(row, 0);
    ll_json_writer_put_string(w, "id", f->id);
    put_time(w, row, 1);
    put_int(w, "created_us", row, 1);
    for (int i = 0; i < 7; i++)
        put_text(w, names[i], row, 2 + i);
    put_real(w, "confidence", row, 10);
    put_real(w, "latency_ms", row, 11);
    put_int(w, "prompt_tokens", row, 12);
    put_int(w, "completion_tokens", row, 13);
    put_int(w, "cost_nanousd", row, 14);
    ll_json_writer_put_bool(w, "cached", (flags & LLMLEARN_CACHED) != 0);
    ll_json_writer_put_bool(w, "fallback", (flags & LLMLEARN_FALLBACK) != 0);
    put_text(w, "fallback_reason", row, 15);
    ll_json_writer_put_bool(w, "rerouted", (flags & LLMLEARN_REROUTED) != 0);
    put_int(w, "test_id", row, 16);
    put_int(w, "arm", row, 17);
    put_metadata(w, row, 18);
    return LLMLEARN_OK;
}

static llmlearn_err put_vote(void *context, const ll_row *row)
{
    ll_json_writer *w = context;

    ll_json_writer_open(w, '{');
    put_text(w, "user", row, 0);
    ll_json_writer_put_bool(w, "helpful", ll_row_int(row, 1) != 0);
    put_int(w, "rating", row, 2);
    put_text(w, "comment", row, 3);
    put_time(w, row, 4);
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
    char text[LLMLEARN_ID_TEXT_BYTES];
    finding f = { .id = text };
    llmlearn_err err = llmlearn_id_format(id, text);
    char *json;

    if (err == LLMLEARN_OK)
        err = put_all(connection, id, &f);
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
