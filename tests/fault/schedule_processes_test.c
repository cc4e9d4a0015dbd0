/* Several processes and one job, one budget: who has the lease runs each moment, once; a holder
 * that is killed is replaced after its lease, one that was only away writes nothing more. */
#include "store/schedule.h"

#include "cron/line.h"
#include "store/ledger.h"
#include "support/draw.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOB "job"
#define LINE "0 */6 * * *"
#define MINUTE (60 * LL_US_PER_S)
#define LEASE (30 * MINUTE)
#define START (INT64_C(20000) * LL_US_PER_DAY)

enum { WORKERS = 4, MOMENTS = 60 };

/* What the processes tell each other. */
typedef struct shared {
    atomic_llong now_us;      /* the clock of them all */
    atomic_llong taken_epoch; /* by the holder */
    atomic_int holder;        /* which worker that is */
    atomic_llong go_epoch;    /* holders up to this may go on from where they say so */
    atomic_llong look_us;     /* when nobody has it: when it is due */
    atomic_int refused;       /* writes of holders that had lost their lease */
    atomic_int done;
    atomic_llong spent; /* what the calls of the budget's test cost */
    atomic_int calls;
} shared;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static shared *board;
static pid_t workers[WORKERS];

static const ll_statement make_runs = {
    "CREATE TABLE runs (due_us INTEGER NOT NULL, epoch INTEGER NOT NULL, who INTEGER) STRICT"
};
static const ll_statement add_run = { "INSERT INTO runs VALUES (?1, ?2, ?3)" };

static llmlearn_err next_of_line(void *user, const char *schedule, size_t bytes, int64_t after_us,
                                 int64_t *out_us)
{
    ll_cron_line line;
    llmlearn_err err = ll_cron_parse(schedule, bytes, &line);

    (void)user;
    return err == LLMLEARN_OK ? ll_cron_next(&line, after_us, out_us) : err;
}

static const ll_schedule_rule cron = { next_of_line, NULL };

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(board, MAP_FAILED);
}

static void tear_down(void)
{
    munmap(board, sizeof *board);
    folder_remove(folder);
}

/* A child that ends without libcheck's own cleaning up: 0 if all went well. */
static pid_t start(int (*run)(int argument), int argument)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(run(argument));
    return pid;
}

static void finish(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with %x", status);
}

static void kill_now(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

#define FAIL_UNLESS(call)                                                                          \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                          \
                    llmlearn_error_detail());                                                      \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* ---- a worker ---------------------------------------------------------- */

static llmlearn_err begin(ll_store *store, ll_connection **out_connection)
{
    llmlearn_err err = ll_store_lock(store, soon());

    return err == LLMLEARN_OK ? ll_store_begin(store, out_connection) : err;
}

static llmlearn_err end(ll_store *store, llmlearn_err err)
{
    if (err == LLMLEARN_OK)
        err = ll_store_commit(store);
    else
        ll_store_rollback(store);
    ll_store_unlock(store);
    return err;
}

static llmlearn_err take(ll_store *store, ll_lease *lease, int64_t *look_us)
{
    ll_connection *c = NULL;
    llmlearn_err err = begin(store, &c);

    if (err == LLMLEARN_OK)
        err = ll_schedule_take(c, JOB, LEASE, &cron, atomic_load(&board->now_us), lease, look_us);
    return end(store, err);
}

static llmlearn_err note(ll_store *store, const ll_lease *lease, const char *signal)
{
    const ll_job_step step = { signal, "look", NULL };
    ll_connection *c = NULL;
    llmlearn_err err = begin(store, &c);

    if (err == LLMLEARN_OK)
        err = ll_schedule_note_step(c, JOB, lease, &step, atomic_load(&board->now_us));
    return end(store, err);
}

/* What the run is for, and its end, in one transaction. */
static llmlearn_err complete(ll_store *store, const ll_lease *lease, int who)
{
    const ll_value row[] = { ll_int(lease->due_us), ll_int(lease->epoch), ll_int(who) };
    ll_connection *c = NULL;
    llmlearn_err err = begin(store, &c);

    if (err == LLMLEARN_OK)
        err = ll_connection_run(c, &add_run, row, 3, NULL, NULL);
    if (err == LLMLEARN_OK)
        err = ll_schedule_finish(c, JOB, lease, NULL, &cron, atomic_load(&board->now_us));
    return end(store, err);
}

