#include "store/names.h"

#include <stdio.h>

#include <assert.h>

static const ll_statement get_name = { "SELECT name FROM llm_names WHERE id = ?1" };
static const ll_statement find_name = { "SELECT id FROM llm_names WHERE kind = ?1 AND name = ?2" };
static const ll_statement add_name = { "INSERT INTO llm_names (kind, name) VALUES (?1, ?2)" };
static const ll_statement find_user = { "SELECT id FROM llm_users WHERE name = ?1" };
static const ll_statement add_user = { "INSERT INTO llm_users (name) VALUES (?1)" };

/* Looks up; when `add` is given and nothing was found, adds. */
static llmlearn_err find_or_add(ll_connection *connection, const ll_statement *find,
                                const ll_statement *add, const ll_value *arguments,
                                uint32_t argument_count, int64_t *out_id)
{
    bool found = false;
    int64_t id = 0;
    llmlearn_err err = ll_connection_int(connection, find, arguments, argument_count, &found, &id);

    if (err == LLMLEARN_OK && !found && add != NULL) {
        err = ll_connection_run(connection, add, arguments, argument_count, NULL, NULL);
        id = ll_connection_last_row(connection);
    }
    if (err == LLMLEARN_OK)
        *out_id = found || add != NULL ? id : 0;
    return err;
}

llmlearn_err ll_names_find(ll_connection *connection, ll_name_kind kind, const char *name,
                           size_t bytes, int64_t *out_id)
{
    const ll_value arguments[] = { ll_int(kind), ll_text(name, bytes) };

    assert(name != NULL);
    return find_or_add(connection, &find_name, NULL, arguments, 2, out_id);
}

static llmlearn_err copy_name(void *context, const ll_row *row)
{
    size_t bytes = 0;
    const char *name = ll_row_text(row, 0, &bytes);

    snprintf(context, LL_NAME_BYTES_MAX + 1, "%.*s", (int)bytes, name == NULL ? "" : name);
    return LLMLEARN_OK;
}

llmlearn_err ll_names_get(ll_connection *connection, int64_t id,
                          char out_name[LL_NAME_BYTES_MAX + 1])
{
    const ll_value argument = ll_int(id);

    out_name[0] = '\0';
    return ll_connection_run(connection, &get_name, &argument, 1, copy_name, out_name);
}

llmlearn_err ll_names_intern(ll_connection *connection, ll_name_kind kind, const char *name,
                             size_t bytes, int64_t *out_id)
{
    const ll_value arguments[] = { ll_int(kind), ll_text(name, bytes) };

    assert(name != NULL);
    return find_or_add(connection, &find_name, &add_name, arguments, 2, out_id);
}

llmlearn_err ll_users_find(ll_connection *connection, const char *name, size_t bytes,
                           int64_t *out_id)
{
    const ll_value arguments[] = { ll_text(name, bytes) };

    assert(name != NULL);
    return find_or_add(connection, &find_user, NULL, arguments, 1, out_id);
}

llmlearn_err ll_users_add(ll_connection *connection, const char *name, size_t bytes,
                          int64_t *out_id)
{
    const ll_value arguments[] = { ll_text(name, bytes) };
    llmlearn_err err;

    assert(name != NULL);
    err = ll_connection_run(connection, &add_user, arguments, 1, NULL, NULL);
    if (err == LLMLEARN_OK)
        *out_id = ll_connection_last_row(connection);
    return err;
}
