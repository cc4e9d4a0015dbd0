"""The arithmetic of experiments, for any caller's numbers.

    >>> from llmlearn import stats
    >>> found = stats.compare_variants({"v1.0": (300, 500), "v1.1": (360, 500)})
    >>> found.winner, round(found.p_value, 6)
    ('v1.1', 6.2e-05)

Pure functions: no learner, file, clock or random number; the same input gives
the same bits. They are those of ``llmlearn.h``, where the formulas and their
sources stand.

A rate is a :class:`Rate` or a plain ``(successes, trials)``, at most 2**53
trials. What a trial is, the caller chooses, but most methods take trials for
independent: count one vote of each user, or see :func:`clustered`. A ``confidence``
and an ``alpha`` lie between 0 and 1, neither included; the least is 1e-300.

No number in a result is ever NaN or infinite: ``status`` names what could not
be computed. A wrong argument raises InvalidArgumentError, a ValueError, or
TypeError; both name the argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import _convert as convert
from . import errors
from ._ffi import ffi, lib
from ._stats_convert import (
    ASSOCIATION_METHODS,
    DIFFERENCE_METHODS,
    GUARDRAILS,
    RATE_METHODS,
    STATUSES,
    c_cluster,
    c_counts,
    c_mean,
    c_named_rates,
    c_rate,
    c_rates,
    c_stars,
    new,
    result,
)
from .eprocess import EProcess
from .stats_models import (
    Association,
    AssociationMethod,
    Cluster,
    Clustered,
    ClusteredDifference,
    Comparison,
    Design,
    Difference,
    DifferenceMethod,
    Guardrail,
    Interval,
    Look,
    Mean,
    Noninferiority,
    Planned,
    Posterior,
    Rate,
    RateLike,
    RateMethod,
    Ratings,
    Split,
    Status,
    Summary,
)
from .stats_planning import association_power, detectable_effect, power, sample_size

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
    "EProcess",
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
    "association",
    "association_power",
    "clustered",
    "clustered_difference",
    "compare_variants",
    "detectable_effect",
    "difference",
    "holm",
    "look_bounds",
    "mean_not_worse",
    "posterior",
    "power",
    "rate",
    "rate_not_worse",
    "ratings",
    "sample_size",
    "split",
    "summary",
]

# ---- do the arms differ, and how strongly?


def association(arms: Iterable[RateLike]) -> Association:
    """Tests whether 1 to 64 arms share one success rate.

    Pearson's chi-square without Yates' correction; with an expected count
    below 5 Fisher's exact test for two arms, Freeman and Halton's for more. It
    says that not all arms are alike, never which is better: see :func:`difference`.

    >>> found = association([(60, 100), (75, 100), (62, 100)])
    >>> found.method, found.degrees, round(found.p_value, 4), round(found.cramers_v, 4)
    ('pearson', 2, 0.0528, 0.1401)
    """
    rates = c_rates("arms", arms)
    out = new("llmlearn_association")
    convert.check(lib.llmlearn_stats_association(rates, len(rates), out))
    return result(Association, out, method=ASSOCIATION_METHODS[out.method])


# ---- what is one rate? what is the difference of two?


def rate(arm: RateLike, *, confidence: float = 0.95, method: RateMethod = "wilson") -> Interval:
    """The interval of one rate.

    Args:
        method: "wilson", the score interval; "clopper_pearson", which never
            covers less than it says; "sequence", a confidence sequence, which
            may be looked at after every trial.

    >>> found = rate((81, 263))
    >>> round(found.low, 4), round(found.high, 4)
    (0.2553, 0.3662)
    """
    out = new("llmlearn_interval")
    convert.check(
        lib.llmlearn_stats_rate(
            c_rate("arm", arm),
            convert.real("confidence", confidence),
            convert.choice("method", method, RATE_METHODS),
            out,
        )
    )
    return result(Interval, out)


def difference(
    control: RateLike,
    variant: RateLike,
    *,
    confidence: float = 0.95,
    method: DifferenceMethod = "newcombe",
) -> Difference:
    """How much better is the variant? Positive is better.

    Args:
        method: "newcombe", the hybrid score interval; "miettinen_nurminen",
            which has the best coverage.

    >>> found = difference((48, 80), (56, 70))
    >>> round(found.difference, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    >>> round(found.lift, 4)
    0.3333
    """
    out = new("llmlearn_difference")
    convert.check(
        lib.llmlearn_stats_difference(
            c_rate("control", control),
            c_rate("variant", variant),
            convert.real("confidence", confidence),
            convert.choice("method", method, DIFFERENCE_METHODS),
            out,
        )
    )
    return result(Difference, out, lift=out.lift_ratio if out.has_lift else None)


def holm(p_values: Iterable[float]) -> list[float]:
    """Adjusts the p-values of up to 64 comparisons, in the order given.

    Even one false rejection then stays below alpha, whatever the dependence.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    values = convert.reals("p_values", p_values)
    out = ffi.new("double[]", max(1, len(values)))
    convert.check(lib.llmlearn_stats_holm(values, len(values), out))
    return list(ffi.unpack(out, len(values)))


# ---- was the split broken? did one arm's users answer more?


def split(
    counts: Iterable[int], weights: Iterable[float], *, concentration: float = 1000.0
) -> Split:
    """Sample ratio mismatch: do counts follow the weights?

    The e-value may be looked at after every count: if the split is right, it
    ever reaches 1/alpha with probability at most alpha.

    Args:
        counts: of 1 to 64 arms.
        weights: as many, each 0 or 1e-100 to 1e100, not all 0, of any sum. An
            arm of weight 0 takes no part.
        concentration: how small a mismatch it is tuned to find, 1 to 1e9:
            1,000 for units, 100 for the first votes of each arm.

    >>> round(split([821588, 815482], [1, 1]).p_value, 8)
    1.82e-06
    """
    numbers = c_counts("counts", counts)
    shares = convert.reals("weights", weights)
    if len(shares) != len(numbers):
        raise errors.invalid(f"weights: {len(shares)} of them for {len(numbers)} counts")
    out = new("llmlearn_split")
    convert.check(
        lib.llmlearn_stats_split(
            numbers,
            shares,
            len(numbers),
            convert.positive("concentration", concentration),
            out,
        )
    )
    return result(Split, out)


# ---- may I stop at this planned look? (at any moment: see EProcess)


def look_bounds(
    information: Iterable[float], *, information_max: float, alpha: float, final: bool = False
) -> list[Look]:
    """The bound that z has to reach at each look of a group-sequential test.

    Lan & DeMets 1983 with O'Brien-Fleming's spending.

    Args:
        information: at the looks so far, 1 to 64, each more than the one
            before: trials of the two arms.
        information_max: what was planned for the end; only the last look may
            reach it, or pass it.
        alpha: one-sided: alpha / 2 of a two-sided test, over the number of variants.
        final: the last of the looks spends all of alpha that is left.

    >>> looks = look_bounds([500, 1000], information_max=1000, alpha=0.025)
    >>> [round(look.bound, 3) for look in looks]
    [2.963, 1.969]
    """
    values = convert.reals("information", information)
    count = len(values)
    bounds, spent = (ffi.new("double[]", max(1, count)) for _ in range(2))
    convert.check(
        lib.llmlearn_stats_look_bounds(
            values,
            count,
            convert.real("information_max", information_max),
            convert.real("alpha", alpha),
            lib.LLMLEARN_FINAL_LOOK if final else 0,
            bounds,
            spent,
        )
    )
    return [Look(*pair) for pair in zip(ffi.unpack(bounds, count), ffi.unpack(spent, count))]


# ---- which is probably best?


def posterior(
    arms: Iterable[RateLike],
    *,
    prior_successes: float = 1.0,
    prior_failures: float = 1.0,
    confidence: float = 0.95,
) -> Posterior:
    """Beta-Binomial posteriors of 1 to 64 arms, by quadrature and without random draws.

    Evidence, not a rule: looked at daily for a month, "probability over 95 %"
    crowns one of two equal arms in 47 % of tests.

    >>> found = posterior([(60, 100), (65, 100)])
    >>> [round(p, 4) for p in found.best_ratio]
    [0.2339, 0.7661]
    """
    rates = c_rates("arms", arms)
    out = new("llmlearn_posterior")
    convert.check(
        lib.llmlearn_stats_posterior(
            rates,
            len(rates),
            convert.positive("prior_successes", prior_successes),
            convert.positive("prior_failures", prior_failures),
            convert.real("confidence", confidence),
            out,
        )
    )
    return Posterior(
        status=STATUSES[out.status],
        best_expected=out.best_expected,
        best_ratio=tuple(ffi.unpack(out.best_ratio, len(rates))),
        expected_loss=tuple(ffi.unpack(out.expected_loss, len(rates))),
        mean=tuple(ffi.unpack(out.mean, len(rates))),
        low=tuple(ffi.unpack(out.low, len(rates))),
        high=tuple(ffi.unpack(out.high, len(rates))),
    )


# ---- are the ratings better?


def ratings(
    control: Iterable[int], variant: Iterable[int], *, confidence: float = 0.95
) -> Ratings:
    """Compares ratings of 1 to 5 stars, each side given as five counts, 1 star first.

    Mann-Whitney's rank test with the correction for ties, and Welch's t beside it.

    >>> found = ratings([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])
    >>> round(found.superiority, 4), round(found.p_value, 4), round(found.difference, 4)
    (0.2333, 0.0118, -1.3333)
    """
    out = new("llmlearn_ratings")
    convert.check(
        lib.llmlearn_stats_ratings(
            c_stars("control", control),
            c_stars("variant", variant),
            convert.real("confidence", confidence),
            out,
        )
    )
    return result(Ratings, out, mean_status=STATUSES[out.mean_status])


# ---- is it no worse?


def rate_not_worse(
    control: RateLike,
    variant: RateLike,
    *,
    margin: float,
    alpha: float = 0.05,
    lower_is_better: bool = False,
) -> Noninferiority:
    """Is the variant's rate worse than the control's by less than the margin?

    The score test of Farrington & Manning 1990.

    Args:
        margin: at least 0, less than 1.
        lower_is_better: successes are what should not happen, such as errors.

    >>> found = rate_not_worse((600, 1000), (590, 1000), margin=0.05)
    >>> found.guardrail, round(found.p_value, 4)
    ('pass', 0.0341)
    """
    out = new("llmlearn_noninferiority")
    convert.check(
        lib.llmlearn_stats_rate_not_worse(
            c_rate("control", control),
            c_rate("variant", variant),
            convert.real("margin", margin),
            convert.real("alpha", alpha),
            lib.LLMLEARN_LOWER_IS_BETTER if lower_is_better else 0,
            out,
        )
    )
    return result(Noninferiority, out, guardrail=GUARDRAILS[out.guardrail])


def mean_not_worse(
    control: Mean, variant: Mean, *, margin: float, alpha: float = 0.05
) -> Noninferiority:
    """Is the variant's mean at most (1 + margin) times the control's, lower being better?

    Welch's t. ``margin``: -1 to 1e6, such as 0.2. The control's mean is 0 or more.
    Without any spread the guardrail is what the means say.

    >>> found = mean_not_worse(Mean(500, 812.0, 9e4), Mean(480, 830.0, 1e5), margin=0.1)
    >>> found.guardrail, round(found.statistic, 3)
    ('pass', 3.062)
    """
    out = new("llmlearn_noninferiority")
    convert.check(
        lib.llmlearn_stats_mean_not_worse(
            c_mean("control", control),
            c_mean("variant", variant),
            convert.real("margin", margin),
            convert.real("alpha", alpha),
            out,
        )
    )
    return result(Noninferiority, out, guardrail=GUARDRAILS[out.guardrail])


# ---- do users repeat themselves?


def clustered(arm: Cluster, *, confidence: float = 0.95) -> Clustered:
    """A rate over all votes, the unit being the user; see :meth:`Cluster.from_units`.

    The ratio (delta) variance: Deng et al. 2018; Cochran 1977, 6.4.

    >>> found = clustered(Cluster.from_units([(4, 5), (1, 5), (3, 4), (0, 2)]))
    >>> found.rate, round(found.design_effect, 3)
    (0.5, 2.167)
    """
    out = new("llmlearn_clustered")
    convert.check(
        lib.llmlearn_stats_clustered(
            c_cluster("arm", arm), convert.real("confidence", confidence), out
        )
    )
    return result(Clustered, out)


def clustered_difference(
    control: Cluster, variant: Cluster, *, confidence: float = 0.95
) -> ClusteredDifference:
    """The difference of two such rates.

    >>> one = Cluster.from_units([(4, 5), (1, 5), (3, 4), (0, 2)])
    >>> other = Cluster.from_units([(5, 5), (4, 5), (3, 4), (1, 2)])
    >>> round(clustered_difference(one, other).p_value, 3)
    0.173
    """
    out = new("llmlearn_clustered_difference")
    convert.check(
        lib.llmlearn_stats_clustered_difference(
            c_cluster("control", control),
            c_cluster("variant", variant),
            convert.real("confidence", confidence),
            out,
        )
    )
    return result(ClusteredDifference, out)


# ---- what happened?


def summary(values: Iterable[float]) -> Summary:
    """Describes finite numbers, at most 2**32. An array of doubles is not copied in Python.

    >>> found = summary([1.0, 2.0, 4.0, 8.0])
    >>> found.mean, found.q50, found.max
    (3.75, 3.0, 8.0)
    """
    numbers = convert.reals("values", values)
    out = new("llmlearn_summary")
    convert.check(lib.llmlearn_stats_summary(numbers, len(numbers), out))
    return result(Summary, out)


def compare_variants(
    arms: Mapping[str, RateLike],
    *,
    champion: str | None = None,
    alpha: float = 0.05,
    min_effect: float = 0.1,
    min_trials: int = 100,
) -> Comparison:
    """Compares variants from counts alone, by the classic rule.

    A variant wins if the arms differ (chi-square p < alpha, V > min_effect) and
    its rate is the highest.

    Args:
        arms: name to its rate, 1 to 64 of them. A name is as for versions: 1 to
            64 bytes of printable ASCII without space or quotes.
        champion: the name of the arm in use; None: the first.
        min_effect: the Cramer's V that must be exceeded.
        min_trials: what each arm needs.

    >>> found = compare_variants({"v1.0": (60, 100), "v1.1": (80, 100)})
    >>> found.winner, round(found.confidence, 3), round(found.effect_size, 3)
    ('v1.1', 0.998, 0.218)
    """
    names = list(arms)
    if champion is not None and champion not in arms:
        raise errors.invalid("champion: must be one of the arms")
    rates = c_named_rates("arms", arms)
    keep = [ffi.new("char[]", convert.text("arms", name)) for name in names]
    versions = ffi.new("char *[]", keep)
    comparison = convert.record(
        "llmlearn_comparison",
        [],
        arm_count=len(rates),
        arms=rates,
        versions=versions,
        champion=0 if champion is None else names.index(champion),
        trials_min=convert.count("min_trials", min_trials, lib.LLMLEARN_COUNT_MAX),
        alpha_ratio=convert.positive("alpha", alpha),
        effect_min=convert.positive("min_effect", min_effect),
    )
    out, json = new("llmlearn_compared"), ffi.new("char **")
    convert.check(lib.llmlearn_compare_variants(comparison, out, json))
    return Comparison(
        winner=None if out.winner < 0 else names[out.winner],
        confidence=out.confidence,
        p_value=out.p_value,
        effect_size=out.effect_size,
        status=convert.string(out.status) or "",
        promotable=bool(out.promotable),
        details=convert.json_object(json[0]) or {},
    )
