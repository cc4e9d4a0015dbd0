#include "store/variants.h"

#include "base/err.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "id, signal, status, text IS NOT NULL, version"

static const ll_statement find_variant = {
    "SELECT " COLUMNS " FROM llm_variants WHERE signal = ?1 AND version = ?2"
};
static const ll_statement get_variant = { "SELECT " COLUMNS " FROM llm_variants WHERE id = ?1" };
static const ll_statement get_champion = {
    "SELECT " COLUMNS " FROM llm_variants WHERE signal = ?1 AND status = 'champion'"
};
static const ll_statement find_id = {
    "SELECT id FROM llm_variants WHERE signal = ?1 AND version = ?2"
};
static const ll_statement get_text = {
    "SELECT text FROM llm_variants WHERE signal = ?1 AND version = ?2 AND text IS NOT NULL"
};
static const ll_statement insert_bare = {
    "INSERT INTO llm_variants (signal, version, status, created_us, changed_us)"
    " VALUES (?1, ?2, 'draft', ?3, ?3)"
};
static const ll_statement insert_with_text = {
    "INSERT INTO llm_variants (signal, version, text, parent, status, created_us, changed_us)"
    " VALUES (?1, ?2, ?3, ?4, 'draft', ?5, ?5)"
};
static const ll_statement has_this_text = {
    "SELECT 1 FROM llm_variants WHERE id = ?1 AND text = ?2"
};
static const ll_statement give_text = {
    "UPDATE llm_variants SET text = ?2, parent = ?3, status = 'draft', changed_us = ?4"
    " WHERE id = ?1 AND text IS NULL"
};
static const ll_statement set_status = {
    "UPDATE llm_variants SET status = ?2, changed_us = ?3 WHERE id = ?1 AND status <> ?2"
};

static const ll_statement list_champions = {
    "SELECT n.name, v.version, v.changed_us FROM llm_variants v JOIN llm_names n"
    " ON n.id = v.signal WHERE v.status = 'champion' AND (?1 = 0 OR v.signal = ?1)"
    " ORDER BY n.name"
};

static const char *const status_names[] = {
    [LL_VARIANT_DRAFT] = "draft",       [LL_VARIANT_ACTIVE] = "active",
    [LL_VARIANT_CHAMPION] = "champion", [LL_VARIANT_ARCHIVED] = "archived",
    [LL_VARIANT_REJECTED] = "rejected",
};

const char *ll_variant_status_name(ll_variant_status status)
{
    assert(status >= LL_VARIANT_DRAFT && status <= LL_VARIANT_REJECTED);
    return status_names[status];
}

ll_variant_status ll_variant_status_of_name(const char *name)
{
    for (uint32_t i = LL_VARIANT_DRAFT; i < LL_ARRAY_COUNT(status_names); i++) {
        if (strcmp(name, status_names[i]) == 0)
            return (ll_variant_status)i;
    }
    return LL_VARIANT_REJECTED;
}

static llmlearn_err read_variant(void *context, const ll_row *row)
{
    ll_variant *variant = context;
    size_t bytes = 0;
    const char *version = ll_row_text(row, 4, &bytes);

    if (bytes > LL_VERSION_BYTES_MAX)
        bytes = LL_VERSION_BYTES_MAX; /* only in a database that somebody else wrote to */
    *variant =
        (ll_variant){ .id = ll_row_int(row, 0),
                      .signal = ll_row_int(row, 1),
                      .status = ll_variant_status_of_name(ll_row_text(row, 2, &(size_t){ 0 })),
                      .has_text = ll_row_int(row, 3) != 0 };
    memcpy(variant->version, version, bytes);
    return LLMLEARN_OK;
}

static llmlearn_err read_one(ll_connection *connection, const ll_statement *statement,
                             const ll_value *arguments, uint32_t argument_count, ll_variant *out)
{
    *out = (ll_variant){ .id = 0 };
    return ll_connection_run(connection, statement, arguments, argument_count, read_variant, out);
}

llmlearn_err ll_variants_find(ll_connection *connection, int64_t signal, const char *version,
                              size_t bytes, ll_variant *out_variant)
{
    const ll_value arguments[] = { ll_int(signal), ll_text(version, bytes) };

    assert(version != NULL);
    return read_one(connection, &find_variant, arguments, 2, out_variant);
}

