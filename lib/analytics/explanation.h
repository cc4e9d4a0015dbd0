/* explanation.h - explanations with their votes, as JSON: one, or a page of them.
 *
 * Uses: store. */
#ifndef LL_ANALYTICS_EXPLANATION_H
#define LL_ANALYTICS_EXPLANATION_H

#include "base/json_writer.h"
#include "store/connection.h"

/* As llmlearn_get_explanation documents; LLMLEARN_ENOTFOUND. The text is malloc'ed. */
llmlearn_err ll_explanation_json(ll_connection *connection, const llmlearn_id *id, char **out_json);

/* What both show of an explanation: the columns that a statement selects first, of `e`; the
 * tables behind them, always begun at `e`; what joins them. */
#define LL_EXPLANATION_COLUMNS                                                                     \
    "e.row, e.explanation_id, e.created_us, t.name, s.name, e.text, v.version, m.name, p.name,"    \
    " e.unit, e.flags, e.confidence, e.latency_ms, e.prompt_tokens, e.completion_tokens,"          \
    " e.cost_nanousd, e.fallback_reason, e.test, e.arm, e.metadata"
#define LL_EXPLANATION_COLUMN_COUNT 20
#define LL_EXPLANATION_TABLES                                                                      \
    "llm_explanations e CROSS JOIN llm_names t CROSS JOIN llm_variants v CROSS JOIN llm_names s"   \
    " LEFT JOIN llm_names m ON m.id = e.model LEFT JOIN llm_names p ON p.id = e.provider"
#define LL_EXPLANATION_JOINED "t.id = e.ticker AND v.id = e.variant AND s.id = v.signal"

/* Puts the members, of a row that begins with these columns, into an open object. */
void ll_explanation_put(ll_json_writer *w, const ll_row *row);
/* Puts what a vote says, of a row with helpful, rating, comment, created_us from `column` on. */
void ll_explanation_put_vote(ll_json_writer *w, const ll_row *row, int column);

#endif
