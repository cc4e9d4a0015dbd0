#!/usr/bin/env python3
"""Writes beta_large.json beside it: tails of the Beta distribution for parameters from 1/2 to
2^53, from mpmath with 60 digits: the density is integrated over ln(x/y), split where it is
steep. Needs python3-mpmath; the tests read only the file."""
import json
import os
import random

from mpmath import exp, log, log1p, loggamma, mp, mpf, quad, sqrt

mp.dps = 60


def ln_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def tails(x, y, a, b):
    """Both tails at x = 1 - y; the smaller one is integrated from x outwards."""
    a, b, x, y = mpf(a), mpf(b), mpf(x), mpf(y)
    front = a * log(x) + b * log(y) - ln_beta(a, b)
    spread = 1 / sqrt((a + b) * x * y)
    sign = -1 if a * y > b * x else 1

    def density(step):
        """exp(a ln(x'/x) + b ln(y'/y)) at the logit `step` further out."""
        s = sign * step
        return exp(a * s - (a + b) * log1p(x * (exp(s) - 1)))

    points = [spread * k / 2 for k in range(25)] + [spread * k for k in range(14, 40, 2)]
    tail = exp(front) * quad(density, points)
    return (tail, 1 - tail) if sign < 0 else (1 - tail, tail)


def cases():
    random.seed(5)
    for _ in range(60):
        a = 2 ** random.uniform(-1, 53)
        b = 2 ** random.uniform(-1, 53)
        mean = a / (a + b)
        spread = (mean * (1 - mean) / (a + b)) ** 0.5
        x = mean + random.uniform(-6, 6) * spread
        if not 0 < x < 1 or a < 20 or b < 20:
            continue
        # y with its own digits: the test is told both.
        y = float(1 - mpf(x))
        lower, upper = tails(x, 1 - mpf(x), a, b)
        yield {"in": {"x": x, "y": y, "a": a, "b": b},
               "out": {"cdf": repr(float(lower)), "sf": repr(float(upper))}}


def main():
    head = {"schema": 1, "fn": "beta_cdf_sf", "conventions": "y is 1 - x",
            "tolerance": {"cdf": "rel 1e-9", "sf": "rel 1e-9"},
            "source": "mpmath at 60 digits; tests/data/stats/beta_cases.py"}
    numbered = [{"id": "beta_large-%03d" % i, **c} for i, c in enumerate(cases())]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beta_large.json")
    with open(path, "w", encoding="ascii") as out:
        out.write("{\n")
        for key, value in head.items():
            out.write("%s: %s,\n" % (json.dumps(key), json.dumps(value)))
        out.write('"cases": [\n%s\n]\n}\n' % ",\n".join(json.dumps(c) for c in numbered))


main()
