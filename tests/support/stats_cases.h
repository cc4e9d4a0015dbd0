/* stats_cases.h - reference cases of tests/data/stats and how close we come.
 *
 * A set is one file; its cases are objects with "id", "in" and "out". Numbers
 * in "out" are decimal strings. A figure gathers the errors of one result over
 * many cases; a value outside its tolerance fails the test at once. */
#ifndef TESTS_STATS_CASES_H
#define TESTS_STATS_CASES_H

#include "llmlearn.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CASE_ARMS_MAX 64

/* The set's object, to be given back with json_decref(). Files are sought in
 * tests/data/stats below $LL_TEST_ROOT, or below the current directory. */
json_t *load_cases(const char *set);

typedef struct figure {
    const char *name;
    double relative; /* tolerance */
    double absolute;
    uint32_t count;
    double worst;       /* as a fraction of what is allowed */
    double worst_error; /* relative */
    char worst_id[40];
} figure;

void check_figure(figure *f, json_t *test_case, double got, const char *want);

/* One line to stdout for each figure up to one without a name. */
void print_figures(const figure *figures);

/* Parts of a case; each fails the test if the part is missing. */
const char *case_id(json_t *test_case);
bool has_out(json_t *test_case, const char *name);
const char *out_string(json_t *test_case, const char *name);
const char *out_end(json_t *test_case, const char *name, size_t index);
double in_number(json_t *test_case, const char *name);
uint64_t in_count(json_t *test_case, const char *name);
uint64_t out_count(json_t *test_case, const char *name);
uint32_t in_counts(json_t *test_case, const char *name, uint64_t *out_counts);
/* Of "succ" and "n", as many of each. */
uint32_t in_arms(json_t *test_case, llmlearn_rate *out_arms);

#endif
