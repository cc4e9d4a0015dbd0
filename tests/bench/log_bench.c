/* log_bench.c - what logging costs the caller: in bursts, against a bare reserve and copy into a
 * ring just as large and as warm; and paced, with the drain running, against anonymous memory. */
#include "measure.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define BURSTS 100
#define BURST_RECORDS 3000
#define SINGLE_BURSTS 8
#define RING_BYTES (256ul << 20) /* the default journal's */
#define AHEAD_BYTES (8ul << 20)  /* what the journal's keeper prefaults */
#define RECORD_BYTES 1264ul      /* a record of 1 KB text with its names and numbers */
#define ANONYMOUS_BYTES (16ul << 20)
#define WARM_NS 3e6
#define PACED_SECONDS 8
#define PACED_PER_SECOND 50000

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

/* ---- the bare ring ----------------------------------------------------- */

typedef struct ring {
    char *bytes;
    atomic_ulong position;
} ring;

static void ring_make(ring *r, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    NEED(fd >= 0 && posix_fallocate(fd, 0, RING_BYTES) == 0);
    r->bytes = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEED(r->bytes != MAP_FAILED);
    close(fd);
    memset(r->bytes, 0, RING_BYTES);
    atomic_init(&r->position, 0);
}

/* As the keeper does for the journal: the coming pages can be written without a fault. */
static void ring_prefault(ring *r)
{
    unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
    unsigned long at = atomic_load(&r->position) % RING_BYTES / page * page;
    unsigned long bytes = RING_BYTES - at < AHEAD_BYTES ? RING_BYTES - at : AHEAD_BYTES;

    if (madvise(r->bytes + at, bytes, MADV_POPULATE_WRITE) != 0)
        memset(r->bytes + at, 0, bytes); /* a kernel before 5.14 */
}

static double burst_of_copies(ring *r, const char *text)
{
    double start = now_ns();

    for (int i = 0; i < BURST_RECORDS; i++) {
        unsigned long at = atomic_fetch_add(&r->position, RECORD_BYTES);

        memcpy(r->bytes + at % (RING_BYTES - RECORD_BYTES), text, TEXT_BYTES);
    }
    return (now_ns() - start) / BURST_RECORDS;
}

/* ---- bursts ------------------------------------------------------------ */

static double burst_of_logs(llmlearn *learner, const char *text)
{
    double start = now_ns();

    log_many(learner, text, BURST_RECORDS, NULL);
    return (now_ns() - start) / BURST_RECORDS;
}

/* Drained, prefaulted, and the processor awake: its first millisecond is a slow one. */
static void get_ready(llmlearn *learner)
{
    double end;

    MUST(llmlearn_flush(learner, 60000));
    sleep_ms(30);
    end = now_ns() + WARM_NS;
    while (now_ns() < end)
        ;
}

static void compare_bursts(llmlearn *learner, ring *r, const char *name, const char *text,
                           const char *goal, size_t bursts)
{
    static double logs[BURSTS], copies[BURSTS], ratios[BURSTS], work[BURSTS];
    double *const columns[] = { logs, copies, ratios };

    burst_of_logs(learner, text);
    for (size_t i = 0; i < bursts; i++) {
        ring_prefault(r);
        get_ready(learner);
        work[i] = work_ns();
        if (i % 2 == 0)
            copies[i] = burst_of_copies(r, text);
        logs[i] = burst_of_logs(learner, text);
        if (i % 2 != 0)
            copies[i] = burst_of_copies(r, text);
        ratios[i] = logs[i] / copies[i];
        work[i] = slower(work[i], work_ns());
    }
    bursts = keep_steady(work, bursts, columns, COUNT_OF(columns));
    print_figure((figure){ .name = name,
                           .value = median(logs, bursts),
                           .unit = "ns",
                           .reference = "bare reserve and memcpy",
                           .reference_value = median(copies, bursts),
                           .ratio = median(ratios, bursts),
                           .goal = goal });
}

/* Net of the timer, which is read twice for every call. */
static void time_singles(llmlearn *learner, const char *text)
{
    static double single[SINGLE_BURSTS * BURST_RECORDS], timer[SINGLE_BURSTS];
    const llmlearn_explanation e = usual_explanation(text);
    double net_ns;

    for (size_t i = 0; i < COUNT_OF(single); i++) {
        llmlearn_id id;
        double start;

        if (i % BURST_RECORDS == 0) {
            get_ready(learner);
            timer[i / BURST_RECORDS] = timer_ns();
        }
        start = now_ns();
        MUST(llmlearn_log_explanation(learner, &e, &id));
        single[i] = now_ns() - start;
    }
    net_ns = median(single, COUNT_OF(single)) - median(timer, SINGLE_BURSTS);
    print_figure((figure){ .name = "timer", .value = median(timer, SINGLE_BURSTS), .unit = "ns" });
    print_figure((figure){ .name = "log_1kb_p50",
                           .value = net_ns,
                           .unit = "ns",
                           .reference = "@python_sqlite_commit",
                           .goal = "ratio >= 100" });
}

