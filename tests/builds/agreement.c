/* agreement.c - all public statistics of the inputs of the reference cases and of some thousand
 * seeded ones. One line says what was found of each, then a line for each function digests all
 * the bits of its results:
 *
 *   agreement ROOT [inputs]
 *
 *   association 17: err 0 status 0 method 1 arms 2 ...
 *   digest association 1234 inputs 9ae16a3b2f90404f
 *
 * agreement_test.sh builds it by several compilers and compares what they print. */
#include "llmlearn.h"
#include "support/any_numbers.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum function {
    ASSOCIATION,
    RATE,
    DIFFERENCE,
    HOLM,
    PLAN,
    ASSOCIATION_POWER,
    SPLIT,
    EPROCESS,
    LOOK_BOUNDS,
    POSTERIOR,
    RATINGS,
    RATE_NOT_WORSE,
    MEAN_NOT_WORSE,
    CLUSTERED,
    CLUSTERED_DIFFERENCE,
    SUMMARY,
    COMPARE_VARIANTS,
    FUNCTIONS
} function;

static const char *const names[FUNCTIONS] = {
    "association",
    "rate",
    "difference",
    "holm",
    "plan",
    "association_power",
    "split",
    "eprocess",
    "look_bounds",
    "posterior",
    "ratings",
    "rate_not_worse",
    "mean_not_worse",
    "clustered",
    "clustered_difference",
    "summary",
    "compare_variants",
};

static uint64_t digests[FUNCTIONS];
static unsigned counts[FUNCTIONS];

/* FNV-1a, 64 bits. */
static void digest(function f, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    if (counts[f] == 0 && digests[f] == 0)
        digests[f] = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        digests[f] = (digests[f] ^ byte[i]) * UINT64_C(0x100000001b3);
}

/* What was found, as whole numbers; then the results' bits, unless the call was refused. */
static void say(function f, llmlearn_err err, const void *bytes, size_t size, int verdicts, ...)
{
    va_list list;

    printf("%s %u: err %d", names[f], counts[f], (int)err);
    va_start(list, verdicts);
    for (int i = 0; i < verdicts && err == LLMLEARN_OK; i++)
        printf(" %d", va_arg(list, int));
    va_end(list);
    putchar('\n');
    if (err == LLMLEARN_OK)
        digest(f, bytes, size);
    counts[f]++;
}

/* ---- the calls --------------------------------------------------------- */

static void compare(const llmlearn_comparison *comparison)
{
    llmlearn_compared got = { .struct_size = sizeof got };
    char *json = NULL;
    llmlearn_err err = llmlearn_compare_variants(comparison, &got, &json);
    double bits[3] = { got.confidence, got.p_value, got.effect_size };

    if (err == LLMLEARN_OK) {
        printf("compare_variants: %s\n", got.status);
        digest(COMPARE_VARIANTS, json, strlen(json));
    }
    say(COMPARE_VARIANTS, err, bits, sizeof bits, 2, got.winner, (int)got.promotable);
    llmlearn_free(json);
}

static void associate(const llmlearn_rate *arms, uint32_t count)
{
    llmlearn_association got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_association(arms, count, &got);

    say(ASSOCIATION, err, &got, sizeof got, 4, got.status, got.method, (int)got.arms_used,
        (int)got.cells_low);
}

static void decide(const llmlearn_rate *arms, uint32_t count, uint64_t trials_min)
{
    llmlearn_comparison comparison = { .struct_size = sizeof comparison };

    comparison.arms = arms;
    comparison.arm_count = count;
    comparison.trials_min = trials_min;
    compare(&comparison);
}

static void bound(llmlearn_rate arm, double confidence)
{
    for (int32_t method = LLMLEARN_INTERVAL_WILSON; method <= LLMLEARN_INTERVAL_SEQUENCE;
         method++) {
        llmlearn_interval got = { .struct_size = sizeof got };
        llmlearn_err err = llmlearn_stats_rate(&arm, confidence, method, &got);

        say(RATE, err, &got, sizeof got, 1, got.status);
    }
}

