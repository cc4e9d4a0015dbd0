"""One line of JSON per figure, as measure.h prints it."""

from __future__ import annotations

import json
import sys
import time


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[int(q * (len(values) - 1))]


def median(values: list[float]) -> float:
    return quantile(values, 0.5)


def work_ns() -> int:
    """A fixed piece of work: slower while a neighbour computes on the same core."""
    start = time.perf_counter_ns()
    number = 1
    for _ in range(2000):
        number = number * 48271 % 2147483647
    return time.perf_counter_ns() - start


def steady_median(rows: list[tuple[int, float]]) -> float:
    """The median of those (work, ns) whose work took hardly longer than the fastest."""
    best = min(work for work, _ in rows)
    kept = [ns for work, ns in rows if work <= best * 1.15]
    if len(kept) < len(rows):
        alone = f"{len(kept)} of {len(rows)} rounds"
        print(f"  {alone} had the processor to themselves", file=sys.stderr)
    return median(kept)


def text_1kb() -> str:
    return "".join(chr(ord("a") + i % 26) for i in range(1024))


def print_figure(
    name: str,
    value: float,
    unit: str,
    *,
    reference: str = "",
    reference_value: float = 0,
    ratio: float = 0,
    goal: str = "",
) -> None:
    figure = {
        "name": name,
        "value": value,
        "unit": unit,
        "reference": reference,
        "reference_value": reference_value,
        "ratio": ratio,
        "goal": goal,
    }
    print(json.dumps(figure), flush=True)
