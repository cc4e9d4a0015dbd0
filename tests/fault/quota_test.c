/* The limit of votes per user and hour: exact from several processes at once, a sliding
 * hour of a clock that may be set back, and free for a change of mind. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 10
#define PROCESSES 4
#define VOTES_EACH 5
#define ROUNDS 100
#define ROUNDS_QUICK 10
#define SECOND_US INT64_C(1000000)
#define START_US (INT64_C(1790000000) * SECOND_US)

typedef struct board {
    _Atomic int64_t now_us; /* the clock of all learners */
    pthread_barrier_t barrier;
    llmlearn_id ids[PROCESSES * VOTES_EACH];
    int rounds;
    atomic_int accepted, refused, wrong;
    char wrong_line[200];
} board;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static board *shared;

static int64_t tell_time(void *user)
{
    (void)user;
    return atomic_load(&shared->now_us);
}

static void set_up(void)
{
    pthread_barrierattr_t between;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    atomic_store(&shared->now_us, START_US);
    pthread_barrierattr_init(&between);
    pthread_barrierattr_setpshared(&between, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->barrier, &between, PROCESSES);
    pthread_barrierattr_destroy(&between);
}

static void tear_down(void)
{
    munmap(shared, sizeof *shared);
    folder_remove(folder);
}

static llmlearn_err try_open(llmlearn **out_learner)
{
    llmlearn_options options;

    learner_options(path, &options);
    options.feedback_per_hour = LIMIT;
    options.clock = tell_time;
    return llmlearn_open(&options, out_learner);
}

static llmlearn *open_limited(void)
{
    llmlearn *learner = NULL;

    expect_ok(try_open(&learner));
    return learner;
}

static void log_some(llmlearn *learner, llmlearn_id *out_ids, int count)
{
    for (int i = 0; i < count; i++)
        expect_ok(learner_log(learner, "text", &out_ids[i]));
}

#define expect_rate(call, seconds)                                                                 \
    do {                                                                                           \
        expect_err((call), LLMLEARN_ERATE, "user");                                                \
        ck_assert_uint_eq(llmlearn_error_retry_after_s(), (seconds));                              \
    } while (0)

/* ---- several processes ------------------------------------------------- */

static void note_wrong(llmlearn_err err)
{
    if (atomic_fetch_add(&shared->wrong, 1) == 0)
        snprintf(shared->wrong_line, sizeof shared->wrong_line, "%s: %s, retry after %u s",
                 llmlearn_error_name(err), llmlearn_error_detail(), llmlearn_error_retry_after_s());
}

static void vote_in_round(llmlearn *learner, int process, int round)
{
    char user[20];

    snprintf(user, sizeof user, "user%d", round);
    for (int i = 0; i < VOTES_EACH; i++) {
        llmlearn_err err =
            learner_vote(learner, &shared->ids[process * VOTES_EACH + i], user, true, 0);

        if (err == LLMLEARN_OK)
            atomic_fetch_add(&shared->accepted, 1);
        else if (err == LLMLEARN_ERATE && llmlearn_error_retry_after_s() == 3600)
            atomic_fetch_add(&shared->refused, 1);
        else
            note_wrong(err);
    }
}

static void judge_round(void)
{
    if (atomic_load(&shared->accepted) != LIMIT ||
        atomic_load(&shared->refused) != PROCESSES * VOTES_EACH - LIMIT) {
        snprintf(shared->wrong_line, sizeof shared->wrong_line, "%d accepted, %d refused",
                 atomic_load(&shared->accepted), atomic_load(&shared->refused));
        atomic_fetch_add(&shared->wrong, 1);
    }
    atomic_store(&shared->accepted, 0);
    atomic_store(&shared->refused, 0);
}

static int run_process(int process)
{
    llmlearn *learner = NULL;
    llmlearn_err err = try_open(&learner);

    if (err != LLMLEARN_OK)
        note_wrong(err);
    for (int round = 0; round < shared->rounds; round++) {
        pthread_barrier_wait(&shared->barrier);
        vote_in_round(learner, process, round);
        if (pthread_barrier_wait(&shared->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            judge_round();
    }
    return llmlearn_close(learner, LEARNER_DEADLINE_MS) != LLMLEARN_OK;
}

START_TEST(ten_votes_and_no_more_from_four_processes)
{
    pid_t pids[PROCESSES];
    llmlearn *learner = open_limited();

    shared->rounds = learner_rounds(ROUNDS, ROUNDS_QUICK);
    log_some(learner, shared->ids, PROCESSES * VOTES_EACH);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0)
            _exit(run_process(i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(status == 0, "a process ended with %x", status);
    }
    ck_assert_msg(atomic_load(&shared->wrong) == 0, "%s", shared->wrong_line);
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"),
                     (int64_t)LIMIT * shared->rounds);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_quota"),
                     (int64_t)LIMIT * shared->rounds);
}
END_TEST

/* ---- one process and the clock ----------------------------------------- */

