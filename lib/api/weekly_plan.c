#include "api/weekly_plan.h"

#include "api/arguments.h"
#include "api/generate.h"
#include "api/test_plan.h"
#include "base/err.h"
#include "cron/line.h"

#include <stdlib.h>
#include <string.h>

#define CRON_DEFAULT "0 2 * * 1"
/* More than anybody has; each is some transactions a week. */
#define SIGNALS_MAX 10000u
#define RULE_DEFAULT LLMLEARN_RULE_GROUP_SEQUENTIAL
#define FLAGS_KNOWN                                                                                \
    (LLMLEARN_SCHEDULE_UNAPPROVED | LLMLEARN_SCHEDULE_KEEP_PREVIOUS | LLMLEARN_SCHEDULE_ONLY_DECIDE)

/* ---- cron lines -------------------------------------------------------- */

static llmlearn_err next_moment(void *user, const char *schedule, size_t bytes, int64_t after_us,
                                int64_t *out_us)
{
    ll_cron_line line;
    llmlearn_err err = ll_cron_parse(schedule, bytes, &line);

    (void)user;
    return err == LLMLEARN_OK ? ll_cron_next(&line, after_us, out_us) : err;
}

const ll_schedule_rule ll_weekly_rule = { .next = next_moment };

/* ---- making and freeing ------------------------------------------------ */

