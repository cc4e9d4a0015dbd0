#include "support/stats_cases.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *load_cases(const char *set)
{
    const char *root = getenv("LL_TEST_ROOT");
    char path[4096];
    json_error_t error;

    snprintf(path, sizeof path, "%s/tests/data/stats/%s.json", root != NULL ? root : ".", set);
    json_t *loaded = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (loaded == NULL)
        ck_abort_msg("%s: %s", path, error.text);
    if (json_array_size(json_object_get(loaded, "cases")) == 0)
        ck_abort_msg("%s: no cases", path);
    return loaded;
}

void check_figure(figure *f, json_t *test_case, double got, const char *want)
{
    double expected = strtod(want, NULL);
    double error = fabs(got - expected);
    double allowed = fmax(f->relative * fabs(expected), f->absolute);

    /* Where doubles are too coarse to be as close as that, the next one will do. */
    allowed = fmax(allowed, DBL_TRUE_MIN);
    if (!(error <= allowed)) {
        ck_abort_msg("%s of %s: got %.17g, want %s, relative error %.3g, allowed %.3g", f->name,
                     case_id(test_case), got, want, error / fabs(expected), f->relative);
    }
    f->count++;
    if (error / allowed > f->worst) {
        f->worst = error / allowed;
        f->worst_error = expected != 0.0 ? error / fabs(expected) : error;
        snprintf(f->worst_id, sizeof f->worst_id, "%s", case_id(test_case));
    }
}

void print_figures(const figure *figures)
{
    for (; figures->name != NULL; figures++) {
        ck_assert_msg(figures->count > 0, "%s: no case has it", figures->name);
        printf("%-28s %4u cases, worst error %.1e (%.2f of what is allowed) %s\n", figures->name,
               figures->count, figures->worst_error, figures->worst, figures->worst_id);
    }
    fflush(stdout);
}

const char *case_id(json_t *test_case)
{
    const char *id = json_string_value(json_object_get(test_case, "id"));
    ck_assert_msg(id != NULL, "a case has no id");
    return id;
}

static json_t *part(json_t *test_case, const char *side, const char *name)
{
    json_t *found = json_object_get(json_object_get(test_case, side), name);
    ck_assert_msg(found != NULL, "%s has no %s.%s", case_id(test_case), side, name);
    return found;
}

bool has_out(json_t *test_case, const char *name)
{
    json_t *found = json_object_get(json_object_get(test_case, "out"), name);
    return found != NULL && !json_is_null(found);
}

const char *out_string(json_t *test_case, const char *name)
{
    const char *text = json_string_value(part(test_case, "out", name));
    ck_assert_msg(text != NULL, "%s: %s is no string", case_id(test_case), name);
    return text;
}

const char *out_end(json_t *test_case, const char *name, size_t index)
{
    const char *text = json_string_value(json_array_get(part(test_case, "out", name), index));
    ck_assert_msg(text != NULL, "%s: %s has no such end", case_id(test_case), name);
    return text;
}

double in_number(json_t *test_case, const char *name)
{
    return json_number_value(part(test_case, "in", name));
}

uint64_t in_count(json_t *test_case, const char *name)
{
    return (uint64_t)json_integer_value(part(test_case, "in", name));
}

uint64_t out_count(json_t *test_case, const char *name)
{
    return (uint64_t)json_integer_value(part(test_case, "out", name));
}

uint32_t in_counts(json_t *test_case, const char *name, uint64_t *out_counts)
{
    json_t *list = part(test_case, "in", name);
    size_t count = json_array_size(list);

    ck_assert_uint_le(count, CASE_ARMS_MAX);
    for (size_t i = 0; i < count; i++)
        out_counts[i] = (uint64_t)json_integer_value(json_array_get(list, i));
    return (uint32_t)count;
}

uint32_t in_arms(json_t *test_case, llmlearn_rate *out_arms)
{
    uint64_t successes[CASE_ARMS_MAX], trials[CASE_ARMS_MAX];
    uint32_t count = in_counts(test_case, "succ", successes);

    ck_assert_uint_eq(in_counts(test_case, "n", trials), count);
    for (uint32_t i = 0; i < count; i++)
        out_arms[i] = (llmlearn_rate){ .successes = successes[i], .trials = trials[i] };
    return count;
}
