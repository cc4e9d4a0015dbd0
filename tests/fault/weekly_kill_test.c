/* The weekly job when its process is killed with -9 between any two of its steps, or runs out of
 * memory anywhere: another process goes on where it was, each step is done once, what was to be
 * told is told once, one test begins, and no more is spent than may be. */
/* link: -Wl,--wrap=ll_schedule_take,--wrap=ll_schedule_note_step,--wrap=ll_schedule_finish */
/* link: -Wl,--wrap=ll_outbox_add,--wrap=ll_outbox_sent,--wrap=ll_ledger_reserve */
/* link: -Wl,--wrap=ll_ledger_settle,--wrap=ll_lineage_add,--wrap=ll_decisions_add */
/* link: -Wl,--wrap=ll_ab_tests_insert,--wrap=malloc,--wrap=calloc,--wrap=realloc */
#include "base/point.h"
#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/ledger.h"
#include "store/lineage.h"
#include "store/outbox.h"
#include "store/schedule.h"
#include "support/canary.h"
#include "support/child.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"
#include "support/program.h"
#include "support/recount.h"
#include "support/weeks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VISITS_MAX 40
#define AFTER_LEASE_US (INT64_C(11) * 60 * 1000000)
#define DOLLAR INT64_C(1000000000)
#define ALLOCATIONS_MAX 100000
#define ALLOCATIONS_STEP 1
#define ALLOCATIONS_STEP_QUICK 37

static char folder[FOLDER_PATH_BYTES];
static char template[FOLDER_PATH_BYTES + 32];
static char path[FOLDER_PATH_BYTES + 32];
static int64_t moment_us; /* at which the job under test is due */

/* ---- where to die ----------------------------------------------------------- */

static const char *deadly; /* NULL: none, of this process */
static atomic_int visits_left;

void ll_point_hit(const char *name)
{
    if (deadly != NULL && strcmp(name, deadly) == 0 && atomic_fetch_sub(&visits_left, 1) == 1)
        kill(getpid(), SIGKILL);
}

#define POINT_BEFORE(point, function, parameters, ...)                                             \
    llmlearn_err __real_##function parameters;                                                     \
    llmlearn_err __wrap_##function parameters;                                                     \
    llmlearn_err __wrap_##function parameters                                                      \
    {                                                                                              \
        ll_point_hit(point);                                                                       \
        return __real_##function(__VA_ARGS__);                                                     \
    }

POINT_BEFORE("take", ll_schedule_take,
             (ll_connection * connection, const char *job, int64_t lease_us,
              const ll_schedule_rule *rule, int64_t now_us, ll_lease *out_lease,
              int64_t *out_look_us),
             connection, job, lease_us, rule, now_us, out_lease, out_look_us)
POINT_BEFORE("step", ll_schedule_note_step,
             (ll_connection * connection, const char *job, const ll_lease *lease,
              const ll_job_step *step, int64_t now_us),
             connection, job, lease, step, now_us)
POINT_BEFORE("finish", ll_schedule_finish,
             (ll_connection * connection, const char *job, const ll_lease *lease, const char *error,
              const ll_schedule_rule *rule, int64_t now_us),
             connection, job, lease, error, rule, now_us)
POINT_BEFORE("alert", ll_outbox_add,
             (ll_connection * connection, const ll_outbox_row *row, int64_t now_us,
              uint64_t *out_id, bool *out_added),
             connection, row, now_us, out_id, out_added)
POINT_BEFORE("sent", ll_outbox_sent,
             (ll_connection * connection, uint64_t id, const char *channel, int64_t now_us),
             connection, id, channel, now_us)
POINT_BEFORE("reserve", ll_ledger_reserve,
             (ll_connection * connection, const ll_ledger_call *call,
              const ll_ledger_limits *limits, int64_t now_us, int64_t *out_id),
             connection, call, limits, now_us, out_id)
POINT_BEFORE("settle", ll_ledger_settle,
             (ll_connection * connection, int64_t id, const ll_ledger_result *result,
              int64_t now_us),
             connection, id, result, now_us)
