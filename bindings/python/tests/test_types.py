"""The package is typed, strictly, and its users can rely on it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from conftest import PROJECT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed"
)

USER = """
import asyncio
from decimal import Decimal
import llmlearn
from llmlearn import Assignment, AsyncLearner, Explained, Learner, RateLimitedError, stats
from llmlearn.models import Rule, Source

with Learner("loop.db") as learner:
    chosen: Assignment = learner.get_variant(signal="BUY", unit="u")
    id: str = learner.log_explanation(
        ticker="A", signal="BUY", text="t", metadata={"a": 1}, assignment=chosen
    )
    try:
        learner.submit_feedback(explanation_id=id, helpful=True)
    except RateLimitedError as error:
        seconds: int = error.retry_after_s
    page: llmlearn.Page = learner.explanations(ticker="A", before=id, user="u")
    stars: list[int | None] = [row.mine.rating for row in page.explanations if row.mine]
    winner: str | None = learner.select_winner(signal="BUY").winner
    rule: Rule = "always_valid"
    test_id: int = learner.start_ab_test(
        signal="BUY", weights={"v": 1}, rule=rule, lift_min=0.1, keep_previous=True
    )
    left: float | None = learner.select_winner(signal="BUY").days_left
    told: bool = learner.report_failure(assignment=chosen, unit="u")
    same: object = learner.replay_decision(decision_id=1)["same"]
    runs: object = learner.self_check(test_id=test_id)["runs"]
    learner.set_model(uses=["explaining", "generating"], model="m", ask=lambda asked: asked.prompt)
    learner.set_model(uses="moderating", model="m", base_url="https://h", api_key=lambda: None)
    said: Explained = learner.explain(ticker="A", signal="BUY", values={"a": "1"}, fields=["b"])
    source: Source = said.source
    spent: int | None = said.cost_nanousd
    learner.set_budget(run_usd=Decimal("0.5"), month_nanousd=1)
    drafts: object = learner.generate_variants(signal="BUY", cancel=llmlearn.Cancel())["variants"]
    learner.set_schedule(rule=rule, signals=("BUY",), approval=False)
    jobs: int = learner.run_due_jobs(timeout_s=60)

async def main() -> str:
    async with AsyncLearner("loop.db") as learner:
        return await learner.log_explanation(ticker="A", signal="BUY", text="t")

arms: dict[str, tuple[int, int]] = {"a": (60, 100), "b": (75, 100)}
compared: stats.Comparison = stats.compare_variants(arms, champion="a")
best: str | None = compared.winner
status: stats.Status = stats.association([(60, 100), stats.Rate(75, 100)]).status
lift: float | None = llmlearn.stats.difference((60, 100), (75, 100), method="newcombe").lift
bounds: list[float] = [look.bound for look in stats.look_bounds([1], information_max=2, alpha=0.1)]
shares_spent: list[float] = [s for _, s in stats.look_bounds([1], information_max=2, alpha=0.1)]
shares: tuple[float, ...] = stats.posterior(arms.values()).best_ratio
days: float | None = stats.sample_size(control_rate=0.6, effect=0.05, units_per_day=100).days
votes: stats.EProcess = stats.EProcess([1, 1]).copy()
votes.add(0, True)
won: int | None = votes.winner()
"""

WRONG = {
    'learner.log_explanation(ticker="A", signal="BUY")': "call-arg",
    'learner.log_explanation(ticker="A", signal="BUY", text="t", confidence="high")': "arg-type",
    'learner.log_explanation("A", "BUY", "t")': "call-arg",
    "learner.get_variant(signal='BUY').arm = 1": "misc",
    "learner.counters().logged = 1": "misc",
    "learner.start_ab_test(signal='BUY', weights={'v': 1}, rule='coin')": "arg-type",
    "learner.select_winner(signal='BUY').days_left + 1": "operator",  # may be None
    "learner.select_winner(signal='BUY').cannot_finish = True": "misc",
    "learner.report_failure(assignment=('v', None, 1, 0, False))": "arg-type",
    "learner.replay_decision(decision_id=None)": "arg-type",
    "learner.set_model(uses='thinking', model='m')": "arg-type",
    "learner.set_model(uses='explaining', model='m', ask=lambda asked: 1)": "arg-type",
    "learner.explain(ticker='A', signal='BUY', values={'a': 1})": "dict-item",
    "learner.explain(ticker='A', signal='BUY').source == 'oracle'": "comparison-overlap",
    "learner.explain(ticker='A', signal='BUY').prompt_tokens + 1": "operator",  # may be None
    "stats.rate((1, 2), 0.9)": "call-arg",  # options are named
    "stats.rate((1, 2), method='wald')": "arg-type",
    "stats.rate([1, 2])": "arg-type",
    "stats.association([(1, 2, 3)])": "list-item",
    "stats.rate((1, 2)).low = 0": "misc",
    "stats.rate((1, 2)).status == 'fine'": "comparison-overlap",
    "stats.difference((1, 2), (1, 2)).lift + 1": "operator",  # may be None
    "stats.EProcess([1, 1]).trials = (0, 0)": "misc",
    "stats.compare_variants([(1, 2), (1, 2)])": "arg-type",
}


def mypy(tmp_path, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), *arguments],
        cwd=PROJECT, capture_output=True, text=True,
    )


def test_the_package_is_strictly_typed(tmp_path):
    done = mypy(tmp_path, "--config-file", "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr


def check_user(tmp_path, program):
    file = tmp_path / "user.py"
    file.write_text(program)
    # `packages` of the project's own configuration would be checked as well.
    empty = tmp_path / "mypy.ini"
    empty.write_text("[mypy]\nmypy_path = src\n[mypy-cffi.*]\nignore_missing_imports = True\n")
    return mypy(tmp_path, "--strict", "--config-file", str(empty), str(file))


def test_a_program_that_is_right_passes(tmp_path):
    done = check_user(tmp_path, USER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_program_that_is_wrong_does_not(tmp_path):
    header = "from llmlearn import Learner, stats\nlearner = Learner('loop.db')\n"
    done = check_user(tmp_path, header + "\n".join(WRONG) + "\n")
    for number, (line, code) in enumerate(WRONG.items(), start=3):
        assert f"user.py:{number}: error" in done.stdout, (line, done.stdout)
        assert f"[{code}]" in done.stdout
