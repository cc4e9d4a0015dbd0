#include "stats/score.h"

#include "stats/limits.h"
#include "stats/normal.h"

#include <assert.h>
#include <math.h>

/* Newton's steps take about 5 from a good start, and at the worst double t each. */
#define STEPS_MAX 200

/* Differences, and quantiles, closer to 0 than this are 0: their squares have to be doubles. */
static const double nothing = 1e-100;

/* An arm whose rate moves: the share of its outcomes that grows, and of those that shrink. */
typedef struct arm {
    double trials;
    double share, room; /* sum 1 */
    double middle;      /* (room - share), from the counts */
} arm;

static arm make_arm(uint64_t growing, uint64_t trials)
{
    double n = (double)trials;
    double grows = (double)growing, shrinks = (double)(trials - growing);

    return (arm){
        .trials = n,
        .share = grows / n,
        .room = shrinks / n,
        .middle = (shrinks - grows) / n,
    };
}

/* The x with n t x = (share + x)(room - x), and adds its slope. */
static double move(const arm *a, double t, double *slope)
{
    double b = a->trials * t - a->middle;
    double product = a->share * a->room;
    double root = sqrt(b * b + 4.0 * product);
    double x = b > 0 ? 2.0 * product / (b + root) : 0.5 * (root - b);

    if (root > 0)
        *slope -= a->trials * x / root;
    return x;
}

/* The t where both moves are w + k t. room: what both moves may be at the most, less w. */
static double solve(const arm *a, const arm *b, double w, double room, double k)
{
    double variance = a->share * a->room / a->trials + b->share * b->room / b->trials;
    /* A step from t = 0: never past the solution. */
    double least = room / (a->trials * a->room + b->trials * b->room + k);
    double t = fmax(k > 0 ? sqrt(variance / k) : variance / w, least);

    assert(w >= 0 && room >= 0 && k >= 0 && (w > 0 || k > 0));
    for (int i = 0; i < STEPS_MAX; i++) {
        double slope = -k;
        double moved = move(a, t, &slope);
        moved += move(b, t, &slope);
        double gap = moved - w - k * t;
        double next = slope < 0 ? fmax(t - gap / slope, least) : least;
        /* From the second on they grow, until rounding ends it. */
        if (next == t || (i > 0 && next < t))
            break;
        t = next;
    }
    return t;
}

/* How far below the observed difference the low end is. */
static double gap_below(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                        uint64_t trials_2, double square)
{
    arm control = make_arm(successes_1, trials_1);
    arm variant = make_arm(trials_2 - successes_2, trials_2);
    return square * solve(&control, &variant, 0.0, control.room + variant.room, square);
}

/* N/(N-1) */
static double correction(uint64_t trials_1, uint64_t trials_2)
{
    double n = (double)(trials_1 + trials_2);
    return n / (n - 1.0);
}

ll_interval ll_score_interval(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                              uint64_t trials_2, double z)
{
    assert(trials_1 <= LL_STATS_COUNT_MAX && successes_1 <= trials_1);
    assert(trials_2 <= LL_STATS_COUNT_MAX && successes_2 <= trials_2);
    assert(z > 0);

    if (trials_1 == 0 || trials_2 == 0)
        return (ll_interval){ .low = -1.0, .high = 1.0, .no_data = true };

    double square = fmax(z * z, nothing * nothing) * correction(trials_1, trials_2);
    double difference = ll_interval_difference(successes_1, trials_1, successes_2, trials_2);
    double below = gap_below(successes_1, trials_1, successes_2, trials_2, square);
    double above = gap_below(successes_2, trials_2, successes_1, trials_1, square);
    return (ll_interval){
        .low = fmax(difference - below, -1.0),
        .high = fmin(difference + above, 1.0),
    };
}

/* z of p2 - p1 = d, which is below the observed difference by w > 0. */
static double statistic(const llmlearn_rate *one, const llmlearn_rate *two, double d, double w)
{
    arm first = make_arm(one->successes, one->trials);
    arm second = make_arm(two->trials - two->successes, two->trials);
    double t = solve(&first, &second, w, 1.0 + d, 0.0);

    return sqrt(w / (t * correction(one->trials, two->trials)));
}

void ll_score_not_worse(const llmlearn_rate *control, const llmlearn_rate *variant, double margin,
                        double alpha, llmlearn_noninferiority *out)
{
    assert(margin >= 0 && margin < 1);
    assert(alpha > 0 && alpha < 1);

    *out = (llmlearn_noninferiority){
        .status = LLMLEARN_STATS_NO_DATA,
        .p_value = 1.0,
        .p_worse = 1.0,
    };
    if (control->trials == 0 || variant->trials == 0)
        return;

    uint64_t successes = control->successes + variant->successes;
    double w = margin + ll_interval_difference(control->successes, control->trials,
                                               variant->successes, variant->trials);
    out->status = LLMLEARN_STATS_OK;
    if (w > nothing)
        out->statistic = statistic(control, variant, -margin, w);
    else if (w < -nothing)
        out->statistic = -statistic(variant, control, margin, -w);
    else if (successes == 0 || successes == control->trials + variant->trials) {
        out->status = LLMLEARN_STATS_NO_VARIATION;
        return;
    }
    out->p_value = ll_normal_sf(out->statistic);
    out->p_worse = ll_normal_cdf(out->statistic);
    /* Only the side that the statistic is on can be shown, even if alpha is above 1/2. */
    if (out->statistic > 0 && out->p_value < alpha)
        out->guardrail = LLMLEARN_GUARDRAIL_PASS;
    else if (out->statistic < 0 && out->p_worse < alpha)
        out->guardrail = LLMLEARN_GUARDRAIL_FAIL;
}
