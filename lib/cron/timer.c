#include "cron/timer.h"

#include "base/err.h"
#include "base/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define AWAKE_EVERY_MS 30000
/* Between two calls that nobody asked for: a callback that always wants to be called at once
 * costs little. */
#define REST_MS 100

struct ll_timer {
    ll_timer_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* any of those below it */
    bool asked;             /* to look at once */
    bool ended;             /* the thread will touch nothing any more but its return */
    atomic_bool stopping;   /* written under the mutex */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long to sleep for a moment that is `left_us` away. */
static uint64_t sleep_ms(const ll_timer *timer, int64_t due_us, int64_t now_us)
{
    uint64_t left_us = (uint64_t)due_us - (uint64_t)now_us; /* due_us > now_us: it fits */

    return smaller(left_us / 1000 + 1, timer->options.awake_every_ms);
}

/* With the mutex: sleeps until asked, told to stop, or the time is over. */
static void rest(ll_timer *timer, uint64_t ms)
{
    struct timespec end = ll_deadline_timespec(ll_deadline_in_ms(ms));
    int status = 0;

    while (status == 0 && !timer->asked && !atomic_load(&timer->stopping))
        status = pthread_cond_timedwait(&timer->changed, &timer->mutex, &end);
}

/* With the mutex: sleeps until the moment has come or somebody asks; `before_us` is the time that
 * the moment was computed from. Looks at the clock each time it wakes: one that goes back ends the
 * sleep, too, since what was computed from it may be wrong. */
static void sleep_until(ll_timer *timer, int64_t due_us, int64_t before_us)
{
    int64_t now_us = ll_clock_now_us(&timer->options.clock);

    if (due_us <= now_us || now_us < before_us)
        rest(timer, REST_MS);
    while (due_us > now_us && now_us >= before_us && !timer->asked &&
           !atomic_load(&timer->stopping)) {
        rest(timer, sleep_ms(timer, due_us, now_us));
        before_us = now_us;
        now_us = ll_clock_now_us(&timer->options.clock);
    }
}

static void *run(void *argument)
{
    ll_timer *timer = argument;
    const ll_timer_options *o = &timer->options;

    pthread_mutex_lock(&timer->mutex);
    while (!atomic_load(&timer->stopping)) {
        timer->asked = false;
        pthread_mutex_unlock(&timer->mutex);
        int64_t now_us = ll_clock_now_us(&o->clock);
        int64_t due_us = o->look(o->user, timer, now_us);
        pthread_mutex_lock(&timer->mutex);
        sleep_until(timer, due_us, now_us);
    }
    timer->ended = true;
    pthread_cond_broadcast(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
    return NULL;
}

static void destroy(ll_timer *timer)
{
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->mutex);
    free(timer);
}

llmlearn_err ll_timer_start(const ll_timer_options *options, ll_timer **out_timer)
{
    ll_timer *timer = calloc(1, sizeof *timer);
    llmlearn_err err;

    assert(options->look != NULL && options->name != NULL);
    if (timer == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a timer");
    timer->options = *options;
    if (options->awake_every_ms == 0)
        timer->options.awake_every_ms = AWAKE_EVERY_MS;
    err = ll_thread_condition_init(&timer->changed);
    if (err != LLMLEARN_OK) {
        free(timer);
        return err;
    }
    pthread_mutex_init(&timer->mutex, NULL);
    err = ll_thread_start(&timer->thread, options->name, run, timer);
    if (err != LLMLEARN_OK) {
        destroy(timer);
        return err;
    }
    *out_timer = timer;
    return LLMLEARN_OK;
}

void ll_timer_look(ll_timer *timer)
{
    pthread_mutex_lock(&timer->mutex);
    timer->asked = true;
    pthread_cond_broadcast(&timer->changed);
    pthread_mutex_unlock(&timer->mutex);
}

bool ll_timer_is_stopping(const ll_timer *timer)
{
    return atomic_load(&timer->stopping);
}

llmlearn_err ll_timer_stop(ll_timer *timer, ll_deadline deadline)
{
    struct timespec end = ll_deadline_timespec(deadline);
    int status = 0;
    bool ended;

    if (timer == NULL)
        return LLMLEARN_OK;
    pthread_mutex_lock(&timer->mutex);
    assert(!pthread_equal(pthread_self(), timer->thread));
    atomic_store(&timer->stopping, true);
    pthread_cond_broadcast(&timer->changed);
    while (!timer->ended && status == 0)
        status = pthread_cond_timedwait(&timer->changed, &timer->mutex, &end);
    ended = timer->ended;
    pthread_mutex_unlock(&timer->mutex);
    if (!ended)
        return ll_fail(LLMLEARN_ETIMEDOUT, "the timer %s is still in a call", timer->options.name);
    pthread_join(timer->thread, NULL);
    destroy(timer);
    return LLMLEARN_OK;
}
