#include "base/crc32c.h"

#if !defined(__x86_64__) && !defined(__AARCH64EL__)

uint32_t ll_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    return ll_crc32c_portable(crc, data, bytes);
}

ll_crc32c_function *ll_crc32c_way(unsigned index)
{
    return index == 0 ? ll_crc32c_portable : NULL;
}

#endif
