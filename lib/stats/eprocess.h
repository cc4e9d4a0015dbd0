/* eprocess.h - each variant against the champion as votes come in, at any moment.
 *
 * Why it is exact: arms are drawn without regard to what the vote will be. If variant v is no
 * better than champion c, a bet that pays only when v beats c, placed before the vote, multiplies
 * the stake by at most 1 on average, whatever the rates and their drift; so ever reaching 1/alpha
 * has probability at most alpha (Ville 1939). Turner, Ly & Grunwald 2024, in its form per event.
 *
 * The state is the caller's, and may have been in his files: every entry says what it requires, and
 * ll_eprocess_is_sound tells whether a state has it.
 *
 * Uses: stats/limits, stats/wide. */
#ifndef LL_STATS_EPROCESS_H
#define LL_STATS_EPROCESS_H

#include "llmlearn.h"

#include <stdbool.h>

#define LL_EPROCESS_KAPPA_DEFAULT 100.0
#define LL_EPROCESS_KAPPA_MIN 20.0
#define LL_EPROCESS_KAPPA_MAX 1000.0

/* Before they are normalised; so that no ratio of weights over- or underflows. */
#define LL_EPROCESS_WEIGHT_MIN 1e-100
#define LL_EPROCESS_WEIGHT_MAX 1e100

/* Fills all of *out but struct_size. Arguments within the bounds above, champion < arm_count. */
void ll_eprocess_begin(const double *weights, uint32_t arm_count, uint32_t champion, double kappa,
                       llmlearn_eprocess *out);

/* What ll_eprocess_add needs to know: the head, and one arm's numbers. Then whether all of it could
 * have come from ll_eprocess_begin and votes. */
bool ll_eprocess_head_is_sound(const llmlearn_eprocess *state);
bool ll_eprocess_arm_is_sound(const llmlearn_eprocess *state, uint32_t arm);
bool ll_eprocess_is_sound(const llmlearn_eprocess *state);

/* Adds a vote. The state is sound, and the arm's trials are below LL_STATS_COUNT_MAX. Steps err by
 * a few roundings, and their plain sum by its own: after a million votes, 6e-11 where ln E was 700.
 * Compensation would need a field of its own to take three digits more from what needs none. */
void ll_eprocess_add(llmlearn_eprocess *state, uint32_t arm, bool success);

/* Of the variants with ln E >= ln((arms - 1) / alpha) and a rate above the champion's, the one of
 * the highest rate; among equals the one of the highest ln E, then the first. -1: none. */
int32_t ll_eprocess_winner(const llmlearn_eprocess *state, double alpha);

#endif