static void free_texts(char **texts, uint32_t count)
{
    for (uint32_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_plan(ll_weekly_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->cron);
    free_texts(plan->signals, plan->signal_count);
    free_texts(plan->fields, plan->field_count);
    free(plan);
}

void ll_weekly_plans_free(ll_weekly_plans *plans)
{
    ll_weekly_plan *plan = atomic_load(&plans->all);

    while (plan != NULL) {
        ll_weekly_plan *next = plan->next;
        free_plan(plan);
        plan = next;
    }
}

const ll_weekly_plan *ll_weekly_plan_get(const ll_weekly_plans *plans)
{
    return atomic_load_explicit(&plans->current, memory_order_acquire);
}

static char **copy_texts(const char *const *texts, uint32_t count, bool *failed)
{
    char **copies = count == 0 ? NULL : calloc(count, sizeof *copies);

    if (count > 0 && copies == NULL)
        *failed = true;
    for (uint32_t i = 0; copies != NULL && i < count; i++)
        copies[i] = ll_argument_copy(texts[i], failed);
    return copies;
}

static llmlearn_ab_test test_of(const llmlearn_schedule *s)
{
    return (llmlearn_ab_test){ .struct_size = sizeof(llmlearn_ab_test),
                               .rule = s->rule == 0 ? (int32_t)RULE_DEFAULT : s->rule,
                               .duration_min_days = s->duration_min_days,
                               .duration_max_days = s->duration_max_days,
                               .lift_min = s->lift_min };
}

static llmlearn_err make_plan(const llmlearn_schedule *s, ll_weekly_plan **out_plan)
{
    ll_weekly_plan *plan = calloc(1, sizeof *plan);
    bool failed = plan == NULL;

    if (plan != NULL) {
        plan->flags = s->flags;
        plan->cron = ll_argument_copy(s->cron != NULL ? s->cron : CRON_DEFAULT, &failed);
        plan->signal_count = s->signal_count;
        plan->signals = copy_texts(s->signals, s->signal_count, &failed);
        plan->field_count = s->field_count;
        plan->fields = copy_texts(s->fields, s->field_count, &failed);
        plan->test = test_of(s);
        plan->variants = s->variants != 0 ? s->variants : LL_GENERATE_COUNT;
        plan->replays = s->replays;
        plan->generate_flags = s->generate_flags;
        plan->response_rate_min = s->response_rate_min;
    }
    if (failed) {
        free_plan(plan);
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the schedule");
    }
    *out_plan = plan;
    return LLMLEARN_OK;
}

/* ---- what is allowed --------------------------------------------------- */

static llmlearn_err check_signals(const llmlearn_schedule *s)
{
    if ((s->signals == NULL) != (s->signal_count == 0) || s->signal_count > SIGNALS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "signals: signal_count of them, up to %u; NULL and 0: all",
                       SIGNALS_MAX);
    for (uint32_t i = 0; i < s->signal_count; i++) {
        if (ll_argument_signal("signals[]", s->signals[i]) == SIZE_MAX)
            return LLMLEARN_EINVAL;
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_generation(const llmlearn_schedule *s)
{
    const llmlearn_generation generation = { .struct_size = sizeof generation,
                                             .flags = s->generate_flags,
                                             .signal = "any",
                                             .fields = s->fields,
                                             .field_count = s->field_count,
                                             .count = s->variants,
                                             .replays = s->replays };

    if ((s->generate_flags & ~LLMLEARN_GENERATE_MODERATE) != 0)
        return ll_fail(LLMLEARN_EINVAL, "generate_flags: 0x%x has unknown bits", s->generate_flags);
    if (s->variants > LL_GENERATE_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "variants: %u; up to %u", s->variants,
                       LL_GENERATE_COUNT_MAX);
    if (s->field_count > 0 && s->fields == NULL)
        return ll_fail(LLMLEARN_EINVAL, "fields: field_count of them are required");
    return ll_generate_check(&generation);
}

static llmlearn_err check_cron(const char *cron)
{
    ll_cron_line line;
    int64_t moment_us;
    llmlearn_err err = LLMLEARN_OK;

    if (ll_argument_text("cron", cron, false, 1, LL_CRON_LINE_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (cron != NULL)
        err = ll_cron_parse(cron, strlen(cron), &line);
    return err == LLMLEARN_OK && cron != NULL ? ll_cron_next(&line, 0, &moment_us) : err;
}

static llmlearn_err check_schedule(const llmlearn_schedule *s)
{
    const llmlearn_ab_test test = test_of(s);
    llmlearn_err err;

    if ((s->flags & ~FLAGS_KNOWN) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: 0x%x has unknown bits; LLMLEARN_SCHEDULE_*",
                       s->flags & ~FLAGS_KNOWN);
    if (!(s->response_rate_min >= 0 && s->response_rate_min <= 1))
        return ll_fail(LLMLEARN_EINVAL, "response_rate_min: %g; 0 to 1 is allowed",
                       s->response_rate_min);
    err = check_cron(s->cron);
    if (err == LLMLEARN_OK)
        err = check_signals(s);
    if (err == LLMLEARN_OK)
        err = ll_test_plan_check(&test);
    return err == LLMLEARN_OK ? check_generation(s) : err;
}

/* ---- setting ----------------------------------------------------------- */

typedef struct register_job {
    ll_job job;
    char *cron;
} register_job;

static void destroy_register(ll_job *job)
{
    register_job *r = (register_job *)job;

    free(r->cron);
    free(r);
}

static llmlearn_err run_register(ll_job *job, const ll_write *write)
{
    const register_job *r = (const register_job *)job;

    return ll_schedule_register(write->connection, LL_WEEKLY_JOB, r->cron, &ll_weekly_rule,
                                write->now_us);
}

static llmlearn_err store_line(llmlearn *learner, const char *cron, ll_deadline deadline)
{
    register_job *r = (register_job *)ll_job_new(sizeof *r, run_register, destroy_register);
    bool failed = false;
    llmlearn_err err;

    if (r == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the schedule");
    r->cron = ll_argument_copy(cron, &failed);
    err = failed ? ll_fail(LLMLEARN_ENOMEM, "no memory for the schedule")
                 : ll_handle_submit(learner, &r->job, deadline);
    ll_job_release(&r->job);
    return err;
}

static void publish(ll_weekly_plans *plans, ll_weekly_plan *plan)
{
    if (plan != NULL) {
        plan->next = atomic_load(&plans->all);
        while (!atomic_compare_exchange_weak(&plans->all, &plan->next, plan))
            continue;
    }
    atomic_store_explicit(&plans->current, plan, memory_order_release);
}

llmlearn_err llmlearn_set_schedule(llmlearn *learner, const llmlearn_schedule *schedule,
                                   uint32_t deadline_ms)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    llmlearn_schedule s;
    ll_weekly_plan *plan = NULL;
    llmlearn_err err = LLMLEARN_OK;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    if (schedule != NULL) {
        err = ll_arguments_read("schedule", schedule, sizeof s, &s, sizeof s);
        if (err == LLMLEARN_OK)
            err = check_schedule(&s);
        if (err == LLMLEARN_OK)
            err = make_plan(&s, &plan);
        if (err == LLMLEARN_OK)
            err = store_line(learner, plan->cron, deadline);
    }
    if (err != LLMLEARN_OK) {
        free_plan(plan);
        return err;
    }
    publish(&learner->plans, plan);
    return LLMLEARN_OK;
}
