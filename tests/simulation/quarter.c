#include "simulation/quarter.h"

#include "simulation/draws.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define MONDAY_US (INT64_C(1759708800) * 1000000) /* 2025-10-06 */
#define DEADLINE_MS 60000u
#define PROCESSES_MAX 8
#define THREADS_MAX 64
#define NO_MORE_DAYS UINT32_MAX
#define READERS 20
#define DAYS_LOYAL 5
#define CORRELATION 0.3
#define HARD_SHARE 0.15
#define HARD_RATE 0.2
#define TEMPLATE_RATE 0.1
#define LOOK_DAYS_MAX 64 /* a longer test is looked at every other day, and so on */

static void check_call(llmlearn_err err, const char *call)
{
    if (err == LLMLEARN_OK)
        return;
    fprintf(stderr, "quarter: %s: %s: %s\n", call, llmlearn_error_name(err),
            llmlearn_error_detail());
    abort();
}

#define MUST(call) check_call((call), #call)

/* A vote to be given. */
typedef struct ballot {
    llmlearn_id explanation;
    uint32_t test, user;
    bool helpful;
} ballot;

/* One test, and what became of it. */
typedef struct test_run {
    const quarter_case *of;
    char signal[33];
    bool has_ended;
    int32_t verdict;
    int32_t winner; /* arm; -1: none */
    bool promoted;
    double trials_planned, kappa;
} test_run;

/* Shared by the processes. */
typedef struct board {
    atomic_llong now_us;
    atomic_ullong explanations[64], votes[64]; /* of each case */
} board;

typedef struct world {
    const quarter *q;
    llmlearn *learner;
    test_run *runs;
    uint32_t run_count;
    uint32_t process; /* which of q->processes this is */
    uint32_t day;
    ballot *ballots;
    uint32_t ballot_count, ballots_max;
    atomic_uint next; /* ballot or run of the threads */
    board *board;
} world;

static int64_t read_clock(void *user)
{
    board *b = user;

    return atomic_load(&b->now_us);
}

static void set_clock(world *w, int64_t us)
{
    atomic_store(&w->board->now_us, us);
}

static llmlearn *open_world(const world *w)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    llmlearn_options_init(&options, sizeof options);
    options.path = w->q->path;
    options.feedback_per_hour = UINT32_MAX;
    options.clock = read_clock;
    options.clock_user = w->board;
    MUST(llmlearn_open(&options, &learner));
    return learner;
}

/* ---- people ------------------------------------------------------------------ */

/* Of a case, a test and a user the same everywhere, whoever asks. */
static draws draws_of(const world *w, uint32_t run, uint32_t user)
{
    return draws_begin(w->q->seed + (uint64_t)run * UINT64_C(0x100000001) * 7919 +
                       (uint64_t)user * UINT64_C(0x9e3779b97f4a7c15));
}

/* Two votes out of one mood correlate by CORRELATION. */
static bool vote_by_mood(draws *d, bool mood, double rate)
{
    return draw_event(d, sqrt(CORRELATION)) ? mood : draw_event(d, rate);
}

static double rate_today(const quarter_case *c, uint32_t arm, uint32_t day)
{
    double rate = c->rates[arm];

    if (c->people == PEOPLE_WEEKLY && arm == 1)
        rate += day % 7 < 5 ? 0.08 : -0.20;
    return rate;
}

static bool is_lost(const quarter_case *c, uint32_t arm, draws *d)
{
    return c->people == PEOPLE_LOST && arm == 1 && draw_event(d, 1.0 - 48.0 / 52.0);
}

static bool is_answered(const quarter_case *c, uint32_t arm, draws *d)
{
    if (c->people == PEOPLE_LOST)
        return false;
    return c->people != PEOPLE_SILENT || draw_event(d, arm == 0 ? 0.4 : 0.3);
}

/* Whose request it is; a loyal user is back on the days that follow. */
static uint32_t user_of(const world *w, const quarter_case *c, uint32_t request)
{
    uint32_t block = c->people == PEOPLE_LOYAL ? w->day / DAYS_LOYAL : w->day;

    return block * c->requests + request;
}

/* ---- a day's requests ---------------------------------------------------------- */

static void add_ballot(world *w, uint32_t run, uint32_t user, const llmlearn_id *id, bool helpful)
{
    if (w->ballot_count == w->ballots_max) {
        w->ballots_max = w->ballots_max == 0 ? 4096 : 2 * w->ballots_max;
        w->ballots = realloc(w->ballots, w->ballots_max * sizeof *w->ballots);
        if (w->ballots == NULL)
            abort();
    }
    w->ballots[w->ballot_count++] =
        (ballot){ .explanation = *id, .test = run, .user = user, .helpful = helpful };
}

