"""Joins the figures of one run: finds the ratios between programs, says which goals are met,
prints a table and writes them as JSON.

    report.py FIGURES OUT.json [LOAD]
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from typing import Any

Figure = dict[str, Any]

SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
COMPARISONS = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}
CLAUSE = re.compile(r"(value|ratio) (<=|<|>=|>) ([0-9.]+)")


def machine(load: str) -> str:
    """The processor, its cores, the kernel, and how busy it was."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, Linux {platform.release()}, load {load} at the start"


def resolve(figure: Figure, by_name: dict[str, Figure]) -> None:
    """Finds a reference of another program; how many times better the value is."""
    if not figure["reference"].startswith("@"):
        return
    name = figure["reference"][1:]
    other = by_name.get(name)
    figure["reference"] = name
    if other is None or other["value"] <= 0 or figure["value"] <= 0:
        figure["reference"] = f"{name} (not measured)"
    elif figure["unit"] in SECONDS:
        value = other["value"] * SECONDS[other["unit"]] / SECONDS[figure["unit"]]
        figure["reference_value"] = value
        figure["ratio"] = value / figure["value"]
    else:
        figure["reference_value"] = other["value"]
        figure["ratio"] = figure["value"] / other["value"]


def is_met(figure: Figure) -> bool | None:
    """None: there is no goal, or what it speaks of was not measured."""
    if not figure["goal"]:
        return None
    met = True
    for clause in figure["goal"].split(" and "):
        match = CLAUSE.fullmatch(clause)
        if match is None:
            raise SystemExit(f"{figure['name']}: not a goal: {clause}")
        key, comparison, limit = match.groups()
        if key == "ratio" and figure[key] == 0:
            return None
        met = met and COMPARISONS[comparison](figure[key], float(limit))
    return met


def short(number: float) -> str:
    if number == 0:
        return ""
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def row(figure: Figure) -> list[str]:
    reference = figure["reference"]
    if figure["reference_value"]:
        reference = f"{short(figure['reference_value'])} {reference}"
    met = {None: "", True: "met", False: "MISSED"}[figure["met"]]
    value = f"{short(figure['value']) or '0'} {figure['unit']}"
    return [figure["name"], value, reference, short(figure["ratio"]), figure["goal"], met]


def print_table(figures: list[Figure]) -> None:
    rows = [["figure", "measured", "beside", "ratio", "goal", ""], *map(row, figures)]
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(r, widths)).rstrip())


def main() -> None:
    source, target, load = sys.argv[1], sys.argv[2], sys.argv[3] if sys.argv[3:] else "?"
    with open(source) as file:
        figures: list[Figure] = [json.loads(line) for line in file]
    by_name = {figure["name"]: figure for figure in figures}
    here = machine(load)
    for figure in figures:
        resolve(figure, by_name)
        figure["met"] = is_met(figure)
        figure["machine"] = here
    print(f"\n{here}\n")
    print_table(figures)
    missed = [figure["name"] for figure in figures if figure["met"] is False]
    met = sum(figure["met"] is True for figure in figures)
    print(f"\n{met} goals met, {len(missed)} missed{': ' if missed else ''}{', '.join(missed)}")
    with open(target, "w") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")


main()
