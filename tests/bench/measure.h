/* measure.h - timing, arguments, and one line of JSON per figure, which report.py collects.
 *
 *   drain_bench FOLDER [quick]
 *
 * A figure is compared with a reference measured in the same run, or with another
 * program's figure by its name ("@python_sqlite_commit"): then report.py finds the ratio. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llmlearn.h"

#define PATH_BYTES 4096
#define TEXT_BYTES 1024
#define NS_PER_S 1e9
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MUST(call) must((call), #call, __LINE__)

static inline void must(llmlearn_err err, const char *what, int line)
{
    if (err == LLMLEARN_OK)
        return;
    fprintf(stderr, "line %d: %s: %s: %s\n", line, what, llmlearn_error_name(err),
            llmlearn_error_detail());
    exit(1);
}

/* For what is not a call of the library: it cannot go on without. */
#define NEED(condition) need((condition), #condition, __FILE__, __LINE__)

static inline void need(bool condition, const char *what, const char *file, int line)
{
    if (condition)
        return;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    exit(1);
}

/* ---- arguments --------------------------------------------------------- */

static inline bool is_quick(int argc, char **argv)
{
    return argc > 2 && strcmp(argv[2], "quick") == 0;
}

static inline void path_of(char out[PATH_BYTES], int argc, char **argv, const char *name)
{
    int bytes;

    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [quick]\n", argv[0]);
        exit(2);
    }
    bytes = snprintf(out, PATH_BYTES, "%s/%s", argv[1], name);
    NEED(bytes > 0 && bytes < PATH_BYTES);
}

/* ---- time -------------------------------------------------------------- */

static inline double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * NS_PER_S + (double)now.tv_nsec;
}

static inline void sleep_ms(long ms)
{
    struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&pause, NULL);
}

static inline int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The q-quantile of the values, which are sorted by it. */
static inline double quantile(double *values, size_t count, double q)
{
    size_t place = (size_t)(q * (double)(count - 1));

    qsort(values, count, sizeof *values, by_value);
    return values[place];
}

static inline double median(double *values, size_t count)
{
    return quantile(values, count, 0.5);
}

/* What a measured time holds of the measuring: the median difference of two readings with nothing
 * between. The time of one short call is told net of it. */
#define TIMER_PAIRS 10001

static inline double timer_ns(void)
{
    static double pairs[TIMER_PAIRS];

    for (size_t i = 0; i < TIMER_PAIRS; i++) {
        double start = now_ns();

        pairs[i] = now_ns() - start;
    }
    return median(pairs, TIMER_PAIRS);
}

/* ---- a processor that is shared ---------------------------------------- */

/* A fixed piece of arithmetic in registers. It takes up to twice as long while a neighbour, perhaps
 * of another guest of the same host, computes on the other half of the core; a copy to memory
 * then takes no longer, so that ratios to it would say more about the neighbour. */
static inline double work_ns(void)
{
    uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
    double start = now_ns();

    for (int i = 0; i < 5000; i++) {
        a = a * 3 + 1;
        b = (b ^ (b << 5)) + 7;
        c += c >> 3 ^ 11;
        d = d * 5 + 3;
        e = (e ^ (e << 9)) + 1;
        f += f >> 7 ^ 13;
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    }
    return now_ns() - start;
}

static inline double slower(double a_ns, double b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

#define STEADY_RATIO 1.15

/* Keeps, in every column, the rows whose work took hardly longer than the fastest;
 * returns how many. */
static inline size_t keep_steady(const double *work, size_t count, double *const *columns,
                                 size_t column_count)
{
    double best = work[0];
    size_t kept = 0;

    for (size_t i = 1; i < count; i++)
        best = work[i] < best ? work[i] : best;
    for (size_t i = 0; i < count; i++) {
        if (work[i] > best * STEADY_RATIO)
            continue;
        for (size_t j = 0; j < column_count; j++)
            columns[j][kept] = columns[j][i];
        kept++;
    }
    if (kept < count)
        fprintf(stderr, "  %zu of %zu rounds had the processor to themselves\n", kept, count);
    return kept;
}

/* ---- figures ----------------------------------------------------------- */

/* ratio: as the goal means it, value / reference_value or the reverse; 0: none, or report.py's
 * to find. goal: "ratio <= 3", "value >= 100000 and ratio >= 5"; NULL: for information. */
typedef struct figure {
    const char *name;
    double value;
    const char *unit;
    const char *reference;
    double reference_value;
    double ratio;
    const char *goal;
} figure;

static inline void print_figure(figure f)
{
    printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"reference\": \"%s\", "
           "\"reference_value\": %.6g, \"ratio\": %.4g, \"goal\": \"%s\"}\n",
           f.name, f.value, f.unit, f.reference == NULL ? "" : f.reference, f.reference_value,
           f.ratio, f.goal == NULL ? "" : f.goal);
    fflush(stdout);
}

/* ---- the library ------------------------------------------------------- */

static inline llmlearn *open_learner(const char *path, uint64_t journal_bytes)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    llmlearn_options_init(&options, sizeof options);
    options.path = path;
    options.journal_bytes_max = journal_bytes;
    MUST(llmlearn_open(&options, &learner));
    return learner;
}

static inline void fill_ascii(char text[TEXT_BYTES + 1])
{
    for (int i = 0; i < TEXT_BYTES; i++)
        text[i] = (char)('a' + i % 26);
    text[TEXT_BYTES] = '\0';
}

/* The usual explanation: every number known, 1 KB of text. */
static inline llmlearn_explanation usual_explanation(const char *text)
{
    return (llmlearn_explanation){
        .struct_size = sizeof(llmlearn_explanation),
        .flags = LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_PROMPT_TOKENS |
                 LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST,
        .ticker = "AAPL",
        .signal = "BUY",
        .text = text,
        .version = "v1.0",
        .model = "gpt-4o-mini",
        .provider = "openai",
        .confidence = 0.85,
        .latency_ms = 812.0,
        .prompt_tokens = 400,
        .completion_tokens = 120,
        .cost_nanousd = 132000,
    };
}

/* out_ids: room for `count`, or NULL. */
static inline void log_many(llmlearn *learner, const char *text, size_t count, llmlearn_id *out_ids)
{
    const llmlearn_explanation e = usual_explanation(text);
    llmlearn_id id;

    for (size_t i = 0; i < count; i++)
        MUST(llmlearn_log_explanation(learner, &e, out_ids == NULL ? &id : &out_ids[i]));
}

#endif
