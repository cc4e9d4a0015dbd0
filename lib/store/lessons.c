#include "store/lessons.h"

#include "base/err.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

/* By day, so that each is one look-up in a table that begins with the day. */
static const ll_statement sum_counts = {
    "SELECT m.explanations, m.cached, m.fallback, m.rated, m.positive, m.negative, m.rating_1,"
    " m.rating_2, m.rating_3, m.rating_4, m.rating_5, m.prompt_tokens, m.completion_tokens,"
    " m.cost_nanousd, m.cost_known FROM llm_days d"
    " CROSS JOIN llm_metrics m"
    " WHERE m.day = d.day AND m.ticker = 0 AND m.variant = ?1 AND d.day BETWEEN ?2 AND ?3"
};
static const ll_statement sum_latencies = {
    "SELECT l.bucket, sum(l.explanations) FROM llm_days d"
    " CROSS JOIN llm_latency l"
    " WHERE l.day = d.day AND l.variant = ?1 AND d.day BETWEEN ?2 AND ?3 GROUP BY l.bucket"
};

/* The newest votes by explanation. */
#define VOTES "(SELECT * FROM llm_feedback ORDER BY explanation DESC LIMIT ?5)"
/* From those to explanations and not the other way; 512 is LLMLEARN_FALLBACK. */
#define OF_VARIANT                                                                                 \
    " CROSS JOIN llm_explanations e CROSS JOIN llm_names t"                                        \
    " WHERE e.row = f.explanation AND t.id = e.ticker AND e.variant = ?1"                          \
    "  AND e.created_us >= ?2 AND (e.flags & 512) = 0"

_Static_assert(LLMLEARN_FALLBACK == 512, "as in the statement");

/* ?4 is 1 for the best and -1 for the worst. Without stars one stands in the middle. */
static const ll_statement rated = {
    "SELECT e.explanation_id, e.created_us, t.name, e.text, f.votes, f.positive, f.stars"
    " FROM (SELECT explanation, count(*) AS votes, sum(helpful) AS positive, avg(rating) AS stars"
    "  FROM " VOTES " v GROUP BY explanation) f" OF_VARIANT
    "  AND (2 * f.positive - f.votes) * ?4 > 0"
    " ORDER BY (2 * f.positive - f.votes) * ?4 DESC, ifnull(f.stars, 3) * ?4 DESC, e.row DESC"
    " LIMIT ?3"
};
/* ?4 is 0. */
static const ll_statement inputs = {
    "SELECT t.name, ifnull(e.confidence, -1), e.metadata"
    " FROM (SELECT * FROM llm_explanations ORDER BY row DESC LIMIT ?3) e"
    " JOIN llm_variants v ON v.id = e.variant JOIN llm_names t ON t.id = e.ticker"
    " WHERE v.signal = ?1 ORDER BY e.row DESC LIMIT ?2"
};
static const ll_statement comments = {
    "SELECT e.explanation_id, f.created_us, t.name, f.comment, f.helpful, f.rating FROM " VOTES
    " f" OF_VARIANT " AND f.comment <> '' AND ?4 = 0 ORDER BY f.sequence DESC LIMIT ?3"
};

/* ---- counts ------------------------------------------------------------ */

static llmlearn_err damaged(const char *table)
{
    return ll_fail(LLMLEARN_ECORRUPT, "%s holds numbers that counting cannot give", table);
}

static llmlearn_err add_day(void *context, const ll_row *row)
{
    ll_counts day;
    int64_t *cells = (int64_t *)&day;

    for (int i = 0; i < LL_COUNTS_FIELDS; i++) {
        cells[i] = ll_row_int(row, i);
        if (cells[i] < 0)
            return damaged("llm_metrics");
    }
    ll_counts_add(context, &day);
    return LLMLEARN_OK;
}

typedef struct latency_sum {
    double count, ms;
} latency_sum;

static llmlearn_err add_bucket(void *context, const ll_row *row)
{
    latency_sum *sum = context;
    int64_t bucket = ll_row_int(row, 0), count = ll_row_int(row, 1);

    if (bucket < 0 || bucket >= LL_LATENCY_BUCKETS || count < 0)
        return damaged("llm_latency");
    sum->count += (double)count;
    sum->ms += (double)count * ll_latency_of_bucket((uint32_t)bucket);
    return LLMLEARN_OK;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static ll_lesson_counts told(const ll_counts *counts, const latency_sum *latency)
{
    ll_lesson_counts c = { .counts = *counts, .votes = counts->positive + counts->negative };
    int64_t stars = 0;

    for (int i = 0; i < 5; i++) {
        c.ratings += counts->rating[i];
        stars += counts->rating[i] * (i + 1);
    }
    c.positive_ratio = share((double)counts->positive, (double)c.votes);
    c.rating_mean = share((double)stars, (double)c.ratings);
    c.fallback_ratio = share((double)counts->fallback, (double)counts->explanations);
    c.latencies = (int64_t)latency->count;
    c.latency_mean_ms = share(latency->ms, latency->count);
    return c;
}

llmlearn_err ll_lessons_counts(ll_connection *connection, int64_t variant, int64_t first_day,
                               int64_t last_day, ll_lesson_counts *out_counts)
{
    const ll_value arguments[] = { ll_int(variant), ll_int(first_day), ll_int(last_day) };
    ll_counts counts = { .explanations = 0 };
    latency_sum latency = { .count = 0 };
    llmlearn_err err = ll_connection_run(connection, &sum_counts, arguments, 3, add_day, &counts);

    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &sum_latencies, arguments, 3, add_bucket, &latency);
    if (err == LLMLEARN_OK)
        *out_counts = told(&counts, &latency);
    return err;
}

