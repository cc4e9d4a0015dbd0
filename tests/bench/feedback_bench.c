/* feedback_bench.c - votes: how long one waits alone, and how many fit when sixteen threads
 * vote at once. Every vote is on its own explanation, by a user with a limit. */
#include "measure.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define THREADS 16
#define ROUNDS 5
#define ALONE 3000
#define VOTES_PER_THREAD 2500
#define USERS 20000 /* each votes a few times: below the limit of 10 an hour */
#define PAGE_BYTES 8192

typedef struct voter {
    llmlearn *learner;
    const llmlearn_id *ids;
    size_t first, count;
    pthread_t thread;
} voter;

static void vote(llmlearn *learner, const llmlearn_id *ids, size_t number)
{
    char user[32];
    llmlearn_feedback f = { .struct_size = sizeof f,
                            .vote = number % 3 == 0 ? LLMLEARN_NOT_HELPFUL : LLMLEARN_HELPFUL,
                            .explanation_id = ids[number],
                            .user = user,
                            .rating = (int32_t)(number % 6),
                            .deadline_ms = 60000 };

    snprintf(user, sizeof user, "user-%zu", number % USERS);
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

static void *vote_many(void *argument)
{
    const voter *v = argument;

    for (size_t i = 0; i < v->count; i++)
        vote(v->learner, v->ids, v->first + i);
    return NULL;
}

/* Votes on ids[first] and those behind it; per second. */
static double vote_together(llmlearn *learner, const llmlearn_id *ids, size_t first, size_t each)
{
    voter voters[THREADS];
    double start = now_ns();

    for (size_t i = 0; i < THREADS; i++) {
        voters[i] =
            (voter){ .learner = learner, .ids = ids, .first = first + i * each, .count = each };
        NEED(pthread_create(&voters[i].thread, NULL, vote_many, &voters[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        NEED(pthread_join(voters[i].thread, NULL) == 0);
    return (double)(THREADS * each) / ((now_ns() - start) / NS_PER_S);
}

int main(int argc, char **argv)
{
    bool quick = is_quick(argc, argv);
    size_t alone = quick ? ALONE / 10 : ALONE;
    size_t each = quick ? VOTES_PER_THREAD / 10 : VOTES_PER_THREAD;
    size_t rounds = quick ? 2 : ROUNDS;
    size_t count = alone + rounds * THREADS * each;
    llmlearn_id *ids = calloc(count, sizeof *ids);
    double rates[ROUNDS];
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
    for (size_t i = 0; i < rounds; i++)
        rates[i] = vote_together(learner, ids, alone + i * THREADS * each, each);
    print_figure((figure){ .name = "votes_16_threads",
                           .value = median(rates, rounds),
                           .unit = "votes/s",
                           .reference = "@python_sqlite_votes_16_threads",
                           .goal = "value >= 20000 and ratio >= 20" });
    MUST(llmlearn_close(learner, 60000));
    free(ids);
    return 0;
}
