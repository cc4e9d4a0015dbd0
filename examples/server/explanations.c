#include "explanations.h"

#include "json_input.h"
#include "problem.h"
#include "reply.h"
#include "reports.h"
#include "users.h"

#include <jansson.h>
#include <string.h>

static const char *const public_fields[] = { "id",     "created_at", "ticker",   "signal",
                                             "text",   "version",    "model",    "confidence",
                                             "cached", "fallback",   "positive", "negative",
                                             "mine" };

bool explanations_id(request *r, const char *name, const char *text, llmlearn_id *out)
{
    if (llmlearn_id_parse(text, out) == LLMLEARN_OK)
        return true;
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, name, "It must be an explanation's id.");
    return false;
}

static json_t *for_reader(const request *r, const json_t *row)
{
    char token[FEEDBACK_TOKEN_CHARACTERS + 1];
    llmlearn_id id;

    const char *id_text = json_string_value(json_object_get(row, "id"));
    if (id_text == NULL || llmlearn_id_parse(id_text, &id) != LLMLEARN_OK)
        return NULL;
    json_t *shown = json_object();
    for (size_t i = 0; i < sizeof public_fields / sizeof public_fields[0]; i++)
        json_object_set(shown, public_fields[i], json_object_get(row, public_fields[i]));
    users_feedback_token(r, &id, token);
    json_object_set_new(shown, "feedback_token", json_string(token));
    return shown;
}

/* The rows of a page as the library has them; NULL: refused. */
static json_t *read_page(request *r, llmlearn_explanations_query *query)
{
    char *text = NULL;

    query->struct_size = sizeof *query;
    query->user = r->user;
    return reports_read(r, llmlearn_explanations(r->server->learner, query, &text), &text);
}

void explanations_list(request *r)
{
    llmlearn_explanations_query query = { .signal = target_parameter(&r->target, "signal"),
                                          .ticker = target_parameter(&r->target, "ticker") };
    const char *before_text = target_parameter(&r->target, "before");
    llmlearn_id before;
    size_t i = 0;
    json_t *row = NULL;

    if (!json_input_parameter(r, "limit", 1, 100, 20, &query.limit) ||
        (before_text != NULL && !explanations_id(r, "before", before_text, &before)) ||
        !users_find_or_make(r))
        return;
    query.before = before_text != NULL ? &before : NULL;
    json_t *page = read_page(r, &query);
    if (page == NULL)
        return;
    json_t *shown = json_array();
    json_array_foreach(json_object_get(page, "explanations"), i, row)
        json_array_append_new(shown, for_reader(r, row));
    reply_json(
        r, MHD_HTTP_OK,
        json_pack("{s:o, s:O}", "explanations", shown, "next", json_object_get(page, "next")));
    json_decref(page);
}

/* Ids sort as their explanations do: the newest one before the next id is the one itself. */
static llmlearn_id id_after(llmlearn_id id)
{
    for (size_t i = sizeof id.bytes; i-- > 0;)
        if (++id.bytes[i] != 0)
            break;
    return id;
}

/* False: refused. *out_shown is NULL if it is not there. */
static bool find_one(request *r, const llmlearn_id *id, json_t **out_shown)
{
    llmlearn_id after = id_after(*id);
    llmlearn_explanations_query query = { .limit = 1, .before = &after };
    char text[LLMLEARN_ID_TEXT_BYTES];

    json_t *page = read_page(r, &query);
    if (page == NULL)
        return false;
    json_t *row = json_array_get(json_object_get(page, "explanations"), 0);
    const char *found = json_string_value(json_object_get(row, "id"));
    llmlearn_id_format(id, text);
    *out_shown = found != NULL && strcmp(found, text) == 0 ? for_reader(r, row) : NULL;
    json_decref(page);
    return true;
}

void explanations_get(request *r)
{
    llmlearn_id id;
    json_t *shown = NULL;
    char *whole = NULL;

    if (!explanations_id(r, "id", r->captured[0], &id) || !users_find_or_make(r) ||
        !find_one(r, &id, &shown))
        return;
    if (shown == NULL) { /* another process, or one that died, may not have stored it yet */
        llmlearn_err err = llmlearn_get_explanation(r->server->learner, &id, 0, &whole);
        llmlearn_free(whole);
        if (err != LLMLEARN_OK) {
            problem_of_library(r, err);
            return;
        }
        if (!find_one(r, &id, &shown))
            return;
    }
    reply_json(r, MHD_HTTP_OK, shown);
}