/* ---- paced ------------------------------------------------------------- */

typedef struct paced {
    double *logs, *stores;
    size_t count;
    char *anonymous;
    double timer_ns; /* part of every time */
    long preemptions;
} paced;

static double *touched(size_t count)
{
    double *values = malloc(count * sizeof *values);

    NEED(values != NULL);
    for (size_t i = 0; i < count; i++)
        values[i] = 1; /* so that storing a time never faults */
    return values;
}

/* One pair; false: the drain did not keep up and the journal is full. */
static bool time_pair(paced *p, llmlearn *learner, const llmlearn_explanation *e, size_t i)
{
    unsigned long at = i * RECORD_BYTES % (ANONYMOUS_BYTES - RECORD_BYTES);
    llmlearn_id id;
    double start = now_ns();
    llmlearn_err err = llmlearn_log_explanation(learner, e, &id);

    p->logs[i] = now_ns() - start;
    if (err == LLMLEARN_EFULL)
        return false;
    MUST(err);
    start = now_ns();
    memcpy(p->anonymous + at, e->text, TEXT_BYTES);
    p->stores[i] = now_ns() - start;
    return true;
}

/* By turns a log and a store of the same size into anonymous memory, each at its own time. */
static void pace(paced *p, llmlearn *learner, const char *text, size_t count)
{
    const llmlearn_explanation e = usual_explanation(text);
    struct rusage before, after;
    double next;

    getrusage(RUSAGE_THREAD, &before);
    next = now_ns();
    for (p->count = 0; p->count < count; p->count++) {
        while (now_ns() < next)
            ;
        next += NS_PER_S / PACED_PER_SECOND;
        if (!time_pair(p, learner, &e, p->count))
            break;
    }
    getrusage(RUSAGE_THREAD, &after);
    p->preemptions = after.ru_nivcsw - before.ru_nivcsw;
    if (p->count < count)
        fprintf(stderr, "  the drain did not keep up: %zu of %zu calls\n", p->count, count);
}

static void print_paced(const paced *p, const char *name, double q, const char *goal)
{
    double log_ns = quantile(p->logs, p->count, q) - p->timer_ns;
    double store_ns = quantile(p->stores, p->count, q) - p->timer_ns;

    print_figure((figure){ .name = name,
                           .value = log_ns,
                           .unit = "ns",
                           .reference = "anonymous memory",
                           .reference_value = store_ns,
                           .ratio = log_ns / store_ns,
                           .goal = goal });
}

static void compare_paced(llmlearn *learner, const char *text, size_t count)
{
    paced p = { .logs = touched(count), .stores = touched(count) };

    p.anonymous = mmap(NULL, ANONYMOUS_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    NEED(p.anonymous != MAP_FAILED);
    get_ready(learner);
    p.timer_ns = timer_ns();
    pace(&p, learner, text, count);
    print_paced(&p, "log_paced_p50", 0.5, NULL);
    print_paced(&p, "log_paced_p99", 0.99, NULL);
    print_paced(&p, "log_paced_p99.9", 0.999, "ratio <= 5 and value <= 3000");
    print_figure((figure){
        .name = "log_paced_preemptions", .value = (double)p.preemptions, .unit = "times" });
    munmap(p.anonymous, ANONYMOUS_BYTES);
    free(p.logs);
    free(p.stores);
}

int main(int argc, char **argv)
{
    static char ascii[TEXT_BYTES + 1], mixed[TEXT_BYTES + 1];
    bool quick = is_quick(argc, argv);
    size_t bursts = quick ? BURSTS / 10 : BURSTS;
    char path[PATH_BYTES], ring_path[PATH_BYTES];
    llmlearn *learner;
    ring r;

    path_of(path, argc, argv, "log.db");
    path_of(ring_path, argc, argv, "ring");
    fill_ascii(ascii);
    fill_mixed(mixed);
    learner = open_learner(path, 0);
    ring_make(&r, ring_path);
    compare_bursts(learner, &r, "log_1kb_ascii", ascii, "ratio <= 3", bursts);
    compare_bursts(learner, &r, "log_1kb_mixed", mixed, "ratio <= 5", bursts);
    time_singles(learner, ascii);
    compare_paced(learner, ascii, (quick ? 1 : PACED_SECONDS) * PACED_PER_SECOND);
    MUST(llmlearn_close(learner, 60000));
    return 0;
}
