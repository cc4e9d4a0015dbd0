#include "experiment/guardrail.h"

#include "experiment/unit_mean.h"
#include "stats/mean.h"

#include <assert.h>

#define ALPHA 0.05
#define LATENCY_MARGIN 0.2     /* of the champion's */
#define COST_MARGIN 0.2        /* of the champion's */
#define FAILURE_MARGIN_PPM 1e4 /* one point */
#define RATING_MARGIN 0.1      /* stars */
#define STARS 5

const char *ll_guardrail_name(ll_guardrail_kind kind)
{
    static const char *const names[LL_GUARDRAIL_COUNT] = { "latency", "cost", "failures",
                                                           "rating" };

    assert(kind < LL_GUARDRAIL_COUNT);
    return names[kind];
}

const char *ll_guardrail_word(int32_t guardrail)
{
    switch (guardrail) {
    case LLMLEARN_GUARDRAIL_PASS:
        return "pass";
    case LLMLEARN_GUARDRAIL_FAIL:
        return "fail";
    default:
        return "unknown";
    }
}

/* No worse by more than a fixed number: the same as no worse at all than that much more. */
static void test_shifted(llmlearn_mean champion, const llmlearn_mean *variant, double shift,
                         llmlearn_noninferiority *out)
{
    champion.mean += shift;
    ll_mean_not_worse(&champion, variant, 0.0, ALPHA, out);
}

/* Stars short of five: lower is better, as for all the others. */
static llmlearn_mean stars_missing(const ll_ab_arm *arm)
{
    double count = 0, sum = 0, squares = 0;

    for (int i = 0; i < STARS; i++) {
        double votes = (double)arm->first_rating[i], missing = STARS - 1 - i;
        count += votes;
        sum += votes * missing;
    }
    llmlearn_mean mean = { .count = (uint64_t)count, .mean = count > 0 ? sum / count : 0 };
    for (int i = 0; i < STARS; i++) {
        double apart = STARS - 1 - i - mean.mean;
        squares += (double)arm->first_rating[i] * apart * apart;
    }
    if (count > 1)
        mean.variance = squares / (count - 1);
    return mean;
}

static void test_ratings(const ll_ab_arm *champion, const ll_ab_arm *variant,
                         llmlearn_noninferiority *out)
{
    const llmlearn_mean ours = stars_missing(variant);

    test_shifted(stars_missing(champion), &ours, RATING_MARGIN, out);
}

static void test_failures(const ll_ab_arm *champion, const ll_ab_arm *variant,
                          llmlearn_noninferiority *out)
{
    const llmlearn_mean ours = ll_unit_mean_of(&variant->failure_ppm);

    test_shifted(ll_unit_mean_of(&champion->failure_ppm), &ours, FAILURE_MARGIN_PPM, out);
}

static void test_relative(const ll_ab_moments *champion, const ll_ab_moments *variant,
                          double margin, llmlearn_noninferiority *out)
{
    const llmlearn_mean theirs = ll_unit_mean_of(champion), ours = ll_unit_mean_of(variant);

    ll_mean_not_worse(&theirs, &ours, margin, ALPHA, out);
}

void ll_guardrail_test(ll_guardrail_kind kind, const ll_ab_arm *champion, const ll_ab_arm *variant,
                       llmlearn_noninferiority *out)
{
    switch (kind) {
    case LL_GUARDRAIL_LATENCY:
        test_relative(&champion->latency_us, &variant->latency_us, LATENCY_MARGIN, out);
        return;
    case LL_GUARDRAIL_COST:
        test_relative(&champion->cost_nanousd_mean, &variant->cost_nanousd_mean, COST_MARGIN, out);
        return;
    case LL_GUARDRAIL_FAILURES:
        test_failures(champion, variant, out);
        return;
    default:
        test_ratings(champion, variant, out);
        return;
    }
}
