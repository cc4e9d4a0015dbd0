#!/usr/bin/env python3
"""Writes split_large.json beside it: sample ratio mismatch for counts up to 2^53, weights of any
sum and size (the doubles they are), and any concentration, from exact rationals and mpmath with
60 digits. Needs python3-mpmath; the tests read only the file."""
import json
import os
import random
from fractions import Fraction

from mpmath import gammainc, log, log1p, loggamma, mp, mpf

mp.dps = 60
BIG = 2**53
SOURCE = "exact rationals and mpmath at 60 digits; tests/data/stats/split_cases.py"


def real(x):
    """A double as text; the nearest to x."""
    return repr(float(x))


def number(fraction):
    return mpf(fraction.numerator) / fraction.denominator


def case(counts, weights, concentration, note=None):
    used = [(n, Fraction(w)) for n, w in zip(counts, weights) if w > 0]
    total = sum(n for n, _ in used)
    whole = sum(w for _, w in used)
    c = mpf(concentration)
    ln_e = loggamma(c) - loggamma(c + total)
    chi_square = Fraction(0)
    for n, w in used:
        share = w / whole
        prior = c * number(share)
        ln_e += loggamma(prior + n) - loggamma(prior) - n * log(number(share))
        chi_square += (n - total * share) ** 2 / (total * share)
    degrees = len(used) - 1
    chi_square = number(chi_square)
    p = gammainc(mpf(degrees) / 2, chi_square / 2, regularized=True)
    ln_p = log(p)
    if chi_square < degrees:
        ln_p = log1p(-gammainc(mpf(degrees) / 2, 0, chi_square / 2, regularized=True))
    out = {"ln_e": real(ln_e), "chi2": real(chi_square), "df": degrees, "ln_p": real(ln_p)}
    if p > mpf(10) ** -300:
        out["p"] = real(p)
    made = {"in": {"counts": counts, "weights": weights, "concentration": concentration},
            "out": out}
    if note:
        made["note"] = note
    return made


def drawn(rng, total, weights):
    """Counts as they would come, roughly, of that many in all."""
    whole = sum(weights)
    counts = []
    for w in weights:
        mean = total * w / whole
        counts.append(min(max(0, round(rng.gauss(mean, mean**0.5))), BIG))
    return counts


def main():
    rng = random.Random(20220607)
    cases = [
        case([BIG, BIG], [1, 1], 1000),
        case([BIG, BIG - 1], [1, 1], 1000),
        case([BIG, BIG - 10**8], [1, 1], 1000),
        case([BIG, 0], [1, 1], 1000, "nothing could be farther"),
        case([BIG] * 64, [1] * 64, 1000),
        case([BIG // 3, BIG // 3 * 2], [1, 2], 1000, "a third is no double"),
        case([BIG // 10 * 7, BIG // 10 * 2, BIG // 10], [0.7, 0.2, 0.1], 1000,
             "the doubles nearest to 0.7, 0.2 and 0.1"),
        case([5, 5], [1, 1e-100], 1000, "a weight that explains nothing"),
        case([5, 0], [1e100, 1e-100], 1, "the smallest share there is"),
        case([0, 1], [1e100, 1e-100], 1),
        case([1, 0], [1, 1], 1e9),
        case([1, 0], [1, 1], 1),
        case([10, 0, 12], [1, 0, 1], 1000, "weight 0 takes no part"),
        case([15, 16, 17], [1.5, 1.6, 1.7], 10, "where the series begins"),
    ]
    for arms in (2, 3, 10, 64):
        for exponent in (2, 4, 6, 9, 12, 15):
            weights = [rng.choice([1, 3, 0.1, 7.25, 1 / 3]) for _ in range(arms)]
            cases.append(case(drawn(rng, 10**exponent, weights), weights,
                              rng.choice([1, 100, 1000, 12345.678, 1e9])))
    head = {"schema": 1, "fn": "split",
            "conventions": "as in sequential.json (srm_e) and srm.json; weights are the doubles",
            "tolerance": {"ln_e": "abs 1e-9 or rel 1e-14", "chi2": "rel 1e-12", "p": "rel 1e-10",
                          "ln_p": "rel 1e-12"},
            "source": SOURCE}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "split_large.json")
    with open(path, "w", encoding="ascii") as out:
        out.write("{\n")
        for key, value in head.items():
            out.write("%s: %s,\n" % (json.dumps(key), json.dumps(value)))
        numbered = [{"id": "split_large-%03d" % i, **c} for i, c in enumerate(cases)]
        out.write('"cases": [\n%s\n]\n}\n' % ",\n".join(json.dumps(c) for c in numbered))


if __name__ == "__main__":
    main()
