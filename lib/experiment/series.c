#include "experiment/series.h"

#include "base/clock.h"
#include "base/err.h"
#include "experiment/evidence.h"
#include "experiment/json.h"
#include "stats/difference.h"
#include "store/ab_days.h"
#include "store/ab_tests.h"
#include "store/names.h"
#include "store/variants.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct series {
    ll_ab_test test;
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    char versions[LLMLEARN_ARMS_MAX][LL_VERSION_BYTES_MAX + 1];
    char signal[LL_NAME_BYTES_MAX + 1];
    uint32_t arm_count, champion;
    int64_t last_day, step_days;
    uint32_t point_count;
    ll_ab_day *points; /* point_count rows of arm_count: first what came, then what there was */
    double z;          /* of the intervals */
} series;

/* ---- reading ----------------------------------------------------------- */

static llmlearn_err read_arms(ll_connection *connection, series *s)
{
    ll_variant variant;
    llmlearn_err err = ll_ab_arms_read(connection, s->test.id, s->arms, &s->arm_count);

    s->champion = UINT32_MAX;
    for (uint32_t i = 0; i < s->arm_count && err == LLMLEARN_OK; i++) {
        err = ll_variants_get(connection, s->arms[i].variant, &variant);
        memcpy(s->versions[i], variant.version, sizeof s->versions[i]);
        if (s->arms[i].variant == s->test.champion)
            s->champion = i;
    }
    if (err == LLMLEARN_OK && s->champion == UINT32_MAX)
        err = ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: test %llu lacks its champion",
                      (unsigned long long)s->test.id);
    return err;
}

static llmlearn_err read_test(ll_connection *connection, uint64_t test_id, series *s)
{
    llmlearn_err err = ll_ab_tests_get(connection, test_id, &s->test);

    if (err == LLMLEARN_OK && s->test.id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "test_id: there is no test %llu",
                      (unsigned long long)test_id);
    if (err == LLMLEARN_OK)
        err = ll_names_get(connection, s->test.signal, s->signal);
    return err == LLMLEARN_OK ? read_arms(connection, s) : err;
}

/* From the day of the start to that of the end, or today; the last is always shown. */
static llmlearn_err plan_points(series *s, int64_t now_us)
{
    int64_t until_us = s->test.status == LL_AB_RUNNING ? now_us : s->test.ended_us;
    int64_t first_day = ll_clock_day(s->test.started_us), day_count;

    s->last_day = ll_clock_day(until_us);
    if (s->last_day < first_day) /* by a clock that was set back */
        s->last_day = first_day;
    day_count = s->last_day - first_day + 1;
    s->step_days = (day_count + LL_SERIES_POINTS_MAX - 1) / LL_SERIES_POINTS_MAX;
    s->point_count = (uint32_t)((day_count + s->step_days - 1) / s->step_days);
    s->points = calloc((size_t)s->point_count * s->arm_count, sizeof *s->points);
    if (s->points == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the series of a test");
    return LLMLEARN_OK;
}

static ll_ab_day *point(const series *s, uint32_t index, uint32_t arm)
{
    return &s->points[(size_t)index * s->arm_count + arm];
}

static void add(ll_ab_day *sum, const ll_ab_day *day, int sign)
{
    sum->units += sign * day->units;
    sum->first_votes += sign * day->first_votes;
    sum->first_positive += sign * day->first_positive;
}

/* Into the first point at the end of that day or later. What came behind the last, such as rows
 * that were on their way when the test ended, is no part of the series. */
static llmlearn_err add_day(void *context, int64_t day, uint32_t arm, const ll_ab_day *came)
{
    series *s = context;
    int64_t back;

    if (arm >= s->arm_count)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_days: test %llu has no arm %u",
                       (unsigned long long)s->test.id, arm);
    if (day > s->last_day) {
        s->arms[arm].units -= came->units;
        s->arms[arm].first_votes -= came->first_votes;
        s->arms[arm].first_positive -= came->first_positive;
        return LLMLEARN_OK;
    }
    back = (s->last_day - day) / s->step_days;
    add(point(s, back < s->point_count ? s->point_count - 1 - (uint32_t)back : 0, arm), came, 1);
    return LLMLEARN_OK;
}

