/* explanation_page.h - a page of explanations, the newest first, as JSON.
 *
 * In the order of the ids, which the table has an index for. No index knows tickers or
 * variants: each would cost every logged row a write, and a page that stops somewhere does
 * without. So a page costs its own rows, and with a filter LL_EXPLANATION_PAGE_WALK more
 * at the most, whatever the size of the table.
 *
 * Uses: explanation, store. */
#ifndef LL_ANALYTICS_EXPLANATION_PAGE_H
#define LL_ANALYTICS_EXPLANATION_PAGE_H

#include "store/connection.h"

/* Rows that a filter is held against: some 10 ms. */
#define LL_EXPLANATION_PAGE_WALK 20000

typedef struct ll_explanation_page {
    uint32_t limit;
    const char *signal, *ticker, *version; /* NULL: any */
    const char *user;                      /* NULL: nobody's vote is "mine" */
    const llmlearn_id *before;             /* NULL: the newest */
    uint64_t pending;                      /* as it is to be shown */
} ll_explanation_page;

/* As llmlearn_explanations documents. The text is malloc'ed. */
llmlearn_err ll_explanation_page_json(ll_connection *connection, const ll_explanation_page *page,
                                      char **out_json);

#endif
