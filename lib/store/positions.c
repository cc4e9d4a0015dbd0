#include "store/positions.h"

#include <assert.h>
#include <string.h>

static const ll_statement get_position = { "SELECT offset FROM llm_positions WHERE segment = ?1" };
static const ll_statement set_position = {
    "INSERT INTO llm_positions (segment, offset) VALUES (?1, ?2)"
    " ON CONFLICT (segment) DO UPDATE SET offset = excluded.offset"
};
static const ll_statement forget_position = { "DELETE FROM llm_positions WHERE segment = ?1" };
static const ll_statement list_positions = { "SELECT segment FROM llm_positions" };
static const ll_statement add_rejected = {
    "INSERT INTO llm_rejected (at_us, reason, explanation_id, payload) VALUES (?1, ?2, ?3, ?4)"
};

llmlearn_err ll_positions_get(ll_connection *connection, const uint8_t segment[16],
                              uint64_t *out_offset)
{
    const ll_value arguments[] = { ll_blob(segment, 16) };
    bool found = false;
    int64_t offset = 0;
    llmlearn_err err = ll_connection_int(connection, &get_position, arguments, 1, &found, &offset);

    assert(out_offset != NULL);
    if (err != LLMLEARN_OK)
        return err;
    assert(offset >= 0);
    *out_offset = found ? (uint64_t)offset : 0;
    return LLMLEARN_OK;
}

llmlearn_err ll_positions_set(ll_connection *connection, const uint8_t segment[16], uint64_t offset)
{
    const ll_value arguments[] = { ll_blob(segment, 16), ll_int((int64_t)offset) };

    return ll_connection_run(connection, &set_position, arguments, 2, NULL, NULL);
}

llmlearn_err ll_positions_forget(ll_connection *connection, const uint8_t segment[16])
{
    const ll_value arguments[] = { ll_blob(segment, 16) };

    return ll_connection_run(connection, &forget_position, arguments, 1, NULL, NULL);
}

typedef struct sweeping {
    bool (*is_there)(void *user, const uint8_t segment[16]);
    void *user;
    uint32_t gone_count;
    uint8_t gone[LL_POSITIONS_SWEPT_MAX][16];
} sweeping;

static llmlearn_err note_gone(void *context, const ll_row *row)
{
    sweeping *s = context;
    size_t bytes = 0;
    const uint8_t *segment = ll_row_blob(row, 0, &bytes);

    if (bytes == 16 && s->gone_count < LL_POSITIONS_SWEPT_MAX && !s->is_there(s->user, segment))
        memcpy(s->gone[s->gone_count++], segment, 16);
    return LLMLEARN_OK;
}

llmlearn_err ll_positions_sweep(ll_connection *connection,
                                bool (*is_there)(void *user, const uint8_t segment[16]), void *user)
{
    sweeping s = { .is_there = is_there, .user = user };
    llmlearn_err err = ll_connection_run(connection, &list_positions, NULL, 0, note_gone, &s);

    for (uint32_t i = 0; i < s.gone_count && err == LLMLEARN_OK; i++)
        err = ll_positions_forget(connection, s.gone[i]);
    return err;
}

llmlearn_err ll_rejected_add(ll_connection *connection, int64_t now_us, const char *reason,
                             const llmlearn_id *id, const void *payload, size_t bytes)
{
    const ll_value arguments[] = { ll_int(now_us), ll_string(reason),
                                   ll_blob(id == NULL ? NULL : id->bytes, sizeof *id),
                                   ll_blob(payload, bytes) };

    return ll_connection_run(connection, &add_rejected, arguments, 4, NULL, NULL);
}
