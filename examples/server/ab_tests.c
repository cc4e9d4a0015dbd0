#include "ab_tests.h"

#include "json_input.h"
#include "problem.h"
#include "reply.h"
#include "reports.h"

#include <stdio.h>
#include <string.h>

enum { DECIDE_DEADLINE_MS = 10000 };

/* ---- finding a test */

/* The report on the newest test of a signal, and its champion; NULL: refused. */
static json_t *read_newest(request *r, const char *signal)
{
    char *text = NULL;

    return reports_read(r, llmlearn_ab_tests(r->server->learner, signal, 1, &text), &text);
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The test that the path names, however old: its series, which is what the library tells of one
 * test alone. For json_decref; NULL: refused. */
static json_t *find_test(request *r)
{
    uint64_t test_id = 0;
    char *text = NULL;

    if (!reports_test_id(r, &test_id))
        return NULL;
    return reports_read(r, llmlearn_ab_test_series(r->server->learner, test_id, 0, &text), &text);
}

/* Only the newest test of a signal can be decided. False: refused. */
static bool check_newest(request *r, const json_t *test)
{
    json_t *report = read_newest(r, text_of(test, "signal"));
    if (report == NULL)
        return false;
    const json_t *newest = json_array_get(json_object_get(report, "tests"), 0);
    bool same = json_equal(json_object_get(newest, "test_id"), json_object_get(test, "test_id"));
    json_decref(report);
    if (!same)
        problem(r, MHD_HTTP_CONFLICT, NULL, "The signal has had a newer test since.");
    return same;
}

/* Every day of a series has all arms. */
static bool has_arm(const json_t *test, const char *version)
{
    const json_t *day = json_array_get(json_object_get(test, "days"), 0);
    size_t i = 0;
    json_t *arm = NULL;

    json_array_foreach(json_object_get(day, "arms"), i, arm)
    {
        if (strcmp(text_of(arm, "version"), version) == 0)
            return true;
    }
    return false;
}

/* After a call that may have made another one champion. */
static void tell_champion(request *r, llmlearn_err err, const char *signal)
{
    size_t i = 0;
    json_t *champion = NULL;

    if (err != LLMLEARN_OK) {
        problem_of_library(r, err);
        return;
    }
    json_t *report = read_newest(r, signal);
    if (report == NULL)
        return;
    json_array_foreach(json_object_get(report, "champions"), i, champion)
    {
        if (strcmp(text_of(champion, "signal"), signal) == 0)
            break;
    }
    reply_json(r, MHD_HTTP_OK,
               json_pack("{s:O}", "champion", json_object_get(champion, "version")));
    json_decref(report);
}

/* ---- start */

typedef struct plan {
    const char *rule;
    json_t *arms;
    int64_t trials_min;
    llmlearn_arm list[LLMLEARN_ARMS_MAX];
    llmlearn_ab_test test;
} plan;

static bool read_rule(request *r, plan *p)
{
    static const char *const names[] = { "classic", "group_sequential", "always_valid" };

    for (int32_t i = 0; p->rule != NULL && i < 3; i++)
        if (strcmp(p->rule, names[i]) == 0)
            p->test.rule = LLMLEARN_RULE_CLASSIC + i;
    if (p->rule == NULL || p->test.rule != 0)
        return true;
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "rule",
            "It must be classic, group_sequential or always_valid.");
    return false;
}

static bool read_arms(request *r, plan *p)
{
    size_t i = 0;
    json_t *arm = NULL;
    char where[32];

    if (json_array_size(p->arms) < 2 || json_array_size(p->arms) > LLMLEARN_ARMS_MAX) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "arms", "It must be 2 to %d arms.",
                LLMLEARN_ARMS_MAX);
        return false;
    }
    json_array_foreach(p->arms, i, arm)
    {
        const field fields[] = {
            { "version", A_NAME, true, &p->list[i].version },
            { "weight", A_NUMBER, true, &p->list[i].weight },
        };
        snprintf(where, sizeof where, "arms[%zu].", i);
        if (!json_input_fields(r, arm, where, fields, 2))
            return false;
    }
    p->test.arms = p->list;
    p->test.arm_count = (uint32_t)json_array_size(p->arms);
    return true;
}

/* A zero means the default to the library; here it is a number that somebody wrote. */
static bool read_numbers(request *r, const json_t *body, plan *p)
{
    static const char *const names[] = { "duration_min_days", "duration_max_days", "trials_min",
                                         "lift_min" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *given = json_object_get(body, names[i]);
        if (json_is_number(given) && !(json_number_value(given) > 0)) {
            problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, names[i], "It must be more than 0.");
            return false;
        }
    }
    p->test.trials_min = (uint64_t)p->trials_min;
    return true;
}

