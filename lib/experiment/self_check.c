#include "experiment/self_check.h"

#include "base/err.h"
#include "base/hash.h"
#include "experiment/evidence.h"
#include "experiment/json.h"
#include "experiment/looks_taken.h"
#include "experiment/rules.h"
#include "stats/eprocess.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_WEEK (7 * LL_US_PER_DAY)

/* One test drawn again, on its way through time. */
typedef struct redraw {
    ll_decide_input in; /* with the counts up to now_us */
    ll_evidence evidence;
    double shares[LLMLEARN_ARMS_MAX]; /* sums of weights; the last is 1 */
    int64_t end_us;
    const ll_ab_vote *votes;
    uint32_t vote_count, next; /* the first vote that is not counted yet */
    uint64_t drawn;            /* how many arms, over all runs: the next one's number */
    uint64_t key[2];
    bool classic_over, always_valid_over;
    ll_decide_outcome outcome;
    ll_looks_bounds_taken bounds[LLMLEARN_ARMS_MAX];
} redraw;

/* The test as if it had been meant to end where its data does. */
static void set_up(redraw *r, const ll_decide_input *in, const ll_ab_vote *votes,
                   uint32_t vote_count)
{
    int64_t last_us = in->test.ended_us != 0 ? in->test.ended_us : in->now_us;
    int64_t limit_us = in->test.started_us + in->test.duration_max_us;
    double sum = 0;

    r->in = *in;
    r->votes = votes;
    r->vote_count = vote_count;
    r->end_us = last_us < limit_us ? last_us : limit_us;
    if (votes[vote_count - 1].at_us > r->end_us)
        r->end_us = votes[vote_count - 1].at_us;
    r->in.test.duration_max_us = r->end_us - in->test.started_us;
    if (r->in.test.duration_min_us > r->in.test.duration_max_us)
        r->in.test.duration_min_us = r->in.test.duration_max_us;
    memcpy(r->key, in->test.salt, sizeof r->key);
    for (uint32_t i = 0; i < in->arm_count; i++) {
        sum += in->arms[i].weight;
        r->shares[i] = sum;
        r->in.arms[i].off_us = 0;
    }
    r->shares[in->arm_count - 1] = 1;
}

static void begin_run(redraw *r)
{
    double weights[LLMLEARN_ARMS_MAX];

    for (uint32_t i = 0; i < r->in.arm_count; i++) {
        weights[i] = r->in.arms[i].weight;
        r->in.arms[i].first_votes = 0;
        r->in.arms[i].first_positive = 0;
    }
    r->next = 0;
    r->in.look_count = 0;
    r->in.week = 0;
    r->in.has_eprocess = true;
    r->in.eprocess.struct_size = sizeof r->in.eprocess;
    double kappa = r->in.eprocess.kappa > 0 ? r->in.eprocess.kappa : LL_EPROCESS_KAPPA_DEFAULT;
    ll_eprocess_begin(weights, r->in.arm_count, r->in.champion, kappa, &r->in.eprocess);
    r->in.eprocess_week_end = r->in.eprocess;
    r->classic_over = false;
    r->always_valid_over = false;
}

/* ---- time -------------------------------------------------------------- */

static uint32_t draw_arm(redraw *r)
{
    uint64_t number = r->drawn++;
    double x = (double)(ll_siphash13_u64(r->key, number) >> 11) * 0x1p-53;
    uint32_t arm = 0;

    while (x >= r->shares[arm])
        arm++;
    return arm;
}

static void turn_week(redraw *r, int64_t now_us)
{
    int64_t week = (now_us - r->in.test.started_us) / US_PER_WEEK;

    if (week <= r->in.week)
        return;
    r->in.week = week;
    r->in.eprocess_week_end = r->in.eprocess;
}

