/* breaker.h - takes an arm that fails out of a running test at once, long before statistics could.
 *
 *   the arm's last 50 exposures:       ..x..xxxxxxxxxxxxxxxxxxxxx     fails: n
 *   the champion's last 50:            ......x...................     fails: m
 *   n - m >= 20, in 5 units or more, while m is at most a quarter ──▶ off
 *
 * An arm that always fails is off after 20 exposures. By chance, of arms that fail equally often,
 * none was in 500 tests of 50,000 exposures at up to 15 % of failures, in one at 20 %, in 48 at 40
 * %. While the champion fails itself, the fault is not the arm's. Off is for the rest of the test:
 * the arm's units are served the champion's prompt, which is no exposure.
 *
 * Threads: pure, and inside a write transaction. Uses: json, mail (the alert), store. */
#ifndef LL_EXPERIMENT_BREAKER_H
#define LL_EXPERIMENT_BREAKER_H

#include "base/log.h"
#include "store/ab_sums.h"

#include <stdbool.h>

/* What of an arm's latest exposures failed. */
typedef struct ll_breaker_count {
    uint32_t exposures, failures;
    uint32_t units; /* that failed, at most LL_BREAKER_UNITS are told apart */
} ll_breaker_count;

#define LL_BREAKER_EXCESS 20
#define LL_BREAKER_UNITS 5
#define LL_BREAKER_CHAMPION_SHARE 4 /* no more than one in so many may fail */

ll_breaker_count ll_breaker_count_failures(const ll_ab_recent *recent);
bool ll_breaker_trips(const ll_breaker_count *arm, const ll_breaker_count *champion);

/* Something failed in the test. Switches off the arms of a running test that trip, with a row in
 * llm_decisions, an alert and a line in the log for each; *out_switched if there was one. */
llmlearn_err ll_breaker_check(ll_connection *connection, ll_ab_open *open, int64_t now_us,
                              const ll_log *log, bool *out_switched);

#endif
