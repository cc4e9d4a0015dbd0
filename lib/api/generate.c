#include "api/generate.h"

#include "api/arguments.h"
#include "api/generate_base.h"
#include "api/generate_store.h"
#include "base/err.h"
#include "base/id.h"
#include "base/random.h"
#include "experiment/json.h"
#include "llm/moderation.h"
#include "prompt/reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_TOKENS 16384u
#define REPLAY_TOKENS 1024u
/* What was paid is booked, and what it was paid for is kept, also when the call has no time left.
 */
#define SETTLE_PATIENCE_MS 5000u
/* One replayed input gets at most this much of what is left. */
#define REPLAY_MS 30000u

typedef struct generating {
    llmlearn *learner;
    const llmlearn_generation *asked;
    ll_deadline deadline;
    /* As they were set when it began; NULL: no moderation was asked for. */
    const ll_model *model, *replayer, *moderator;
    char run[LLMLEARN_ID_TEXT_BYTES];
    ll_generate_base base;
    ll_candidates candidates;
    char *reasons[LL_CANDIDATES_MAX];                       /* NULL: none, it is a draft */
    int64_t generation;                                     /* in the ledger */
    size_t first_place;                                     /* of its versions' names */
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* of the answer; -1: unknown */
} generating;

static ll_deadline patience(const generating *g)
{
    ll_deadline least = ll_deadline_in_ms(SETTLE_PATIENCE_MS);

    return g->deadline > least ? g->deadline : least;
}

static const atomic_int *cancel_of(const generating *g)
{
    return (const atomic_int *)g->asked->cancel;
}

/* ---- calls that are paid for ------------------------------------------- */

static bool is_limited(const ll_ledger_limits *limits)
{
    return limits->per_run_nanousd != LL_LEDGER_UNLIMITED ||
           limits->per_month_nanousd != LL_LEDGER_UNLIMITED;
}

static llmlearn_err find_ceiling(const generating *g, const ll_model *model,
                                 const ll_model_question *question, int64_t *out_nanousd)
{
    const ll_ledger_limits limits = ll_handle_budget(g->learner);
    int64_t ceiling = ll_model_ceiling_nanousd(model, question);

    if (ceiling < 0 && is_limited(&limits))
        return ll_fail(LLMLEARN_EBUDGET,
                       "the price of model %s is not known: give llmlearn_model a price_file that "
                       "has it, or lift the budget's limits",
                       ll_model_name(model));
    *out_nanousd = ceiling >= 0 ? ceiling : 0;
    return LLMLEARN_OK;
}

/* What is booked for a call: its cost, and for each try that was lost on the way as much as a try
 * can cost. -1: all that was set aside. */
static int64_t booked(const ll_model_reply *reply, int64_t ceiling, int64_t tries)
{
    int64_t lost = ceiling / tries * reply->lost;

    /* More than any call costs is not believed: see ll_ledger_settle. */
    bool is_cost = reply->cost_nanousd >= 0 && reply->cost_nanousd <= LL_LEDGER_NANOUSD_MAX;

    return is_cost ? reply->cost_nanousd + lost : reply->cost_nanousd;
}

static llmlearn_err settle(const generating *g, int64_t id, const ll_model_reply *reply,
                           int64_t cost_nanousd)
{
    const ll_ledger_result result = { .prompt_tokens = reply->prompt_tokens,
                                      .completion_tokens = reply->completion_tokens,
                                      .cost_nanousd = cost_nanousd,
                                      .error = reply->reason };

    return ll_generate_settle(g->learner, id, &result, patience(g));
}

/* A commit that was not answered may stand: the money would be held until the month ends. As well
 * as can be; the caller hears of the commit. */
static llmlearn_err reserve(const generating *g, const ll_paid_call *call, int64_t *out_id)
{
    ll_err_report unknown;
    llmlearn_err err = ll_generate_reserve(g->learner, call, g->deadline, out_id);

    if (err != LLMLEARN_EUNKNOWN)
        return err;
    ll_err_capture(err, &unknown);
    (void)ll_generate_release(g->learner, g->run, patience(g));
    return ll_err_restore(&unknown);
}

