#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* A state machine in shifts: a byte's row holds the next state of every state in 6 bits each, and
 * a state's number is where its 6 bits begin. So one step is a load, which does not depend on the
 * state, and a shift, which does: one cycle per byte. */
enum {
    ACCEPT = 0,    /* between two characters */
    REJECT = 6,    /* for good */
    NEED_1 = 12,   /* one continuation byte to come */
    NEED_2 = 18,   /* two, any */
    NEED_3 = 24,   /* three, any */
    AFTER_E0 = 30, /* A0..BF, lest it be shorter, and one more */
    AFTER_ED = 36, /* 80..9F, lest it be a surrogate, and one more */
    AFTER_F0 = 42, /* 90..BF, lest it be shorter, and two more */
    AFTER_F4 = 48, /* 80..8F, lest it be above U+10FFFF, and two more */
    STATE_MASK = 63
};

/* A row that sends each state to REJECT, and one that sends ACCEPT elsewhere. */
#define ROW_NONE                                                                                   \
    ((uint64_t)REJECT << ACCEPT | (uint64_t)REJECT << REJECT | (uint64_t)REJECT << NEED_1 |        \
     (uint64_t)REJECT << NEED_2 | (uint64_t)REJECT << NEED_3 | (uint64_t)REJECT << AFTER_E0 |      \
     (uint64_t)REJECT << AFTER_ED | (uint64_t)REJECT << AFTER_F0 | (uint64_t)REJECT << AFTER_F4)
#define MOVE(from, to) ((uint64_t)(REJECT ^ (to)) << (from))
#define LEAD(to) (ROW_NONE ^ MOVE(ACCEPT, to))
#define NEXT (ROW_NONE ^ MOVE(NEED_1, ACCEPT) ^ MOVE(NEED_2, NEED_1) ^ MOVE(NEED_3, NEED_2))
#define NEXT_80 (NEXT ^ MOVE(AFTER_ED, NEED_1) ^ MOVE(AFTER_F4, NEED_2))
#define NEXT_90 (NEXT ^ MOVE(AFTER_ED, NEED_1) ^ MOVE(AFTER_F0, NEED_2))
#define NEXT_A0 (NEXT ^ MOVE(AFTER_E0, NEED_1) ^ MOVE(AFTER_F0, NEED_2))

#define X2(row) row, row
#define X4(row) X2(row), X2(row)
#define X8(row) X4(row), X4(row)
#define X16(row) X8(row), X8(row)

static const uint64_t rows[256] = {
    /* 00 */ ROW_NONE,
    X8(LEAD(ACCEPT)),
    X4(LEAD(ACCEPT)),
    X2(LEAD(ACCEPT)),
    LEAD(ACCEPT),
    /* 10 */ X16(LEAD(ACCEPT)),
    X16(LEAD(ACCEPT)),
    X16(LEAD(ACCEPT)),
    X16(LEAD(ACCEPT)),
    /* 50 */ X16(LEAD(ACCEPT)),
    X16(LEAD(ACCEPT)),
    X16(LEAD(ACCEPT)),
    /* 80 */ X16(NEXT_80),
    X16(NEXT_90),
    X16(NEXT_A0),
    X16(NEXT_A0),
    /* C0 */ X2(ROW_NONE),
    X8(LEAD(NEED_1)),
    X4(LEAD(NEED_1)),
    X2(LEAD(NEED_1)),
    /* D0 */ X16(LEAD(NEED_1)),
    /* E0 */ LEAD(AFTER_E0),
    X8(LEAD(NEED_2)),
    X4(LEAD(NEED_2)),
    LEAD(AFTER_ED),
    /* EE */ X2(LEAD(NEED_2)),
    /* F0 */ LEAD(AFTER_F0),
    X2(LEAD(NEED_3)),
    LEAD(NEED_3),
    LEAD(AFTER_F4),
    /* F5 */ X8(ROW_NONE),
    X2(ROW_NONE),
    ROW_NONE,
};
_Static_assert(sizeof rows == 256 * sizeof rows[0], "one row per byte value");

static uint64_t step_over(uint64_t state, const unsigned char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        state = rows[p[i]] >> (state & STATE_MASK);
    return state & STATE_MASK;
}

/* True for eight bytes in 01..7F: a zero borrows its high bit, the others bring one. */
static inline bool is_ascii_word(uint64_t word)
{
    return (((word - 0x0101010101010101) | word) & 0x8080808080808080) == 0;
}

/* The words overlap, so that no byte needs a step of its own. */
static inline bool is_ascii(const unsigned char *p, size_t bytes)
{
    uint32_t half[2];
    uint64_t word;

    if (bytes < sizeof half[0])
        return false; /* no gain: the state machine is as fast */
    if (bytes < sizeof word) {
        memcpy(&half[0], p, sizeof half[0]);
        memcpy(&half[1], p + bytes - sizeof half[1], sizeof half[1]);
        return is_ascii_word((uint64_t)half[0] << 32 | half[1]);
    }
    memcpy(&word, p + bytes - sizeof word, sizeof word);
    if (!is_ascii_word(word))
        return false;
    for (; bytes > sizeof word; bytes -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
        if (!is_ascii_word(word))
            return false;
    }
    return true;
}

/* True for 32 bytes in 01..7F: as signed numbers, all above zero. */
static inline bool is_ascii_block(const unsigned char *p)
{
    typedef signed char vector __attribute__((vector_size(16)));
    vector a, b;
    uint64_t halves[2];

    memcpy(&a, p, sizeof a);
    memcpy(&b, p + sizeof a, sizeof b);
    vector positive = (a > 0) & (b > 0);
    memcpy(halves, &positive, sizeof halves);
    return (halves[0] & halves[1]) == UINT64_MAX;
}

bool ll_utf8_valid_portable(const char *text, size_t bytes)
{
    enum { BLOCK_BYTES = 32 };
    const unsigned char *p = (const unsigned char *)text;
    uint64_t state = ACCEPT;

    assert(text != NULL || bytes == 0);
    for (; bytes >= BLOCK_BYTES; bytes -= BLOCK_BYTES, p += BLOCK_BYTES)
        if (state != ACCEPT || !is_ascii_block(p))
            state = step_over(state, p, BLOCK_BYTES);
    if (state == ACCEPT && is_ascii(p, bytes))
        return true;
    return step_over(state, p, bytes) == ACCEPT;
}

size_t ll_utf8_measure(const char *text, size_t bytes_max, bool *out_valid)
{
    assert(text != NULL);
    assert(bytes_max < SIZE_MAX);
    assert(out_valid != NULL);

    size_t bytes = strnlen(text, bytes_max + 1);
    if (bytes > bytes_max)
        return SIZE_MAX;
    *out_valid = ll_utf8_valid(text, bytes);
    return bytes;
}

size_t ll_utf8_cut(const char *text, size_t bytes, size_t bytes_max)
{
    if (bytes <= bytes_max)
        return bytes;
    while (bytes_max > 0 && ((unsigned char)text[bytes_max] & 0xc0) == 0x80)
        bytes_max--;
    return bytes_max;
}
