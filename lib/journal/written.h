/* written.h - appending with pwrite, where mapping would not be safe.
 *
 * The same bytes in the same order as the mapped way: word, payload, committed word. A place
 * whose writing failed is made padding; if that fails too, the keeper tries on, and no
 * append is accepted meanwhile: readers could not pass the place.
 *
 * Uses: journal/ring.h. */
#ifndef LL_JOURNAL_WRITTEN_H
#define LL_JOURNAL_WRITTEN_H

#include "journal/format.h"
#include "journal/journal.h"

/* Writes a claimed record; header->word is its word without the committed bit, header->crc is
 * computed here. LLMLEARN_EIO, LLMLEARN_EFULL: the place becomes padding. */
llmlearn_err ll_written_store(ll_journal *journal, uint32_t ordinal, uint32_t at,
                              ll_record_header *header, const ll_journal_part *parts,
                              uint32_t part_count);

/* Writes padding over [at, at + bytes), now or later; then leaves the segment (ring.h). */
void ll_written_pad(ll_journal *journal, uint32_t ordinal, uint32_t at, uint32_t bytes);

/* LLMLEARN_EIO: what an append says while a place waits for repair. */
llmlearn_err ll_written_refuse(void);

/* Tries again to pad the places that failed. */
void ll_written_repair(ll_journal *journal);

#endif
