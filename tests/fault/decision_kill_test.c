/* kill -9 in the middle of what changes an experiment: a look, a promotion, a rollback, a breaker
 * that trips. Afterwards everything stands or nothing does, and asked again it comes to the same,
 * to the last byte of every table. And of several processes that decide at once, one promotes. */
/* link: -Wl,--wrap=ll_decisions_add,--wrap=ll_variants_set_status,--wrap=ll_ab_tests_end */
/* link: -Wl,--wrap=ll_ab_looks_add,--wrap=ll_ab_sums_write */
#include "base/point.h"
#include "store/ab_looks.h"
#include "store/ab_sums.h"
#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/variants.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL "BUY"
#define CHAMPION "v1.0"
#define VARIANT "v1.2"
#define UNITS 240
#define FAILURES 20 /* with the last of them the breaker trips */
#define VISITS_MAX 4
#define DECIDERS 3
#define ROUNDS 20
#define ROUNDS_QUICK 4

static char folder[FOLDER_PATH_BYTES];
static char template[FOLDER_PATH_BYTES + 32]; /* the database before the change */
static char path[FOLDER_PATH_BYTES + 32];     /* its copy, to be changed */
static int64_t clock_us = INT64_C(1760000000) * 1000000;

/* ---- where to die ----------------------------------------------------------- */

static const char *const points[] = {
    "ingest.drained",
    "ingest.filled",
    "store.commit",
    "store.committed",
    "ingest.committed",
    "ingest.returned",
    "decision",
    "status",
    "end",
    "look",
    "sums",
};
#define POINTS (sizeof points / sizeof points[0])

static const char *deadly; /* NULL: none, of this process */
static int visits_left;

void ll_point_hit(const char *name)
{
    if (deadly != NULL && strcmp(name, deadly) == 0 && --visits_left == 0)
        kill(getpid(), SIGKILL);
}

/* The writes of a change are points, too: name_of_point, the function and its arguments. */
#define POINT_BEFORE(point, function, parameters, ...)                                             \
    llmlearn_err __real_##function parameters;                                                     \
    llmlearn_err __wrap_##function parameters;                                                     \
    llmlearn_err __wrap_##function parameters                                                      \
    {                                                                                              \
        ll_point_hit(point);                                                                       \
        return __real_##function(__VA_ARGS__);                                                     \
    }

POINT_BEFORE("decision", ll_decisions_add,
             (ll_connection * connection, const ll_decision_row *row, uint64_t *out_id), connection,
             row, out_id)
POINT_BEFORE("status", ll_variants_set_status,
             (ll_connection * connection, int64_t variant, ll_variant_status status,
              int64_t now_us),
             connection, variant, status, now_us)
POINT_BEFORE("end", ll_ab_tests_end,
             (ll_connection * connection, uint64_t test, ll_ab_status status, int64_t now_us),
             connection, test, status, now_us)
POINT_BEFORE("look", ll_ab_looks_add,
             (ll_connection * connection, uint64_t test, const ll_ab_look *look,
              uint32_t arm_count),
             connection, test, look, arm_count)
POINT_BEFORE("sums", ll_ab_sums_write, (ll_ab_sums * sums), sums)

/* ---- a test in its middle ---------------------------------------------------- */

static int64_t read_clock(void *user)
{
    (void)user;
    return clock_us;
}

static llmlearn *open_at(const char *database)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    learner_options(database, &options);
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &learner));
    return learner;
}

static void close_it(llmlearn *learner)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
}

static uint64_t start_test(llmlearn *learner)
{
    static const llmlearn_arm arms[] = { { CHAMPION, 0.5 }, { VARIANT, 0.5 } };
    const llmlearn_ab_test test = { .struct_size = sizeof test,
                                    .flags = LLMLEARN_AB_NO_MINIMUM_DURATION,
                                    .signal = SIGNAL,
                                    .arms = arms,
                                    .arm_count = 2,
                                    .rule = LLMLEARN_RULE_GROUP_SEQUENTIAL,
                                    .duration_max_days = 20,
                                    .trials_min = 20,
                                    .lift_min = 0.2,
                                    .deadline_ms = LEARNER_DEADLINE_MS };
    uint64_t id = 0;

    for (int i = 0; i < 2; i++) {
        const llmlearn_variant variant = { .struct_size = sizeof variant,
                                           .deadline_ms = LEARNER_DEADLINE_MS,
                                           .signal = SIGNAL,
                                           .version = arms[i].version,
                                           .text = "Explain it." };
        expect_ok(llmlearn_add_variant(learner, &variant));
    }
    expect_ok(llmlearn_start_ab_test(learner, &test, &id));
    return id;
}

