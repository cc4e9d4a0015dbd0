/* explanations_make: a new explanation, written by the model if there is one. */
#include "explanations.h"

#include "figures.h"
#include "hourly.h"
#include "json_input.h"
#include "model.h"
#include "problem.h"
#include "reply.h"
#include "users.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { VALUES_MAX = 64 };

typedef struct asked {
    const char *ticker, *signal;
    double confidence; /* NAN: unknown */
    json_t *values;
    llmlearn_value list[VALUES_MAX];
    uint32_t value_count;
} asked;

static bool read_values(request *r, asked *a)
{
    const char *name = NULL;
    json_t *value = NULL;

    if (json_object_size(a->values) > VALUES_MAX) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "values", "There may be %d of them.",
                VALUES_MAX);
        return false;
    }
    json_object_foreach(a->values, name, value)
    {
        field one = { name, A_TEXT, true, &a->list[a->value_count].text };
        json_t *alone = json_pack("{s:O}", name, value);
        bool good = json_input_fields(r, alone, "values.", &one, 1);
        json_decref(alone);
        if (!good)
            return false;
        a->list[a->value_count++].name = name;
    }
    return true;
}

/* What the request does not say and the application knows. */
static void add_known(const request *r, asked *a)
{
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(figures_of(r->server->figures, a->signal, a->ticker), name, value)
    {
        if (json_is_number(value)) {
            if (isnan(a->confidence))
                a->confidence = json_number_value(value);
        } else if (a->value_count < VALUES_MAX && json_object_get(a->values, name) == NULL) {
            a->list[a->value_count++] = (llmlearn_value){ name, json_string_value(value) };
        }
    }
}

static const char *source_name(int32_t source)
{
    static const char *const names[] = { "model", "cache", "baseline", "template" };
    return names[source - LLMLEARN_FROM_MODEL];
}

/* When it was made, to the microsecond: of the id, a UUIDv7, whose 12 bits behind the version are
 * the 4,096ths of a millisecond, rounded down. */
static uint64_t made_us(const llmlearn_id *id)
{
    uint64_t at_ms = 0;

    for (unsigned i = 0; i < 6; i++)
        at_ms = at_ms << 8 | id->bytes[i];
    unsigned fraction = (id->bytes[6] & 0xfu) << 8 | id->bytes[7];
    return at_ms * 1000 + (fraction * 1000 + 4095) / 4096;
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* RFC 3339 in UTC with microseconds, as the library writes times. */
static json_t *time_text(uint64_t at_us)
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm parts;
    char text[40];

    gmtime_r(&seconds, &parts);
    size_t used = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, sizeof text - used, ".%06uZ", (unsigned)(at_us % 1000000));
    return json_string(text);
}

static json_t *known(bool is_known, int64_t value)
{
    return is_known ? json_integer(value) : json_null();
}

static void set_votes(const request *r, const llmlearn_explained *e, json_t *shown)
{
    char token[FEEDBACK_TOKEN_CHARACTERS + 1], id[LLMLEARN_ID_TEXT_BYTES];

    if ((e->flags & LLMLEARN_UNLOGGED) != 0) {
        json_object_set_new(shown, "id", json_null());
        json_object_set_new(shown, "feedback_token", json_null());
        return;
    }
    llmlearn_id_format(&e->id, id);
    users_feedback_token(r, &e->id, token);
    json_object_set_new(shown, "id", json_string(id));
    json_object_set_new(shown, "feedback_token", json_string(token));
}

static json_t *tell(const request *r, const asked *a, const llmlearn_explained *e)
{
    bool in_test = e->test_id != 0, logged = (e->flags & LLMLEARN_UNLOGGED) == 0;

    json_t *shown = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:s?}", //
        "text", e->text, "version", e->version,                          //
        "ticker", a->ticker, "signal", a->signal,                        //
        "source", source_name(e->source), "latency_ms", e->latency_ms,   //
        "prompt_tokens", known((e->flags & LLMLEARN_HAS_PROMPT_TOKENS) != 0, e->prompt_tokens),
        "completion_tokens",
        known((e->flags & LLMLEARN_HAS_COMPLETION_TOKENS) != 0, e->completion_tokens),
        "cost_nanousd", known((e->flags & LLMLEARN_HAS_COST) != 0, e->cost_nanousd), "test_id",
        known(in_test, (int64_t)e->test_id), //
        "arm", known(in_test, e->arm),       //
        "reason", e->reason[0] != '\0' ? e->reason : NULL);
    if (shown == NULL)
        return NULL;
    set_votes(r, e, shown);
    json_object_set_new(shown, "created_at", time_text(logged ? made_us(&e->id) : now_us()));
    return shown;
}

static void explain(request *r, const asked *a)
{
    llmlearn_explain_request wanted = {
        .struct_size = sizeof wanted,
        .flags = isnan(a->confidence) ? 0 : LLMLEARN_HAS_CONFIDENCE,
        .ticker = a->ticker,
        .signal = a->signal,
        .unit = r->user,
        .values = a->list,
        .value_count = a->value_count,
        .confidence = isnan(a->confidence) ? 0 : a->confidence,
        .system = MODEL_SYSTEM,
        .deadline_ms = r->server->options.llm_timeout_s * 1000,
        .cancel = (const int32_t *)&r->server->cancel,
    };
    llmlearn_explained got = { .struct_size = sizeof got };

    llmlearn_err err = llmlearn_explain(r->server->learner, &wanted, &got);
    if (err != LLMLEARN_OK) {
        problem_of_library(r, err);
        return;
    }
    reply_json(r, MHD_HTTP_OK, tell(r, a, &got));
    llmlearn_free(got.text);
}

void explanations_make(request *r)
{
    asked a = { .confidence = NAN };
    const field fields[] = {
        { "ticker", A_NAME, true, &a.ticker },
        { "signal", A_NAME, true, &a.signal },
        { "confidence", A_NUMBER, false, &a.confidence },
        { "values", AN_OBJECT, false, &a.values },
    };

    if (!users_require(r))
        return;
    json_t *body = json_input(r, fields, sizeof fields / sizeof fields[0]);
    if (body == NULL)
        return;
    if (read_values(r, &a)) {
        address client = request_client(r);
        uint32_t wait_s = hourly_take(r->server->explains, &client);
        if (wait_s == 0) {
            add_known(r, &a);
            explain(r, &a);
        } else
            problem_later(r, MHD_HTTP_TOO_MANY_REQUESTS, wait_s,
                          "That is all for this hour. Try again in %u minutes.",
                          (wait_s + 59) / 60);
    }
    json_decref(body);
}
