#include "hourly.h"

#include "monotonic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4096, PROBES = 64, HOUR_MS = 3600 * 1000 };

typedef struct row {
    address network;
    uint64_t since_ms; /* 0: never used */
    unsigned count;
} row;

struct hourly {
    pthread_mutex_t mutex;
    unsigned limit;
    uint64_t salt; /* nobody can choose addresses that meet in one place */
    row rows[ROWS];
};

hourly *hourly_begin(unsigned limit)
{
    hourly *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->limit = limit;
    h->salt = monotonic_us() ^ (uint64_t)(uintptr_t)h;
    pthread_mutex_init(&h->mutex, NULL);
    return h;
}

void hourly_end(hourly *h)
{
    if (h == NULL)
        return;
    pthread_mutex_destroy(&h->mutex);
    free(h);
}

static size_t place(const hourly *h, const address *network)
{
    uint64_t halves[2];
    memcpy(halves, network->bytes, sizeof halves);
    uint64_t mixed = (halves[0] ^ h->salt) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 32 ^ halves[1]) * 0xd6e8feb86659fd93u;
    return (size_t)(mixed >> 40);
}

static row *find(hourly *h, const address *network, uint64_t now_ms)
{
    row *unused = NULL;
    size_t first = place(h, network);

    for (size_t i = 0; i < PROBES; i++) {
        row *at = &h->rows[(first + i) % ROWS];
        bool over = at->since_ms == 0 || now_ms - at->since_ms >= HOUR_MS;
        if (!over && address_equal(&at->network, network))
            return at;
        if (over && unused == NULL)
            unused = at;
    }
    if (unused != NULL)
        *unused = (row){ .network = *network, .since_ms = now_ms };
    return unused;
}

uint32_t hourly_take(hourly *h, const address *from)
{
    address network = address_network(from);
    uint64_t now_ms = monotonic_ms() + 1; /* never 0, which is a row that was never used */
    uint32_t wait_s = 0;

    if (h->limit == 0)
        return 0;
    pthread_mutex_lock(&h->mutex);
    row *counted = find(h, &network, now_ms);
    if (counted == NULL)
        wait_s = 60;
    else if (counted->count >= h->limit)
        wait_s = (uint32_t)((HOUR_MS - (now_ms - counted->since_ms)) / 1000) + 1;
    else
        counted->count++;
    pthread_mutex_unlock(&h->mutex);
    return wait_s;
}
