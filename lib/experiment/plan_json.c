#include "experiment/plan_json.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/locale.h"
#include "experiment/json.h"

#include <inttypes.h>
#include <stdlib.h>

static bool is_classic(const ll_ab_test *test)
{
    return test->rule == LLMLEARN_RULE_CLASSIC;
}

static void put_time(ll_buffer *out, const ll_ab_test *test, const ll_plan *plan)
{
    if (plan->days < 0) {
        ll_buffer_printf(out, " How long that takes is unknown: there was no traffic with votes.");
        return;
    }
    ll_buffer_printf(out, " At %.3g first votes a day over all arms that takes about %.3g days",
                     plan->first_votes_per_day, plan->days);
    if (plan->cannot_finish)
        ll_buffer_printf(out, ", more than the %.4g that it has",
                         (double)test->duration_max_us / (double)LL_US_PER_DAY);
    ll_buffer_printf(out, ".");
}

static void put_classic(ll_buffer *out, const ll_ab_test *test, const ll_plan *plan)
{
    ll_buffer_printf(out, "Each arm needs %" PRId64 " first votes.", test->trials_min);
    put_time(out, test, plan);
    if (plan->lift_v_gate < 0)
        ll_buffer_printf(out,
                         " No lift is large enough for Cramer's V to exceed %g with these"
                         " weights.",
                         test->effect_min);
    else
        ll_buffer_printf(out,
                         " Cramer's V exceeds %g with these weights only if the smallest arm is"
                         " better by %.1f points or more.",
                         test->effect_min, 100 * plan->lift_v_gate);
}

static void put_sequential(ll_buffer *out, const ll_ab_test *test, const ll_plan *plan)
{
    ll_buffer_printf(out,
                     "To find a lift of %.3g points over %.1f %% with a power of 80 %%, arms of"
                     " equal shares need up to %" PRId64 " first votes each.",
                     100 * test->lift_min, 100 * plan->rate, plan->trials);
    put_time(out, test, plan);
}

static char *write_sentence(const ll_ab_test *test, const ll_plan *plan)
{
    ll_buffer words = { 0 };
    ll_locale numbers;

    ll_locale_enter(&numbers);
    if (is_classic(test))
        put_classic(&words, test, plan);
    else
        put_sequential(&words, test, plan);
    ll_locale_leave(&numbers);
    char *sentence = ll_buffer_take(&words);
    ll_buffer_free(&words);
    return sentence;
}

static void put_plan(ll_json_writer *w, const ll_ab_test *test, const ll_plan *plan)
{
    bool traffic = plan->explanations_per_day > 0;

    ll_json_writer_put_string(w, "rule", ll_ab_rule_name(test->rule));
    ll_json_writer_put_real(w, "alpha", test->alpha);
    ll_json_writer_put_real(w, "lift_min", test->lift_min);
    ll_json_writer_put_real(w, "champion_rate", plan->rate);
    ll_json_writer_put_int(w, "trials_planned", plan->trials);
    ll_json_writer_put_real(w, "kappa", plan->kappa);
    ll_json_put_real(w, "explanations_per_day", traffic, plan->explanations_per_day);
    ll_json_put_real(w, "response_rate", traffic, plan->response_ratio);
    ll_json_put_real(w, "first_votes_per_day", traffic, plan->first_votes_per_day);
    ll_json_put_real(w, "days", plan->days >= 0, plan->days);
    if (plan->days >= 0)
        ll_json_writer_put_bool(w, "cannot_finish", plan->cannot_finish);
    else
        ll_json_writer_put_null(w, "cannot_finish");
    ll_json_put_real(w, "lift_v_gate", plan->lift_v_gate >= 0, plan->lift_v_gate);
    ll_json_put_real(w, "lift_detectable", plan->lift_detectable >= 0, plan->lift_detectable);
}

llmlearn_err ll_plan_write(const ll_ab_test *test, const ll_plan *plan, char **out_json)
{
    ll_json_writer w = { .comma = false };
    char *sentence = write_sentence(test, plan);

    if (sentence == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a plan");
    ll_json_writer_open(&w, '{');
    put_plan(&w, test, plan);
    ll_json_writer_put_string(&w, "sentence", sentence);
    ll_json_writer_close(&w, '}');
    free(sentence);
    return ll_json_take(&w, out_json);
}
