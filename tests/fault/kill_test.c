/* kill -9 at random moments and at named points, again and again.
 *
 * Engines log and vote in a running test; an outside process, the test, keeps the list of what they
 * were promised. Then everything that was acknowledged is in the database, once, and every sum
 * equals a recount. The journal is small, so that its segments are recycled all the time. */
#include "base/point.h"
#include "support/acknowledged.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CYCLES 500
#define CYCLES_QUICK 20
#define CYCLES_PER_CHECK 10
#define CYCLES_PER_DATABASE 50
#define LOGS_PER_THREAD 1000
#define TEXT_BYTES_MAX 3000
#define ALIVE_US_MAX 30000
#define NEVER_US 300000

/* Where an engine may die, and by which of its first visits. */
static const struct {
    const char *name;
    uint32_t visits;
} points[] = {
    { "make.created", 16 },      { "make.locked", 16 },   { "make.allocated", 16 },
    { "append.claimed", 800 },   { "append.word", 800 },  { "append.payload", 800 },
    { "append.committed", 800 }, { "recycle.zeroed", 8 }, { "adopt.locked", 4 },
    { "ingest.drained", 8 },     { "ingest.filled", 8 },  { "ingest.committed", 8 },
    { "ingest.returned", 8 },    { "store.commit", 8 },   { "store.committed", 8 },
    { "vote.put", 8 },
};
#define POINTS (sizeof points / sizeof points[0])

/* Shared with the engines. */
typedef struct board {
    atomic_bool stop;
    atomic_uint hits[POINTS];
    atomic_bool wrong;
    char wrong_line[200];
} board;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static acknowledged *list;
static board *shared;

/* ---- dying ------------------------------------------------------------- */

static size_t deadly_point = POINTS; /* of this process */
static atomic_uint visits_left;

void ll_point_hit(const char *name)
{
    if (deadly_point == POINTS || strcmp(name, points[deadly_point].name) != 0)
        return;
    if (atomic_fetch_sub(&visits_left, 1) == 1) {
        atomic_fetch_add(&shared->hits[deadly_point], 1);
        kill(getpid(), SIGKILL);
    }
}

/* ---- an engine --------------------------------------------------------- */

typedef struct trader {
    pthread_t thread;
    llmlearn *learner;
    uint64_t random;
    int number;
} trader;

static void report(const char *call, llmlearn_err err)
{
    if (atomic_exchange(&shared->wrong, true))
        return;
    snprintf(shared->wrong_line, sizeof shared->wrong_line, "%s: %s: %s", call,
             llmlearn_error_name(err), llmlearn_error_detail());
}

static void vote(trader *t, const llmlearn_id *id)
{
    char user[12];
    bool helpful = learner_random(&t->random) % 3 != 0;
    llmlearn_err err;

    snprintf(user, sizeof user, "user%u", learner_random(&t->random) % 50);
    err = learner_vote(t->learner, id, user, helpful, (int)(learner_random(&t->random) % 6));
    if (err != LLMLEARN_OK)
        report("submit_feedback", err);
    else if (learner_random(&t->random) % 4 != 0)
        acknowledged_vote(list, id, user, helpful);
    else /* a change of mind; what stands after a kill is not known, but the sums must fit */
        learner_vote(t->learner, id, user, !helpful, 5);
}

static void *trade(void *argument)
{
    trader *t = argument;
    char text[TEXT_BYTES_MAX + 64];

    for (int i = 0; i < LOGS_PER_THREAD && !atomic_load(&shared->stop); i++) {
        int bytes = snprintf(text, 64, "%d %d %d ", getpid(), t->number, i);
        uint32_t more = learner_random(&t->random) % TEXT_BYTES_MAX;
        llmlearn_id id;
        llmlearn_err err;

        memset(text + bytes, 'x', more);
        text[(uint32_t)bytes + more] = '\0';
        atomic_fetch_add(&list->attempts, 1);
        err = learner_log_in_test(t->learner, text, &t->random, &id);
        if (err == LLMLEARN_OK)
            acknowledged_explanation(list, &id);
        else if (err == LLMLEARN_EFULL)
            usleep(200);
        else
            report("log_explanation", err);
        if (err == LLMLEARN_OK && i % 25 == 0)
            vote(t, &id);
        if (learner_random(&t->random) % 8 == 0)
            usleep(learner_random(&t->random) % 100);
    }
    while (!atomic_load(&shared->stop))
        usleep(1000);
    return NULL;
}

static int run_engine(uint64_t seed)
{
    trader traders[2];
    llmlearn_options options;
    llmlearn *learner = NULL;
    llmlearn_err err;

    learner_options(path, &options);
    err = llmlearn_open(&options, &learner);
    if (err != LLMLEARN_OK) {
        report("open", err);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        traders[i] = (trader){ .learner = learner, .random = seed + (uint64_t)i, .number = i };
        if (pthread_create(&traders[i].thread, NULL, trade, &traders[i]) != 0)
            return 1;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(traders[i].thread, NULL);
    err = llmlearn_close(learner, LEARNER_DEADLINE_MS);
    if (err != LLMLEARN_OK)
        report("close", err);
    return err != LLMLEARN_OK;
}

static pid_t start_engine(uint64_t seed, size_t point, uint32_t visit)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        deadly_point = point;
        atomic_store(&visits_left, visit);
        _exit(run_engine(seed));
    }
    return pid;
}

/* ---- cycles ------------------------------------------------------------ */

static void wait_for(pid_t pid, bool killed)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (killed && WIFSIGNALED(status))
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    else
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "an engine ended with %x: %s",
                      status, shared->wrong_line);
}

