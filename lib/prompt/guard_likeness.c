/* How much two prompts have in common.
 *
 * With what is known: the Jaccard index of all rows of three words, as multisets, and one minus the
 * edit distance in words over the longer length; the larger counts. Above 0.95, at most one word in
 * twenty is new: a test of it would need years to tell the two apart.
 *
 * With the base: the share of the candidate's words that carry meaning, each once, which the base
 * has as well or which are of the trade. Free rewrites have 0.07 and more; below 0.05 it is another
 * prompt. */
#include "base/err.h"
#include "prompt/guards.h"
#include "prompt/stop_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NEAR_COPY 0.95
#define UNRELATED 0.05
#define ROW_WORDS 3
/* Rows in common without which no two texts are 0.95 alike by edits: one word in twenty changed
 * breaks three rows in twenty on both sides, 0.85 / 1.15. Less a little for short texts. */
#define EDITS_WORTH_COUNTING 0.6
/* In words: bounds the work. A longer text is a near copy only within as many. */
#define EDITS_MAX 64
#define MEANING_BYTES_MIN 4

typedef struct hashes {
    uint64_t *at;
    size_t count;
} hashes;

static int compare(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void sort_unique(hashes *h)
{
    size_t kept = 0;

    qsort(h->at, h->count, sizeof h->at[0], compare);
    for (size_t i = 0; i < h->count; i++)
        if (kept == 0 || h->at[i] != h->at[kept - 1])
            h->at[kept++] = h->at[i];
    h->count = kept;
}

/* Rows of three words; of a shorter text one row. h->at has room for word_count + 1. */
static void make_rows(const ll_guard_text *t, hashes *h)
{
    h->count = 0;
    for (size_t i = 0; i < t->word_count && (i == 0 || i + ROW_WORDS <= t->word_count); i++) {
        uint64_t row[ROW_WORDS] = { 0 };

        for (size_t k = 0; k < ROW_WORDS && i + k < t->word_count; k++)
            row[k] = t->words[i + k].hash;
        h->at[h->count++] = ll_guard_text_hash((const char *)row, sizeof row);
    }
}

/* The candidate's rows, sorted, each once with how often it stands there. */
typedef struct row_table {
    hashes rows;
    uint32_t *times, *left; /* of each */
    size_t total;
} row_table;

static void make_table(const ll_guard_text *t, row_table *table)
{
    hashes *h = &table->rows;
    size_t kept = 0;

    make_rows(t, h);
    table->total = h->count;
    qsort(h->at, h->count, sizeof h->at[0], compare);
    for (size_t i = 0; i < h->count; i++) {
        if (kept == 0 || h->at[i] != h->at[kept - 1]) {
            table->times[kept] = 0;
            h->at[kept++] = h->at[i];
        }
        table->times[kept - 1]++;
    }
    h->count = kept;
}

static size_t find_hash(const hashes *h, uint64_t hash)
{
    size_t low = 0, high = h->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (h->at[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->count && h->at[low] == hash ? low : h->count;
}

/* The Jaccard index of the two multisets of rows. */
static double alike_by_rows(row_table *table, const hashes *other)
{
    size_t both = 0;

    memcpy(table->left, table->times, table->rows.count * sizeof table->left[0]);
    for (size_t i = 0; i < other->count; i++) {
        size_t at = find_hash(&table->rows, other->at[i]);

        if (at < table->rows.count && table->left[at] > 0) {
            table->left[at]--;
            both++;
        }
    }
    size_t either = table->total + other->count - both;
    return either == 0 ? 1 : (double)both / (double)either;
}

/* indicator, indicators; explain, explanation, explained: one meaning. */
static uint64_t stem(const char *word, size_t bytes)
{
    enum { STEM_BYTES = 5 };

    if (word[bytes - 1] == 's')
        bytes--;
    return ll_guard_text_hash(word, bytes < STEM_BYTES ? bytes : STEM_BYTES);
}

/* Beginnings of words of the trade: a free rewrite of a prompt uses these where the base says the
 * same in others. English, German, French, Spanish. */
static const char *const trade[] = {
    "analy", "asset", "bulle", "chart", "compa", "confi", "data",  "datum", "evide", "expla",
    "finan", "figur", "indic", "inves", "jargo", "level", "likel", "macd",  "marke", "meani",
    "model", "momen", "newco", "numbe", "portf", "price", "predi", "proba", "ratin", "reade",
    "reaso", "risk",  "secto", "share", "signa", "stock", "strat", "summa", "techn", "thres",
    "ticke", "trade", "trend", "uncer", "value", "volat", "volum", "weigh", "erkla", "anleg",
    "aktie", "kurs",  "begru", "grund", "risik", "wert",  "kennz", "messw", "leser", "expli",
    "donne", "lecte", "valeu", "seuil", "risqu", "cours", "datos", "lecto", "valor", "riesg",
    "preci", "inver", "accio", "accou", "algor", "reado", "custo", "clien", "today", "event",
};

static bool is_of_trade(uint64_t stem_hash)
{
    for (size_t i = 0; i < sizeof trade / sizeof trade[0]; i++)
        if (ll_guard_text_hash(trade[i], strlen(trade[i])) == stem_hash)
            return true;
    return false;
}

/* Names of fields, and the word JSON, stand in every prompt and say nothing of this one. */
static bool is_of_format(const ll_guard_context *c, const char *word, size_t bytes)
{
    for (size_t i = 0; i < c->in->json_field_count; i++)
        if (strlen(c->in->json_fields[i]) == bytes &&
            strncasecmp(c->in->json_fields[i], word, bytes) == 0)
            return true;
    return bytes == 4 && memcmp(word, "json", 4) == 0;
}

static void make_meanings(const ll_guard_context *c, const ll_guard_text *t, hashes *h)
{
    h->count = 0;
    for (size_t i = 0; i < t->word_count; i++) {
        const ll_guard_word *word = &t->words[i];
        const char *data = t->views[LL_VIEW_PLAIN].data + word->begin;
        bool is_ascii = (unsigned char)data[0] < 0x80;

        if (word->is_placeholder || (is_ascii && word->bytes < MEANING_BYTES_MIN) ||
            ll_stop_word(data, word->bytes) != 0 || is_of_format(c, data, word->bytes))
            continue;
        h->at[h->count++] = is_ascii ? stem(data, word->bytes) : word->hash;
    }
    sort_unique(h);
}

/* ---- edits --------------------------------------------------------------- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* The edit distance in words if it is at most `most`, else more than that. Only the band of the
 * table in which such a distance can lie is computed. */
static size_t edits(const ll_guard_text *a, const ll_guard_text *b, size_t most)
{
    enum { WIDTH = 2 * EDITS_MAX + 1 };
    size_t row[WIDTH + 2], none = most + 1;
    size_t width = 2 * most + 1;

    if (a->word_count > b->word_count + most || b->word_count > a->word_count + most)
        return none;
    /* row[d]: from the first i words of a to the first i + d - most of b. */
    for (size_t d = 0; d < width; d++)
        row[d] = d < most ? none : d - most;
    row[width] = none;
    for (size_t i = 1; i <= a->word_count; i++) {
        size_t left = none;

        for (size_t d = 0; d < width; d++) {
            size_t k = i + d; /* most more than the words of b */
            size_t value = none;

            if (k == most) {
                value = i;
            } else if (k > most && k - most <= b->word_count) {
                bool same = a->words[i - 1].hash == b->words[k - most - 1].hash;

                value = least(row[d] + !same, row[d + 1] + 1, left + 1);
            }
            row[d] = left = value < none ? value : none;
        }
    }
    return row[b->word_count + most - a->word_count];
}

static double alike_by_edits(const ll_guard_text *a, const ll_guard_text *b)
{
    size_t longer = a->word_count > b->word_count ? a->word_count : b->word_count;
    size_t most = (size_t)((double)longer * (1 - NEAR_COPY));

    if (most > EDITS_MAX)
        most = EDITS_MAX;
    if (longer == 0)
        return 1;
    size_t distance = edits(a, b, most);
    return distance > most ? 0 : 1 - (double)distance / (double)longer;
}

/* ---- all ----------------------------------------------------------------- */

static void compare_texts(ll_guard_context *c, row_table *table, const ll_guard_text *other,
                          hashes *room, size_t index)
{
    size_t longer = other->word_count > table->total ? other->word_count : table->total;
    size_t shorter = other->word_count > table->total ? table->total : other->word_count;

    if ((double)(shorter + ROW_WORDS) < (double)longer * NEAR_COPY)
        return; /* too unequal in length to be a near copy by either measure */
    make_rows(other, room);
    double alike = alike_by_rows(table, room);
    if (alike >= EDITS_WORTH_COUNTING) {
        double by_edits = alike_by_edits(&c->candidate, other);

        alike = by_edits > alike ? by_edits : alike;
    }
    if (alike > c->likeness.nearest) {
        c->likeness.nearest = alike;
        c->likeness.nearest_index = index;
    }
}

static size_t words_max(const ll_guard_context *c)
{
    size_t most = c->base.raw.bytes;

    for (size_t i = 0; i < c->in->known_count; i++)
        most = c->in->known[i].bytes > most ? c->in->known[i].bytes : most;
    return most / 2 + 2; /* see guard_text.c */
}

static llmlearn_err compare_all(ll_guard_context *c, row_table *table, hashes *room)
{
    compare_texts(c, table, &c->base, room, c->in->known_count);
    for (size_t i = 0; i < c->in->known_count; i++) {
        ll_guard_text known;
        llmlearn_err err = ll_guard_text_make(c->in->known[i], false, &known);

        if (err != LLMLEARN_OK)
            return err;
        compare_texts(c, table, &known, room, i);
        ll_guard_text_free(&known);
    }
    return LLMLEARN_OK;
}

/* The share of the candidate's meanings that the base has, or every prompt of this trade. */
static double share_known(const hashes *meanings, const hashes *base)
{
    size_t known = 0;

    for (size_t i = 0; i < meanings->count; i++)
        known += find_hash(base, meanings->at[i]) < base->count || is_of_trade(meanings->at[i]);
    return meanings->count == 0 ? 1 : (double)known / (double)meanings->count;
}

llmlearn_err ll_guard_likeness(ll_guard_context *c)
{
    size_t own = c->candidate.word_count + 1, others = words_max(c);
    uint64_t *memory = malloc((2 * own + others) * sizeof memory[0]);
    hashes rows = { memory, 0 }, room = { memory + own, 0 };
    uint32_t *times = (uint32_t *)(void *)(memory + own + others);
    row_table table = { .rows = rows, .times = times, .left = times + own };
    llmlearn_err err;

    if (memory == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to compare a prompt with others");
    make_meanings(c, &c->candidate, &rows);
    make_meanings(c, &c->base, &room);
    c->likeness = (ll_likeness){ .to_base = share_known(&rows, &room) };
    make_table(&c->candidate, &table);
    err = compare_all(c, &table, &room);
    free(memory);
    return err;
}

bool ll_guard_near_copy(const ll_guard_context *c, ll_guard_reason *out)
{
    if (c->likeness.nearest < NEAR_COPY)
        return false;
    if (c->likeness.nearest_index == c->in->known_count)
        return ll_guard_object(out, "%.0f %% the base prompt", 100 * c->likeness.nearest);
    return ll_guard_object(out, "%.0f %% the known variant %zu", 100 * c->likeness.nearest,
                           c->likeness.nearest_index + 1);
}

bool ll_guard_unrelated(const ll_guard_context *c, ll_guard_reason *out)
{
    return c->likeness.to_base < UNRELATED &&
           ll_guard_object(out, "%.0f %% of its words are the base prompt's or of the trade",
                           100 * c->likeness.to_base);
}
