/* open_bench.c - opening a database beside a gigabyte of explanations that a killed process
 * left in its journal: how soon the next one is accepted, and when all of it is stored.
 *
 * The child's own drain is kept out by holding the database's write lock. */
#include "measure.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNDRAINED_BYTES (UINT64_C(1) << 30)
#define QUICK_BYTES (UINT64_C(64) << 20)

static void wait_for_byte(int fd)
{
    char byte;

    NEED(read(fd, &byte, 1) == 1);
}

static void send_byte(int fd)
{
    NEED(write(fd, "", 1) == 1);
}

/* Logs until that many bytes wait; says so and waits for its end. */
static void run_child(const char *path, uint64_t bytes, int hear, int say)
{
    llmlearn *learner = open_learner(path, bytes + bytes / 4);
    llmlearn_counters counters = { .struct_size = sizeof counters };
    char text[TEXT_BYTES + 1];

    fill_ascii(text);
    send_byte(say);
    wait_for_byte(hear);
    while (counters.queued_bytes < bytes) {
        log_many(learner, text, 1000, NULL);
        MUST(llmlearn_get_counters(learner, &counters));
    }
    NEED(counters.drained == 0);
    NEED(write(say, &counters.logged, sizeof counters.logged) == sizeof counters.logged);
    for (;;)
        pause();
}

/* Returns how many explanations a killed child left behind. */
static uint64_t leave_behind(const char *path, uint64_t bytes)
{
    char lock_path[PATH_BYTES + 8];
    int to_child[2], from_child[2], lock, status;
    uint64_t logged = 0;
    pid_t child;

    NEED(pipe(to_child) == 0 && pipe(from_child) == 0);
    child = fork();
    NEED(child >= 0);
    if (child == 0)
        run_child(path, bytes, to_child[0], from_child[1]);
    wait_for_byte(from_child[0]); /* it has opened */
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    lock = open(lock_path, O_RDWR);
    NEED(lock >= 0 && flock(lock, LOCK_EX) == 0);
    send_byte(to_child[1]);
    NEED(read(from_child[0], &logged, sizeof logged) == sizeof logged);
    NEED(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    NEED(WIFSIGNALED(status));
    close(lock);
    for (int i = 0; i < 2; i++) {
        close(to_child[i]);
        close(from_child[i]);
    }
    return logged;
}

static double open_and_log_ms(const char *path, const char *text, llmlearn **out_learner)
{
    double start = now_ns();

    *out_learner = open_learner(path, 0);
    log_many(*out_learner, text, 1, NULL);
    return (now_ns() - start) / 1e6;
}

/* Seconds until everything that was left is in the tables. */
static double drain_all_s(llmlearn *learner, uint64_t left)
{
    llmlearn_counters counters = { .struct_size = sizeof counters };
    double start = now_ns();

    while (counters.drained <= left) {
        sleep_ms(20);
        MUST(llmlearn_get_counters(learner, &counters));
        NEED(now_ns() - start < 300 * NS_PER_S);
    }
    NEED(counters.drained == left + 1 && counters.holes == 0 && counters.rejected == 0);
    return (now_ns() - start) / NS_PER_S;
}

int main(int argc, char **argv)
{
    uint64_t bytes = is_quick(argc, argv) ? QUICK_BYTES : UNDRAINED_BYTES;
    char text[TEXT_BYTES + 1], path[PATH_BYTES], clean_path[PATH_BYTES];
    double dirty_ms, clean_ms, seconds;
    llmlearn *learner;
    uint64_t left;

    path_of(path, argc, argv, "open.db");
    path_of(clean_path, argc, argv, "clean.db");
    fill_ascii(text);
    left = leave_behind(path, bytes);
    MUST(llmlearn_close(open_learner(clean_path, 0), 60000));
    clean_ms = open_and_log_ms(clean_path, text, &learner);
    MUST(llmlearn_close(learner, 60000));

    dirty_ms = open_and_log_ms(path, text, &learner);
    seconds = drain_all_s(learner, left);
    print_figure((figure){ .name = "open_1gb_undrained",
                           .value = dirty_ms,
                           .unit = "ms",
                           .reference = "nothing undrained",
                           .reference_value = clean_ms,
                           .ratio = dirty_ms / clean_ms,
                           .goal = "value <= 1000" });
    print_figure((figure){ .name = "drain_1gb_left", .value = seconds, .unit = "s" });
    print_figure((figure){
        .name = "drain_1gb_left_rate", .value = (double)left / seconds, .unit = "rows/s" });
    MUST(llmlearn_close(learner, 60000));
    return 0;
}
