#include "metrics.h"

#include "reply.h"
#include "route.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 6, BUCKETS = 12 }; /* 0: no answer, 1 to 5: 1xx to 5xx */

static const uint64_t bucket_us[BUCKETS] = { 250,   500,   1000,   2500,   5000,    10000,
                                             25000, 50000, 100000, 500000, 1000000, 5000000 };

typedef struct counts {
    atomic_uint_fast64_t by_class[CLASSES];
} counts;

struct metrics {
    atomic_uint_fast64_t took_us;
    atomic_uint_fast64_t buckets[BUCKETS + 1];
    unsigned route_count;
    counts routes[]; /* and one more for what found none */
};

metrics *metrics_begin(void)
{
    unsigned count = route_count();
    metrics *m = calloc(1, sizeof *m + (count + 1) * sizeof m->routes[0]);
    if (m != NULL)
        m->route_count = count;
    return m;
}

void metrics_end(metrics *m)
{
    free(m);
}

static void add(atomic_uint_fast64_t *count, uint64_t more)
{
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static uint64_t get(atomic_uint_fast64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void metrics_request(metrics *m, const struct route *found, unsigned status, uint64_t took_us)
{
    unsigned bucket = 0, class = status / 100;

    while (bucket < BUCKETS && took_us > bucket_us[bucket])
        bucket++;
    add(&m->buckets[bucket], 1);
    add(&m->took_us, took_us);
    add(&m->routes[route_index(found)].by_class[class < CLASSES ? class : 0], 1);
}

static void write_requests(metrics *m, FILE *out)
{
    fputs("# HELP llmlearn_server_requests_total Requests by route and class of status.\n"
          "# TYPE llmlearn_server_requests_total counter\n",
          out);
    for (unsigned i = 0; i <= m->route_count; i++) {
        const route *of = i < m->route_count ? route_at(i) : NULL;
        for (unsigned k = 2; k < CLASSES; k++)
            fprintf(out,
                    "llmlearn_server_requests_total{method=\"%s\",route=\"%s\",class=\"%uxx\"} "
                    "%llu\n",
                    of != NULL ? of->method : "", of != NULL ? of->pattern : "", k,
                    (unsigned long long)get(&m->routes[i].by_class[k]));
    }
}

static void write_durations(metrics *m, FILE *out)
{
    uint64_t below = 0;

    fputs("# HELP llmlearn_server_request_seconds From the first line to the end of the "
          "reply.\n"
          "# TYPE llmlearn_server_request_seconds histogram\n",
          out);
    for (unsigned i = 0; i < BUCKETS; i++) {
        below += get(&m->buckets[i]);
        fprintf(out, "llmlearn_server_request_seconds_bucket{le=\"%g\"} %llu\n",
                (double)bucket_us[i] / 1e6, (unsigned long long)below);
    }
    below += get(&m->buckets[BUCKETS]);
    fprintf(out,
            "llmlearn_server_request_seconds_bucket{le=\"+Inf\"} %llu\n"
            "llmlearn_server_request_seconds_sum %.6f\n"
            "llmlearn_server_request_seconds_count %llu\n",
            (unsigned long long)below, (double)get(&m->took_us) / 1e6, (unsigned long long)below);
}

static void write_one(FILE *out, const char *type, const char *name, const char *help,
                      uint64_t value)
{
    fprintf(out, "# HELP llmlearn_%s %s\n# TYPE llmlearn_%s %s\nllmlearn_%s %llu\n", name, help,
            name, type, name, (unsigned long long)value);
}

static void write_connections(server *s, FILE *out)
{
    connections_totals c = connections_count(s->connections);

    write_one(out, "gauge", "server_connections", "Open now.", c.open);
    write_one(out, "counter", "server_connections_accepted_total", "Accepted.", c.accepted);
    write_one(out, "counter", "server_connections_refused_total", "One too many.", c.refused);
    write_one(out, "counter", "server_connections_too_late_total", "Shut at their deadline.",
              c.too_late);
}

static void write_library(server *s, FILE *out)
{
    llmlearn_counters c = { .struct_size = sizeof c };

    if (llmlearn_get_counters(s->learner, &c) != LLMLEARN_OK)
        return;
    write_one(out, "counter", "logged_total", "Explanations accepted.", c.logged);
    write_one(out, "counter", "refused_full_total", "Explanations refused: journal full.", c.full);
    write_one(out, "counter", "votes_total", "Votes accepted.", c.votes);
    write_one(out, "counter", "drained_total", "Records stored by this process.", c.drained);
    write_one(out, "counter", "duplicates_total", "Records that were stored already.",
              c.duplicates);
    write_one(out, "counter", "rejected_total", "Records the store refused.", c.rejected);
    write_one(out, "counter", "journal_holes_total", "Damaged places skipped.", c.holes);
    write_one(out, "counter", "batches_total", "Transactions committed.", c.batches);
    write_one(out, "counter", "store_errors_total", "Transactions rolled back.", c.store_errors);
    write_one(out, "gauge", "queued_bytes", "Of this process, not yet stored.", c.queued_bytes);
    write_one(out, "gauge", "journal_bytes", "The limit for it.", c.journal_bytes);
    fprintf(out,
            "# HELP llmlearn_lag_seconds Age of the oldest of it.\n"
            "# TYPE llmlearn_lag_seconds gauge\nllmlearn_lag_seconds %g\n",
            c.lag_ms / 1e3);
}

void metrics_tell(request *r)
{
    char *text = NULL;
    size_t length = 0;

    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return;
    write_requests(r->server->metrics, out);
    write_durations(r->server->metrics, out);
    write_connections(r->server, out);
    write_library(r->server, out);
    fclose(out);
    reply_text(r, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, free);
}