POINT_BEFORE("draft", ll_lineage_add,
             (ll_connection * connection, const ll_lineage_candidate *candidate, int64_t now_us,
              int64_t *out_variant),
             connection, candidate, now_us, out_variant)
POINT_BEFORE("decision", ll_decisions_add,
             (ll_connection * connection, const ll_decision_row *row, uint64_t *out_id), connection,
             row, out_id)
POINT_BEFORE("test", ll_ab_tests_insert,
             (ll_connection * connection, const ll_ab_test *test, const ll_ab_arm *arms,
              uint32_t arm_count, const char *actor, uint64_t *out_id),
             connection, test, arms, arm_count, actor, out_id)

static const char *const points[] = {
    "ingest.drained",
    "ingest.filled",
    "store.commit",
    "store.committed",
    "ingest.committed",
    "ingest.returned",
    "take",
    "step",
    "finish",
    "alert",
    "reserve",
    "settle",
    "draft",
    "decision",
    "test",
    "ask",
};
#define POINTS ((int)(sizeof points / sizeof points[0]))

/* ---- memory ------------------------------------------------------------------ */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static atomic_long allocations_left = -1; /* before the one that fails; -1: none fails */

static bool fails_now(void)
{
    return atomic_load(&allocations_left) >= 0 && atomic_fetch_sub(&allocations_left, 1) == 0;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

/* ---- a test that is won, one minute before the job looks at it -------------------- */

static void set_up(void)
{
    weeks_model model = { .fails = LLMLEARN_OK };
    atomic_llong clock;
    int next_user = 0;

    folder_make_fast(folder);
    snprintf(template, sizeof template, "%s/template.db", folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    atomic_init(&clock, WEEKS_BEGIN_US);
    llmlearn *learner = weeks_open(template, &clock);
    weeks_add_champion(learner);
    weeks_set_model(learner, &model, -1, NULL);
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    atomic_store(&clock, WEEKS_MOMENT_US);
    ck_assert_uint_eq(weeks_run(learner), 1);
    weeks_vote(learner, "g1.1", 800, &next_user);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    ck_assert_int_eq(recount_number(template, "SELECT count(*) FROM llm_ab_arms"), 4);
    moment_us = WEEKS_MOMENT_US + 7 * WEEKS_DAY_US;
}

static void tear_down(void)
{
    folder_remove(folder);
}

static void copy_template(void)
{
    static const char *const sides[] = { "-wal", "-shm", ".lock" };
    char side[FOLDER_PATH_BYTES + 40];
    size_t bytes = 0;
    unsigned char *data = file_read(template, &bytes);

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        snprintf(side, sizeof side, "%s%s", path, sides[i]);
        unlink(side);
    }
    file_write(path, data, bytes);
    free(data);
}

/* ---- a run in a process of its own ------------------------------------------------ */

static llmlearn_err ask(void *user, const llmlearn_question *question, llmlearn_answer *out_answer)
{
    ll_point_hit("ask");
    return weeks_ask(user, question, out_answer);
}

/* The model, asked through a point to die at. */
static void set_model(llmlearn *learner, weeks_model *model, int64_t month_nanousd)
{
    char name[FOLDER_PATH_BYTES + 32];
    const llmlearn_model asked = { .struct_size = sizeof asked,
                                   .model = "toy-1",
                                   .ask = ask,
                                   .ask_user = model,
                                   .price_file = name };

    weeks_set_model(learner, model, month_nanousd, folder);
    snprintf(name, sizeof name, "%s/prices.json", folder);
    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING, &asked));
}

static void run_here(int64_t at_us, int64_t month_nanousd, const char *point, int visit)
{
    weeks_model model = { .first = 3 };
    atomic_llong clock;
    uint32_t runs = 0;

    atomic_init(&clock, at_us);
    llmlearn *learner = weeks_open(path, &clock);
    set_model(learner, &model, month_nanousd);
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    atomic_store(&visits_left, visit);
    deadly = point;
    expect_ok(llmlearn_run_due_jobs(learner, LEARNER_DEADLINE_MS, &runs));
    deadly = NULL;
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    _exit((int)runs);
}