/* Counts what was voted by then. */
static void go_to(redraw *r, int64_t now_us)
{
    for (; r->next < r->vote_count && r->votes[r->next].at_us <= now_us; r->next++) {
        const ll_ab_vote *vote = &r->votes[r->next];
        uint32_t arm = draw_arm(r);
        turn_week(r, vote->at_us);
        ll_eprocess_add(&r->in.eprocess, arm, vote->positive);
        r->in.arms[arm].first_votes++;
        r->in.arms[arm].first_positive += vote->positive;
    }
    turn_week(r, now_us);
    r->in.now_us = now_us;
}

/* ---- looks ------------------------------------------------------------- */

static void count_first_votes(redraw *r)
{
    for (uint32_t i = 0; i < r->in.arm_count; i++)
        r->evidence.first_votes[i] =
            (llmlearn_rate){ .successes = (uint64_t)r->in.arms[i].first_positive,
                             .trials = (uint64_t)r->in.arms[i].first_votes };
}

typedef void (*rule_fn)(const ll_decide_input *in, const ll_evidence *evidence,
                        ll_decide_outcome *out);

/* True if the rule has spoken. */
static bool ask(redraw *r, llmlearn_rule rule, rule_fn judge, ll_self_check_tally *tally)
{
    ll_decide_outcome *o = &r->outcome;

    memset(o, 0, sizeof *o);
    o->winner = -1;
    r->in.test.rule = rule;
    judge(&r->in, &r->evidence, o);
    if (o->verdict == LLMLEARN_WINNER) {
        tally->winners++;
        tally->promoted += o->promotable && (uint32_t)o->winner != r->in.champion;
    }
    return o->verdict != LLMLEARN_KEEP_GOING;
}

static void ask_classic(redraw *r, ll_self_check_tally *tally)
{
    ll_classic_input asked = ll_evidence_classic_input(&r->in, &r->evidence);

    ll_classic_decide(&asked, &r->evidence.classic);
    r->classic_over = ask(r, LLMLEARN_RULE_CLASSIC, ll_rule_classic, tally);
}

/* A look that the group-sequential rule would take is kept; its bounds, which are dear, are
 * found for all looks together. Nothing is shown without bounds: only the looks are asked for. */
static void note_look(redraw *r)
{
    ll_self_check_tally nobody = { .winners = 0 };

    for (uint32_t i = 0; i < r->in.arm_count; i++) {
        r->evidence.looked[i] = ll_looks_votes(&r->in, i);
        r->evidence.arms[i] = (ll_evidence_arm){ .has_bound = false };
    }
    ask(r, LLMLEARN_RULE_GROUP_SEQUENTIAL, ll_rule_group_sequential, &nobody);
    if (!r->outcome.takes_look)
        return;
    ll_ab_look *look = &r->in.looks[r->in.look_count++];
    look->at_us = r->in.now_us;
    for (uint32_t i = 0; i < r->in.arm_count; i++) {
        look->first_votes[i] = (int64_t)r->evidence.looked[i].trials;
        look->first_positive[i] = (int64_t)r->evidence.looked[i].successes;
    }
}

static void look(redraw *r, ll_self_check_tally *tallies)
{
    count_first_votes(r);
    if (!r->classic_over)
        ask_classic(r, &tallies[LLMLEARN_RULE_CLASSIC - 1]);
    if (!r->always_valid_over)
        r->always_valid_over = ask(r, LLMLEARN_RULE_ALWAYS_VALID, ll_rule_always_valid,
                                   &tallies[LLMLEARN_RULE_ALWAYS_VALID - 1]);
    note_look(r);
}

