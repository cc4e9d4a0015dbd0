#include "workers.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct job {
    void (*run)(void *argument);
    void *argument;
} job;

struct workers {
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t given;
    unsigned first, count;
    bool ending;
    unsigned thread_count;
    unsigned queue_max;
    job *queue;
    pthread_t threads[];
};

static bool take(workers *w, job *out)
{
    pthread_mutex_lock(&w->mutex);
    while (w->count == 0 && !w->ending)
        pthread_cond_wait(&w->given, &w->mutex);
    bool taken = w->count > 0;
    if (taken) {
        *out = w->queue[w->first];
        w->first = (w->first + 1) % w->queue_max;
        w->count--;
    }
    pthread_mutex_unlock(&w->mutex);
    return taken;
}

static void *work(void *argument)
{
    job next;
    while (take(argument, &next))
        next.run(next.argument);
    return NULL;
}

workers *workers_begin(unsigned threads, unsigned queue)
{
    workers *w = calloc(1, sizeof *w + threads * sizeof w->threads[0]);
    if (w == NULL)
        return NULL;
    w->queue_max = queue;
    w->queue = calloc(queue, sizeof w->queue[0]);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->given, NULL);
    while (w->queue != NULL && w->thread_count < threads &&
           pthread_create(&w->threads[w->thread_count], NULL, work, w) == 0)
        w->thread_count++;
    if (w->thread_count == threads)
        return w;
    workers_end(w);
    return NULL;
}

void workers_stop(workers *w)
{
    pthread_mutex_lock(&w->mutex);
    w->ending = true;
    pthread_cond_broadcast(&w->given);
    pthread_mutex_unlock(&w->mutex);
    for (; w->thread_count > 0; w->thread_count--)
        pthread_join(w->threads[w->thread_count - 1], NULL);
}

void workers_end(workers *w)
{
    if (w == NULL)
        return;
    workers_stop(w);
    pthread_cond_destroy(&w->given);
    pthread_mutex_destroy(&w->mutex);
    free(w->queue);
    free(w);
}

bool workers_give(workers *w, void (*run)(void *argument), void *argument)
{
    pthread_mutex_lock(&w->mutex);
    bool fits = !w->ending && w->count < w->queue_max;
    if (fits) {
        w->queue[(w->first + w->count) % w->queue_max] = (job){ run, argument };
        w->count++;
        pthread_cond_signal(&w->given);
    }
    pthread_mutex_unlock(&w->mutex);
    return fits;
}
