#include "store/connection.h"

#include "base/err.h"
#include "store/backend.h"

#include <assert.h>
#include <string.h>

/* Marks nest under one name: the back end finds the latest. */
static const ll_statement set_mark = { "SAVEPOINT mark" };
static const ll_statement release_mark = { "RELEASE mark" };
static const ll_statement back_to_mark = { "ROLLBACK TO mark" };

ll_value ll_string(const char *text)
{
    return ll_text(text, text == NULL ? 0 : strlen(text));
}

bool ll_row_is_null(const ll_row *row, int column)
{
    return row->ops->is_null(row->row, column);
}

int64_t ll_row_int(const ll_row *row, int column)
{
    return row->ops->integer(row->row, column);
}

double ll_row_real(const ll_row *row, int column)
{
    return row->ops->real(row->row, column);
}

const char *ll_row_text(const ll_row *row, int column, size_t *out_bytes)
{
    return row->ops->text(row->row, column, out_bytes);
}

const void *ll_row_blob(const ll_row *row, int column, size_t *out_bytes)
{
    return row->ops->blob(row->row, column, out_bytes);
}

llmlearn_err ll_connection_run(ll_connection *connection, const ll_statement *statement,
                               const ll_value *arguments, uint32_t argument_count, ll_row_fn each,
                               void *context)
{
    llmlearn_err err;

    assert(connection != NULL);
    assert(connection->state != NULL);
    assert(statement != NULL);
    assert(arguments != NULL || argument_count == 0);
    err = connection->backend->run(connection->state, statement, arguments, argument_count, each,
                                   context);
    connection->all_changes += connection->backend->changes(connection->state);
    return err;
}

int64_t ll_connection_all_changes(const ll_connection *connection)
{
    return connection->all_changes;
}

int64_t ll_connection_changes(const ll_connection *connection)
{
    return connection->backend->changes(connection->state);
}

int64_t ll_connection_last_row(const ll_connection *connection)
{
    return connection->backend->last_row(connection->state);
}

typedef struct first_int {
    bool found;
    int64_t value;
} first_int;

static llmlearn_err take_first(void *context, const ll_row *row)
{
    first_int *first = context;

    if (!first->found) {
        first->found = true;
        first->value = ll_row_int(row, 0);
    }
    return LLMLEARN_OK;
}

llmlearn_err ll_connection_int(ll_connection *connection, const ll_statement *statement,
                               const ll_value *arguments, uint32_t argument_count, bool *out_found,
                               int64_t *out_value)
{
    first_int first = { 0 };
    llmlearn_err err =
        ll_connection_run(connection, statement, arguments, argument_count, take_first, &first);

    if (err != LLMLEARN_OK)
        return err;
    if (!first.found && out_found == NULL)
        return ll_fail(LLMLEARN_ENOTFOUND, "no row for: %.200s", statement->sql);
    if (out_found != NULL)
        *out_found = first.found;
    if (first.found && out_value != NULL)
        *out_value = first.value;
    return LLMLEARN_OK;
}

llmlearn_err ll_connection_mark(ll_connection *connection)
{
    llmlearn_err err = ll_connection_run(connection, &set_mark, NULL, 0, NULL, NULL);

    if (err == LLMLEARN_OK)
        connection->mark_depth++;
    return err;
}

llmlearn_err ll_connection_keep(ll_connection *connection)
{
    assert(connection->mark_depth > 0);
    connection->mark_depth--;
    return ll_connection_run(connection, &release_mark, NULL, 0, NULL, NULL);
}

llmlearn_err ll_connection_undo(ll_connection *connection)
{
    llmlearn_err err = ll_connection_run(connection, &back_to_mark, NULL, 0, NULL, NULL);

    /* Going back leaves the mark standing. */
    if (err == LLMLEARN_OK)
        return ll_connection_keep(connection);
    assert(connection->mark_depth > 0);
    connection->mark_depth--;
    return err;
}
