/* special.h - the special functions that the distributions of stats stand on.
 *
 * All of them exist to avoid one thing: a small number as the difference of
 * two large ones. No lgamma anywhere: its differences lose ten digits at
 * counts of a million, and glibc's writes a global. */
#ifndef LL_STATS_SPECIAL_H
#define LL_STATS_SPECIAL_H

#include <stdint.h>

/* ln(n!) less the entropy part n ln n - n of Stirling's formula: the Stirling
 * error plus ln(2 pi n)/2, and 0 for n = 0. Sums and differences of these stay
 * near 20 where the factorials' own logarithms reach 1e17.
 * Loader 2000, "Fast and accurate computation of binomial probabilities". */
double ll_special_ln_factorial_rest(uint64_t n);

/* The Stirling error of the gamma function, ln Gamma(z) - (z - 1/2) ln z + z - ln(2 pi)/2, for
 * real z > 0: below 1/(12 z). Absolute error below 2e-15. Abramowitz & Stegun 6.1.40. */
double ll_special_stirling_error(double z);

/* The deviance part of one cell, x ln(x/m) + m - x >= 0, from the observed x,
 * the expected m > 0 and their difference x - m, which the caller often has
 * more exactly than a subtraction would give it. Loader 2000, "bd0". */
double ll_special_deviance(double observed, double expected, double difference);

/* exp(r^2) erfc(r) for r >= 10, where erfc itself is on its way to underflow.
 * Asymptotic series, Abramowitz & Stegun 1964, 7.1.23. */
double ll_special_erfc_scaled(double r);

#endif
