#include "experiment/select.h"

#include "base/err.h"
#include "experiment/promote.h"

#include <assert.h>
#include <stdlib.h>

#define ACTOR "llmlearn" /* in the rows that a rule wrote, not a person */

/* Everything that is read for one look. */
typedef struct look {
    ll_decide_input in;
    ll_ab_test test;
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    ll_variant variants[LLMLEARN_ARMS_MAX];
    const char *versions[LLMLEARN_ARMS_MAX];
    ll_decide_outcome outcome;
} look;

static llmlearn_err find_test(ll_connection *connection, const char *signal, ll_ab_test *out_test)
{
    int64_t id = 0;
    llmlearn_err err = ll_promote_find_signal(connection, signal, &id);

    if (err == LLMLEARN_OK)
        err = ll_ab_tests_last(connection, id, out_test);
    if (err != LLMLEARN_OK)
        return err;
    if (out_test->id == 0)
        return ll_fail(LLMLEARN_ENOTFOUND, "signal: %s never had a test", signal);
    if (out_test->status == LL_AB_STOPPED)
        return ll_fail(LLMLEARN_ESTATE, "signal: test %llu of %s was stopped by hand",
                       (unsigned long long)out_test->id, signal);
    return LLMLEARN_OK;
}

llmlearn_err ll_select_is_open(ll_connection *connection, const char *signal, bool *out_open)
{
    ll_ab_test test;
    llmlearn_err err = find_test(connection, signal, &test);

    if (err == LLMLEARN_OK)
        *out_open = test.status == LL_AB_RUNNING;
    return err;
}

static llmlearn_err read_arms(ll_connection *connection, look *l)
{
    uint32_t champion = UINT32_MAX;
    llmlearn_err err = ll_ab_arms_read(connection, l->test.id, l->arms, &l->in.arm_count);

    for (uint32_t i = 0; i < l->in.arm_count && err == LLMLEARN_OK; i++) {
        err = ll_variants_get(connection, l->arms[i].variant, &l->variants[i]);
        l->versions[i] = l->variants[i].version;
        if (l->arms[i].variant == l->test.champion)
            champion = i;
    }
    if (err == LLMLEARN_OK && champion == UINT32_MAX)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu lacks its champion",
                      (unsigned long long)l->test.id);
    l->in.champion = champion;
    return err;
}

static llmlearn_err decide(ll_connection *connection, int64_t now_us, look *l)
{
    llmlearn_err err = read_arms(connection, l);

    if (err != LLMLEARN_OK)
        return err;
    l->in.test = &l->test;
    l->in.arms = l->arms;
    l->in.versions = l->versions;
    l->in.now_us = now_us;
    ll_decide(&l->in, &l->outcome);
    return LLMLEARN_OK;
}

/* Ends the test: see the table in promote.h. */
static llmlearn_err end_test(const ll_change *change, const look *l)
{
    int32_t winner = l->outcome.evidence.winner;

    if (l->outcome.verdict == LLMLEARN_WINNER)
        return ll_promote_end_test(change, l->test.id, LL_AB_DECIDED, LL_VARIANT_ARCHIVED,
                                   l->arms[winner].variant);
    return ll_promote_end_test(change, l->test.id, LL_AB_DECIDED, LL_VARIANT_DRAFT, 0);
}

static llmlearn_err note_verdict(const ll_change *change, uint64_t test, const char *receipt,
                                 uint64_t *out_decision)
{
    const ll_decision_row row = {
        .at_us = change->now_us,
        .signal = change->signal,
        .kind = LL_DECISION_VERDICT,
        .test = test,
        .actor = change->actor,
        .reason = change->reason,
        .receipt = receipt,
    };

    return ll_decisions_add(change->connection, &row, out_decision);
}

static llmlearn_err freeze(const ll_change *change, const look *l, bool promote,
                           const char *receipt, uint64_t *out_decision)
{
    llmlearn_err err = end_test(change, l);

    if (err == LLMLEARN_OK)
        err = note_verdict(change, l->test.id, receipt, out_decision);
    if (err == LLMLEARN_OK && promote)
        err = ll_promote_set_champion(change, LL_DECISION_PROMOTION, l->test.id, l->test.champion,
                                      l->arms[l->outcome.evidence.winner].variant);
    return err;
}

