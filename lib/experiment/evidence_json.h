/* evidence_json.h - the evidence on a test as members of a JSON object, as llmlearn_decisions and
 * llmlearn_ab_tests document them.
 *
 * Uses: evidence, json. */
#ifndef LL_EXPERIMENT_EVIDENCE_JSON_H
#define LL_EXPERIMENT_EVIDENCE_JSON_H

#include "base/json_writer.h"
#include "experiment/evidence.h"

/* decides: p-values and intervals are of the one look that was planned for them. Else they hold if
 * this were the only look, and are labelled so. */
void ll_evidence_put(ll_json_writer *w, const ll_decide_input *in, const ll_evidence *evidence,
                     bool decides);

#endif
