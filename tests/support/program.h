/* program.h - another program that a test starts itself: under a deadline, and gone when it ends.
 *
 * A one-shot program reads a file and writes a file. A server writes one line, "ready ...", to its
 * output when it listens. Both are killed when their time is up, and with the test's process. */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_SECONDS 60

/* The path of a file of ours, below $LL_TEST_ROOT or here; until the next call. */
const char *program_file(const char *name);

/* Debian's python, which sees Debian's modules, or the one of $PYTHON. */
const char *program_python(void);

/* Runs to the end, with the input on its standard input; what it wrote, with a NUL behind it, is
 * for the caller to free. NULL if it could not be started, failed or took too long. */
char *program_run(const char *const argv[], const void *input, size_t input_bytes,
                  size_t *out_bytes);

typedef struct program {
    pid_t pid;
    int out; /* what it writes */
    char ready[256];
} program;

/* Starts a server and reads its first line: what follows "ready ". False if it did not come. */
bool program_start(program *p, const char *const argv[]);
/* Kills it and waits. Fine on one that is not running. */
void program_stop(program *p);

#endif
