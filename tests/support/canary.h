/* canary.h - the mark in every key, password and secret that a test gives.
 *
 * A secret goes to the service that it is for, and nowhere else. So the mark is looked for in all
 * that a test leaves: by folder_remove() in each file, by expect_err() in each error, by the log of
 * learner_options() in each line, by tests/run.sh in what programs print, by canary.py in what
 * pytest's tests leave and print. As it is, and as base64 writes it, wherever it begins.
 *
 * tests/run.sh and canary.py read the mark from this file. */
#ifndef SUPPORT_CANARY_H
#define SUPPORT_CANARY_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stddef.h>

#define CANARY_MARK "canary-7f3a9b1c5d"
#define CANARY_KEY "sk-" CANARY_MARK
#define CANARY_PASSWORD CANARY_MARK "-password"
#define CANARY_SECRET CANARY_MARK "-secret" /* of a webhook: 16 bytes or more */

bool canary_is_in(const void *bytes, size_t count);
/* The same of a string; false for NULL. */
bool canary_is_in_text(const char *text);

/* The first file below this folder, or this file, that holds it; NULL: none does. Static. */
const char *canary_find(const char *path);

/* A llmlearn_log_fn: ends the test at a line with it. */
void canary_log(void *user, llmlearn_log_level level, const char *id, const char *text);

#endif
