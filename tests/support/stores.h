/* stores.h - opening stores in tests, small transactions, and SQLite without the store. */
#ifndef SUPPORT_STORES_H
#define SUPPORT_STORES_H

#include "store/store.h"

/* For calls that must succeed: the code and the line say why they did not. */
#define ck_ok(call)                                                                                \
    do {                                                                                           \
        llmlearn_err ck_ok_err = (call);                                                           \
        ck_assert_msg(ck_ok_err == LLMLEARN_OK, "%s: %s: %s", #call,                               \
                      llmlearn_error_name(ck_ok_err), llmlearn_error_detail());                    \
    } while (0)

/* For calls that must fail with a code, and a line that holds the words. */
#define ck_fails(call, code, words)                                                                \
    do {                                                                                           \
        llmlearn_err ck_fails_err = (call);                                                        \
        ck_assert_msg(ck_fails_err == (code), "%s: %s, not %s: %s", #call,                         \
                      llmlearn_error_name(ck_fails_err), #code, llmlearn_error_detail());          \
        ck_assert_msg(strstr(llmlearn_error_detail(), (words)) != NULL, "\"%s\" lacks \"%s\"",     \
                      llmlearn_error_detail(), (words));                                           \
    } while (0)

#define STORE_SECONDS 30

ll_deadline soon(void); /* far enough for anything that should work */
llmlearn_err store_try_open(const char *path, ll_store **out_store);
ll_store *store_open(const char *path);

/* lock, begin, run, commit, unlock; ends at the first failure. */
llmlearn_err store_try_write(ll_store *store, const ll_statement *statement,
                             const ll_value *arguments, uint32_t argument_count);
void store_write(ll_store *store, const ll_statement *statement, const ll_value *arguments,
                 uint32_t argument_count);
/* One number, in a snapshot of its own. */
int64_t store_number(ll_store *store, const ll_statement *statement);

void store_add_user(ll_store *store, const char *name);
int64_t store_count_users(ll_store *store);

/* SQL by SQLite alone, as another program would; closing checkpoints unless asked not to. */
void raw_exec(const char *path, const char *sql);
void raw_exec_no_checkpoint(const char *path, const char *sql);
/* The first column of the first row as text, "" if none. */
void raw_text(const char *path, const char *sql, char *out, size_t bytes);

#endif
