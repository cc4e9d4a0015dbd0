/* program.h - a program of another language that a test asks for an answer: it reads what it is
 * given and writes what it makes of it, within a minute. Servers are child.h's. */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#define PROGRAM_SECONDS 60

/* The path of a file of ours, below $LL_TEST_ROOT or here; until the next call. */
const char *program_file(const char *name);

/* Debian's python, which sees Debian's modules, or the one of $PYTHON. */
const char *program_python(void);

/* From here on node finds what tests/setup/peers.sh installed. */
void program_see_peers(void);

/* Can it run these words of its language: program_can("node", "-e", "require('mailparser')")? */
bool program_can(const char *program, const char *option, const char *words);

/* Runs to the end, with the input on its standard input; what it wrote, with a NUL behind it, is
 * for the caller to free. NULL if it could not be started, failed or took too long. */
char *program_run(const char *const argv[], const void *input, size_t input_bytes,
                  size_t *out_bytes);

#endif
