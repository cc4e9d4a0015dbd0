#include "prompt/reply.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "prompt/characters.h"
#include "prompt/guard_text.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- characters ---------------------------------------------------------- */

static bool is_pictogram(uint32_t c)
{
    return (c >= 0x203c && c <= 0x3299) || (c >= 0x1f000 && c <= 0x1faff);
}

/* Models write the selector behind a sign and the joiner between two pictograms as everybody
 * does; nothing can be hidden in one of each. */
static bool is_part_of_pictogram(uint32_t before, uint32_t c)
{
    return (c == 0xfe0f && (is_pictogram(before) || (before >= '#' && before <= '9'))) ||
           (c == 0x200d && (is_pictogram(before) || before == 0xfe0f));
}

static const char *check_characters(const char *text, size_t bytes)
{
    uint32_t before = 0;
    size_t at = 0;

    while (at < bytes) {
        uint32_t c = ll_character_next(text, bytes, &at);
        bool is_line_end = c == '\r' && at < bytes && text[at] == '\n';

        if (ll_character_is_control(c) && !is_line_end)
            return "control_characters";
        if ((ll_character_is_invisible(c) && !is_part_of_pictogram(before, c)) ||
            ll_character_is_unassigned(c))
            return "invisible_characters";
        before = c;
    }
    return NULL;
}

static bool is_all_blank(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (strchr(" \t\r\n", text[i]) == NULL)
            return false;
    return true;
}

/* ---- contradiction ------------------------------------------------------- */

/* Words in a row; what recommends, and nothing that merely weighs. */
static const char *const says_sell[] = {
    "should sell",
    "must sell",
    "you should avoid",
    "recommend selling",
    "recommend to sell",
    "recommends selling",
    "recommend you sell",
    "recommend that you sell",
    "recommend a sell",
    "recommendation is to sell",
    "advise selling",
    "advise to sell",
    "advise you to sell",
    "time to sell",
    "sell now",
    "sell immediately",
    "sell your shares",
    "sell your position",
    "signal is sell",
    "signal is a sell",
    "rating is sell",
    "verdict is sell",
    "clear sell",
    "strong sell",
    "get out of this stock",
    "exit your position",
    "stay away from",
    "avoid buying",
    "sollten sie verkaufen",
    "sollten verkaufen",
    "verkaufen sie",
    "raten zum verkauf",
    "empfehlen den verkauf",
    "empfehlen zu verkaufen",
    "zum verkauf geraten",
    "jetzt verkaufen",
    "do not buy",
    "should not buy",
    "dont buy",
};
static const char *const says_buy[] = {
    "should buy",
    "must buy",
    "recommend buying",
    "recommend to buy",
    "recommends buying",
    "recommend you buy",
    "recommend that you buy",
    "recommend a buy",
    "recommendation is to buy",
    "advise buying",
    "advise to buy",
    "advise you to buy",
    "time to buy",
    "buy now",
    "buy immediately",
    "buy more shares",
    "signal is buy",
    "signal is a buy",
    "rating is buy",
    "verdict is buy",
    "clear buy",
    "strong buy",
    "avoid selling",
    "add to your position",
    "sollten sie kaufen",
    "sollten kaufen",
    "kaufen sie",
    "raten zum kauf",
    "empfehlen den kauf",
    "empfehlen zu kaufen",
    "zum kauf geraten",
    "jetzt kaufen",
    "do not sell",
    "should not sell",
    "dont sell",
};
/* A sentence with one of these weighs, denies or looks back. "not" is allowed for below. */
static const char *const weighing[] = {
    "if",      "unless", "would",  "could",   "might",    "may",      "when",       "until",
    "whether", "never",  "no",     "rather",  "instead",  "previous", "previously", "earlier",
    "before",  "was",    "had",    "some",    "although", "while",    "however",    "but",
    "wait",    "far",    "hardly", "without", "cannot",   "neither",  "nor",        "why",
    "falls",   "wenn",   "wurde",  "wurden",  "konnte",   "nicht",    "kein",       "keine",
    "statt",   "bevor",  "ob",     "aber",    "wahrend",  "vorher",   "zuvor",      "question",
};

static bool is_word(const ll_guard_text *t, size_t index, const char *word, size_t bytes)
{
    const ll_guard_word *w = &t->words[index];

    return w->bytes == bytes && memcmp(t->views[LL_VIEW_PLAIN].data + w->begin, word, bytes) == 0;
}

/* The phrase begins at this word. */
static bool is_phrase_at(const ll_guard_text *t, size_t index, size_t end, const char *phrase)
{
    while (*phrase != '\0') {
        size_t bytes = strcspn(phrase, " ");

        if (index == end || !is_word(t, index, phrase, bytes))
            return false;
        index++;
        phrase += bytes + (phrase[bytes] == ' ');
    }
    return true;
}

static bool has_phrase(const ll_guard_text *t, size_t from, size_t end, const char *const *phrases,
                       size_t count)
{
    for (size_t i = from; i < end; i++)
        for (size_t k = 0; k < count; k++)
            if (is_phrase_at(t, i, end, phrases[k]))
                return true;
    return false;
}

/* "not" that belongs to none of the phrases ("do not buy") denies. */
static bool weighs(const ll_guard_text *t, size_t from, size_t end)
{
    if (has_phrase(t, from, end, weighing, COUNT(weighing)))
        return true;
    for (size_t i = from; i < end; i++) {
        bool is_not = is_word(t, i, "not", 3) || is_word(t, i, "dont", 4);
        bool is_ours = i + 1 < end && (is_word(t, i + 1, "buy", 3) || is_word(t, i + 1, "sell", 4));

        if (is_not && !is_ours)
            return true;
    }
    return false;
}