static void differ(llmlearn_rate control, llmlearn_rate variant, double confidence)
{
    for (int32_t method = LLMLEARN_INTERVAL_NEWCOMBE;
         method <= LLMLEARN_INTERVAL_MIETTINEN_NURMINEN; method++) {
        llmlearn_difference got = { .struct_size = sizeof got };
        llmlearn_err err = llmlearn_stats_difference(&control, &variant, confidence, method, &got);

        say(DIFFERENCE, err, &got, sizeof got, 4, got.status, (int)got.has_lift, got.low > 0,
            got.high < 0);
    }
}

static void adjust(const double *p_values, uint32_t count)
{
    double got[LLMLEARN_ARMS_MAX];
    llmlearn_err err = llmlearn_stats_holm(p_values, count, got);

    say(HOLM, err, got, count * sizeof *got, 0);
}

static void plan_all(const llmlearn_plan *plan)
{
    llmlearn_err (*const calls[])(const llmlearn_plan *, llmlearn_planned *) = {
        llmlearn_stats_sample_size, llmlearn_stats_power, llmlearn_stats_detectable_effect
    };

    for (int i = 0; i < 3; i++) {
        llmlearn_planned got = { .struct_size = sizeof got };
        llmlearn_err err = calls[i](plan, &got);

        say(PLAN, err, &got, sizeof got, 1, got.status);
        if (err == LLMLEARN_OK)
            printf("plan: %llu %llu %llu\n", (unsigned long long)got.control_trials_up,
                   (unsigned long long)got.variant_trials_up, (unsigned long long)got.units_up);
    }
}

static void find_power(const double *rates, uint32_t count, double trials, double alpha)
{
    double got = 0;
    llmlearn_err err = llmlearn_stats_association_power(rates, count, trials, alpha, &got);

    say(ASSOCIATION_POWER, err, &got, sizeof got, 0);
}

static void split(const uint64_t *seen, const double *weights, uint32_t count, double concentration)
{
    llmlearn_split got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_split(seen, weights, count, concentration, &got);

    say(SPLIT, err, &got, sizeof got, 4, got.status, (int)got.degrees,
        got.p_value<0.001, got.ln_e_value> 6.9);
}

static void look(const double *information, uint32_t count, double end, double alpha,
                 uint32_t flags)
{
    double got[2][LLMLEARN_LOOKS_MAX] = { { 0 } };
    llmlearn_err err =
        llmlearn_stats_look_bounds(information, count, end, alpha, flags, got[0], got[1]);

    say(LOOK_BOUNDS, err, got, sizeof got, 0);
}

static void believe(const llmlearn_rate *arms, uint32_t count, double confidence)
{
    llmlearn_posterior got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_posterior(arms, count, 0, 0, confidence, &got);
    int best = 0;

    for (int i = 0; i < (int)count; i++)
        best = got.best_ratio[i] > got.best_ratio[best] ? i : best;
    say(POSTERIOR, err, &got, sizeof got, 2, got.status, best);
}

static void rate_stars(const uint64_t *control, const uint64_t *variant, double confidence)
{
    llmlearn_ratings got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_ratings(control, variant, confidence, &got);

    say(RATINGS, err, &got, sizeof got, 3, got.status, got.mean_status, got.p_value < 0.05);
}

static void guard_rate(llmlearn_rate control, llmlearn_rate variant, double margin, double alpha,
                       uint32_t flags)
{
    llmlearn_noninferiority got = { .struct_size = sizeof got };
    llmlearn_err err =
        llmlearn_stats_rate_not_worse(&control, &variant, margin, alpha, flags, &got);

    say(RATE_NOT_WORSE, err, &got, sizeof got, 2, got.status, got.guardrail);
}

static void guard_mean(llmlearn_mean control, llmlearn_mean variant, double margin, double alpha)
{
    llmlearn_noninferiority got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_mean_not_worse(&control, &variant, margin, alpha, &got);

    say(MEAN_NOT_WORSE, err, &got, sizeof got, 2, got.status, got.guardrail);
}

static void cluster(const llmlearn_cluster *control, const llmlearn_cluster *variant,
                    double confidence)
{
    llmlearn_clustered one = { .struct_size = sizeof one };
    llmlearn_clustered_difference both = { .struct_size = sizeof both };
    llmlearn_err err = llmlearn_stats_clustered(control, confidence, &one);

    say(CLUSTERED, err, &one, sizeof one, 1, one.status);
    err = llmlearn_stats_clustered_difference(control, variant, confidence, &both);
    say(CLUSTERED_DIFFERENCE, err, &both, sizeof both, 2, both.status, both.p_value < 0.05);
}

