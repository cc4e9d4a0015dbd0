#include "mail/alert_add.h"

#include <assert.h>
#include <string.h>

#define NEVER_AGAIN 0
#define EACH_WEEK (7 * LL_US_PER_DAY)

static const struct {
    const char *rule;
    int64_t window_us;
} windows[] = {
    { LL_ALERT_TEST_STARTED, NEVER_AGAIN },      { LL_ALERT_WINNER_PROMOTED, NEVER_AGAIN },
    { LL_ALERT_AUTO_REVERT, NEVER_AGAIN },       { LL_ALERT_CANNOT_FINISH, NEVER_AGAIN },
    { LL_ALERT_GUARDRAIL_TRIPPED, NEVER_AGAIN }, { LL_ALERT_TEST_INVALID, EACH_WEEK },
    { LL_ALERT_APPROVAL_NEEDED, EACH_WEEK },     { LL_ALERT_JOB_FAILED, EACH_WEEK },
    { LL_ALERT_LOW_FEEDBACK, EACH_WEEK },        { LL_ALERT_MODEL_RETIRES, EACH_WEEK },
    { LL_ALERT_BUDGET_REACHED, NEVER_AGAIN },
};

static int64_t window_of(const char *rule)
{
    size_t i = 0;

    while (i < LL_ARRAY_COUNT(windows) && strcmp(windows[i].rule, rule) != 0)
        i++;
    assert(i < LL_ARRAY_COUNT(windows));
    return windows[i].window_us;
}

llmlearn_err ll_alert_add(ll_connection *connection, const char *rule, const char *about,
                          ll_alert_text *text, int64_t now_us)
{
    const ll_outbox_row row = { .rule = rule,
                                .about = about,
                                .window_us = window_of(rule),
                                .subject = text->subject,
                                .text = text->text,
                                .details = text->details };
    uint64_t id = 0;
    bool added = false;
    llmlearn_err err = ll_outbox_add(connection, &row, now_us, &id, &added);

    ll_alert_text_free(text);
    return err;
}
