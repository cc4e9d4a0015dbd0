#include "store/metrics.h"

#include "base/err.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- latency buckets ---- */

#define LATENCY_FLOOR_MS 0.01
#define SQRT_GROWTH 1.0099504938362078
#define PER_LN 50.498349791843944 /* 1 / ln 1.02 */

/* 0.01 x 1.02^bucket, by multiplications alone: the same bits on every machine. */
static double border_ms(uint32_t bucket)
{
    /* 1.02^(2^i), each correctly rounded */
    static const double squares[] = { 1.02,
                                      1.0404,
                                      1.08243216,
                                      1.1716593810022655,
                                      1.3727857050906123,
                                      1.8845405921011293,
                                      3.551493243276875,
                                      12.613104257041295,
                                      159.09039899899324,
                                      25309.755053658868 };
    double border = LATENCY_FLOOR_MS;

    assert(bucket < 1u << (sizeof squares / sizeof squares[0]));
    for (uint32_t i = 0; bucket >> i != 0; i++) {
        if ((bucket >> i & 1) != 0)
            border *= squares[i];
    }
    return border;
}

/* The logarithm only guesses: the borders decide, so that its last bit does not matter. */
uint32_t ll_latency_bucket(double latency_ms)
{
    assert(latency_ms >= 0); /* not NaN either */
    if (latency_ms <= LATENCY_FLOOR_MS)
        return 0;

    double guess = log(latency_ms / LATENCY_FLOOR_MS) * PER_LN;
    if (guess >= LL_LATENCY_BUCKETS)
        return LL_LATENCY_BUCKETS - 1;
    uint32_t bucket = guess > 0 ? (uint32_t)guess : 0;

    while (bucket > 0 && latency_ms < border_ms(bucket))
        bucket--;
    while (bucket < LL_LATENCY_BUCKETS - 1 && latency_ms >= border_ms(bucket + 1))
        bucket++;
    return bucket;
}

double ll_latency_of_bucket(uint32_t bucket)
{
    assert(bucket < LL_LATENCY_BUCKETS);
    return border_ms(bucket) * SQRT_GROWTH;
}

/* ---- counts ---- */

