#include "support/program.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *program_file(const char *name)
{
    static char path[512];
    const char *root = getenv("LL_TEST_ROOT");

    snprintf(path, sizeof path, "%s%s%s", root != NULL ? root : "", root != NULL ? "/" : "", name);
    return path;
}

const char *program_python(void)
{
    const char *chosen = getenv("PYTHON");

    if (chosen != NULL && chosen[0] != '\0')
        return chosen;
    return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

void program_see_peers(void)
{
    setenv("NODE_PATH", program_file("build/peers/node_modules"), 0);
}

/* Its descriptors 0 and 1 are these; it dies with us. */
static pid_t start(const char *const argv[], int in, int out)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(in, 0) < 0 || dup2(out, 1) < 0)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static bool wait_for(pid_t pid, bool kill_it)
{
    int status = -1;

    if (kill_it)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Input goes by a file without a name, so that no two pipes can wait for each other. */
static int file_of(const void *data, size_t bytes)
{
    char path[] = "/tmp/llmlearn-input-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        return -1;
    unlink(path);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (write(fd, data, bytes) != (ssize_t)bytes || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* True when there is something to read, or an end. */
static bool readable(int fd, ll_deadline deadline)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    return poll(&wait, 1, (int)ll_deadline_left_ms(deadline)) > 0;
}

static char *read_all(int fd, ll_deadline deadline, size_t *out_bytes)
{
    size_t room = 65536, bytes = 0;
    char *text = malloc(room + 1);

    while (text != NULL && readable(fd, deadline)) {
        ssize_t got = read(fd, text + bytes, room - bytes);

        if (got <= 0) {
            text[bytes] = '\0';
            *out_bytes = bytes;
            return text;
        }
        bytes += (size_t)got;
        if (bytes == room)
            text = realloc(text, (room *= 2) + 1);
    }
    free(text);
    return NULL;
}

char *program_run(const char *const argv[], const void *input, size_t input_bytes,
                  size_t *out_bytes)
{
    ll_deadline deadline = ll_deadline_in_ms(PROGRAM_SECONDS * 1000);
    int ends[2], in = file_of(input, input_bytes);
    char *text = NULL;

    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t pid = start(argv, in, ends[1]);
    close(in);
    close(ends[1]);
    if (pid > 0)
        text = read_all(ends[0], deadline, out_bytes);
    close(ends[0]);
    if (pid > 0 && !wait_for(pid, text == NULL)) {
        free(text);
        text = NULL;
    }
    return text;
}

bool program_can(const char *program, const char *option, const char *words)
{
    const char *argv[] = { program, option, words, NULL };
    size_t bytes = 0;
    char *said = program_run(argv, "", 0, &bytes);

    bool can = said != NULL;
    free(said);
    return can;
}
