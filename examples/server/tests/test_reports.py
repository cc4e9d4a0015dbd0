"""The reports of the library, as they are, against their schemas in the document: the server hands
them on without a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import contract
import history
import pytest
from llmlearn import Learner


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("history") / "learning.db"
    history.make(path)
    with Learner(path) as learner:
        return {
            "AbTests": learner.ab_tests(),
            "Decisions": learner.decisions(),
            "Variants": learner.variants(),
            "Analytics": learner.analytics(days=90, refresh=True),
        }


@pytest.fixture(scope="module")
def described() -> contract.Contract:
    return contract.Contract(contract.load())


@pytest.mark.parametrize("name", ["AbTests", "Decisions", "Variants", "Analytics"])
def test_a_report_is_as_described(
    reports: dict[str, Any], described: contract.Contract, name: str
) -> None:
    schema = {"$ref": f"#/components/schemas/{name}"}
    assert described.faults(schema, reports[name]) == []


def test_everything_has_happened(reports: dict[str, Any], described: contract.Contract) -> None:
    """Else the above would say little."""
    decisions = reports["Decisions"]["decisions"]
    schema = described.document["components"]["schemas"]["Decision"]
    assert {d["kind"] for d in decisions} == set(schema["properties"]["kind"]["enum"])
    overrides = [d["receipt"] for d in decisions if d["kind"] == "promotion" and d["receipt"]]
    assert {"sentence" in o["evidence"] for o in overrides} == {True, False}
    tests = reports["AbTests"]["tests"]
    assert {test["status"] for test in tests} == {"running", "decided", "stopped"}
    assert {test["rule"] for test in tests if test["evidence"]} == {
        "always_valid",
        "group_sequential",
    }
    arms = [arm for test in tests for arm in test["arms"]]
    assert any(arm["off"] for arm in arms)
    assert {v["status"] for v in reports["Variants"]["variants"]} >= {
        "draft",
        "champion",
        "archived",
        "rejected",
    }


def test_a_key_too_many_is_seen(reports: dict[str, Any], described: contract.Contract) -> None:
    for name, report in reports.items():
        schema = {"$ref": f"#/components/schemas/{name}"}
        assert described.faults(schema, {**report, "surprise": 1}) != []


def test_a_receipt_of_the_wrong_kind_is_seen(
    reports: dict[str, Any], described: contract.Contract
) -> None:
    decisions = reports["Decisions"]["decisions"]
    verdict = next(d for d in decisions if d["kind"] == "verdict")
    start = next(d for d in decisions if d["kind"] == "start")
    schema = {"$ref": "#/components/schemas/Decision"}
    assert described.faults(schema, {**verdict, "receipt": start["receipt"]}) != []
    assert described.faults(schema, {**verdict, "receipt": None}) != []