/* From what came to what there was: the last is what the arm has, each before it less. */
static llmlearn_err cumulate(series *s, uint32_t arm)
{
    const ll_ab_arm *sums = &s->arms[arm];
    ll_ab_day there = { sums->units, sums->first_votes, sums->first_positive };

    for (uint32_t i = s->point_count; i-- > 0;) {
        ll_ab_day came = *point(s, i, arm);
        if (there.units < 0 || there.first_positive < 0 || there.first_votes < there.first_positive)
            return ll_fail(LLMLEARN_ECORRUPT,
                           "llm_ab_days: test %llu has more in its days than "
                           "in its arms",
                           (unsigned long long)s->test.id);
        *point(s, i, arm) = there;
        add(&there, &came, -1);
    }
    return LLMLEARN_OK;
}

static llmlearn_err read_points(ll_connection *connection, int64_t now_us, series *s)
{
    llmlearn_err err = plan_points(s, now_us);

    if (err == LLMLEARN_OK)
        err = ll_ab_days_each(connection, s->test.id, add_day, s);
    for (uint32_t arm = 0; arm < s->arm_count && err == LLMLEARN_OK; arm++)
        err = cumulate(s, arm);
    return err;
}

/* ---- writing ----------------------------------------------------------- */

static llmlearn_rate rate_of(const ll_ab_day *day)
{
    return (llmlearn_rate){ .successes = (uint64_t)day->first_positive,
                            .trials = (uint64_t)day->first_votes };
}

/* What the champion has none of is null. */
static void put_difference(ll_json_writer *w, const series *s, uint32_t index, uint32_t arm)
{
    const llmlearn_rate champion = rate_of(point(s, index, s->champion));
    const llmlearn_rate variant = rate_of(point(s, index, arm));
    llmlearn_difference d;
    bool known;

    ll_difference(&champion, &variant, s->z, LLMLEARN_INTERVAL_NEWCOMBE, &d);
    known = arm != s->champion && d.status == LLMLEARN_STATS_OK;
    ll_json_put_real(w, "difference", known, d.difference);
    if (known)
        ll_json_put_pair(w, "difference_interval", d.low, d.high);
    else
        ll_json_writer_put_null(w, "difference_interval");
}

static void put_arm(ll_json_writer *w, const series *s, uint32_t index, uint32_t arm)
{
    const ll_ab_day *there = point(s, index, arm);

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "arm", arm);
    ll_json_writer_put_string(w, "version", s->versions[arm]);
    ll_json_writer_put_int(w, "units", there->units);
    ll_json_writer_put_int(w, "first_votes", there->first_votes);
    ll_json_writer_put_int(w, "positive", there->first_positive);
    ll_json_put_ratio(w, "positive_rate", (uint64_t)there->first_positive,
                      (uint64_t)there->first_votes);
    put_difference(w, s, index, arm);
    ll_json_writer_close(w, '}');
}

static void put_point(ll_json_writer *w, const series *s, uint32_t index)
{
    char day[LL_TIME_TEXT_BYTES];

    ll_clock_format_day(s->last_day - (int64_t)(s->point_count - 1 - index) * s->step_days, day);
    ll_json_writer_open(w, '{');
    ll_json_writer_put_string(w, "day", day);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
    for (uint32_t arm = 0; arm < s->arm_count; arm++)
        put_arm(w, s, index, arm);
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
}

static void put_series(ll_json_writer *w, const series *s)
{
    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "schema", 1);
    ll_json_writer_put_int(w, "test_id", (int64_t)s->test.id);
    ll_json_writer_put_string(w, "signal", s->signal);
    ll_json_writer_put_string(w, "champion", s->versions[s->champion]);
    ll_json_writer_put_real(w, "difference_confidence", 1 - s->test.alpha / (s->arm_count - 1));
    ll_json_writer_put_int(w, "step_days", s->step_days);
    ll_json_writer_key(w, "days");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < s->point_count; i++)
        put_point(w, s, i);
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
}

llmlearn_err ll_series_json(ll_connection *connection, uint64_t test_id, int64_t now_us,
                            char **out_json)
{
    series *s = calloc(1, sizeof *s); /* 30 KiB */
    ll_json_writer w = { .comma = false };
    llmlearn_err err;

    if (s == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the series of a test");
    err = read_test(connection, test_id, s);
    if (err == LLMLEARN_OK)
        err = read_points(connection, now_us, s);
    if (err == LLMLEARN_OK) {
        assert(s->arm_count > 1);
        s->z = ll_evidence_difference_z(s->test.alpha, s->arm_count);
        put_series(&w, s);
        err = ll_json_take(&w, out_json);
    }
    free(s->points);
    free(s);
    return err;
}