static llmlearn_err copy_text(void *context, const ll_row *row)
{
    char **out_text = context;
    size_t bytes = 0;
    const char *text = ll_row_text(row, 0, &bytes);

    *out_text = strndup(text, bytes);
    return *out_text != NULL ? LLMLEARN_OK : ll_fail(LLMLEARN_ENOMEM, "no memory for a prompt");
}

llmlearn_err ll_variants_text(ll_connection *connection, int64_t signal, const char *version,
                              size_t bytes, char **out_text)
{
    const ll_value arguments[] = { ll_int(signal), ll_text(version, bytes) };

    *out_text = NULL;
    return ll_connection_run(connection, &get_text, arguments, 2, copy_text, out_text);
}

llmlearn_err ll_variants_get(ll_connection *connection, int64_t id, ll_variant *out_variant)
{
    return read_one(connection, &get_variant, (ll_value[]){ ll_int(id) }, 1, out_variant);
}

llmlearn_err ll_variants_champion(ll_connection *connection, int64_t signal,
                                  ll_variant *out_variant)
{
    return read_one(connection, &get_champion, (ll_value[]){ ll_int(signal) }, 1, out_variant);
}

llmlearn_err ll_variants_intern(ll_connection *connection, int64_t signal, const char *version,
                                size_t bytes, int64_t now_us, int64_t *out_variant)
{
    const ll_value arguments[] = { ll_int(signal), ll_text(version, bytes), ll_int(now_us) };
    bool found = false;
    int64_t id = 0;

    assert(version != NULL);
    llmlearn_err err = ll_connection_int(connection, &find_id, arguments, 2, &found, &id);
    if (err == LLMLEARN_OK && !found) {
        err = ll_connection_run(connection, &insert_bare, arguments, 3, NULL, NULL);
        id = ll_connection_last_row(connection);
    }
    if (err == LLMLEARN_OK)
        *out_variant = id;
    return err;
}

/* The row has a text: is it this one? */
static llmlearn_err expect_text(ll_connection *connection, int64_t id,
                                const ll_variant_text *variant)
{
    const ll_value arguments[] = { ll_int(id), ll_text(variant->text, variant->text_bytes) };
    bool same = false;
    int64_t one;
    llmlearn_err err = ll_connection_int(connection, &has_this_text, arguments, 2, &same, &one);

    if (err == LLMLEARN_OK && !same)
        err = ll_fail(LLMLEARN_EEXIST,
                      "version: %.*s is there with another text; give the new text a new version",
                      (int)variant->version_bytes, variant->version);
    return err;
}

llmlearn_err ll_variants_add(ll_connection *connection, const ll_variant_text *variant,
                             int64_t now_us)
{
    const ll_value text = ll_text(variant->text, variant->text_bytes);
    const ll_value parent = variant->parent == 0 ? ll_null() : ll_int(variant->parent);
    ll_variant found;
    llmlearn_err err = ll_variants_find(connection, variant->signal, variant->version,
                                        variant->version_bytes, &found);

    if (err != LLMLEARN_OK)
        return err;
    if (found.id == 0) {
        const ll_value row[] = { ll_int(variant->signal),
                                 ll_text(variant->version, variant->version_bytes), text, parent,
                                 ll_int(now_us) };
        return ll_connection_run(connection, &insert_with_text, row, 5, NULL, NULL);
    }
    if (found.has_text)
        return expect_text(connection, found.id, variant);
    const ll_value change[] = { ll_int(found.id), text, parent, ll_int(now_us) };
    return ll_connection_run(connection, &give_text, change, 4, NULL, NULL);
}

llmlearn_err ll_variants_set_status(ll_connection *connection, int64_t variant,
                                    ll_variant_status status, int64_t now_us)
{
    const ll_value arguments[] = { ll_int(variant), ll_string(ll_variant_status_name(status)),
                                   ll_int(now_us) };

    return ll_connection_run(connection, &set_status, arguments, 3, NULL, NULL);
}

typedef struct listing {
    ll_champion_fn each;
    void *context;
} listing;

static llmlearn_err read_champion(void *context, const ll_row *row)
{
    const listing *l = context;
    size_t bytes = 0;
    const char *signal = ll_row_text(row, 0, &bytes);
    const char *version = ll_row_text(row, 1, &bytes);

    return l->each(l->context, signal, version, ll_row_int(row, 2));
}

llmlearn_err ll_variants_list_champions(ll_connection *connection, int64_t signal,
                                        ll_champion_fn each, void *context)
{
    return ll_connection_run(connection, &list_champions, (ll_value[]){ ll_int(signal) }, 1,
                             read_champion, &(listing){ each, context });
}
