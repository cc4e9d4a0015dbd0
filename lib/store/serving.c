#include "store/serving.h"

#include <assert.h>

static const ll_statement get_champions = {
    "SELECT n.name, v.version, v.text FROM llm_variants v JOIN llm_names n ON n.id = v.signal"
    " WHERE v.status = 'champion' OR (v.version = ?1 AND v.text IS NOT NULL"
    "  AND v.status IN ('draft', 'active') AND NOT EXISTS (SELECT 1 FROM llm_variants c"
    "   WHERE c.signal = v.signal AND c.status = 'champion')) ORDER BY n.name"
};
static const ll_statement get_tests = {
    "SELECT n.name, t.id FROM llm_ab_tests t JOIN llm_names n ON n.id = t.signal"
    " WHERE t.status = 'running' ORDER BY n.name"
};
static const ll_statement get_arms = {
    "SELECT v.version, v.text, v.id, a.weight, a.off_us FROM llm_ab_arms a"
    " JOIN llm_variants v ON v.id = a.variant WHERE a.test = ?1 ORDER BY a.arm"
};

typedef struct reading {
    ll_served_fn each;
    void *context;
} reading;

static llmlearn_err read_champion(void *context, const ll_row *row)
{
    const reading *r = context;
    ll_served served = { .test = 0 };

    served.signal = ll_row_text(row, 0, &served.signal_bytes);
    served.version = ll_row_text(row, 1, &served.version_bytes);
    served.text = ll_row_text(row, 2, &served.text_bytes);
    return r->each(r->context, &served);
}

static llmlearn_err read_test(void *context, const ll_row *row)
{
    const reading *r = context;
    ll_served served = { .test = (uint64_t)ll_row_int(row, 1) };

    served.signal = ll_row_text(row, 0, &served.signal_bytes);
    return r->each(r->context, &served);
}

static llmlearn_err read_arm(void *context, const ll_row *row)
{
    const reading *r = context;
    ll_served served = { .variant = ll_row_int(row, 2),
                         .weight = ll_row_real(row, 3),
                         .off = !ll_row_is_null(row, 4) };

    served.version = ll_row_text(row, 0, &served.version_bytes);
    served.text = ll_row_text(row, 1, &served.text_bytes);
    return r->each(r->context, &served);
}

llmlearn_err ll_serving_champions(ll_connection *connection, const char *baseline,
                                  ll_served_fn each, void *context)
{
    assert(baseline != NULL);
    return ll_connection_run(connection, &get_champions, (ll_value[]){ ll_string(baseline) }, 1,
                             read_champion, &(reading){ each, context });
}

llmlearn_err ll_serving_tests(ll_connection *connection, ll_served_fn each, void *context)
{
    return ll_connection_run(connection, &get_tests, NULL, 0, read_test,
                             &(reading){ each, context });
}

llmlearn_err ll_serving_arms(ll_connection *connection, uint64_t test, ll_served_fn each,
                             void *context)
{
    return ll_connection_run(connection, &get_arms, (ll_value[]){ ll_int((int64_t)test) }, 1,
                             read_arm, &(reading){ each, context });
}
