#include "analytics/explanation.h"

#include "base/err.h"

#include <jansson.h>
#include <string.h>

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

static json_t *text_of(const ll_row *row, int column)
{
    size_t bytes = 0;
    const char *text = ll_row_text(row, column, &bytes);

    return text == NULL ? json_null() : json_stringn(text, bytes);
}

static json_t *int_of(const ll_row *row, int column)
{
    return ll_row_is_null(row, column) ? json_null() : json_integer(ll_row_int(row, column));
}

static json_t *real_of(const ll_row *row, int column)
{
    return ll_row_is_null(row, column) ? json_null() : json_real(ll_row_real(row, column));
}

static json_t *time_of(const ll_row *row, int column)
{
    char text[LL_TIME_TEXT_BYTES];

    ll_clock_format_time(ll_row_int(row, column), text);
    return json_string(text);
}

/* Ingest stored it only if it was an object. */
static json_t *metadata_of(const ll_row *row, int column)
{
    size_t bytes = 0;
    const char *text = ll_row_text(row, column, &bytes);

    return text == NULL ? json_null() : json_loadb(text, bytes, 0, NULL);
}

typedef struct finding {
    json_t *explanation;
    json_t *votes;
    int64_t row;
} finding;

static llmlearn_err read_explanation(void *context, const ll_row *row)
{
    static const char *const names[] = { "ticker", "signal",   "text", "version",
                                         "model",  "provider", "unit" };
    finding *f = context;
    json_t *e = f->explanation;
    int64_t flags = ll_row_int(row, 9);
    int failed = 0;

    f->row = ll_row_int(row, 0);
    failed |= json_object_set_new(e, "created_at", time_of(row, 1));
    failed |= json_object_set_new(e, "created_us", int_of(row, 1));
    for (int i = 0; i < 7; i++)
        failed |= json_object_set_new(e, names[i], text_of(row, 2 + i));
    failed |= json_object_set_new(e, "confidence", real_of(row, 10));
    failed |= json_object_set_new(e, "latency_ms", real_of(row, 11));
    failed |= json_object_set_new(e, "prompt_tokens", int_of(row, 12));
    failed |= json_object_set_new(e, "completion_tokens", int_of(row, 13));
    failed |= json_object_set_new(e, "cost_nanousd", int_of(row, 14));
    failed |= json_object_set_new(e, "cached", json_boolean(flags & LLMLEARN_CACHED));
    failed |= json_object_set_new(e, "fallback", json_boolean(flags & LLMLEARN_FALLBACK));
    failed |= json_object_set_new(e, "fallback_reason", text_of(row, 15));
    failed |= json_object_set_new(e, "rerouted", json_boolean(flags & LLMLEARN_REROUTED));
    failed |= json_object_set_new(e, "test_id", int_of(row, 16));
    failed |= json_object_set_new(e, "arm", int_of(row, 17));
    failed |= json_object_set_new(e, "metadata", metadata_of(row, 18));
    return failed ? ll_fail(LLMLEARN_ENOMEM, "no memory for the report") : LLMLEARN_OK;
}

static llmlearn_err read_vote(void *context, const ll_row *row)
{
    finding *f = context;
    json_t *vote = json_object();
    int failed = 0;

    failed |= json_object_set_new(vote, "user", text_of(row, 0));
    failed |= json_object_set_new(vote, "helpful", json_boolean(ll_row_int(row, 1)));
    failed |= json_object_set_new(vote, "rating", int_of(row, 2));
    failed |= json_object_set_new(vote, "comment", text_of(row, 3));
    failed |= json_object_set_new(vote, "created_at", time_of(row, 4));
    failed |= json_array_append_new(f->votes, vote);
    return failed ? ll_fail(LLMLEARN_ENOMEM, "no memory for the report") : LLMLEARN_OK;
}

static llmlearn_err fill(ll_connection *connection, const llmlearn_id *id, finding *f)
{
    const ll_value wanted[] = { ll_blob(id->bytes, sizeof *id) };
    char text[LLMLEARN_ID_TEXT_BYTES];
    ll_value row;
    llmlearn_err err = llmlearn_id_format(id, text);

    if (err == LLMLEARN_OK && json_object_set_new(f->explanation, "id", json_string(text)) != 0)
        err = ll_fail(LLMLEARN_ENOMEM, "no memory for the report");
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &find_explanation, wanted, 1, read_explanation, f);
    if (err == LLMLEARN_OK && f->row == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "no such explanation");
    row = ll_int(f->row);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &find_votes, &row, 1, read_vote, f);
    if (err == LLMLEARN_OK && json_object_set(f->explanation, "feedback", f->votes) != 0)
        err = ll_fail(LLMLEARN_ENOMEM, "no memory for the report");
    return err;
}

llmlearn_err ll_explanation_json(ll_connection *connection, const llmlearn_id *id, char **out_json)
{
    finding f = { .explanation = json_object(), .votes = json_array() };
    llmlearn_err err = fill(connection, id, &f);
    char *json = err == LLMLEARN_OK ? json_dumps(f.explanation, JSON_COMPACT) : NULL;

    json_decref(f.votes);
    json_decref(f.explanation);
    if (err != LLMLEARN_OK)
        return err;
    if (json == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the report");
    *out_json = json;
    return LLMLEARN_OK;
}