void ab_tests_start(request *r)
{
    plan p = { .test = { .struct_size = sizeof p.test } };
    uint64_t test_id = 0;
    const field fields[] = {
        { "signal", A_NAME, true, &p.test.signal },
        { "arms", A_LIST, true, &p.arms },
        { "rule", A_NAME, false, &p.rule },
        { "duration_min_days", A_NUMBER, false, &p.test.duration_min_days },
        { "duration_max_days", A_NUMBER, false, &p.test.duration_max_days },
        { "trials_min", A_WHOLE, false, &p.trials_min },
        { "lift_min", A_NUMBER, false, &p.test.lift_min },
        { "actor", A_TEXT, true, &p.test.actor },
    };

    json_t *body = json_input(r, fields, sizeof fields / sizeof fields[0]);
    if (body == NULL)
        return;
    if (read_rule(r, &p) && read_arms(r, &p) && read_numbers(r, body, &p)) {
        llmlearn_err err = llmlearn_start_ab_test(r->server->learner, &p.test, &test_id);
        if (err == LLMLEARN_OK)
            reply_json(r, MHD_HTTP_CREATED, json_pack("{s:I}", "test_id", (json_int_t)test_id));
        else
            problem_of_library(r, err);
    }
    json_decref(body);
}

/* ---- decide */

static const char *verdict_name(int32_t verdict)
{
    static const char *const names[] = { "keep_going", "winner", "no_difference", "invalid" };
    return names[verdict - LLMLEARN_KEEP_GOING];
}

static void look(request *r, const char *signal, bool promote)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    llmlearn_err err = llmlearn_select_winner(
        r->server->learner, signal, promote ? LLMLEARN_PROMOTE : 0, DECIDE_DEADLINE_MS, &d);
    if (err != LLMLEARN_OK) {
        problem_of_library(r, err);
        return;
    }
    json_t *receipt = d.receipt_json != NULL ? json_loads(d.receipt_json, 0, NULL) : json_null();
    reply_json(r, MHD_HTTP_OK,
               json_pack("{s:s, s:s, s:s?, s:b, s:b, s:o}", "verdict", verdict_name(d.verdict),
                         "status", d.status, "winner", d.winner, "promotable", d.promotable != 0,
                         "promoted", d.promoted != 0, "receipt", receipt));
    llmlearn_free(d.receipt_json);
}

void ab_tests_decide(request *r)
{
    bool promote = false;
    const field fields[] = { { "promote", A_BOOL, true, &promote } };

    json_t *body = json_input(r, fields, 1);
    json_t *test = body != NULL ? find_test(r) : NULL;
    if (test != NULL && check_newest(r, test))
        look(r, text_of(test, "signal"), promote);
    json_decref(test);
    json_decref(body);
}

/* ---- by hand, with a name and a reason */

void ab_tests_promote(request *r)
{
    const char *version = NULL, *actor = NULL, *reason = NULL;
    const field fields[] = { { "version", A_NAME, true, &version },
                             { "actor", A_TEXT, true, &actor },
                             { "reason", A_TEXT, true, &reason } };

    json_t *body = json_input(r, fields, 3);
    json_t *test = body != NULL ? find_test(r) : NULL;
    if (test != NULL && !has_arm(test, version)) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, "version", "It is no arm of this test.");
    } else if (test != NULL) {
        const char *signal = text_of(test, "signal");
        tell_champion(
            r, llmlearn_promote_variant(r->server->learner, signal, version, actor, reason, 0),
            signal);
    }
    json_decref(test);
    json_decref(body);
}

void ab_tests_rollback(request *r)
{
    const char *actor = NULL, *reason = NULL;
    const field fields[] = { { "actor", A_TEXT, true, &actor },
                             { "reason", A_TEXT, true, &reason } };

    json_t *body = json_input(r, fields, 2);
    json_t *test = body != NULL ? find_test(r) : NULL;
    if (test != NULL) {
        const char *signal = text_of(test, "signal");
        tell_champion(r, llmlearn_rollback(r->server->learner, signal, actor, reason, 0), signal);
    }
    json_decref(test);
    json_decref(body);
}

void ab_tests_stop(request *r)
{
    const char *actor = NULL, *reason = NULL;
    uint64_t test_id = 0;
    const field fields[] = { { "actor", A_TEXT, true, &actor },
                             { "reason", A_TEXT, true, &reason } };

    json_t *body = json_input(r, fields, 2);
    if (body != NULL && reports_test_id(r, &test_id))
        reply_done(r, llmlearn_stop_ab_test(r->server->learner, test_id, actor, reason, 0),
                   "stopped");
    json_decref(body);
}
