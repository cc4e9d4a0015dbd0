#include "store/rounds.h"

#include "base/err.h"

#include <assert.h>
#include <string.h>

static const ll_statement list_signals = {
    "SELECT name FROM llm_names WHERE id IN (SELECT signal FROM llm_variants WHERE status ="
    " 'champion' UNION SELECT signal FROM llm_ab_tests) ORDER BY name"
};
static const ll_statement list_untested = {
    "SELECT v.version, v.approved_us IS NOT NULL FROM llm_variants v"
    " WHERE v.signal = (SELECT signal FROM llm_variants WHERE id = ?1) AND v.parent = ?1"
    "  AND v.status = 'draft' AND v.text IS NOT NULL AND v.generation IS NOT NULL"
    "  AND NOT EXISTS (SELECT 1 FROM llm_ab_arms a JOIN llm_ab_tests t ON t.id = a.test"
    "   WHERE t.signal = v.signal AND a.variant = v.id)"
    " ORDER BY v.approved_us IS NULL, v.id DESC LIMIT ?2"
};

typedef struct telling {
    ll_rounds_signal_fn each;
    void *context;
} telling;

static llmlearn_err tell_signal(void *context, const ll_row *row)
{
    const telling *t = context;
    char name[LL_NAME_BYTES_MAX + 1];
    size_t bytes = 0;
    const char *text = ll_row_text(row, 0, &bytes);

    if (text == NULL || bytes > LL_NAME_BYTES_MAX)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_names: a name of %zu bytes", bytes);
    memcpy(name, text, bytes);
    name[bytes] = '\0';
    return t->each(t->context, name);
}

llmlearn_err ll_rounds_list_signals(ll_connection *connection, ll_rounds_signal_fn each,
                                    void *context)
{
    telling t = { .each = each, .context = context };

    return ll_connection_run(connection, &list_signals, NULL, 0, tell_signal, &t);
}

typedef struct untested {
    ll_rounds_variant *variants;
    uint32_t count;
} untested;

static llmlearn_err read_untested(void *context, const ll_row *row)
{
    untested *u = context;
    ll_rounds_variant *v = &u->variants[u->count];
    size_t bytes = 0;
    const char *version = ll_row_text(row, 0, &bytes);

    assert(u->count < LL_ROUNDS_UNTESTED_MAX);
    if (version == NULL || bytes > LL_VERSION_BYTES_MAX)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_variants: a version of %zu bytes", bytes);
    memcpy(v->version, version, bytes);
    v->version[bytes] = '\0';
    v->approved = ll_row_int(row, 1) != 0;
    u->count++;
    return LLMLEARN_OK;
}

llmlearn_err ll_rounds_list_untested(ll_connection *connection, int64_t champion,
                                     ll_rounds_variant *out_variants, uint32_t *out_count)
{
    untested u = { .variants = out_variants };
    llmlearn_err err = ll_connection_run(
        connection, &list_untested,
        (ll_value[]){ ll_int(champion), ll_int(LL_ROUNDS_UNTESTED_MAX) }, 2, read_untested, &u);

    if (err == LLMLEARN_OK)
        *out_count = u.count;
    return err;
}
