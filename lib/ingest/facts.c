#include "ingest/facts.h"

llmlearn_err ll_facts_read(ll_facts *out, ll_connection *connection, const ll_clock *clock)
{
    int64_t now_us = ll_clock_now_us(clock);
    llmlearn_err err = ll_store_get_fact(connection, LL_FACT_CLOCK_US, &out->clock_us);

    if (err == LLMLEARN_OK)
        err = ll_store_get_fact(connection, LL_FACT_VOTE_SEQUENCE, &out->vote_sequence);
    if (out->clock_us > now_us + LL_US_PER_DAY)
        out->clock_us = now_us; /* somebody's clock was wrong once: that must not last */
    if (now_us > out->clock_us)
        out->clock_us = now_us;
    out->votes_before = out->vote_sequence;
    return err;
}

llmlearn_err ll_facts_write(const ll_facts *f, ll_connection *connection)
{
    llmlearn_err err = ll_store_set_fact(connection, LL_FACT_CLOCK_US, f->clock_us);
    int64_t version = 0;

    if (err == LLMLEARN_OK)
        err = ll_store_set_fact(connection, LL_FACT_VOTE_SEQUENCE, f->vote_sequence);
    if (err == LLMLEARN_OK && f->config_changed)
        err = ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &version);
    if (err == LLMLEARN_OK && f->config_changed)
        err = ll_store_set_fact(connection, LL_FACT_CONFIG_VERSION, version + 1);
    return err;
}
