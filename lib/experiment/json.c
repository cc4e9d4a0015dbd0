#include "experiment/json.h"

#include "base/clock.h"
#include "base/err.h"
#include "stats/interval.h"

#define CONFIDENCE 0.95

void ll_json_put_time(ll_json_writer *w, const char *key, int64_t time_us)
{
    char text[LL_TIME_TEXT_BYTES];

    ll_clock_format_time(time_us, text);
    ll_json_writer_put_string(w, key, text);
}

void ll_json_put_real(ll_json_writer *w, const char *key, bool known, double value)
{
    if (known)
        ll_json_writer_put_real(w, key, value);
    else
        ll_json_writer_put_null(w, key);
}

void ll_json_put_count(ll_json_writer *w, const char *key, int64_t count)
{
    if (count >= 0)
        ll_json_writer_put_int(w, key, count);
    else
        ll_json_writer_put_null(w, key);
}

void ll_json_put_pair(ll_json_writer *w, const char *key, double low, double high)
{
    ll_json_writer_key(w, key);
    ll_json_writer_open(w, '[');
    ll_json_writer_real(w, low);
    ll_json_writer_real(w, high);
    ll_json_writer_close(w, ']');
}

void ll_json_put_ratio(ll_json_writer *w, const char *key, uint64_t part, uint64_t whole)
{
    ll_json_put_real(w, key, whole > 0, whole > 0 ? (double)part / (double)whole : 0.0);
}

void ll_json_put_wilson(ll_json_writer *w, const char *key, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        ll_json_writer_put_null(w, key);
        return;
    }
    ll_interval interval = ll_interval_wilson(part, whole, CONFIDENCE);
    ll_json_put_pair(w, key, interval.low, interval.high);
}

void ll_json_put_names(ll_json_writer *w, const char *key, const char *(*name_of)(uint32_t bit),
                       uint32_t bits)
{
    ll_json_writer_key(w, key);
    ll_json_writer_open(w, '[');
    for (; bits != 0; bits &= bits - 1)
        ll_json_writer_string(w, name_of(bits & (0 - bits)));
    ll_json_writer_close(w, ']');
}

llmlearn_err ll_json_take(ll_json_writer *w, char **out_text)
{
    char *text = ll_buffer_take(&w->buffer);

    *w = (ll_json_writer){ .comma = false };
    if (text == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for JSON");
    *out_text = text;
    return LLMLEARN_OK;
}
