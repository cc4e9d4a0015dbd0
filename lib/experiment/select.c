#include "experiment/select.h"

#include "base/err.h"
#include "experiment/inputs.h"
#include "experiment/look.h"
#include "experiment/promote.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ACTOR "llmlearn" /* in the rows that a rule wrote, not a person */

/* Everything that is read for one look, and what it says. */
typedef struct look {
    ll_ab_test test;
    ll_decide_input in;
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

/* ---- a test that runs --------------------------------------------------- */

/* Ends the test: see the table in promote.h. */
static llmlearn_err end_test(const ll_change *change, const look *l)
{
    int32_t winner = l->outcome.winner;

    if (l->outcome.verdict == LLMLEARN_WINNER)
        return ll_promote_end_test(change, &l->test, LL_AB_DECIDED, LL_VARIANT_ARCHIVED,
                                   l->in.arms[winner].variant);
    return ll_promote_end_test(change, &l->test, LL_AB_DECIDED, LL_VARIANT_DRAFT, 0);
}

static llmlearn_err note_verdict(const ll_change *change, look *l, const char *receipt,
                                 uint64_t *out_decision)
{
    ll_buffer inputs = { 0 };
    llmlearn_err err = LLMLEARN_OK;

    ll_inputs_write(&l->in, &inputs);
    const ll_decision_row row = {
        .at_us = change->now_us,
        .signal = change->signal,
        .kind = LL_DECISION_VERDICT,
        .test = l->test.id,
        .actor = change->actor,
        .reason = change->reason,
        .receipt = receipt,
        .inputs = inputs.data,
        .inputs_bytes = inputs.length,
    };
    if (inputs.failed)
        err = ll_fail(LLMLEARN_ENOMEM, "out of memory for a verdict");
    if (err == LLMLEARN_OK)
        err = ll_decisions_add(change->connection, &row, out_decision);
    ll_buffer_free(&inputs);
    return err;
}

static llmlearn_err freeze(const ll_change *change, look *l, bool promote, const char *receipt,
                           uint64_t *out_decision)
{
    llmlearn_err err = end_test(change, l);

    if (err == LLMLEARN_OK)
        err = note_verdict(change, l, receipt, out_decision);
    if (err == LLMLEARN_OK && promote)
        err = ll_promote_by_test(change, &l->test, l->test.champion,
                                 l->in.arms[l->outcome.winner].variant);
    return err;
}

/* What was said is kept: of a sequential rule each look, of all the last one as the verdict. */
static llmlearn_err keep(ll_connection *connection, look *l, const char *sentence,
                         ll_selection *selection)
{
    const ll_change change = { .connection = connection,
                               .now_us = l->in.now_us,
                               .signal = l->test.signal,
                               .actor = ACTOR,
                               .reason = sentence };
    llmlearn_err err = LLMLEARN_OK;

    if (l->outcome.takes_look)
        err = ll_look_keep(connection, &l->in);
    if (err != LLMLEARN_OK || l->outcome.verdict == LLMLEARN_KEEP_GOING)
        return err;
    selection->changed = true;
    return freeze(&change, l, selection->told.promoted, selection->receipt_json,
                  &selection->decision);
}

static llmlearn_err look_at_running(ll_connection *connection, look *l, bool promote,
                                    int64_t now_us, int64_t vote_sequence, ll_selection *out)
{
    ll_selection selection = { .decision = 0 };
    char *sentence = NULL;
    llmlearn_err err = ll_look_read(connection, &l->test, now_us, vote_sequence, &l->in);

    if (err != LLMLEARN_OK)
        return err;
    ll_decide(&l->in, &l->outcome);
    const ll_receipt_made made = { .promoted = promote && l->outcome.promotable,
                                   .version = llmlearn_version() };
    ll_receipt_tell(&l->in, &l->outcome, made.promoted, &selection.told);
    err = ll_receipt_write(&l->in, &l->outcome, &made, &selection.receipt_json, &sentence);
    if (err == LLMLEARN_OK && strlen(sentence) < sizeof selection.told.sentence)
        strcpy(selection.told.sentence, sentence);
    if (err == LLMLEARN_OK)
        err = keep(connection, l, sentence, &selection);
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
    return ll_promote_by_test(change, &l->test, champion.id, winner->id);
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

/* The variant of the stored winner's arm. */
static llmlearn_err find_winner(ll_connection *connection, const look *l, int64_t arm,
                                ll_variant *out)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    uint32_t arm_count = 0;
    llmlearn_err err = ll_ab_arms_read(connection, l->test.id, arms, &arm_count);

    if (err != LLMLEARN_OK)
        return err;
    if (arm < 0 || arm >= arm_count)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the receipt of test %llu names arm %lld",
                       (unsigned long long)l->test.id, (long long)arm);
    return ll_variants_get(connection, arms[arm].variant, out);
}

static llmlearn_err tell_winner(ll_connection *connection, const look *l, bool promote,
                                int64_t now_us, ll_selection *selection)
{
    const ll_change change = { .connection = connection,
                               .now_us = now_us,
                               .signal = l->test.signal,
                               .actor = ACTOR,
                               .reason = "the winner of this test, promoted on request" };
    ll_variant winner;
    llmlearn_err err = find_winner(connection, l, selection->told.winner_arm, &winner);

    if (err == LLMLEARN_OK && promote && selection->told.promotable)
        err = promote_late(&change, l, selection->decision, &winner, &selection->changed);
    if (err == LLMLEARN_OK)
        err = see_promoted(connection, l, winner.id, &selection->told.promoted);
    return err;
}

static llmlearn_err look_at_decided(ll_connection *connection, const look *l, bool promote,
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
    look *l = calloc(1, sizeof *l); /* 170 KiB: not for a thread's stack */
    llmlearn_err err;

    assert(signal != NULL);
    if (l == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a look at a test");
    err = find_test(connection, signal, &l->test);
    if (err == LLMLEARN_OK && l->test.status == LL_AB_RUNNING)
        err = look_at_running(connection, l, promote, now_us, vote_sequence, out);
    else if (err == LLMLEARN_OK)
        err = look_at_decided(connection, l, promote, now_us, out);
    free(l);
    return err;
}
