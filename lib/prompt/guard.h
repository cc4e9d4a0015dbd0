/* guard.h - may this prompt be tried on people? Checks for what a model proposed.
 *
 * What a model writes after reading strangers' comments may be a stranger's text. Each guard
 * refuses one class, by what a prompt of this kind never needs, and takes an honest prompt lost
 * over a hostile one kept.
 *
 * Two kinds differ in what they are worth. Form (placeholders, fields, sizes, characters,
 * addresses, markup, secrets, codes, scripts) is decided: what breaks it does not pass. Meaning is
 * judged by words, three ways: tables of phrases, whose disguises are seen through; classes of
 * meaning near each other (guard_meanings.h); and words that explaining has no use for
 * (vocabulary.h). Measured on tests/data/prompts: of 30 attacks in plain words that nothing was
 * tuned on, 26 are refused, of 133 honest prompts 2; but of 20 that somebody wrote who had read the
 * guards, none. The last two ways are for English. So these are fences and not the wall: that a
 * person approves a draft, that it gets a small share of the traffic, that a test watches it and
 * that it can be rolled back is what makes generated prompts safe to use.
 *
 *   candidate ──▶ size, UTF-8 ──▶ views (guard_text.h) ──▶ every other guard ──▶ all objections
 *                 (stop here)
 *
 * Cost: linear in the candidate, the base and the known variants, but for edits within near
 * copies, which are bounded; a few ms for 4 KiB against 50 others of that size. About 64 KiB of
 * stack.
 *
 * Threads: pure functions.
 * Uses:    err, buffer, json_writer, template. */
#ifndef LL_PROMPT_GUARD_H
#define LL_PROMPT_GUARD_H

#include "base/json_writer.h"
#include "prompt/template.h"

/* Zero: the default. */
typedef struct ll_guard_limits {
    size_t bytes_max;  /* 16 KiB: several times what a prompt for an explanation needs */
    size_t tokens_max; /* 2,000, estimated: each is paid with each explanation */
    size_t lines_max;  /* 200 */
} ll_guard_limits;

/* However large its limit, no longer prompt is stored (llmlearn.h), so none is looked at. */
#define LL_GUARD_BYTES_MAX (64u * 1024)
#define LL_GUARD_KNOWN_MAX 256
#define LL_GUARD_FIELDS_MAX 32

typedef struct ll_guard_input {
    ll_prompt_text candidate;    /* anything */
    ll_prompt_text base;         /* what it was made from: valid UTF-8 and a valid template */
    const ll_prompt_text *known; /* other variants, valid UTF-8; the base need not be there */
    size_t known_count;
    const char *const *json_fields; /* that the answer must have; none: no such check */
    size_t json_field_count;
    ll_guard_limits limits;
} ll_guard_input;

/* One objection. detail is our own words and never quotes the candidate but for names of
 * placeholders, so that it can be shown, mailed and logged. */
typedef struct ll_guard_reason {
    const char *name; /* "placeholders", "url", ...: stable, static */
    char detail[120];
} ll_guard_reason;

#define LL_GUARD_REASONS_MAX 40

typedef struct ll_guard_verdict {
    size_t reason_count; /* 0: accepted */
    ll_guard_reason reasons[LL_GUARD_REASONS_MAX];
} ll_guard_verdict;

/* Asks every guard. Returns LLMLEARN_EINVAL if the base or a known variant is not what it should
 * be or there are too many of something, LLMLEARN_ENOMEM. A refused candidate is LLMLEARN_OK. */
llmlearn_err ll_guard_check(const ll_guard_input *in, ll_guard_verdict *out);

/* Is this a remark that can be shown beside a prompt: no address, markup, secret or order in it?
 * Returns LLMLEARN_ENOMEM. */
llmlearn_err ll_guard_remark(ll_prompt_text remark, bool *out_fit);

/* [{"guard": "url", "detail": "..."}, ...] */
void ll_guard_write(const ll_guard_verdict *verdict, ll_json_writer *w);

/* The name of the index-th guard in the order they are asked; NULL behind the last. */
const char *ll_guard_name(size_t index);

/* About how many tokens: a quarter of the ASCII bytes, and each other character one. */
size_t ll_guard_tokens(ll_prompt_text text);

#endif
