#include "prompt/guard.h"

#include "base/err.h"
#include "base/utf8.h"
#include "prompt/characters.h"
#include "prompt/guards.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define BYTES_DEFAULT (16u * 1024)
#define TOKENS_DEFAULT 2000u
#define LINES_DEFAULT 200u

typedef struct guard {
    const char *name;
    ll_guard *objects;
} guard;

/* After an objection of these the others could not, or need not, look. */
static const guard first_guards[] = {
    { "empty", ll_guard_empty },
    { "too_long", ll_guard_too_long },
    { "not_utf8", ll_guard_not_utf8 },
};

static const guard guards[] = {
    { "control_characters", ll_guard_control },
    { "invisible_characters", ll_guard_invisible },
    { "unassigned_characters", ll_guard_unassigned },
    { "foreign_characters", ll_guard_foreign },
    { "mixed_scripts", ll_guard_mixed_scripts },
    { "split_words", ll_guard_split_words },
    { "too_many_lines", ll_guard_too_many_lines },
    { "too_many_tokens", ll_guard_too_many_tokens },
    { "too_short", ll_guard_too_short },
    { "placeholders", ll_guard_placeholders },
    { "json_fields", ll_guard_json_fields },
    { "url", ll_guard_url },
    { "email", ll_guard_email },
    { "html", ll_guard_html },
    { "secret", ll_guard_secret },
    { "encoded", ll_guard_encoded },
    { "override_phrase", ll_guard_override },
    { "role_marker", ll_guard_role },
    { "exfiltration", ll_guard_exfiltration },
    { "tool_use", ll_guard_tool_use },
    { "fixed_verdict", ll_guard_fixed_verdict },
    { "profit_promise", ll_guard_profit_promise },
    { "toxic", ll_guard_toxic },
    { "one_sided", ll_guard_one_sided },
    { "steering", ll_guard_steering },
    { "unfamiliar", ll_guard_unfamiliar },
    { "language", ll_guard_language },
    { "near_copy", ll_guard_near_copy },
    { "unrelated", ll_guard_unrelated },
};

enum {
    FIRST_COUNT = sizeof first_guards / sizeof first_guards[0],
    COUNT = sizeof guards / sizeof guards[0]
};
_Static_assert(FIRST_COUNT + COUNT <= LL_GUARD_REASONS_MAX, "room for every objection");

const char *ll_guard_name(size_t index)
{
    if (index < FIRST_COUNT)
        return first_guards[index].name;
    index -= FIRST_COUNT;
    return index < COUNT ? guards[index].name : NULL;
}

bool ll_guard_object(ll_guard_reason *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out->detail, sizeof out->detail, format, args);
    va_end(args);
    return true;
}

bool ll_guard_object_at(const ll_guard_context *c, size_t at, ll_guard_reason *out,
                        const char *format, ...)
{
    size_t line, column;
    va_list args;
    int used;

    ll_guard_text_place(&c->candidate, at, &line, &column);
    used = snprintf(out->detail, sizeof out->detail, "line %zu, column %zu: ", line, column);
    va_start(args, format);
    if (used > 0 && (size_t)used < sizeof out->detail)
        vsnprintf(out->detail + used, sizeof out->detail - (size_t)used, format, args);
    va_end(args);
    return true;
}

static void ask(const guard *table, size_t count, const ll_guard_context *c, ll_guard_verdict *v)
{
    for (size_t i = 0; i < count; i++) {
        ll_guard_reason *reason = &v->reasons[v->reason_count];

        reason->detail[0] = '\0';
        if (table[i].objects(c, reason)) {
            reason->name = table[i].name;
            v->reason_count++;
        }
    }
}

static llmlearn_err check_trusted(const char *what, ll_prompt_text text)
{
    if (text.bytes > LL_GUARD_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "guard: %s of %zu bytes, at most 64 KiB", what, text.bytes);
    if (!ll_utf8_valid(text.text, text.bytes))
        return ll_fail(LLMLEARN_EINVAL, "guard: %s is not UTF-8", what);
    return LLMLEARN_OK;
}

