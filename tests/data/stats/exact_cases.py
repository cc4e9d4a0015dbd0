#!/usr/bin/env python3
"""Writes difference_score_large.json, guardrail_large.json, fisher_kx2_large.json and
cramer_unbiased_large.json beside it. Needs python3-mpmath; the tests read only the files.

Nothing here works as the library does: the likeliest rates under a given difference come from
Miettinen and Nurminen's cubic, the intervals from bisection on the statistic, and exact tests from
binomial coefficients as integers, table by table."""
import random
from fractions import Fraction
from math import comb

from mpmath import acos, cos, erfc, exp, fsum, log, loggamma, mp, mpf, pi, sign, sqrt

from large_cases import BIG, kx2, quantile, real, write

# The cubic loses most of the digits at 2^53; more than half of these are left.
mp.dps = 130
SOURCE = "mpmath at 130 digits and integers; tests/data/stats/exact_cases.py"


def control_rate(s1, n1, s2, n2, d):
    """The likeliest rate of the control if the variant's is d more."""
    l3, l0 = mpf(n1 + n2), s1 * d * (1 - d)
    l2 = (n2 + 2 * n1) * d - (n1 + n2) - (s1 + s2)
    l1 = (n1 * d - (n1 + n2) - 2 * s1) * d + s1 + s2
    q = l2**3 / (3 * l3)**3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    square = l2**2 / (3 * l3)**2 - l1 / (3 * l3)
    p = sign(q) * sqrt(max(square, mpf(0)))
    rate = -l2 / (3 * l3)
    if p != 0:
        rate += 2 * p * cos((pi + acos(max(min(q / p**3, mpf(1)), mpf(-1)))) / 3)
    return min(max(rate, mpf(0), -d), mpf(1), 1 - d)


def variance(s1, n1, s2, n2, d):
    n = mpf(n1 + n2)
    p = control_rate(s1, n1, s2, n2, d)
    return (p * (1 - p) / n1 + (p + d) * (1 - p - d) / n2) * n / (n - 1)


def score_end(s1, n1, s2, n2, z, side):
    """The end of the interval below (side -1) or above the observed difference."""
    observed = mpf(s2) / n2 - mpf(s1) / n1
    inside, outside = mpf(0), 1 - side * observed
    while outside > 0 and (inside == 0 or outside - inside > mpf(10)**-40 * outside):
        w = (inside + outside) / 2 if inside > 0 else outside / 1024
        if w * w > z * z * variance(s1, n1, s2, n2, observed + side * w):
            outside = w
        else:
            inside = w
    return observed + side * outside, outside


