/* guards.h - the guards one by one, for guard.c's table.
 *
 * A guard looks at the candidate, and returns true if it objects, having written why.
 *
 * Uses: guard, guard_text. */
#ifndef LL_PROMPT_GUARDS_H
#define LL_PROMPT_GUARDS_H

#include "prompt/guard.h"
#include "prompt/guard_phrases.h"
#include "prompt/guard_text.h"

/* How alike two prompts are, 0 to 1. */
typedef struct ll_likeness {
    double nearest;       /* to the base or the known variant that is most alike */
    size_t nearest_index; /* of that one in `known`; known_count: the base */
    double to_base;       /* by the words that carry meaning */
} ll_likeness;

typedef struct ll_guard_context {
    const ll_guard_input *in;
    ll_guard_limits limits;  /* no zeros left */
    ll_guard_text candidate; /* the guards of the first kind do not see it yet */
    ll_guard_text base;
    ll_likeness likeness;
} ll_guard_context;

typedef bool ll_guard(const ll_guard_context *c, ll_guard_reason *out);

/* Writes the detail and returns true, so that a guard ends with it. */
bool ll_guard_object(ll_guard_reason *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with "line 3, column 7: " before it. */
bool ll_guard_object_at(const ll_guard_context *c, size_t at, ll_guard_reason *out,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* guard_shape.c. The first three look at in->candidate alone. */
ll_guard ll_guard_empty, ll_guard_too_long, ll_guard_not_utf8;
ll_guard ll_guard_too_many_lines, ll_guard_too_many_tokens, ll_guard_too_short;
ll_guard ll_guard_placeholders, ll_guard_json_fields;

/* guard_characters.c */
ll_guard ll_guard_control, ll_guard_invisible, ll_guard_unassigned, ll_guard_foreign;
ll_guard ll_guard_mixed_scripts, ll_guard_split_words;

/* guard_links.c */
ll_guard ll_guard_url, ll_guard_email, ll_guard_html;

/* guard_secrets.c */
ll_guard ll_guard_secret, ll_guard_encoded;

/* guard_roles.c */
ll_guard ll_guard_role;

/* guard_phrases.c */
ll_guard ll_guard_override, ll_guard_exfiltration, ll_guard_tool_use;
ll_guard ll_guard_fixed_verdict, ll_guard_profit_promise, ll_guard_toxic;

/* Objects to the first unexcused match of these rules, unless the base breaks the rule too. */
bool ll_guard_object_to(const ll_guard_context *c, const ll_phrase_rule *rules, const char *why,
                        ll_guard_reason *out);

/* guard_meanings.c */
ll_guard ll_guard_one_sided, ll_guard_steering;

/* guard_vocabulary.c */
ll_guard ll_guard_unfamiliar;

/* guard_language.c */
ll_guard ll_guard_language;
/* The base prompt is in English, as far as its small words tell. */
bool ll_guard_is_english(const ll_guard_context *c);
/* The word is, or is part of, the name of a field. */
bool ll_guard_is_field(const ll_guard_context *c, const ll_guard_word *word);

/* guard_likeness.c */
ll_guard ll_guard_near_copy, ll_guard_unrelated;
/* Fills c->likeness. Returns LLMLEARN_ENOMEM. */
llmlearn_err ll_guard_likeness(ll_guard_context *c);

#endif
