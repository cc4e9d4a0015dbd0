/* The header's part "may I stop now, at any moment?". */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/eprocess.h"
#include "stats/eprocess_bytes.h"

#include <inttypes.h>
#include <stdio.h>

static llmlearn_err check_weights(const double *weights, uint32_t arm_count)
{
    char name[32];
    llmlearn_err err = ll_stats_check_pointer("weights", weights);

    if (err != LLMLEARN_OK)
        return err;
    if (arm_count < 2 || arm_count > LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arm_count: %" PRIu32 "; 2 to %d are allowed", arm_count,
                       LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++) {
        snprintf(name, sizeof name, "weights[%" PRIu32 "]", i);
        err =
            ll_stats_check_range(name, weights[i], LL_EPROCESS_WEIGHT_MIN, LL_EPROCESS_WEIGHT_MAX);
    }
    return err;
}

llmlearn_err llmlearn_eprocess_begin(const double *weights, uint32_t arm_count, uint32_t champion,
                                     double kappa, llmlearn_eprocess *out_state)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    double chosen = kappa == 0 ? LL_EPROCESS_KAPPA_DEFAULT : kappa;
    llmlearn_err err = check_weights(weights, arm_count);

    if (err == LLMLEARN_OK && champion >= arm_count)
        err = ll_fail(LLMLEARN_EINVAL, "champion: %" PRIu32 "; there are only %" PRIu32 " arms",
                      champion, arm_count);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("kappa", chosen, LL_EPROCESS_KAPPA_MIN, LL_EPROCESS_KAPPA_MAX);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_state", out_state, sizeof *out_state);
    if (err != LLMLEARN_OK)
        return err;
    ll_eprocess_begin(weights, arm_count, champion, chosen, &state);
    ll_arguments_write(out_state, &state, sizeof state);
    return LLMLEARN_OK;
}

static llmlearn_err check_state(const llmlearn_eprocess *state)
{
    llmlearn_err err = ll_arguments_check_out("state", state, sizeof *state);

    if (err == LLMLEARN_OK && !ll_eprocess_is_sound(state))
        err = ll_fail(LLMLEARN_EINVAL, "state: not as llmlearn_eprocess_begin and _add leave it");
    return err;
}

llmlearn_err llmlearn_eprocess_add(llmlearn_eprocess *state, uint32_t arm, int32_t success)
{
    llmlearn_err err = check_state(state);

    if (err != LLMLEARN_OK)
        return err;
    if (arm >= state->arm_count)
        return ll_fail(LLMLEARN_EINVAL, "arm: %" PRIu32 "; there are only %" PRIu32 " arms", arm,
                       state->arm_count);
    if (success != 0 && success != 1)
        return ll_fail(LLMLEARN_EINVAL, "success: %" PRId32 "; must be 0 or 1", success);
    if (state->trials[arm] >= LLMLEARN_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arm: %" PRIu32 " has 2^53 trials; no more are counted",
                       arm);
    ll_eprocess_add(state, arm, success == 1);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_eprocess_winner(const llmlearn_eprocess *state, double alpha_ratio,
                                      int32_t *out_winner)
{
    llmlearn_err err = check_state(state);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("alpha_ratio", alpha_ratio);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_winner", out_winner);
    if (err == LLMLEARN_OK)
        *out_winner = ll_eprocess_winner(state, alpha_ratio);
    return err;
}

llmlearn_err llmlearn_eprocess_write(const llmlearn_eprocess *state, uint8_t *out_bytes,
                                     size_t *out_size)
{
    llmlearn_err err = check_state(state);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_bytes", out_bytes);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_size", out_size);
    if (err == LLMLEARN_OK)
        *out_size = ll_eprocess_bytes_write(state, out_bytes);
    return err;
}

llmlearn_err llmlearn_eprocess_read(const uint8_t *bytes, size_t size, llmlearn_eprocess *out_state)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    llmlearn_err err = ll_stats_check_pointer("bytes", bytes);

    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_state", out_state, sizeof *out_state);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_eprocess_bytes_read(bytes, size, &state);
    if (err == LLMLEARN_ECORRUPT)
        return ll_fail(err, "bytes: damaged, cut, or not of llmlearn_eprocess_write");
    if (err == LLMLEARN_EUNSUPPORTED)
        return ll_fail(err, "bytes: of a newer form; update the library (%s)", llmlearn_version());
    ll_arguments_write(out_state, &state, sizeof state);
    return LLMLEARN_OK;
}
