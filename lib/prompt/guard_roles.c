/* Text that pretends to be another part of the conversation. Signs matter here, so it is looked
 * for in the plain views; the rest is phrases. */
#include "prompt/guard_phrases.h"
#include "prompt/guards.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const marks[] = { "<|",
                                     "|>",
                                     "[inst]",
                                     "[/inst]",
                                     "<<sys",
                                     "[system]",
                                     "[/prompt",
                                     "[end]",
                                     "<<end",
                                     "im_sep",
                                     "@system",
                                     "/system",
                                     "[[prompt",
                                     "[user]",
                                     "[assistant]",
                                     "\"role\":",
                                     "'role':",
                                     "#system",
                                     "#assistant",
                                     "#user",
                                     "#human",
                                     "#response",
                                     "<s>",
                                     "</s>",
                                     "#instruction:",
                                     "```system",
                                     "[[system",
                                     "{system",
                                     "(system)",
                                     "=system",
                                     "---system",
                                     "role:system",
                                     "#newinstruction",
                                     "im_start",
                                     "im_end",
                                     "endoftext",
                                     "start_header",
                                     "begin_of_text",
                                     "eot_id",
                                     "start_of_turn",
                                     "end_of_turn",
                                     "###end" };

/* Where a line or a sentence begins; "sys tem:" too. */
static const char *const openings[] = { "system:", "assistant:", "system>",
                                        "system|", "system=",    "system-" };

/* Before a colon, where a line or a sentence begins. */
static const char *const speakers[] = { "sys",          "system",   "assistant", "user",  "human",
                                        "developer",    "tool",     "function",  "ai",    "bot",
                                        "chatgpt",      "gpt",      "claude",    "admin", "root",
                                        "systemprompt", "operator", "model" };

/* Only signs that dress a heading stand between it and the end of a line or sentence. */
static bool begins_statement(const ll_view *plain, size_t at)
{
    while (at > 0 && strchr(" #*_-`\"'[(=<>~|{0123456789", plain->data[at - 1]) != NULL)
        at--;
    return at == 0 || strchr("\n.!?:;,])}", plain->data[at - 1]) != NULL;
}

static bool has_mark(const ll_view *dense, size_t *out_at, const char **out_mark)
{
    for (size_t i = 0; i < COUNT(marks); i++) {
        const char *at = memmem(dense->data, dense->length, marks[i], strlen(marks[i]));

        if (at != NULL) {
            *out_at = dense->from[at - dense->data];
            *out_mark = marks[i];
            return true;
        }
    }
    return false;
}

static bool has_opening(const ll_view *dense, size_t *out_at)
{
    for (size_t i = 0; i < COUNT(openings); i++) {
        const char *from = dense->data, *end = dense->data + dense->length, *at;
        size_t bytes = strlen(openings[i]);

        for (; (at = memmem(from, (size_t)(end - from), openings[i], bytes)) != NULL;
             from = at + 1) {
            if (begins_statement(dense, (size_t)(at - dense->data))) {
                *out_at = dense->from[at - dense->data];
                return true;
            }
        }
    }
    return false;
}

static bool is_speaker(const ll_view *plain, const ll_guard_word *word)
{
    size_t end = word->begin + word->bytes;
    bool is_known = false;

    for (size_t i = 0; i < COUNT(speakers); i++)
        is_known = is_known || (strlen(speakers[i]) == word->bytes &&
                                memcmp(speakers[i], plain->data + word->begin, word->bytes) == 0);
    while (end < plain->length && strchr(" *_`\"])", plain->data[end]) != NULL)
        end++;
    return is_known && end < plain->length && plain->data[end] == ':' &&
           begins_statement(plain, word->begin);
}

bool ll_guard_role(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_guard_text *t = &c->candidate;
    const char *mark = NULL;
    size_t at = 0;

    if (has_mark(&t->views[LL_VIEW_DENSE], &at, &mark))
        return ll_guard_object_at(c, at, out, "\"%s\" begins another role", mark);
    if (has_opening(&t->views[LL_VIEW_DENSE], &at))
        return ll_guard_object_at(c, at, out, "a speaker's name and a colon");
    for (size_t i = 0; i < t->word_count; i++)
        if (is_speaker(&t->views[LL_VIEW_PLAIN], &t->words[i]))
            return ll_guard_object_at(c, t->words[i].from, out, "a speaker's name and a colon");
    return ll_guard_object_to(c, ll_role_rules, "begins another role", out);
}