/* ---- rows -------------------------------------------------------------- */

typedef struct reading {
    const ll_lesson_query *query;
    ll_lesson_fn each;
    ll_lesson_comment_fn each_comment;
    void *context;
} reading;

static llmlearn_err read_id(const ll_row *row, llmlearn_id *out)
{
    size_t bytes = 0;
    const void *id = ll_row_blob(row, 0, &bytes);

    if (bytes != sizeof *out)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_explanations: an id of %zu bytes", bytes);
    memcpy(out, id, sizeof *out);
    return LLMLEARN_OK;
}

/* A text within the excerpt's bytes. */
static const char *read_excerpt(const reading *r, const ll_row *row, size_t *out_bytes,
                                bool *out_cut)
{
    size_t bytes = 0;
    const char *text = ll_row_text(row, 3, &bytes);

    *out_bytes = ll_utf8_cut(text, bytes, r->query->excerpt_bytes);
    *out_cut = *out_bytes < bytes;
    return text;
}

static llmlearn_err read_rated(void *context, const ll_row *row)
{
    const reading *r = context;
    ll_lesson lesson = { .created_us = ll_row_int(row, 1),
                         .votes = ll_row_int(row, 4),
                         .positive = ll_row_int(row, 5),
                         .rating_mean = ll_row_real(row, 6) };
    size_t bytes = 0;
    llmlearn_err err = read_id(row, &lesson.explanation);

    lesson.ticker = ll_row_text(row, 2, &bytes);
    lesson.text = read_excerpt(r, row, &lesson.bytes, &lesson.cut);
    return err == LLMLEARN_OK ? r->each(r->context, &lesson) : err;
}

static llmlearn_err read_comment(void *context, const ll_row *row)
{
    const reading *r = context;
    ll_lesson_comment comment = { .voted_us = ll_row_int(row, 1),
                                  .helpful = ll_row_int(row, 4) != 0,
                                  .rating = (int32_t)ll_row_int(row, 5) };
    size_t bytes = 0;
    llmlearn_err err = read_id(row, &comment.explanation);

    comment.ticker = ll_row_text(row, 2, &bytes);
    comment.comment = read_excerpt(r, row, &comment.bytes, &comment.cut);
    return err == LLMLEARN_OK ? r->each_comment(r->context, &comment) : err;
}

static llmlearn_err read_rows(ll_connection *connection, const ll_statement *statement, int sign,
                              ll_row_fn read, reading *r)
{
    const ll_value arguments[] = { ll_int(r->query->variant), ll_int(r->query->since_us),
                                   ll_int(r->query->limit), ll_int(sign),
                                   ll_int(LL_LESSONS_VOTES_MAX) };

    return ll_connection_run(connection, statement, arguments, 5, read, r);
}

llmlearn_err ll_lessons_best(ll_connection *connection, const ll_lesson_query *query,
                             ll_lesson_fn each, void *context)
{
    reading r = { .query = query, .each = each, .context = context };

    return read_rows(connection, &rated, 1, read_rated, &r);
}

llmlearn_err ll_lessons_worst(ll_connection *connection, const ll_lesson_query *query,
                              ll_lesson_fn each, void *context)
{
    reading r = { .query = query, .each = each, .context = context };

    return read_rows(connection, &rated, -1, read_rated, &r);
}

llmlearn_err ll_lessons_comments(ll_connection *connection, const ll_lesson_query *query,
                                 ll_lesson_comment_fn each, void *context)
{
    reading r = { .query = query, .each_comment = each, .context = context };

    return read_rows(connection, &comments, 0, read_comment, &r);
}

/* ---- inputs ------------------------------------------------------------ */

typedef struct reading_inputs {
    ll_lesson_input_fn each;
    void *context;
} reading_inputs;

static llmlearn_err read_input(void *context, const ll_row *row)
{
    const reading_inputs *r = context;
    size_t bytes = 0;
    ll_lesson_input input = { .ticker = ll_row_text(row, 0, &bytes),
                              .confidence = ll_row_real(row, 1) };

    input.metadata = ll_row_text(row, 2, &input.metadata_bytes);
    return r->each(r->context, &input);
}

llmlearn_err ll_lessons_inputs(ll_connection *connection, int64_t signal, uint32_t limit,
                               ll_lesson_input_fn each, void *context)
{
    const ll_value arguments[] = { ll_int(signal), ll_int(limit), ll_int(LL_LESSONS_VOTES_MAX) };

    return ll_connection_run(connection, &inputs, arguments, 3, read_input,
                             &(reading_inputs){ each, context });
}
