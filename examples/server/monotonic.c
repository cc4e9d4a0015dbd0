#include "monotonic.h"

uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t monotonic_ms(void)
{
    return monotonic_us() / 1000;
}

struct timespec monotonic_after_ms(uint32_t wait_ms)
{
    uint64_t at_us = monotonic_us() + wait_ms * UINT64_C(1000);
    return (struct timespec){ .tv_sec = (time_t)(at_us / 1000000),
                              .tv_nsec = (long)(at_us % 1000000) * 1000 };
}

void monotonic_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}
