"""What people use without our statistics: scipy's chi-square test, and random draws of who is
best; and what our own cost from Python.

    stats_bench.py FOLDER [quick]

A rival that is not installed is left out: then the report says that it was not measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from llmlearn import stats
from measure import print_figure, steady_median, work_ns

# The first table of stats_bench.c.
ARMS = [(600, 1000), (630, 1010), (605, 990), (650, 1005)]
DRAWS = 10_000
BURST_NS = 5_000_000


def measure_us(call: Callable[[], object], rounds: int) -> float:
    """Microseconds of one call: bursts of a few milliseconds, which also warm the processor."""
    start = time.perf_counter_ns()
    call()
    calls = max(1, BURST_NS // max(1, time.perf_counter_ns() - start))
    times = []
    for _ in range(rounds):
        before = work_ns()
        start = time.perf_counter_ns()
        for _ in range(calls):
            call()
        ns = (time.perf_counter_ns() - start) / calls
        times.append((max(before, work_ns()), ns / 1000))
    return steady_median(times)


def measure_scipy(rounds: int) -> None:
    try:
        import numpy
        from scipy.stats import chi2_contingency
    except ImportError as problem:
        print(f"  {problem}", file=sys.stderr)
        return
    table = numpy.array([[s, n - s] for s, n in ARMS])
    ours, theirs = stats.association(ARMS), chi2_contingency(table)
    if abs(ours.p_value / theirs[1] - 1) > 1e-9:
        raise AssertionError(f"p is {theirs[1]} there and {ours.p_value} here")
    print_figure(
        "scipy_chi2_contingency", measure_us(lambda: chi2_contingency(table), rounds), "us"
    )


def measure_draws(rounds: int) -> None:
    try:
        import numpy
    except ImportError as problem:
        print(f"  {problem}", file=sys.stderr)
        return
    successes, trials = numpy.array(ARMS).T
    random = numpy.random.default_rng(1)

    def best_ratio() -> object:
        draws = random.beta(1 + successes, 1 + trials - successes, size=(DRAWS, len(ARMS)))
        return numpy.bincount(draws.argmax(axis=1), minlength=len(ARMS)) / DRAWS

    ours, theirs = stats.posterior(ARMS).best_ratio, best_ratio()
    if any(abs(a - b) > 0.03 for a, b in zip(ours, theirs)):  # six standard errors
        raise AssertionError(f"best: {theirs} there and {ours} here")
    print_figure("numpy_10000_draws", measure_us(best_ratio, rounds), "us")


def main() -> None:
    rounds = 10 if sys.argv[2:] == ["quick"] else 60
    measure_scipy(rounds)
    measure_draws(rounds)
    print_figure(
        "python_association_2x4",
        measure_us(lambda: stats.association(ARMS), rounds),
        "us",
        reference="@scipy_chi2_contingency",
    )
    print_figure(
        "python_posterior_4_arms",
        measure_us(lambda: stats.posterior(ARMS), rounds),
        "us",
        reference="@numpy_10000_draws",
    )


main()
