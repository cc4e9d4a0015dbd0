#include "support/journals.h"

#include "journal/format.h"
#include "support/folder.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void journal_options(const char *directory, ll_journal_options *out_options)
{
    *out_options = (ll_journal_options){
        .directory = directory,
        .store_id = { 's', 't', 'o', 'r', 'e' },
        .bytes_max = (uint64_t)JOURNAL_SEGMENTS * JOURNAL_SEGMENT_BYTES,
        .segment_bytes = JOURNAL_SEGMENT_BYTES,
    };
}

ll_journal *journal_open(const ll_journal_options *options)
{
    ll_journal *journal = NULL;
    llmlearn_err err = ll_journal_open(options, &journal);

    ck_assert_msg(err == LLMLEARN_OK, "%s: %s", llmlearn_error_name(err), llmlearn_error_detail());
    return journal;
}

void journal_drop(ll_journal *journal)
{
    ll_journal_state state;

    ll_journal_get_state(journal, &state);
    ll_journal_set_drained(journal, state.tail);
    ll_journal_unlink_drained(journal);
    ll_journal_close(journal);
}

int journal_files(const char *directory)
{
    DIR *list = opendir(directory);
    int count = 0;

    if (list == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

/* splitmix64 */
static uint64_t scramble(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static size_t payload_bytes(uint64_t n)
{
    uint64_t chance = scramble(n);
    size_t range = chance % 16 == 0 ? JOURNAL_PAYLOAD_MAX - 8 : 900;

    return 8 + (size_t)(chance / 16 % range);
}

size_t journal_payload(uint64_t n, uint8_t out_payload[JOURNAL_PAYLOAD_MAX])
{
    size_t bytes = payload_bytes(n);
    uint64_t state = n;

    memcpy(out_payload, &n, sizeof n);
    for (size_t i = sizeof n; i < bytes; i++) {
        if (i % 8 == 0)
            state = scramble(state);
        /* Runs of zeros too: they look like space never written. */
        out_payload[i] = (uint8_t)(n % 5 == 0 ? 0 : state >> (i % 8 * 8));
    }
    return bytes;
}

llmlearn_err journal_append(ll_journal *journal, uint64_t n, llmlearn_id *out_id)
{
    uint8_t payload[JOURNAL_PAYLOAD_MAX];
    size_t bytes = journal_payload(n, payload);
    size_t first = bytes / 3;
    ll_journal_part parts[3] = { { payload, first },
                                 { NULL, 0 },
                                 { payload + first, bytes - first } };
    llmlearn_id id;

    return ll_journal_append(journal, JOURNAL_RECORD_TYPE, parts, 3, INT64_C(1700000000000000),
                             out_id == NULL ? &id : out_id);
}

uint64_t journal_number(const ll_record *record)
{
    uint8_t payload[JOURNAL_PAYLOAD_MAX];
    uint64_t n;

    if (record->type != JOURNAL_RECORD_TYPE || record->bytes < sizeof n)
        return UINT64_MAX;
    memcpy(&n, record->payload, sizeof n);
    if (record->bytes != payload_bytes(n))
        return UINT64_MAX;
    journal_payload(n, payload);
    return memcmp(payload, record->payload, record->bytes) == 0 ? n : UINT64_MAX;
}

/* ---- draining ---------------------------------------------------------- */

drainer *drainer_new(ll_journal *journal)
{
    drainer *d = calloc(1, sizeof *d);

    ck_assert_ptr_nonnull(d);
    d->journal = journal;
    return d;
}

void drainer_free(drainer *d)
{
    free(d);
}

static uint64_t *position_of(drainer *d, const ll_segment_ref *ref)
{
    for (size_t i = 0; i < d->position_count; i++) {
        if (memcmp(d->at[i].uuid, ref->uuid, LL_UUID_BYTES) == 0)
            return &d->at[i].offset;
    }
    if (d->position_count == DRAIN_POSITIONS_MAX) /* the older half is of segments long gone */
        memmove(d->at, d->at + (d->position_count /= 2), sizeof d->at / 2);
    memcpy(d->at[d->position_count].uuid, ref->uuid, LL_UUID_BYTES);
    d->at[d->position_count].offset = 0;
    return &d->at[d->position_count++].offset;
}

static ll_read read_on(drainer *d, ll_segment_reader *reader, uint64_t *offset)
{
    ll_record record;
    ll_read read;

    while ((read = ll_segment_reader_next(reader, offset, &record)) == LL_READ_RECORD) {
        uint64_t n = journal_number(&record);

        d->records++;
        d->wrong += n == UINT64_MAX;
        if (d->take != NULL)
            d->take(d->user, n, &record);
    }
    ck_assert_msg(read != LL_READ_ERROR, "%s", llmlearn_error_detail());
    d->holes += ll_segment_reader_holes(reader, NULL);
    return read;
}

static ll_read drain_own_segment(drainer *d, const ll_segment_ref *ref)
{
    ll_segment_reader *reader = NULL;
    uint64_t *position = position_of(d, ref);
    uint64_t offset = *position;
    llmlearn_err err = ll_segment_reader_open(d->journal, ref, &reader);
    ll_read read;

    ck_assert_msg(err == LLMLEARN_OK, "%s", llmlearn_error_detail());
    ck_assert(ll_segment_reader_owner_is_alive(reader));
    read = read_on(d, reader, &offset);
    *position = offset; /* as a commit would: after all of it was taken */
    ll_segment_reader_close(reader);
    if (offset > LL_SEGMENT_DATA)
        ll_journal_set_drained(d->journal, ref->base + offset - LL_SEGMENT_DATA);
    if (read == LL_READ_FINISHED) {
        ck_assert_int_eq(ll_journal_retire(d->journal, ref), LLMLEARN_OK);
        d->finished++;
    }
    return read;
}

ll_read drain_own(drainer *d)
{
    ll_segment_ref refs[64];
    size_t count = ll_journal_own_segments(d->journal, refs, 64);
    ll_read read = LL_READ_END;

    for (size_t i = 0; i < count; i++) {
        read = drain_own_segment(d, &refs[i]);
        if (read != LL_READ_FINISHED)
            break;
    }
    return read;
}

static void drain_other(drainer *d, const ll_segment_ref *ref)
{
    ll_segment_reader *reader = NULL;
    uint64_t *offset = position_of(d, ref);
    llmlearn_err err = ll_segment_reader_open(d->journal, ref, &reader);
    ll_read read;

    if (err == LLMLEARN_ENOTFOUND)
        return; /* recycled since it was listed */
    ck_assert_msg(err == LLMLEARN_OK, "%s", llmlearn_error_detail());
    read = read_on(d, reader, offset);
    if (!ll_segment_reader_owner_is_alive(reader)) {
        ck_assert_int_eq(read, LL_READ_FINISHED);
        ck_assert_int_eq(ll_segment_reader_unlink(reader), LLMLEARN_OK);
        d->finished++;
    }
    ll_segment_reader_close(reader);
}

size_t drain_others(drainer *d)
{
    ll_segment_ref *refs = NULL;
    size_t count = 0;

    ck_assert_int_eq(ll_journal_list_others(d->journal, &refs, &count), LLMLEARN_OK);
    for (size_t i = 0; i < count; i++)
        drain_other(d, &refs[i]);
    free(refs);
    return count;
}