/* How many ran, or -1: it was killed. */
static int run_once(int64_t at_us, int64_t month_nanousd, const char *point, int visit)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        run_here(at_us, month_nanousd, point, visit);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) {
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        return -1;
    }
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status);
}

/* ---- what must be so afterwards ------------------------------------------------------ */

static void expect_number(const char *what, int64_t wanted, const char *sql)
{
    ck_assert_msg(recount_number(path, sql) == wanted, "%s: %s: %lld, not %lld", what, sql,
                  (long long)recount_number(path, sql), (long long)wanted);
}

static void expect_spent_within(const char *what, int64_t limit_nanousd)
{
    int64_t spent = recount_number(path, "SELECT ifnull(sum(ifnull(cost_nanousd,"
                                         " reserved_nanousd)), 0) FROM llm_generations WHERE"
                                         " reserved_nanousd > 0");

    ck_assert_msg(spent <= limit_nanousd, "%s: %lld were spent", what, (long long)spent);
}

/* Everything was done, once. */
static void expect_done(const char *what)
{
    recount(path);
    expect_number(what, 4, "SELECT count(*) FROM llm_job_steps WHERE due_us > 1728800000000000");
    expect_number(what, 1,
                  "SELECT count(*) FROM llm_decisions WHERE kind = 'promotion' AND test = 1");
    expect_number(what, 1, "SELECT count(*) FROM llm_outbox WHERE rule = 'winner_promoted'");
    expect_number(what, 2, "SELECT count(*) FROM llm_ab_tests");
    expect_number(what, 1, "SELECT count(*) FROM llm_ab_tests WHERE status = 'running'");
    expect_number(what, 4, "SELECT count(*) FROM llm_ab_arms WHERE test = 2");
    expect_number(what, 3, "SELECT count(*) FROM llm_outbox"); /* two tests began, one was won */
    expect_number(what, 1,
                  "SELECT count(*) FROM llm_jobs WHERE error IS NULL AND"
                  " lease_until_us IS NULL");
    expect_number(what, 6,
                  "SELECT count(*) FROM llm_variants WHERE generation IS NOT NULL AND"
                  " status <> 'rejected'");
    expect_spent_within(what, DOLLAR);
}

static bool kill_and_resume(const char *point, int visit)
{
    char what[80];

    snprintf(what, sizeof what, "killed at %s %d", point, visit);
    copy_template();
    bool died = run_once(moment_us, DOLLAR, point, visit) < 0;
    expect_spent_within(what, DOLLAR);
    if (died) /* nobody has it before the lease is over */
        ck_assert_int_ge(run_once(moment_us + AFTER_LEASE_US, DOLLAR, NULL, 0), 0);
    expect_done(what);
    ck_assert_int_eq(run_once(moment_us + 2 * AFTER_LEASE_US, DOLLAR, NULL, 0), 0);
    return died;
}

START_TEST(killed_anywhere_it_is_gone_on_with)
{
    int deaths = 0;

    copy_template();
    ck_assert_int_eq(run_once(moment_us, DOLLAR, NULL, 0), 1);
    expect_done("undisturbed");
    for (int visit = 1; visit <= VISITS_MAX; visit++) {
        bool died = kill_and_resume(points[_i], visit);
        deaths += died;
        if (!died)
            break;
    }
    printf("weekly_kill: %s: %d deaths\n", points[_i], deaths);
    fflush(stdout);
    ck_assert_int_gt(deaths, 0);
}
END_TEST

/* There is money for one call. One that was lost counts: then nothing more is written. */
START_TEST(what_a_crash_lost_counts_as_spent)
{
    const int64_t month = DOLLAR / 20;

    copy_template();
    ck_assert_int_eq(run_once(moment_us, month, "ask", 1), -1);
    ck_assert_int_eq(run_once(moment_us + AFTER_LEASE_US, month, NULL, 0), 1);
    expect_spent_within("lost", month);
    expect_number("lost", 1, "SELECT count(*) FROM llm_outbox WHERE rule = 'budget_reached'");
    expect_number("lost", 1, "SELECT count(*) FROM llm_ab_tests");
    recount(path);
}
END_TEST

