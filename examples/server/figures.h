/* figures.h - what the application knows of a signal beyond its name: the values that prompts
 * speak of. A request need not bring them.
 *
 * Here they are read from a file once; a real application asks its own data in figures_of.
 *
 *   {"BUY": {"AAPL": {"confidence": 0.87, "price": "200.10", "short_average": "191.30"}}}
 *
 * Threads: any, once they were read. */
#ifndef SERVER_FIGURES_H
#define SERVER_FIGURES_H

#include <jansson.h>

/* No figures for a NULL. NULL: they cannot be used, and out_problem says why. For json_decref. */
json_t *figures_read(const char *path, char *out_problem, size_t problem_bytes);

/* Those of a signal: an object of texts, and perhaps a number named "confidence". NULL: none. */
json_t *figures_of(const json_t *figures, const char *signal, const char *ticker);

#endif
