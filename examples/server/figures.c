#include "figures.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_figure(const char *name, const json_t *value)
{
    double number = json_number_value(value);

    if (strcmp(name, "confidence") != 0)
        return json_is_string(value);
    return json_is_number(value) && number >= 0 && number <= 1;
}

static bool are_figures(json_t *all)
{
    const char *name = NULL;
    json_t *value = NULL;

    if (!json_is_object(all))
        return false;
    json_object_foreach(all, name, value)
    {
        if (!is_figure(name, value))
            return false;
    }
    return true;
}

static bool are_tickers(json_t *all)
{
    const char *ticker = NULL;
    json_t *figures = NULL;

    if (!json_is_object(all))
        return false;
    json_object_foreach(all, ticker, figures)
    {
        if (!are_figures(figures))
            return false;
    }
    return true;
}

static bool are_signals(json_t *all)
{
    const char *signal = NULL;
    json_t *tickers = NULL;

    if (!json_is_object(all))
        return false;
    json_object_foreach(all, signal, tickers)
    {
        if (!are_tickers(tickers))
            return false;
    }
    return true;
}

json_t *figures_read(const char *path, char *out_problem, size_t problem_bytes)
{
    json_error_t where;

    if (path == NULL)
        return json_object();
    json_t *figures = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (figures == NULL)
        snprintf(out_problem, problem_bytes, "LLMLEARN_FIGURES is \"%.200s\": %.200s", path,
                 where.text);
    else if (!are_signals(figures)) {
        snprintf(out_problem, problem_bytes,
                 "LLMLEARN_FIGURES is \"%.200s\": it must be like {\"BUY\": {\"AAPL\": "
                 "{\"confidence\": 0.87, \"price\": \"200.10\"}}}",
                 path);
        json_decref(figures);
        figures = NULL;
    }
    return figures;
}

json_t *figures_of(const json_t *figures, const char *signal, const char *ticker)
{
    return json_object_get(json_object_get(figures, signal), ticker);
}