static llmlearn_err look_at_running(ll_connection *connection, look *l, bool promote,
                                    int64_t now_us, ll_selection *out)
{
    ll_selection selection = { .decision = 0 };
    char *sentence = NULL;
    llmlearn_err err = decide(connection, now_us, l);

    if (err != LLMLEARN_OK)
        return err;
    promote = promote && l->outcome.promotable;
    ll_receipt_tell(&l->in, &l->outcome, promote, &selection.told);
    err = ll_receipt_write(&l->in, &l->outcome, promote, &selection.receipt_json, &sentence);
    if (err == LLMLEARN_OK && l->outcome.verdict != LLMLEARN_KEEP_GOING) {
        const ll_change change = { .connection = connection,
                                   .now_us = now_us,
                                   .signal = l->test.signal,
                                   .actor = ACTOR,
                                   .reason = sentence };
        err = freeze(&change, l, promote, selection.receipt_json, &selection.decision);
        selection.changed = true;
    }
    free(sentence);
    if (err != LLMLEARN_OK) {
        free(selection.receipt_json);
        return err;
    }
    *out = selection;
    return LLMLEARN_OK;
}

/* ---- a test that was decided ------------------------------------------- */

/* Promotes the stored winner, unless it is done or history went on without it. */
static llmlearn_err promote_late(const ll_change *change, const look *l, uint64_t decision,
                                 const ll_variant *winner, bool *out_changed)
{
    bool moved_on = false;
    ll_variant champion;
    llmlearn_err err =
        ll_decisions_moved_on(change->connection, change->signal, decision, &moved_on);

    if (err == LLMLEARN_OK)
        err = ll_variants_champion(change->connection, change->signal, &champion);
    if (err != LLMLEARN_OK || moved_on || winner->status != LL_VARIANT_DRAFT)
        return err;
    *out_changed = true;
    return ll_promote_set_champion(change, LL_DECISION_PROMOTION, l->test.id, champion.id,
                                   winner->id);
}

/* Is the winner champion now, and by this test? */
static llmlearn_err see_promoted(ll_connection *connection, const look *l, int64_t winner,
                                 bool *out_promoted)
{
    ll_variant champion;
    bool by_this_test = false;
    llmlearn_err err = ll_variants_champion(connection, l->test.signal, &champion);

    if (err == LLMLEARN_OK)
        err = ll_decisions_promoted(connection, l->test.id, winner, &by_this_test);
    if (err == LLMLEARN_OK)
        *out_promoted = by_this_test && champion.id == winner;
    return err;
}

static llmlearn_err tell_winner(ll_connection *connection, look *l, bool promote, int64_t now_us,
                                ll_selection *selection)
{
    const ll_change change = { .connection = connection,
                               .now_us = now_us,
                               .signal = l->test.signal,
                               .actor = ACTOR,
                               .reason = "the winner of this test, promoted on request" };
    int64_t arm = selection->told.winner_arm;
    llmlearn_err err = read_arms(connection, l);

    if (err != LLMLEARN_OK)
        return err;
    if (arm < 0 || arm >= l->in.arm_count)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the receipt of test %llu names arm %lld",
                       (unsigned long long)l->test.id, (long long)arm);
    if (promote && selection->told.promotable)
        err = promote_late(&change, l, selection->decision, &l->variants[arm], &selection->changed);
    if (err == LLMLEARN_OK)
        err = see_promoted(connection, l, l->arms[arm].variant, &selection->told.promoted);
    return err;
}

static llmlearn_err look_at_decided(ll_connection *connection, look *l, bool promote,
                                    int64_t now_us, ll_selection *out)
{
    ll_selection selection = { .decision = 0 };
    llmlearn_err err =
        ll_decisions_verdict(connection, l->test.id, &selection.decision, &selection.receipt_json);

    if (err == LLMLEARN_OK && selection.receipt_json == NULL)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: test %llu is decided without a verdict",
                      (unsigned long long)l->test.id);
    if (err == LLMLEARN_OK)
        err = ll_receipt_read(selection.receipt_json, &selection.told);
    if (err == LLMLEARN_OK && selection.told.verdict == LLMLEARN_WINNER)
        err = tell_winner(connection, l, promote, now_us, &selection);
    if (err != LLMLEARN_OK) {
        free(selection.receipt_json);
        return err;
    }
    *out = selection;
    return LLMLEARN_OK;
}

llmlearn_err ll_select_winner(ll_connection *connection, const char *signal, bool promote,
                              int64_t now_us, int64_t vote_sequence, ll_selection *out)
{
    look *l = calloc(1, sizeof *l); /* 20 KiB: not for a thread's stack */
    llmlearn_err err;

    assert(signal != NULL);
    if (l == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a look at a test");
    l->in.vote_sequence = vote_sequence;
    err = find_test(connection, signal, &l->test);
    if (err == LLMLEARN_OK && l->test.status == LL_AB_RUNNING)
        err = look_at_running(connection, l, promote, now_us, out);
    else if (err == LLMLEARN_OK)
        err = look_at_decided(connection, l, promote, now_us, out);
    free(l);
    return err;
}