/* Until it has died by itself, at most so long; then it is killed. */
static void kill_later(pid_t pid, uint32_t after_us)
{
    siginfo_t info = { .si_pid = 0 };

    for (uint32_t waited_us = 0; waited_us < after_us; waited_us += 500) {
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
            return;
        usleep(after_us - waited_us < 500 ? after_us - waited_us : 500);
    }
    kill(pid, SIGKILL);
}

static void run_cycle(uint64_t *random)
{
    bool by_name = learner_random(random) % 2 == 0;
    bool two = learner_random(random) % 4 == 0;
    size_t point = by_name ? learner_random(random) % POINTS : POINTS;
    uint32_t visit = by_name ? 1 + learner_random(random) % points[point].visits : 0;
    uint32_t alive_us = by_name ? NEVER_US : learner_random(random) % ALIVE_US_MAX;
    pid_t other = 0;
    pid_t victim;

    atomic_store(&shared->stop, false);
    if (two)
        other = start_engine(*random ^ 0x5555, POINTS, 0);
    victim = start_engine(*random, point, visit);
    kill_later(victim, alive_us);
    wait_for(victim, true);
    if (two) {
        usleep(learner_random(random) % 10000);
        atomic_store(&shared->stop, true);
        wait_for(other, false);
    }
}

/* A while later, positions of segments that are gone are gone too. */
static void check_positions_of_the_dead(void)
{
    llmlearn *learner = learner_open(path);
    int64_t left_behind = 0;

    for (int i = 0; i < 600; i++) {
        llmlearn_id id;

        expect_ok(learner_log(learner, "", &id));
        left_behind = recount_number(path, "SELECT count(*) FROM llm_positions");
        if (left_behind <= 2) {
            expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
            return;
        }
        usleep(50000);
    }
    ck_abort_msg("%lld positions of segments that are gone", (long long)left_behind);
}

/* A process that comes later stores what the dead have left. */
static void check_everything(void)
{
    llmlearn *learner = learner_open(path);
    const char *example = NULL;
    const char *difference;
    size_t missing;

    ck_assert(learner_drain_all(learner));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    ck_assert_msg(!atomic_load(&shared->wrong), "%s", shared->wrong_line);
    missing = acknowledged_missing(list, path, &example);
    ck_assert_msg(missing == 0, "%zu of %zu acknowledged are lost: %s", missing,
                  acknowledged_count(list), example);
    difference = recount_difference(path, true);
    ck_assert_msg(difference == NULL, "%s", difference);
    ck_assert_int_eq(learner_journal_files(path), 0);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_rejected"), 0);
    ck_assert_int_le(recount_number(path, "SELECT count(*) FROM llm_explanations"),
                     (int64_t)atomic_load(&list->attempts));
}

static void start_test(void)
{
    llmlearn *learner = learner_open(path);

    learner_start_test(learner);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
}

static void report_points(int cycles, size_t acknowledged_in_all)
{
    unsigned hits = 0;
    unsigned places = 0;

    for (size_t i = 0; i < POINTS; i++) {
        hits += atomic_load(&shared->hits[i]);
        places += atomic_load(&shared->hits[i]) > 0;
    }
    printf("kill: %d cycles, %u deaths at %u of %zu named points, %zu acknowledged, 0 lost, "
           "0 doubled\n",
           cycles, hits, places, POINTS, acknowledged_in_all);
    fflush(stdout);
    if (cycles == CYCLES)
        ck_assert_uint_eq(places, POINTS);
}

START_TEST(what_was_acknowledged_outlives_any_kill)
{
    uint64_t random = learner_seed("kill");
    int cycles = learner_rounds(CYCLES, CYCLES_QUICK);
    size_t in_all = 0;

    list = acknowledged_new(CYCLES_PER_DATABASE * 4 * (LOGS_PER_THREAD + LOGS_PER_THREAD / 25));
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    for (int i = 0; i < cycles; i++) {
        if (i % CYCLES_PER_DATABASE == 0) {
            if (i > 0)
                folder_remove(folder);
            folder_make_fast(folder);
            snprintf(path, sizeof path, "%s/a.db", folder);
            in_all += acknowledged_count(list);
            acknowledged_clear(list);
            start_test();
        }
        run_cycle(&random);
        if (i % CYCLES_PER_CHECK == CYCLES_PER_CHECK - 1)
            check_everything();
    }
    check_positions_of_the_dead();
    folder_remove(folder);
    report_points(cycles, in_all + acknowledged_count(list));
}
END_TEST

/* Positions lost, as if a commit that stands had not been known to: the journal is read from
 * its start again. */
START_TEST(records_that_are_read_twice_count_once)
{
    llmlearn_counters counters = { .struct_size = sizeof counters };
    llmlearn *learner;
    sqlite3 *db = NULL;
    llmlearn_id id;
    pid_t pid;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        learner = learner_open(path);
        for (int i = 0; i < 50; i++)
            expect_ok(learner_log(learner, "text", &id));
        expect_ok(learner_vote(learner, &id, "ann", true, 5));
        expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
        kill(getpid(), SIGKILL);
    }
    wait_for(pid, true);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM llm_positions", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    learner = learner_open(path);
    ck_assert(learner_drain_all(learner));
    expect_ok(llmlearn_get_counters(learner, &counters));
    ck_assert_uint_eq(counters.duplicates, 50);
    ck_assert_uint_eq(counters.drained, 0);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_explanations"), 50);
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill");
    TCase *tcase = tcase_create("kill -9");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 280);
    tcase_add_test(tcase, what_was_acknowledged_outlives_any_kill);
    tcase_add_test(tcase, records_that_are_read_twice_count_once);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