static void describe(const double *values, size_t count)
{
    llmlearn_summary got = { .struct_size = sizeof got };
    llmlearn_err err = llmlearn_stats_summary(values, count, &got);

    say(SUMMARY, err, &got, sizeof got, 1, got.status);
}

/* ---- inputs of the reference cases ------------------------------------- */

static double number(json_t *in, const char *name)
{
    json_t *value = json_object_get(in, name);

    return json_is_string(value) ? strtod(json_string_value(value), NULL)
                                 : json_number_value(value);
}

static uint64_t whole(json_t *value)
{
    return (uint64_t)json_integer_value(value);
}

static bool has(json_t *in, const char *name)
{
    return json_object_get(in, name) != NULL;
}

static llmlearn_rate rate_at(json_t *in, const char *successes, const char *trials)
{
    return (llmlearn_rate){ whole(json_object_get(in, successes)),
                            whole(json_object_get(in, trials)) };
}

static uint32_t numbers(json_t *array, double *out, uint32_t limit)
{
    uint32_t count = (uint32_t)json_array_size(array);

    count = count > limit ? limit : count;
    for (uint32_t i = 0; i < count; i++)
        out[i] = json_number_value(json_array_get(array, i));
    return count;
}

static void take_arms(json_t *in)
{
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];
    json_t *successes = json_object_get(in, "succ"), *trials = json_object_get(in, "n");
    uint32_t count = (uint32_t)json_array_size(successes);

    for (uint32_t i = 0; i < count; i++)
        arms[i] = (llmlearn_rate){ whole(json_array_get(successes, i)),
                                   whole(json_array_get(trials, i)) };
    associate(arms, count);
    decide(arms, count, has(in, "min_n") ? whole(json_object_get(in, "min_n")) : 1);
    believe(arms, count, 0.95);
}

static void take_pair(json_t *in)
{
    llmlearn_rate arms[] = { rate_at(in, "s1", "n1"), rate_at(in, "s2", "n2") };

    associate(arms, 2);
    differ(arms[0], arms[1], has(in, "conf") ? number(in, "conf") : 0.95);
    guard_rate(arms[0], arms[1], has(in, "margin") ? number(in, "margin") : 0.02, 0.05,
               LLMLEARN_LOWER_IS_BETTER);
    guard_rate(arms[0], arms[1], has(in, "margin") ? number(in, "margin") : 0.02, 0.05, 0);
}

static void take_plan(json_t *in)
{
    llmlearn_plan plan = { .struct_size = sizeof plan };
    double rates[LLMLEARN_ARMS_MAX];
    uint32_t count = numbers(json_object_get(in, "p"), rates, LLMLEARN_ARMS_MAX);

    if (count > 0) {
        find_power(rates, count, number(in, "n_per_arm"), number(in, "alpha"));
        return;
    }
    plan.control_rate = number(in, "p1");
    plan.effect = has(in, "p2") ? number(in, "p2") - plan.control_rate : 0;
    plan.alpha_ratio = number(in, "alpha");
    plan.power_ratio = number(in, "power");
    plan.allocation = number(in, "ratio");
    plan.control_trials = has(in, "n") ? number(in, "n") : 1000;
    plan_all(&plan);
}

static void take_split(json_t *in)
{
    uint64_t seen[LLMLEARN_ARMS_MAX];
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count = numbers(json_object_get(in, "weights"), weights, LLMLEARN_ARMS_MAX);

    for (uint32_t i = 0; i < count; i++)
        seen[i] = whole(json_array_get(json_object_get(in, "counts"), i));
    split(seen, weights, count, number(in, "concentration"));
}

static void take_votes(json_t *in)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    const char *arm = json_string_value(json_object_get(in, "arms"));
    const char *success = json_string_value(json_object_get(in, "y"));
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count = numbers(json_object_get(in, "weights"), weights, LLMLEARN_ARMS_MAX);
    int32_t winner = -1;
    llmlearn_err err = llmlearn_eprocess_begin(weights, count, 0, number(in, "kappa"), &state);

    for (; err == LLMLEARN_OK && *arm != '\0'; arm++, success++)
        err = llmlearn_eprocess_add(&state, (uint32_t)(*arm - '0'), *success - '0');
    if (err == LLMLEARN_OK)
        err = llmlearn_eprocess_winner(&state, 0.05, &winner);
    say(EPROCESS, err, &state, sizeof state, 1, winner);
}

