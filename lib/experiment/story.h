/* story.h - what the classic rule found in counts, in words with its numbers.
 *
 * The parts go to the story's buffer, in the "C" locale, which the caller has entered.
 *
 * Uses: base, stats/classic. */
#ifndef LL_EXPERIMENT_STORY_H
#define LL_EXPERIMENT_STORY_H

#include "base/buffer.h"
#include "stats/classic.h"

/* What is told, and the words for what was counted. */
typedef struct ll_story {
    const ll_classic_input *in;
    const ll_classic_result *result;
    const char *const *versions;
    const char *succeeded; /* "was found helpful by" */
    const char *trials;    /* "first votes" */
    ll_buffer *out;
} ll_story;

/* "71.2 % of 410" */
void ll_story_put_share(ll_buffer *out, const llmlearn_rate *arm);
void ll_story_put_p(ll_buffer *out, double p_value);
/* "v1.1 was found helpful by 71.2 % of 410 first votes" */
void ll_story_put_rate(const ll_story *s, uint32_t arm);
/* The same ", against 60.4 % of 402 for the champion v1.0: " */
void ll_story_put_rates(const ll_story *s, uint32_t winner);

/* False if it has not been shown to beat the champion: the last sentence is then left open. */
bool ll_story_put_new_winner(const ll_story *s);
void ll_story_put_champion_won(const ll_story *s);
/* Looked for and not found. */
void ll_story_put_no_difference(const ll_story *s);
void ll_story_put_champion_stays(const ll_story *s);

/* On counts without a test: one or two sentences. Enters the locale itself. */
void ll_story_compare(const ll_classic_input *in, const ll_classic_result *result,
                      const char *const *versions, ll_buffer *out);

#endif
