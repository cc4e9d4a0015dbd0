"""What the functions of :mod:`llmlearn.stats` take and return, as frozen dataclasses.

No number in a result is ever NaN or infinite. ``status`` names what could not
be computed, and the fields then hold the neutral value stated beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from . import errors

__all__ = [
    "Association",
    "AssociationMethod",
    "Cluster",
    "Clustered",
    "ClusteredDifference",
    "Comparison",
    "Design",
    "Difference",
    "DifferenceMethod",
    "Guardrail",
    "Interval",
    "Look",
    "Mean",
    "Noninferiority",
    "Planned",
    "Posterior",
    "Rate",
    "RateLike",
    "RateMethod",
    "Ratings",
    "Split",
    "Status",
    "Summary",
]

Status = Literal[
    "ok",
    "no_data",
    "too_few_arms",
    "no_variation",
    "too_few",
    "unreachable",
    "misassigned",
]
"""``no_data``: nothing was counted where something is needed. ``too_few_arms``: fewer than
two arms have trials. ``no_variation``: all outcomes are alike. ``too_few``: one value or unit,
where a spread needs two. ``unreachable``: no number of trials is enough. ``misassigned``:
something was counted in an arm of weight 0."""

AssociationMethod = Literal["none", "pearson", "fisher", "freeman_halton", "low_expected"]
RateMethod = Literal["wilson", "clopper_pearson", "sequence"]
DifferenceMethod = Literal["newcombe", "miettinen_nurminen"]
Design = Literal["fixed", "group_sequential", "always_valid"]
Guardrail = Literal["unknown", "pass", "fail"]


# ---- what calls take


@dataclass(frozen=True, slots=True)
class Rate:
    """One arm: how many of its trials succeeded. A plain ``(successes, trials)`` is one, too."""

    successes: int
    trials: int

    @classmethod
    def from_outcomes(cls, outcomes: Iterable[float]) -> Rate:
        """Counts trials given one by one, each 0 or 1 (or a bool).

        >>> Rate.from_outcomes([1, 0, True, 1.0])
        Rate(successes=3, trials=4)
        """
        successes = trials = 0
        for outcome in outcomes:
            if outcome not in (0, 1):
                raise errors.invalid(f"outcomes[{trials}]: must be 0 or 1, not {outcome!r}")
            successes += outcome == 1
            trials += 1
        return cls(successes, trials)


RateLike: TypeAlias = Rate | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of independent values: of latencies, costs, or one mean per unit."""

    count: int
    mean: float
    variance: float = 0.0
    """With n - 1. Not looked at while there are fewer than two values."""

    @classmethod
    def from_values(cls, values: Iterable[float]) -> Mean:
        """The mean of values given one by one, as ``summary`` finds it.

        >>> Mean.from_values([1.0, 2.0, 3.0])
        Mean(count=3, mean=2.0, variance=1.0)
        """
        from .stats import summary

        found = summary(values)
        return cls(found.count, found.mean, found.variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One arm whose units u (users) have n_u >= 1 votes each, s_u of them positive, as sums."""

    units: int
    trials: int
    """Sum of n_u."""
    successes: int
    """Sum of s_u."""
    trials_squared: int
    """Sum of n_u n_u."""
    products: int
    """Sum of s_u n_u."""
    successes_squared: int
    """Sum of s_u s_u."""

    @classmethod
    def from_units(cls, units: Iterable[RateLike]) -> Cluster:
        """The sums over units given one by one, each a ``Rate`` or ``(successes, trials)``.

        Units without trials are left out.

        >>> Cluster.from_units([(1, 2), (3, 3)]).products
        11
        """
        rates = (unit if isinstance(unit, Rate) else Rate(*unit) for unit in units)
        rows = [(rate.successes, rate.trials) for rate in rates if rate.trials != 0]
        return cls(
            units=len(rows),
            trials=sum(n for _, n in rows),
            successes=sum(s for s, _ in rows),
            trials_squared=sum(n * n for _, n in rows),
            products=sum(s * n for s, n in rows),
            successes_squared=sum(s * s for s, _ in rows),
        )


# ---- what calls return


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Whether arms share one success rate. The status is ok, too_few_arms or no_variation."""

    status: Status
    method: AssociationMethod
    """Of ``p_value``. ``none``: there was nothing to test. ``fisher`` (two arms) and
    ``freeman_halton`` are exact, for an expected count below 5; ``low_expected``: the same
    with too many tables to count, so Pearson's, which may be off."""
    arms_used: int
    """Arms with trials; the others are left out."""
    degrees: int
    """``arms_used`` - 1, or 0."""
    cells_low: int
    """Of the 2 x ``arms_used`` cells, those expected below 5."""
    expected_min: float
    """The smallest expected count; 0 without variation."""
    chi_square: float
    """Pearson's, whatever the method; 0."""
    p_value: float
    """By the method; 1. May underflow to 0, its logarithm does not."""
    ln_p_value: float
    mid_p_value: float
    """Fisher's mid-p (Lancaster 1961), else ``p_value``."""
    pearson_p_value: float
    cramers_v: float
    """sqrt(chi_square / N), 0 to 1; 0."""
    cramers_v_unbiased: float
    """Bergsma 2013: 0 where V is no larger than chance makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One rate and its interval. Status no_data: it is all that is possible, 0 to 1."""

    status: Status
    estimate: float
    """The observed rate; 0 without data."""
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better the variant is. Status no_data: an arm has no trials; -1 to 1."""

    status: Status
    difference: float
    """The variant's rate less the control's; 0 without data."""
    low: float
    high: float
    lift: float | None
    """The difference as a part of the control's rate; None if that is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A comparison as planned.

    Status unreachable: the size for an effect of 0, no such effect, or over 2**53 trials.
    """

    status: Status
    control_trials: float
    """Independent ones, before the design's factor; unrounded. 0 if unreachable."""
    control_trials_up: int
    """Rounded up, with the design's factor and the design effect."""
    variant_trials_up: int
    """The same for each variant."""
    units_up: int
    """Over all arms, with the response ratio."""
    days: float | None
    """None: unknown without ``units_per_day``."""
    effect: float
    """Planned, or detectable."""
    power: float
    """Planned, or reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Whether counts follow weights. The status is ok, no_data, too_few_arms or misassigned."""

    status: Status
    degrees: int
    """Arms of weight above 0, less one."""
    ln_e_value: float
    """Evidence against the weights, at any time; alarm at ln(1000). 0."""
    chi_square: float
    """For one look only; 0."""
    p_value: float
    """Of it; 1."""
    ln_p_value: float
    deviation_max: float
    """The largest distance of any arm's share from its weight; 0."""


class Look(NamedTuple):
    """One look of a group-sequential test."""

    bound: float
    """What z has to reach; 40: nothing to speak of may be spent yet."""
    spent: float
    """The share of alpha that is spent by then, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What is believed of each arm's rate; one entry for each arm."""

    status: Status
    best_expected: float
    """The expected highest rate."""
    best_ratio: tuple[float, ...]
    """The probability that the arm is the best; the sum is 1."""
    expected_loss: tuple[float, ...]
    """How much the arm's rate is expected to be below the highest."""
    mean: tuple[float, ...]
    low: tuple[float, ...]
    """Of the equal-tailed credible interval."""
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Stars of two sides compared, by ranks and by means."""

    status: Status
    """Of the rank test: ok, no_data, no_variation."""
    mean_status: Status
    """Of the means: ok, no_data, too_few, no_variation (no spread)."""
    u: float
    """Mann-Whitney's U of the variant; 0."""
    superiority: float
    """P(variant > control) + P(equal) / 2, Vargha & Delaney; 0.5."""
    z: float
    """Corrected for ties, without continuity correction; 0."""
    p_value: float
    """Two-sided, with continuity correction; 1."""
    control_mean: float
    variant_mean: float
    control_variance: float
    """With n - 1; 0 with fewer than two."""
    variant_variance: float
    difference: float
    """The variant's mean less the control's; 0 without data."""
    low: float
    """Welch's interval; the difference itself unless ``mean_status`` is ok."""
    high: float
    t: float
    degrees: float
    """Welch-Satterthwaite; 0."""
    mean_p_value: float
    """Two-sided; 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noninferiority:
    """Whether a variant is no worse than a margin allows.

    The status is ok, no_data, too_few or no_variation.
    """

    status: Status
    guardrail: Guardrail
    """``pass``: shown to be no worse than the margin allows; ``fail``: shown to be worse than
    that; ``unknown``: too few data to tell."""
    statistic: float
    """z or t, positive where the variant does better than the margin; 0."""
    degrees: float
    """Of t; 0 for z."""
    p_value: float
    """One-sided, that it is worse than the margin: pass below alpha. 1."""
    p_worse: float
    """That it is not: fail below alpha. 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered:
    """A rate over all votes of units that vote more than once.

    The status is ok, no_data, too_few (under two units) or no_variation.
    """

    status: Status
    rate: float
    variance: float
    """Of the rate; 0."""
    design_effect: float
    """The variance against that of independent trials; 1."""
    low: float
    """By t, within 0 to 1; 0 and 1 unless the status is ok."""
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredDifference:
    """The difference of two rates over all votes. The status is ok, or the worse of the arms'."""

    status: Status
    difference: float
    """The variant's rate less the control's; 0."""
    low: float
    """By t; -1 and 1 unless the status is ok."""
    high: float
    z: float
    degrees: float
    """Units of both, less two; 0."""
    p_value: float
    """Two-sided, by t; 1."""
    p_normal: float
    """Two-sided, by the normal distribution; 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What values look like. Status no_data: all are 0; too_few: one value, no spread."""

    status: Status
    count: int
    mean: float
    variance: float
    """With n - 1; 0."""
    deviation: float
    min: float
    max: float
    q50: float
    """Quantiles by linear interpolation, R's type 7 and numpy's default."""
    q90: float
    q95: float
    q99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Variants compared by the classic rule, and what an expert asks for beside it."""

    winner: str | None
    """The name of the variant that won; None: no winner."""
    confidence: float
    """1 - ``p_value`` with a winner, else 0."""
    p_value: float
    """1 where nothing was computed."""
    effect_size: float
    """Cramer's V, 0 to 1; 0 where nothing was computed."""
    status: str
    """The rule's own word: ``winner``, ``tie``, ``not_significant``, ..."""
    promotable: bool
    """The winner is not the champion and beats it: Holm-adjusted p < alpha."""
    details: dict[str, Any]
    """All of it; the fields are those of ``llmlearn_compare_variants`` in the C header."""