def some_count(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randint(1, 4)
    return BIG - rng.randrange(3) if kind == 1 else rng.randint(1, 2**rng.randint(1, 53))


def some_successes(rng, n):
    kind, few = rng.randrange(6), min(n, rng.randrange(4))
    return (few, n - few, n // 2)[kind] if kind < 3 else rng.randint(0, n)


def score_cases():
    rng = random.Random(31)
    rows = [(0, BIG, 0, BIG), (0, BIG, BIG, BIG), (BIG, BIG, 0, BIG), (1, BIG, 0, BIG),
            (0, 1, 0, BIG), (1, 1, BIG, BIG), (BIG // 2, BIG, BIG // 2 + 10**8, BIG),
            (0, 1, 0, 1), (0, 1, 1, 1), (BIG - 1, BIG, 1, BIG), (3, 7, 10**6, 10**15)]
    rows = [row + (0.95,) for row in rows]
    for _ in range(110):
        n1 = some_count(rng)
        n2 = n1 if rng.random() < 0.4 else some_count(rng)
        rows.append((some_successes(rng, n1), n1, some_successes(rng, n2), n2,
                     rng.choice([0.95, 0.5, 0.999, 1e-5, 1 - 2**-53])))
    cases = []
    for s1, n1, s2, n2, confidence in rows:
        z = quantile(confidence)
        ends = [score_end(s1, n1, s2, n2, z, side) for side in (-1, 1)]
        # Next to 0 an end is what is left of two numbers that a double holds only so well.
        if all(end == 0 or abs(end) > width / 100 for end, width in ends):
            cases.append({"in": {"s1": s1, "n1": n1, "s2": s2, "n2": n2, "conf": confidence},
                          "out": {"miettinen_nurminen": [real(end) for end, _ in ends]}})
    return cases


def guardrail_cases():
    rng = random.Random(32)
    cases = []
    while len(cases) < 120:
        n1, n2 = some_count(rng), some_count(rng)
        s1, s2 = some_successes(rng, n1), some_successes(rng, n2)
        margin = rng.choice([0.0, 1e-12, 0.001, 0.01, 0.05, 0.3, 0.999, 1 - 2**-53])
        higher = rng.random() < 0.5
        d = -mpf(margin) if higher else mpf(margin)
        observed = mpf(s2) / n2 - mpf(s1) / n1
        spread = variance(s1, n1, s2, n2, d)
        # As above: of a difference that cancels, only the digits that are left can be right.
        if spread == 0 or abs(observed - d) < max(abs(observed), abs(d)) / 100:
            continue
        z = (observed - d) / sqrt(spread)
        if abs(z) > 38:
            continue  # no p to speak of
        p = erfc((z if higher else -z) / sqrt(mpf(2))) / 2
        cases.append({"in": {"type": "binary_higher" if higher else "binary_lower", "s1": s1,
                             "n1": n1, "s2": s2, "n2": n2, "margin": margin},
                      "out": {"z": real(z), "p": real(p)}})
    return cases


def tables_of(trials, left):
    """Every way of sharing `left` successes among the arms."""
    if len(trials) == 1:
        if left <= trials[0]:
            yield (left,)
        return
    rest = sum(trials[1:])
    for s in range(max(0, left - rest), min(trials[0], left) + 1):
        for others in tables_of(trials[1:], left - s):
            yield (s,) + others


def count_tables(trials, left):
    """How many of them there are, or more than 1e6; by running sums over all but the largest."""
    ways = [1]
    for n in sorted(trials)[:-1]:
        ways = [sum(ways[max(0, s - n):s + 1]) for s in range(min(len(ways) + n, left + 1))]
        if len(ways) > 10**4 and sum(ways) > 10**6:
            return sum(ways)
    return sum(w for s, w in enumerate(ways) if left - s <= max(trials))


def freeman_halton(succ, trials):
    """p, and how many tables there are. A table's weight is a product of coefficients."""
    choose = [[comb(n, s) for s in range(min(n, sum(succ)) + 1)] for n in trials]

    def weight(table):
        product = 1
        for row, s in zip(choose, table):
            product *= row[s]
        return product

    observed = weight(succ)
    limit = observed + observed // 10**7
    total = counted = number = 0
    for table in tables_of(trials, sum(succ)):
        w = weight(table)
        number += 1
        total += w
        if w <= limit:
            counted += w
    return mpf(counted) / total, number


def freeman_halton_large(succ, trials):
    """The same by logarithms, for counts whose coefficients are too long."""
    wins, n = sum(succ), sum(trials)

    def ln_choose(m, s):
        return loggamma(m + 1) - loggamma(s + 1) - loggamma(m - s + 1)

    def ln_p(table):
        return fsum(ln_choose(m, s) for m, s in zip(trials, table)) - ln_choose(n, wins)

    observed = ln_p(succ)
    kept = [x for x in (ln_p(t) for t in tables_of(trials, wins))
            if x <= observed + log(1 + mpf(10)**-7)]
    return exp(observed) * fsum(exp(x - observed) for x in kept), None


def exact_cases():
    rng = random.Random(33)
    small = [([3] + [0] * 62 + [1], list(range(5, 69))), ([5, 0, 0, 3], [400, 300, 350, 20]),
             ([0, 12, 1], [1000, 1000, 3]), ([990, 1000, 1], [1000, 1000, 3]),
             ([0] * 10 + [1] * 6 + [9], [1] * 16 + [4000]), ([2] * 6 + [0] * 6, [2] * 12),
             ([300, 100, 0], [800, 900, 2]), ([7, 7, 7, 7, 0], [15, 15, 15, 15, 9])]
    for _ in range(40):
        k = rng.randint(3, 7)
        trials = [rng.randint(1, 2**rng.randint(0, 10)) for _ in range(k)]
        p = rng.random() ** 3 / 4
        succ = [sum(rng.random() < p * rng.choice([1, 2]) for _ in range(n)) for n in trials]
        small.append((succ, trials))
    large = [([2, 30, 2 * 10**7], [2, 300, BIG]), ([0, 300, BIG // 2], [2, 300, BIG]),
             ([1, 140, BIG // 2], [2, 300, BIG]), ([1, 0, 2], [BIG, BIG, BIG - 1]),
             ([4, 0, 0, 0], [BIG, BIG // 2, 10**9, 10]), ([9, 1, 3], [10, 10**6, 10**12])]
    cases = []
    for method, rows in ((freeman_halton, small), (freeman_halton_large, large)):
        for succ, trials in rows:
            wins, n = sum(succ), sum(trials)
            low = any(m * w < 5 * n for m in trials for w in (wins, n - wins))
            if wins in (0, n) or not low or len(trials) < 3:
                continue
            if count_tables(trials, min(wins, n - wins)) > 10**6:
                continue
            p, number = method(succ, trials)
            cases.append({"in": {"succ": succ, "n": trials},
                          "out": {"p": real(p), "ln_p": real(log(p)), "tables": number}})
    return cases


def unbiased(succ, trials):
    _, square = kx2(succ, trials)
    n, k = sum(trials), len(trials)
    beyond = max(Fraction(0), square - Fraction(k - 1, n - 1))
    k_, r_ = k - Fraction((k - 1)**2, n - 1), 2 - Fraction(1, n - 1)
    ratio = beyond / min(k_ - 1, r_ - 1) if beyond > 0 else Fraction(0)
    return real(sqrt(mpf(ratio.numerator) / ratio.denominator))


def unbiased_cases():
    """Tables that show just a little more, or a little less, than chance makes."""
    rows = []
    for d in (2, 30, 1001, 10**5, 10**7, 2 * 10**7):
        # n/2 -+ d of n: X2 = 8 d^2 / n, of which chance makes 2n/(2n - 1)
        for n in (8 * d * d - 2, 8 * d * d, 8 * d * d + 2):
            if n <= BIG:
                rows.append(([n // 2 - d, n // 2 + d], [n, n]))
        n = 4 * d * d  # three arms: X2 = 8 d^2 / n, of which chance makes about 2
        for change in (-2, 0, 2):
            rows.append(([(n + change) // 2 - d, (n + change) // 2, (n + change) // 2 + d],
                         [n + change] * 3))
    rows.append(([0, 5, 5], [1, 7, 7]))
    rows.append(([BIG // 2] * 32 + [BIG // 2 + 3 * 10**7] * 32, [BIG] * 64))
    rows.append(([BIG, 0], [BIG, BIG]))
    rows.append(([BIG, 0, 1], [BIG, BIG, 2]))
    return [{"in": {"succ": succ, "n": trials}, "out": {"V_bc": unbiased(succ, trials)}}
            for succ, trials in rows if all(n <= BIG for n in trials)]


def main():
    write("difference_score_large", "two_prop_ci", {"miettinen_nurminen": "rel 1e-13"},
          "as difference_ci", score_cases(), SOURCE)
    write("guardrail_large", "noninferiority", {"z": "rel 1e-12", "p": "rel 1e-10"},
          "as guardrail; margin is the double", guardrail_cases(), SOURCE)
    write("fisher_kx2_large", "fisher_freeman_halton", {"p": "rel 1e-11", "ln_p": "rel 1e-12"},
          "as fisher_kx2", exact_cases(), SOURCE)
    write("cramer_unbiased_large", "chi2_kx2", {"V_bc": "rel 1e-12"}, "as kx2_tests",
          unbiased_cases(), SOURCE)


if __name__ == "__main__":
    main()
