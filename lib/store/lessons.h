/* lessons.h - what readers thought of a variant: what there is to learn from for the next one.
 *
 * Counts come from the rollups. Explanations and comments are looked for among the newest
 * LL_LESSONS_VOTES_MAX rated ones of all variants, so that asking takes as long with a hundred
 * million votes as with a hundred thousand. Explanations that a fallback wrote are left out: the
 * prompt had no part in them.
 *
 * Comments and texts are other people's words. Whoever shows them to a model says so to it.
 *
 * Threads: a snapshot of the caller's.
 * Uses:    connection, metrics. */
#ifndef LL_STORE_LESSONS_H
#define LL_STORE_LESSONS_H

#include "store/metrics.h"

/* Votes looked at, the newest explanations' first: some 100 ms of reading at most. */
#define LL_LESSONS_VOTES_MAX 20000

typedef struct ll_lesson_counts {
    ll_counts counts;       /* summed over the days */
    int64_t votes, ratings; /* positive + negative; those with stars */
    double positive_ratio;  /* NaN-free: 0 without votes */
    double rating_mean;     /* 0 without ratings */
    double fallback_ratio;  /* of explanations */
    int64_t latencies;      /* explanations whose latency is known */
    double latency_mean_ms; /* within 1 %; 0 without latencies */
} ll_lesson_counts;

/* Of the days from first to last, both included. */
llmlearn_err ll_lessons_counts(ll_connection *connection, int64_t variant, int64_t first_day,
                               int64_t last_day, ll_lesson_counts *out_counts);

typedef struct ll_lesson_query {
    int64_t variant;
    int64_t since_us;     /* explanations made at that time or later */
    uint32_t limit;       /* rows */
    size_t excerpt_bytes; /* texts are cut to that, between characters */
} ll_lesson_query;

typedef struct ll_lesson {
    llmlearn_id explanation;
    int64_t created_us;
    const char *ticker;
    const char *text; /* with `bytes`; not NUL-terminated where it was cut */
    size_t bytes;
    bool cut;
    int64_t votes, positive;
    double rating_mean; /* 0: no ratings */
} ll_lesson;

typedef llmlearn_err (*ll_lesson_fn)(void *context, const ll_lesson *lesson);

/* By votes for minus votes against, then by stars, then the newest. Best has those with more for
 * than against, worst those with more against. */
llmlearn_err ll_lessons_best(ll_connection *connection, const ll_lesson_query *query,
                             ll_lesson_fn each, void *context);
llmlearn_err ll_lessons_worst(ll_connection *connection, const ll_lesson_query *query,
                              ll_lesson_fn each, void *context);

typedef struct ll_lesson_comment {
    llmlearn_id explanation;
    int64_t voted_us;
    const char *ticker;
    const char *comment; /* cut like a text */
    size_t bytes;
    bool cut;
    bool helpful;
    int32_t rating; /* 0: none */
} ll_lesson_comment;

typedef llmlearn_err (*ll_lesson_comment_fn)(void *context, const ll_lesson_comment *comment);

/* Votes with a comment, the latest first. */
llmlearn_err ll_lessons_comments(ll_connection *connection, const ll_lesson_query *query,
                                 ll_lesson_comment_fn each, void *context);

/* An explanation that was asked for, as what a prompt was filled in with. */
typedef struct ll_lesson_input {
    const char *ticker;
    double confidence;    /* negative: unknown */
    const char *metadata; /* a JSON object; NULL: none */
    size_t metadata_bytes;
} ll_lesson_input;

typedef llmlearn_err (*ll_lesson_input_fn)(void *context, const ll_lesson_input *input);

/* Of a signal's latest explanations, newest first; among the newest LL_LESSONS_VOTES_MAX. */
llmlearn_err ll_lessons_inputs(ll_connection *connection, int64_t signal, uint32_t limit,
                               ll_lesson_input_fn each, void *context);

#endif