/* While the lease of the dead one runs, nobody else begins. */
START_TEST(a_lease_is_waited_for)
{
    copy_template();
    ck_assert_int_eq(run_once(moment_us, DOLLAR, "ask", 1), -1);
    ck_assert_int_eq(run_once(moment_us + 1000000, DOLLAR, NULL, 0), 0);
    expect_number("leased", 1, "SELECT count(*) FROM llm_ab_tests");
    ck_assert_int_eq(run_once(moment_us + AFTER_LEASE_US, DOLLAR, NULL, 0), 1);
    expect_done("leased");
}
END_TEST

/* ---- an alert that was taken, of which nobody knew any more ----------------------------- */

typedef struct hook {
    atomic_int requests;
    char deliveries[8][128];
} hook;

static void take_alert(void *user, const http_server_request *request)
{
    hook *h = user;
    int i = atomic_load(&h->requests);
    const char *delivery = strstr(request->headers, "X-Llmlearn-Delivery: ");

    if (i < 8 && delivery != NULL)
        sscanf(delivery, "X-Llmlearn-Delivery: %127s", h->deliveries[i]);
    atomic_store(&h->requests, i + 1); /* before the sender hears of it */
    http_server_reply(request->fd, 200, "", "");
}

static bool deliver(const char *url, int64_t at_us, const char *point)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        const llmlearn_webhook webhook = { .struct_size = sizeof webhook,
                                           .url = url,
                                           .secret = CANARY_SECRET };
        atomic_llong clock;
        atomic_init(&clock, at_us);
        llmlearn *learner = weeks_open(path, &clock);
        weeks_set_schedule(learner, LLMLEARN_SCHEDULE_ONLY_DECIDE);
        expect_ok(llmlearn_set_webhook(learner, &webhook));
        atomic_store(&visits_left, 1);
        deadly = point;
        weeks_run(learner);
        expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(an_alert_comes_at_least_once_under_one_name)
{
    static hook h;
    char url[200];
    http_server *server = http_server_start(take_alert, &h);

    snprintf(url, sizeof url, "%s", http_server_url(server, "/alerts"));
    copy_template();
    int64_t now_us = WEEKS_MOMENT_US + WEEKS_DAY_US;
    ck_assert(!deliver(url, now_us, "sent"));
    ck_assert_int_eq(atomic_load(&h.requests), 1);
    expect_number("killed", 0, "SELECT count(*) FROM llm_deliveries WHERE sent_us > 0");
    ck_assert(deliver(url, now_us + 1000000, NULL)); /* leased to the dead one */
    ck_assert_int_eq(atomic_load(&h.requests), 1);
    ck_assert(deliver(url, now_us + AFTER_LEASE_US, NULL));
    ck_assert_int_eq(atomic_load(&h.requests), 2);
    ck_assert_str_eq(h.deliveries[0], h.deliveries[1]);
    expect_number("resumed", 1, "SELECT count(*) FROM llm_deliveries WHERE sent_us > 0");
    http_server_stop(server);
}
END_TEST

static void mail_to(llmlearn *learner, const char *server, const char *from)
{
    static const char *const to[] = { "ops@example.com", "desk@example.com" };
    const llmlearn_mail mail = { .struct_size = sizeof mail,
                                 .flags = LLMLEARN_MAIL_PLAIN_LOOPBACK,
                                 .server = server,
                                 .from = from,
                                 .to = to,
                                 .to_count = 2 };

    expect_ok(llmlearn_set_mail(learner, &mail));
}

