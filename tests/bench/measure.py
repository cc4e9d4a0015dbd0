"""One line of JSON per figure, as measure.h prints it."""

from __future__ import annotations

import json


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[int(q * (len(values) - 1))]


def median(values: list[float]) -> float:
    return quantile(values, 0.5)


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
