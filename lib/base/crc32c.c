#include "base/crc32c.h"

#include "base/crc32c_slices.h"

#include <assert.h>

uint32_t ll_crc32c_portable(uint32_t crc, const void *data, size_t bytes)
{
    assert(data != NULL || bytes == 0);
    const unsigned char *p = data;

    crc = ~crc;
    for (; bytes >= 8; bytes -= 8, p += 8) {
        crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        crc = slice_table[7][crc & 0xff] ^ slice_table[6][crc >> 8 & 0xff] ^
              slice_table[5][crc >> 16 & 0xff] ^ slice_table[4][crc >> 24] ^ slice_table[3][p[4]] ^
              slice_table[2][p[5]] ^ slice_table[1][p[6]] ^ slice_table[0][p[7]];
    }
    for (; bytes > 0; bytes--, p++)
        crc = slice_table[0][(crc ^ *p) & 0xff] ^ crc >> 8;
    return ~crc;
}
