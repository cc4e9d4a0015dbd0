#!/usr/bin/env python3
"""Writes the *_large.json files beside it: reference values for counts up to
2^53, for many arms and for thresholds met exactly, from exact rationals and
mpmath with 60 digits. Needs python3-mpmath; the tests read only the files."""
import json
import os
import random
from fractions import Fraction

from mpmath import erfc, erfinv, exp, gammainc, log, log1p, loggamma, mp, mpf, sqrt

mp.dps = 60
BIG = 2**53
SOURCE = "exact rationals and mpmath at 60 digits; tests/data/stats/large_cases.py"


def real(x):
    """A double as text; the nearest to x."""
    return repr(float(x))


def write(name, fn, tolerance, conventions, cases, source=SOURCE):
    head = {"schema": 1, "fn": fn, "conventions": conventions, "tolerance": tolerance,
            "source": source}
    numbered = [{"id": "%s-%03d" % (name, i), **c} for i, c in enumerate(cases)]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".json")
    with open(path, "w", encoding="ascii") as out:
        out.write("{\n")
        for key, value in head.items():
            out.write("%s: %s,\n" % (json.dumps(key), json.dumps(value)))
        out.write('"cases": [\n%s\n]\n}\n' % ",\n".join(json.dumps(c) for c in numbered))


def ln_choose(n, k):
    return loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1)


