#include "connections.h"

#include "monotonic.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { WATCH_INTERVAL_MS = 100, SLOWEST_BYTES_PER_MS = 4 };

struct connection {
    bool used;
    int socket;
    address network;
    address peer;
    _Atomic uint64_t state; /* when its deadline begins, in ms << 2 | phase: one word, no lock */
};

struct connections {
    pthread_mutex_t mutex; /* guards used, socket, totals */
    pthread_cond_t ending;
    pthread_t watchdog;
    bool ended;
    connections_limits limits;
    connections_totals totals;
    connection slots[];
};

static void enter(connection *c, phase next, uint64_t since_ms)
{
    atomic_store_explicit(&c->state, since_ms << 2 | next, memory_order_relaxed);
}

void connection_enter(connection *c, phase next)
{
    enter(c, next, monotonic_ms());
}

void connection_send(connection *c, size_t bytes)
{
    enter(c, SENDING, monotonic_ms() + bytes / SLOWEST_BYTES_PER_MS);
}

static phase phase_of(connection *c, uint64_t *out_since_ms)
{
    uint64_t state = atomic_load_explicit(&c->state, memory_order_relaxed);
    *out_since_ms = state >> 2;
    return (phase)(state & 3);
}

const address *connection_peer(const connection *c)
{
    return &c->peer;
}

static void shut_the_late(connections *all)
{
    uint64_t now_ms = monotonic_ms();

    for (unsigned i = 0; i < all->limits.all; i++) {
        connection *c = &all->slots[i];
        uint64_t since_ms = 0;
        if (!c->used || c->socket < 0 || phase_of(c, &since_ms) == WORKING)
            continue;
        if (now_ms >= since_ms + all->limits.deadline_s * UINT64_C(1000)) {
            shutdown(c->socket, SHUT_RDWR);
            c->socket = -1; /* once is enough */
            all->totals.too_late++;
        }
    }
}

static void *watch(void *argument)
{
    connections *all = argument;

    pthread_mutex_lock(&all->mutex);
    while (!all->ended) {
        struct timespec until = monotonic_after_ms(WATCH_INTERVAL_MS);
        pthread_cond_timedwait(&all->ending, &all->mutex, &until);
        shut_the_late(all);
    }
    pthread_mutex_unlock(&all->mutex);
    return NULL;
}

connections *connections_begin(const connections_limits *limits)
{
    connections *all = calloc(1, sizeof *all + limits->all * sizeof all->slots[0]);
    if (all == NULL)
        return NULL;
    all->limits = *limits;
    pthread_mutex_init(&all->mutex, NULL);
    monotonic_cond_init(&all->ending);
    if (pthread_create(&all->watchdog, NULL, watch, all) != 0) {
        free(all);
        return NULL;
    }
    return all;
}

void connections_end(connections *all)
{
    if (all == NULL)
        return;
    pthread_mutex_lock(&all->mutex);
    all->ended = true;
    pthread_cond_signal(&all->ending);
    pthread_mutex_unlock(&all->mutex);
    pthread_join(all->watchdog, NULL);
    pthread_cond_destroy(&all->ending);
    pthread_mutex_destroy(&all->mutex);
    free(all);
}

/* NULL if all are taken, or too many by this network. */
static connection *free_slot(connections *all, const address *network, bool counted)
{
    connection *found = NULL;
    unsigned same = 0;

    for (unsigned i = 0; i < all->limits.all; i++) {
        connection *c = &all->slots[i];
        if (!c->used)
            found = c;
        else if (counted && address_equal(&c->network, network))
            same++;
    }
    return same < all->limits.per_address ? found : NULL;
}

connection *connections_add(connections *all, int socket, const address *peer)
{
    address network = address_network(peer);
    bool counted = all->limits.exempt == NULL || !address_equal(all->limits.exempt, peer);

    pthread_mutex_lock(&all->mutex);
    connection *c = free_slot(all, &network, counted);
    if (c != NULL) {
        c->used = true;
        c->socket = socket;
        c->network = network;
        c->peer = *peer;
        connection_enter(c, READING);
        all->totals.open++;
        all->totals.accepted++;
    } else {
        all->totals.refused++;
    }
    pthread_mutex_unlock(&all->mutex);
    return c;
}

void connections_remove(connections *all, connection *c)
{
    pthread_mutex_lock(&all->mutex);
    assert(c->used);
    c->used = false;
    all->totals.open--;
    pthread_mutex_unlock(&all->mutex);
}

unsigned connections_busy(connections *all)
{
    unsigned busy = 0;

    pthread_mutex_lock(&all->mutex);
    for (unsigned i = 0; i < all->limits.all; i++) {
        uint64_t since_ms = 0;
        if (all->slots[i].used && phase_of(&all->slots[i], &since_ms) != READING)
            busy++;
    }
    pthread_mutex_unlock(&all->mutex);
    return busy;
}

connections_totals connections_count(connections *all)
{
    pthread_mutex_lock(&all->mutex);
    connections_totals totals = all->totals;
    pthread_mutex_unlock(&all->mutex);
    return totals;
}
