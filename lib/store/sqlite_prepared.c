#include "store/sqlite.h"

#include "base/err.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPACITY_FIRST 64

static uint32_t slot_of(const ll_sqlite_prepared *table, uint32_t capacity,
                        const ll_statement *statement)
{
    /* Statements lie a few words apart, so the low bits of the product spread well. */
    uint32_t i = (uint32_t)(((uintptr_t)statement >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 40);

    for (i &= capacity - 1; table[i].statement != NULL; i = (i + 1) & (capacity - 1)) {
        if (table[i].statement == statement)
            break;
    }
    return i;
}

static bool grow(ll_sqlite *s)
{
    uint32_t capacity = s->prepared_capacity == 0 ? CAPACITY_FIRST : s->prepared_capacity * 2;
    ll_sqlite_prepared *table = calloc(capacity, sizeof *table);

    if (table == NULL)
        return false;
    for (uint32_t i = 0; i < s->prepared_capacity; i++) {
        if (s->prepared[i].statement != NULL)
            table[slot_of(table, capacity, s->prepared[i].statement)] = s->prepared[i];
    }
    free(s->prepared);
    s->prepared = table;
    s->prepared_capacity = capacity;
    return true;
}

llmlearn_err ll_sqlite_prepare(ll_sqlite *s, const ll_statement *statement, sqlite3_stmt **out)
{
    ll_sqlite_prepared *slot;
    const char *rest = NULL;
    int rc;

    if (s->prepared_count * 2 >= s->prepared_capacity && !grow(s))
        return ll_fail(LLMLEARN_ENOMEM, "database %s: no memory", s->path);
    slot = &s->prepared[slot_of(s->prepared, s->prepared_capacity, statement)];
    if (slot->statement == NULL) {
        rc = sqlite3_prepare_v3(s->db, statement->sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt,
                                &rest);
        if (rc != SQLITE_OK)
            return ll_sqlite_fail(s, rc, statement->sql);
        assert(*rest == '\0'); /* one statement, whole */
        slot->statement = statement;
        slot->sql = statement->sql;
        s->prepared_count++;
    }
    assert(slot->sql == statement->sql); /* a statement is a constant: its address is its name */
    *out = slot->stmt;
    return LLMLEARN_OK;
}

void ll_sqlite_prepared_free(ll_sqlite *s)
{
    for (uint32_t i = 0; i < s->prepared_capacity; i++)
        sqlite3_finalize(s->prepared[i].stmt);
    free(s->prepared);
    s->prepared = NULL;
    s->prepared_capacity = 0;
    s->prepared_count = 0;
}

llmlearn_err ll_sqlite_ask(ll_sqlite *s, const ll_statement *statement, int64_t *out_number,
                           char *out_text, size_t text_bytes)
{
    ll_sqlite_wait wait = ll_sqlite_wait_start(s);
    sqlite3_stmt *stmt = NULL;
    llmlearn_err err = ll_sqlite_prepare(s, statement, &stmt);
    int rc;

    if (err != LLMLEARN_OK)
        return err;
    do {
        sqlite3_reset(stmt);
        rc = sqlite3_step(stmt);
    } while (rc != SQLITE_ROW && rc != SQLITE_DONE && ll_sqlite_wait_again(&wait, rc));
    if (rc == SQLITE_ROW && out_number != NULL)
        *out_number = sqlite3_column_int64(stmt, 0);
    if (rc == SQLITE_ROW && out_text != NULL) {
        const unsigned char *text = sqlite3_column_text(stmt, 0);
        snprintf(out_text, text_bytes, "%s", text == NULL ? "" : (const char *)text);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = ll_sqlite_fail(s, rc, statement->sql);
    sqlite3_reset(stmt);
    return err;
}
