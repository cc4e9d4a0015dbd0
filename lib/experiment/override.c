#include "experiment/override.h"

#include "base/err.h"
#include "experiment/decide.h"
#include "experiment/evidence_json.h"
#include "experiment/json.h"
#include "experiment/look.h"
#include "experiment/members.h"
#include "experiment/receipt.h"

#include <stdlib.h>
#include <string.h>

/* ---- of a test that runs ------------------------------------------------ */

typedef struct moment {
    ll_decide_input in;
    ll_decide_outcome outcome;
} moment;

static llmlearn_err write_moment(const moment *m, char **out_receipt)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_bool(&w, "override", true);
    ll_json_writer_put_int(&w, "test_id", (int64_t)m->in.test.id);
    ll_json_writer_put_string(&w, "verdict", ll_decide_verdict_name(m->outcome.verdict));
    ll_json_writer_put_string(&w, "status", m->outcome.status);
    ll_json_put_names(&w, "blockers", ll_blockers_name, m->outcome.blockers);
    ll_json_put_names(&w, "advisories", ll_advisories_name, m->outcome.advisories);
    ll_json_writer_key(&w, "evidence");
    ll_json_writer_open(&w, '{');
    ll_evidence_put(&w, &m->in, &m->outcome.evidence, false);
    ll_json_writer_close(&w, '}');
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_receipt);
}

/* What would have been said now; nobody looks, and nothing is kept but the person's reason. */
static llmlearn_err find_moment(const ll_change *change, const ll_ab_test *test, char **out_receipt)
{
    moment *m = calloc(1, sizeof *m); /* 170 KiB: not for a thread's stack */

    if (m == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a receipt");
    llmlearn_err err =
        ll_look_read(change->connection, test, change->now_us, change->vote_sequence, &m->in);
    if (err == LLMLEARN_OK) {
        ll_decide(&m->in, &m->outcome);
        err = write_moment(m, out_receipt);
    }
    free(m);
    return err;
}

/* ---- of the test before ------------------------------------------------- */

typedef struct said {
    ll_member verdict, status, blockers, advisories;
} said;

static void read_member(void *context, const ll_member *member)
{
    said *s = context;

    if (ll_member_is(member, "verdict"))
        s->verdict = *member;
    else if (ll_member_is(member, "status"))
        s->status = *member;
    else if (ll_member_is(member, "blockers"))
        s->blockers = *member;
    else if (ll_member_is(member, "advisories"))
        s->advisories = *member;
}

static void put_member(ll_json_writer *w, const char *key, const ll_member *member)
{
    ll_json_writer_key(w, key);
    if (member->value == NULL)
        ll_json_writer_null(w);
    else
        ll_json_writer_json(w, member->value, member->value_bytes);
}

static llmlearn_err write_said(const ll_ab_test *test, const char *receipt, char **out_receipt)
{
    ll_json_writer w = { .comma = false };
    said s = { .verdict = { .value = NULL } };

    (void)ll_members_read(receipt, read_member, &s); /* it is a receipt: it has been read */
    ll_json_writer_open(&w, '{');
    ll_json_writer_put_bool(&w, "override", true);
    ll_json_writer_put_int(&w, "test_id", (int64_t)test->id);
    put_member(&w, "verdict", &s.verdict);
    put_member(&w, "status", &s.status);
    put_member(&w, "blockers", &s.blockers);
    put_member(&w, "advisories", &s.advisories);
    ll_json_writer_key(&w, "evidence");
    ll_json_writer_json(&w, receipt, strlen(receipt));
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_receipt);
}

static llmlearn_err is_arm(const ll_change *change, const ll_ab_test *test, int64_t variant,
                           bool *out_is)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    uint32_t arm_count = 0;
    llmlearn_err err = ll_ab_arms_read(change->connection, test->id, arms, &arm_count);

    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++)
        *out_is |= arms[i].variant == variant;
    return err;
}

/* Does promoting the variant go against what was said? */
static bool goes_against(const ll_receipt *told, const ll_variant *variant)
{
    return !told->promotable || strcmp(told->winner, variant->version) != 0;
}

static llmlearn_err find_said(const ll_change *change, const ll_ab_test *test,
                              const ll_variant *variant, char **out_receipt)
{
    uint64_t decision = 0;
    bool moved_on = false, arm = false;
    char *receipt = NULL;
    ll_receipt told;
    llmlearn_err err = ll_decisions_verdict(change->connection, test->id, &decision, &receipt);

    if (err == LLMLEARN_OK && receipt != NULL)
        err = ll_decisions_moved_on(change->connection, change->signal, decision, &moved_on);
    if (err == LLMLEARN_OK)
        err = is_arm(change, test, variant->id, &arm);
    if (err == LLMLEARN_OK && receipt != NULL && !moved_on && arm) {
        err = ll_receipt_read(receipt, &told);
        if (err == LLMLEARN_OK && goes_against(&told, variant))
            err = write_said(test, receipt, out_receipt);
    }
    free(receipt);
    return err;
}

/* ---- either ------------------------------------------------------------ */

/* That a test is damaged must not keep a person from choosing: the receipt says what is known. */
static llmlearn_err write_unreadable(const ll_ab_test *test, char **out_receipt)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_bool(&w, "override", true);
    ll_json_writer_put_int(&w, "test_id", (int64_t)test->id);
    ll_json_writer_put_null(&w, "evidence");
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_receipt);
}

llmlearn_err ll_override_find(const ll_change *change, const ll_variant *variant,
                              char **out_receipt)
{
    ll_ab_test last;
    llmlearn_err err = ll_ab_tests_last(change->connection, change->signal, &last);

    *out_receipt = NULL;
    if (err != LLMLEARN_OK || last.id == 0 || last.status == LL_AB_STOPPED)
        return err;
    if (last.status == LL_AB_RUNNING)
        err = find_moment(change, &last, out_receipt);
    else
        err = find_said(change, &last, variant, out_receipt);
    return err == LLMLEARN_ECORRUPT ? write_unreadable(&last, out_receipt) : err;
}
