/* measure.h - timing, and one line of JSON per figure, which report.py collects.
 *
 * A figure is compared with a reference measured in the same run, or with another
 * program's figure by its name ("@python_sqlite_commit"). */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "llmlearn.h"

#define MUST(call) must((call), #call, __LINE__)

static inline void must(llmlearn_err err, const char *what, int line)
{
    if (err == LLMLEARN_OK)
        return;
    fprintf(stderr, "line %d: %s: %s: %s\n", line, what, llmlearn_error_name(err),
            llmlearn_error_detail());
    exit(1);
}

static inline double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
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

/* value against reference: ratio = value / reference where less is better, reference / value
 * for "at least" figures of times; `goal` is about the ratio, with its sense in words. */
static inline void figure(const char *name, double value, const char *unit, const char *reference,
                          double reference_value, double ratio, const char *goal)
{
    printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"reference\": \"%s\", "
           "\"reference_value\": %.6g, \"ratio\": %.4g, \"goal\": \"%s\"}\n",
           name, value, unit, reference, reference_value, ratio, goal);
    fflush(stdout);
}

static inline llmlearn *open_learner(const char *path, uint64_t journal_bytes)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    llmlearn_options_init(&options, sizeof options);
    options.path = path;
    options.journal_bytes_max = journal_bytes;
    options.feedback_per_hour = UINT32_MAX;
    MUST(llmlearn_open(&options, &learner));
    return learner;
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

#endif
