/* feedback_bench.c - votes: how long one waits alone, and how many fit when sixteen threads, or
 * sixty-four, vote at once and share commits. Every vote is on its own explanation, in the order of
 * logging as far as threads keep it, by one of many users, who have the usual limit. */
#include "measure.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 64
#define ROUNDS 5 /* with each number of threads */
#define ALONE 3000
#define TOGETHER 40000 /* in a round */
#define ROUND_NS_MAX 3e9
#define USERS 80000    /* each votes a few times: below the limit of 10 an hour */
#define USER_STEP 7919 /* no factor in common: neighbours in time are strangers */
#define PAGE_BYTES 8192

static void vote(llmlearn *learner, const llmlearn_id *ids, size_t number)
{
    char user[32];
    llmlearn_feedback f = { .struct_size = sizeof f,
                            .vote = number % 3 == 0 ? LLMLEARN_NOT_HELPFUL : LLMLEARN_HELPFUL,
                            .explanation_id = ids[number],
                            .user = user,
                            .rating = (int32_t)(number % 6),
                            .deadline_ms = 60000 };

    snprintf(user, sizeof user, "user-%zu", number * USER_STEP % USERS);
    MUST(llmlearn_submit_feedback(learner, &f, NULL));
}

/* What the disk itself takes for a page that must stay. */
static double median_of_syncs(const char *path, double *times, size_t count)
{
    static char page[PAGE_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    NEED(fd >= 0 && posix_fallocate(fd, 0, (off_t)(count * sizeof page)) == 0);
    NEED(fsync(fd) == 0);
    for (size_t i = 0; i < count; i++) {
        double start = now_ns();

        NEED(pwrite(fd, page, sizeof page, (off_t)(i * sizeof page)) == sizeof page);
        NEED(fdatasync(fd) == 0);
        times[i] = (now_ns() - start) / 1e3;
    }
    close(fd);
    return median(times, count);
}

static void measure_alone(llmlearn *learner, const llmlearn_id *ids, const char *file, size_t count)
{
    static double times[ALONE], syncs[ALONE];
    double sync_us = median_of_syncs(file, syncs, count / 3);
    double vote_us;

    for (size_t i = 0; i < count; i++) {
        double start = now_ns();

        vote(learner, ids, i);
        times[i] = (now_ns() - start) / 1e3;
    }
    vote_us = median(times, count);
    print_figure((figure){ .name = "vote_p50",
                           .value = vote_us,
                           .unit = "us",
                           .reference = "one page written and synced",
                           .reference_value = sync_us,
                           .ratio = vote_us / sync_us,
                           .goal = "value <= 500" });
    print_figure(
        (figure){ .name = "vote_alone_p99", .value = quantile(times, count, 0.99), .unit = "us" });
}

typedef struct round {
    llmlearn *learner;
    const llmlearn_id *ids;
    atomic_size_t next, done;
    size_t end;     /* of the ids of this round */
    double stop_ns; /* a disk that is slow ends it sooner */
} round;

static void *vote_many(void *argument)
{
    round *r = argument;
    size_t i = atomic_fetch_add(&r->next, 1);

    for (; i < r->end && now_ns() < r->stop_ns; i = atomic_fetch_add(&r->next, 1)) {
        vote(r->learner, r->ids, i);
        atomic_fetch_add(&r->done, 1);
    }
    return NULL;
}

/* Votes on ids[first] and up to that many behind it; per second. */
static double vote_together(llmlearn *learner, const llmlearn_id *ids, size_t first, size_t count,
                            size_t thread_count)
{
    pthread_t threads[THREADS_MAX];
    double start = now_ns();
    round r = { .learner = learner,
                .ids = ids,
                .next = first,
                .end = first + count,
                .stop_ns = start + ROUND_NS_MAX };

    for (size_t i = 0; i < thread_count; i++)
        NEED(pthread_create(&threads[i], NULL, vote_many, &r) == 0);
    for (size_t i = 0; i < thread_count; i++)
        NEED(pthread_join(threads[i], NULL) == 0);
    return (double)atomic_load(&r.done) / ((now_ns() - start) / NS_PER_S);
}

int main(int argc, char **argv)
{
    bool quick = is_quick(argc, argv);
    size_t alone = quick ? ALONE / 10 : ALONE;
    size_t together = quick ? TOGETHER / 10 : TOGETHER;
    size_t rounds = quick ? 2 : ROUNDS;
    size_t count = alone + 2 * rounds * together;
    llmlearn_id *ids = calloc(count, sizeof *ids);
    double few[ROUNDS], many[ROUNDS];
    char text[TEXT_BYTES + 1], path[PATH_BYTES], file[PATH_BYTES];
    llmlearn *learner;

    NEED(ids != NULL);
    path_of(path, argc, argv, "feedback.db");
    path_of(file, argc, argv, "synced");
    fill_ascii(text);
    text[200] = '\0';
    learner = open_learner(path, 0);
    log_many(learner, text, count, ids);
    MUST(llmlearn_flush(learner, 60000));

    measure_alone(learner, ids, file, alone);
    for (size_t i = 0; i < rounds; i++) {
        size_t first = alone + 2 * i * together;

        few[i] = vote_together(learner, ids, first, together, 16);
        many[i] = vote_together(learner, ids, first + together, together, THREADS_MAX);
    }
    print_figure((figure){ .name = "votes_16_threads",
                           .value = median(few, rounds),
                           .unit = "votes/s",
                           .reference = "@python_sqlite_votes_16_threads_wal",
                           .goal = "value >= 20000" });
    /* One thread of Python: more of them get in each other's way. */
    print_figure((figure){ .name = "votes_64_threads",
                           .value = median(many, rounds),
                           .unit = "votes/s",
                           .reference = "@python_sqlite_vote_default",
                           .goal = "ratio >= 20" });
    print_figure((figure){ .name = "votes_64_threads_beside_tuned",
                           .value = median(many, rounds),
                           .unit = "votes/s",
                           .reference = "@python_sqlite_vote_wal",
                           .goal = "ratio >= 10" });
    MUST(llmlearn_close(learner, 60000));
    free(ids);
    return 0;
}
