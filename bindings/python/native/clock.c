#include "core.h"

#include <stdlib.h>

int64_t *clock_new(int64_t start_us)
{
    int64_t *cell = malloc(sizeof *cell);

    if (cell != NULL)
        clock_set(cell, start_us);
    return cell;
}

int64_t clock_get(const int64_t *cell)
{
    return __atomic_load_n(cell, __ATOMIC_SEQ_CST);
}

void clock_set(int64_t *cell, int64_t now_us)
{
    __atomic_store_n(cell, now_us, __ATOMIC_SEQ_CST);
}

int64_t clock_add(int64_t *cell, int64_t us)
{
    return __atomic_add_fetch(cell, us, __ATOMIC_SEQ_CST);
}

int64_t clock_read(void *cell)
{
    return clock_get(cell);
}