static llmlearn_assignment assign(llmlearn *learner, int unit, char name[16])
{
    llmlearn_assignment given = { .struct_size = sizeof given };

    snprintf(name, 16, "unit%d", unit);
    expect_ok(llmlearn_get_variant(learner, SIGNAL, name, &given));
    return given;
}

/* Every unit votes; for the variant's all is well, and the champion is liked by one in so many. */
static void gather_votes(llmlearn *learner, int champion_liked_by)
{
    char unit[16];

    for (int i = 0; i < UNITS; i++) {
        const llmlearn_assignment given = assign(learner, i, unit);
        const llmlearn_explanation e = { .struct_size = sizeof e,
                                         .ticker = "NVDA",
                                         .signal = SIGNAL,
                                         .text = unit,
                                         .version = given.version,
                                         .unit = unit,
                                         .test_id = given.test_id,
                                         .arm = given.arm };
        llmlearn_id id;
        expect_ok(llmlearn_log_explanation(learner, &e, &id));
        bool liked = given.arm == 1 ? i % 8 != 0 : i % champion_liked_by == 0;
        expect_ok(learner_vote(learner, &id, unit, liked, 0));
    }
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
}

/* The next failure of arm 1, of a unit of its own; there have been so many. */
static void report_failure(llmlearn *learner, uint64_t test, int before)
{
    llmlearn_assignment given = { .arm = 0 };
    char unit[16];

    for (int i = 0, met = -1; met < before; i++) {
        given = assign(learner, i, unit);
        met += given.arm == 1;
    }
    expect_ok(llmlearn_report_failure(learner, test, 1, unit, LEARNER_DEADLINE_MS));
}

static llmlearn_decision decide(llmlearn *learner)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    expect_ok(llmlearn_select_winner(learner, SIGNAL, LLMLEARN_PROMOTE, LEARNER_DEADLINE_MS, &d));
    llmlearn_free(d.receipt_json);
    d.receipt_json = NULL;
    return d;
}

/* ---- the changes ---------------------------------------------------------------- */

typedef struct change {
    const char *name;
    void (*prepare)(llmlearn *learner);
    void (*make)(llmlearn *learner);
    const char *made_sql; /* 1 once it is made, 0 before */
} change;

static void prepare_look(llmlearn *learner)
{
    start_test(learner);
    gather_votes(learner, 1); /* the champion is liked by all: no end of it yet */
}

static void prepare_promotion(llmlearn *learner)
{
    start_test(learner);
    gather_votes(learner, 4);
}

static void prepare_rollback(llmlearn *learner)
{
    prepare_promotion(learner);
    ck_assert_uint_eq(decide(learner).promoted, 1);
}

static void prepare_breaker(llmlearn *learner)
{
    uint64_t test = start_test(learner);

    for (int i = 0; i + 1 < FAILURES; i++)
        report_failure(learner, test, i);
}

static void make_decision(llmlearn *learner)
{
    decide(learner);
}

static void make_rollback(llmlearn *learner)
{
    expect_ok(llmlearn_rollback(learner, SIGNAL, "ann", "worse", LEARNER_DEADLINE_MS));
}

static void make_breaker(llmlearn *learner)
{
    report_failure(learner, 1, FAILURES - 1);
}

static const change changes[] = {
    { "look", prepare_look, make_decision, "SELECT count(DISTINCT at_us) FROM llm_ab_looks" },
    { "promotion", prepare_promotion, make_decision,
      "SELECT count(*) FROM llm_decisions d JOIN llm_variants v ON v.id = d.to_variant"
      " WHERE kind = 'promotion' AND v.status = 'champion' AND v.version = '" VARIANT "'" },
    { "rollback", prepare_rollback, make_rollback,
      "SELECT count(*) FROM llm_decisions d JOIN llm_variants v ON v.id = d.to_variant"
      " WHERE kind = 'rollback' AND v.status = 'champion' AND v.version = '" CHAMPION "'" },
    { "breaker", prepare_breaker, make_breaker,
      "SELECT count(*) FROM llm_decisions, llm_ab_arms a WHERE kind = 'breaker' AND a.arm = 1"
      " AND a.off_us > 0" },
};
#define CHANGES ((int)(sizeof changes / sizeof changes[0]))

/* ---- before, after, and nothing between ------------------------------------------ */

static void copy_template(void)
{
    size_t bytes = 0;
    unsigned char *data = file_read(template, &bytes);
    char side[FOLDER_PATH_BYTES + 40];

    ck_assert_ptr_nonnull(data);
    static const char *const sides[] = { "-wal", "-shm", ".lock" };
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        snprintf(side, sizeof side, "%s%s", path, sides[i]);
        unlink(side);
    }
    file_write(path, data, bytes);
    free(data);
}