static void log_answer(world *w, uint32_t run, const llmlearn_assignment *given, const char *unit,
                       bool failed, llmlearn_id *out_id)
{
    const llmlearn_explanation e = {
        .struct_size = sizeof e,
        .flags = LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_COST | (given->flags & LLMLEARN_REROUTED) |
                 (failed ? LLMLEARN_FALLBACK : 0),
        .ticker = "NVDA",
        .signal = w->runs[run].signal,
        .text = "why",
        .version = given->version,
        .unit = unit,
        .fallback_reason = failed ? "the input is hard" : NULL,
        .latency_ms = 800,
        .cost_nanousd = 132000,
        .test_id = given->test_id,
        .arm = given->arm,
    };

    MUST(llmlearn_log_explanation(w->learner, &e, out_id));
    atomic_fetch_add(&w->board->explanations[w->runs[run].of - w->q->cases], 1);
}

static void vote_on(world *w, uint32_t run, uint32_t user, const llmlearn_id *id, double rate,
                    draws *d)
{
    const quarter_case *c = w->runs[run].of;
    draws of_user = draws_of(w, run, user);
    bool mood = draw_event(c->people == PEOPLE_LOYAL ? &of_user : d, rate);

    switch (c->people) {
    case PEOPLE_LOYAL:
        add_ballot(w, run, user, id, vote_by_mood(d, mood, rate));
        return;
    case PEOPLE_READING:
        for (uint32_t i = 0; i < READERS; i++)
            add_ballot(w, run, user * READERS + i, id, vote_by_mood(d, mood, rate));
        return;
    default:
        add_ballot(w, run, user, id, mood);
        return;
    }
}

static void request_answer(world *w, uint32_t run, uint32_t request, draws *d)
{
    const quarter_case *c = w->runs[run].of;
    uint32_t user = user_of(w, c, request);
    llmlearn_assignment given = { .struct_size = sizeof given };
    bool hard = c->people == PEOPLE_HARD && draw_event(d, HARD_SHARE);
    char unit[32];
    llmlearn_id id;

    snprintf(unit, sizeof unit, "%u.%u", run, user);
    const char *told = c->people == PEOPLE_READING ? NULL : unit;
    MUST(llmlearn_get_variant(w->learner, w->runs[run].signal, told, &given));
    if (given.test_id == 0 || is_lost(c, given.arm, d))
        return;
    bool failed = hard && given.arm == 1 && (given.flags & LLMLEARN_REROUTED) == 0;
    double rate = rate_today(c, given.arm, w->day);
    if (hard)
        rate = failed ? TEMPLATE_RATE : HARD_RATE;
    log_answer(w, run, &given, told, failed, &id);
    if (is_answered(c, given.arm, d))
        vote_on(w, run, user, &id, rate, d);
}

/* Those of this process. */
static void log_day(world *w)
{
    w->ballot_count = 0;
    for (uint32_t i = 0; i < w->run_count; i++) {
        const test_run *r = &w->runs[i];
        draws d = draws_of(w, i, UINT32_MAX - w->day * PROCESSES_MAX - w->process);
        if (r->has_ended || w->day >= r->of->days)
            continue;
        for (uint32_t j = w->process; j < r->of->requests; j += w->q->processes)
            request_answer(w, i, j, &d);
    }
    MUST(llmlearn_flush(w->learner, DEADLINE_MS));
}

/* ---- votes and looks, by many threads ------------------------------------------- */

static void *vote_some(void *argument)
{
    world *w = argument;
    char user[32];

    for (uint32_t i = atomic_fetch_add(&w->next, 1); i < w->ballot_count;
         i = atomic_fetch_add(&w->next, 1)) {
        const ballot *b = &w->ballots[i];
        const llmlearn_feedback f = { .struct_size = sizeof f,
                                      .vote = b->helpful ? LLMLEARN_HELPFUL : LLMLEARN_NOT_HELPFUL,
                                      .explanation_id = b->explanation,
                                      .user = user,
                                      .deadline_ms = DEADLINE_MS };
        snprintf(user, sizeof user, "%u.%u", b->test, b->user);
        MUST(llmlearn_submit_feedback(w->learner, &f, NULL));
        atomic_fetch_add(&w->board->votes[w->runs[b->test].of - w->q->cases], 1);
    }
    return NULL;
}

static void look(world *w, test_run *r)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    MUST(llmlearn_select_winner(w->learner, r->signal, LLMLEARN_PROMOTE, DEADLINE_MS, &d));
    llmlearn_free(d.receipt_json);
    if (d.verdict == LLMLEARN_KEEP_GOING)
        return;
    r->has_ended = true;
    r->verdict = d.verdict;
    r->winner = d.winner == NULL ? -1 : d.winner[strlen(d.winner) - 1] - '0';
    r->promoted = d.promoted;
}

