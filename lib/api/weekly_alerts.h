/* weekly_alerts.h - what the weekly job tells people of, into the outbox.
 *
 * How often each is told: mail/alert_add.h.
 *
 * Threads: inside the write transaction that causes it.
 * Uses:    experiment, mail, store. */
#ifndef LL_API_WEEKLY_ALERTS_H
#define LL_API_WEEKLY_ALERTS_H

#include "experiment/select.h"
#include "store/ab_tests.h"
#include "store/ledger.h"
#include "store/rounds.h"

typedef struct ll_weekly_scene {
    ll_connection *connection;
    int64_t now_us;
    const char *signal;
} ll_weekly_scene;

/* What a look at a test said: promoted, taken back, blocked by a guardrail, not coming to an end.
 * Of one that is invalid: see below. */
llmlearn_err ll_weekly_alert_look(const ll_weekly_scene *scene, const ll_ab_test *test,
                                  const ll_receipt *told);
llmlearn_err ll_weekly_alert_invalid(const ll_weekly_scene *scene, const ll_ab_test *test,
                                     const ll_receipt *told);
/* versions: the arms, the champion first. */
llmlearn_err ll_weekly_alert_started(const ll_weekly_scene *scene, uint64_t test,
                                     const char *const *versions, uint32_t count,
                                     int64_t duration_max_us);
llmlearn_err ll_weekly_alert_waiting(const ll_weekly_scene *scene, const char *champion,
                                     const ll_rounds_variant *variants, uint32_t count);
llmlearn_err ll_weekly_alert_failed(const ll_weekly_scene *scene, const char *step,
                                    const char *reason);
/* detail: what LLMLEARN_EBUDGET said. */
llmlearn_err ll_weekly_alert_budget(const ll_weekly_scene *scene, const ll_ledger_limits *limits,
                                    const char *detail);
/* Looks at the week until yesterday. */
llmlearn_err ll_weekly_alert_feedback(const ll_weekly_scene *scene, int64_t signal_id,
                                      double ratio_min);
llmlearn_err ll_weekly_alert_model(const ll_weekly_scene *scene, const char *model,
                                   int64_t retires_day);

#endif