static int run_moment(ll_store *store, const ll_lease *lease, int who)
{
    llmlearn_err err;

    atomic_store(&board->holder, who);
    atomic_store(&board->taken_epoch, lease->epoch);
    while (atomic_load(&board->go_epoch) < lease->epoch)
        ll_clock_sleep_us(100);
    err = note(store, lease, "BUY");
    if (err == LLMLEARN_OK)
        err = note(store, lease, "SELL");
    if (err == LLMLEARN_OK)
        err = complete(store, lease, who);
    FAIL_UNLESS(err == LLMLEARN_OK || err == LLMLEARN_ESTATE);
    if (err == LLMLEARN_ESTATE)
        atomic_fetch_add(&board->refused, 1);
    return 0;
}

static int work(int who)
{
    ll_store *store = NULL;

    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    while (atomic_load(&board->done) == 0) {
        ll_lease lease = { .epoch = 0 };
        int64_t look_us = 0;
        FAIL_UNLESS(take(store, &lease, &look_us) == LLMLEARN_OK);
        if (lease.epoch != 0)
            FAIL_UNLESS(run_moment(store, &lease, who) == 0);
        else
            atomic_store(&board->look_us, look_us);
        ll_clock_sleep_us(300);
    }
    ll_store_close(store);
    return 0;
}

/* ---- the clock, and who is killed -------------------------------------- */

static int64_t wait_for_another(int64_t epoch)
{
    ll_deadline deadline = soon();

    while (atomic_load(&board->taken_epoch) <= epoch) {
        ck_assert_msg(!ll_deadline_passed(deadline), "nobody took it after epoch %lld",
                      (long long)epoch);
        ll_clock_sleep_us(100);
    }
    return atomic_load(&board->taken_epoch);
}

static void advance(int64_t us)
{
    atomic_fetch_add(&board->now_us, us);
}

static void replace(int who)
{
    kill_now(workers[who]);
    workers[who] = start(work, who);
}

/* Until the workers say that the next moment is due, and not before. If the run's holder may be
 * dead, its lease runs out, and somebody else takes it. */
static void wait_for_end(int64_t moment, int64_t epoch, bool may_be_dead)
{
    int64_t next_us = moment + 6 * LL_US_PER_HOUR;
    ll_deadline deadline = soon();

    if (may_be_dead)
        advance(LEASE);
    while (atomic_load(&board->look_us) != next_us) {
        int64_t taken = atomic_load(&board->taken_epoch);
        if (taken > epoch)
            atomic_store(&board->go_epoch, taken);
        ck_assert_msg(!ll_deadline_passed(deadline), "moment %lld was never finished",
                      (long long)moment);
        ll_clock_sleep_us(100);
    }
}

/* It goes on where it was, as holder of an epoch that is over, and is refused. */
static void back_again(int who, int64_t go_epoch, int refusals)
{
    ll_deadline deadline = soon();

    atomic_store(&board->go_epoch, go_epoch);
    ck_assert_int_eq(kill(workers[who], SIGCONT), 0);
    while (atomic_load(&board->refused) < refusals) {
        ck_assert_msg(!ll_deadline_passed(deadline), "a write of epoch %lld was not refused",
                      (long long)go_epoch);
        ll_clock_sleep_us(100);
    }
}

static void live_moment(draw *d, int64_t moment, int64_t *epoch, int *lost)
{
    int away = -1;

    atomic_store(&board->now_us, moment + (int64_t)draw_below(d, MINUTE));
    *epoch = wait_for_another(*epoch);
    while (draw_happens(d, 0.3)) { /* killed while it holds the lease */
        replace(atomic_load(&board->holder));
        advance(LEASE);
        *epoch = wait_for_another(*epoch);
    }
    if (draw_happens(d, 0.4)) { /* away for longer than its lease */
        away = atomic_load(&board->holder);
        ck_assert_int_eq(kill(workers[away], SIGSTOP), 0);
        advance(LEASE);
        *epoch = wait_for_another(*epoch);
    }
    if (away >= 0 && draw_happens(d, 0.5)) { /* back while another has it */
        back_again(away, *epoch - 1, ++*lost);
        away = -1;
    }
    int holder = atomic_load(&board->holder);
    bool dies = draw_happens(d, 0.3);
    atomic_store(&board->go_epoch, *epoch);
    if (dies) { /* at any moment of its work, also after it */
        ll_clock_sleep_us((uint32_t)draw_below(d, 3000));
        replace(holder);
    }
    wait_for_end(moment, *epoch, dies);
    *epoch = atomic_load(&board->taken_epoch);
    if (away >= 0) /* back when all is over */
        back_again(away, *epoch, ++*lost);
}