/* In any case on its last day. */
static bool is_asked_for(const quarter_case *c, uint32_t days_over)
{
    return c->look_days == 0 || days_over % c->look_days == 0 || days_over == c->days;
}

static void *look_at_some(void *argument)
{
    world *w = argument;

    for (uint32_t i = atomic_fetch_add(&w->next, 1); i < w->run_count;
         i = atomic_fetch_add(&w->next, 1)) {
        if (!w->runs[i].has_ended && is_asked_for(w->runs[i].of, w->day + 1))
            look(w, &w->runs[i]);
    }
    return NULL;
}

static void do_together(world *w, void *(*job)(void *))
{
    pthread_t threads[THREADS_MAX];

    assert(w->q->threads >= 1 && w->q->threads <= THREADS_MAX);
    atomic_store(&w->next, 0);
    for (uint32_t i = 0; i < w->q->threads; i++) {
        if (pthread_create(&threads[i], NULL, job, w) != 0)
            abort();
    }
    for (uint32_t i = 0; i < w->q->threads; i++)
        pthread_join(threads[i], NULL);
}

static void work_day(world *w)
{
    log_day(w);
    do_together(w, vote_some);
}

/* ---- the other processes --------------------------------------------------------- */

typedef struct colleague {
    pid_t pid;
    int orders, reports; /* a day's number, and that it is done */
} colleague;

/* Works one day for each number that it reads. What has ended it sees as any process does: by the
 * variants that it is given. */
static void be_colleague(world *w, int orders, int reports)
{
    uint32_t day = 0;

    w->learner = open_world(w);
    while (read(orders, &day, sizeof day) == (ssize_t)sizeof day && day != NO_MORE_DAYS) {
        w->day = day;
        work_day(w);
        if (write(reports, &day, sizeof day) != (ssize_t)sizeof day)
            abort();
    }
    MUST(llmlearn_close(w->learner, DEADLINE_MS));
    exit(0);
}