/* Reserves, asks, settles. LLMLEARN_OK: a reply, perhaps with a reason. */
static llmlearn_err ask(const generating *g, const ll_model *model, ll_ledger_kind kind,
                        const ll_model_question *question, const char *comments,
                        ll_model_reply *out_reply, int64_t *out_id)
{
    ll_paid_call call = { .kind = kind,
                          .signal = g->base.signal_id,
                          .parent = g->base.parent,
                          .run = g->run,
                          .model = ll_model_name(model),
                          .comments = comments };
    ll_model_reply reply = {
        .reason = "cancelled", .prompt_tokens = -1, .completion_tokens = -1, .cost_nanousd = -1
    };
    llmlearn_err err = find_ceiling(g, model, question, &call.ceiling_nanousd), settled;

    if (err == LLMLEARN_OK)
        err = reserve(g, &call, out_id);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_model_ask(model, question, &reply);
    settled = settle(g, *out_id, &reply,
                     booked(&reply, call.ceiling_nanousd, ll_model_tries(model, question)));
    if (err == LLMLEARN_OK)
        err = settled;
    if (err != LLMLEARN_OK) {
        ll_model_reply_free(&reply);
        return err;
    }
    *out_reply = reply;
    return LLMLEARN_OK;
}

/* ---- the answer -------------------------------------------------------- */

static llmlearn_err read_base(generating *g)
{
    const ll_settings *settings = ll_handle_settings(g->learner);
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(g->learner, g->deadline, &core);

    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, g->deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_generate_base_read(connection, g->asked->signal, g->asked->version, settings->baseline,
                                g->asked->replays, ll_clock_now_us(&settings->clock), &g->base);
    ll_store_read_end(core->store);
    if (err == LLMLEARN_OK && g->asked->replays > 0 && g->base.input_count == 0)
        err = ll_fail(LLMLEARN_ESTATE,
                      "replays: no logged explanation of %s has the values that %s needs: they are "
                      "read from its metadata",
                      g->base.signal, g->base.version);
    return err;
}

/* Which explanations' comments the model was shown, for a person who asks later. */
static llmlearn_err name_comments(const generating *g, const ll_meta *meta, char **out_json)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '[');
    for (size_t i = 0; i < meta->comment_count; i++) {
        char text[LLMLEARN_ID_TEXT_BYTES];
        llmlearn_id_format(&g->base.commented[meta->comment_indexes[i]], text);
        ll_json_writer_string(&w, text);
    }
    ll_json_writer_close(&w, ']');
    return ll_json_take(&w, out_json);
}

static llmlearn_err make_meta(const generating *g, ll_meta *out)
{
    const ll_meta_input input = {
        .signal = g->base.signal,
        .base = { .text = g->base.text, .bytes = strlen(g->base.text) },
        .count = g->asked->count,
        .json_fields = g->asked->fields,
        .json_field_count = g->asked->field_count,
        .measured = g->base.measured,
        .examples = g->base.examples,
        .example_count = g->base.example_count,
        .comments = g->base.comments,
        .comment_count = g->base.comment_count,
    };
    llmlearn_err err = ll_meta_make(&input, out);

    if (err == LLMLEARN_EINVAL) /* of a prompt that is there already */
        err = ll_fail(LLMLEARN_ESTATE, "version: %s is no template that can be varied",
                      g->base.version);
    return err;
}

static llmlearn_err read_answer(generating *g, const ll_model_reply *reply)
{
    g->prompt_tokens = reply->prompt_tokens;
    g->completion_tokens = reply->completion_tokens;
    g->cost_nanousd = reply->cost_nanousd;
    if (reply->reason != NULL)
        return ll_fail(LLMLEARN_ELLM, "model %s gave no variants: %s", ll_model_name(g->model),
                       reply->reason);
    return ll_candidates_read(reply->text, strlen(reply->text), g->asked->count, &g->candidates);
}

static llmlearn_err ask_for_variants(generating *g)
{
    ll_model_reply reply = { .reason = NULL };
    ll_meta meta = { .message_count = 0 };
    char *comments = NULL;
    llmlearn_err err = make_meta(g, &meta);

    if (err != LLMLEARN_OK)
        return err;
    assert(meta.message_count >= 2);
    const ll_model_question question = {
        .system = meta.messages[0].text,
        .prompt = meta.messages[1].text,
        .data = meta.message_count > 2 ? meta.messages[2].text : NULL,
        .schema_name = LL_META_SCHEMA_NAME,
        .json_schema = ll_meta_schema,
        .max_tokens = ANSWER_TOKENS,
        .deadline = g->deadline,
        .cancel = cancel_of(g),
    };
    err = name_comments(g, &meta, &comments);
    if (err == LLMLEARN_OK)
        err = ask(g, g->model, LL_LEDGER_GENERATE, &question, comments, &reply, &g->generation);
    if (err == LLMLEARN_OK) {
        err = read_answer(g, &reply);
        ll_model_reply_free(&reply);
    }
    free(comments);
    ll_meta_free(&meta);
    return err;
}