static void take_stars(json_t *in)
{
    uint64_t stars[2][5];

    for (int i = 0; i < 5; i++) {
        stars[0][i] = whole(json_array_get(json_object_get(in, "x"), (size_t)i));
        stars[1][i] = whole(json_array_get(json_object_get(in, "y"), (size_t)i));
    }
    rate_stars(stars[0], stars[1], 0.95);
}

static void take_means(json_t *in)
{
    llmlearn_mean control = { whole(json_object_get(in, "n1")), number(in, "mean1"),
                              number(in, "var1") };
    llmlearn_mean variant = { whole(json_object_get(in, "n2")), number(in, "mean2"),
                              number(in, "var2") };

    guard_mean(control, variant, number(in, "margin"), 0.05);
}

static llmlearn_cluster cluster_of(json_t *arm)
{
    llmlearn_cluster sums = { .units = json_array_size(json_object_get(arm, "s")) };

    for (size_t i = 0; i < sums.units; i++) {
        uint64_t s = whole(json_array_get(json_object_get(arm, "s"), i));
        uint64_t n = whole(json_array_get(json_object_get(arm, "n"), i));

        sums.trials += n;
        sums.successes += s;
        sums.trials_squared += n * n;
        sums.products += s * n;
        sums.successes_squared += s * s;
    }
    return sums;
}

/* What an input is for is known by the names of its parts. */
static void take(json_t *in)
{
    double values[4096];
    llmlearn_cluster arms[2];

    if (has(in, "succ"))
        take_arms(in);
    else if (has(in, "s1") && has(in, "n1"))
        take_pair(in);
    else if (has(in, "s") && has(in, "n"))
        bound(rate_at(in, "s", "n"), has(in, "conf") ? number(in, "conf") : 0.95);
    else if (has(in, "solve"))
        take_plan(in);
    else if (has(in, "counts"))
        take_split(in);
    else if (has(in, "arms") && has(in, "kappa"))
        take_votes(in);
    else if (has(in, "t") && has(in, "spending"))
        look(values, numbers(json_object_get(in, "t"), values, LLMLEARN_LOOKS_MAX), 1,
             number(in, "alpha"), 0);
    else if (has(in, "x") && has(in, "y"))
        take_stars(in);
    else if (has(in, "mean1"))
        take_means(in);
    else if (json_is_array(json_object_get(in, "x")))
        describe(values, numbers(json_object_get(in, "x"), values, 4096));
    else if (json_is_array(json_object_get(in, "p")))
        adjust(values, numbers(json_object_get(in, "p"), values, LLMLEARN_ARMS_MAX));
    else if (has(in, "a") && json_is_object(json_object_get(in, "a"))) {
        arms[0] = cluster_of(json_object_get(in, "a"));
        arms[1] = cluster_of(json_object_get(in, "b"));
        cluster(&arms[0], &arms[1], 0.95);
    }
}

static void take_sets(const char *root)
{
    static const char *const sets[] = {
        "chi2_large",
        "kx2_tests",
        "kx2_large",
        "fisher2x2",
        "fisher2x2_large",
        "fisher_kx2",
        "effect_large",
        "decision_classic",
        "two_proportions_tests",
        "difference_ci",
        "difference_ci_large",
        "proportion_ci",
        "proportion_ci_large",
        "multiplicity",
        "power",
        "srm",
        "sequential",
        "sequential_shrink",
        "group_sequential",
        "ratings",
        "guardrail",
        "cluster",
        "summary",
    };
    char path[4096];
    json_t *set, *test_case;
    size_t i;

    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        snprintf(path, sizeof path, "%s/tests/data/stats/%s.json", root, sets[s]);
        set = json_load_file(path, 0, NULL);
        if (set == NULL) {
            fprintf(stderr, "cannot read %s\n", path);
            exit(1);
        }
        json_array_foreach(json_object_get(set, "cases"), i, test_case)
            take(json_object_get(test_case, "in"));
        json_decref(set);
    }
}

