#include "support/child.h"

#include "base/clock.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static void become(const char *const *words, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* so that what it starts is killed along */
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    unsetenv("LD_PRELOAD");
    execvp(words[0], (char *const *)words);
    _exit(127);
}

void child_start(child *c, const char *const *words)
{
    int ends[2];

    *c = (child){ .pid = -1 };
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    c->pid = fork();
    ck_assert_int_ge(c->pid, 0);
    if (c->pid == 0)
        become(words, ends[1]);
    close(ends[1]);
    c->out = ends[0];
}

/* False at its end, or at the deadline's. */
static bool listen_on(child *c, ll_deadline deadline)
{
    struct pollfd ready = { .fd = c->out, .events = POLLIN };
    char rest[512];
    bool full = c->length + 1 >= sizeof c->said;
    ssize_t got;

    if (poll(&ready, 1, (int)ll_deadline_left_ms(deadline)) != 1)
        return false;
    if (full)
        return read(c->out, rest, sizeof rest) > 0;
    got = read(c->out, c->said + c->length, sizeof c->said - 1 - c->length);
    if (got <= 0)
        return false;
    c->length += (size_t)got;
    c->said[c->length] = '\0';
    return true;
}

bool child_wait_for(child *c, const char *words)
{
    ll_deadline deadline = ll_deadline_in_ms(PATIENCE_MS);

    while (strstr(c->said, words) == NULL)
        if (!listen_on(c, deadline))
            return false;
    return true;
}

int child_wait(child *c)
{
    ll_deadline deadline = ll_deadline_in_ms(PATIENCE_MS);
    int status = -1;

    while (listen_on(c, deadline))
        ;
    if (ll_deadline_passed(deadline)) {
        child_stop(c);
        return -1;
    }
    waitpid(c->pid, &status, 0);
    close(c->out);
    c->pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void child_stop(child *c)
{
    if (c->pid <= 0)
        return;
    kill(-c->pid, SIGKILL);
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    close(c->out);
    c->pid = -1;
}

void child_run(const char *command)
{
    const char *const words[] = { "sh", "-c", command, NULL };
    child *c = calloc(1, sizeof *c);
    int status;

    child_start(c, words);
    status = child_wait(c);
    ck_assert_msg(status == 0, "%s: %d: %s", command, status, c->said);
    free(c);
}

bool child_exists(const char *program)
{
    char command[256];

    snprintf(command, sizeof command, "command -v '%s' >/dev/null 2>&1", program);
    return system(command) == 0;
}
