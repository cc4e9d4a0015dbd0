#include "llm/prices.h"

#include "base/err.h"
#include "base/int128.h"
#include "llm/json.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEMTO_PER_DOLLAR 1e15
#define FEMTO_PER_NANO 1000000
/* A thousand times the dearest there is: more is a mistake in the file, or dollars per million. */
#define DOLLARS_PER_TOKEN_MAX 0.5
/* Real files have one threshold per model, at most two, and what holds below it. */
#define TIERS_MAX 4

/* Femto-dollars per token; -1: not given. */
typedef struct rates {
    int64_t input, cached, output;
} rates;

typedef struct tier {
    int64_t prompt_tokens_above;
    rates rates;
} tier;

typedef struct model_price {
    char *name;
    uint32_t tier_count;
    tier tiers[TIERS_MAX]; /* rising; the first is above -1: all */
} model_price;

struct ll_prices {
    size_t count;
    model_price models[]; /* by name */
};

/* ---- reading ------------------------------------------------------------- */

/* Which of the three a key names, and what follows its name; NULL if none. */
static int64_t *rate_of(const char *key, rates *r, const char **out_rest)
{
    const struct {
        const char *name;
        int64_t *rate;
    } known[] = { { "input_cost_per_token", &r->input },
                  { "output_cost_per_token", &r->output },
                  { "cache_read_input_token_cost", &r->cached } };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t bytes = strlen(known[i].name);

        if (strncmp(key, known[i].name, bytes) == 0) {
            *out_rest = key + bytes;
            return known[i].rate;
        }
    }
    return NULL;
}

/* Of "" -1, of "_above_128k_tokens" 128,000; -2 of anything else. */
static int64_t parse_threshold(const char *text)
{
    int thousands = 0, end = 0;

    if (text[0] == '\0')
        return -1;
    if (sscanf(text, "_above_%6dk_tokens%n", &thousands, &end) == 1 && end > 0 &&
        text[end] == '\0' && thousands > 0)
        return (int64_t)thousands * 1000;
    return -2;
}

/* The tier of a threshold, a new one in its place if there is none; NULL if there are too many. */
static tier *tier_of(model_price *m, int64_t prompt_tokens_above)
{
    uint32_t at = m->tier_count;

    for (uint32_t i = 0; i < m->tier_count; i++)
        if (m->tiers[i].prompt_tokens_above == prompt_tokens_above)
            return &m->tiers[i];
    if (m->tier_count == TIERS_MAX)
        return NULL;
    while (at > 0 && m->tiers[at - 1].prompt_tokens_above > prompt_tokens_above) {
        m->tiers[at] = m->tiers[at - 1];
        at--;
    }
    m->tier_count++;
    m->tiers[at] = (tier){ prompt_tokens_above, { -1, -1, -1 } };
    return &m->tiers[at];
}

static bool femto_dollars(const json_t *value, int64_t *out)
{
    double dollars = json_number_value(value);

    if (!json_is_number(value) || !(dollars >= 0 && dollars <= DOLLARS_PER_TOKEN_MAX))
        return false;
    *out = (int64_t)(dollars * FEMTO_PER_DOLLAR + 0.5);
    return true;
}

/* False if a price is one that cannot be. */
static bool take_member(model_price *m, const char *key, const json_t *value)
{
    rates found = { -1, -1, -1 };
    const char *rest;
    int64_t *rate = rate_of(key, &found, &rest);
    int64_t above = rate != NULL ? parse_threshold(rest) : -2;
    tier *t;

    if (above == -2 || json_is_null(value))
        return true;
    if (!femto_dollars(value, rate))
        return false;
    t = tier_of(m, above);
    if (t == NULL)
        return false;
    if (found.input >= 0)
        t->rates.input = found.input;
    if (found.cached >= 0)
        t->rates.cached = found.cached;
    if (found.output >= 0)
        t->rates.output = found.output;
    return true;
}

/* What a tier does not say is as in the one below; a cache without price saves nothing. */
static bool complete(model_price *m)
{
    if (m->tier_count == 0 || m->tiers[0].prompt_tokens_above != -1)
        return false;
    if (m->tiers[0].rates.input < 0 || m->tiers[0].rates.output < 0)
        return false;
    for (uint32_t i = 0; i < m->tier_count; i++) {
        rates *r = &m->tiers[i].rates, *below = i > 0 ? &m->tiers[i - 1].rates : r;
        bool dearer = r->input >= 0;

        if (r->input < 0)
            r->input = below->input;
        if (r->output < 0)
            r->output = below->output;
        if (r->cached < 0)
            r->cached = i == 0 || dearer ? r->input : below->cached;
    }
    return true;
}

/* False if it is no model, or one without usable prices. */
static bool read_model(json_t *members, model_price *m)
{
    const char *key;
    json_t *value;

    if (!json_is_object(members))
        return false;
    json_object_foreach(members, key, value) if (!take_member(m, key, value)) return false;
    return complete(m);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const model_price *)a)->name, ((const model_price *)b)->name);
}

static llmlearn_err read_models(json_t *file, ll_prices *prices)
{
    const char *name;
    json_t *members;

    json_object_foreach(file, name, members)
    {
        model_price m = { 0 };

        if (!read_model(members, &m))
            continue;
        m.name = strdup(name);
        if (m.name == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "price file: reading it");
        prices->models[prices->count++] = m;
    }
    if (prices->count == 0)
        return ll_fail(LLMLEARN_ELLM, "price file: no model in it has input_cost_per_token and "
                                      "output_cost_per_token");
    qsort(prices->models, prices->count, sizeof prices->models[0], by_name);
    return LLMLEARN_OK;
}

