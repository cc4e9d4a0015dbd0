#include "experiment/json.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/locale.h"
#include "stats/interval.h"

#define CONFIDENCE 0.95
#define FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))

json_t *ll_json_text(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

json_t *ll_json_real(bool known, double value)
{
    return known ? json_real(value) : json_null();
}

json_t *ll_json_pair(double low, double high)
{
    json_t *pair = json_array();

    ll_json_add(&pair, json_real(low));
    ll_json_add(&pair, json_real(high));
    return pair;
}

json_t *ll_json_count(uint64_t count)
{
    return count == 0 ? json_null() : json_integer((json_int_t)count);
}

json_t *ll_json_time(bool known, int64_t time_us)
{
    char text[LL_TIME_TEXT_BYTES];

    if (!known)
        return json_null();
    ll_clock_format_time(time_us, text);
    return json_string(text);
}

json_t *ll_json_ratio(int64_t part, int64_t whole)
{
    return whole == 0 ? json_null() : json_real((double)part / (double)whole);
}

json_t *ll_json_wilson(int64_t part, int64_t whole)
{
    if (whole == 0)
        return json_null();
    ll_interval interval = ll_interval_wilson((uint64_t)part, (uint64_t)whole, CONFIDENCE);
    return ll_json_pair(interval.low, interval.high);
}

void ll_json_put(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(*object, key, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

void ll_json_add(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

static llmlearn_err out_of_memory(void)
{
    return ll_fail(LLMLEARN_ENOMEM, "out of memory for JSON");
}

llmlearn_err ll_json_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0 ? LLMLEARN_OK : out_of_memory();
}

static int append_text(const char *text, size_t bytes, void *buffer)
{
    ll_buffer_append(buffer, text, bytes);
    return 0;
}

llmlearn_err ll_json_write(json_t *value, char **out_text)
{
    ll_buffer buffer = { 0 };
    ll_locale numbers;
    char *text = NULL;

    ll_locale_enter(&numbers);
    bool written = value != NULL && json_dump_callback(value, append_text, &buffer, FLAGS) == 0;
    ll_locale_leave(&numbers);
    json_decref(value);
    if (written)
        text = ll_buffer_take(&buffer);
    ll_buffer_free(&buffer);
    if (text == NULL)
        return out_of_memory();
    *out_text = text;
    return LLMLEARN_OK;
}
