"""Real experiments, recounted from their records: our numbers are those found elsewhere.

Their licences do not let us ship them. They are sought in the folder that
LLMLEARN_REAL_DATA names, else in shared/data/real beside the project:

- Cookie Cats (Tactile Entertainment, 90,189 players): a gate moved from level
  30 to level 40; do players come back after one day, after seven?
- Hillstrom's e-mail challenge (MineThatData 2008, 64,000 customers): no
  e-mail, one with men's and one with women's goods; visits, purchases, dollars.

What is expected stands beside the records.
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections import defaultdict
from pathlib import Path

import pytest

from llmlearn import stats
from llmlearn.stats import Rate

from conftest import ROOT

FOLDER = Path(os.environ.get("LLMLEARN_REAL_DATA") or ROOT.parent / "shared" / "data" / "real")
EXPECTED = FOLDER / "real_expected_developers.json"

pytestmark = pytest.mark.skipif(
    not EXPECTED.is_file(), reason=f"the real data may not be shipped, and are not in {FOLDER}"
)


def near(want, relative=1e-9):
    return pytest.approx(float(want), rel=relative, abs=0)


def both(interval, want):
    assert [interval.low, interval.high] == [near(end) for end in want]


@pytest.fixture(scope="module")
def expected():
    return json.loads(EXPECTED.read_text())


def columns(name, arm, wanted):
    """For each arm the values of each wanted column."""
    arms = defaultdict(lambda: {column: [] for column in wanted})
    with open(FOLDER / name, newline="") as file:
        for row in csv.DictReader(file):
            for column in wanted:
                arms[row[arm]][column].append(row[column])
    return dict(arms)


# ---- Cookie Cats


@pytest.fixture(scope="module")
def cats():
    return columns(
        "cookie_cats.csv", "version", ["retention_1", "retention_7", "sum_gamerounds"]
    )


def returned(cats, column):
    return [Rate.from_outcomes(value == "TRUE" for value in cats[gate][column])
            for gate in ("gate_30", "gate_40")]  # fmt: skip


@pytest.mark.parametrize("column", ["retention_1", "retention_7"])
def test_cookie_cats_come_back(cats, expected, column):
    want = expected["cookie_cats"][column]
    control, variant = returned(cats, column)
    assert (control, variant) == (Rate(want["s1"], want["n1"]), Rate(want["s2"], want["n2"]))

    found = stats.association([control, variant])
    assert (found.status, found.method, found.degrees) == ("ok", "pearson", 1)
    assert found.chi_square == near(want["chi2"])
    assert found.chi_square == near(float(want["z_pooled"]) ** 2)
    assert found.p_value == near(want["p_pooled"])
    assert found.cramers_v == near(want["V"])

    change = stats.difference(control, variant)
    assert change.difference == near(want["diff"])
    both(change, want["newcombe"])
    both(stats.rate(control), want["wilson_gate30"])
    both(stats.rate(variant), want["wilson_gate40"])


def test_cookie_cats_were_not_split_evenly(cats, expected):
    want = expected["cookie_cats"]["srm"]
    found = stats.split([len(cats[gate]["retention_1"]) for gate in sorted(cats)], [1, 1])
    assert (found.status, found.degrees) == ("ok", want["df"])
    assert found.chi_square == near(want["chi2"])
    assert found.p_value == near(want["p"])


def test_cookie_cats_are_no_winner(cats):
    """Retention after seven days is worse, p = .002, but V is far below 0.1."""
    control, variant = returned(cats, "retention_7")
    found = stats.compare_variants({"gate_30": control, "gate_40": variant})
    assert (found.winner, found.status) == (None, "effect_too_small")
    assert stats.difference(control, variant).high < 0
    guard = stats.rate_not_worse(control, variant, margin=0.001)
    assert guard.guardrail == "fail"


def test_cookie_cats_play_as_many_rounds(cats, expected):
    want = expected["cookie_cats"]["sum_gamerounds_welch"]
    check_welch([cats[gate]["sum_gamerounds"] for gate in ("gate_30", "gate_40")], want)


def check_welch(arms, want):
    """Welch's t by mean_not_worse: with a margin of 0 it asks whether the variant is lower."""
    control, variant = (stats.Mean.from_values(map(float, values)) for values in arms)
    assert variant.mean - control.mean == near(want["diff"])
    spread = control.variance / control.count + variant.variance / variant.count
    assert math.sqrt(spread) == near(want["se"])
    found = stats.mean_not_worse(control, variant, margin=0)
    assert found.status == "ok"
    assert found.statistic == near(-float(want["t"]))
    assert found.degrees == near(want["df"])
    assert 2 * min(found.p_value, found.p_worse) == near(want["p"])


# ---- Hillstrom

CONTROL, *MAILS = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]


@pytest.fixture(scope="module")
def customers():
    return columns("hillstrom_email.csv", "segment", ["visit", "conversion", "spend"])


@pytest.mark.parametrize("column", ["visit", "conversion"])
def test_hillstroms_customers_visit_and_buy(customers, expected, column):
    want = expected["hillstrom"][column]
    arms = [Rate.from_outcomes(map(int, customers[arm][column])) for arm in want["arms"]]
    assert [arm.successes for arm in arms] == want["succ"]
    assert [arm.trials for arm in arms] == want["n"]

    found = stats.association(arms)
    assert (found.status, found.method) == ("ok", "pearson")
    assert (found.arms_used, found.degrees) == (want["k_used"], want["df"])
    assert found.cells_low == want["cells_lt5"]
    assert found.expected_min == near(want["min_expected"])
    assert found.chi_square == near(want["chi2"])
    assert found.p_value == near(want["p"])
    assert found.ln_p_value == near(want["ln_p"])
    assert found.cramers_v == near(want["V"])
    assert found.cramers_v_unbiased == near(want["V_bc"])

    control, *variants = arms
    p_values = [stats.association([control, variant]).p_value for variant in variants]
    assert p_values == [near(p) for p in want["p_vs_control"]]
    assert stats.holm(p_values) == [near(p) for p in want["holm_vs_control"]]
    for variant, ends in zip(variants, want["newcombe_vs_control"]):
        both(stats.difference(control, variant), ends)


def test_hillstroms_customers_were_split_evenly(customers, expected):
    want = expected["hillstrom"]["srm"]
    found = stats.split([len(customers[arm]["visit"]) for arm in (CONTROL, *MAILS)], [1, 1, 1])
    assert (found.status, found.degrees) == ("ok", want["df"])
    assert found.chi_square == near(want["chi2"])
    assert found.p_value == near(want["p"])
    assert found.ln_e_value < 0


@pytest.mark.parametrize("mail", MAILS)
def test_hillstroms_customers_spend(customers, expected, mail):
    check_welch(
        [customers[CONTROL]["spend"], customers[mail]["spend"]],
        expected["hillstrom"][f"spend_welch_{mail}"],
    )


def test_hillstroms_best_mail_is_the_one_for_men(customers):
    arms = {
        arm.split()[0]: Rate.from_outcomes(map(int, customers[arm]["visit"])) for arm in customers
    }
    best = stats.posterior(arms.values()).best_ratio
    assert max(zip(best, arms))[1] == "Mens" and max(best) > 0.999999
    found = stats.compare_variants(arms, champion="No", min_effect=0.05)
    assert (found.winner, found.promotable) == ("Mens", True)
