/* alert_text.h - what an alert says: a subject, a plain text for people, JSON for programs.
 *
 *     BUY: v1.1 is the new champion
 *
 *     Test 7 of BUY has ended, and v1.1 took the place of v1.0.
 *
 *     v1.1 was found helpful by 61.0 % of 4,012 units, v1.0 by ...      the evidence, as given
 *
 *     What to do: nothing ...                                           what a person can do
 *
 * Texts that come in are data, whoever wrote them: line ends, control characters and those that
 * turn the direction of writing are shown as \n or \u202e, what is not UTF-8 as \xff, what is too
 * long is cut. So a subject is one line, and no text can pretend to be a line of ours. The JSON
 * holds the same texts, and numbers as they are.
 *
 * Plain English; numbers look the same in every locale. A NULL text is as good as "".
 *
 * Threads: pure functions.
 * Uses:    base. */
#ifndef LL_MAIL_ALERT_TEXT_H
#define LL_MAIL_ALERT_TEXT_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_ALERT_NAME_BYTES_MAX 64       /* of a signal, a version, a model, as shown */
#define LL_ALERT_SENTENCE_BYTES_MAX 2000 /* of evidence, a reason */
#define LL_ALERT_VARIANTS_MAX 16         /* that are listed; a test may have more */

/* For the caller to ll_alert_text_free(). */
typedef struct ll_alert_text {
    char *subject; /* one line of at most 256 bytes */
    char *text;
    char *details; /* a JSON object */
} ll_alert_text;

void ll_alert_text_free(ll_alert_text *text);

/* The names of the rules, as in llm_outbox. */
#define LL_ALERT_TEST_STARTED "test_started"
#define LL_ALERT_WINNER_PROMOTED "winner_promoted"
#define LL_ALERT_TEST_INVALID "test_invalid"
#define LL_ALERT_GUARDRAIL_TRIPPED "guardrail_tripped"
#define LL_ALERT_AUTO_REVERT "auto_revert"
#define LL_ALERT_BUDGET_REACHED "budget_reached"
#define LL_ALERT_MODEL_RETIRES "model_retires"
#define LL_ALERT_CANNOT_FINISH "cannot_finish"
#define LL_ALERT_LOW_FEEDBACK "low_feedback"
#define LL_ALERT_APPROVAL_NEEDED "approval_needed"
#define LL_ALERT_JOB_FAILED "job_failed"

/* Each: LLMLEARN_ENOMEM, or out_text is written. */

typedef struct ll_alert_test_started {
    const char *signal;
    uint64_t test;
    const char *champion;
    const char *const *versions; /* all arms, the champion among them */
    uint32_t version_count;
    uint32_t days_max; /* 0: not said */
} ll_alert_test_started;
llmlearn_err ll_alert_test_started_text(const ll_alert_test_started *alert,
                                        ll_alert_text *out_text);

typedef struct ll_alert_winner_promoted {
    const char *signal;
    uint64_t test;
    const char *winner, *before; /* before: the champion until now */
    const char *evidence;
} ll_alert_winner_promoted;
llmlearn_err ll_alert_winner_promoted_text(const ll_alert_winner_promoted *alert,
                                           ll_alert_text *out_text);

typedef struct ll_alert_test_invalid {
    const char *signal;
    uint64_t test;
    const char *champion; /* which stays */
    const char *reason;
} ll_alert_test_invalid;
llmlearn_err ll_alert_test_invalid_text(const ll_alert_test_invalid *alert,
                                        ll_alert_text *out_text);

typedef struct ll_alert_guardrail_tripped {
    const char *signal;
    uint64_t test;
    const char *version;
    const char *guardrail; /* "latency", "cost", "failures", "rating" */
    const char *evidence;
    bool switched_off; /* its arm gets no more traffic; else it only cannot win */
} ll_alert_guardrail_tripped;
llmlearn_err ll_alert_guardrail_tripped_text(const ll_alert_guardrail_tripped *alert,
                                             ll_alert_text *out_text);

typedef struct ll_alert_auto_revert {
    const char *signal;
    const char *from, *to; /* from: the champion that is none any more */
    const char *evidence;
} ll_alert_auto_revert;
llmlearn_err ll_alert_auto_revert_text(const ll_alert_auto_revert *alert, ll_alert_text *out_text);

typedef struct ll_alert_budget_reached {
    const char *budget; /* "day", "month", "run": what it is for */
    int64_t spent_nanousd, limit_nanousd;
    int64_t until_us; /* when there is money again; 0: when somebody raises it */
} ll_alert_budget_reached;
llmlearn_err ll_alert_budget_reached_text(const ll_alert_budget_reached *alert,
                                          ll_alert_text *out_text);

typedef struct ll_alert_model_retires {
    const char *model;
    const char *replacement; /* NULL: none is named */
    int64_t retires_day;     /* days since 1970 */
    int64_t today;
} ll_alert_model_retires;
llmlearn_err ll_alert_model_retires_text(const ll_alert_model_retires *alert,
                                         ll_alert_text *out_text);

typedef struct ll_alert_cannot_finish {
    const char *signal;
    uint64_t test;
    const char *champion;
    const char *reason;
    double days_needed; /* at this traffic; not finite, or negative: not known */
    uint32_t days_max;
} ll_alert_cannot_finish;
llmlearn_err ll_alert_cannot_finish_text(const ll_alert_cannot_finish *alert,
                                         ll_alert_text *out_text);

typedef struct ll_alert_low_feedback {
    const char *signal;
    uint64_t votes, explanations; /* of the last `days` */
    uint32_t days;
    double ratio_min; /* below which it is low, 0 to 1 */
} ll_alert_low_feedback;
llmlearn_err ll_alert_low_feedback_text(const ll_alert_low_feedback *alert,
                                        ll_alert_text *out_text);

typedef struct ll_alert_approval_needed {
    const char *signal;
    const char *champion;
    const char *const *versions; /* that wait */
    uint32_t version_count;
} ll_alert_approval_needed;
llmlearn_err ll_alert_approval_needed_text(const ll_alert_approval_needed *alert,
                                           ll_alert_text *out_text);

typedef struct ll_alert_job_failed {
    const char *signal;
    const char *step; /* "look", "generate", "start" */
    const char *reason;
} ll_alert_job_failed;
llmlearn_err ll_alert_job_failed_text(const ll_alert_job_failed *alert, ll_alert_text *out_text);

/* The body of a webhook: {"id":..,"at":"..","rule":..,"about":..,"subject":..,"text":..,
 * "details":{..}} of an alert as it is kept. NULL without memory. */
typedef struct ll_alert_kept {
    uint64_t id;
    int64_t at_us;
    const char *rule, *about, *subject, *text;
    const char *details; /* a JSON object */
} ll_alert_kept;
char *ll_alert_payload(const ll_alert_kept *alert);

#endif
