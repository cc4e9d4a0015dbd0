#include "support/recount_functions.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

/* [0.01 ms x 1.02^b, 0.01 ms x 1.02^(b+1)) */
static void bucket_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    double ratio = sqlite3_value_double(values[0]) / 0.01;
    double bucket = ratio <= 1.0 ? 0 : floor(log(ratio) / log(1.02));

    (void)count;
    sqlite3_result_int64(context, bucket > 999 ? 999 : (sqlite3_int64)bucket);
}

static void whole_us(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_int64(context, llround(sqlite3_value_double(values[0]) * 1000));
}

/* ---- SipHash-1-3 ------------------------------------------------------- */

static uint64_t turn(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = turn(v[1], 13) ^ v[0];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] = turn(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = turn(v[3], 21) ^ v[0];
    v[1] = turn(v[1], 17) ^ v[2];
    v[2] = turn(v[2], 32);
}

static uint64_t word_of(const unsigned char *bytes, int count)
{
    uint64_t word = 0;

    for (int i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void sip_add(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static uint64_t siphash13(const unsigned char key[16], const unsigned char *data, int bytes)
{
    const uint64_t k0 = word_of(key, 8), k1 = word_of(key + 8, 8);
    uint64_t v[4] = { k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                      k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573) };
    int at = 0;

    for (; at + 8 <= bytes; at += 8)
        sip_add(v, word_of(data + at, 8));
    sip_add(v, word_of(data + at, bytes - at) | (uint64_t)(bytes & 0xff) << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void unit_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    static const unsigned char nothing[1];
    const unsigned char *name = sqlite3_value_blob(values[0]);
    int bytes = sqlite3_value_bytes(values[0]);
    uint64_t hash = siphash13(sqlite3_user_data(context), name == NULL ? nothing : name, bytes);

    (void)count;
    sqlite3_result_int64(context, (sqlite3_int64)hash);
}

/* The database's id; zero where there is none. */
static unsigned char *read_key(sqlite3 *db)
{
    unsigned char *key = sqlite3_malloc(16);
    sqlite3_stmt *stmt = NULL;

    memset(key, 0, 16);
    sqlite3_prepare_v2(db, "SELECT value FROM llm_meta WHERE key = 'store_id'", -1, &stmt, NULL);
    if (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW)
        memcpy(key, sqlite3_column_blob(stmt, 0), 16);
    sqlite3_finalize(stmt);
    return key;
}

/* ---- aggregates -------------------------------------------------------- */

static char *put_hex(char *at, unsigned_wide value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at += sprintf(at, "%02X", (unsigned)(value >> (8 * i)) & 0xff);
    return at;
}

typedef struct sums {
    int64_t units;
    wide sum, squares;
} sums;

/* What SQLite keeps for an aggregate is not aligned for wide integers. */
static void add_unit(sqlite3_context *context, int count, sqlite3_value **values)
{
    void *kept = sqlite3_aggregate_context(context, sizeof(sums));
    wide sum = sqlite3_value_int64(values[0]), known = sqlite3_value_int64(values[1]);
    sums s;

    (void)count;
    if (known == 0)
        return;
    memcpy(&s, kept, sizeof s);
    wide mean = (2 * sum + known) / (2 * known);
    s.units++;
    s.sum += mean;
    s.squares += mean * mean;
    memcpy(kept, &s, sizeof s);
}

static void end_units(sqlite3_context *context)
{
    char text[2 * 40 + 1], *at = text;
    sums s;

    memcpy(&s, sqlite3_aggregate_context(context, sizeof s), sizeof s);
    at = put_hex(at, (unsigned_wide)s.units, 8);
    at = put_hex(at, (unsigned_wide)s.sum, 16);
    put_hex(at, (unsigned_wide)s.squares, 16);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

enum { LATEST = 50 };

typedef struct latest {
    uint32_t count;
    uint64_t entries[LATEST];
} latest;

static void add_latest(sqlite3_context *context, int count, sqlite3_value **values)
{
    latest *l = sqlite3_aggregate_context(context, sizeof *l);
    uint64_t unit = (uint64_t)sqlite3_value_int64(values[0]);

    (void)count;
    l->entries[l->count++ % LATEST] = unit / 2 * 2 + (sqlite3_value_int64(values[1]) != 0);
}

static void end_latest(sqlite3_context *context)
{
    const latest *l = sqlite3_aggregate_context(context, sizeof *l);
    char text[2 * (8 + 8 * LATEST) + 1], *at = text;

    at = put_hex(at, l->count < LATEST ? l->count : LATEST, 4);
    at = put_hex(at, l->count % LATEST, 4);
    for (int i = 0; i < LATEST; i++)
        at = put_hex(at, l->entries[i], 8);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

void recount_add_functions(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

    sqlite3_create_function(db, "bucket_of", 1, flags, NULL, bucket_of, NULL, NULL);
    sqlite3_create_function(db, "whole_us", 1, flags, NULL, whole_us, NULL, NULL);
    sqlite3_create_function_v2(db, "unit_hash", 1, flags, read_key(db), unit_hash, NULL, NULL,
                               sqlite3_free);
    sqlite3_create_function(db, "moments", 2, flags, NULL, NULL, add_unit, end_units);
    sqlite3_create_function(db, "latest", 2, flags, NULL, NULL, add_latest, end_latest);
}
