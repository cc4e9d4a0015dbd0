/* log_bench.c - what logging costs the caller: in bursts against a bare reserve and copy into
 * a ring just as warm, and paced, with the drain running, against anonymous memory. */
#include "measure.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_BYTES 1024
#define BURSTS 60
#define BURST_RECORDS 3000
#define RING_BYTES (16u << 20)
#define RECORD_BYTES 1264u /* a record of 1 KB text with its names and numbers */
#define PACED_SECONDS 8
#define PACED_PER_SECOND 50000

static void fill_ascii(char *text)
{
    for (int i = 0; i < TEXT_BYTES; i++)
        text[i] = (char)('a' + i % 26);
    text[TEXT_BYTES] = '\0';
}

/* German, Chinese and an emoji by turns. */
static void fill_mixed(char *text)
{
    static const char piece[] = "K\xc3\xa4ufer \xe4\xb8\x8a\xe5\x8d\x87 \xf0\x9f\x93\x88 up 3 % ";
    size_t used = 0;

    while (used + sizeof piece <= TEXT_BYTES) {
        memcpy(text + used, piece, sizeof piece - 1);
        used += sizeof piece - 1;
    }
    memset(text + used, '.', TEXT_BYTES - used);
    text[TEXT_BYTES] = '\0';
}

/* A file of the same kind as a segment, mapped and written once: as warm as the journal's. */
static char *map_ring(const char *path)
{
    char *ring;
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    if (fd < 0 || posix_fallocate(fd, 0, RING_BYTES) != 0)
        exit(1);
    ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (ring == MAP_FAILED)
        exit(1);
    memset(ring, 1, RING_BYTES);
    return ring;
}

static double burst_of_copies(char *ring, atomic_ulong *position, const char *text)
{
    double start = now_ns();

    for (int i = 0; i < BURST_RECORDS; i++) {
        unsigned long at = atomic_fetch_add(position, RECORD_BYTES) % (RING_BYTES - RECORD_BYTES);

        memcpy(ring + at, text, TEXT_BYTES);
    }
    return (now_ns() - start) / BURST_RECORDS;
}

static double burst_of_logs(llmlearn *learner, const char *text)
{
    const llmlearn_explanation e = usual_explanation(text);
    llmlearn_id id;
    double start = now_ns();

    for (int i = 0; i < BURST_RECORDS; i++)
        MUST(llmlearn_log_explanation(learner, &e, &id));
    return (now_ns() - start) / BURST_RECORDS;
}

static void rest(llmlearn *learner)
{
    struct timespec pause = { .tv_nsec = 30000000 };

    MUST(llmlearn_flush(learner, 60000));
    nanosleep(&pause, NULL); /* the keeper prefaults ahead */
}

static void compare_bursts(llmlearn *learner, char *ring, const char *name, const char *text,
                           const char *goal)
{
    static double logs[BURSTS], copies[BURSTS], ratios[BURSTS];
    atomic_ulong position = 0;

    burst_of_logs(learner, text);
    for (int i = 0; i < BURSTS; i++) {
        rest(learner);
        logs[i] = burst_of_logs(learner, text);
        copies[i] = burst_of_copies(ring, &position, text);
        ratios[i] = logs[i] / copies[i];
    }
    figure(name, median(logs, BURSTS), "ns", "bare reserve and memcpy", median(copies, BURSTS),
           median(ratios, BURSTS), goal);
}

/* By turns a log and a store of the same size into anonymous memory, each at its own time. */
static void compare_paced(llmlearn *learner, const char *text)
{
    const size_t count = (size_t)PACED_SECONDS * PACED_PER_SECOND;
    const llmlearn_explanation e = usual_explanation(text);
    double *logs = calloc(count, sizeof *logs);
    double *stores = calloc(count, sizeof *stores);
    char *anonymous = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    double step = 1e9 / PACED_PER_SECOND;
    double next = now_ns();

    if (logs == NULL || stores == NULL || anonymous == MAP_FAILED)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        llmlearn_id id;
        double start;

        while (now_ns() < next)
            ;
        next += step;
        start = now_ns();
        MUST(llmlearn_log_explanation(learner, &e, &id));
        logs[i] = now_ns() - start;
        start = now_ns();
        memcpy(anonymous + i * RECORD_BYTES % (RING_BYTES - RECORD_BYTES), text, TEXT_BYTES);
        stores[i] = now_ns() - start;
    }
    figure("log_paced_p50", quantile(logs, count, 0.5), "ns", "anonymous memory",
           quantile(stores, count, 0.5), quantile(logs, count, 0.5) / quantile(stores, count, 0.5),
           "");
    figure("log_paced_p99.9", quantile(logs, count, 0.999), "ns", "anonymous memory",
           quantile(stores, count, 0.999),
           quantile(logs, count, 0.999) / quantile(stores, count, 0.999), "<= 5");
    free(logs);
    free(stores);
    munmap(anonymous, RING_BYTES);
}

int main(int argc, char **argv)
{
    static char ascii[TEXT_BYTES + 1], mixed[TEXT_BYTES + 1];
    static char path[4096], ring_path[4096];
    static double single[20000];
    llmlearn *learner;
    char *ring;

    snprintf(path, sizeof path, "%s/log.db", argc > 1 ? argv[1] : ".");
    snprintf(ring_path, sizeof ring_path, "%s/ring", argc > 1 ? argv[1] : ".");
    fill_ascii(ascii);
    fill_mixed(mixed);
    learner = open_learner(path, 0);
    ring = map_ring(ring_path);
    compare_bursts(learner, ring, "log_1kb_ascii", ascii, "<= 3");
    compare_bursts(learner, ring, "log_1kb_mixed", mixed, "<= 5");
    rest(learner);
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        const llmlearn_explanation e = usual_explanation(ascii);
        llmlearn_id id;
        double start = now_ns();

        MUST(llmlearn_log_explanation(learner, &e, &id));
        single[i] = now_ns() - start;
    }
    figure("log_1kb_p50", median(single, sizeof single / sizeof single[0]), "ns",
           "@python_sqlite_commit", 0, 0, ">= 100");
    rest(learner);
    compare_paced(learner, ascii);
    MUST(llmlearn_close(learner, 60000));
    return 0;
}
