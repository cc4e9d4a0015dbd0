"""How many votes, how long? The planning functions of :mod:`llmlearn.stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import _convert as convert
from ._ffi import ffi, lib
from ._stats_convert import new, result
from .stats_models import Design, Planned

__all__ = ["association_power", "detectable_effect", "power", "sample_size"]


def sample_size(
    *,
    control_rate: float,
    effect: float,
    alpha: float = 0.05,
    power: float = 0.8,
    arm_count: int = 2,
    design: Design = "fixed",
    allocation: float = 1.0,
    design_effect: float = 1.0,
    response_ratio: float = 1.0,
    units_per_day: float | None = None,
) -> Planned:
    """How many trials find an effect of that size?

    Two proportions by the normal approximation, as in Fleiss, Levin & Paik 2003
    and R's ``power.prop.test``.

    Args:
        control_rate: the rate of the control, between 0 and 1.
        effect: the variant's rate less the control's.
        alpha: two-sided; it is divided by the number of variants.
        power: the probability of finding the effect, above alpha.
        arm_count: the control and its variants, 2 to 64.
        design: "fixed", one look at the end; "group_sequential", at most 1.05
            times as many trials; "always_valid", at most 1.6 times.
        allocation: trials of a variant for each of the control.
        design_effect: the variance against that of independent trials.
        response_ratio: trials per unit, such as the share that votes.
        units_per_day: over all arms.

    >>> planned = sample_size(control_rate=0.60, effect=0.05, units_per_day=400)
    >>> planned.control_trials_up, planned.units_up, round(planned.days, 1)
    (1471, 2942, 7.4)
    """
    return _planned(
        lib.llmlearn_stats_sample_size,
        control_rate=control_rate,
        effect=effect,
        alpha=alpha,
        power=power,
        arm_count=arm_count,
        design=design,
        allocation=allocation,
        design_effect=design_effect,
        response_ratio=response_ratio,
        units_per_day=units_per_day,
    )


def power(
    *,
    control_rate: float,
    effect: float,
    control_trials: float,
    alpha: float = 0.05,
    arm_count: int = 2,
    design: Design = "fixed",
    allocation: float = 1.0,
    design_effect: float = 1.0,
    response_ratio: float = 1.0,
    units_per_day: float | None = None,
) -> Planned:
    """How likely do as many trials find an effect of that size?

    ``control_trials``: what the control will have. The rest as for :func:`sample_size`.

    >>> round(power(control_rate=0.60, effect=0.05, control_trials=1471).power, 3)
    0.8
    """
    return _planned(
        lib.llmlearn_stats_power,
        control_rate=control_rate,
        effect=effect,
        control_trials=control_trials,
        alpha=alpha,
        arm_count=arm_count,
        design=design,
        allocation=allocation,
        design_effect=design_effect,
        response_ratio=response_ratio,
        units_per_day=units_per_day,
    )


def detectable_effect(
    *,
    control_rate: float,
    control_trials: float,
    worse: bool = False,
    alpha: float = 0.05,
    power: float = 0.8,
    arm_count: int = 2,
    design: Design = "fixed",
    allocation: float = 1.0,
    design_effect: float = 1.0,
    response_ratio: float = 1.0,
    units_per_day: float | None = None,
) -> Planned:
    """Which is the smallest effect that as many trials find?

    ``worse``: the smallest loss, which is negative, instead of the smallest
    gain. The rest as for :func:`sample_size` and :func:`power`.

    >>> round(detectable_effect(control_rate=0.60, control_trials=1471).effect, 3)
    0.05
    """
    rate = convert.real("control_rate", control_rate)
    return _planned(
        lib.llmlearn_stats_detectable_effect,
        control_rate=rate,
        effect=-rate / 2 if worse else 0.0,  # only its sign is read
        control_trials=control_trials,
        alpha=alpha,
        power=power,
        arm_count=arm_count,
        design=design,
        allocation=allocation,
        design_effect=design_effect,
        response_ratio=response_ratio,
        units_per_day=units_per_day,
    )


def association_power(
    rates: Iterable[float], *, trials_per_arm: float, alpha: float = 0.05
) -> float:
    """The power of :func:`association` for arms of the true rates given, each between 0 and 1.

    >>> round(association_power([0.60, 0.60, 0.65], trials_per_arm=1000), 3)
    0.659
    """
    values = convert.reals("rates", rates)
    out = ffi.new("double *")
    convert.check(
        lib.llmlearn_stats_association_power(
            values,
            len(values),
            convert.real("trials_per_arm", trials_per_arm),
            convert.real("alpha", alpha),
            out,
        )
    )
    return float(out[0])


_DESIGNS = {
    "fixed": lib.LLMLEARN_PLAN_FIXED,
    "group_sequential": lib.LLMLEARN_PLAN_GROUP_SEQUENTIAL,
    "always_valid": lib.LLMLEARN_PLAN_ALWAYS_VALID,
}


def _planned(
    function: Callable[[Any, Any], int],
    *,
    control_rate: float,
    effect: float = 0.0,
    control_trials: float = 0.0,
    alpha: float,
    power: float | None = None,
    arm_count: int,
    design: Design,
    allocation: float,
    design_effect: float,
    response_ratio: float,
    units_per_day: float | None,
) -> Planned:
    """What one of C's three planning functions makes of a plan."""
    plan = convert.record(
        "llmlearn_plan",
        [],
        design=convert.choice("design", design, _DESIGNS),
        arm_count=convert.count("arm_count", arm_count),
        control_rate=convert.real("control_rate", control_rate),
        effect=convert.real("effect", effect),
        control_trials=convert.real("control_trials", control_trials),
        alpha_ratio=convert.positive("alpha", alpha),
        allocation=convert.positive("allocation", allocation),
        design_effect=convert.positive("design_effect", design_effect),
        response_ratio=convert.positive("response_ratio", response_ratio),
    )
    if power is not None:
        plan.power_ratio = convert.positive("power", power)
    if units_per_day is not None:
        plan.units_per_day = convert.positive("units_per_day", units_per_day)
    out = new("llmlearn_planned")
    convert.check(function(plan, out))
    return result(Planned, out, days=out.days or None, power=out.power_ratio)