/* ---- judging ----------------------------------------------------------- */

/* "url: line 2 has ...; secret: ..." */
static llmlearn_err reject(generating *g, size_t i, const char *name, const char *detail)
{
    ll_buffer reason = { .data = NULL };

    ll_buffer_printf(&reason, "%s: %s", name, detail);
    g->reasons[i] = ll_buffer_take(&reason);
    return g->reasons[i] != NULL ? LLMLEARN_OK : ll_fail(LLMLEARN_ENOMEM, "no memory for a reason");
}

/* What was paid for is kept, though there is no money or time left to try it out. */
static llmlearn_err reject_untried(generating *g, size_t i, const char *name)
{
    return reject(g, i, name,
                  ll_deadline_passed(g->deadline) ? "the time ended before it was tried out"
                                                  : "the budget ended before it was tried out");
}

/* A failure that says nothing of the candidate. */
static bool is_untried(const generating *g, llmlearn_err err)
{
    return err == LLMLEARN_EBUDGET ||
           (err == LLMLEARN_ETIMEDOUT && ll_deadline_passed(g->deadline));
}

static llmlearn_err judge(generating *g)
{
    const ll_guard_input frame = {
        .base = { .text = g->base.text, .bytes = strlen(g->base.text) },
        .known = g->base.known,
        .known_count = g->base.known_count,
        .json_fields = g->asked->fields,
        .json_field_count = g->asked->field_count,
    };
    llmlearn_err err = ll_candidates_judge(&g->candidates, &frame);

    for (size_t i = 0; i < g->candidates.count && err == LLMLEARN_OK; i++) {
        const ll_guard_verdict *verdict = &g->candidates.items[i].verdict;
        if (verdict->reason_count > 0)
            err = reject(g, i, verdict->reasons[0].name, verdict->reasons[0].detail);
    }
    return err;
}

static llmlearn_err moderate_one(generating *g, size_t i)
{
    const ll_model *moderator = g->moderator;
    const char *text = g->candidates.items[i].prompt;
    const ll_paid_call call = { .kind = LL_LEDGER_MODERATE,
                                .signal = g->base.signal_id,
                                .parent = g->base.parent,
                                .run = g->run,
                                .model = ll_model_name(moderator) };
    ll_ledger_result result = { .prompt_tokens = -1, .completion_tokens = -1, .cost_nanousd = 0 };
    ll_moderation_verdict verdict = { .flagged = false };
    int64_t id = 0;
    llmlearn_err err = ll_generate_reserve(g->learner, &call, g->deadline, &id);

    if (is_untried(g, err))
        return reject_untried(g, i, "moderation");
    if (err != LLMLEARN_OK)
        return err;
    err = ll_moderation_ask(ll_model_endpoint(moderator), ll_model_name(moderator), &text, 1,
                            g->deadline, cancel_of(g), &verdict);
    result.error = err != LLMLEARN_OK ? "no moderation" : NULL;
    llmlearn_err settled = ll_generate_settle(g->learner, id, &result, patience(g));
    if (err == LLMLEARN_ENOMEM || err == LLMLEARN_ECANCELLED)
        return err;
    if (err != LLMLEARN_OK) /* asked for, and not to be had: better none than an unseen one */
        return reject(g, i, "moderation", "the moderation could not be asked");
    if (settled == LLMLEARN_OK && verdict.flagged)
        return reject(g, i, "moderation", verdict.category);
    return settled;
}

static llmlearn_err moderate(generating *g)
{
    llmlearn_err err = LLMLEARN_OK;

    if (g->moderator == NULL)
        return LLMLEARN_OK;
    for (size_t i = 0; i < g->candidates.count && err == LLMLEARN_OK; i++) {
        if (g->reasons[i] == NULL)
            err = moderate_one(g, i);
    }
    return err;
}

/* ---- replaying --------------------------------------------------------- */

