#include "hourly.h"

#include "monotonic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4096, PROBES = 64, HOUR_MS = 3600 * 1000, AS_MANY = 16 };

typedef struct row {
    address counted;
    uint64_t since_ms; /* 0: never used */
    unsigned count;
} row;

struct hourly {
    pthread_mutex_t mutex;
    unsigned limit;
    uint64_t salt; /* nobody can choose addresses that meet in one place */
    row networks[ROWS];
    row crowds[ROWS]; /* whose networks found no place */
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

static size_t place(const hourly *h, const address *around)
{
    uint64_t halves[2];
    memcpy(halves, around->bytes, sizeof halves);
    uint64_t mixed = (halves[0] ^ h->salt) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 32 ^ halves[1]) * 0xd6e8feb86659fd93u;
    return (size_t)(mixed >> 40);
}

/* NULL: from the first place on all are taken. */
static row *find(row rows[ROWS], size_t first, const address *counted, uint64_t now_ms)
{
    row *unused = NULL;

    for (size_t i = 0; i < PROBES; i++) {
        row *at = &rows[(first + i) % ROWS];
        bool over = at->since_ms == 0 || now_ms - at->since_ms >= HOUR_MS;
        if (!over && address_equal(&at->counted, counted))
            return at;
        if (over && unused == NULL)
            unused = at;
    }
    if (unused != NULL)
        *unused = (row){ .counted = *counted, .since_ms = now_ms };
    return unused;
}

static row *find_widening(hourly *h, const address *from, uint64_t now_ms, unsigned *out_limit)
{
    address network = address_network(from);
    address crowd = address_prefix(from, 6, 3), around = address_prefix(from, 4, 2);

    *out_limit = h->limit;
    row *found = find(h->networks, place(h, &crowd), &network, now_ms);
    if (found != NULL)
        return found;
    *out_limit = h->limit * AS_MANY;
    return find(h->crowds, place(h, &around), &crowd, now_ms);
}

uint32_t hourly_take(hourly *h, const address *from)
{
    uint64_t now_ms = monotonic_ms() + 1; /* never 0, which is a row that was never used */
    uint32_t wait_s = 0;
    unsigned limit = 0;

    if (h->limit == 0)
        return 0;
    pthread_mutex_lock(&h->mutex);
    row *found = find_widening(h, from, now_ms, &limit);
    if (found == NULL)
        wait_s = 60;
    else if (found->count >= limit)
        wait_s = (uint32_t)((HOUR_MS - (now_ms - found->since_ms)) / 1000) + 1;
    else
        found->count++;
    pthread_mutex_unlock(&h->mutex);
    return wait_s;
}
