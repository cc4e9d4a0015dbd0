#include "analytics/labels.h"

#include "base/err.h"
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const ll_statement select_ticker = { "SELECT name FROM llm_names WHERE id = ?1" };
static const ll_statement select_variant = {
    "SELECT v.version, n.name, v.status FROM llm_variants AS v"
    " JOIN llm_names AS n ON n.id = v.signal WHERE v.id = ?1"
};

static void clear_list(ll_label_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (ll_label_list){ 0 };
}

/* Where the id is or belongs. */
static uint32_t position(const ll_label_list *list, int64_t id)
{
    uint32_t low = 0, high = list->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (list->items[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static llmlearn_err insert(ll_label_list *list, uint32_t at, ll_label *label)
{
    assert(at <= list->count);
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        ll_label **items = realloc(list->items, capacity * sizeof(ll_label *));

        if (items == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "out of memory for names");
        list->items = items;
        list->capacity = capacity;
    }
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(ll_label *));
    list->items[at] = label;
    list->count++;
    return LLMLEARN_OK;
}

/* A label and its texts in one block. A text without bytes is NULL. */
static ll_label *new_label(int64_t id, const char *const texts[3], const size_t bytes[3])
{
    size_t total = sizeof(ll_label) + bytes[0] + bytes[1] + bytes[2] + 3;
    ll_label *label = calloc(1, total);
    const char *copies[3] = { NULL, NULL, NULL };

    if (label == NULL)
        return NULL;
    char *at = (char *)(label + 1);
    for (int i = 0; i < 3; i++) {
        if (texts[i] == NULL)
            continue;
        copies[i] = memcpy(at, texts[i], bytes[i]);
        at += bytes[i] + 1;
    }
    *label = (ll_label){ .id = id, .name = copies[0], .signal = copies[1], .status = copies[2] };
    return label;
}

typedef struct wanted {
    int64_t id;
    int columns;
    ll_label *label;
} wanted;

static llmlearn_err take_label(void *context, const ll_row *row)
{
    wanted *w = context;
    const char *texts[3] = { NULL, NULL, NULL };
    size_t bytes[3] = { 0, 0, 0 };

    for (int i = 0; i < w->columns; i++)
        texts[i] = ll_row_text(row, i, &bytes[i]);
    w->label = new_label(w->id, texts, bytes);
    return w->label != NULL ? LLMLEARN_OK : ll_fail(LLMLEARN_ENOMEM, "out of memory for names");
}

static llmlearn_err find(ll_label_list *list, ll_connection *connection,
                         const ll_statement *statement, wanted *w, const ll_label **out_label)
{
    uint32_t at = position(list, w->id);
    const ll_value id = ll_int(w->id);
    llmlearn_err err;

    if (at == list->count || list->items[at]->id != w->id) {
        err = ll_connection_run(connection, statement, &id, 1, take_label, w);
        if (err == LLMLEARN_OK && w->label == NULL)
            err = ll_fail(LLMLEARN_ECORRUPT, "the rollups count number %lld, which has no name",
                          (long long)w->id);
        if (err == LLMLEARN_OK)
            err = insert(list, at, w->label);
        if (err != LLMLEARN_OK) {
            free(w->label);
            return err;
        }
    }
    *out_label = list->items[at];
    return LLMLEARN_OK;
}

llmlearn_err ll_labels_begin(ll_labels *labels, ll_connection *connection)
{
    int64_t config_version;
    llmlearn_err err = ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &config_version);

    if (err != LLMLEARN_OK)
        return err;
    if (labels->tickers.count > LL_LABELS_KEPT_MAX)
        clear_list(&labels->tickers);
    if (labels->variants.count > LL_LABELS_KEPT_MAX || labels->config_version != config_version)
        clear_list(&labels->variants);
    labels->config_version = config_version;
    return LLMLEARN_OK;
}

llmlearn_err ll_labels_ticker(ll_labels *labels, ll_connection *connection, int64_t id,
                              const ll_label **out_label)
{
    wanted w = { .id = id, .columns = 1 };

    return find(&labels->tickers, connection, &select_ticker, &w, out_label);
}

llmlearn_err ll_labels_variant(ll_labels *labels, ll_connection *connection, int64_t id,
                               const ll_label **out_label)
{
    wanted w = { .id = id, .columns = 3 };

    return find(&labels->variants, connection, &select_variant, &w, out_label);
}

void ll_labels_clear(ll_labels *labels)
{
    clear_list(&labels->tickers);
    clear_list(&labels->variants);
}
