#include "stats/freeman_halton.h"

#include "stats/hypergeometric.h"
#include "stats/limits.h"
#include "stats/margins.h"
#include "stats/special.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* How many counts the enumerated arms may have, all together. If the m-th largest of them alone
 * could be 0 to c, there would be (c + m + 1 over c) tables or more; with a million of them that
 * makes 2,125 for 64 arms. */
#define COUNTS_MAX 2200

/* More than any number of tables that is looked at, and far from overflowing when summed. */
#define MANY UINT64_C(1000000000)

/* The tables with the observed one's margins. "Successes" are here the rarer of the two outcomes.
 */
typedef struct tables {
    ll_margins margins;
    uint32_t arm_count;                    /* with trials */
    llmlearn_rate arms[LL_STATS_ARMS_MAX]; /* of them, the one with most trials last */
    uint64_t room[LL_STATS_ARMS_MAX];      /* trials of the arms after this one */

    /* Of each enumerated arm, that is of all but the last two: its share of -ln P for 0, 1, 2 ...
     * successes. */
    double *shares[LL_STATS_ARMS_MAX];
    double share[COUNTS_MAX];
    double none_share[LL_STATS_ARMS_MAX]; /* of this and the enumerated arms after it: all 0 */

    /* Of the last two arms, by the successes that the others took: where their family has its
     * peak, as a count of the last but one, and the two arms' share there. */
    uint32_t taken_max;
    uint32_t peak[COUNTS_MAX];
    double peak_share[COUNTS_MAX];

    double ln_observed_share; /* of all arms of the observed table */
    double slack;             /* how much likelier than the observed one still counts, in ln P */
    double sum;               /* of the tables that count, in units of the observed one */
    bool all_count;
} tables;

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static double share_of(const tables *t, uint64_t successes, uint64_t trials)
{
    double excess = ll_margins_excess(&t->margins, successes, trials) / (double)t->margins.trials;
    return ll_hypergeometric_arm(successes, trials, t->margins.successes, t->margins.failures,
                                 excess);
}

/* ---- how many tables there are ----------------------------------------- */

/* The arms with trials, in order of trials. */
static void sort_arms(tables *t, const llmlearn_rate *arms, uint32_t arm_count, bool exchange)
{
    for (uint32_t i = 0; i < arm_count; i++) {
        llmlearn_rate arm = arms[i];
        uint32_t at = t->arm_count;

        if (arm.trials == 0)
            continue;
        if (exchange)
            arm.successes = arm.trials - arm.successes;
        for (; at > 0 && t->arms[at - 1].trials > arm.trials; at--)
            t->arms[at] = t->arms[at - 1];
        t->arms[at] = arm;
        t->arm_count++;
    }
    for (uint32_t i = t->arm_count - 1; i > 0; i--)
        t->room[i - 1] = t->room[i] + t->arms[i].trials;
}

/* Makes room for the shares of the enumerated arms; false if they are too many. */
static bool place_shares(tables *t)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i + 2 < t->arm_count; i++) {
        uint64_t most = least_of(t->arms[i].trials, t->margins.successes);
        if (most + 1 > COUNTS_MAX - used)
            return false;
        t->shares[i] = t->share + used;
        used += most + 1;
        t->taken_max += (uint32_t)most;
    }
    t->taken_max = (uint32_t)least_of(t->taken_max, t->margins.successes);
    return true;
}

/* In how many ways the enumerated arms can take 0, 1, 2 ... successes, or MANY if there are
 * more. Each arm turns every count into the sum of itself and as many before it as the arm has
 * trials: a difference of running sums. */
static void count_ways(const tables *t, uint64_t out_ways[COUNTS_MAX])
{
    memset(out_ways, 0, COUNTS_MAX * sizeof out_ways[0]);
    out_ways[0] = 1;
    for (uint32_t i = 0; i + 2 < t->arm_count; i++) {
        uint64_t before = t->arms[i].trials + 1;

        for (uint32_t taken = 1; taken <= t->taken_max; taken++)
            out_ways[taken] += out_ways[taken - 1];
        for (uint32_t taken = t->taken_max; taken >= before; taken--)
            out_ways[taken] -= out_ways[taken - before];
        for (uint32_t taken = 0; taken <= t->taken_max; taken++)
            out_ways[taken] = least_of(out_ways[taken], MANY);
    }
}

/* How many tables the last two arms can make of that many successes. */
static uint64_t family_size(const tables *t, uint64_t left)
{
    uint64_t last = t->arms[t->arm_count - 1].trials;
    uint64_t first = left > last ? left - last : 0;
    uint64_t most = least_of(t->arms[t->arm_count - 2].trials, left);
    return most < first ? 0 : most - first + 1;
}

static bool are_few(const tables *t, const uint64_t ways[COUNTS_MAX])
{
    double count = 0.0;

    for (uint32_t taken = 0; taken <= t->taken_max; taken++)
        count += (double)ways[taken] * (double)family_size(t, t->margins.successes - taken);
    return count <= LL_FREEMAN_HALTON_TABLES_MAX;
}

/* ---- what each has as its probability ---------------------------------- */