/* *out_fault: NULL if the answer is one that could be shown. */
static llmlearn_err replay_input(const generating *g, const char *prompt, const char **out_fault)
{
    const ll_reply_rules rules = { .signal = g->base.signal,
                                   .json_fields = g->asked->fields,
                                   .json_field_count = g->asked->field_count,
                                   .bytes_max = LL_REPLY_BYTES_MAX };
    const ll_model_question question = { .prompt = prompt,
                                         .max_tokens = REPLAY_TOKENS,
                                         .deadline = ll_deadline_within_ms(g->deadline, REPLAY_MS),
                                         .cancel = cancel_of(g) };
    ll_model_reply reply = { .reason = NULL };
    int64_t id = 0;
    llmlearn_err err = ask(g, g->replayer, LL_LEDGER_REPLAY, &question, NULL, &reply, &id);

    if (err != LLMLEARN_OK)
        return err;
    *out_fault = reply.reason;
    if (reply.reason == NULL)
        err = ll_reply_check(&rules, reply.text, strlen(reply.text), out_fault);
    ll_model_reply_free(&reply);
    return err;
}

static llmlearn_err replay_one(generating *g, size_t i)
{
    const char *fault = NULL;
    llmlearn_err err = LLMLEARN_OK;

    for (size_t j = 0; j < g->base.input_count && err == LLMLEARN_OK && fault == NULL; j++) {
        char *prompt = NULL;
        err = ll_values_fill_in(&g->base.inputs[j], g->candidates.items[i].prompt, &prompt);
        if (err == LLMLEARN_EINVAL) { /* with its values it is longer than a prompt may be */
            fault = "too_long";
            err = LLMLEARN_OK;
            break;
        }
        if (err == LLMLEARN_OK)
            err = replay_input(g, prompt, &fault);
        free(prompt);
    }
    if (is_untried(g, err) ||
        (err == LLMLEARN_OK && fault != NULL && ll_deadline_passed(g->deadline)))
        return reject_untried(g, i, "replay");
    if (err == LLMLEARN_OK && fault != NULL)
        err = reject(g, i, "replay", fault);
    return err;
}

static llmlearn_err replay(generating *g)
{
    llmlearn_err err = LLMLEARN_OK;

    for (size_t i = 0; i < g->candidates.count && err == LLMLEARN_OK; i++) {
        if (g->reasons[i] == NULL)
            err = replay_one(g, i);
    }
    return err;
}

/* ---- telling ----------------------------------------------------------- */

static llmlearn_err tell(const generating *g, char **out_json)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_string(&w, "run", g->run);
    ll_json_writer_put_string(&w, "parent", g->base.version);
    ll_json_writer_put_string(&w, "model", ll_model_name(g->model));
    ll_json_put_count(&w, "prompt_tokens", g->prompt_tokens);
    ll_json_put_count(&w, "completion_tokens", g->completion_tokens);
    ll_json_put_count(&w, "cost_nanousd", g->cost_nanousd);
    ll_json_writer_key(&w, "variants");
    ll_json_writer_open(&w, '[');
    for (size_t i = 0; i < g->candidates.count; i++) {
        char version[LL_GENERATED_VERSION_BYTES];
        ll_generate_version(g->generation, g->first_place + i, version);
        ll_json_writer_open(&w, '{');
        ll_json_writer_put_string(&w, "version", version);
        ll_json_writer_put_string(&w, "status", g->reasons[i] == NULL ? "draft" : "rejected");
        ll_json_writer_put_string(&w, "reason", g->reasons[i]);
        ll_json_writer_put_string(&w, "text", g->candidates.items[i].prompt);
        ll_json_writer_put_string(&w, "hypothesis", g->candidates.items[i].hypothesis);
        ll_json_writer_close(&w, '}');
    }
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_json);
}

/* ---- all of it --------------------------------------------------------- */

static llmlearn_err store(const generating *g, const ll_generate_note *note)
{
    const ll_generated generated = { .signal = g->base.signal_id,
                                     .parent = g->base.parent,
                                     .generation = g->generation,
                                     .first_place = g->first_place,
                                     .model = ll_model_name(g->model),
                                     .candidates = &g->candidates,
                                     .reasons = (const char *const *)g->reasons,
                                     .prompt_tokens = g->prompt_tokens,
                                     .completion_tokens = g->completion_tokens,
                                     .cost_nanousd = g->cost_nanousd,
                                     .note = note };

    return ll_generate_store(g->learner, &generated, patience(g));
}

static llmlearn_err find_place(generating *g)
{
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(g->learner, patience(g), &core);

    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, patience(g), &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_generate_find_place(connection, g->base.signal_id, g->generation, g->candidates.count,
                                 &g->first_place);
    ll_store_read_end(core->store);
    return err;
}

