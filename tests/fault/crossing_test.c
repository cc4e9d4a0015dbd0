/* Votes on what another process has just logged. Ids go from process to process through
 * pipes, faster than any drain; a vote on one must never hear that there is no such
 * explanation, and made-up ids must not hold up the others. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 3
#define IDS_EACH 1000
#define IDS_EACH_QUICK 40

typedef struct board {
    atomic_int voting; /* processes that still vote */
    atomic_int votes, bogus, wrong;
    char wrong_line[200];
} board;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static board *shared;
static int pipes[PROCESSES][2];
static int ids_each;

static void note_wrong(const char *call, llmlearn_err err)
{
    if (atomic_fetch_add(&shared->wrong, 1) == 0)
        snprintf(shared->wrong_line, sizeof shared->wrong_line, "%s: %s: %s", call,
                 llmlearn_error_name(err), llmlearn_error_detail());
}

typedef struct worker {
    llmlearn *learner;
    int process;
} worker;

/* Logs, and tells the next process at once. */
static void *log_and_tell(void *argument)
{
    worker *w = argument;
    uint64_t random = (uint64_t)getpid();

    for (int i = 0; i < ids_each; i++) {
        llmlearn_id id;
        llmlearn_err err = learner_log_in_test(w->learner, "text", &random, &id);

        if (err != LLMLEARN_OK)
            note_wrong("log", err);
        else if (write(pipes[(w->process + 1) % PROCESSES][1], &id, sizeof id) != sizeof id)
            note_wrong("pipe", LLMLEARN_EIO);
    }
    return NULL;
}

/* Votes on what it is told of, at once. Two of them share the pipe: a read takes one id. */
static void *vote_on_told(void *argument)
{
    worker *w = argument;

    for (int i = 0; i < ids_each / 2; i++) {
        llmlearn_id id;
        llmlearn_err err;

        if (read(pipes[w->process][0], &id, sizeof id) != sizeof id) {
            note_wrong("pipe", LLMLEARN_EIO);
            break;
        }
        err = learner_vote(w->learner, &id, i % 2 == 0 ? "ann" : NULL, true, 4);
        if (err != LLMLEARN_OK)
            note_wrong("vote", err);
        else
            atomic_fetch_add(&shared->votes, 1);
    }
    return NULL;
}

/* Makes up ids for as long as others vote. */
static void *vote_on_nothing(void *argument)
{
    worker *w = argument;
    uint64_t random = (uint64_t)getpid();

    while (atomic_load(&shared->voting) > 0) {
        llmlearn_id id;
        llmlearn_err err;

        for (size_t i = 0; i < sizeof id.bytes; i++)
            id.bytes[i] = (uint8_t)learner_random(&random);
        err = learner_vote(w->learner, &id, "mallory", true, 0);
        if (err == LLMLEARN_ENOTFOUND)
            atomic_fetch_add(&shared->bogus, 1);
        else
            note_wrong("bogus vote", err);
    }
    return NULL;
}

/* All processes count in the same arms, and meet the same units. */
static void start_test(void)
{
    llmlearn *learner = learner_open(path);

    learner_start_test(learner);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
}

static int run_process(int process)
{
    worker w = { .learner = learner_open(path), .process = process };
    pthread_t logger, voters[2], liar;

    if (pthread_create(&logger, NULL, log_and_tell, &w) != 0 ||
        pthread_create(&voters[0], NULL, vote_on_told, &w) != 0 ||
        pthread_create(&voters[1], NULL, vote_on_told, &w) != 0 ||
        pthread_create(&liar, NULL, vote_on_nothing, &w) != 0)
        return 1;
    pthread_join(logger, NULL);
    pthread_join(voters[0], NULL);
    pthread_join(voters[1], NULL);
    atomic_fetch_sub(&shared->voting, 1);
    pthread_join(liar, NULL);
    return llmlearn_close(w.learner, LEARNER_DEADLINE_MS) != LLMLEARN_OK;
}

START_TEST(a_vote_finds_what_another_process_has_just_logged)
{
    pid_t pids[PROCESSES];

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    start_test();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    atomic_store(&shared->voting, PROCESSES);
    ids_each = learner_rounds(IDS_EACH, IDS_EACH_QUICK);
    for (int i = 0; i < PROCESSES; i++)
        ck_assert_int_eq(pipe(pipes[i]), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0)
            _exit(run_process(i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(status == 0, "a process ended with %x: %s", status, shared->wrong_line);
    }
    ck_assert_msg(atomic_load(&shared->wrong) == 0, "%d wrong, the first: %s",
                  atomic_load(&shared->wrong), shared->wrong_line);
    ck_assert_int_eq(atomic_load(&shared->votes), PROCESSES * ids_each);
    ck_assert_int_gt(atomic_load(&shared->bogus), 0);
    printf("crossing: %d votes on fresh ids of others, %d made-up ids refused meanwhile\n",
           atomic_load(&shared->votes), atomic_load(&shared->bogus));
    fflush(stdout);
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"),
                     PROCESSES * ids_each);
    ck_assert_int_eq(learner_journal_files(path), 0);
    folder_remove(folder);
}
END_TEST

/* One process may ask for another's explanation before anybody stored it. */
START_TEST(an_explanation_of_another_process_can_be_read_at_once)
{
    llmlearn *learner;
    llmlearn_id id;
    char *json = NULL;
    int ends[2];
    pid_t pid;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        learner = learner_open(path);
        if (learner_log(learner, "seen at once", &id) != LLMLEARN_OK ||
            write(ends[1], &id, sizeof id) != sizeof id)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &id, sizeof id), sizeof id);
    learner = learner_open(path);
    expect_ok(llmlearn_get_explanation(learner, &id, LEARNER_DEADLINE_MS, &json));
    ck_assert_ptr_nonnull(strstr(json, "\"seen at once\""));
    llmlearn_free(json);
    id.bytes[15] ^= 1;
    json = NULL;
    expect_err(llmlearn_get_explanation(learner, &id, LEARNER_DEADLINE_MS, &json),
               LLMLEARN_ENOTFOUND, "");
    ck_assert_ptr_null(json);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crossing");
    TCase *tcase = tcase_create("votes between processes");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 200);
    tcase_add_test(tcase, a_vote_finds_what_another_process_has_just_logged);
    tcase_add_test(tcase, an_explanation_of_another_process_can_be_read_at_once);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
