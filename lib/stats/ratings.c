#include "stats/ratings.h"

#include "stats/limits.h"
#include "stats/normal.h"
#include "stats/student_t.h"
#include "stats/welch.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

/* Stars counted from 0: means move by one, differences and squares about the
 * mean do not, and a mean of 5 stars comes out as no more. */
typedef struct side {
    const uint64_t *counts;
    uint64_t count;
    uint64_t total;       /* sum of stars */
    ll_wide_u128 squares; /* count times the sum of squares about the mean */
} side;

static side sum_up(const uint64_t *counts)
{
    side s = { .counts = counts };
    uint64_t squared = 0;

    for (uint64_t stars = 0; stars < LL_RATINGS_STARS; stars++) {
        assert(counts[stars] <= LL_STATS_COUNT_MAX);
        s.count += counts[stars];
        s.total += counts[stars] * stars;
        squared += counts[stars] * stars * stars;
    }
    s.squares = (ll_wide_u128)s.count * squared - (ll_wide_u128)s.total * s.total;
    return s;
}

/* ---- ranks ---- */

/* Pairs of a rating from each side: those won by the variant less those lost. */
static ll_wide_i128 pairs_ahead(const side *control, const side *variant)
{
    uint64_t below = 0;
    ll_wide_i128 ahead = 0;

    for (int k = 0; k < LL_RATINGS_STARS; k++) {
        uint64_t above = control->count - below - control->counts[k];
        ahead += (ll_wide_i128)variant->counts[k] * below;
        ahead -= (ll_wide_i128)variant->counts[k] * above;
        below += control->counts[k];
    }
    return ahead;
}

/* N^3 less the cubes of the ties, a third of it, as a sum of what each category
 * adds to those below it: (b + t)^3 - b^3 - t^3 = 3 b t (b + t). */
static double untied(const side *control, const side *variant)
{
    uint64_t below = 0;
    double sum = 0.0;

    for (int k = 0; k < LL_RATINGS_STARS; k++) {
        uint64_t tied = control->counts[k] + variant->counts[k];
        sum += (double)below * (double)tied * (double)(below + tied);
        below += tied;
    }
    return sum;
}

static void compare_ranks(const side *control, const side *variant, llmlearn_ratings *out)
{
    double everyone = (double)(control->count + variant->count);
    ll_wide_u128 pairs = (ll_wide_u128)control->count * variant->count;
    ll_wide_i128 ahead = pairs_ahead(control, variant);
    double u_twice = (double)(pairs + (ll_wide_u128)ahead);
    double untied_sum = untied(control, variant);

    out->u = 0.5 * u_twice;
    out->superiority = u_twice / (2.0 * (double)pairs);
    if (untied_sum <= 0.0) {
        out->status = LLMLEARN_STATS_NO_VARIATION;
        return;
    }
    /* All in units of half a pair: twice the deviation of U, and 1 for continuity. */
    double deviation = sqrt((double)pairs * untied_sum / everyone / (everyone - 1.0));
    ll_wide_i128 distance = ahead < 0 ? -ahead : ahead;
    out->status = LLMLEARN_STATS_OK;
    out->z = (double)ahead / deviation;
    if (distance > 1)
        out->p_value = 2.0 * ll_normal_sf((double)(distance - 1) / deviation);
}

/* ---- means ---- */

static double mean(const side *s)
{
    return s->count == 0 ? 0.0 : 1.0 + (double)s->total / (double)s->count;
}

static double variance(const side *s)
{
    if (s->count < 2)
        return 0.0;
    return (double)s->squares / ((double)s->count * (double)(s->count - 1));
}

static ll_welch_side welch_side(const side *s)
{
    return (ll_welch_side){ .count = s->count, .error = sqrt(variance(s) / (double)s->count) };
}

static int32_t status_of_means(const side *control, const side *variant)
{
    if (control->count == 0 || variant->count == 0)
        return LLMLEARN_STATS_NO_DATA;
    if (control->count < 2 || variant->count < 2)
        return LLMLEARN_STATS_TOO_FEW;
    if (control->squares == 0 && variant->squares == 0)
        return LLMLEARN_STATS_NO_VARIATION;
    return LLMLEARN_STATS_OK;
}

static void compare_means(const side *control, const side *variant, double confidence,
                          llmlearn_ratings *out)
{
    ll_wide_i128 cross = (ll_wide_i128)variant->total * control->count;

    cross -= (ll_wide_i128)control->total * variant->count;
    out->difference = (double)cross / ((double)control->count * (double)variant->count);
    out->low = out->high = out->difference;
    if (out->mean_status != LLMLEARN_STATS_OK)
        return;
    ll_welch test = ll_welch_test(out->difference, welch_side(control), welch_side(variant));
    double reach = test.error * ll_student_t_two_sided(confidence, test.degrees);
    out->low = out->difference - reach;
    out->high = out->difference + reach;
    out->t = test.t;
    out->degrees = test.degrees;
    out->mean_p_value = fmin(2.0 * ll_student_t_sf(fabs(test.t), test.degrees), 1.0);
}

void ll_ratings_compare(const uint64_t control[LL_RATINGS_STARS],
                        const uint64_t variant[LL_RATINGS_STARS], double confidence,
                        llmlearn_ratings *out)
{
    side c = sum_up(control), v = sum_up(variant);
    uint32_t struct_size = out->struct_size;

    assert(confidence > 0 && confidence < 1);
    *out = (llmlearn_ratings){
        .struct_size = struct_size,
        .status = LLMLEARN_STATS_NO_DATA,
        .mean_status = status_of_means(&c, &v),
        .superiority = 0.5,
        .p_value = 1.0,
        .control_mean = mean(&c),
        .variant_mean = mean(&v),
        .control_variance = variance(&c),
        .variant_variance = variance(&v),
        .mean_p_value = 1.0,
    };
    if (c.count == 0 || v.count == 0)
        return;
    compare_ranks(&c, &v, out);
    compare_means(&c, &v, confidence, out);
}
