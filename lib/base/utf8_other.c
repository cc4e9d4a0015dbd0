#include "base/utf8.h"

#if !defined(__x86_64__)

bool ll_utf8_valid(const char *text, size_t bytes)
{
    return ll_utf8_valid_portable(text, bytes);
}

ll_utf8_function *ll_utf8_way(unsigned index)
{
    return index == 0 ? ll_utf8_valid_portable : NULL;
}

#endif
