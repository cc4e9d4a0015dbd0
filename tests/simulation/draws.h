/* draws.h - random numbers that are the same in every run and on every machine.
 *
 * xoshiro256++ (Blackman & Vigna 2019), seeded by splitmix64 (Steele, Lea & Flood 2014). */
#ifndef TESTS_DRAWS_H
#define TESTS_DRAWS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct draws {
    uint64_t state[4];
} draws;

static inline draws draws_begin(uint64_t seed)
{
    draws d;

    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        d.state[i] = z ^ (z >> 31);
    }
    return d;
}

static inline uint64_t draw_turned(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline uint64_t draw_bits(draws *d)
{
    uint64_t *s = d->state;
    uint64_t result = draw_turned(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = draw_turned(s[3], 45);
    return result;
}

/* 0 <= x < 1, by steps of 2^-53. */
static inline double draw_real(draws *d)
{
    return (double)(draw_bits(d) >> 11) * 0x1p-53;
}

static inline bool draw_event(draws *d, double probability)
{
    return draw_real(d) < probability;
}

/* 0 <= n < limit; uneven by no more than limit / 2^64. */
static inline uint64_t draw_below(draws *d, uint64_t limit)
{
    return draw_bits(d) % limit;
}

/* Normal, Marsaglia's polar method of 1964; one of its two values is thrown away. */
static inline double draw_normal(draws *d)
{
    double x, y, square;

    do {
        x = 2.0 * draw_real(d) - 1.0;
        y = 2.0 * draw_real(d) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square <= 0.0);
    return x * sqrt(-2.0 * log(square) / square);
}

#endif
