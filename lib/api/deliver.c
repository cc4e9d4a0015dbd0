#include "api/deliver.h"

#include "api/channels.h"
#include "base/err.h"
#include "base/sha256.h"
#include "mail/alert_text.h"
#include "mail/message.h"
#include "store/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS 10000u
/* A mail server may keep one waiting half a minute before it says hello. */
#define SEND_MS 60000u
/* Longer than sending and noting it take together. */
#define LEASE_US (5 * 60 * LL_US_PER_S)
/* What was sent is noted also if there is no time left: else it is sent again. */
#define NOTE_MS 5000u
#define FROM_NAME "llmlearn"

typedef struct delivery {
    llmlearn *learner;
    ll_deadline deadline;
    const atomic_int *cancel;
    const char *channel; /* its name in llm_deliveries */
    const ll_mail_channel *mail;
    const ll_webhook_channel *webhook;
} delivery;

/* ---- transactions ------------------------------------------------------ */

typedef struct due_job {
    ll_job job;
    const char *channel; /* static */
    ll_outbox_due due;
} due_job;

static void destroy_due(ll_job *job)
{
    due_job *d = (due_job *)job;

    ll_outbox_due_free(&d->due);
    free(d);
}

static llmlearn_err run_due(ll_job *job, const ll_write *write)
{
    due_job *d = (due_job *)job;
    int64_t changes = ll_connection_all_changes(write->connection);

    ll_outbox_due_free(&d->due);
    llmlearn_err err =
        ll_outbox_due_next(write->connection, d->channel, write->now_us, LEASE_US, &d->due);
    job->reads_only = err == LLMLEARN_OK && ll_connection_all_changes(write->connection) == changes;
    return err;
}

typedef struct note_job {
    ll_job job;
    const char *channel; /* static */
    uint64_t id;
    uint32_t attempt;
    bool permanent;
    ll_err_report outcome;
    bool given_up; /* the result */
} note_job;

static void destroy_note(ll_job *job)
{
    free(job);
}

static llmlearn_err run_note(ll_job *job, const ll_write *write)
{
    note_job *n = (note_job *)job;

    n->given_up = false;
    if (n->outcome.err == LLMLEARN_OK)
        return ll_outbox_sent(write->connection, n->id, n->channel, write->now_us);
    return ll_outbox_failed(write->connection, n->id, n->channel, n->attempt, n->permanent,
                            n->outcome.detail, write->now_us, &n->given_up);
}

/* ---- sending ----------------------------------------------------------- */

/* What an alert is called outside, by every process that sends it. */
static void name_alert(const delivery *d, uint64_t id, uint8_t out[LL_SHA256_BYTES])
{
    static const char purpose[] = "llmlearn alert";
    ll_sha256 sum;
    uint8_t number[8];

    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)(id >> (8 * i));
    ll_sha256_begin(&sum);
    ll_sha256_add(&sum, purpose, sizeof purpose);
    ll_sha256_add(&sum, ll_handle_settings(d->learner)->store_id, LL_STORE_ID_BYTES);
    ll_sha256_add(&sum, number, sizeof number);
    ll_sha256_end(&sum, out);
}

_Static_assert(LL_MESSAGE_ID_BYTES <= LL_SHA256_BYTES, "a part of it");

static llmlearn_err send_mail(const delivery *d, const ll_outbox_due *due, ll_deadline deadline,
                              bool *out_permanent)
{
    uint8_t id[LL_SHA256_BYTES];
    const ll_message message = { .at_us = due->at_us,
                                 .from_name = FROM_NAME,
                                 .from = d->mail->from,
                                 .to = (const char *const *)d->mail->to,
                                 .to_count = d->mail->to_count,
                                 .subject = due->subject,
                                 .text = due->text,
                                 .id = id };
    ll_buffer data = { 0 };
    ll_smtp_result result = { .outcome = LL_SMTP_TEMPORARY };
    llmlearn_err err;

    name_alert(d, due->id, id);
    err = ll_message_write(&message, &data);
    if (err == LLMLEARN_OK) {
        const ll_smtp_mail mail = { .from = d->mail->from,
                                    .to = (const char *const *)d->mail->to,
                                    .to_count = d->mail->to_count,
                                    .data = data.data,
                                    .bytes = data.length };
        err = ll_smtp_send(&d->mail->server, &mail, deadline, d->cancel, &result);
    }
    ll_buffer_free(&data);
    *out_permanent = result.outcome == LL_SMTP_PERMANENT && result.cause == LL_SMTP_REFUSED;
    return err;
}

