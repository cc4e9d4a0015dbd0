/* explanation.h - one explanation with its votes, as JSON.
 *
 * Uses: store. */
#ifndef LL_ANALYTICS_EXPLANATION_H
#define LL_ANALYTICS_EXPLANATION_H

#include "store/connection.h"

/* As llmlearn_get_explanation documents; LLMLEARN_ENOTFOUND. The text is malloc'ed. */
llmlearn_err ll_explanation_json(ll_connection *connection, const llmlearn_id *id, char **out_json);

#endif
