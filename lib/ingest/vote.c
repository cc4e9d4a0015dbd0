#include "ingest/vote.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/point.h"
#include "store/ab_count.h"
#include "store/explanations.h"
#include "store/feedback.h"
#include "store/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One vote on its way through the tables. */
typedef struct ballot {
    const ll_write *write;
    const ll_vote_job *job;
    ll_explanation_facts explanation;
    int64_t voter; /* 0: a user nobody has heard of */
    bool replaces; /* an earlier live vote of the voter */
    ll_vote_row earlier;
    ll_quota quota;
    ll_vote_row vote; /* not for a withdrawal */
} ballot;

/* Which live vote is meant: the user's number, or the anonymous vote's own. */
static llmlearn_err find_voter(ballot *b)
{
    const char *user = b->job->user;

    if (user == NULL) {
        b->voter = -(int64_t)(ll_id_random(&b->job->vote_id) | 1);
        return LLMLEARN_OK;
    }
    return ll_users_find(b->write->connection, user, strlen(user), &b->voter);
}

static bool needs_quota(const ballot *b)
{
    return !b->replaces && b->job->user != NULL && b->job->votes_per_hour != UINT32_MAX;
}

static llmlearn_err check_quota(ballot *b)
{
    uint32_t limit = b->job->votes_per_hour;
    int64_t wait_s;
    llmlearn_err err;

    if (!needs_quota(b) || b->voter == 0)
        return LLMLEARN_OK;
    err = ll_quota_look(b->write->connection, b->voter, b->write->now_us, limit, &b->quota);
    if (err != LLMLEARN_OK || b->quota.wait_us == 0)
        return err;
    wait_s = (b->quota.wait_us + LL_US_PER_S - 1) / LL_US_PER_S;
    return ll_fail_rate((uint32_t)wait_s,
                        "user: %u votes in the last hour are the limit; "
                        "the next one fits in %lld s",
                        limit, (long long)wait_s);
}

/* The first writes of a vote that fits. */
static llmlearn_err admit_voter(ballot *b)
{
    const char *user = b->job->user;
    llmlearn_err err = LLMLEARN_OK;

    if (b->voter == 0)
        err = ll_users_add(b->write->connection, user, strlen(user), &b->voter);
    if (err == LLMLEARN_OK && needs_quota(b))
        err = ll_quota_take(b->write->connection, b->voter, b->write->now_us, b->vote.sequence,
                            &b->quota);
    return err;
}

/* ---- sums -------------------------------------------------------------- */

static ll_counts counts_of(const ll_vote_row *vote, int64_t sign)
{
    ll_counts counts = { .positive = vote->helpful ? sign : 0,
                         .negative = vote->helpful ? 0 : sign };

    if (vote->rating > 0)
        counts.rating[vote->rating - 1] = sign;
    return counts;
}

static llmlearn_err add_counts(const ballot *b, int64_t time_us, const ll_counts *counts)
{
    return ll_metrics_add(b->write->metrics, ll_clock_day(time_us), b->explanation.variant,
                          b->explanation.ticker, counts);
}

/* The earlier vote leaves its day, the new one enters its own; `rated` is about the
 * explanation and its day. Last of all: memory may run out here, and that fails the
 * whole transaction, so that no half of it stays behind. */
static llmlearn_err count_vote(const ballot *b, int64_t rated)
{
    llmlearn_err err = LLMLEARN_OK;

    if (b->replaces) {
        ll_counts gone = counts_of(&b->earlier, -1);

        err = add_counts(b, b->earlier.created_us, &gone);
    }
    if (err == LLMLEARN_OK && !b->job->withdraw) {
        ll_counts given = counts_of(&b->vote, 1);

        err = add_counts(b, b->vote.created_us, &given);
    }
    if (err == LLMLEARN_OK && rated != 0) {
        ll_counts change = { .rated = rated };

        err = add_counts(b, b->explanation.created_us, &change);
    }
    return err;
}

static ll_unit_vote unit_change(const ballot *b)
{
    const ll_vote_row *gone = &b->earlier, *given = &b->vote;
    bool gives = !b->job->withdraw;

    return (ll_unit_vote){
        .votes = gives - b->replaces,
        .positive = (gives && given->helpful) - (b->replaces && gone->helpful),
        .may_be_first = gives,
        .helpful = given->helpful,
        .rating = given->rating,
        .sequence = given->sequence,
        .now_us = b->write->now_us,
    };
}

static void change_ratings(const ballot *b, ll_ab_arm *arm)
{
    if (b->replaces) {
        arm->rating_count -= b->earlier.rating > 0;
        arm->rating_sum -= b->earlier.rating;
    }
    if (!b->job->withdraw) {
        arm->rating_count += b->vote.rating > 0;
        arm->rating_sum += b->vote.rating;
    }
}

