/* journals.h - small journals, records that can be told apart, and one who drains them the way
 * ingest does: positions by segment uuid, finished segments given back. */
#ifndef SUPPORT_JOURNALS_H
#define SUPPORT_JOURNALS_H

#include "journal/journal.h"

#include <stddef.h>

#define JOURNAL_SEGMENT_BYTES 65536u
#define JOURNAL_SEGMENTS 8
#define JOURNAL_RECORD_TYPE 7u
#define JOURNAL_PAYLOAD_MAX 6000u

/* Eight segments of 64 KiB in that directory; everything else as by default. */
void journal_options(const char *directory, ll_journal_options *out_options);
ll_journal *journal_open(const ll_journal_options *options);
void journal_drop(ll_journal *journal); /* with its files, drained or not */
int journal_files(const char *directory);

/* Record number n: 8 to JOURNAL_PAYLOAD_MAX bytes, mostly short, all of them made from n. */
size_t journal_payload(uint64_t n, uint8_t out_payload[JOURNAL_PAYLOAD_MAX]);
/* Appends it in three parts. */
llmlearn_err journal_append(ll_journal *journal, uint64_t n, llmlearn_id *out_id);
/* The number of a record that is byte for byte what was appended; UINT64_MAX if it is not. */
uint64_t journal_number(const ll_record *record);

#define DRAIN_POSITIONS_MAX 4096

typedef struct drainer {
    ll_journal *journal;
    void (*take)(void *user, uint64_t n, const ll_record *record); /* or NULL */
    void *user;
    uint64_t records;
    uint64_t wrong;    /* not what was appended */
    uint64_t finished; /* segments given back */
    uint64_t holes;
    struct {
        uint8_t uuid[LL_UUID_BYTES];
        uint64_t offset;
    } at[DRAIN_POSITIONS_MAX];
    size_t position_count;
} drainer;

drainer *drainer_new(ll_journal *journal);
void drainer_free(drainer *d);
/* Our own records, as far as they are committed: what the last read said. */
ll_read drain_own(drainer *d);
/* Every segment of others: of dead owners to the end and removed, of living ones as far as they
 * are committed. How many segments were seen. */
size_t drain_others(drainer *d);

#endif