static llmlearn_err send_webhook(const delivery *d, const ll_outbox_due *due, ll_deadline deadline,
                                 bool *out_permanent)
{
    const ll_alert_kept kept = { .id = due->id,
                                 .at_us = due->at_us,
                                 .rule = due->rule,
                                 .about = due->about,
                                 .subject = due->subject,
                                 .text = due->text,
                                 .details = due->details };
    int64_t now_us = ll_clock_now_us(&(ll_clock){ .now = NULL }); /* the receiver's, not ours */
    uint8_t id[LL_SHA256_BYTES];
    char name[LL_SHA256_HEX_BYTES];
    ll_webhook_result result = { .outcome = LL_WEBHOOK_TEMPORARY };
    char *body = ll_alert_payload(&kept);
    llmlearn_err err;

    name_alert(d, due->id, id);
    ll_sha256_hex(id, name);
    name[32] = '\0';
    if (body == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for an alert");
    err = ll_webhook_send(&d->webhook->webhook, name, now_us, body, deadline, d->cancel, &result);
    free(body);
    *out_permanent = result.outcome == LL_WEBHOOK_PERMANENT && result.status >= 400;
    return err;
}

/* ---- one after another ------------------------------------------------- */

static llmlearn_err note(const delivery *d, const ll_outbox_due *due, llmlearn_err outcome,
                         bool permanent)
{
    note_job *n = (note_job *)ll_job_new(sizeof *n, run_note, destroy_note);
    llmlearn_err err;

    if (n == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to note that an alert was sent");
    n->channel = d->channel;
    n->id = due->id;
    n->attempt = due->attempt;
    n->permanent = permanent;
    ll_err_capture(outcome, &n->outcome);
    if (outcome != LLMLEARN_OK)
        ll_log_write(&ll_handle_settings(d->learner)->log, LLMLEARN_LOG_WARNING, "alert-unsent",
                     "alert %llu (%s) by %s, attempt %u: %s", (unsigned long long)due->id,
                     due->rule, d->channel, due->attempt, n->outcome.detail);
    err = ll_handle_submit(d->learner, &n->job, ll_deadline_in_ms(NOTE_MS));
    ll_job_release(&n->job);
    return err;
}

static llmlearn_err send_due(const delivery *d, const ll_outbox_due *due)
{
    ll_deadline deadline = ll_deadline_within_ms(d->deadline, SEND_MS);
    bool permanent = false;
    llmlearn_err err = d->mail != NULL ? send_mail(d, due, deadline, &permanent)
                                       : send_webhook(d, due, deadline, &permanent);
    llmlearn_err noted = note(d, due, err, permanent);

    return err == LLMLEARN_ECANCELLED || err == LLMLEARN_ENOMEM ? err : noted;
}

static llmlearn_err send_next(const delivery *d, bool *out_was_due)
{
    due_job *job = (due_job *)ll_job_new(sizeof *job, run_due, destroy_due);
    llmlearn_err err;

    if (job == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for an alert");
    job->channel = d->channel;
    err = ll_handle_submit(d->learner, &job->job, ll_deadline_within_ms(d->deadline, STEP_MS));
    *out_was_due = err == LLMLEARN_OK && job->due.id != 0;
    if (*out_was_due)
        err = send_due(d, &job->due);
    ll_job_release(&job->job);
    return err;
}

static llmlearn_err send_all(const delivery *d)
{
    llmlearn_err err = LLMLEARN_OK;
    bool was_due = true;

    for (uint32_t i = 0; i < LL_DELIVER_MAX && was_due && err == LLMLEARN_OK; i++) {
        if (ll_deadline_passed(d->deadline))
            return ll_fail(LLMLEARN_ETIMEDOUT, "no time left to send the alerts that wait");
        if (d->cancel != NULL && atomic_load(d->cancel) != 0)
            return ll_fail(LLMLEARN_ECANCELLED, "sending alerts was told to stop");
        err = send_next(d, &was_due);
    }
    return err;
}

llmlearn_err ll_deliver(llmlearn *learner, ll_deadline deadline, const atomic_int *cancel)
{
    delivery d = { .learner = learner, .deadline = deadline, .cancel = cancel };
    ll_err_report first;
    llmlearn_err err = LLMLEARN_OK;

    ll_err_capture(LLMLEARN_OK, &first);
    d.mail = ll_channels_mail(&learner->channels);
    d.channel = "mail";
    if (d.mail != NULL)
        err = send_all(&d);
    if (err != LLMLEARN_OK)
        ll_err_capture(err, &first);
    d.mail = NULL;
    d.webhook = ll_channels_webhook(&learner->channels);
    d.channel = "webhook";
    if (d.webhook != NULL)
        err = send_all(&d);
    return first.err != LLMLEARN_OK ? ll_err_restore(&first) : err;
}
