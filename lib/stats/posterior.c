#include "stats/posterior.h"

#include "stats/beta.h"
#include "stats/limits.h"
#include "stats/quadrature.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NODES LL_QUADRATURE_NODES

/* Deviances at which panels end: in a normal posterior 8.2, 6.5, 4.9, 3.5, 2.1 and 1 standard
 * deviations out. Beyond the first there is less than e^-34 of it (Chernoff). */
static const double levels[] = { 34.0, 21.0, 12.0, 6.0, 2.2, 0.5 };
#define LEVELS ((int)(sizeof levels / sizeof levels[0]))

/* And where the rate itself bends as a function of its log-odds. */
static const double bends[] = { -35, -20, -12, -7, -4, -2, 0, 2, 4, 7, 12, 20, 35 };
#define BENDS ((int)(sizeof bends / sizeof bends[0]))

#define BREAKS_MAX (LLMLEARN_ARMS_MAX * (2 * LEVELS + 1) + BENDS + 2)

typedef struct arm {
    double a, b, n;
    double x, y;      /* mean, and 1 - mean */
    double log_odds;  /* of the mean */
    double low, high; /* log-odds between which all of it lies */
    double peak;      /* density of the log-odds at the mean */
    double ln_front;  /* its logarithm less a ln x + b ln y there */
    double below;     /* probability below the panel at hand */
} arm;

typedef struct integral {
    uint32_t arm_count;
    arm arms[LLMLEARN_ARMS_MAX];
    int break_count;
    double breaks[BREAKS_MAX];
    double log_odds[NODES], ln_x[NODES], ln_y[NODES]; /* at the nodes of the panel at hand */
    double density[LLMLEARN_ARMS_MAX][NODES];
    double below[LLMLEARN_ARMS_MAX][NODES];
} integral;

static arm arm_of(const llmlearn_rate *counts, double prior_successes, double prior_failures)
{
    double a = (double)counts->successes + prior_successes;
    double b = (double)(counts->trials - counts->successes) + prior_failures;
    arm of = { .a = a, .b = b, .n = a + b, .x = a / (a + b), .y = b / (a + b) };

    of.log_odds = log(a / b);
    of.low = of.log_odds + ll_logit_step_to(of.x, of.y, levels[0] / of.n, -1);
    of.high = of.log_odds + ll_logit_step_to(of.x, of.y, levels[0] / of.n, 1);
    of.peak = ll_beta_logit_density(of.x, of.y, a, b);
    of.ln_front = log(of.peak) - a * log(of.x) - b * log(of.y);
    return of;
}

/* ---- panels ------------------------------------------------------------ */