START_TEST(each_moment_is_run_once_by_one_of_several_processes)
{
    static const ll_statement runs = { "SELECT count(*) FROM runs" };
    static const ll_statement moments = { "SELECT count(DISTINCT due_us) FROM runs" };
    static const ll_statement steps = { "SELECT count(*) FROM llm_job_steps" };
    static const ll_statement last = { "SELECT max(due_us) FROM runs" };
    draw d = { .state = 7 };
    ll_store *store = store_open(path);
    ll_connection *c = NULL;
    int64_t epoch = 0;
    int lost = 0;

    store_write(store, &make_runs, NULL, 0);
    ck_ok(begin(store, &c));
    ck_ok(end(store, ll_schedule_register(c, JOB, LINE, &cron, START - 1)));
    ll_store_close(store);
    atomic_store(&board->now_us, START - MINUTE);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start(work, i);
    for (int i = 0; i < MOMENTS; i++)
        live_moment(&d, START + i * 6 * LL_US_PER_HOUR, &epoch, &lost);
    atomic_store(&board->done, 1);
    for (int i = 0; i < WORKERS; i++)
        finish(workers[i]);
    store = store_open(path);
    ck_assert_int_eq(store_number(store, &runs), MOMENTS);
    ck_assert_int_eq(store_number(store, &moments), MOMENTS);
    ck_assert_int_eq(store_number(store, &steps), 2 * MOMENTS);
    ck_assert_int_eq(store_number(store, &last), START + (MOMENTS - 1) * 6 * LL_US_PER_HOUR);
    ll_store_close(store);
    ck_assert_int_gt(lost, 10);
    ck_assert_int_eq(atomic_load(&board->refused), lost);
    ck_assert_int_gt(epoch, MOMENTS + lost);
}
END_TEST

/* ---- one budget -------------------------------------------------------- */

#define LIMIT 3000
enum { KILLS = 25 };

static int spend(int who)
{
    static const ll_ledger_limits limits = { .per_run_nanousd = LL_LEDGER_UNLIMITED,
                                             .per_month_nanousd = LIMIT };
    draw d = { .state = (uint64_t)who * 1000 + (uint64_t)getpid() };
    ll_store *store = NULL;

    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    for (;;) {
        const ll_ledger_call call = { .kind = LL_LEDGER_GENERATE,
                                      .run = "r",
                                      .ceiling_nanousd = 1 + (int64_t)draw_below(&d, 9) };
        ll_connection *c = NULL;
        int64_t id = 0;
        FAIL_UNLESS(begin(store, &c) == LLMLEARN_OK);
        llmlearn_err err = end(store, ll_ledger_reserve(c, &call, &limits, START, &id));
        if (err == LLMLEARN_EBUDGET)
            break;
        FAIL_UNLESS(err == LLMLEARN_OK);
        /* The call: from here on it costs all that it may, whatever becomes of this process. */
        ll_ledger_result result = { .cost_nanousd = call.ceiling_nanousd };
        atomic_fetch_add(&board->spent, call.ceiling_nanousd);
        atomic_fetch_add(&board->calls, 1);
        ll_clock_sleep_us(300);
        if (draw_happens(&d, 0.1))
            result.cost_nanousd = LL_LEDGER_UNKNOWN;
        FAIL_UNLESS(begin(store, &c) == LLMLEARN_OK);
        FAIL_UNLESS(end(store, ll_ledger_settle(c, id, &result, START + 1)) == LLMLEARN_OK);
    }
    ll_store_close(store);
    return 0;
}

START_TEST(processes_that_are_killed_spend_no_more_than_there_is)
{
    static const ll_statement count = { "SELECT count(*) FROM llm_generations" };
    draw d = { .state = 11 };
    int calls;

    ll_store_close(store_open(path));
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start(spend, i);
    for (int i = 0; i < KILLS; i++) {
        int who = (int)draw_below(&d, WORKERS);
        ll_clock_sleep_us((uint32_t)draw_below(&d, 8000));
        kill_now(workers[who]);
        workers[who] = start(spend, who);
    }
    for (int i = 0; i < WORKERS; i++)
        finish(workers[i]);
    calls = atomic_load(&board->calls);
    ck_assert_int_gt(calls, LIMIT / 20);
    ck_assert_int_le(atomic_load(&board->spent), LIMIT);
    ck_assert_int_gt(atomic_load(&board->spent), LIMIT - 20 * KILLS);
    ll_store *store = store_open(path);
    ck_assert_int_ge(store_number(store, &count), calls);
    ll_store_close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule_processes");
    TCase *tc = tcase_create("schedule_processes");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, each_moment_is_run_once_by_one_of_several_processes);
    tcase_add_test(tc, processes_that_are_killed_spend_no_more_than_there_is);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
