#!/usr/bin/env python3
"""Writes ratings_large.json, cluster_large.json, mean_large.json and summary_large.json beside it:
counts up to 2^53, sums that cancel to their last digit, doubles of any size. From exact
rationals and mpmath with 60 digits. Needs python3-mpmath; the tests read only the files."""
import json
import os
import random
from fractions import Fraction

from mpmath import betainc, erfc, exp, findroot, inf, log, loggamma, mp, mpf, pi, quad, sqrt

mp.dps = 60
BIG = 2**53
SOURCE = "exact rationals and mpmath at 60 digits; tests/data/stats/quality_cases.py"


def big(x):
    """A rational or an integer as mpf."""
    x = Fraction(x)
    return mpf(x.numerator) / mpf(x.denominator)


def real(x):
    """A double as text; the nearest to x."""
    x = big(x) if isinstance(x, Fraction) else mpf(x)
    if abs(x) < mpf(2) ** -1000:  # mpmath's own conversion rounds such numbers to zero
        return repr(float(Fraction(int(mp.nint(x * mpf(2) ** 1300)), 2**1300)))
    return repr(float(x))


def write(name, fn, tolerance, conventions, cases):
    head = {"schema": 1, "fn": fn, "conventions": conventions, "tolerance": tolerance,
            "source": SOURCE}
    numbered = [{"id": "%s-%03d" % (name, i), **c} for i, c in enumerate(cases)]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".json")
    with open(path, "w", encoding="ascii") as out:
        out.write("{\n")
        for key, value in head.items():
            out.write("%s: %s,\n" % (json.dumps(key), json.dumps(value)))
        out.write('"cases": [\n%s\n]\n}\n' % ",\n".join(json.dumps(c) for c in numbered))


def normal_two_sided(z):
    return erfc(abs(z) / sqrt(mpf(2)))


def student_sf(t, df):
    """P(T > t), t >= 0: an incomplete beta function; for many degrees the density's integral."""
    t, df = mpf(t), mpf(df)
    if t == 0:
        return mpf(1) / 2
    if df < 10**6:
        return betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    ln_c = loggamma((df + 1) / 2) - loggamma(df / 2) - log(df * pi) / 2
    if df > mpf(10) ** 12:  # the difference by Stirling's series: loggamma would need more digits
        ln_c = -log(2 * pi) / 2 - 1 / (4 * df) + 1 / (24 * df**3) - 1 / (20 * df**5)

    def density(x):
        return exp(ln_c - (df + 1) / 2 * log(1 + x * x / df))

    width = 1 / max(t, mpf(1))
    points = [t + k * width for k in range(0, 200, 4)]
    return quad(density, points) + (0 if t > 20 else quad(density, [points[-1], inf]))


def student_two_sided(confidence, df):
    """The t with P(|T| <= t) = confidence."""
    tail = (1 - big(Fraction(confidence))) / 2
    guess = findroot(lambda z: erfc(z / sqrt(mpf(2))) / 2 - tail, mpf(2))
    with mp.workdps(30):
        return findroot(lambda t: log(student_sf(t, df) / tail), (guess, guess * (1 + 3 / mpf(df))),
                        tol=mpf(10) ** -45)


def welch(difference, one, other, count_1, count_2):
    """t and degrees from the two variances of the means, all rational."""
    error = one + other
    df = error**2 / (one**2 / (count_1 - 1) + other**2 / (count_2 - 1))
    return big(difference) / sqrt(big(error)), big(df), sqrt(big(error))


# ---- ratings

def moments(counts):
    n = sum(counts)
    total = sum((i + 1) * c for i, c in enumerate(counts))
    squares = sum((i + 1) ** 2 * c for i, c in enumerate(counts))
    variance = Fraction(n * squares - total**2, n * (n - 1)) if n > 1 else Fraction(0)
    return n, Fraction(total, n), variance


