#include "support/ab_fixture.h"

#include "store/names.h"
#include "store/variants.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char ab_path[FOLDER_PATH_BYTES + 16];
ll_store *ab_store;
ll_connection *ab_connection;
static char folder[FOLDER_PATH_BYTES];

void ab_set_up(void)
{
    folder_make_fast(folder);
    snprintf(ab_path, sizeof ab_path, "%s/a.db", folder);
    ab_store = store_open(ab_path);
}

void ab_tear_down(void)
{
    ll_store_close(ab_store);
    folder_remove(folder);
}

void ab_begin(void)
{
    ck_ok(ll_store_lock(ab_store, soon()));
    ck_ok(ll_store_begin(ab_store, &ab_connection));
}

void ab_commit(void)
{
    ck_ok(ll_store_commit(ab_store));
    ll_store_unlock(ab_store);
}

void ab_rollback(void)
{
    ll_store_rollback(ab_store);
    ll_store_unlock(ab_store);
}

uint64_t ab_add_test(uint32_t arm_count)
{
    ll_ab_test test = { .rule = LLMLEARN_RULE_CLASSIC,
                        .started_us = AB_START_US,
                        .duration_max_us = 56 * LL_US_PER_DAY,
                        .trials_min = 100,
                        .alpha = 0.05,
                        .effect_min = 0.1,
                        .lift_min = 0.05 };
    ll_ab_arm arms[LLMLEARN_ARMS_MAX] = { { .variant = 0 } };
    uint64_t newest = 0, id = 0;
    char signal[32];

    ab_begin();
    ck_ok(ll_ab_tests_newest(ab_connection, &newest));
    snprintf(signal, sizeof signal, "S%u", (unsigned)newest + 1);
    ck_ok(ll_names_intern(ab_connection, LL_NAME_SIGNAL, signal, strlen(signal), &test.signal));
    for (uint32_t i = 0; i < arm_count; i++) {
        char version[16];
        int bytes = snprintf(version, sizeof version, "v%u", i + 1);

        arms[i].weight = 1.0 / arm_count;
        ck_ok(ll_variants_intern(ab_connection, test.signal, version, (size_t)bytes, AB_START_US,
                                 &arms[i].variant));
    }
    test.champion = arms[0].variant;
    ck_ok(ll_ab_tests_insert(ab_connection, &test, arms, arm_count, "me", &id));
    ab_commit();
    return id;
}

int64_t ab_number(const char *sql)
{
    char text[64];

    raw_text(ab_path, sql, text, sizeof text);
    return strcmp(text, "NULL") == 0 ? INT64_MIN : strtoll(text, NULL, 10);
}
