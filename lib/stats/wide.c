#include "stats/wide.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ll_wide_set(ll_wide *number, uint64_t value)
{
    memset(number, 0, sizeof *number);
    number->words[0] = value;
}

void ll_wide_multiply(ll_wide *number, uint64_t factor)
{
    uint64_t carry = 0;

    for (int i = 0; i < LL_WIDE_WORDS; i++) {
        ll_wide_u128 product = (ll_wide_u128)number->words[i] * factor + carry;
        number->words[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    assert(carry == 0);
}

void ll_wide_add(ll_wide *number, const ll_wide *other)
{
    uint64_t carry = 0;

    for (int i = 0; i < LL_WIDE_WORDS; i++) {
        ll_wide_u128 sum = (ll_wide_u128)number->words[i] + other->words[i] + carry;
        number->words[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    assert(carry == 0);
}

void ll_wide_subtract(ll_wide *number, const ll_wide *other)
{
    uint64_t borrow = 0;

    for (int i = 0; i < LL_WIDE_WORDS; i++) {
        ll_wide_u128 difference = (ll_wide_u128)number->words[i] - other->words[i] - borrow;
        number->words[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    assert(borrow == 0);
}

int ll_wide_compare(const ll_wide *a, const ll_wide *b)
{
    for (int i = LL_WIDE_WORDS - 1; i >= 0; i--) {
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    }
    return 0;
}

/* The two highest words in use, 65 bits or more, and how many words lie below. */
static double leading(const ll_wide *number, int *out_below)
{
    int highest = LL_WIDE_WORDS - 1;

    while (highest > 1 && number->words[highest] == 0)
        highest--;
    *out_below = highest - 1;
    return (double)number->words[highest] * 0x1p64 + (double)number->words[highest - 1];
}

double ll_wide_ratio(const ll_wide *a, const ll_wide *b)
{
    int below_a, below_b;
    double leading_a = leading(a, &below_a);
    double leading_b = leading(b, &below_b);

    assert(leading_b > 0);
    return ldexp(leading_a / leading_b, 64 * (below_a - below_b));
}