static void add_break(integral *in, double at, double low, double high)
{
    if (at > low && at < high)
        in->breaks[in->break_count++] = at;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Panels shorter than a standard deviation of the narrowest posterior there are not needed. */
static void merge_panels(integral *in)
{
    int kept = 1;

    for (int i = 1; i < in->break_count; i++) {
        double at = in->breaks[i], from = in->breaks[kept - 1];
        double narrowest = INFINITY;
        for (uint32_t j = 0; j < in->arm_count; j++) {
            const arm *of = &in->arms[j];
            if (of->high > from && of->low < at)
                narrowest = fmin(narrowest, 1.0 / sqrt(of->n * of->x * of->y));
        }
        if (i == in->break_count - 1 || at - from >= fmin(narrowest, 1.0))
            in->breaks[kept++] = at;
    }
    in->break_count = kept;
}

/* From where the last posterior begins to where the last ends: below, some arm is surely higher;
 * above, none is. */
static void lay_panels(integral *in)
{
    double low = -INFINITY, high = -INFINITY;

    for (uint32_t j = 0; j < in->arm_count; j++) {
        low = fmax(low, in->arms[j].low);
        high = fmax(high, in->arms[j].high);
    }
    in->breaks[in->break_count++] = low;
    in->breaks[in->break_count++] = high;
    for (uint32_t j = 0; j < in->arm_count; j++) {
        const arm *of = &in->arms[j];
        add_break(in, of->log_odds, low, high);
        for (int i = 1; i < LEVELS; i++) {
            double divergence = levels[i] / of->n;
            add_break(in, of->log_odds + ll_logit_step_to(of->x, of->y, divergence, -1), low, high);
            add_break(in, of->log_odds + ll_logit_step_to(of->x, of->y, divergence, 1), low, high);
        }
        add_break(in, of->high, low, high);
    }
    for (int i = 0; i < BENDS; i++)
        add_break(in, bends[i], low, high);
    qsort(in->breaks, (size_t)in->break_count, sizeof in->breaks[0], by_value);
    merge_panels(in);
}

/* ---- one panel --------------------------------------------------------- */

static void place_nodes(integral *in, double start, double width)
{
    for (int i = 0; i < NODES; i++) {
        double log_odds = start + width * ll_quadrature_nodes[i];
        double shrunk = log1p(exp(-fabs(log_odds)));
        in->log_odds[i] = log_odds;
        in->ln_x[i] = fmin(log_odds, 0.0) - shrunk;
        in->ln_y[i] = fmin(-log_odds, 0.0) - shrunk;
    }
}

/* The sum a ln x + b ln y is good while a + b is not so large that its digits run out; beyond,
 * the divergence from the mean is taken without it. */
static double density_at(const integral *in, const arm *of, int i)
{
    if (of->n <= 1e5)
        return exp(of->ln_front + of->a * in->ln_x[i] + of->b * in->ln_y[i]);
    double step = in->log_odds[i] - of->log_odds;
    return of->peak * exp(-of->n * ll_logit_divergence(of->x, of->y, step));
}

/* The density of an arm at the nodes, and the probability below them. */
static void fill_arm(integral *in, uint32_t j, double start, double width)
{
    arm *of = &in->arms[j];
    double running[NODES];
    double sum = 0.0;

    if (start >= of->high) {
        for (int i = 0; i < NODES; i++) {
            in->density[j][i] = 0.0;
            in->below[j][i] = 1.0;
        }
        return;
    }
    for (int i = 0; i < NODES; i++) {
        in->density[j][i] = density_at(in, of, i);
        sum += ll_quadrature_weights[i] * in->density[j][i];
    }
    ll_quadrature_running(in->density[j], running);
    for (int i = 0; i < NODES; i++)
        in->below[j][i] = fmin(of->below + width * running[i], 1.0);
    of->below = fmin(of->below + width * sum, 1.0);
}

/* Adds up who is the best at one node, given the probabilities below it. */
static double add_node(const integral *in, int i, double weight, double *best)
{
    double others[LLMLEARN_ARMS_MAX];
    double product = 1.0;

    for (uint32_t j = 0; j < in->arm_count; j++) {
        others[j] = product;
        product *= in->below[j][i];
    }
    double all = product;
    product = 1.0;
    for (uint32_t j = in->arm_count; j-- > 0;) {
        best[j] += weight * in->density[j][i] * others[j] * product;
        product *= in->below[j][i];
    }
    return all;
}

/* Returns the integral of P(highest rate > rate) over the panel. */
static double add_panel(integral *in, double start, double end, double *best)
{
    double width = end - start;
    double above = 0.0;

    place_nodes(in, start, width);
    for (uint32_t j = 0; j < in->arm_count; j++)
        fill_arm(in, j, start, width);
    for (int i = 0; i < NODES; i++) {
        double weight = width * ll_quadrature_weights[i];
        double all = add_node(in, i, weight, best);
        above += weight * (1.0 - all) * exp(in->ln_x[i] + in->ln_y[i]); /* d rate / d log-odds */
    }
    return above;
}

/* ---- the whole --------------------------------------------------------- */

/* Fills best_ratio; returns E[highest rate]. */
static double integrate(integral *in, double *best)
{
    double low = in->breaks[0];
    ll_logit_point at = ll_logit_move(0.5, 0.5, low);
    double expected = at.x;
    double sum = 0.0;

    for (uint32_t j = 0; j < in->arm_count; j++) {
        arm *of = &in->arms[j];
        of->below = of->high <= low ? 1.0 : ll_beta_cdf(at.x, at.y, of->a, of->b).lower;
    }
    for (int i = 0; i + 1 < in->break_count; i++)
        expected += add_panel(in, in->breaks[i], in->breaks[i + 1], best);
    for (uint32_t j = 0; j < in->arm_count; j++)
        sum += best[j];
    for (uint32_t j = 0; j < in->arm_count; j++)
        best[j] /= sum; /* 1 but for the quadrature's error */
    return fmin(expected, 1.0);
}

static void describe_arm(const arm *of, double confidence, uint32_t j, llmlearn_posterior *out)
{
    double tail = 0.5 * (1.0 - confidence);

    out->mean[j] = of->x;
    out->low[j] = ll_beta_quantile(tail, of->a, of->b);
    out->high[j] = fmax(ll_beta_upper_quantile(tail, of->a, of->b), out->low[j]);
    out->expected_loss[j] = fmin(fmax(out->best_expected - of->x, 0.0), 1.0);
}

void ll_posterior(const llmlearn_rate *arms, uint32_t arm_count, double prior_successes,
                  double prior_failures, double confidence, llmlearn_posterior *out)
{
    integral in = { .arm_count = arm_count };
    uint32_t struct_size = out->struct_size;

    assert(arm_count >= 1 && arm_count <= LLMLEARN_ARMS_MAX);
    assert(prior_successes >= LL_POSTERIOR_PRIOR_MIN && prior_failures >= LL_POSTERIOR_PRIOR_MIN);
    assert(confidence > 0 && confidence < 1);
    for (uint32_t j = 0; j < arm_count; j++) {
        assert(arms[j].successes <= arms[j].trials && arms[j].trials <= LL_STATS_COUNT_MAX);
        in.arms[j] = arm_of(&arms[j], prior_successes, prior_failures);
    }
    *out = (llmlearn_posterior){ .struct_size = struct_size, .status = LLMLEARN_STATS_OK };
    lay_panels(&in);
    out->best_expected = integrate(&in, out->best_ratio);
    for (uint32_t j = 0; j < arm_count; j++)
        describe_arm(&in.arms[j], confidence, j, out);
}