llmlearn_err ll_prices_parse(const char *text, size_t bytes, ll_prices **out_prices)
{
    json_t *file = NULL;
    ll_prices *prices = NULL;
    llmlearn_err err;

    assert(out_prices != NULL);
    err = ll_llm_json_parse("price file", text, bytes, &file);
    if (err != LLMLEARN_OK)
        return err;
    prices = calloc(1, sizeof *prices + json_object_size(file) * sizeof(model_price));
    err = prices == NULL ? ll_fail(LLMLEARN_ENOMEM, "price file: reading it")
                         : read_models(file, prices);
    json_decref(file);
    if (err != LLMLEARN_OK) {
        ll_prices_free(prices);
        return err;
    }
    *out_prices = prices;
    return LLMLEARN_OK;
}

/* ---- the file -------------------------------------------------------------- */

/* bytes in all; one that shrinks meanwhile ends early, and is no JSON then. */
static bool read_all(int fd, char *text, size_t bytes, size_t *out_read)
{
    size_t length = 0;
    ssize_t got = 1;

    while (length < bytes && got > 0) {
        got = read(fd, text + length, bytes - length);
        if (got > 0)
            length += (size_t)got;
    }
    *out_read = length;
    return got >= 0;
}

static llmlearn_err load(int fd, const char *path, ll_prices **out_prices)
{
    struct stat status;
    size_t bytes;
    char *text;
    llmlearn_err err;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return ll_fail(LLMLEARN_EIO, "price file %s: is not a file", path);
    if (status.st_size > LL_PRICES_FILE_BYTES_MAX)
        return ll_fail(LLMLEARN_ELLM, "price file %s: larger than 16 MiB", path);
    text = malloc((size_t)status.st_size + 1);
    if (text == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "price file: reading it");
    if (read_all(fd, text, (size_t)status.st_size, &bytes))
        err = ll_prices_parse(text, bytes, out_prices);
    else
        err = ll_fail(LLMLEARN_EIO, "price file %s: cannot be read", path);
    free(text);
    return err;
}

llmlearn_err ll_prices_load(const char *path, ll_prices **out_prices)
{
    /* Not blocking: a pipe in its place must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    llmlearn_err err;

    if (fd < 0)
        return ll_fail(LLMLEARN_EIO, "price file %s: cannot be opened", path);
    err = load(fd, path, out_prices);
    close(fd);
    return err;
}

void ll_prices_free(ll_prices *prices)
{
    if (prices == NULL)
        return;
    for (size_t i = 0; i < prices->count; i++)
        free(prices->models[i].name);
    free(prices);
}

size_t ll_prices_count(const ll_prices *prices)
{
    return prices != NULL ? prices->count : 0;
}

/* ---- what it costs ----------------------------------------------------------- */

static const model_price *find(const ll_prices *prices, const char *model)
{
    model_price key = { .name = (char *)(uintptr_t)model };

    if (prices == NULL)
        return NULL;
    return bsearch(&key, prices->models, prices->count, sizeof prices->models[0], by_name);
}

static int64_t nano_dollars(ll_i128 femto, int64_t round_up_from)
{
    ll_i128 nano = (femto + FEMTO_PER_NANO - round_up_from) / FEMTO_PER_NANO;

    return nano > INT64_MAX ? LL_PRICES_UNKNOWN : (int64_t)nano;
}

int64_t ll_prices_cost(const ll_prices *prices, const char *model, int64_t prompt_tokens,
                       int64_t cached_tokens, int64_t completion_tokens)
{
    const model_price *m = find(prices, model);
    int64_t cached = cached_tokens < 0               ? 0
                     : cached_tokens > prompt_tokens ? prompt_tokens
                                                     : cached_tokens;
    const rates *r;

    if (m == NULL || prompt_tokens < 0 || completion_tokens < 0)
        return LL_PRICES_UNKNOWN;
    r = &m->tiers[0].rates;
    for (uint32_t i = 1; i < m->tier_count && prompt_tokens > m->tiers[i].prompt_tokens_above; i++)
        r = &m->tiers[i].rates;
    /* Each product is below 2^63 * 2^50. */
    return nano_dollars((ll_i128)(prompt_tokens - cached) * r->input + (ll_i128)cached * r->cached +
                            (ll_i128)completion_tokens * r->output,
                        FEMTO_PER_NANO / 2);
}

int64_t ll_prices_ceiling(const ll_prices *prices, const char *model, size_t request_bytes,
                          uint32_t max_tokens)
{
    const model_price *m = find(prices, model);
    int64_t input = 0, output = 0;

    if (m == NULL || max_tokens == 0 || request_bytes > INT64_MAX)
        return LL_PRICES_UNKNOWN;
    for (uint32_t i = 0; i < m->tier_count; i++) {
        const rates *r = &m->tiers[i].rates;

        input = r->input > input ? r->input : input;
        input = r->cached > input ? r->cached : input;
        output = r->output > output ? r->output : output;
    }
    return nano_dollars((ll_i128)request_bytes * input + (ll_i128)max_tokens * output, 1);
}
