/* segment_reader.h - the inside of a ll_segment_reader, for the fork handler.
 *
 * Uses: journal/journal.h. */
#ifndef LL_JOURNAL_SEGMENT_READER_H
#define LL_JOURNAL_SEGMENT_READER_H

#include "journal/journal.h"

/* In a forked child: closes the descriptors of all open readers. Async-signal-safe. */
void ll_segment_reader_close_all_in_child(ll_journal *journal);

#endif
