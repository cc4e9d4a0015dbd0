#include "experiment/replay.h"

#include "base/err.h"
#include "experiment/inputs.h"
#include "experiment/json.h"
#include "experiment/receipt.h"
#include "store/decisions.h"

#include <stdlib.h>
#include <string.h>

typedef struct replay {
    ll_decide_input in;
    ll_decide_outcome outcome;
    ll_receipt stored, told;
    char *as_stored; /* the receipt as the version that decided would have written it */
    char *replayed;  /* and as this one does */
} replay;

/* Of a verdict with all it was made of; *kept is the caller's to free. */
static llmlearn_err find_verdict(ll_connection *connection, uint64_t decision,
                                 ll_decision_kept *kept)
{
    unsigned long long id = decision;
    llmlearn_err err = LLMLEARN_OK;

    if (decision <= INT64_MAX)
        err = ll_decisions_get(connection, decision, kept);
    if (err != LLMLEARN_OK)
        return err;
    if (kept->kind == 0)
        return ll_fail(LLMLEARN_ENOTFOUND, "decision_id: there is no decision %llu", id);
    if (kept->kind != LL_DECISION_VERDICT)
        return ll_fail(LLMLEARN_ESTATE, "decision_id: %llu is of the kind %s, not a verdict", id,
                       ll_decision_kind_name(kept->kind));
    if (kept->inputs == NULL || kept->receipt == NULL)
        return ll_fail(LLMLEARN_ESTATE,
                       "decision_id: %llu was made by a version that kept no inputs", id);
    return LLMLEARN_OK;
}

static llmlearn_err write_receipt(const replay *r, const char *version, char **out_json)
{
    const ll_receipt_made made = { .promoted = r->stored.promoted, .version = version };
    char *sentence = NULL;
    llmlearn_err err = ll_receipt_write(&r->in, &r->outcome, &made, out_json, &sentence);

    free(sentence);
    return err;
}

static llmlearn_err decide_again(const ll_decision_kept *kept, replay *r)
{
    llmlearn_err err = ll_receipt_read(kept->receipt, &r->stored);

    if (err == LLMLEARN_OK)
        err = ll_inputs_read(kept->inputs, kept->inputs_bytes, &r->in);
    if (err != LLMLEARN_OK)
        return err;
    ll_decide(&r->in, &r->outcome);
    ll_receipt_tell(&r->in, &r->outcome, r->stored.promoted, &r->told);
    err = write_receipt(r, r->stored.version, &r->as_stored);
    return err == LLMLEARN_OK ? write_receipt(r, llmlearn_version(), &r->replayed) : err;
}

static bool is_same_verdict(const replay *r)
{
    return r->told.verdict == r->stored.verdict && r->told.winner_arm == r->stored.winner_arm &&
           strcmp(r->told.status, r->stored.status) == 0 &&
           r->told.promotable == r->stored.promotable;
}

static llmlearn_err write_report(uint64_t decision, const ll_decision_kept *kept, const replay *r,
                                 char **out_json)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "schema", 1);
    ll_json_writer_put_int(&w, "decision_id", (int64_t)decision);
    ll_json_writer_put_bool(&w, "same", strcmp(r->as_stored, kept->receipt) == 0);
    ll_json_writer_put_bool(&w, "same_verdict", is_same_verdict(r));
    ll_json_writer_put_string(&w, "stored_version", r->stored.version);
    ll_json_writer_put_string(&w, "library_version", llmlearn_version());
    ll_json_writer_key(&w, "stored");
    ll_json_writer_json(&w, kept->receipt, strlen(kept->receipt));
    ll_json_writer_key(&w, "replayed");
    ll_json_writer_json(&w, r->replayed, strlen(r->replayed));
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_json);
}

llmlearn_err ll_replay_decision(ll_connection *connection, uint64_t decision, char **out_json)
{
    ll_decision_kept kept = { .kind = 0 };
    replay *r = NULL;
    llmlearn_err err = find_verdict(connection, decision, &kept);

    if (err != LLMLEARN_OK)
        goto done;
    r = calloc(1, sizeof *r); /* 170 KiB: not for a thread's stack */
    err =
        r == NULL ? ll_fail(LLMLEARN_ENOMEM, "out of memory for a replay") : decide_again(&kept, r);
    if (err == LLMLEARN_OK)
        err = write_report(decision, &kept, r, out_json);

done:
    if (r != NULL) {
        free(r->as_stored);
        free(r->replayed);
    }
    free(r);
    ll_decision_kept_free(&kept);
    return err;
}
