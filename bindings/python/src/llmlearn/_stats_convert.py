"""Inputs and results of the statistics on their way between Python and C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from . import _convert as convert
from . import errors
from ._ffi import ffi, lib
from .stats_models import (
    AssociationMethod,
    Cluster,
    Guardrail,
    Mean,
    Rate,
    RateLike,
    Status,
)

# ---- from Python to C


def c_count(name: str, value: int) -> int:
    return convert.whole(name, value, 0, lib.LLMLEARN_COUNT_MAX)


def _pair(name: str, arm: RateLike) -> tuple[int, int]:
    if isinstance(arm, Rate):
        arm = (arm.successes, arm.trials)
    elif not isinstance(arm, tuple) or len(arm) != 2:
        raise TypeError(f"{name} must be a Rate or (successes, trials), not {arm!r}")
    return c_count(f"{name}: successes", arm[0]), c_count(f"{name}: trials", arm[1])


def c_rate(name: str, arm: RateLike) -> Any:
    return ffi.new("llmlearn_rate *", _pair(name, arm))


def c_rates(name: str, arms: Iterable[RateLike]) -> Any:
    """An array of C; its length is ``len`` of it."""
    if isinstance(arms, Mapping):
        raise TypeError(f"{name} must be rates without names, not {type(arms).__name__}")
    pairs = [_pair(f"{name}[{i}]", arm) for i, arm in convert.each(name, arms)]
    return ffi.new("llmlearn_rate[]", pairs)


def c_named_rates(name: str, arms: Mapping[str, RateLike]) -> Any:
    return ffi.new("llmlearn_rate[]", [_pair(f"{name}[{key!r}]", arms[key]) for key in arms])


def c_counts(name: str, counts: Iterable[int]) -> Any:
    numbers = [c_count(f"{name}[{i}]", count) for i, count in convert.each(name, counts)]
    return ffi.new("uint64_t[]", numbers)


def c_stars(name: str, stars: Iterable[int]) -> Any:
    counts = c_counts(name, stars)
    if len(counts) != 5:
        raise errors.invalid(f"{name}: must be five counts, not {len(counts)}")
    return counts


def c_mean(name: str, mean: Mean) -> Any:
    if not isinstance(mean, Mean):
        raise TypeError(f"{name} must be a Mean, not {type(mean).__name__}")
    count = c_count(f"{name}: count", mean.count)
    reals = [convert.real(f"{name}: {key}", getattr(mean, key)) for key in ("mean", "variance")]
    return ffi.new("llmlearn_mean *", (count, *reals))


def c_cluster(name: str, cluster: Cluster) -> Any:
    if not isinstance(cluster, Cluster):
        raise TypeError(f"{name} must be a Cluster, not {type(cluster).__name__}")
    keys = [field.name for field in fields(Cluster)]
    sums = {key: c_count(f"{name}: {key}", getattr(cluster, key)) for key in keys}
    return ffi.new("llmlearn_cluster *", sums)


def new(ctype: str) -> Any:
    """A struct that C fills in."""
    return convert.record(ctype, [])


# ---- from C to Python

_Result = TypeVar("_Result")


def result(cls: type[_Result], record: Any, **read: Any) -> _Result:
    """An instance of the class: the fields that are not read yet have C's names and meanings."""
    read["status"] = STATUSES[record.status]
    declared: Any = cls
    for field in fields(declared):
        if field.name not in read:
            read[field.name] = getattr(record, field.name)
    return cls(**read)


STATUSES: dict[int, Status] = {
    lib.LLMLEARN_STATS_OK: "ok",
    lib.LLMLEARN_STATS_NO_DATA: "no_data",
    lib.LLMLEARN_STATS_TOO_FEW_ARMS: "too_few_arms",
    lib.LLMLEARN_STATS_NO_VARIATION: "no_variation",
    lib.LLMLEARN_STATS_TOO_FEW: "too_few",
    lib.LLMLEARN_STATS_UNREACHABLE: "unreachable",
    lib.LLMLEARN_STATS_MISASSIGNED: "misassigned",
}
ASSOCIATION_METHODS: dict[int, AssociationMethod] = {
    lib.LLMLEARN_METHOD_NONE: "none",
    lib.LLMLEARN_METHOD_PEARSON: "pearson",
    lib.LLMLEARN_METHOD_FISHER: "fisher",
    lib.LLMLEARN_METHOD_FREEMAN_HALTON: "freeman_halton",
    lib.LLMLEARN_METHOD_LOW_EXPECTED: "low_expected",
}
GUARDRAILS: dict[int, Guardrail] = {
    lib.LLMLEARN_GUARDRAIL_UNKNOWN: "unknown",
    lib.LLMLEARN_GUARDRAIL_PASS: "pass",
    lib.LLMLEARN_GUARDRAIL_FAIL: "fail",
}
RATE_METHODS = {
    "wilson": lib.LLMLEARN_INTERVAL_WILSON,
    "clopper_pearson": lib.LLMLEARN_INTERVAL_CLOPPER_PEARSON,
    "sequence": lib.LLMLEARN_INTERVAL_SEQUENCE,
}
DIFFERENCE_METHODS = {
    "newcombe": lib.LLMLEARN_INTERVAL_NEWCOMBE,
    "miettinen_nurminen": lib.LLMLEARN_INTERVAL_MIETTINEN_NURMINEN,
}