/* Sums stop at the largest number instead of wrapping: a sum of costs without a bound. */
static int64_t add_capped(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static void add_cells(int64_t *sum, const int64_t *delta, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sum[i] = add_capped(sum[i], delta[i]);
}

void ll_counts_add(ll_counts *sum, const ll_counts *delta)
{
    add_cells((int64_t *)sum, (const int64_t *)delta, LL_COUNTS_FIELDS);
}

/* ---- tally: a hash map from the key of a row to what it gains ---- */

#define KEY_CELLS 3
#define ROWS_FIRST 64
/* Beyond this, memory is given back after a batch: 4,096 rows of counts are 590 KB. */
#define ROWS_KEPT_MAX 4096

/* rows: key and deltas of each row, as the arguments of its upsert. slots: open addressing,
 * twice as many as rows have room; a row's number plus one, 0 where free. */
typedef struct tally {
    uint32_t cells; /* of a row, the key among them */
    uint32_t count;
    uint32_t capacity; /* a power of two */
    int64_t *rows;
    uint32_t *slots;
} tally;

static int64_t *row_of(const tally *t, uint32_t index)
{
    assert(index < t->capacity);
    return t->rows + (size_t)index * t->cells;
}

static uint32_t hash_key(const int64_t key[KEY_CELLS])
{
    uint64_t h = 0;

    for (int i = 0; i < KEY_CELLS; i++) {
        h = (h ^ (uint64_t)key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return (uint32_t)h;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *find_slot(const tally *t, const int64_t key[KEY_CELLS])
{
    uint32_t mask = 2 * t->capacity - 1;
    uint32_t at = hash_key(key) & mask;

    while (t->slots[at] != 0 &&
           memcmp(row_of(t, t->slots[at] - 1), key, KEY_CELLS * sizeof key[0]) != 0)
        at = (at + 1) & mask;
    return &t->slots[at];
}

static void fill_slots(tally *t)
{
    memset(t->slots, 0, 2 * (size_t)t->capacity * sizeof t->slots[0]);
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t *slot = find_slot(t, row_of(t, i));

        assert(*slot == 0);
        *slot = i + 1;
    }
}

static llmlearn_err resize(tally *t, uint32_t capacity)
{
    int64_t *rows;
    uint32_t *slots;

    assert(capacity >= t->count);
    slots = malloc(2 * (size_t)capacity * sizeof slots[0]);
    if (slots == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the rollups");
    rows = realloc(t->rows, (size_t)capacity * t->cells * sizeof rows[0]);
    if (rows == NULL) {
        free(slots);
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the rollups");
    }
    free(t->slots);
    t->rows = rows;
    t->slots = slots;
    t->capacity = capacity;
    fill_slots(t);
    return LLMLEARN_OK;
}

static llmlearn_err reserve(tally *t, uint32_t more)
{
    if (t->count + more <= t->capacity)
        return LLMLEARN_OK;
    return resize(t, 2 * t->capacity);
}

/* Needs room: reserve before. */
static void tally_add(tally *t, const int64_t key[KEY_CELLS], const int64_t *deltas)
{
    uint32_t *slot = find_slot(t, key);
    int64_t *row;

    if (*slot == 0) {
        assert(t->count < t->capacity);
        row = row_of(t, t->count);
        memcpy(row, key, KEY_CELLS * sizeof key[0]);
        memset(row + KEY_CELLS, 0, (t->cells - KEY_CELLS) * sizeof row[0]);
        *slot = ++t->count;
    }
    row = row_of(t, *slot - 1);
    add_cells(row + KEY_CELLS, deltas, t->cells - KEY_CELLS);
}

static void tally_clear(tally *t)
{
    t->count = 0;
    /* Keeping the larger memory when there is none for the smaller is fine. */
    if (t->capacity > ROWS_KEPT_MAX && resize(t, ROWS_FIRST) == LLMLEARN_OK)
        return;
    fill_slots(t);
}

static void tally_free(tally *t)
{
    free(t->rows);
    free(t->slots);
}

static int compare_rows(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    for (int i = 0; i < KEY_CELLS; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

/* In the order of the table's key: neighbours then lie on one page, and two writers of a
 * database that locks rows take them in one order. */
static void tally_sort(tally *t)
{
    qsort(t->rows, t->count, t->cells * sizeof t->rows[0], compare_rows);
    fill_slots(t);
}

/* ---- change sets ---- */

struct ll_metrics_changes {
    tally counts;  /* (day, ticker, variant) */
    tally latency; /* (day, variant, bucket) */
};

llmlearn_err ll_metrics_changes_new(ll_metrics_changes **out_changes)
{
    ll_metrics_changes *changes = calloc(1, sizeof *changes);
    llmlearn_err err;

    if (changes == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the rollups");
    changes->counts.cells = KEY_CELLS + LL_COUNTS_FIELDS;
    changes->latency.cells = KEY_CELLS + 1;
    err = resize(&changes->counts, ROWS_FIRST);
    if (err == LLMLEARN_OK)
        err = resize(&changes->latency, ROWS_FIRST);
    if (err == LLMLEARN_OK)
        *out_changes = changes;
    else
        ll_metrics_changes_free(changes);
    return err;
}

void ll_metrics_changes_free(ll_metrics_changes *changes)
{
    if (changes == NULL)
        return;
    tally_free(&changes->counts);
    tally_free(&changes->latency);
    free(changes);
}

void ll_metrics_changes_clear(ll_metrics_changes *changes)
{
    assert(changes != NULL);
    tally_clear(&changes->counts);
    tally_clear(&changes->latency);
}

llmlearn_err ll_metrics_add(ll_metrics_changes *changes, int64_t day, int64_t variant,
                            int64_t ticker, const ll_counts *delta)
{
    const int64_t of_variant[KEY_CELLS] = { day, 0, variant };
    const int64_t of_ticker[KEY_CELLS] = { day, ticker, 0 };
    llmlearn_err err;

    assert(changes != NULL && delta != NULL);
    assert(variant != 0 && ticker != 0);
    err = reserve(&changes->counts, 2);
    if (err != LLMLEARN_OK)
        return err;
    tally_add(&changes->counts, of_variant, (const int64_t *)delta);
    tally_add(&changes->counts, of_ticker, (const int64_t *)delta);
    return LLMLEARN_OK;
}

llmlearn_err ll_metrics_add_latency(ll_metrics_changes *changes, int64_t day, int64_t variant,
                                    double latency_ms)
{
    static const int64_t one = 1;
    const int64_t key[KEY_CELLS] = { day, variant, ll_latency_bucket(latency_ms) };
    llmlearn_err err;

    assert(changes != NULL && variant != 0);
    err = reserve(&changes->latency, 1);
    if (err == LLMLEARN_OK)
        tally_add(&changes->latency, key, &one);
    return err;
}

/* ---- writing ---- */

#define ADD(column) #column " = llm_metrics." #column " + excluded." #column
/* Sums that single rows can bring near the largest number stop there. */
#define ADD_CAPPED(column)                                                                         \
#column " = CASE WHEN llm_metrics." #column " > 9223372036854775807 - excluded." #column       \
            " THEN 9223372036854775807 ELSE llm_metrics." #column " + excluded." #column " END"

static const ll_statement
    add_counts = { "INSERT INTO llm_metrics (day, ticker, variant, explanations, cached, fallback, "
                   "rated,"
                   " positive, negative, rating_1, rating_2, rating_3, rating_4, rating_5,"
                   " prompt_tokens, completion_tokens, cost_nanousd, cost_known)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
                   "?16, ?17, ?18)"
                   " ON CONFLICT (day, ticker, variant) DO UPDATE SET " ADD(explanations) ", " ADD(cached) ", " ADD(fallback) ", " ADD(rated) ", " ADD(positive) ", " ADD(negative) ", " ADD(
                       rating_1) ", " ADD(rating_2) ", " ADD(rating_3) ", " ADD(rating_4) ", " ADD(rating_5) ", " ADD_CAPPED(prompt_tokens) ", " ADD_CAPPED(completion_tokens) ", " ADD_CAPPED(cost_nanousd) ", " ADD(cost_known) };
static const ll_statement drop_empty_counts = {
    "DELETE FROM llm_metrics WHERE day = ?1 AND ticker = ?2 AND variant = ?3"
    " AND explanations = 0 AND cached = 0 AND fallback = 0 AND rated = 0 AND positive = 0"
    " AND negative = 0 AND rating_1 = 0 AND rating_2 = 0 AND rating_3 = 0 AND rating_4 = 0"
    " AND rating_5 = 0 AND prompt_tokens = 0 AND completion_tokens = 0 AND cost_nanousd = 0"
    " AND cost_known = 0"
};
static const ll_statement add_latency = {
    "INSERT INTO llm_latency (day, variant, bucket, explanations) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (day, variant, bucket)"
    " DO UPDATE SET explanations = llm_latency.explanations + excluded.explanations"
};
static const ll_statement bump_day = {
    "INSERT INTO llm_days (day, version) VALUES (?1, 1)"
    " ON CONFLICT (day) DO UPDATE SET version = llm_days.version + 1"
};

typedef enum change_kind { UNCHANGED, GREW, SHRANK } change_kind;

/* SHRANK if any count went down: only then can the row have become empty. */
static change_kind kind_of_change(const int64_t *deltas, uint32_t count)
{
    change_kind kind = UNCHANGED;

    for (uint32_t i = 0; i < count; i++) {
        if (deltas[i] < 0)
            return SHRANK;
        if (deltas[i] > 0)
            kind = GREW;
    }
    return kind;
}

static llmlearn_err write_row(ll_connection *connection, const ll_statement *add,
                              const int64_t *row, uint32_t cells)
{
    ll_value arguments[KEY_CELLS + LL_COUNTS_FIELDS];
    change_kind kind = kind_of_change(row + KEY_CELLS, cells - KEY_CELLS);
    llmlearn_err err;

    assert(cells <= LL_ARRAY_COUNT(arguments));
    if (kind == UNCHANGED)
        return LLMLEARN_OK;
    for (uint32_t i = 0; i < cells; i++)
        arguments[i] = ll_int(row[i]);
    err = ll_connection_run(connection, add, arguments, cells, NULL, NULL);
    /* What was counted and taken back leaves no trace, as in a recount. */
    if (err == LLMLEARN_OK && kind == SHRANK && add == &add_counts)
        err = ll_connection_run(connection, &drop_empty_counts, arguments, KEY_CELLS, NULL, NULL);
    return err;
}

static llmlearn_err write_tally(ll_connection *connection, const ll_statement *add, tally *t)
{
    llmlearn_err err = LLMLEARN_OK;

    tally_sort(t);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < t->count; i++)
        err = write_row(connection, add, row_of(t, i), t->cells);
    return err;
}

/* The next row with a change at or after *at, whose day is then looked at; count at the end. */
static uint32_t next_changed(const tally *t, uint32_t at)
{
    while (at < t->count &&
           kind_of_change(row_of(t, at) + KEY_CELLS, t->cells - KEY_CELLS) == UNCHANGED)
        at++;
    return at;
}

/* Both tallies are sorted: a merge of their days, each once. */
static llmlearn_err bump_days(ll_connection *connection, const tally *counts, const tally *latency)
{
    const tally *tallies[] = { counts, latency };
    uint32_t at[2] = { 0, 0 };
    bool any = false;
    int64_t latest = 0;

    for (;;) {
        const int64_t *row = NULL;
        uint32_t from = 0;

        for (uint32_t i = 0; i < 2; i++) {
            at[i] = next_changed(tallies[i], at[i]);
            if (at[i] < tallies[i]->count &&
                (row == NULL || row_of(tallies[i], at[i])[0] < row[0])) {
                row = row_of(tallies[i], at[i]);
                from = i;
            }
        }
        if (row == NULL)
            return LLMLEARN_OK;
        at[from]++;
        if (any && row[0] == latest)
            continue;
        any = true;
        latest = row[0];

        const ll_value day = ll_int(latest);
        llmlearn_err err = ll_connection_run(connection, &bump_day, &day, 1, NULL, NULL);
        if (err != LLMLEARN_OK)
            return err;
    }
}

llmlearn_err ll_metrics_write(ll_metrics_changes *changes, ll_connection *connection)
{
    llmlearn_err err;

    assert(changes != NULL && connection != NULL);
    err = write_tally(connection, &add_counts, &changes->counts);
    if (err == LLMLEARN_OK)
        err = write_tally(connection, &add_latency, &changes->latency);
    if (err == LLMLEARN_OK)
        err = bump_days(connection, &changes->counts, &changes->latency);
    if (err == LLMLEARN_OK)
        ll_metrics_changes_clear(changes);
    return err;
}