def fisher(s1, n1, s2, n2):
    """Two-sided p, its logarithm and mid-p, from all tables that matter."""
    s, n = s1 + s2, n1 + n2
    first, last = max(0, s - n2), min(n1, s)
    mode = min(max((n1 + 1) * (s + 1) // (n + 2), first), last)

    def ln_pmf(x):
        return ln_choose(n1, x) + ln_choose(n2, s - x) - ln_choose(n, s)

    observed = ln_pmf(s1)

    def side(start, step, end):
        """P relative to the observed table, outward from start."""
        sums = [mpf(0), mpf(0), mpf(0)]  # likelier by no more than 1e-7; equal; less likely
        x, p = start, exp(ln_pmf(start) - observed)
        floor = mpf(10) ** -25
        while True:
            if abs(p - 1) < mpf(10) ** -35:
                sums[1] += p
            elif p < 1:
                sums[2] += p
            elif p <= 1 + mpf(10) ** -7:
                sums[0] += p
            if x == end or (p < floor and p < floor * sum(sums)):
                return sums
            if step > 0:
                p *= mpf((n1 - x) * (s - x)) / ((x + 1) * (n2 - s + x + 1))
            else:
                p *= mpf(x * (n2 - s + x)) / ((n1 - x + 1) * (s - x + 1))
            x += step

    up = side(mode, 1, last)
    down = side(mode - 1, -1, first) if mode > first else [0, 0, 0]
    total = [a + b for a, b in zip(up, down)]
    ln_p = observed + log(sum(total))
    p = exp(ln_p)
    mid = exp(observed) * (total[2] + total[1] / 2)
    return {"p_two": real(p), "ln_p_two": real(min(ln_p, 0)), "p_mid_two": real(mid)}


def fisher_cases():
    tables = [
        (3, 5, 40, BIG), (0, 5, BIG, BIG), (1, 1, 1, BIG), (2, BIG, 9, BIG),
        (0, BIG, 12, BIG), (BIG, BIG, BIG - 12, BIG), (4, 9, BIG - 1, BIG),
        (60, 100000000, 2, 1000), (4, 1000000000, 0, 1000000000),
        (500000, 1000000, 500800, 1000000), (499000, 1000000, 501000, 1000000),
        (500000, 1000000, 500001, 1000000), (300, 1000000, 380, 1000000),
        (999900, 1000000, 999930, 1000000), (123456, 654321, 190000, 1000000),
        (500000, 1000000, 518000, 1000000), (500000, 1000000, 526000, 1000000),
        (500000, 1000000, 540000, 1000000), (17, 1000000, 300000, 1000000),
        (0, 1000000, 1000000, 1000000), (0, 400, 400, 400), (0, 2000, 2000, 2000),
        (1000, 2000, 1000, 2000), (30, 60, 10, 20), (5, 10, 500000, 1000000),
        (7, 9, 100, 1000000), (500000000, 1000000000, 500040000, 1000000000),
    ]
    # Tables almost, but not exactly, as likely as the observed one.
    for off in (1, 3, 7, 30, 200):
        tables.append((500000000 + off, 1000000000, 700000000 - off, 1400000001))
        tables.append((300000 - off, 1000000, 420000 + off, 1400001))
    rng = random.Random(20)
    for _ in range(40):
        n1, n2 = rng.randint(2, 10**rng.randint(1, 6)), rng.randint(2, 10**rng.randint(1, 6))
        p = rng.random() ** 3
        s1 = sum(rng.random() < p for _ in range(min(n1, 1000))) * n1 // min(n1, 1000)
        s2 = sum(rng.random() < p for _ in range(min(n2, 1000))) * n2 // min(n2, 1000)
        tables.append((s1, n1, s2, n2))
    return [{"in": {"s1": a, "n1": b, "s2": c, "n2": d}, "out": fisher(a, b, c, d)}
            for a, b, c, d in tables]


def chi_square_tail(x, df):
    """P(X > x) and its logarithm, which the other tail gives when P is all but 1."""
    a, y = mpf(df) / 2, mpf(x.numerator) / x.denominator / 2
    p = gammainc(a, y, regularized=True)
    ln_p = log(p) if p < mpf("0.9") else log1p(-gammainc(a, 0, y, regularized=True))
    return p, ln_p


def kx2(succ, trials):
    live = [(s, n) for s, n in zip(succ, trials) if n > 0]
    total, wins = sum(n for _, n in live), sum(s for s, _ in live)
    losses = total - wins
    x2 = sum(Fraction((s * total - n * wins) ** 2, n * wins * losses) for s, n in live)
    cells = [Fraction(n * m, total) for _, n in live for m in (wins, losses)]
    p, ln_p = chi_square_tail(x2, len(live) - 1)
    v = sqrt(mpf(x2.numerator) / x2.denominator / total)
    out = {"k_used": len(live), "N": total, "df": len(live) - 1, "chi2": real(x2), "p": real(p),
           "ln_p": real(ln_p), "V": real(v), "min_expected": real(min(cells)),
           "cells_lt5": sum(c < 5 for c in cells)}
    return out, x2 / total


def kx2_cases():
    rng = random.Random(21)
    tables = []
    for k, bits in [(2, 53), (3, 53), (10, 53), (64, 53), (64, 20), (64, 5), (32, 40), (7, 30)]:
        for _ in range(3):
            trials = [rng.randint(1, 2**bits) for _ in range(k)]
            tables.append(([rng.randint(0, n) for n in trials], trials))
            tables.append(([n * 6 // 10 + (rng.randint(0, 3) if n > 9 else 0) for n in trials],
                           trials))
    tables.append(([BIG // 2] * 63 + [BIG // 2 + 10**8], [BIG] * 64))
    tables.append(([1] + [0] * 63, [BIG] * 64))
    tables.append(([BIG] + [0], [BIG, 1]))
    cases = []
    for succ, trials in tables:
        cases.append({"in": {"succ": succ, "n": trials}, "out": kx2(succ, trials)[0]})
    return cases


def effect_cases():
    """Is V > threshold, where doubles cannot tell? Counts with V = threshold
    exactly, and the same with one success more or less."""
    cases = []

    def add(succ, trials, threshold):
        square = kx2(succ, trials)[1]
        exceeds = square > Fraction(threshold) ** 2
        cases.append({"in": {"succ": succ, "n": trials, "v_min": float(threshold)},
                      "out": {"exceeds": exceeds, "V": real(sqrt(mpf(square.numerator) /
                                                                 square.denominator))}})

    for percent in (1, 3, 5, 10, 20, 30, 60, 70):
        for scale in (1, 5, 10**6, 10**12, 4 * 10**13):
            n = 200 * scale
            low, high = (100 - percent) * scale, (100 + percent) * scale
            threshold = "%d.%02d" % divmod(percent, 100)
            for change in (-1, 0, 1):
                add([low, high + change], [n, n], threshold)
                add([low, high, low, high + change], [n] * 4, threshold)
    n = BIG // 200 * 200
    add([n * 45 // 100, n * 55 // 100] * 32, [n] * 64, "0.1")
    add([n * 45 // 100, n * 55 // 100] * 31 + [n * 45 // 100, n * 55 // 100 + 1], [n] * 64, "0.1")
    add([n * 45 // 100, n * 55 // 100] * 31 + [n * 45 // 100 + 1, n * 55 // 100], [n] * 64, "0.1")
    # Unequal arms around 1/2 with the same offset everywhere: V is that offset over 1/2.
    trials = [2000 * m for m in (1, 7, 90, 1100, 13000, 170000, 10**9, 10**12)]
    trials = trials + trials
    half = len(trials) // 2
    for change in (-1, 0, 1):
        succ = [n * 45 // 100 for n in trials[:half]] + [n * 55 // 100 for n in trials[half:]]
        succ[-1] += change
        add(succ, trials, "0.1")
    return cases


def quantile(confidence):
    return sqrt(mpf(2)) * erfinv(mpf(confidence))


def wilson_ends(s, n, z):
    centre, half = s + z * z / 2, z * sqrt(mpf(s) * (n - s) / n + z * z / 4)
    low = mpf(0) if s == 0 else (centre - half) / (n + z * z)
    high = mpf(1) if s == n else (centre + half) / (n + z * z)
    return low, high


def interval_cases():
    pairs = [(s, n) for n in (1, 2, 1000, 10**9, 10**12, BIG) for s in
             sorted({0, 1, n // 3, n // 2, n - 1, n})]
    cases = []
    for confidence in (1e-6, 0.5, 0.95, 0.999999, 1 - 2**-53):
        z = quantile(confidence)
        for s, n in pairs:
            low, high = wilson_ends(s, n, z)
            cases.append({"in": {"s": s, "n": n, "conf": confidence},
                          "out": {"wilson": [real(low), real(high)]}})
    return cases


def difference_cases():
    rng = random.Random(22)
    rows = [(0, BIG, 1, BIG), (BIG, BIG, BIG - 1, BIG), (BIG // 2, BIG, BIG // 2 + 10**8, BIG),
            (1, 1, BIG, BIG), (0, 1, BIG, BIG), (1, 2, 10**12, 2 * 10**12)]
    for _ in range(40):
        n1, n2 = rng.randint(1, 2**rng.randint(1, 53)), rng.randint(1, 2**rng.randint(1, 53))
        rows.append((rng.randint(0, n1), n1, rng.randint(0, n2), n2))
        n = max(n1, 10)
        rows.append((n * 6 // 10, n, min(n, n * 6 // 10 + rng.randint(0, 5)), n))
    cases = []
    for s1, n1, s2, n2 in rows:
        z = quantile(0.95)
        (l1, u1), (l2, u2) = wilson_ends(s1, n1, z), wilson_ends(s2, n2, z)
        p1, p2 = mpf(s1) / n1, mpf(s2) / n2
        low = p2 - p1 - sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2)
        high = p2 - p1 + sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2)
        cases.append({"in": {"s1": s1, "n1": n1, "s2": s2, "n2": n2, "conf": 0.95},
                      "out": {"newcombe": [real(low), real(high)]}})
    return cases


def tail_cases():
    """Survival functions and quantiles where series, sums and asymptotics meet."""
    cases = []
    for df in (1, 2, 3, 4, 5, 8, 9, 30, 63, 64, 500, 1023, 1024):
        for x in (1e-30, 0.25, df - 0.5, float(df), df + 0.5, 2.0 * df + 3, 1399.5, 1400.0,
                  1400.5, 2100.0, 1e5, 1e17):
            p, ln_p = chi_square_tail(Fraction(x), df)
            cases.append({"in": {"x": x, "df": df}, "out": {"sf": real(p), "ln_sf": real(ln_p)}})
    return cases


def normal_cases():
    cases = []
    for z in (-400.0, -20.5, -0.500001, -0.5, -0.499999, 19.999, 20.0, 20.001, 38.4, 1e3, 1e8):
        p, low = erfc(mpf(z) / sqrt(mpf(2))) / 2, erfc(-mpf(z) / sqrt(mpf(2))) / 2
        ln_p = log(p) if z > 0 else log1p(-low)
        cases.append({"in": {"z": z}, "out": {"cdf": real(low), "sf": real(p),
                                              "ln_sf": real(ln_p)}})
    for p in (5e-324, 1e-310, 2.3e-308, 1e-89, 1e-20, 0.01, 0.1999999, 0.2, 0.2000001, 0.4,
              0.4999999999999999, 0.5, 0.5000000000000001, 0.8, 0.8000001, 0.99, 1 - 2**-53):
        guess = mpf("0.5") - mpf(p)
        if p < 0.01:
            guess = sqrt(-2 * log(mpf(p)) * mpf("0.95"))
        if p > 0.98:
            guess = -sqrt(-2 * log(1 - mpf(p)) * mpf("0.9"))
        z = mp.findroot(lambda t, q=mpf(p): log(erfc(t / sqrt(mpf(2))) / 2) - log(q), guess)
        cases.append({"in": {"p": p}, "out": {"isf": real(z) if p != 0.5 else "0.0"}})
    return cases


def main():
    write("fisher2x2_large", "fisher_2x2", {"*": "rel 1e-10"},
          "as fisher2x2; p_two sums tables with P <= P(observed) (1 + 1e-7)", fisher_cases())
    write("kx2_large", "chi2_kx2", {"chi2": "rel 1e-12", "p": "rel 1e-10", "ln_p": "rel 1e-12",
                                    "V": "rel 1e-12", "min_expected": "rel 1e-13"},
          "as kx2_tests", kx2_cases())
    write("effect_large", "effect_exceeds", {"exceeds": "exact"},
          "V > v_min, v_min being the decimal as written", effect_cases())
    write("proportion_ci_large", "wilson", {"wilson": "rel 1e-12"}, "as proportion_ci",
          interval_cases())
    write("difference_ci_large", "newcombe", {"newcombe": "rel 1e-11"}, "as difference_ci",
          difference_cases())
    write("chi2_large", "chi2_sf", {"sf": "rel 1e-12", "ln_sf": "rel 1e-13"}, "as chi2",
          tail_cases())
    write("normal_large", "normal", {"cdf": "rel 4e-15", "sf": "rel 1e-13 (rel 1e-12 for z>20)",
                                     "ln_sf": "rel 1e-14", "isf": "rel 4e-15"}, "as normal",
          normal_cases())


if __name__ == "__main__":
    main()
