/* recount_functions.h - what SQL lacks for a recount, from the definitions and not from the
 * library.
 *
 *   bucket_of(ms)            the bucket of a latency
 *   whole_us(ms)             the same in whole microseconds
 *   unit_hash(name)          a unit's number: SipHash-1-3 under the database's own id
 *   moments(sum, count)      aggregate: units, and sum and squares of their means; hexadecimal
 *   latest(unit, failed)     aggregate, in the order of its rows: the last 50; hexadecimal */
#ifndef SUPPORT_RECOUNT_FUNCTIONS_H
#define SUPPORT_RECOUNT_FUNCTIONS_H

#include <sqlite3.h>

void recount_add_functions(sqlite3 *db);

#endif