def rating_case(x, y):
    nx, mean_x, var_x = moments(x)
    ny, mean_y, var_y = moments(y)
    n = nx + ny
    pairs = nx * ny
    ahead = sum(y[i] * x[j] * ((i > j) - (i < j)) for i in range(5) for j in range(5))
    ties = sum((a + b) ** 3 - (a + b) for a, b in zip(x, y))
    square = Fraction(pairs, 12) * (n + 1 - Fraction(ties, n * (n - 1)))
    z = big(Fraction(ahead, 2)) / sqrt(big(square))
    corrected = big(Fraction(max(abs(ahead) - 1, 0), 2)) / sqrt(big(square))
    out = {"U": real(Fraction(pairs + ahead, 2)), "A": real(Fraction(pairs + ahead, 2 * pairs)),
           "z": real(z), "p_cc": real(normal_two_sided(corrected)), "mean_x": real(mean_x),
           "mean_y": real(mean_y), "welch_diff": real(mean_y - mean_x)}
    if nx > 1 and ny > 1 and var_x + var_y > 0:
        t, df, error = welch(mean_y - mean_x, var_x / nx, var_y / ny, nx, ny)
        reach = error * student_two_sided(0.95, df)
        diff = big(mean_y - mean_x)
        out.update({"var_x": real(var_x), "var_y": real(var_y), "welch_t": real(t),
                    "welch_df": real(df), "welch_p": real(2 * student_sf(abs(t), df)),
                    "welch_ci95": [real(diff - reach), real(diff + reach)]})
    return {"in": {"x": x, "y": y}, "out": out}


def rating_cases():
    rng = random.Random(11)
    cases = [
        ([BIG] * 5, [BIG] * 5),
        ([BIG] * 5, [BIG] * 4 + [BIG - 1]),
        ([BIG, 0, 0, 0, 0], [BIG, 1, 0, 0, 0]),
        ([0, 0, 0, 0, BIG], [1, 0, 0, 0, BIG]),
        ([0, 0, 1, 0, BIG], [0, 0, 0, 1, BIG]),
        ([BIG, 1, 0, 0, 0], [BIG, 3, 0, 0, 0]),
        ([1, 0, 0, 0, 0], [0, 0, 0, 0, BIG]),
        ([1, 0, 0, 0, 1], [0, 0, BIG, 0, 0]),
        ([BIG, 0, 0, 0, BIG - 1], [0, 1, 0, 1, 0]),
        ([3, 5, 7, 9, 10**15], [2, 4, 8, 9, 10**15]),
    ]
    for _ in range(16):
        n = 10 ** rng.randint(2, 15)
        base = [rng.randint(1, n) for _ in range(5)]
        spread = int(rng.uniform(0.2, 4) * n**0.5)
        cases.append((base, [max(0, b + rng.randint(-spread, spread)) for b in base]))
    return [rating_case(x, y) for x, y in cases]


# ---- clusters

def sums(groups):
    """Running sums of groups (how many units, n, s)."""
    return {"units": sum(m for m, n, s in groups), "trials": sum(m * n for m, n, s in groups),
            "successes": sum(m * s for m, n, s in groups),
            "trials_squared": sum(m * n * n for m, n, s in groups),
            "products": sum(m * n * s for m, n, s in groups),
            "successes_squared": sum(m * s * s for m, n, s in groups)}


def cluster_arm(groups):
    a = sums(groups)
    assert max(a.values()) <= BIG
    m, trials = a["units"], a["trials"]
    rate = Fraction(a["successes"], trials)
    square = sum(k * (s - rate * n) ** 2 for k, n, s in groups)
    return a, rate, Fraction(m, m - 1) * square / trials**2


