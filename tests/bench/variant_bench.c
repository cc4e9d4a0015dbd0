/* variant_bench.c - choosing a variant: what one call costs, and whether a second reader makes
 * it dearer while the configuration is swapped a thousand times a second.
 *
 * Two snapshots take turns: the test that is read stays, the champion of another signal changes.
 * Readers are timed by their own processor time, so that a busy machine does not count. */
#include "measure.h"

#include <pthread.h>
#include <stdatomic.h>

#define ROUNDS 60
#define CALLS 100000
#define UNITS 256 /* a power of two */
#define UNIT_BYTES 24
#define ARMS 4
#define SWAPS_PER_S 1000

static char units[UNITS][UNIT_BYTES];

static void add(llmlearn *learner, const char *signal, const char *version)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = 60000,
                                       .signal = signal,
                                       .version = version,
                                       .text = "Explain {{signal}} on {{ticker}}." };

    MUST(llmlearn_add_variant(learner, &variant));
}

static void promote(llmlearn *learner, const char *signal, const char *version)
{
    MUST(llmlearn_promote_variant(learner, signal, version, "bench", "to measure", 60000));
}

static void start_test(llmlearn *learner)
{
    static const llmlearn_arm arms[ARMS] = {
        { "v1.0", 0.4 }, { "v1.1", 0.2 }, { "v1.2", 0.2 }, { "v1.3", 0.2 }
    };
    const llmlearn_ab_test test = { .struct_size = sizeof test,
                                    .signal = "BUY",
                                    .arms = arms,
                                    .arm_count = ARMS,
                                    .deadline_ms = 60000 };

    for (int i = 0; i < ARMS; i++)
        add(learner, "BUY", arms[i].version);
    promote(learner, "BUY", "v1.0");
    MUST(llmlearn_start_ab_test(learner, &test, NULL));
    add(learner, "SELL", "v2.0");
    add(learner, "SELL", "v2.1");
}

/* ---- readers ----------------------------------------------------------- */

static double thread_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * NS_PER_S + (double)now.tv_nsec;
}

/* Nanoseconds of one call. */
static double read_many(llmlearn *learner, bool with_unit)
{
    llmlearn_assignment got = { .struct_size = sizeof got };
    uint32_t arms = 0;
    double start = thread_ns();

    for (size_t i = 0; i < CALLS; i++) {
        MUST(llmlearn_get_variant(learner, "BUY", with_unit ? units[i % UNITS] : NULL, &got));
        arms |= 1u << got.arm;
    }
    start = (thread_ns() - start) / CALLS;
    NEED(arms == (1u << ARMS) - 1); /* every arm was served */
    return start;
}

typedef struct reader {
    llmlearn *learner;
    pthread_barrier_t *together;
    double ns;
} reader;

static void *run_reader(void *argument)
{
    reader *r = argument;

    pthread_barrier_wait(r->together);
    r->ns = read_many(r->learner, true);
    return NULL;
}

/* The mean over that many readers at once. */
static double read_together(llmlearn *learner, unsigned count)
{
    reader readers[2];
    pthread_t threads[2];
    pthread_barrier_t together;
    double sum = 0;

    NEED(pthread_barrier_init(&together, NULL, count) == 0);
    for (unsigned i = 0; i < count; i++) {
        readers[i] = (reader){ .learner = learner, .together = &together };
        NEED(pthread_create(&threads[i], NULL, run_reader, &readers[i]) == 0);
    }
    for (unsigned i = 0; i < count; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
        sum += readers[i].ns;
    }
    pthread_barrier_destroy(&together);
    return sum / count;
}

/* ---- the publisher ----------------------------------------------------- */

typedef struct publisher {
    llmlearn *learner;
    atomic_bool stop;
    size_t swaps;
    double seconds;
} publisher;

static void *publish(void *argument)
{
    publisher *p = argument;
    double start = now_ns();

    while (!atomic_load(&p->stop)) {
        double due = start + (double)p->swaps * (NS_PER_S / SWAPS_PER_S);

        promote(p->learner, "SELL", p->swaps % 2 == 0 ? "v2.0" : "v2.1");
        p->swaps++;
        if (now_ns() < due)
            sleep_ms(1);
    }
    p->seconds = (now_ns() - start) / NS_PER_S;
    return NULL;
}

static void compare_readers(llmlearn *learner, size_t rounds)
{
    double alone[ROUNDS], two[ROUNDS], ratios[ROUNDS], work[ROUNDS];
    double *const columns[] = { alone, two, ratios };
    publisher p = { .learner = learner };
    pthread_t thread;

    NEED(pthread_create(&thread, NULL, publish, &p) == 0);
    for (size_t i = 0; i < rounds; i++) {
        work[i] = work_ns();
        alone[i] = read_together(learner, 1);
        two[i] = read_together(learner, 2);
        ratios[i] = two[i] / alone[i];
        work[i] = slower(work[i], work_ns());
    }
    atomic_store(&p.stop, true);
    NEED(pthread_join(thread, NULL) == 0);
    rounds = keep_steady(work, rounds, columns, COUNT_OF(columns));
    print_figure((figure){ .name = "get_variant_2_readers",
                           .value = median(two, rounds),
                           .unit = "ns",
                           .reference = "1 reader, the same publisher",
                           .reference_value = median(alone, rounds),
                           .ratio = median(ratios, rounds),
                           .goal = "ratio <= 1.2" });
    print_figure((figure){
        .name = "configurations_published", .value = (double)p.swaps / p.seconds, .unit = "1/s" });
}

int main(int argc, char **argv)
{
    size_t rounds = is_quick(argc, argv) ? 10 : ROUNDS, kept;
    double with_unit[ROUNDS], drawn[ROUNDS], work[ROUNDS];
    double *const columns[] = { with_unit, drawn };
    char path[PATH_BYTES];
    llmlearn *learner;

    path_of(path, argc, argv, "variant.db");
    learner = open_learner(path, 0);
    start_test(learner);
    for (int i = 0; i < UNITS; i++)
        snprintf(units[i], sizeof units[i], "account-%d", i * 7919);
    read_many(learner, true);
    for (size_t i = 0; i < rounds; i++) {
        work[i] = work_ns();
        with_unit[i] = read_many(learner, true);
        drawn[i] = read_many(learner, false);
        work[i] = slower(work[i], work_ns());
    }
    kept = keep_steady(work, rounds, columns, COUNT_OF(columns));
    print_figure((figure){ .name = "get_variant",
                           .value = median(with_unit, kept),
                           .unit = "ns",
                           .goal = "value <= 40" });
    print_figure(
        (figure){ .name = "get_variant_drawn", .value = median(drawn, kept), .unit = "ns" });
    compare_readers(learner, rounds);
    MUST(llmlearn_close(learner, 60000));
    return 0;
}