START_TEST(the_hour_slides)
{
    llmlearn *learner = open_limited();
    llmlearn_id ids[40];

    log_some(learner, ids, 40);
    for (int i = 0; i < LIMIT; i++) { /* at 0, 1, ... 9 minutes */
        expect_ok(learner_vote(learner, &ids[i], "ann", true, 0));
        atomic_fetch_add(&shared->now_us, 60 * SECOND_US);
    }
    expect_rate(learner_vote(learner, &ids[20], "ann", true, 0), 50 * 60); /* at 10 minutes */
    atomic_store(&shared->now_us, START_US + 3600 * SECOND_US - 1);
    expect_rate(learner_vote(learner, &ids[20], "ann", true, 0), 1);
    atomic_fetch_add(&shared->now_us, 1);
    expect_ok(learner_vote(learner, &ids[20], "ann", true, 0));
    expect_rate(learner_vote(learner, &ids[21], "ann", true, 0), 60);
    atomic_fetch_add(&shared->now_us, 3600 * SECOND_US);
    for (int i = 0; i < LIMIT; i++)
        expect_ok(learner_vote(learner, &ids[21 + i], "ann", true, 0));
    expect_rate(learner_vote(learner, &ids[35], "ann", true, 0), 3600);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
}
END_TEST

START_TEST(only_new_votes_of_that_user_count)
{
    llmlearn *learner = open_limited();
    llmlearn_counters counters = { .struct_size = sizeof counters };
    llmlearn_id ids[20];

    log_some(learner, ids, 20);
    for (int i = 0; i < LIMIT - 1; i++)
        expect_ok(learner_vote(learner, &ids[i], "ann", true, 3));
    for (int i = 0; i < 20; i++) /* a change of mind is free ... */
        expect_ok(learner_vote(learner, &ids[i % 9], "ann", i % 2 == 0, i % 6));
    expect_ok(learner_vote(learner, &ids[9], "ann", true, 0));
    expect_rate(learner_vote(learner, &ids[10], "ann", true, 0), 3600);
    expect_ok(learner_vote(learner, &ids[0], "ann", true, 5)); /* ... also at the limit */
    /* A vote taken back is not given back. */
    expect_ok(llmlearn_withdraw_feedback(learner, &ids[0], "ann", NULL, LEARNER_DEADLINE_MS));
    expect_rate(learner_vote(learner, &ids[0], "ann", true, 0), 3600);
    expect_ok(learner_vote(learner, &ids[10], "bob", true, 0));
    for (int i = 0; i < LIMIT + 2; i++)
        expect_ok(learner_vote(learner, &ids[i], NULL, true, 0));
    expect_ok(llmlearn_get_counters(learner, &counters));
    ck_assert_uint_eq(counters.votes, 9 + 20 + 1 + 1 + 1 + 12); /* refused ones are no votes */
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_users"), 2);
}
END_TEST

START_TEST(a_clock_set_back_gives_no_votes)
{
    llmlearn *learner = open_limited();
    llmlearn_id ids[20];

    log_some(learner, ids, 20);
    for (int i = 0; i < LIMIT; i++)
        expect_ok(learner_vote(learner, &ids[i], "ann", true, 0));
    atomic_fetch_sub(&shared->now_us, 7200 * SECOND_US);
    expect_rate(learner_vote(learner, &ids[10], "ann", true, 0), 3600);
    expect_ok(learner_vote(learner, &ids[10], "bob", true, 0));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    learner = open_limited(); /* nor after a restart */
    expect_rate(learner_vote(learner, &ids[10], "ann", true, 0), 3600);
    atomic_store(&shared->now_us, START_US + 3600 * SECOND_US);
    expect_ok(learner_vote(learner, &ids[10], "ann", true, 0));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
}
END_TEST

START_TEST(a_clock_once_far_ahead_is_forgotten)
{
    llmlearn *learner = open_limited();
    llmlearn_id ids[20];

    log_some(learner, ids, 20);
    atomic_fetch_add(&shared->now_us, 70LL * 365 * 86400 * SECOND_US);
    for (int i = 0; i < LIMIT; i++)
        expect_ok(learner_vote(learner, &ids[i], "ann", true, 0));
    atomic_store(&shared->now_us, START_US);
    for (int i = 0; i < LIMIT; i++)
        expect_ok(learner_vote(learner, &ids[10 + i], "ann", true, 0));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback WHERE created_us ="
                                          " (SELECT value FROM llm_meta WHERE key = 'clock_us')"),
                     10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quota");
    TCase *tcase = tcase_create("limit of votes");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, ten_votes_and_no_more_from_four_processes);
    tcase_add_test(tcase, the_hour_slides);
    tcase_add_test(tcase, a_clock_once_far_ahead_is_forgotten);
    tcase_add_test(tcase, only_new_votes_of_that_user_count);
    tcase_add_test(tcase, a_clock_set_back_gives_no_votes);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
