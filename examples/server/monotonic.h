/* monotonic.h - time that never goes back, for deadlines. */
#ifndef SERVER_MONOTONIC_H
#define SERVER_MONOTONIC_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

uint64_t monotonic_ms(void);
uint64_t monotonic_us(void);
/* For pthread_cond_timedwait on a condition made below. */
struct timespec monotonic_after_ms(uint32_t wait_ms);
void monotonic_cond_init(pthread_cond_t *condition);

#endif
