/* child.h - another program that a test needs, started by it and gone with it. */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct child {
    pid_t pid;
    int out; /* its stdout and stderr */
    size_t length;
    char said[16384]; /* so far; what does not fit is dropped */
} child;

/* NULL-terminated words, the first looked for in $PATH. Killed also when the test dies. */
void child_start(child *c, const char *const *words);
/* Until it says something that holds `words`; false if it ends, or 60 s pass. */
bool child_wait_for(child *c, const char *words);
/* Until it ends: its status, or -1 after 60 s. */
int child_wait(child *c);
void child_stop(child *c);

/* Runs a shell's command to its end; the test fails if it does. */
void child_run(const char *command);
/* Is there such a program? */
bool child_exists(const char *program);

#endif