/* What the group-sequential rule would have said at each of its looks, until it has spoken. */
static void ask_group_sequential(redraw *r, ll_self_check_tally *tally)
{
    uint32_t look_count = r->in.look_count;

    for (uint32_t i = 0; i < r->in.arm_count; i++)
        ll_looks_judge_all(&r->in, i, true, &r->bounds[i]);
    for (uint32_t j = 0; j < look_count; j++) {
        r->in.look_count = j;
        r->in.now_us = r->in.looks[j].at_us;
        for (uint32_t i = 0; i < r->in.arm_count; i++)
            r->evidence.looked[i] =
                (llmlearn_rate){ .successes = (uint64_t)r->in.looks[j].first_positive[i],
                                 .trials = (uint64_t)r->in.looks[j].first_votes[i] };
        for (uint32_t i = 0; i < r->in.arm_count; i++) {
            const llmlearn_rate *votes = r->evidence.looked;
            r->evidence.arms[i] = (ll_evidence_arm){
                .z = ll_evidence_z(&votes[r->in.champion], &votes[i]),
                .information = ll_looks_information(votes[r->in.champion].trials, votes[i].trials),
                .bound = r->bounds[i].bound[j],
                .has_bound = r->bounds[i].has_bound[j],
                .is_done = r->bounds[i].is_done[j],
            };
        }
        if (ask(r, LLMLEARN_RULE_GROUP_SEQUENTIAL, ll_rule_group_sequential, tally))
            return;
    }
}

static void run_once(redraw *r, ll_self_check_tally *tallies)
{
    int64_t start_us = r->in.test.started_us;

    begin_run(r);
    for (int64_t us = start_us + LL_US_PER_DAY; us < r->end_us; us += LL_US_PER_DAY) {
        go_to(r, us);
        look(r, tallies);
    }
    go_to(r, r->end_us);
    look(r, tallies);
    ask_group_sequential(r, &tallies[LLMLEARN_RULE_GROUP_SEQUENTIAL - 1]);
}

llmlearn_err ll_self_check_run(const ll_decide_input *in, const ll_ab_vote *votes,
                               uint32_t vote_count, uint32_t runs, ll_deadline deadline,
                               ll_self_check *out)
{
    ll_self_check check = { .runs = 0 };

    assert(vote_count > 0 && runs > 0);
    redraw *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory to draw a test again");
    set_up(r, in, votes, vote_count);
    while (check.runs < runs && !ll_deadline_passed(deadline)) {
        run_once(r, check.rules);
        check.runs++;
    }
    check.complete = check.runs == runs;
    free(r);
    *out = check;
    return LLMLEARN_OK;
}

/* ---- told -------------------------------------------------------------- */

static void write_rule(ll_json_writer *w, const char *name, const ll_self_check_tally *tally,
                       uint32_t runs, double alpha)
{
    ll_json_writer_open(w, '{');
    ll_json_writer_put_string(w, "rule", name);
    ll_json_writer_put_int(w, "false_winners", tally->winners);
    ll_json_put_ratio(w, "false_winner_rate", tally->winners, runs);
    ll_json_put_wilson(w, "interval", tally->winners, runs);
    ll_json_writer_put_int(w, "promoted", tally->promoted);
    ll_json_put_ratio(w, "promoted_rate", tally->promoted, runs);
    ll_json_put_wilson(w, "promoted_interval", tally->promoted, runs);
    ll_json_writer_put_real(w, "alpha", alpha);
    ll_json_writer_close(w, '}');
}

llmlearn_err ll_self_check_write(const ll_decide_input *in, const char *signal, uint32_t vote_count,
                                 const ll_self_check *check, char **out_json)
{
    ll_json_writer w = { .comma = false };
    int64_t units = 0;

    for (uint32_t i = 0; i < in->arm_count; i++)
        units += in->arms[i].units;
    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "schema", 1);
    ll_json_writer_put_int(&w, "test_id", (int64_t)in->test.id);
    ll_json_writer_put_string(&w, "signal", signal);
    ll_json_writer_put_int(&w, "units", units);
    ll_json_writer_put_int(&w, "first_votes", vote_count);
    ll_json_writer_put_int(&w, "runs", check->runs);
    ll_json_writer_put_bool(&w, "complete", check->complete);
    ll_json_writer_key(&w, "rules");
    ll_json_writer_open(&w, '[');
    for (int rule = LLMLEARN_RULE_CLASSIC; rule <= LLMLEARN_RULE_ALWAYS_VALID; rule++)
        write_rule(&w, ll_ab_rule_name(rule), &check->rules[rule - 1], check->runs, in->test.alpha);
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_json);
}
