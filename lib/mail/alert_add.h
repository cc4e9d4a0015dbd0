/* alert_add.h - how often somebody is told of the same thing, and putting it into the outbox.
 *
 *   rule               about                      told again
 *   ----------------------------------------------------------------------------------------
 *   test_started       "test 7"                   never: a test begins once
 *   winner_promoted    "test 7"                   never
 *   auto_revert        "test 7"                   never
 *   cannot_finish      "test 7"                   never: it goes on to its last day anyway
 *   guardrail_tripped  "test 7, v1.1, latency"    never
 *   test_invalid       "test 7"                   each week: nothing goes on before somebody acts
 *   approval_needed    "BUY"                      each week: the same
 *   job_failed         "BUY"                      each week
 *   low_feedback       "BUY"                      each week
 *   model_retires      the model                  each week
 *   budget_reached     "month 2026-11",           never: a month is over once
 *                      "BUY in 2026-11"           of a run: once in each month
 *
 * Weeks are counted from 1970, so they begin on Thursdays (UTC): two in neighbouring ones may be
 * closer than seven days.
 *
 * Threads: as the connection; inside the write transaction that causes the alert.
 * Uses:    alert_text, store/outbox. */
#ifndef LL_MAIL_ALERT_ADD_H
#define LL_MAIL_ALERT_ADD_H

#include "mail/alert_text.h"
#include "store/outbox.h"

/* rule: one of LL_ALERT_*. Frees the text, whatever it returns. Told already: does nothing. */
llmlearn_err ll_alert_add(ll_connection *connection, const char *rule, const char *about,
                          ll_alert_text *text, int64_t now_us);

#endif
