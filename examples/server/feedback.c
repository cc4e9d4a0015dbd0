#include "feedback.h"

#include "explanations.h"
#include "json_input.h"
#include "problem.h"
#include "reply.h"
#include "users.h"

/* False: refused. */
static bool may(request *r, llmlearn_id *out_id)
{
    if (!explanations_id(r, "id", r->captured[0], out_id) || !users_require(r))
        return false;
    if (users_may_vote(r, out_id))
        return true;
    problem(r, MHD_HTTP_FORBIDDEN, NULL,
            "This feedback token is not valid, or not any more. Load the explanation again for a "
            "new one.");
    return false;
}

static bool read_vote(request *r, json_t *body, llmlearn_feedback *vote)
{
    int64_t rating = 0;
    bool helpful = false;
    const field fields[] = {
        { "helpful", A_BOOL, true, &helpful },
        { "rating", A_WHOLE, false, &rating },
        { "comment", A_TEXT, false, &vote->comment },
    };

    if (!json_input_fields(r, body, "", fields, sizeof fields / sizeof fields[0]))
        return false;
    const json_t *given = json_object_get(body, "rating");
    if (given != NULL && !json_is_null(given) && (rating < 1 || rating > 5)) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "rating", "It must be 1 to 5 stars, or null.");
        return false;
    }
    vote->vote = helpful ? LLMLEARN_HELPFUL : LLMLEARN_NOT_HELPFUL;
    vote->rating = (int32_t)rating;
    return true;
}

void feedback_submit(request *r)
{
    llmlearn_feedback vote = { .struct_size = sizeof vote, .user = r->user };

    if (!may(r, &vote.explanation_id))
        return;
    json_t *body = json_input_read(r);
    if (body == NULL)
        return;
    if (read_vote(r, body, &vote))
        reply_done(r, llmlearn_submit_feedback(r->server->learner, &vote, NULL), "received");
    json_decref(body);
}

void feedback_withdraw(request *r)
{
    llmlearn_id id;

    if (!may(r, &id))
        return;
    reply_done(r, llmlearn_withdraw_feedback(r->server->learner, &id, r->user, NULL, 0),
               "withdrawn");
}
