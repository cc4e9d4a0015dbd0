#include "core.h"

#include <string.h>

void flag_set(int32_t *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
}

int32_t flag_get(const int32_t *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

char *text_copy(const char *text)
{
    return strdup(text);
}
