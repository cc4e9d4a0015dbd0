/* Are the ratings better, a mean no worse, users' own rates alike? And what happened? */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/cluster.h"
#include "stats/describe.h"
#include "stats/mean.h"
#include "stats/ratings.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- ratings ---- */

static llmlearn_err check_stars(const char *what, const uint64_t *counts)
{
    llmlearn_err err = ll_stats_check_pointer(what, counts);

    for (int i = 0; err == LLMLEARN_OK && i < LL_RATINGS_STARS; i++)
        if (counts[i] > LLMLEARN_COUNT_MAX)
            err = ll_fail(LLMLEARN_EINVAL, "%s[%d]: %" PRIu64 " ratings; at most 2^53", what, i,
                          counts[i]);
    return err;
}

llmlearn_err llmlearn_stats_ratings(const uint64_t *control, const uint64_t *variant,
                                    double confidence, llmlearn_ratings *out_ratings)
{
    llmlearn_ratings ours = { .struct_size = sizeof ours };
    llmlearn_err err = check_stars("control", control);

    if (err == LLMLEARN_OK)
        err = check_stars("variant", variant);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_ratings", out_ratings, sizeof ours);
    if (err != LLMLEARN_OK)
        return err;
    ll_ratings_compare(control, variant, confidence, &ours);
    ll_arguments_write(out_ratings, &ours, sizeof ours);
    return LLMLEARN_OK;
}

/* ---- means ---- */

/* What is undefined for so few values is not looked at: it may be a NaN. */
static llmlearn_err check_mean(const char *what, const llmlearn_mean *mean, double mean_min)
{
    if (mean == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: NULL; a mean is required", what);
    if (mean->count > LLMLEARN_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "%s.count: %" PRIu64 "; at most 2^53", what, mean->count);
    if (mean->count >= 1 && !(mean->mean >= mean_min && mean->mean <= DBL_MAX))
        return ll_fail(LLMLEARN_EINVAL, "%s.mean: %g; must be %s", what, mean->mean,
                       mean_min < 0 ? "finite" : "finite and not negative");
    if (mean->count >= 2 && !(mean->variance >= 0 && mean->variance <= DBL_MAX))
        return ll_fail(LLMLEARN_EINVAL, "%s.variance: %g; must be finite and not negative", what,
                       mean->variance);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_mean_not_worse(const llmlearn_mean *control,
                                           const llmlearn_mean *variant, double margin,
                                           double alpha_ratio, llmlearn_noninferiority *out_result)
{
    llmlearn_noninferiority ours = { .struct_size = sizeof ours };
    llmlearn_err err = check_mean("control", control, 0.0);

    if (err == LLMLEARN_OK)
        err = check_mean("variant", variant, -DBL_MAX);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("margin", margin, -1.0, LL_MEAN_MARGIN_MAX);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("alpha_ratio", alpha_ratio);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_result", out_result, sizeof ours);
    if (err != LLMLEARN_OK)
        return err;
    ll_mean_not_worse(control, variant, margin, alpha_ratio, &ours);
    ll_arguments_write(out_result, &ours, sizeof ours);
    return LLMLEARN_OK;
}

/* ---- clusters ---- */

static llmlearn_err check_cluster(const char *what, const llmlearn_cluster *arm)
{
    const char *fault;

    if (arm == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: NULL; an arm's sums are required", what);
    fault = ll_cluster_fault(arm);
    if (fault != NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s.%s; no units have such sums", what, fault);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_clustered(const llmlearn_cluster *arm, double confidence,
                                      llmlearn_clustered *out_clustered)
{
    llmlearn_clustered ours = { .struct_size = sizeof ours };
    llmlearn_err err = check_cluster("arm", arm);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_clustered", out_clustered, sizeof ours);
    if (err != LLMLEARN_OK)
        return err;
    ll_cluster_rate(arm, confidence, &ours);
    ll_arguments_write(out_clustered, &ours, sizeof ours);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_clustered_difference(const llmlearn_cluster *control,
                                                 const llmlearn_cluster *variant, double confidence,
                                                 llmlearn_clustered_difference *out_difference)
{
    llmlearn_clustered_difference ours = { .struct_size = sizeof ours };
    llmlearn_err err = check_cluster("control", control);

    if (err == LLMLEARN_OK)
        err = check_cluster("variant", variant);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_difference", out_difference, sizeof ours);
    if (err != LLMLEARN_OK)
        return err;
    ll_cluster_difference(control, variant, confidence, &ours);
    ll_arguments_write(out_difference, &ours, sizeof ours);
    return LLMLEARN_OK;
}

/* ---- values ---- */

static llmlearn_err check_values(const double *values, size_t count)
{
    if (count > LL_DESCRIBE_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "count: %zu values; at most 2^32", count);
    if (values == NULL && count > 0)
        return ll_fail(LLMLEARN_EINVAL, "values: NULL, but a count of %zu", count);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return ll_fail(LLMLEARN_EINVAL, "values[%zu]: %g; must be finite", i, values[i]);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_summary(const double *values, size_t count,
                                    llmlearn_summary *out_summary)
{
    llmlearn_summary ours = { .struct_size = sizeof ours };
    uint64_t *workspace = NULL;
    llmlearn_err err = check_values(values, count);

    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_summary", out_summary, sizeof ours);
    if (err != LLMLEARN_OK)
        return err;
    if (count > 0) {
        workspace = calloc(count, LL_DESCRIBE_BYTES_PER_VALUE); /* checks the product */
        if (workspace == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "no memory to sort %zu values", count);
    }
    ll_describe(values, count, workspace, &ours);
    free(workspace);
    ll_arguments_write(out_summary, &ours, sizeof ours);
    return LLMLEARN_OK;
}
