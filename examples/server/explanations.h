/* explanations.h - explanations for readers: the latest ones, one of them, a new one.
 *
 * What a reader gets is chosen field by field: no prompt, no cost and nobody's name or comment but
 * their own can be in it. */
#ifndef SERVER_EXPLANATIONS_H
#define SERVER_EXPLANATIONS_H

#include "request.h"

void explanations_list(request *r);
void explanations_get(request *r);
void explanations_make(request *r);

/* Reads an id out of the path or a parameter. False: refused, 422. */
bool explanations_id(request *r, const char *name, const char *text, llmlearn_id *out);

#endif
