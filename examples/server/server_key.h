/* server_key.h - the key that cookies and feedback tokens are signed with.
 *
 * From the environment, or random and kept in "<database>.server-key" (0600), so that it is the
 * same after a restart and in every process that serves the database. */
#ifndef SERVER_KEY_H
#define SERVER_KEY_H

#include "secrets.h"

/* text: what the environment says, or NULL. False: out_problem says why. */
bool server_key_read(const char *database, const char *text, digest *out, char *out_problem,
                     size_t problem_bytes);

#endif