static void set_up(const change *c)
{
    folder_make_fast(folder);
    snprintf(template, sizeof template, "%s/template.db", folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    llmlearn *learner = open_at(template);
    c->prepare(learner);
    close_it(learner);
}

/* In a process of its own, which may die of it. True if it did. */
static bool make_change(const change *c, const char *point, int visit)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        llmlearn *learner = open_at(path);
        deadly = point;
        visits_left = visit;
        c->make(learner);
        deadly = NULL;
        close_it(learner);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) {
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        return true;
    }
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

static void expect_state(const change *c, const char *point, int visit, const char *state,
                         const char *expected)
{
    char *found = recount_dump(path);
    size_t at = 0;

    while (found[at] != '\0' && found[at] == expected[at])
        at++;
    if (strcmp(found, expected) != 0)
        ck_abort_msg("%s, killed at %s %d: not the %s state: %.200s", c->name, point, visit, state,
                     found + (at < 100 ? 0 : at - 100));
    free(found);
}

typedef struct states {
    char *before, *after;
} states;

/* Whether it died there, and whether the change was made then. */
static bool kill_at(const change *c, const states *s, const char *point, int visit, bool *out_made)
{
    copy_template();
    bool died = make_change(c, point, visit);
    bool made = recount_number(path, c->made_sql) == 1;

    ck_assert(died || made);
    recount(path);
    expect_state(c, point, visit, made ? "new" : "old", made ? s->after : s->before);
    if (!made)
        ck_assert(!make_change(c, NULL, 0));
    recount(path);
    expect_state(c, point, visit, "new", s->after);
    *out_made = made;
    return died;
}

START_TEST(a_change_is_made_or_not)
{
    const change *c = &changes[_i];
    int deaths = 0, made_count = 0;
    states s;

    set_up(c);
    copy_template();
    ck_assert_int_eq(recount_number(path, c->made_sql), 0);
    s.before = recount_dump(path);
    ck_assert(!make_change(c, NULL, 0));
    ck_assert_int_eq(recount_number(path, c->made_sql), 1);
    s.after = recount_dump(path);
    for (size_t i = 0; i < POINTS; i++) {
        bool made, died = true;
        for (int visit = 1; visit <= VISITS_MAX && died; visit++) {
            died = kill_at(c, &s, points[i], visit, &made);
            deaths += died;
            made_count += died && made;
        }
    }
    printf("decision_kill: %s: %d deaths, after %d of them it was made\n", c->name, deaths,
           made_count);
    fflush(stdout);
    ck_assert_int_gt(made_count, 0);
    ck_assert_int_gt(deaths, made_count);
    free(s.before);
    free(s.after);
    folder_remove(folder);
}
END_TEST

/* ---- many who decide at once -------------------------------------------------------- */

static void decide_with_others(int gate, int number)
{
    llmlearn *learner = open_at(path);
    char byte;

    deadly = NULL;
    ck_assert_int_eq(read(gate, &byte, 1), 0); /* closed: all start now */
    const llmlearn_decision d = decide(learner);
    ck_assert_int_eq(d.verdict, LLMLEARN_WINNER);
    ck_assert_str_eq(d.winner, VARIANT);
    ck_assert_uint_eq(d.promoted, 1);
    ck_assert_msg(d.decision_id == 2, "process %d: decision %llu", number,
                  (unsigned long long)d.decision_id);
    close_it(learner);
    _exit(0);
}

static void decide_at_once(const char *after)
{
    pid_t pids[DECIDERS];
    int gate[2];

    copy_template();
    ck_assert_int_eq(pipe(gate), 0);
    for (int i = 0; i < DECIDERS; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            close(gate[1]);
            decide_with_others(gate[0], i);
        }
    }
    usleep(20000); /* most of them are waiting by then */
    close(gate[1]);
    close(gate[0]);
    for (int i = 0; i < DECIDERS; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ck_assert_int_eq(
        recount_number(path, "SELECT count(*) FROM llm_decisions WHERE kind = 'promotion'"), 1);
    recount(path);
    expect_state(&changes[1], "none", 0, "new", after);
}

START_TEST(of_many_who_decide_one_promotes)
{
    set_up(&changes[1]);
    copy_template();
    ck_assert(!make_change(&changes[1], NULL, 0));
    char *after = recount_dump(path);
    for (int i = 0; i < learner_rounds(ROUNDS, ROUNDS_QUICK); i++)
        decide_at_once(after);
    free(after);
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decision_kill");
    TCase *tcase = tcase_create("kill -9");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, a_change_is_made_or_not, 0, CHANGES);
    tcase_add_test(tcase, of_many_who_decide_one_promotes);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
