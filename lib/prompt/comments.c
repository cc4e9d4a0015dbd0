#include "prompt/comments.h"

#include "base/buffer.h"
#include "base/err.h"
#include "prompt/clean.h"
#include "prompt/guard_phrases.h"
#include "prompt/stop_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "Good!" and "no" teach nothing. */
#define WORDS_MIN 3
/* More different words than this make a comment no more useful. */
#define WORDS_BEST 24
/* Shared words by which two comments say the same. */
#define SAME 0.5
/* How much likeness to one already chosen costs, in parts of the score for words. */
#define LIKENESS_COST 1.0
/* Neither vote gets less than a third if it has as many. */
#define SHARE_OF_EACH 3

typedef struct digest {
    uint64_t words[WORDS_BEST]; /* different ones that carry meaning, by hash */
    uint32_t word_count;
    double nearest; /* to any that is chosen */
    bool is_out;    /* too short, chosen, or refused */
} digest;

static bool has_word(const digest *d, uint64_t hash)
{
    for (size_t i = 0; i < d->word_count; i++)
        if (d->words[i] == hash)
            return true;
    return false;
}

static double alike(const digest *a, const digest *b)
{
    size_t both = 0;

    for (size_t i = 0; i < a->word_count; i++)
        both += has_word(b, a->words[i]);
    size_t either = a->word_count + b->word_count - both;
    return either == 0 ? 1 : (double)both / (double)either;
}

static void note_words(const ll_guard_text *t, digest *out)
{
    for (size_t i = 0; i < t->word_count && out->word_count < WORDS_BEST; i++) {
        const ll_guard_word *word = &t->words[i];
        const char *data = t->views[LL_VIEW_PLAIN].data + word->begin;

        if (!ll_stop_word(data, word->bytes) && !has_word(out, word->hash))
            out->words[out->word_count++] = word->hash;
    }
    out->is_out = t->word_count < WORDS_MIN;
}

/* The comment as a model would get to see it. */
static llmlearn_err read_comment(const ll_comment *comment, bool all, ll_buffer *clean,
                                 ll_guard_text *out)
{
    clean->length = 0;
    ll_clean_append(clean, comment->text, comment->bytes, LL_COMMENTS_BYTES_READ);
    if (clean->failed)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to choose among comments");
    const ll_prompt_text text = { clean->length > 0 ? clean->data : "", clean->length };
    return ll_guard_text_make(text, all, out);
}

static llmlearn_err make_digest(const ll_comment *comment, ll_buffer *clean, digest *out)
{
    ll_guard_text t;
    llmlearn_err err = read_comment(comment, false, clean, &t);

    *out = (digest){ .word_count = 0 };
    if (err == LLMLEARN_OK) {
        note_words(&t, out);
        ll_guard_text_free(&t);
    }
    return err;
}

static bool breaks(const ll_guard_text *t, const ll_phrase_rule *rules)
{
    ll_phrase_match match;
    size_t count = 0;

    while (rules[count].parts[0] != NULL)
        count++;
    return ll_guard_phrases_find(t, rules, count, 0, &match);
}

static llmlearn_err gives_orders(const ll_comment *comment, ll_buffer *clean, bool *out)
{
    ll_guard_text t;
    llmlearn_err err = read_comment(comment, true, clean, &t);

    if (err == LLMLEARN_OK) {
        *out = breaks(&t, ll_override_rules) || breaks(&t, ll_role_rules) ||
               breaks(&t, ll_exfiltration_rules) || breaks(&t, ll_tool_use_rules);
        ll_guard_text_free(&t);
    }
    return err;
}

static double score(const digest *d)
{
    return (double)d->word_count / WORDS_BEST - LIKENESS_COST * d->nearest;
}

/* The best that is left, of this vote if `vote` is 0 or 1; count: none. */
static size_t best(const ll_comment *comments, const digest *digests, size_t count, int vote)
{
    size_t found = count;

    for (size_t i = 0; i < count; i++) {
        const digest *d = &digests[i];

        if (d->is_out || d->nearest >= SAME || (vote >= 0 && comments[i].helpful != (vote == 1)))
            continue;
        if (found == count || score(d) > score(&digests[found]))
            found = i;
    }
    return found;
}

/* The vote whose turn it is; -1: either. of[0] and of[1] are how many are chosen. */
static int turn(const size_t of[2], size_t wanted)
{
    size_t least = wanted / SHARE_OF_EACH;

    if (of[0] < least && of[0] <= of[1])
        return 0; /* complaints first: they say what to change */
    if (of[1] < least)
        return 1;
    return of[0] < least ? 0 : -1;
}

static llmlearn_err choose(const ll_comment *comments, digest *digests, size_t count, size_t wanted,
                           ll_buffer *clean, size_t *indexes, size_t *out_count)
{
    size_t of[2] = { 0, 0 }, chosen = 0;

    while (chosen < wanted) {
        bool is_order = false;
        size_t index = best(comments, digests, count, turn(of, wanted));

        if (index == count)
            index = best(comments, digests, count, -1);
        if (index == count)
            break;
        llmlearn_err err = gives_orders(&comments[index], clean, &is_order);
        if (err != LLMLEARN_OK)
            return err;
        digests[index].is_out = true;
        if (is_order)
            continue;
        for (size_t i = 0; i < count; i++) {
            double likeness = alike(&digests[i], &digests[index]);

            if (likeness > digests[i].nearest)
                digests[i].nearest = likeness;
        }
        of[comments[index].helpful]++;
        indexes[chosen++] = index;
    }
    *out_count = chosen;
    return LLMLEARN_OK;
}

llmlearn_err ll_comments_choose(const ll_comment *comments, size_t count, size_t count_max,
                                size_t *out_indexes, size_t *out_count)
{
    size_t indexes[LL_COMMENTS_CHOSEN_MAX], chosen = 0;
    ll_buffer clean = { 0 };
    llmlearn_err err = LLMLEARN_OK;

    assert(comments != NULL || count == 0);
    if (count > LL_COMMENTS_CONSIDERED_MAX)
        count = LL_COMMENTS_CONSIDERED_MAX;
    if (count_max > LL_COMMENTS_CHOSEN_MAX)
        count_max = LL_COMMENTS_CHOSEN_MAX;
    digest *digests = malloc((count + 1) * sizeof digests[0]);
    if (digests == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to choose among %zu comments", count);
    for (size_t i = 0; err == LLMLEARN_OK && i < count; i++)
        err = make_digest(&comments[i], &clean, &digests[i]);
    if (err == LLMLEARN_OK)
        err = choose(comments, digests, count, count_max, &clean, indexes, &chosen);
    if (err == LLMLEARN_OK) {
        memcpy(out_indexes, indexes, chosen * sizeof indexes[0]);
        *out_count = chosen;
    }
    ll_buffer_free(&clean);
    free(digests);
    return err;
}