def cluster_case(one, other):
    a, rate_a, var_a = cluster_arm(one)
    b, rate_b, var_b = cluster_arm(other)
    z = big(rate_b - rate_a) / sqrt(big(var_a + var_b))
    out = {"rate_a": real(rate_a), "rate_b": real(rate_b), "var_a": real(var_a),
           "var_b": real(var_b), "deff_a": real(var_a / (rate_a * (1 - rate_a) / a["trials"])),
           "deff_b": real(var_b / (rate_b * (1 - rate_b) / b["trials"])), "z": real(z),
           "p_z": real(normal_two_sided(z)),
           "p_t": real(2 * student_sf(abs(z), a["units"] + b["units"] - 2))}
    return {"in": {"a": a, "b": b}, "out": out}


def cluster_cases():
    rng = random.Random(12)
    million = 10**6
    cases = [
        # all but one unit at one rate: nearly everything cancels
        ([(million, 20, 10), (1, 20, 11)], [(million, 20, 10), (1, 20, 9)]),
        ([(2, 4 * 10**7, 2 * 10**7), (1, 3, 1)], [(2, 4 * 10**7, 2 * 10**7), (1, 3, 2)]),
        ([(1, 94906264, 47453132), (1, 2, 2)], [(1, 94906264, 47453132), (1, 3, 1)]),
        ([(1, 94906264, 94906263), (1, 1, 1)], [(1, 94906265, 1), (1, 1, 0)]),
        ([(BIG // 2, 1, 1), (BIG // 2, 1, 0)], [(BIG // 2 - 1, 1, 0), (BIG // 2, 1, 1)]),
        ([(BIG - 1, 1, 0), (1, 1, 1)], [(BIG - 2, 1, 0), (2, 1, 1)]),
        ([(3 * 10**13, 10, 3), (3 * 10**13, 10, 4)], [(3 * 10**13, 10, 4), (3 * 10**13, 10, 3)]),
        ([(1, 1, 1), (1, 1, 0)], [(1, 2, 1), (1, 2, 2)]),
    ]
    for _ in range(16):
        arms = []
        for _ in range(2):
            size = 10 ** rng.randint(0, 4)
            groups = []
            for _ in range(rng.randint(2, 9)):
                n = rng.randint(1, size)
                groups.append((rng.randint(1, 10 ** rng.randint(1, 6)), n, rng.randint(0, n)))
            arms.append(groups)
        cases.append(tuple(arms))
    return [cluster_case(one, other) for one, other in cases]


# ---- means

def mean_case(control, variant, margin):
    (n1, m1, v1), (n2, m2, v2) = control, variant
    factor = 1 + Fraction(margin)
    room = factor * Fraction(m1) - Fraction(m2)
    t, df, _ = welch(room, factor**2 * Fraction(v1) / n1, Fraction(v2) / n2, n1, n2)
    p = student_sf(abs(t), df)
    better, worse = (p, 1 - p) if t > 0 else (1 - p, p)
    return {"in": {"n1": n1, "mean1": repr(m1), "var1": repr(v1), "n2": n2, "mean2": repr(m2),
                   "var2": repr(v2), "margin": repr(margin)},
            "out": {"statistic": real(t), "df": real(df), "p": real(better),
                    "p_worse": real(worse)}}


def mean_cases():
    rng = random.Random(13)
    cases = [
        ((100, 1e300, 1e300), (80, 1.1e300, 1.7e308), 0.1),
        ((10, 1.7e308, 1.7e308), (10, 1.79e308, 1e308), 0.05),
        ((5, 1e-300, 1e-300), (5, 2e-300, 1e-310), 0.2),
        ((5, 4e-320, 5e-324), (7, 5e-320, 5e-324), 0.25),
        ((BIG, 3.0, 1e6), (BIG, 3.0000001, 2e6), 0.0),
        ((2, 1e15, 1.0), (2, 1.1e15, 1.0), 0.1),
        ((40, 1e9, 2.5), (50, 3.0, 2.25), -1 + 2.0**-30),
        ((40, 1e9, 2.5), (50, 0.5, 2.25), -1.0),
        ((40, 1e-3, 1e-9), (50, 999.0, 3e4), 1e6),
        ((9, 0.0, 1.0), (9, -3.0, 2.0), 0.5),
        ((30, 7.0, 0.0), (20, 7.5, 4.0), 0.0),
        ((30, 7.0, 3.0), (20, 7.5, 0.0), 0.0),
    ]
    for _ in range(20):
        n1, n2 = (rng.randint(2, 10 ** rng.randint(1, 8)) for _ in range(2))
        mean, margin = 10 ** rng.uniform(-3, 6), rng.choice([0.0, 0.05, 0.1, 0.2, 1.5])
        sd1, sd2 = (mean * rng.uniform(0.1, 2) for _ in range(2))
        error = (((1 + margin) * sd1) ** 2 / n1 + sd2**2 / n2) ** 0.5
        cases.append(((n1, mean, sd1**2),
                      (n2, (1 + margin) * mean + rng.uniform(-6, 6) * error, sd2**2), margin))
    return [mean_case(*case) for case in cases]


# ---- summaries

def summary_case(values):
    exact = sorted(Fraction(v) for v in values)
    n = len(exact)
    mean = sum(exact) / n
    variance = sum((v - mean) ** 2 for v in exact) / (n - 1)

    def quantile(percent):
        place, rest = divmod((n - 1) * percent, 100)
        if rest == 0:
            return exact[place]
        return exact[place] + Fraction(rest, 100) * (exact[place + 1] - exact[place])

    out = {"n": n, "mean": real(mean), "min": real(exact[0]), "max": real(exact[-1])}
    for percent in (50, 90, 95, 99):
        out["q%d" % percent] = real(quantile(percent))
    if variance < Fraction(2) ** 1023:
        out["var"] = real(variance)
    if variance < Fraction(2) ** 2047:
        out["sd"] = real(sqrt(big(variance)))
    return {"in": {"x": values}, "out": out}


def summary_cases():
    rng = random.Random(14)
    cases = [
        [1e16, 1.0, -1e16],
        [1e308, -1e308, 3.0, 1e308, -1e308],
        [1.7e308, -1.7e308],
        [-1.7e308, -1.6e308, -1.65e308, 1.5e308],
        [5e-324, 1e-323, 1.5e-323],
        [-5e-324, 5e-324, 2.5e-310],
        [1e-200, 3e-200, 2e-200],
        [1e200, 3e200, 2e200],
        [2.0**52 + i for i in range(7)],
        [1e15 + 0.125 * i * i for i in range(30)],
        [-0.0, 0.0, -1.0, 1.0],
        [float(-i) for i in range(101)],
        [0.1] * 9 + [0.1 + 2.0**-56],
        [1.0] * 150 + [2.0] * 50,
    ]
    for offset in (0.0, 1e3, -1e9, 1e12):
        cases.append([offset + rng.lognormvariate(6, 0.6) for _ in range(150)])
    cases.append([rng.gauss(0, 1) * 10 ** rng.uniform(-300, 300) for _ in range(100)])
    cases.append([rng.gauss(0, 1) * 2.0 ** rng.randint(-30, 30) for _ in range(300)])
    return [summary_case(values) for values in cases]


def main():
    write("ratings_large", "ratings", {"*": "rel 1e-12", "p_cc, welch_p": "rel 1e-11"},
          "as in ratings.json", rating_cases())
    write("cluster_large", "cluster_rate", {"*": "rel 1e-13", "p_z, p_t": "rel 1e-11"},
          "as in cluster.json, the arms given as running sums", cluster_cases())
    write("mean_large", "mean_not_worse", {"statistic, df": "rel 1e-14", "p, p_worse": "rel 1e-11"},
          "statistic = ((1+margin) mean1 - mean2)/se, the variant being 2; inputs are doubles",
          mean_cases())
    write("summary_large", "summary_stats",
          {"mean, var, sd": "rel 4e-15", "q*": "rel 1e-15, or 1e-15 of the distance at 0"},
          "as in summary.json; var and sd are left out where they exceed the largest double",
          summary_cases())


main()