/* Without a unit of its own the explanation is what was randomised. */
static int64_t unit_of(const ballot *b)
{
    if (b->explanation.has_unit)
        return b->explanation.unit;
    return (int64_t)ll_siphash13(b->write->unit_key, b->job->explanation_id.bytes,
                                 sizeof b->job->explanation_id);
}

/* A vote on what counts in a test, while that is running also the first one of its unit. */
static llmlearn_err count_in_test(const ballot *b)
{
    const ll_explanation_facts *e = &b->explanation;
    ll_connection *connection = b->write->connection;
    ll_unit_vote change = unit_change(b);
    int64_t unit = unit_of(b);
    ll_unit before = { .found = false }, after;
    ll_ab_open *open = NULL;
    llmlearn_err err;

    if (e->test == 0 || !e->counted)
        return LLMLEARN_OK;
    err = ll_ab_sums_open(b->write->sums, e->test, &open);
    if (err == LLMLEARN_OK)
        err = ll_units_read(connection, e->test, unit, &before);
    if (err != LLMLEARN_OK || open == NULL || (before.found && before.arm != e->arm))
        return err;
    change.may_be_first &= open->test.status == LL_AB_RUNNING;
    after = before;
    after.arm = e->arm;
    ll_unit_vote_on(&after, &change);
    err = ll_units_write(connection, e->test, unit, &after);
    if (err != LLMLEARN_OK)
        return err;
    ll_ab_count_vote(open, e->arm, &before, &after);
    change_ratings(b, ll_ab_change_arm(open, e->arm));
    return LLMLEARN_OK;
}

/* ---- the two jobs ------------------------------------------------------ */

static llmlearn_err submit(ballot *b)
{
    llmlearn_err err = check_quota(b);

    if (err != LLMLEARN_OK)
        return err;
    b->vote = (ll_vote_row){
        .explanation = b->explanation.row,
        .helpful = b->job->helpful,
        .rating = b->job->rating,
        .created_us = b->job->created_us != 0 ? b->job->created_us : b->write->now_us,
        .sequence = ++*b->write->vote_sequence,
        .comment = b->job->comment,
        .comment_bytes = b->job->comment == NULL ? 0 : strlen(b->job->comment),
    };
    err = admit_voter(b);
    b->vote.voter = b->voter;
    if (err == LLMLEARN_OK)
        err = ll_feedback_put(b->write->connection, &b->vote);
    LL_POINT("vote.put");
    if (err == LLMLEARN_OK)
        err = count_in_test(b);
    if (err == LLMLEARN_OK)
        err = count_vote(b, !b->explanation.rated);
    return err;
}

static llmlearn_err withdraw(ballot *b)
{
    ll_connection *connection = b->write->connection;
    bool still_rated = false;
    llmlearn_err err;

    if (!b->replaces)
        return ll_fail(LLMLEARN_ENOTFOUND, "no such live vote on this explanation");
    err = ll_feedback_delete(connection, b->explanation.row, b->voter);
    if (err == LLMLEARN_OK)
        err = ll_feedback_exists(connection, b->explanation.row, &still_rated);
    if (err == LLMLEARN_OK)
        err = count_in_test(b);
    if (err == LLMLEARN_OK)
        err = count_vote(b, still_rated ? 0 : -1);
    return err;
}

/* It may be in a journal: of this process and just logged, or of any. */
static llmlearn_err look_again(const ll_job *job, const ll_write *write)
{
    if (job->drained)
        return ll_fail(LLMLEARN_ENOTFOUND, "no such explanation");
    return write->joining ? LL_JOB_AGAIN : LL_JOB_AGAIN_AFTER_DRAIN;
}

static llmlearn_err run_vote(ll_job *job, const ll_write *write)
{
    ballot b = { .write = write, .job = (ll_vote_job *)job };
    llmlearn_err err = ll_explanations_find(write->connection, &b.job->explanation_id,
                                            write->unit_key, &b.explanation);

    if (err == LLMLEARN_OK && b.explanation.row == 0)
        return look_again(job, write);
    if (err == LLMLEARN_OK)
        err = find_voter(&b);
    if (err == LLMLEARN_OK && b.voter != 0 && b.explanation.rated)
        err = ll_feedback_find(write->connection, b.explanation.row, b.voter, &b.replaces,
                               &b.earlier);
    if (err != LLMLEARN_OK)
        return err;
    return b.job->withdraw ? withdraw(&b) : submit(&b);
}

static void destroy_vote(ll_job *job)
{
    ll_vote_job *vote = (ll_vote_job *)job;

    free(vote->user);
    free(vote->comment);
    free(vote);
}

ll_vote_job *ll_vote_job_new(void)
{
    ll_vote_job *vote = (ll_vote_job *)ll_job_new(sizeof(ll_vote_job), run_vote, destroy_vote);

    if (vote != NULL)
        vote->job.checks_first = vote->job.through_sums = true;
    return vote;
}
