#include "variants.h"

#include "json_input.h"
#include "problem.h"
#include "reply.h"

void variants_add(request *r)
{
    llmlearn_variant variant = { .struct_size = sizeof variant };
    const field fields[] = {
        { "signal", A_NAME, true, &variant.signal },
        { "version", A_NAME, true, &variant.version },
        { "text", A_TEXT, true, &variant.text },
        { "parent", A_NAME, false, &variant.parent },
    };

    json_t *body = json_input(r, fields, sizeof fields / sizeof fields[0]);
    if (body == NULL)
        return;
    llmlearn_err err = llmlearn_add_variant(r->server->learner, &variant);
    if (err == LLMLEARN_OK)
        reply_json(r, MHD_HTTP_CREATED,
                   json_pack("{s:s, s:s}", "signal", variant.signal, "version", variant.version));
    else
        problem_of_library(r, err);
    json_decref(body);
}

typedef llmlearn_err (*change_fn)(llmlearn *learner, const char *signal, const char *version,
                                  const char *actor, const char *reason, uint32_t deadline_ms);

static void change(request *r, change_fn call, const char *done)
{
    const char *actor = NULL, *reason = NULL;
    const field fields[] = { { "actor", A_TEXT, true, &actor },
                             { "reason", A_TEXT, true, &reason } };

    json_t *body = json_input(r, fields, 2);
    if (body == NULL)
        return;
    reply_done(r, call(r->server->learner, r->captured[0], r->captured[1], actor, reason, 0), done);
    json_decref(body);
}

void variants_approve(request *r)
{
    change(r, llmlearn_approve_variant, "approved");
}

void variants_archive(request *r)
{
    change(r, llmlearn_archive_variant, "archived");
}
