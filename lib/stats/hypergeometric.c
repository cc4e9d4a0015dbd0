#include "stats/hypergeometric.h"

#include "stats/special.h"
#include "stats/wide.h"

#include <assert.h>

static double cell(uint64_t count, uint64_t row, uint64_t column, double total, double difference)
{
    double expected = (double)((ll_wide_u128)row * column) / total;
    return ll_special_ln_factorial_rest(count) +
           ll_special_deviance((double)count, expected, difference);
}

double ll_hypergeometric_arm(uint64_t successes, uint64_t trials, uint64_t all_successes,
                             uint64_t all_failures, double excess)
{
    double all = (double)(all_successes + all_failures);

    assert(successes <= trials && successes <= all_successes);
    assert(trials - successes <= all_failures);
    return cell(successes, trials, all_successes, all, excess) +
           cell(trials - successes, trials, all_failures, all, -excess);
}