/* What was paid for is not lost because somebody has taken one of its names meanwhile. */
static llmlearn_err name_and_store(generating *g, const ll_generate_note *note, char **out_json)
{
    llmlearn_err err = LLMLEARN_EEXIST;

    for (int tries = 0; tries < 3 && err == LLMLEARN_EEXIST; tries++) {
        free(*out_json);
        *out_json = NULL;
        err = find_place(g);
        if (err == LLMLEARN_OK)
            err = tell(g, out_json);
        if (err == LLMLEARN_OK)
            err = store(g, note);
    }
    return err;
}

/* Candidates that nobody could afford to try out are not worth paying for. */
static llmlearn_err check_replayer(const generating *g)
{
    const ll_model_question any = { .prompt = "", .max_tokens = REPLAY_TOKENS };
    int64_t ceiling;

    return g->asked->replays > 0 ? find_ceiling(g, g->replayer, &any, &ceiling) : LLMLEARN_OK;
}

static llmlearn_err begin(generating *g)
{
    const ll_models *models = ll_handle_models(g->learner);
    uint64_t random;
    llmlearn_id id;
    llmlearn_err err = ll_random_bytes(&random, sizeof random);

    g->model = ll_models_get(models, LL_MODEL_GENERATES);
    g->replayer = ll_models_get(models, LL_MODEL_EXPLAINS);
    if (g->replayer == NULL)
        g->replayer = g->model;
    if ((g->asked->flags & LLMLEARN_GENERATE_MODERATE) != 0)
        g->moderator = ll_models_get(models, LL_MODEL_MODERATES);
    if (g->model == NULL)
        return ll_fail(LLMLEARN_ESTATE, "no model is set for generating: llmlearn_set_model");
    if ((g->asked->flags & LLMLEARN_GENERATE_MODERATE) != 0 && g->moderator == NULL)
        return ll_fail(LLMLEARN_ESTATE, "no model is set for moderating: llmlearn_set_model");
    if (err == LLMLEARN_OK)
        err = check_replayer(g);
    if (err != LLMLEARN_OK)
        return err;
    id = ll_id_make(ll_clock_now_us(&ll_handle_settings(g->learner)->clock), random);
    return llmlearn_id_format(&id, g->run);
}

llmlearn_err ll_generate_run(llmlearn *learner, const llmlearn_generation *generation,
                             ll_deadline deadline, const ll_generate_note *note, char **out_json)
{
    llmlearn_generation asked = *generation;
    generating g = { .learner = learner, .asked = &asked, .deadline = deadline };
    char *json = NULL;
    llmlearn_err err;

    if (asked.count == 0)
        asked.count = LL_GENERATE_COUNT;
    err = begin(&g);
    if (err == LLMLEARN_OK)
        err = read_base(&g);
    if (err == LLMLEARN_OK)
        err = ask_for_variants(&g);
    if (err == LLMLEARN_OK)
        err = judge(&g);
    if (err == LLMLEARN_OK)
        err = moderate(&g);
    if (err == LLMLEARN_OK)
        err = replay(&g);
    if (err == LLMLEARN_OK)
        err = name_and_store(&g, note, &json);
    for (size_t i = 0; i < LL_CANDIDATES_MAX; i++)
        free(g.reasons[i]);
    ll_candidates_free(&g.candidates);
    ll_generate_base_free(&g.base);
    if (err == LLMLEARN_OK && out_json != NULL)
        *out_json = json;
    else
        free(json);
    return err;
}

/* ---- arguments --------------------------------------------------------- */

llmlearn_err ll_generate_check(const llmlearn_generation *generation)
{
    const llmlearn_generation *g = generation;

    if ((g->flags & ~LLMLEARN_GENERATE_MODERATE) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: unknown bits 0x%x",
                       g->flags & ~LLMLEARN_GENERATE_MODERATE);
    if (ll_argument_signal("signal", g->signal) == SIZE_MAX ||
        ll_argument_name("version", g->version, false) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (g->count > LL_GENERATE_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "count: up to %u", LL_GENERATE_COUNT_MAX);
    if (g->replays > LL_GENERATE_REPLAYS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "replays: up to %u", LL_GENERATE_REPLAYS_MAX);
    if (g->field_count > LL_GENERATE_FIELDS_MAX || (g->field_count > 0 && g->fields == NULL))
        return ll_fail(LLMLEARN_EINVAL, "fields: field_count of them, up to %u",
                       LL_GENERATE_FIELDS_MAX);
    for (uint32_t i = 0; i < g->field_count; i++) {
        if (ll_argument_text("fields", g->fields[i], true, 1, LL_TEMPLATE_NAME_BYTES_MAX) ==
            SIZE_MAX)
            return LLMLEARN_EINVAL;
    }
    return LLMLEARN_OK;
}
