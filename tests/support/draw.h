/* draw.h - numbers that look random and are the same in every run, for tests that draw. */
#ifndef TESTS_DRAW_H
#define TESTS_DRAW_H

#include <stdbool.h>
#include <stdint.h>

/* Start it with any number: { .state = 2024 }. */
typedef struct draw {
    uint64_t state;
} draw;

/* splitmix64, Steele, Lea & Flood 2014 */
static inline uint64_t draw_bits(draw *d)
{
    d->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = d->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to limit - 1 */
static inline uint64_t draw_below(draw *d, uint64_t limit)
{
    return draw_bits(d) % limit;
}

/* 0 to all but 1 */
static inline double draw_share(draw *d)
{
    return (double)(draw_bits(d) >> 11) * 0x1p-53;
}

static inline bool draw_happens(draw *d, double probability)
{
    return draw_share(d) < probability;
}

#endif