/* First the server puts it off, then it takes it. */
START_TEST(an_alert_is_mailed)
{
    char spool[FOLDER_PATH_BYTES + 16], server[64];
    const char *words[] = {
        program_python(), program_file("tests/peers/smtp_server.py"), "plain", "-", "-", spool, NULL
    };
    static child peer;
    atomic_llong clock;
    size_t bytes = 0;

    if (!program_can(program_python(), "-c", "import aiosmtpd.smtp")) {
        printf("SKIP no python3 with aiosmtpd\n");
        return;
    }
    snprintf(spool, sizeof spool, "%s/spool", folder);
    child_start(&peer, words);
    ck_assert_msg(child_wait_for(&peer, "\n") && strncmp(peer.said, "ready ", 6) == 0, "%s",
                  peer.said);
    snprintf(server, sizeof server, "smtp://127.0.0.1:%d", atoi(peer.said + 6));
    copy_template();
    atomic_init(&clock, WEEKS_MOMENT_US + WEEKS_DAY_US);
    llmlearn *learner = weeks_open(path, &clock);
    weeks_set_schedule(learner, 0);
    mail_to(learner, server, "late@example.com");
    ck_assert_uint_eq(weeks_run(learner), 0);
    expect_number("put off", 1,
                  "SELECT count(*) FROM llm_deliveries WHERE sent_us IS NULL AND given_up_us IS"
                  " NULL AND attempts = 1 AND error <> ''");
    mail_to(learner, server, "engine@example.com");
    atomic_fetch_add(&clock, WEEKS_DAY_US / 24);
    ck_assert_uint_eq(weeks_run(learner), 0);
    expect_number("taken", 1, "SELECT count(*) FROM llm_deliveries WHERE sent_us > 0");
    char *taken = (char *)file_read(spool, &bytes);
    ck_assert_ptr_nonnull(taken);
    ck_assert_ptr_nonnull(strstr(taken, "Subject: BUY: a test of 4 prompts has begun"));
    ck_assert_ptr_nonnull(strstr(taken, "Message-ID: <"));
    ck_assert_ptr_nonnull(strstr(taken, "\"desk@example.com\""));
    free(taken);
    child_stop(&peer);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------ */

/* One run in which the n-th allocation fails, and what another then makes of it. True: it needed
 * fewer. */
static void run_short(int n)
{
    weeks_model model = { .first = 3 };
    atomic_llong clock;
    uint32_t runs = 0;

    atomic_init(&clock, moment_us);
    llmlearn *learner = weeks_open(path, &clock);
    set_model(learner, &model, DOLLAR);
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    atomic_store(&allocations_left, n);
    llmlearn_err err = llmlearn_run_due_jobs(learner, LEARNER_DEADLINE_MS, &runs);
    bool was_short = atomic_exchange(&allocations_left, -1) < 0;
    ck_assert_msg(was_short || err == LLMLEARN_OK, "%s", llmlearn_error_detail());
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    _exit(was_short ? 1 : 0);
}

static bool fail_allocation(int n)
{
    char what[80];
    int status = 0;

    snprintf(what, sizeof what, "without allocation %d", n + 1);
    copy_template();
    pid_t pid = fork();
    if (pid == 0)
        run_short(n);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "%s: status %x", what, status);
    ck_assert_int_ge(run_once(moment_us + AFTER_LEASE_US, DOLLAR, NULL, 0), 0);
    expect_spent_within(what, DOLLAR);
    recount(path);
    expect_number(what, 1,
                  "SELECT count(*) FROM llm_decisions WHERE kind = 'promotion' AND test = 1");
    expect_number(what, 1, "SELECT count(*) FROM llm_outbox WHERE rule = 'winner_promoted'");
    expect_number(what, 1, "SELECT count(*) FROM llm_jobs WHERE lease_until_us IS NULL");
    return WEXITSTATUS(status) == 1;
}

START_TEST(without_memory_it_is_gone_on_with)
{
    int step = learner_rounds(ALLOCATIONS_STEP, ALLOCATIONS_STEP_QUICK), n = 0;

    while (n < ALLOCATIONS_MAX && fail_allocation(n))
        n += step;
    printf("weekly_kill: one of %d allocations failed\n", n);
    fflush(stdout);
    ck_assert_int_gt(n, 50);
    ck_assert_int_lt(n, ALLOCATIONS_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weekly_kill");
    TCase *tcase = tcase_create("kill -9");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, killed_anywhere_it_is_gone_on_with, 0, POINTS);
    tcase_add_test(tcase, what_a_crash_lost_counts_as_spent);
    tcase_add_test(tcase, a_lease_is_waited_for);
    tcase_add_test(tcase, an_alert_comes_at_least_once_under_one_name);
    tcase_add_test(tcase, an_alert_is_mailed);
    tcase_add_test(tcase, without_memory_it_is_gone_on_with);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
