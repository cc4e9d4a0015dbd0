/* api_feedback.c - votes: checked here, stored by ingest. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "base/id.h"
#include "base/random.h"
#include "ingest/vote.h"

#include <stdlib.h>
#include <string.h>

#define USER_BYTES_MAX 256u
#define COMMENT_BYTES_MAX 4000u
#define RATING_MAX 5

static llmlearn_err check_feedback(const llmlearn_feedback *f, int64_t now_us)
{
    if (f->vote != LLMLEARN_HELPFUL && f->vote != LLMLEARN_NOT_HELPFUL)
        return ll_fail(LLMLEARN_EINVAL,
                       "vote: must be LLMLEARN_HELPFUL (1) or LLMLEARN_NOT_HELPFUL (-1)");
    if (f->rating < 0 || f->rating > RATING_MAX)
        return ll_fail(LLMLEARN_EINVAL, "rating: must be 1 to 5 stars, or 0 for none");
    if (f->created_us < 0 || f->created_us > now_us + LL_US_PER_DAY)
        return ll_fail(LLMLEARN_EINVAL,
                       "created_us: must be after 1970 and at most a day from now; 0 means now");
    if (ll_argument_text("user", f->user, false, 1, USER_BYTES_MAX) == SIZE_MAX ||
        ll_argument_text("comment", f->comment, false, 0, COMMENT_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return LLMLEARN_OK;
}

/* The name of an anonymous vote; of another's vote it is a name that only a caller who asks for
 * it gets. */
static llmlearn_err name_vote(int64_t now_us, bool needed, llmlearn_id *out_id)
{
    uint64_t random;
    llmlearn_err err;

    *out_id = (llmlearn_id){ { 0 } };
    if (!needed)
        return LLMLEARN_OK;
    err = ll_random_bytes(&random, sizeof random);
    if (err == LLMLEARN_OK)
        *out_id = ll_id_make(now_us, random);
    return err;
}

static ll_vote_job *new_vote(const llmlearn_id *explanation_id, const char *user,
                             const char *comment)
{
    ll_vote_job *job = ll_vote_job_new();
    bool failed = false;

    if (job == NULL)
        return NULL;
    job->explanation_id = *explanation_id;
    job->user = ll_argument_copy(user, &failed);
    job->comment = ll_argument_copy(comment, &failed);
    if (!failed)
        return job;
    ll_job_release(&job->job);
    return NULL;
}

static llmlearn_err submit(llmlearn *learner, const llmlearn_feedback *f,
                           const llmlearn_id *vote_id, ll_deadline deadline)
{
    ll_vote_job *job = new_vote(&f->explanation_id, f->user, f->comment);
    llmlearn_err err;

    if (job == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the vote");
    job->helpful = f->vote == LLMLEARN_HELPFUL;
    job->rating = f->rating;
    job->created_us = f->created_us;
    job->vote_id = *vote_id;
    job->votes_per_hour = ll_handle_settings(learner)->feedback_per_hour;
    err = ll_handle_submit(learner, &job->job, deadline);
    ll_job_release(&job->job);
    return err;
}

llmlearn_err llmlearn_submit_feedback(llmlearn *learner, const llmlearn_feedback *feedback,
                                      llmlearn_id *out_vote_id)
{
    llmlearn_feedback f;
    llmlearn_id vote_id;
    ll_core *core = NULL;
    ll_deadline deadline;
    int64_t now_us;
    llmlearn_err err = ll_arguments_read("feedback", feedback, sizeof f, &f, sizeof f);

    if (err != LLMLEARN_OK)
        return err;
    deadline = ll_handle_deadline(f.deadline_ms);
    err = ll_handle_enter(learner, deadline, &core);
    if (err != LLMLEARN_OK)
        return err;
    now_us = ll_clock_now_us(&ll_handle_settings(learner)->clock);
    err = check_feedback(&f, now_us);
    if (err == LLMLEARN_OK)
        err = name_vote(now_us, f.user == NULL || out_vote_id != NULL, &vote_id);
    if (err == LLMLEARN_OK)
        err = submit(learner, &f, &vote_id, deadline);
    if (err == LLMLEARN_OK && out_vote_id != NULL)
        *out_vote_id = vote_id;
    return err;
}

llmlearn_err llmlearn_withdraw_feedback(llmlearn *learner, const llmlearn_id *explanation_id,
                                        const char *user, const llmlearn_id *vote_id,
                                        uint32_t deadline_ms)
{
    ll_vote_job *job;
    llmlearn_err err;

    if (explanation_id == NULL || (user == NULL) == (vote_id == NULL))
        return ll_fail(LLMLEARN_EINVAL, "explanation_id and exactly one of user and vote_id "
                                        "are required");
    if (ll_argument_text("user", user, false, 1, USER_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    job = new_vote(explanation_id, user, NULL);
    if (job == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the call");
    job->withdraw = true;
    if (vote_id != NULL)
        job->vote_id = *vote_id;
    err = ll_handle_submit(learner, &job->job, ll_handle_deadline(deadline_ms));
    ll_job_release(&job->job);
    return err;
}
