#include "ingest/failure.h"

#include "base/hash.h"
#include "base/random.h"
#include "store/ab_count.h"

#include <string.h>

static llmlearn_err find_arm(const ll_write *write, const ll_failure *failure, ll_ab_open **out)
{
    llmlearn_err err = ll_ab_sums_open(write->sums, failure->test, out);

    if (err != LLMLEARN_OK)
        return err;
    if (*out == NULL)
        return ll_fail(LLMLEARN_ENOTFOUND, "test_id: there is no test %llu",
                       (unsigned long long)failure->test);
    if (failure->arm >= (*out)->arm_count)
        return ll_fail(LLMLEARN_ENOTFOUND, "arm: test %llu has %u arms, and no arm %u",
                       (unsigned long long)failure->test, (*out)->arm_count, failure->arm);
    if ((*out)->test.status != LL_AB_RUNNING)
        return ll_fail(LLMLEARN_ESTATE, "test_id: test %llu is not running",
                       (unsigned long long)failure->test);
    return LLMLEARN_OK;
}

/* One without a name gets a number that nobody else has. */
static llmlearn_err find_unit(const ll_write *write, const ll_failure *failure, int64_t *out_unit)
{
    if (failure->unit == NULL)
        return ll_random_bytes(out_unit, sizeof *out_unit);
    *out_unit = (int64_t)ll_siphash13(write->unit_key, failure->unit, strlen(failure->unit));
    return LLMLEARN_OK;
}

static llmlearn_err expose(const ll_write *write, const ll_failure *failure, int64_t unit,
                           ll_ab_open *open)
{
    ll_unit before, after;
    llmlearn_err err = ll_units_read(write->connection, failure->test, unit, &before);

    if (err != LLMLEARN_OK)
        return err;
    if (before.found && before.arm != failure->arm)
        return ll_fail(LLMLEARN_EINVAL, "unit: it is in arm %u of test %llu, not in arm %u",
                       before.arm, (unsigned long long)failure->test, failure->arm);
    after = before;
    after.arm = failure->arm;
    ll_unit_expose(&after, &(ll_unit_exposure){ .failed = true });
    err = ll_units_write(write->connection, failure->test, unit, &after);
    if (err != LLMLEARN_OK)
        return err;
    ll_ab_count_exposure(open, failure->arm, (uint64_t)unit, &before, &after);
    ll_ab_change_arm(open, failure->arm)->reported++;
    return LLMLEARN_OK;
}

llmlearn_err ll_failure_check(const ll_write *write, const ll_failure *failure)
{
    ll_ab_open *open = NULL;

    return find_arm(write, failure, &open);
}

llmlearn_err ll_failure_count(const ll_write *write, const ll_failure *failure)
{
    ll_ab_open *open = NULL;
    int64_t unit = 0;
    llmlearn_err err = find_arm(write, failure, &open);

    if (err == LLMLEARN_OK)
        err = find_unit(write, failure, &unit);
    if (err != LLMLEARN_OK || open->arms[failure->arm].off_us != 0)
        return err;
    return expose(write, failure, unit, open);
}