static llmlearn_err check_input(const ll_guard_input *in)
{
    ll_template placeholders;
    llmlearn_err err = check_trusted("a base prompt", in->base);

    if (in->known_count > LL_GUARD_KNOWN_MAX || in->json_field_count > LL_GUARD_FIELDS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "guard: at most %d known variants and %d fields",
                       LL_GUARD_KNOWN_MAX, LL_GUARD_FIELDS_MAX);
    for (size_t i = 0; err == LLMLEARN_OK && i < in->known_count; i++)
        err = check_trusted("a known variant", in->known[i]);
    return err == LLMLEARN_OK ? ll_template_parse(in->base, &placeholders) : err;
}

static ll_guard_limits limits_of(const ll_guard_input *in)
{
    ll_guard_limits limits = in->limits;

    if (limits.bytes_max == 0)
        limits.bytes_max = BYTES_DEFAULT;
    if (limits.bytes_max > LL_GUARD_BYTES_MAX)
        limits.bytes_max = LL_GUARD_BYTES_MAX;
    if (limits.tokens_max == 0)
        limits.tokens_max = TOKENS_DEFAULT;
    if (limits.lines_max == 0)
        limits.lines_max = LINES_DEFAULT;
    return limits;
}

/* With both texts at hand. */
static llmlearn_err ask_all(ll_guard_context *c, ll_guard_verdict *v)
{
    llmlearn_err err = ll_guard_text_make(c->in->candidate, true, &c->candidate);

    if (err == LLMLEARN_OK)
        err = ll_guard_text_make(c->in->base, true, &c->base);
    if (err == LLMLEARN_OK)
        err = ll_guard_likeness(c);
    if (err == LLMLEARN_OK)
        ask(guards, COUNT, c, v);
    ll_guard_text_free(&c->base);
    ll_guard_text_free(&c->candidate);
    return err;
}

llmlearn_err ll_guard_check(const ll_guard_input *in, ll_guard_verdict *out)
{
    ll_guard_context c = { .in = in };
    ll_guard_verdict v = { .reason_count = 0 };
    llmlearn_err err;

    assert(in != NULL && out != NULL);
    assert(in->known != NULL || in->known_count == 0);
    assert(in->json_fields != NULL || in->json_field_count == 0);
    err = check_input(in);
    if (err != LLMLEARN_OK)
        return err;
    c.limits = limits_of(in);
    ask(first_guards, FIRST_COUNT, &c, &v);
    if (v.reason_count == 0)
        err = ask_all(&c, &v);
    if (err == LLMLEARN_OK)
        *out = v;
    return err;
}

llmlearn_err ll_guard_remark(ll_prompt_text remark, bool *out_fit)
{
    static ll_guard *const asked[] = { ll_guard_invisible, ll_guard_url,      ll_guard_email,
                                       ll_guard_html,      ll_guard_secret,   ll_guard_encoded,
                                       ll_guard_role,      ll_guard_override, ll_guard_exfiltration,
                                       ll_guard_tool_use };
    const ll_guard_input in = { .candidate = remark };
    ll_guard_context c = { .in = &in };
    ll_guard_reason ignored;
    bool fit = ll_utf8_valid(remark.text, remark.bytes);
    llmlearn_err err = fit ? ll_guard_text_make(remark, true, &c.candidate) : LLMLEARN_OK;

    if (err == LLMLEARN_OK)
        err = ll_guard_text_make((ll_prompt_text){ "", 0 }, true, &c.base);
    for (size_t i = 0; err == LLMLEARN_OK && fit && i < sizeof asked / sizeof asked[0]; i++)
        fit = !asked[i](&c, &ignored);
    ll_guard_text_free(&c.base);
    ll_guard_text_free(&c.candidate);
    if (err == LLMLEARN_OK)
        *out_fit = fit;
    return err;
}

void ll_guard_write(const ll_guard_verdict *verdict, ll_json_writer *w)
{
    ll_json_writer_open(w, '[');
    for (size_t i = 0; i < verdict->reason_count; i++) {
        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "guard", verdict->reasons[i].name);
        ll_json_writer_put_string(w, "detail", verdict->reasons[i].detail);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

size_t ll_guard_tokens(ll_prompt_text text)
{
    size_t ascii = 0, others = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.text[i];

        ascii += c < 0x80;
        others += c >= 0xc0; /* the first byte of a character */
    }
    return (ascii + 3) / 4 + others;
}
