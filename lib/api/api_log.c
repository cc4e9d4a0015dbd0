/* api_log.c - llmlearn_log_explanation: checks, encodes, appends. Nothing here allocates,
 * locks or calls the system. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "ingest/record.h"

#include <assert.h>
#include <string.h>

#define TEXT_BYTES_MAX (256u * 1024u)
#define METADATA_BYTES_MAX (16u * 1024u)
#define UNIT_BYTES_MAX 256u
#define REASON_BYTES_MAX 1000u
#define LATENCY_MS_MAX 1e9

#define KNOWN_FLAGS                                                                                \
    (LLMLEARN_HAS_CONFIDENCE | LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_PROMPT_TOKENS |                 \
     LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST | LLMLEARN_CACHED | LLMLEARN_FALLBACK |    \
     LLMLEARN_REROUTED)

_Static_assert(sizeof(ll_record_fixed) + TEXT_BYTES_MAX + METADATA_BYTES_MAX + 2048 <
                   LL_RECORD_BYTES_MAX,
               "the longest explanation is a record");

/* A number is known with its flag, and 0 without: a forgotten flag must not lose data. */
static bool check_real(const char *what, const char *flag, bool known, double value, double max)
{
    if (known ? value >= 0 && value <= max : value == 0)
        return true; /* NaN is neither */
    if (known)
        ll_fail(LLMLEARN_EINVAL, "%s: must be 0 to %g", what, max);
    else
        ll_fail(LLMLEARN_EINVAL, "%s: set %s in flags, or leave it 0", what, flag);
    return false;
}

static bool check_count(const char *what, const char *flag, bool known, int64_t value)
{
    if (known ? value >= 0 : value == 0)
        return true;
    if (known)
        ll_fail(LLMLEARN_EINVAL, "%s: must not be negative", what);
    else
        ll_fail(LLMLEARN_EINVAL, "%s: set %s in flags, or leave it 0", what, flag);
    return false;
}

static bool check_numbers(const llmlearn_explanation *e)
{
    uint32_t flags = e->flags;

    return check_real("confidence", "LLMLEARN_HAS_CONFIDENCE",
                      (flags & LLMLEARN_HAS_CONFIDENCE) != 0, e->confidence, 1.0) &&
           check_real("latency_ms", "LLMLEARN_HAS_LATENCY", (flags & LLMLEARN_HAS_LATENCY) != 0,
                      e->latency_ms, LATENCY_MS_MAX) &&
           check_count("prompt_tokens", "LLMLEARN_HAS_PROMPT_TOKENS",
                       (flags & LLMLEARN_HAS_PROMPT_TOKENS) != 0, e->prompt_tokens) &&
           check_count("completion_tokens", "LLMLEARN_HAS_COMPLETION_TOKENS",
                       (flags & LLMLEARN_HAS_COMPLETION_TOKENS) != 0, e->completion_tokens) &&
           check_count("cost_nanousd", "LLMLEARN_HAS_COST", (flags & LLMLEARN_HAS_COST) != 0,
                       e->cost_nanousd);
}

