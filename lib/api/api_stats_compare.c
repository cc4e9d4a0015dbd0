/* The header's section "statistics": variants compared from their counts alone. */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "experiment/comparison.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIALS_DEFAULT 100u
#define ALPHA_DEFAULT 0.05
#define EFFECT_DEFAULT 0.1
#define NUMBER_BYTES 4

static llmlearn_err check_versions(const char *const *versions, uint32_t arm_count)
{
    char name[32];

    for (uint32_t i = 0; versions != NULL && i < arm_count; i++) {
        snprintf(name, sizeof name, "versions[%" PRIu32 "]", i);
        if (ll_argument_name(name, versions[i], true) == SIZE_MAX)
            return LLMLEARN_EINVAL;
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(versions[i], versions[j]) == 0)
                return ll_fail(LLMLEARN_EINVAL, "%s: %s is arm %" PRIu32 " already", name,
                               versions[i], j);
        }
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_rule(const llmlearn_comparison *c)
{
    llmlearn_err err = LLMLEARN_OK;

    if (c->champion >= c->arm_count)
        return ll_fail(LLMLEARN_EINVAL, "champion: %" PRIu32 "; there are %" PRIu32 " arms",
                       c->champion, c->arm_count);
    if (c->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: %" PRIu32 "; must be 0", c->reserved);
    if (c->trials_min > LLMLEARN_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "trials_min: %" PRIu64 "; at most 2^53", c->trials_min);
    if (c->alpha_ratio != 0)
        err = ll_stats_check_open_ratio("alpha_ratio", c->alpha_ratio);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("effect_min", c->effect_min, 0.0, 1.0);
    return err;
}

static llmlearn_err read_comparison(const llmlearn_comparison *theirs, llmlearn_comparison *out)
{
    llmlearn_err err = ll_arguments_read("comparison", theirs, sizeof *out, out, sizeof *out);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_arms("arms", out->arms, out->arm_count);
    if (err == LLMLEARN_OK)
        err = check_versions(out->versions, out->arm_count);
    return err == LLMLEARN_OK ? check_rule(out) : err;
}

static llmlearn_err check_outputs(const llmlearn_compared *out_compared, char *const *out_json)
{
    if (out_compared == NULL && out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_compared, out_json: both NULL; one is required");
    if (out_compared == NULL)
        return LLMLEARN_OK;
    return ll_arguments_check_out("out_compared", out_compared, sizeof *out_compared);
}

/* Fills in the defaults. */
static ll_classic_input ask(const llmlearn_comparison *c)
{
    return (ll_classic_input){
        .arms = c->arms,
        .arm_count = c->arm_count,
        .champion = c->champion,
        .trials_min = c->trials_min == 0 ? TRIALS_DEFAULT : c->trials_min,
        .alpha = c->alpha_ratio == 0 ? ALPHA_DEFAULT : c->alpha_ratio,
        .effect_min = c->effect_min == 0 ? EFFECT_DEFAULT : c->effect_min,
        .duration_reached = true,
    };
}

static llmlearn_compared tell(const ll_comparison *c)
{
    return (llmlearn_compared){
        .winner = c->result.winner,
        .status = ll_classic_status_name(c->result.status),
        .confidence = ll_comparison_confidence(c),
        .p_value = c->result.p_value,
        .effect_size = c->result.cramers_v,
        .promotable = c->result.winner_beats_champion,
    };
}

/* Arms without names are called by their numbers. */
static llmlearn_err write_json(ll_comparison *c, char **out_json)
{
    char numbers[LLMLEARN_ARMS_MAX][NUMBER_BYTES];
    const char *versions[LLMLEARN_ARMS_MAX];

    for (uint32_t i = 0; c->versions == NULL && i < c->asked.arm_count; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%u", i % LLMLEARN_ARMS_MAX);
        versions[i] = numbers[i];
    }
    if (c->versions == NULL)
        c->versions = versions;
    return ll_comparison_json(c, out_json);
}

llmlearn_err llmlearn_compare_variants(const llmlearn_comparison *comparison,
                                       llmlearn_compared *out_compared, char **out_json)
{
    llmlearn_comparison given;
    llmlearn_err err = check_outputs(out_compared, out_json);

    if (err == LLMLEARN_OK)
        err = read_comparison(comparison, &given);
    if (err != LLMLEARN_OK)
        return err;
    ll_comparison c = { .asked = ask(&given), .versions = given.versions };
    ll_classic_decide(&c.asked, &c.result);
    if (out_json != NULL)
        err = write_json(&c, out_json);
    if (err == LLMLEARN_OK && out_compared != NULL) {
        const llmlearn_compared told = tell(&c);
        ll_arguments_write(out_compared, &told, sizeof told);
    }
    return err;
}