/* ---- seeded inputs ----------------------------------------------------- */

/* Not all arms as any_arms() has them: exact tests of those take long without an optimiser. */
static uint32_t some_arms(draw *s, llmlearn_rate *arms)
{
    uint32_t count = any_arms(s, arms);

    for (uint32_t i = 0; count > 2 && i < count; i++) {
        arms[i].trials = arms[i].trials / 2 + 10000;
        arms[i].successes = arms[i].trials / 4 + draw_below(s, arms[i].trials / 2);
    }
    return count;
}

static void take_any_votes(draw *s)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count = any_arm_count(s);
    int32_t winner = -1;

    count = count < 2 ? 2 : count;
    any_weights(s, weights, count, true);
    llmlearn_err err = llmlearn_eprocess_begin(weights, count, 0, 0, &state);
    for (int i = 0; i < 100 && err == LLMLEARN_OK; i++) {
        uint32_t arm = (uint32_t)draw_below(s, count);
        err = llmlearn_eprocess_add(&state, arm, draw_below(s, 5) < 3);
    }
    if (err == LLMLEARN_OK)
        err = llmlearn_eprocess_winner(&state, 0.05, &winner);
    say(EPROCESS, err, &state, sizeof state, 1, winner);
}

/* One draw to a statement: compilers are free to choose in which order they evaluate arguments. */
static void take_any_arms(draw *s)
{
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];
    uint32_t count = some_arms(s, arms);
    double confidence = any_open_ratio(s), margin = any_ratio(s);

    associate(arms, count);
    decide(arms, count, 1);
    if (count <= 12)
        believe(arms, count, 0.95);
    arms[0] = any_rate(s);
    arms[1] = any_rate(s);
    bound(arms[0], confidence);
    differ(arms[0], arms[1], confidence);
    guard_rate(arms[0], arms[1], margin, 0.05, 0);
}

static void take_any_units(draw *s)
{
    llmlearn_mean means[2];
    llmlearn_cluster clusters[2];
    uint64_t stars[2][5];
    double confidence = any_open_ratio(s);

    for (int i = 0; i < 2; i++) {
        means[i] = any_mean(s);
        clusters[i] = any_cluster(s);
        any_stars(s, stars[i]);
    }
    guard_mean(means[0], means[1], 0.2, 0.05);
    cluster(&clusters[0], &clusters[1], confidence);
    rate_stars(stars[0], stars[1], confidence);
}

static void take_any_numbers(draw *s)
{
    double values[LLMLEARN_ARMS_MAX];
    uint64_t seen[LLMLEARN_ARMS_MAX];
    uint32_t count = any_arm_count(s);
    llmlearn_plan plan = any_plan(s);

    plan_all(&plan);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = any_ratio(s);
        seen[i] = any_count(s);
    }
    adjust(values, count);
    for (uint32_t i = 0; i < count; i++)
        values[i] = any_open_ratio(s);
    find_power(values, count, 1000, 0.05);
    any_weights(s, values, count, false);
    split(seen, values, count, 0);
    for (uint32_t i = 0; i < LLMLEARN_ARMS_MAX; i++)
        values[i] = any_finite(s);
    describe(values, draw_below(s, LLMLEARN_ARMS_MAX));
}

static void take_any_looks(draw *s)
{
    double information[LLMLEARN_LOOKS_MAX];
    uint32_t count = 1 + (uint32_t)draw_below(s, 6);
    double end = any_looks(s, information, count);

    look(information, count, end, any_open_ratio(s), 0);
}

int main(int argc, char **argv)
{
    draw s = { .state = 20250101 };
    int inputs = argc > 2 ? atoi(argv[2]) : 3000;

    if (argc < 2) {
        fprintf(stderr, "usage: %s ROOT [inputs]\n", argv[0]);
        return 2;
    }
    take_sets(argv[1]);
    for (int i = 0; i < inputs; i++) {
        take_any_arms(&s);
        take_any_units(&s);
        take_any_numbers(&s);
        if (i % 20 == 0) {
            take_any_looks(&s);
            take_any_votes(&s);
        }
    }
    for (int f = 0; f < FUNCTIONS; f++)
        printf("digest %s %u inputs %016llx\n", names[f], counts[f],
               (unsigned long long)digests[f]);
    return 0;
}
