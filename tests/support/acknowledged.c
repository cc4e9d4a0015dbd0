#include "support/acknowledged.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static size_t bytes_of(size_t capacity)
{
    return sizeof(acknowledged) + capacity * sizeof(acknowledged_entry);
}

acknowledged *acknowledged_new(size_t capacity)
{
    acknowledged *list =
        mmap(NULL, bytes_of(capacity), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(list, MAP_FAILED);
    list->capacity = capacity;
    return list;
}

void acknowledged_free(acknowledged *list)
{
    munmap(list, bytes_of(list->capacity));
}

void acknowledged_clear(acknowledged *list)
{
    size_t used = acknowledged_count(list);

    memset(list->entries, 0, used * sizeof list->entries[0]);
    atomic_store(&list->claimed, 0);
    atomic_store(&list->attempts, 0);
}

size_t acknowledged_count(const acknowledged *list)
{
    size_t claimed = atomic_load(&list->claimed);

    return claimed < list->capacity ? claimed : list->capacity;
}

static bool add(acknowledged *list, const acknowledged_entry *entry)
{
    size_t index = atomic_fetch_add(&list->claimed, 1);

    if (index >= list->capacity)
        return false;
    /* The id last: whoever dies before it has promised nothing. */
    list->entries[index].vote = entry->vote;
    memcpy(list->entries[index].user, entry->user, sizeof entry->user);
    atomic_thread_fence(memory_order_release);
    list->entries[index].id = entry->id;
    return true;
}

bool acknowledged_explanation(acknowledged *list, const llmlearn_id *id)
{
    return add(list, &(acknowledged_entry){ .id = *id });
}

bool acknowledged_vote(acknowledged *list, const llmlearn_id *id, const char *user, bool helpful)
{
    acknowledged_entry entry = { .id = *id,
                                 .vote = helpful ? LLMLEARN_HELPFUL : LLMLEARN_NOT_HELPFUL };

    snprintf(entry.user, sizeof entry.user, "%s", user);
    return add(list, &entry);
}

static const char explanation_sql[] =
    "SELECT count(*) = 1 FROM llm_explanations WHERE explanation_id = ?1";
static const char vote_sql[] =
    "SELECT count(*) = 1 FROM llm_explanations e JOIN llm_feedback f ON f.explanation = e.row"
    " JOIN llm_users u ON u.id = f.voter"
    " WHERE e.explanation_id = ?1 AND u.name = ?2 AND f.helpful = ?3";

static bool is_there(sqlite3_stmt *stmt, const acknowledged_entry *entry)
{
    bool there;

    sqlite3_bind_blob(stmt, 1, entry->id.bytes, sizeof entry->id.bytes, SQLITE_STATIC);
    if (entry->vote != 0) {
        sqlite3_bind_text(stmt, 2, entry->user, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 3, entry->vote == LLMLEARN_HELPFUL);
    }
    there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 1;
    sqlite3_reset(stmt);
    return there;
}

static void describe(const acknowledged_entry *entry, char *out, size_t bytes)
{
    char text[LLMLEARN_ID_TEXT_BYTES] = "";

    llmlearn_id_format(&entry->id, text);
    snprintf(out, bytes, "%s %s%s", entry->vote == 0 ? "explanation" : "vote on", text,
             entry->user);
}

size_t acknowledged_missing(const acknowledged *list, const char *path, const char **out_example)
{
    static const llmlearn_id nothing;
    static char example[100];
    sqlite3_stmt *explanation = NULL;
    sqlite3_stmt *vote = NULL;
    sqlite3 *db = NULL;
    size_t missing = 0;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_busy_timeout(db, 30000);
    ck_assert_int_eq(sqlite3_prepare_v2(db, explanation_sql, -1, &explanation, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, vote_sql, -1, &vote, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < acknowledged_count(list); i++) {
        const acknowledged_entry *entry = &list->entries[i];

        if (memcmp(&entry->id, &nothing, sizeof nothing) == 0 ||
            is_there(entry->vote == 0 ? explanation : vote, entry))
            continue;
        if (missing++ == 0)
            describe(entry, example, sizeof example);
    }
    sqlite3_finalize(explanation);
    sqlite3_finalize(vote);
    sqlite3_close(db);
    *out_example = example;
    return missing;
}