static llmlearn_err check_flags(const llmlearn_explanation *e)
{
    if (e->flags & ~KNOWN_FLAGS)
        return ll_fail(LLMLEARN_EINVAL, "flags: unknown bits 0x%x", e->flags & ~KNOWN_FLAGS);
    if (e->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: must be 0");
    if (e->test_id == 0 && (e->arm != 0 || e->flags & LLMLEARN_REROUTED))
        return ll_fail(LLMLEARN_EINVAL, "arm, LLMLEARN_REROUTED: only with the test_id of "
                                        "llmlearn_get_variant");
    if (e->arm >= LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arm: must be below %d", LLMLEARN_ARMS_MAX);
    if (e->test_id > INT64_MAX)
        return ll_fail(LLMLEARN_EINVAL, "test_id: no test has this number");
    if (e->fallback_reason != NULL && !(e->flags & LLMLEARN_FALLBACK))
        return ll_fail(LLMLEARN_EINVAL, "fallback_reason: only with LLMLEARN_FALLBACK in flags");
    return LLMLEARN_OK;
}

/* Checks every text; lengths go to bytes[]. */
static bool measure_texts(const llmlearn_explanation *e, const char *const texts[LL_TEXT_COUNT],
                          size_t bytes[LL_TEXT_COUNT])
{
    bytes[LL_TEXT_TICKER] = ll_argument_name("ticker", e->ticker, true);
    if (bytes[LL_TEXT_TICKER] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_SIGNAL] = ll_argument_signal("signal", e->signal);
    if (bytes[LL_TEXT_SIGNAL] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_VERSION] = ll_argument_name("version", texts[LL_TEXT_VERSION], true);
    if (bytes[LL_TEXT_VERSION] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_MODEL] = ll_argument_name("model", e->model, false);
    if (bytes[LL_TEXT_MODEL] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_PROVIDER] = ll_argument_name("provider", e->provider, false);
    if (bytes[LL_TEXT_PROVIDER] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_UNIT] = ll_argument_text("unit", e->unit, false, 1, UNIT_BYTES_MAX);
    if (bytes[LL_TEXT_UNIT] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_FALLBACK_REASON] =
        ll_argument_text("fallback_reason", e->fallback_reason, false, 0, REASON_BYTES_MAX);
    if (bytes[LL_TEXT_FALLBACK_REASON] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_METADATA] =
        ll_argument_text("metadata_json", e->metadata_json, false, 2, METADATA_BYTES_MAX);
    if (bytes[LL_TEXT_METADATA] == SIZE_MAX)
        return false;
    bytes[LL_TEXT_TEXT] = ll_argument_text("text", e->text, true, 0, TEXT_BYTES_MAX);
    return bytes[LL_TEXT_TEXT] != SIZE_MAX;
}

static llmlearn_err append(ll_core *core, const llmlearn_explanation *e,
                           const char *const texts[LL_TEXT_COUNT],
                           const size_t bytes[LL_TEXT_COUNT], int64_t now_us, llmlearn_id *out_id)
{
    char head[LL_RECORD_HEAD_BYTES];
    ll_record_fixed fixed = {
        .flags = e->flags,
        .arm = e->arm,
        .created_us = now_us,
        .confidence = e->confidence,
        .latency_ms = e->latency_ms,
        .prompt_tokens = e->prompt_tokens,
        .completion_tokens = e->completion_tokens,
        .cost_nanousd = e->cost_nanousd,
        .test = e->test_id,
    };
    ll_journal_part parts[3] = { { .data = head },
                                 { .data = e->metadata_json, .bytes = bytes[LL_TEXT_METADATA] },
                                 { .data = e->text, .bytes = bytes[LL_TEXT_TEXT] } };

    for (int i = 0; i < LL_TEXT_COUNT; i++)
        fixed.bytes[i] = (uint32_t)bytes[i];
    parts[0].bytes = ll_record_encode_head(&fixed, texts, head);
    return ll_journal_append(core->journal, LL_RECORD_EXPLANATION, parts, 3, now_us, out_id);
}

static llmlearn_err log_checked(llmlearn *learner, const llmlearn_explanation *e,
                                llmlearn_id *out_id)
{
    const ll_settings *settings;
    const char *texts[LL_TEXT_COUNT] = { e->ticker,          e->signal,        e->version,
                                         e->model,           e->provider,      e->unit,
                                         e->fallback_reason, e->metadata_json, e->text };
    size_t bytes[LL_TEXT_COUNT];
    llmlearn_id id;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter_journal(learner, &core);

    if (err != LLMLEARN_OK)
        return err;
    settings = ll_handle_settings(learner);
    if (texts[LL_TEXT_VERSION] == NULL)
        texts[LL_TEXT_VERSION] = settings->baseline;
    err = check_flags(e);
    if (err != LLMLEARN_OK)
        return err;
    if (!check_numbers(e) || !measure_texts(e, texts, bytes))
        return LLMLEARN_EINVAL;
    err = append(core, e, texts, bytes, ll_clock_now_us(&settings->clock), &id);
    if (err == LLMLEARN_OK && out_id != NULL)
        *out_id = id;
    return err;
}

llmlearn_err llmlearn_log_explanation(llmlearn *learner, const llmlearn_explanation *explanation,
                                      llmlearn_id *out_id)
{
    llmlearn_explanation ours;
    llmlearn_err err;

    if (explanation != NULL && explanation->struct_size == sizeof *explanation)
        return log_checked(learner, explanation, out_id);
    err = ll_arguments_read("explanation", explanation, sizeof ours, &ours, sizeof ours);
    return err == LLMLEARN_OK ? log_checked(learner, &ours, out_id) : err;
}
