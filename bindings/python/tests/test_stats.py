"""The statistics as Python sees them: reference cases, statuses, what is refused.

The arithmetic itself is tested in C, against all of the reference cases.
"""

from __future__ import annotations

import copy
import dataclasses
import doctest
import inspect
import json
import math
import pickle
import re
import subprocess
import sys
import typing
from array import array

import pytest

import llmlearn
from llmlearn import CorruptError, InvalidArgumentError
from llmlearn import eprocess, stats, stats_models, stats_planning
from llmlearn._ffi import ffi, lib
from llmlearn.stats import Cluster, EProcess, Mean, Rate

from conftest import ROOT, package_path

DATA = ROOT / "tests" / "data" / "stats"


def reference(name, *, few=6, **wanted):
    """A parametrization by a few cases, spread over the set, whose input has the wanted values."""
    cases = [
        case
        for case in json.loads((DATA / f"{name}.json").read_text())["cases"]
        if all(case["in"].get(key) == value for key, value in wanted.items())
    ]
    assert cases, name
    chosen = cases[:: -(-len(cases) // few)]
    return pytest.mark.parametrize("case", chosen, ids=[case["id"] for case in chosen])


def near(want, relative=1e-9, absolute=1e-12):
    return pytest.approx(float(want), rel=relative, abs=absolute)


def arms_of(case):
    return list(zip(case["in"]["succ"], case["in"]["n"]))


def two_of(case):
    given = case["in"]
    return (given["s1"], given["n1"]), (given["s2"], given["n2"])


# ---- reference cases


@reference("kx2_tests", few=12)
def test_association(case):
    want = case["out"]
    got = stats.association(arms_of(case))
    assert got.status == (
        "too_few_arms" if want["k_used"] < 2 else "no_variation" if want["degenerate"] else "ok"
    )
    if got.status != "ok":
        assert (got.method, got.p_value, got.cramers_v) == ("none", 1, 0)
        return
    assert got.arms_used == want["k_used"] and got.degrees == want["df"]
    assert got.cells_low == want["cells_lt5"]
    assert (got.method == "pearson") == (want["cells_lt5"] == 0)
    assert got.chi_square == near(want["chi2"])
    assert got.pearson_p_value == near(want["p"], absolute=0)
    assert got.cramers_v == near(want["V"])
    assert got.cramers_v_unbiased == near(want["V_bc"])
    assert got.expected_min == near(want["min_expected"])
    if got.method == "pearson":
        assert got.ln_p_value == near(want["ln_p"])


@reference("fisher2x2")
def test_association_of_two_small_arms(case):
    got = stats.association(two_of(case))
    if got.method == "fisher":
        assert got.p_value == near(case["out"]["p_two"], absolute=0)
        assert got.mid_p_value == near(case["out"]["p_mid_two"], absolute=0)
    else:
        assert got.method in ("pearson", "none")


@reference("fisher_kx2", few=15)
def test_association_of_more_small_arms(case):
    got = stats.association(arms_of(case))
    if len(case["in"]["n"]) > 2 and got.cells_low > 0:
        assert got.method == "freeman_halton"
        assert got.p_value == near(case["out"]["p"], absolute=0)


@reference("proportion_ci")
@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_rate(case, method):
    given = case["in"]
    got = stats.rate((given["s"], given["n"]), confidence=given["conf"], method=method)
    assert got.status == "ok"
    assert got.estimate == given["s"] / given["n"]
    assert [got.low, got.high] == [near(end) for end in case["out"][method]]


@reference("sequential", op="betabin_cs", prior_a=1)
def test_rate_at_any_time(case):
    given = case["in"]
    got = stats.rate(
        Rate(given["s"], given["n"]), confidence=1 - given["alpha"], method="sequence"
    )
    assert got.status == ("ok" if given["n"] else "no_data")
    assert [got.low, got.high] == [near(end) for end in case["out"]["cs"]]


@reference("difference_ci")
@pytest.mark.parametrize("method", ["newcombe", "miettinen_nurminen"])
def test_difference(case, method):
    control, variant = two_of(case)
    got = stats.difference(control, variant, confidence=case["in"]["conf"], method=method)
    low, high = case["out"][method]
    assert got.status == "ok"
    assert got.low == near(low, absolute=1e-9) and got.high == near(high, absolute=1e-9)
    assert got.difference == near(variant[0] / variant[1] - control[0] / control[1])
    if control[0] == 0:
        assert got.lift is None
    else:
        assert got.lift == near(got.difference / (control[0] / control[1]))


@reference("multiplicity", few=24)
def test_holm(case):
    if "holm" in case["out"]:
        assert stats.holm(case["in"]["p"]) == [near(p) for p in case["out"]["holm"]]


@reference("power", few=5, solve="n")
def test_sample_size(case):
    given = case["in"]
    got = stats.sample_size(
        control_rate=given["p1"],
        effect=given["p2"] - given["p1"],
        alpha=given["alpha"],
        power=given["power"],
        allocation=given["ratio"],
    )
    assert got.status == "ok"
    assert got.control_trials == near(case["out"]["n"])
    assert got.control_trials_up == case["out"]["n_ceil"]
    assert (got.days, got.power) == (None, given["power"])


@reference("power", few=5, solve="power")
def test_power(case):
    given = case["in"]
    got = stats.power(
        control_rate=given["p1"],
        effect=given["p2"] - given["p1"],
        control_trials=given["n"],
        alpha=given["alpha"],
    )
    assert got.status == "ok" and got.power == near(case["out"]["power"])


@reference("power", few=5, solve="mde_up")
def test_detectable_effect(case):
    given = case["in"]
    got = stats.detectable_effect(
        control_rate=given["p1"],
        control_trials=given["n"],
        alpha=given["alpha"],
        power=given["power"],
    )
    assert got.status == "ok" and got.effect == near(case["out"]["mde"], relative=1e-8)


@reference("power", few=5, solve="chi2_power")
def test_association_power(case):
    given = case["in"]
    got = stats.association_power(
        given["p"], trials_per_arm=given["n_per_arm"], alpha=given["alpha"]
    )
    assert got == near(case["out"]["power"])


@reference("srm")
def test_split(case):
    given, want = case["in"], case["out"]
    got = stats.split(given["counts"], given["weights"])
    assert got.status == "ok" and got.degrees == want["df"]
    assert got.chi_square == near(want["chi2"])
    assert got.p_value == near(want["p"], absolute=0)


@reference("sequential", op="srm_e")
def test_split_at_any_time(case):
    given = case["in"]
    got = stats.split(given["counts"], given["weights"], concentration=given["concentration"])
    assert got.ln_e_value == near(case["out"]["ln_e"], absolute=1e-9)


@reference("sequential_shrink", few=9)
def test_eprocess(case):
    given, want = case["in"], case["out"]
    if "arms" not in given or given["kappa"] < 20:
        return
    votes = EProcess(given["weights"], kappa=given["kappa"])
    for arm, success in zip(given["arms"], given["y"]):
        votes.add(int(arm), success == "1")
    assert votes.ln_e_values[-1] == near(want["ln_e_one_sided_0_vs_last_final"], absolute=1e-9)
    assert votes.ln_e_max[-1] == near(want["ln_e_one_sided_0_vs_last_max"], absolute=1e-9)
    assert sum(votes.trials) == len(given["arms"])
    assert sum(votes.successes) == given["y"].count("1")


@reference("group_sequential", spending="obf")
def test_look_bounds(case):
    given = case["in"]
    got = stats.look_bounds(
        [1000 * t for t in given["t"]], information_max=1000, alpha=given["alpha"]
    )
    assert [look.bound for look in got] == [near(z, absolute=1e-4) for z in case["out"]["z"]]
    assert [spent for _, spent in got] == sorted(spent for _, spent in got)
    if given["t"][-1] == 1:
        assert got[-1].spent == 1


@reference("bayes")
def test_posterior(case):
    got = stats.posterior([(a - 1, a + b - 2) for a, b in case["in"]["params"]])
    want = case["out"]
    assert got.status == "ok"
    assert got.best_ratio == tuple(near(p, absolute=1e-9) for p in want["prob_best"])
    assert got.expected_loss == tuple(near(x, 1e-6, 1e-10) for x in want["exp_loss"])
    assert got.best_expected == near(want["emax"], absolute=1e-10)
    assert got.mean == tuple(near(a / (a + b)) for a, b in case["in"]["params"])
    assert all(low < mean < high for low, mean, high in zip(got.low, got.mean, got.high))


@reference("ratings", few=12)
def test_ratings(case):
    want = case["out"]
    if "x" not in case["in"]:
        return
    got = stats.ratings(case["in"]["x"], case["in"]["y"])
    assert got.u == near(want["U"]) and got.superiority == near(want["A"])
    if "p_cc" in want:
        assert got.status == "ok"
        assert got.z == near(want["z"]) and got.p_value == near(want["p_cc"], absolute=0)
    if "welch_p" in want:
        assert got.mean_status == "ok"
        assert got.mean_p_value == near(want["welch_p"], absolute=0)
        assert [got.low, got.high] == [near(end) for end in want["welch_ci95"]]
    if want.get("degenerate"):
        assert (got.status, got.p_value) == ("no_variation", 1)


@reference("guardrail", few=12)
def test_not_worse(case):
    given, want = case["in"], case["out"]
    if given["type"] == "mean_ratio":
        control, variant = (
            Mean(given[f"n{i}"], float(given[f"mean{i}"]), float(given[f"var{i}"])) for i in (1, 2)
        )
        got = stats.mean_not_worse(control, variant, margin=float(given["margin"]))
        assert got.statistic == near(-float(want["t"])) and got.degrees == near(want["df"])
    else:
        lower = given["type"] == "binary_lower"
        got = stats.rate_not_worse(*two_of(case), margin=given["margin"], lower_is_better=lower)
        assert got.statistic == near(-float(want["z"]) if lower else want["z"], relative=1e-8)
    assert got.status == "ok"
    assert got.p_value == near(want["p"], relative=1e-7, absolute=0)
    assert (got.guardrail == "pass") == (float(want["p"]) < 0.05)


@reference("cluster")
def test_clustered(case):
    want = case["out"]
    arms = [
        Cluster.from_units(list(zip(case["in"][arm]["s"], case["in"][arm]["n"]))) for arm in "ab"
    ]
    for arm, name in zip(arms, "ab"):
        got = stats.clustered(arm)
        assert got.status == "ok" and got.rate == near(want[f"rate_{name}"])
        assert got.variance == near(want[f"var_{name}"])
        assert got.design_effect == near(want[f"deff_{name}"])
        assert 0 <= got.low < got.rate < got.high <= 1
    got = stats.clustered_difference(*arms)
    assert got.status == "ok" and got.z == near(want["z"])
    assert got.p_normal == near(want["p_z"]) and got.p_value == near(want["p_t"])


@reference("summary", few=11)
def test_summary(case):
    want = case["out"]
    got = stats.summary(case["in"]["x"])
    assert got.count == want["n"]
    assert got.status == ("no_data" if got.count == 0 else "too_few" if got.count == 1 else "ok")
    for name in ("mean", "min", "max", "q50", "q90", "q95", "q99"):
        if name in want:
            assert getattr(got, name) == near(want[name])
    if "var" in want:
        assert got.variance == near(want["var"]) and got.deviation == near(want["sd"])


@reference("decision_classic", few=24)
def test_compare_variants(case):
    given, want = case["in"], case["out"]
    if not given["duration_reached"]:
        return
    arms = {f"v{i}": arm for i, arm in enumerate(arms_of(case))}
    got = stats.compare_variants(arms, min_trials=given["min_n"])
    assert got.winner == (None if want["winner"] is None else f"v{want['winner']}")
    assert got.status == want["status"]
    assert got.p_value == near(1 if want["p"] is None else want["p"], absolute=0)
    assert got.effect_size == near(want["V"] or 0)
    assert got.confidence == near(1 - got.p_value if got.winner else 0)
    assert got.details["winner"] == got.winner and got.details["status"] == got.status
    assert [arm["version"] for arm in got.details["arms"]] == list(arms)


# ---- what the binding adds


def test_a_rate_may_be_a_tuple_or_a_rate():
    assert stats.rate((3, 10)) == stats.rate(Rate(3, 10)) == stats.rate(arm=Rate(3, trials=10))
    assert stats.association([(3, 10), Rate(4, 10)]) == stats.association(((3, 10), (4, 10)))


def test_any_iterable_will_do():
    pairs = [(3, 10), (4, 10)]
    assert stats.association(iter(pairs)) == stats.association(pairs)
    assert stats.holm(p for p in (0.01, 0.04)) == stats.holm((0.01, 0.04))
    assert stats.split(iter([50, 60]), iter([1, 1])) == stats.split([50, 60], (1.0, 1.0))
    assert stats.summary(range(10)) == stats.summary([float(i) for i in range(10)])


def test_an_array_of_doubles_is_not_copied_and_not_changed():
    values = array("d", [3.0, 1.0, 2.0])
    assert stats.summary(values) == stats.summary([3.0, 1.0, 2.0])
    assert list(values) == [3.0, 1.0, 2.0]
    every_other = memoryview(array("d", [3.0, 9.0, 1.0, 9.0, 2.0]))[::2]
    assert stats.summary(every_other) == stats.summary(values)
    assert stats.summary(array("f", [3.0, 1.0, 2.0])) == stats.summary(values)
    assert stats.summary(array("i", [3, 1, 2])) == stats.summary(values)


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    values = numpy.array([3.0, 1.0, 2.0])
    assert stats.summary(values) == stats.summary([3.0, 1.0, 2.0])
    assert stats.summary(values.astype("float32")) == stats.summary(values)
    assert stats.summary(values[::2]) == stats.summary([3.0, 2.0])
    one = (numpy.int64(3), numpy.uint32(10))
    assert stats.rate(one, confidence=numpy.float32(0.5)) == stats.rate((3, 10), confidence=0.5)
    assert stats.split(numpy.array([50, 60]), numpy.ones(2)) == stats.split([50, 60], [1, 1])


def test_inputs_may_be_made_from_what_was_seen():
    assert Rate.from_outcomes([True, 0, 1.0]) == Rate(2, 3)
    with pytest.raises(InvalidArgumentError, match=re.escape("outcomes[1]")):
        Rate.from_outcomes([1, 0.5])
    assert Mean.from_values([1.0, 3.0]) == Mean(2, 2.0, 2.0)
    assert Cluster.from_units([(1, 2), Rate(0, 3), (0, 0)]) == Cluster(
        units=2, trials=5, successes=1, trials_squared=13, products=2, successes_squared=1
    )
    assert Cluster.from_units([]).units == 0


def test_compare_variants_takes_the_first_as_champion():
    arms = {"a": (60, 100), "b": (80, 100), "c": (70, 100)}
    first = stats.compare_variants(arms)
    assert first == stats.compare_variants(arms, champion="a")
    assert [arm["champion"] for arm in first.details["arms"]] == [True, False, False]
    assert (first.winner, first.promotable) == ("b", True)
    assert not stats.compare_variants(arms, champion="b").promotable


def test_compare_variants_listens_to_its_options():
    arms = {"a": (60, 100), "b": (80, 100)}
    for option in ({"min_effect": 0.9}, {"min_trials": 101}, {"alpha": 0.001}):
        assert stats.compare_variants(arms, **option).winner is None, option
    assert stats.compare_variants(arms).details["alpha"] == 0.05


def test_a_plan_listens_to_its_options():
    plan = {"control_rate": 0.6, "effect": 0.05}
    base = stats.sample_size(**plan)
    more = {
        "alpha": 0.01,
        "power": 0.9,
        "arm_count": 4,
        "design": "always_valid",
        "design_effect": 2,
    }
    for name, value in more.items():
        assert stats.sample_size(**plan, **{name: value}).units_up > base.units_up, name
    assert stats.sample_size(**plan, response_ratio=0.1).units_up == pytest.approx(
        base.units_up * 10, rel=1e-3
    )
    assert stats.sample_size(**plan, units_per_day=base.units_up / 10).days == near(10)
    wide = stats.sample_size(**plan, allocation=2)
    assert wide.variant_trials_up == pytest.approx(2 * wide.control_trials_up, abs=2)
    loss = stats.detectable_effect(control_rate=0.6, control_trials=1000, worse=True)
    gain = stats.detectable_effect(control_rate=0.6, control_trials=1000)
    assert loss.effect < 0 < gain.effect


def test_the_prior_counts():
    flat = stats.posterior([(6, 10)])
    assert stats.posterior([(6, 10)], prior_successes=1, prior_failures=1) == flat
    strong = stats.posterior([(6, 10)], prior_successes=100, prior_failures=300)
    assert strong.mean == (near(106 / 410),)
    assert stats.posterior([(6, 10)], confidence=0.5).low > flat.low


def test_a_final_look_spends_all():
    early = stats.look_bounds([500], information_max=1000, alpha=0.025)
    final = stats.look_bounds([500], information_max=1000, alpha=0.025, final=True)
    assert early[0].spent < 1 and final[0].spent == 1
    assert final[0].bound < early[0].bound


# ---- statuses

STATUSES = {
    "ok": lambda: stats.association([(60, 100), (70, 100)]),
    "no_data": lambda: stats.rate((0, 0)),
    "too_few_arms": lambda: stats.association([(60, 100), (0, 0)]),
    "no_variation": lambda: stats.association([(0, 100), (0, 100)]),
    "too_few": lambda: stats.summary([1.0]),
    "unreachable": lambda: stats.sample_size(control_rate=0.6, effect=0),
    "misassigned": lambda: stats.split([50, 50, 1], [1, 1, 0]),
}


def test_every_status_can_be_had():
    assert set(STATUSES) == set(typing.get_args(stats.Status))
    assert {name: call().status for name, call in STATUSES.items()} == {n: n for n in STATUSES}


def test_statuses_are_named_as_in_c():
    for name, number in (
        (name, getattr(lib, f"LLMLEARN_STATS_{name.upper()}"))
        for name in typing.get_args(stats.Status)
    ):
        assert ffi.string(lib.llmlearn_stats_status_name(number)).decode() == name


def test_every_word_of_c_has_one_of_ours():
    for enum, prefix, words in (
        ("llmlearn_stats_status", "LLMLEARN_STATS_", stats.Status),
        ("llmlearn_association_method", "LLMLEARN_METHOD_", stats.AssociationMethod),
        ("llmlearn_plan_design", "LLMLEARN_PLAN_", stats.Design),
        ("llmlearn_guardrail", "LLMLEARN_GUARDRAIL_", stats.Guardrail),
    ):
        names = {n.removeprefix(prefix).lower() for n in ffi.typeof(enum).relements}
        assert names == set(typing.get_args(words)), enum
    intervals = {
        name.removeprefix("LLMLEARN_INTERVAL_").lower()
        for name in ffi.typeof("llmlearn_interval_method").relements
    }
    ours = {*typing.get_args(stats.RateMethod), *typing.get_args(stats.DifferenceMethod)}
    assert intervals == ours


def test_without_data_values_are_neutral():
    assert stats.rate((0, 0)) == stats.Interval(status="no_data", estimate=0, low=0, high=1)
    got = stats.difference((0, 0), (5, 10))
    assert (got.status, got.difference, got.low, got.high, got.lift) == ("no_data", 0, -1, 1, None)
    assert stats.summary([]).status == "no_data"
    assert stats.ratings([0] * 5, [1] * 5).status == "no_data"
    assert stats.clustered(Cluster.from_units([])).status == "no_data"
    assert stats.rate_not_worse((0, 0), (5, 10), margin=0.1).guardrail == "unknown"
    planned = stats.sample_size(control_rate=0.6, effect=0, units_per_day=10)
    assert (planned.control_trials, planned.units_up, planned.days) == (0, 0, None)


def test_results_are_frozen_and_hold_no_cffi():
    found = [call() for call in STATUSES.values()]
    found.append(stats.posterior([(6, 10), (7, 10)]))
    found.append(stats.ratings([1] * 5, [1, 2, 3, 4, 5]))
    found.append(stats.compare_variants({"a": (6, 10)}))
    for result in found:
        assert pickle.loads(pickle.dumps(result)) == result
        with pytest.raises(dataclasses.FrozenInstanceError):
            result.status = "ok"


def test_every_field_of_c_is_there():
    """But for what says the same in another way."""
    renamed = {
        stats.Association: ("llmlearn_association", set(), set()),
        stats.Interval: ("llmlearn_interval", set(), set()),
        stats.Difference: ("llmlearn_difference", {"lift_ratio", "has_lift"}, {"lift"}),
        stats.Planned: ("llmlearn_planned", {"power_ratio"}, {"power"}),
        stats.Split: ("llmlearn_split", set(), set()),
        stats.Posterior: ("llmlearn_posterior", set(), set()),
        stats.Ratings: ("llmlearn_ratings", set(), set()),
        stats.Noninferiority: ("llmlearn_noninferiority", set(), set()),
        stats.Clustered: ("llmlearn_clustered", set(), set()),
        stats.ClusteredDifference: ("llmlearn_clustered_difference", set(), set()),
        stats.Summary: ("llmlearn_summary", set(), set()),
        stats.Comparison: ("llmlearn_compared", set(), {"details"}),
        stats.Rate: ("llmlearn_rate", set(), set()),
        stats.Mean: ("llmlearn_mean", set(), set()),
        stats.Cluster: ("llmlearn_cluster", set(), set()),
    }
    for cls, (struct, lost, gained) in renamed.items():
        theirs = {name for name, _ in ffi.typeof(struct).fields} - {"struct_size", "reserved"}
        ours = {field.name for field in dataclasses.fields(cls)}
        assert ours == theirs - lost | gained, struct


def test_every_function_of_c_is_there():
    names = {name for name in dir(lib) if name.startswith("llmlearn_stats_")}
    names -= {"llmlearn_stats_status_name"}
    ours = {f"llmlearn_stats_{name}" for name in stats.__all__ if callable(getattr(stats, name))}
    assert len(names) == 17 and names <= ours


# ---- what is refused

RATE = (6, 10)
ARMS = {"a": RATE, "b": RATE}
STARS = [1, 2, 3, 4, 5]
PLAN = {"control_rate": 0.6, "effect": 0.05}
UNITS = Cluster.from_units([(1, 2), (2, 2)])
MEAN = Mean(10, 1.0, 1.0)

# A call that is right, and for each argument values that are not.
REFUSED = {
    "association": (dict(arms=[RATE, RATE]), {
        "arms": [[], [RATE] * 65, [RATE, (-1, 10)], [RATE, (11, 10)], [(0, 2**53 + 1)],
                 [(0, 2**64)]],
    }),
    "rate": (dict(arm=RATE), {
        "arm": [(11, 10), (-1, 10), (1, -1), (0, 2**53 + 1), (0, 2**70)],
        "confidence": [0, 1, -0.1, 1.1, 9e-301, math.nan, math.inf, 10**400],
        "method": ["", "newcombe", "wald", None],
    }),
    "difference": (dict(control=RATE, variant=RATE), {
        "control": [(11, 10), (-1, 10)],
        "variant": [(11, 10), (-1, 10)],
        "confidence": [0, 1, math.nan],
        "method": ["wilson"],
    }),
    "holm": (dict(p_values=[0.1]), {
        "p_values": [[-0.1], [1.1], [math.nan], [0.1] * 65, [10**400]],
    }),
    "sample_size": (PLAN, {
        "control_rate": [0, 1, -0.1, math.nan],
        "effect": [0.4, -0.6, math.nan],
        "alpha": [0, 1, -1, math.nan],
        "power": [0, 1, 0.01, math.nan],
        "arm_count": [0, 1, -1, 65, 2**32],
        "design": ["sequential", ""],
        "allocation": [0, -1, math.nan, math.inf],
        "design_effect": [0, -1, math.nan, math.inf],
        "response_ratio": [0, -1, math.nan, math.inf],
        "units_per_day": [0, -1, math.nan, math.inf],
    }),
    "power": (dict(PLAN, control_trials=100), {
        "control_trials": [-1, math.nan, math.inf],
        "control_rate": [0, 1],
        "effect": [0.4],
    }),
    "detectable_effect": (dict(control_rate=0.6, control_trials=100), {
        "control_trials": [-1, math.nan, math.inf],
        "power": [0, 1],
    }),
    "association_power": (dict(rates=[0.5, 0.6], trials_per_arm=100), {
        "rates": [[], [0.5, 0.0], [0.5, 1.0], [0.5, math.nan], [0.5] * 65],
        "trials_per_arm": [-1, math.nan, math.inf],
        "alpha": [0, 1, math.nan],
    }),
    "split": (dict(counts=[50, 60], weights=[1, 1]), {
        "counts": [[-1, 1], [2**53 + 1, 1], [2**64, 1]],
        "weights": [[1], [1, 1, 1], [0, 0], [-1, 1], [math.nan, 1], [math.inf, 1]],
        "concentration": [0, -1, 0.5, 1e10, math.nan],
    }),
    "look_bounds": (dict(information=[50, 100], information_max=100, alpha=0.025), {
        "information": [[], [0, 50], [50, 50], [60, 50], [math.nan], [math.inf], [-1, 50],
                        [100, 101, 102], list(range(1, 66))],
        "information_max": [0, -1, math.nan, math.inf],
        "alpha": [0, 1, math.nan],
    }),
    "posterior": (dict(arms=[RATE, RATE]), {
        "arms": [[], [RATE] * 65, [(11, 10)]],
        "prior_successes": [0, -1, 1e7, math.nan],
        "prior_failures": [0, -1, 1e7, math.nan],
        "confidence": [0, 1, math.nan],
    }),
    "ratings": (dict(control=STARS, variant=STARS), {
        "control": [[1, 2, 3, 4], STARS + [6], [], [-1] * 5, [2**53 + 1] * 5],
        "variant": [[1, 2, 3, 4], [-1] * 5],
        "confidence": [0, 1, math.nan],
    }),
    "rate_not_worse": (dict(control=RATE, variant=RATE, margin=0.1), {
        "control": [(11, 10)],
        "variant": [(11, 10)],
        "margin": [-0.1, 1, math.nan],
        "alpha": [0, 1, math.nan],
    }),
    "mean_not_worse": (dict(control=MEAN, variant=MEAN, margin=0.1), {
        "control": [Mean(-1, 1), Mean(2, -1.0, 1), Mean(2, 1.0, -1), Mean(2, math.nan, 1),
                    Mean(2, 1.0, math.inf)],
        "variant": [Mean(2**64, 1), Mean(2, math.inf, 1)],
        "margin": [-1.1, 1e7, math.nan],
        "alpha": [0, 1, math.nan],
    }),
    "clustered": (dict(arm=UNITS), {
        "arm": [dataclasses.replace(UNITS, successes=5), dataclasses.replace(UNITS, units=-1),
                dataclasses.replace(UNITS, products=2**64)],
        "confidence": [0, 1, math.nan],
    }),
    "clustered_difference": (dict(control=UNITS, variant=UNITS), {
        "control": [dataclasses.replace(UNITS, successes=5)],
        "variant": [dataclasses.replace(UNITS, trials=2**53 + 1)],
        "confidence": [0, 1, math.nan],
    }),
    "summary": (dict(values=[1.0]), {
        "values": [[1.0, math.nan], [math.inf], [10**400], array("d", [math.nan])],
    }),
    "compare_variants": (dict(arms=ARMS), {
        "arms": [{}, {"a": (11, 10)}, {"a": (-1, 10)}, {str(i): RATE for i in range(65)},
                 {"a\0b": RATE}, {"a b": RATE}],
        "champion": ["c", ""],
        "alpha": [0, 1, -1, math.nan],
        "min_effect": [0, -1, math.nan],
        "min_trials": [0, -1, 2**64],
    }),
    "EProcess": (dict(weights=[1, 1]), {
        "weights": [[], [1], [1, 0], [1, -1], [1, math.nan], [1, math.inf], [1] * 65],
        "champion": [2, -1, 2**32],
        "kappa": [0, 19, 1001, math.nan],
    }),
}  # fmt: skip

WRONG_TYPES = {
    "association": {"arms": [None, 1, [[6, 10]], [(6,)], [(1, 2, 3)], [("6", 10)], [(6.0, 10)],
                             [None], {"a": RATE}, "ab"]},
    "rate": {"arm": [None, [6, 10], (6.5, 10), "6/10"], "confidence": [None, "0.95", 1j]},
    "holm": {"p_values": [None, 0.1, ["0.1"], [None], "0.1"]},
    "sample_size": {"control_rate": ["0.6", None], "effect": ["x"], "arm_count": [2.0, "2"]},
    "split": {"counts": [None, [1.0, 1], ["1", 1]], "weights": [None, ["1", 1]]},
    "look_bounds": {"information": [None, 1, ["1"]]},
    "ratings": {"control": [None, [1.0] * 5, "12345x"]},
    "mean_not_worse": {"control": [None, (10, 1.0, 1.0)], "variant": [Mean("1", 1), Mean(1, "1")]},
    "clustered": {"arm": [None, RATE, dataclasses.replace(UNITS, units=2.0)]},
    "summary": {"values": [None, 1.0, ["x"], [None], [[1.0]]]},
    "compare_variants": {"arms": [{1: RATE}, {"a": [6, 10]}], "min_trials": [1.5]},
    "EProcess": {"weights": [None, ["1", "1"]], "champion": [0.0, "a"], "kappa": ["100"]},
}  # fmt: skip

# What C calls otherwise, such as a list that is too long.
IN_C = {
    "min_effect": "effect_min",
    "min_trials": "trials_min",
    "arms": "arm_count|versions",
    "rates": "arm_count",
    "weights": "arm_count",
    "p_values": "count",
    "information": "look_count",
}


def refused():
    for function, (right, arguments) in REFUSED.items():
        for argument, values in arguments.items():
            for i, value in enumerate(values):
                yield pytest.param(function, {**right, argument: value}, argument,
                                   id=f"{function}-{argument}-{i}")


def wrong_types():
    for function, arguments in WRONG_TYPES.items():
        for argument, values in arguments.items():
            for i, value in enumerate(values):
                yield pytest.param(function, {**REFUSED[function][0], argument: value}, argument,
                                   id=f"{function}-{argument}-{i}")


def test_the_table_has_every_function_and_argument():
    functions = {name for name in stats.__all__ if inspect.isfunction(getattr(stats, name))}
    assert set(REFUSED) == {*functions, "EProcess"}
    for name, (right, _) in REFUSED.items():
        getattr(stats, name)(**right)
    shared = set(inspect.signature(stats.sample_size).parameters)
    for name, (_, arguments) in REFUSED.items():
        parameters = set(inspect.signature(getattr(stats, name)).parameters)
        untested = parameters - set(arguments) - {"final", "lower_is_better", "worse"}
        if name in ("power", "detectable_effect"):
            untested -= shared
        assert untested == set(), name


@pytest.mark.parametrize(("function", "arguments", "bad"), refused())
def test_a_bad_argument_is_refused_by_its_name(function, arguments, bad):
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(stats, function)(**arguments)
    assert re.search(f"{bad}|{IN_C.get(bad, bad)}", caught.value.detail)


@pytest.mark.parametrize(("function", "arguments", "bad"), wrong_types())
def test_a_wrong_type_is_pythons_own_error(function, arguments, bad):
    with pytest.raises(TypeError, match=bad):
        getattr(stats, function)(**arguments)


def test_options_have_to_be_named():
    with pytest.raises(TypeError):
        stats.rate(RATE, 0.9)
    with pytest.raises(TypeError):
        stats.sample_size(0.6, 0.05)


def test_an_error_in_the_callers_own_objects_comes_through():
    class Broken:
        def __float__(self):
            raise ZeroDivisionError

        __index__ = __float__

    with pytest.raises(ZeroDivisionError):
        stats.rate(RATE, confidence=Broken())
    with pytest.raises(ZeroDivisionError):
        stats.rate((Broken(), 10))
    with pytest.raises(ZeroDivisionError):
        stats.summary([Broken()])


# ---- e-processes


@pytest.fixture
def votes():
    """A variant that is clearly better."""
    votes = EProcess([2, 1, 1], champion=1, kappa=50)
    for i in range(400):
        for arm, good in ((0, 5), (1, 5), (2, 9)):
            votes.add(arm, i % 10 < good)
    return votes


def test_an_eprocess_says_what_it_knows(votes):
    assert votes.weights == (0.5, 0.25, 0.25)
    assert (votes.champion, votes.kappa) == (1, 50)
    assert votes.trials == (400, 400, 400) and votes.successes == (200, 200, 360)
    assert votes.ln_e_values[1] == votes.ln_e_max[1] == 0
    assert votes.ln_e_max[2] >= votes.ln_e_values[2] > math.log(2 / 0.05)
    assert votes.winner() == 2
    assert votes.winner(alpha=1e-300) is None
    assert repr(votes).startswith("<EProcess: 3 arms, 1200 votes, ln e ")


def test_an_eprocess_without_votes_has_no_winner():
    assert EProcess([1, 1]).winner() is None
    assert EProcess([1, 1]).ln_e_values == (0, 0)


@pytest.mark.parametrize("again", [
    EProcess.copy, copy.copy, copy.deepcopy,
    lambda votes: pickle.loads(pickle.dumps(votes)),
    lambda votes: EProcess.from_bytes(votes.to_bytes()),
    lambda votes: EProcess.from_bytes(bytearray(votes.to_bytes())),
])  # fmt: skip
def test_a_copy_goes_on_by_itself(votes, again):
    other = again(votes)
    assert type(other) is EProcess and other == votes
    before = votes.to_bytes()
    other.add(0, True)
    assert other != votes and votes.to_bytes() == before
    votes.add(0, True)
    assert other == votes and other.ln_e_values == votes.ln_e_values


def test_an_eprocess_is_no_key():
    with pytest.raises(TypeError, match="unhashable"):
        hash(EProcess([1, 1]))
    assert EProcess([1, 1]) != "something else"


def test_a_subclass_stays_one():
    class Mine(EProcess):
        pass

    assert type(Mine([1, 1]).copy()) is Mine


@pytest.mark.parametrize("damage", [
    lambda data: data[:-1],
    lambda data: data + b"\0",
    lambda data: b"",
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    lambda data: bytes(len(data)),
])  # fmt: skip
def test_damaged_bytes_are_refused(votes, damage):
    with pytest.raises(CorruptError):
        EProcess.from_bytes(damage(votes.to_bytes()))


@pytest.mark.parametrize(("arm", "success"), [
    (3, True), (-1, True), (2**32, True), (0, 2), (0, -1),
])  # fmt: skip
def test_a_bad_vote_changes_nothing(votes, arm, success):
    before = votes.to_bytes()
    with pytest.raises(InvalidArgumentError, match="arm|success"):
        votes.add(arm, success)
    assert votes.to_bytes() == before


def test_a_vote_of_a_wrong_type_changes_nothing(votes):
    before = votes.to_bytes()
    for arm, success in ((0, None), (0, 1.0), ("0", True), (None, True), (0, "yes")):
        with pytest.raises(TypeError, match="arm|success"):
            votes.add(arm, success)
    for data in (None, "text", 1):
        with pytest.raises(TypeError):
            EProcess.from_bytes(data)
    assert votes.to_bytes() == before


@pytest.mark.parametrize("alpha", [0, 1, math.nan])
def test_a_bad_alpha_has_no_winner(votes, alpha):
    with pytest.raises(InvalidArgumentError, match="alpha"):
        votes.winner(alpha=alpha)


# ---- the module


@pytest.mark.parametrize("module", [stats, stats_planning, stats_models, eprocess])
def test_examples_are_right(module):
    result = doctest.testmod(module, extraglobs={"stats": stats})
    assert result.attempted > 0 and result.failed == 0


def test_every_function_has_an_example():
    for name in stats.__all__:
        if inspect.isfunction(getattr(stats, name)):
            assert ">>>" in getattr(stats, name).__doc__, name


def test_stats_is_loaded_when_first_used():
    program = (
        "import sys, llmlearn; assert 'llmlearn.stats' not in sys.modules;"
        "print(llmlearn.stats.rate((1, 2)).estimate); assert 'llmlearn.stats' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=package_path()
    )
    assert done.stdout == "0.5\n", done.stderr
    assert "stats" in llmlearn.__all__ and "stats" in dir(llmlearn)