/* The first word of the next sentence. */
static size_t sentence_end(const ll_guard_text *t, size_t from)
{
    for (size_t i = from; i + 1 < t->word_count; i++) {
        const char *text = t->raw.text + t->words[i].from;

        for (const char *p = text; p < t->raw.text + t->words[i + 1].from; p++)
            if (strchr(".!?;\n", *p) != NULL)
                return i + 1;
    }
    return t->word_count;
}

static bool contradicts(const ll_guard_text *t, const char *signal)
{
    bool buy = strcasecmp(signal, "BUY") == 0, sell = strcasecmp(signal, "SELL") == 0;
    bool hold = strcasecmp(signal, "HOLD") == 0;

    for (size_t from = 0, end; from < t->word_count; from = end) {
        end = sentence_end(t, from);
        bool says = ((buy || hold) && has_phrase(t, from, end, says_sell, COUNT(says_sell))) ||
                    ((sell || hold) && has_phrase(t, from, end, says_buy, COUNT(says_buy)));

        /* To hold is neither to buy nor to sell: advice against both is what it says. */
        if (says && hold && has_phrase(t, from, end, (const char *const[]){ "not" }, 1))
            continue;
        if (says && !weighs(t, from, end))
            return true;
    }
    return false;
}

/* One text as it will be shown. */
static llmlearn_err check_text(const ll_reply_rules *rules, const char *text, size_t bytes,
                               const char **out_reason)
{
    ll_guard_text t;
    llmlearn_err err;

    *out_reason = check_characters(text, bytes);
    if (*out_reason != NULL || rules->signal == NULL)
        return LLMLEARN_OK;
    err = ll_guard_text_make((ll_prompt_text){ text, bytes }, false, &t);
    if (err != LLMLEARN_OK)
        return err;
    if (contradicts(&t, rules->signal))
        *out_reason = "contradicts_signal";
    ll_guard_text_free(&t);
    return LLMLEARN_OK;
}

/* ---- JSON ---------------------------------------------------------------- */

/* Recurses no deeper than ll_json_is_object let through. */
static llmlearn_err check_value(const ll_reply_rules *rules, json_t *value, const char **out_reason)
{
    llmlearn_err err = LLMLEARN_OK;
    const char *key;
    json_t *member;
    size_t index;

    if (json_is_string(value))
        return check_text(rules, json_string_value(value), json_string_length(value), out_reason);
    if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            err = check_value(rules, member, out_reason);
            if (err != LLMLEARN_OK || *out_reason != NULL)
                return err;
        }
    }
    if (json_is_object(value)) {
        json_object_foreach(value, key, member)
        {
            err = check_text(rules, key, strlen(key), out_reason);
            if (err == LLMLEARN_OK && *out_reason == NULL)
                err = check_value(rules, member, out_reason);
            if (err != LLMLEARN_OK || *out_reason != NULL)
                return err;
        }
    }
    return err;
}

static bool has_fields(const ll_reply_rules *rules, const json_t *root)
{
    for (size_t i = 0; i < rules->json_field_count; i++) {
        const json_t *field = json_object_get(root, rules->json_fields[i]);

        if (field == NULL || json_is_null(field) ||
            (json_is_array(field) && json_array_size(field) == 0) ||
            (json_is_string(field) &&
             is_all_blank(json_string_value(field), json_string_length(field))))
            return false;
    }
    return true;
}

static llmlearn_err check_json(const ll_reply_rules *rules, const char *text, size_t bytes,
                               const char **out_reason)
{
    json_error_t error = { 0 };
    json_t *root = NULL;
    llmlearn_err err = LLMLEARN_OK;

    *out_reason = "not_json";
    if (!ll_json_is_object(text, bytes))
        return LLMLEARN_OK;
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && (json_error_code(&error) == json_error_duplicate_key ||
                         json_error_code(&error) == json_error_numeric_overflow))
        return LLMLEARN_OK;
    if (root == NULL) /* nothing else is left that could be wrong; jansson does not always say */
        return ll_fail(LLMLEARN_ENOMEM, "no memory for an explanation of %zu bytes", bytes);
    *out_reason = has_fields(rules, root) ? NULL : "json_fields";
    if (*out_reason == NULL)
        err = check_value(rules, root, out_reason);
    json_decref(root);
    return err;
}

llmlearn_err ll_reply_check(const ll_reply_rules *rules, const char *text, size_t bytes,
                            const char **out_reason)
{
    size_t most = rules->bytes_max == 0 ? LL_REPLY_BYTES_DEFAULT : rules->bytes_max;
    const char *reason = NULL;
    llmlearn_err err = LLMLEARN_OK;

    assert(text != NULL || bytes == 0);
    if (bytes > (most < LL_REPLY_BYTES_MAX ? most : LL_REPLY_BYTES_MAX))
        reason = "too_long";
    else if (is_all_blank(text, bytes))
        reason = "empty";
    else if (!ll_utf8_valid(text, bytes))
        reason = "not_utf8";
    else if (rules->json || rules->json_field_count > 0)
        err = check_json(rules, text, bytes, &reason);
    else
        err = check_text(rules, text, bytes, &reason);
    if (err == LLMLEARN_OK)
        *out_reason = reason;
    return err;
}