static colleague hire(world *w, uint32_t process)
{
    int down[2], up[2];
    colleague c;

    if (pipe(down) != 0 || pipe(up) != 0)
        abort();
    fflush(stdout);
    c.pid = fork();
    if (c.pid < 0)
        abort();
    if (c.pid == 0) {
        close(down[1]);
        close(up[0]);
        w->process = process;
        be_colleague(w, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    c.orders = down[1];
    c.reports = up[0];
    return c;
}

static void order(const colleague *c, uint32_t day)
{
    if (write(c->orders, &day, sizeof day) != (ssize_t)sizeof day)
        abort();
}

static void await(const colleague *c)
{
    uint32_t day = 0;

    if (read(c->reports, &day, sizeof day) != (ssize_t)sizeof day)
        abort();
}

static void dismiss(const colleague *c)
{
    int status = 0;

    order(c, NO_MORE_DAYS);
    if (waitpid(c->pid, &status, 0) != c->pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        abort();
    close(c->orders);
    close(c->reports);
}

/* ---- a quarter -------------------------------------------------------------------- */

static double number_in(const char *json, const char *key)
{
    const char *at = strstr(json, key);

    assert(at != NULL);
    return strtod(at + strlen(key), NULL);
}

/* What the library planned is in the receipt of the start. */
static void read_plan(const world *w, test_run *r)
{
    char *json = NULL;

    MUST(llmlearn_decisions(w->learner, r->signal, 1, &json));
    r->trials_planned = number_in(json, "\"trials_planned\":");
    r->kappa = number_in(json, "\"kappa\":");
    llmlearn_free(json);
}

static void start_run(const world *w, test_run *r)
{
    llmlearn_arm arms[QUARTER_ARMS_MAX];
    char versions[QUARTER_ARMS_MAX][8];
    llmlearn_ab_test test = {
        .struct_size = sizeof test,
        .flags = r->of->days_min == 0 ? LLMLEARN_AB_NO_MINIMUM_DURATION : 0,
        .signal = r->signal,
        .arms = arms,
        .arm_count = r->of->arm_count,
        .rule = r->of->rule,
        .duration_min_days = r->of->days_min,
        .duration_max_days = r->of->days,
        .trials_min = 1,
        .lift_min = r->of->lift_min,
        .deadline_ms = DEADLINE_MS,
    };

    assert(r->of->arm_count >= 2 && r->of->arm_count <= QUARTER_ARMS_MAX);
    for (uint32_t i = 0; i < r->of->arm_count; i++) {
        snprintf(versions[i], sizeof versions[i], "v1.%u", i % 10);
        arms[i] = (llmlearn_arm){ versions[i], 1.0 / r->of->arm_count };
        const llmlearn_variant variant = { .struct_size = sizeof variant,
                                           .deadline_ms = DEADLINE_MS,
                                           .signal = r->signal,
                                           .version = versions[i],
                                           .text = versions[i] };
        MUST(llmlearn_add_variant(w->learner, &variant));
    }
    MUST(llmlearn_start_ab_test(w->learner, &test, NULL));
    read_plan(w, r);
}

static void *start_some(void *argument)
{
    world *w = argument;

    for (uint32_t i = atomic_fetch_add(&w->next, 1); i < w->run_count;
         i = atomic_fetch_add(&w->next, 1))
        start_run(w, &w->runs[i]);
    return NULL;
}

static void name_runs(world *w)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < w->q->case_count; i++)
        w->run_count += w->q->cases[i].tests;
    w->runs = calloc(w->run_count, sizeof *w->runs);
    if (w->runs == NULL)
        abort();
    for (uint32_t i = 0; i < w->q->case_count; i++) {
        for (uint32_t j = 0; j < w->q->cases[i].tests; j++, at++) {
            w->runs[at].of = &w->q->cases[i];
            snprintf(w->runs[at].signal, sizeof w->runs[at].signal, "%.20s-%u", w->q->cases[i].name,
                     j);
        }
    }
}

static uint32_t last_day(const quarter *q)
{
    uint32_t days = 0;

    for (uint32_t i = 0; i < q->case_count; i++)
        days = q->cases[i].days > days ? q->cases[i].days : days;
    return days;
}

static void live_through(world *w, const colleague *others)
{
    uint32_t days = last_day(w->q);

    for (w->day = 0; w->day < days; w->day++) {
        set_clock(w, MONDAY_US + w->day * DAY_US + DAY_US / 2);
        work_day(w);
        for (uint32_t i = 1; i < w->q->processes; i++) {
            order(&others[i], w->day);
            await(&others[i]);
        }
        set_clock(w, MONDAY_US + (w->day + 1) * DAY_US);
        do_together(w, look_at_some);
    }
}

static void tally_up(const world *w, quarter_tally *tallies)
{
    memset(tallies, 0, w->q->case_count * sizeof *tallies);
    for (uint32_t i = 0; i < w->run_count; i++) {
        const test_run *r = &w->runs[i];
        quarter_tally *t = &tallies[r->of - w->q->cases];
        assert(r->has_ended);
        t->tests++;
        t->winners += r->winner >= 0;
        t->variants += r->winner > 0;
        t->promoted += r->promoted;
        t->invalid += r->verdict == LLMLEARN_INVALID;
        t->no_difference += r->verdict == LLMLEARN_NO_DIFFERENCE;
        t->trials_planned = (uint32_t)r->trials_planned;
        t->kappa = r->kappa;
    }
    for (uint32_t i = 0; i < w->q->case_count; i++) {
        tallies[i].explanations = atomic_load(&w->board->explanations[i]);
        tallies[i].votes = atomic_load(&w->board->votes[i]);
    }
}

void run_quarter(const quarter *q, quarter_tally *tallies)
{
    colleague others[PROCESSES_MAX];
    world w = { .q = q };

    assert(q->processes >= 1 && q->processes <= PROCESSES_MAX);
    w.board =
        mmap(NULL, sizeof *w.board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w.board == MAP_FAILED || q->case_count > sizeof w.board->votes / sizeof w.board->votes[0])
        abort();
    name_runs(&w);
    set_clock(&w, MONDAY_US);
    for (uint32_t i = 1; i < q->processes; i++)
        others[i] = hire(&w, i);
    w.learner = open_world(&w);
    do_together(&w, start_some);
    live_through(&w, others);
    for (uint32_t i = 1; i < q->processes; i++)
        dismiss(&others[i]);
    MUST(llmlearn_close(w.learner, DEADLINE_MS));
    tally_up(&w, tallies);
    free(w.ballots);
    free(w.runs);
    munmap(w.board, sizeof *w.board);
}

scenario quarter_expected(const quarter_case *c, const quarter_tally *t)
{
    uint32_t days = c->rule == LLMLEARN_RULE_ALWAYS_VALID ? 7 : (c->days - 1) / LOOK_DAYS_MAX + 1;
    scenario s = { .arm_count = c->arm_count,
                   .horizon = c->days * c->requests,
                   .planned = t->trials_planned * c->arm_count,
                   .kappa = t->kappa,
                   .look_every = days * c->requests };

    assert(c->people == PEOPLE_ONCE && c->look_days == 0);
    for (uint32_t i = 0; i < c->arm_count; i++) {
        s.rates[i] = c->rates[i];
        s.weights[i] = 1.0 / c->arm_count;
    }
    return s;
}