static void compute_shares(tables *t, const uint64_t ways[COUNTS_MAX])
{
    uint64_t a = t->arms[t->arm_count - 2].trials, b = t->arms[t->arm_count - 1].trials;

    for (uint32_t i = t->arm_count - 2; i-- > 0;) {
        uint64_t trials = t->arms[i].trials;
        for (uint64_t s = 0; s <= least_of(trials, t->margins.successes); s++)
            t->shares[i][s] = share_of(t, s, trials);
        t->none_share[i] = t->none_share[i + 1] + t->shares[i][0];
    }
    for (uint32_t taken = 0; taken <= t->taken_max; taken++) {
        uint64_t left = t->margins.successes - taken;
        if (ways[taken] == 0 || family_size(t, left) == 0)
            continue;
        uint64_t peak = (uint64_t)((ll_wide_u128)(a + 1) * (left + 1) / (a + b + 2));
        assert(peak <= LL_FREEMAN_HALTON_TABLES_MAX); /* each count up to it is in some table */
        t->peak[taken] = (uint32_t)peak;
        t->peak_share[taken] = share_of(t, peak, a) + share_of(t, left - peak, b);
    }
    for (uint32_t i = 0; i < t->arm_count; i++)
        t->ln_observed_share += share_of(t, t->arms[i].successes, t->arms[i].trials);
}

/* ---- which of them count ----------------------------------------------- */

/* Two arms that share `left` successes, seen from the first. */
typedef struct family {
    uint64_t first, second; /* trials */
    uint64_t left;
} family;

/* Adds the tables where the first arm has x and more successes. ln_start: of the table at x, which
 * lies at or beyond the peak, against the observed one. */
static void add_outwards(tables *t, const family *f, uint64_t x, double ln_start)
{
    uint64_t last = least_of(f->first, f->left);
    double term = 1.0, limit = exp(fmin(t->slack - ln_start, 1.0));
    double sum = 0.0;

    for (;; x++) {
        if (term <= limit)
            sum += term;
        else
            t->all_count = false;
        if (x == last || term <= sum * 1e-18)
            break;
        double up = (double)(f->first - x) * (double)(f->left - x);
        double down = (double)(x + 1) * (double)(f->second + x + 1 - f->left);
        term *= up / down;
        if (sum <= 0 && term < 1e-200) { /* far to go: begin anew from here */
            ln_start += log(term);
            limit = exp(fmin(t->slack - ln_start, 1.0));
            term = 1.0;
        }
    }
    if (sum > 0)
        t->sum += sum * exp(ln_start);
}

static void add_family(tables *t, uint64_t left, double share)
{
    uint64_t taken = t->margins.successes - left;
    family up = {
        .first = t->arms[t->arm_count - 2].trials,
        .second = t->arms[t->arm_count - 1].trials,
        .left = left,
    };
    family down = { .first = up.second, .second = up.first, .left = left };
    uint64_t peak = t->peak[taken];
    double ln_peak = t->ln_observed_share - share - t->peak_share[taken];

    add_outwards(t, &up, peak, ln_peak);
    if (peak == 0 || left - peak == down.first)
        return; /* the peak was the last one on that side */
    double ratio = (double)peak * (double)(up.second + peak - left) /
                   ((double)(up.first - peak + 1) * (double)(left - peak + 1));
    add_outwards(t, &down, left - peak + 1, ln_peak + log(ratio));
}

/* Every way in which this and the arms after it can share what is left. As deep as there are
 * arms. */
static void visit(tables *t, uint32_t arm, uint64_t left, double share)
{
    if (arm + 2 == t->arm_count || left == 0) {
        add_family(t, left, share + t->none_share[arm]);
        return;
    }
    uint64_t least = left > t->room[arm] ? left - t->room[arm] : 0;
    uint64_t most = least_of(t->arms[arm].trials, left);
    for (uint64_t s = least; s <= most; s++)
        visit(t, arm + 1, left - s, share + t->shares[arm][s]);
}

static double ln_margins(const tables *t)
{
    double sum = ll_special_ln_factorial_rest(t->margins.successes) +
                 ll_special_ln_factorial_rest(t->margins.failures) -
                 ll_special_ln_factorial_rest(t->margins.trials);

    for (uint32_t i = 0; i < t->arm_count; i++)
        sum += ll_special_ln_factorial_rest(t->arms[i].trials);
    return sum;
}

bool ll_freeman_halton_test(const llmlearn_rate *arms, uint32_t arm_count, double *out_p_value,
                            double *out_ln_p_value)
{
    tables t = { .margins = ll_margins_of(arms, arm_count), .all_count = true };
    uint64_t ways[COUNTS_MAX];
    bool exchange = t.margins.failures < t.margins.successes;

    assert(t.margins.arms_used >= 2 && t.margins.successes > 0 && t.margins.failures > 0);
    if (exchange) {
        t.margins.successes = t.margins.failures;
        t.margins.failures = t.margins.trials - t.margins.successes;
    }
    sort_arms(&t, arms, arm_count, exchange);
    if (!place_shares(&t))
        return false;
    count_ways(&t, ways);
    if (!are_few(&t, ways))
        return false;

    compute_shares(&t, ways);
    double ln_observed = ln_margins(&t) - t.ln_observed_share;
    t.slack = 1e-7 + 1e-10 + 1e-13 * fabs(ln_observed); /* and what rounding may take */
    visit(&t, 0, t.margins.successes, 0.0);

    /* The observed table is among those added, whatever the rounding. */
    double sum = fmax(t.sum, 1.0);
    *out_p_value = t.all_count ? 1.0 : fmin(sum * exp(ln_observed), 1.0);
    *out_ln_p_value = t.all_count ? 0.0 : fmin(ln_observed + log(sum), 0.0);
    return true;
}
