"""The month for the dashboard: what is in it, and that it is made whole or not at all."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from statistics import fmean

import pytest
from llmlearn import Learner
from test_program import assert_good, run, screen

from trading_engine import month_model
from trading_engine.month import DAYS, _Month, is_fresh, run_month
from trading_engine.month_readers import RESPONSE, Crowd, times_of
from trading_engine.raters import PREFIX

DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program has made a month."""
    folder = tmp_path_factory.mktemp("month")
    done = run(folder, "--once", "--month", LC_ALL="C")
    assert_good(done)
    (folder / "said").write_text(" ".join(done.stdout.split()))
    return folder


@pytest.fixture
def database(folder: Path) -> Path:
    return folder / "demo" / "month.db"


def test_what_is_not_real_says_so(folder: Path, database: Path) -> None:
    text = (folder / "said").read_text()
    assert text.isascii()
    assert "SIMULATED are (seed 1) the clock, which ends now; the readers; the model" in text
    assert "New prompts are a STAND-IN's" in text
    assert "votes of SIMULATED readers" in text
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    readers = "SELECT DISTINCT unit FROM llm_explanations"
    users = [row[0] for row in connection.execute(readers)]
    said = "SELECT comment FROM llm_feedback WHERE comment IS NOT NULL"
    comments = [row[0] for row in connection.execute(said)]
    connection.close()
    assert users and all(user.startswith(PREFIX) for user in users)
    assert len(set(comments)) > 15
    assert all(comment.startswith("simulated: ") for comment in comments)


def test_a_month_that_ends_now(database: Path) -> None:
    with Learner(database) as learner:
        report = learner.analytics(days=30, refresh=True)
        longer = learner.analytics(days=90, refresh=True)
    days = report["series"]
    assert days[-1]["day"] == f"{datetime.now(timezone.utc):%Y-%m-%d}"
    assert all(day["explanations"] > 100 for day in days[:-1])
    weekend = [day["explanations"] for day in days[:-1] if _weekday(day["day"]) >= 5]
    working = [day["explanations"] for day in days[:-1] if _weekday(day["day"]) < 5]
    assert 250 < fmean(weekend + working) < 350
    assert max(weekend) < min(working)
    # There is a quieter month before, to compare with.
    before = longer["total_explanations"] - report["total_explanations"]
    assert 0.2 < before / report["total_explanations"] < 0.6
    assert abs(report["response_rate"] - RESPONSE) < 0.03
    assert all(stars > 0 for stars in report["rating_histogram"])
    # It has a cost unless it came from the cache or failed.
    assert 0.7 < report["cost_known"] / report["total_explanations"] < 1
    assert 0 < report["fallback_rate"] < 0.05 and 0 < report["cached_rate"] < 0.2
    assert report["pending"] == 0


def _weekday(day: str) -> int:
    return datetime.fromisoformat(day).weekday()


def test_tests_in_every_state(database: Path) -> None:
    with Learner(database) as learner:
        tests = learner.ab_tests(limit=100)["tests"]
        champions = {row["signal"]: row["version"] for row in learner.ab_tests()["champions"]}
        decisions = learner.decisions(limit=100)["decisions"]
        variants = learner.variants(limit=100)["variants"]
    buy, sell, hold, first = tests
    assert [test["rule"] for test in tests] == [
        "group_sequential", "always_valid", "group_sequential", "group_sequential",
    ]  # fmt: skip
    assert [test["status"] for test in tests] == ["running", "running", "decided", "decided"]
    assert len(buy["arms"]) == 4 and buy["champion"] == champions["BUY"] != first["champion"]
    assert not any(test["plan"]["cannot_finish"] for test in (buy, sell))
    leader = max(sell["evidence"]["arms"], key=lambda arm: arm["positive_rate"])
    assert leader["ln_e_value_week_end"] > 3.7  # ln 40: a look would end it
    assert any(arm["off"] for arm in hold["arms"])
    kinds = {entry["kind"] for entry in decisions}
    assert kinds == {"start", "verdict", "promotion", "rollback", "archive", "breaker"}
    verdicts = [row["receipt"]["verdict"] for row in decisions if row["kind"] == "verdict"]
    assert "winner" in verdicts and len(verdicts) == 2
    assert champions["HOLD"] == "v1.0"  # taken back
    waiting = [v for v in variants if v["model"] and v["status"] == "draft"]
    assert {row["signal"] for row in waiting} == {"SELL", "HOLD"}
    assert {row["status"] for row in variants} >= {"rejected", "archived", "champion", "active"}


def test_a_look_ends_the_test_that_waits_for_one(database: Path) -> None:
    with Learner(database) as learner:
        decision = learner.select_winner(signal="SELL")
        assert (decision.verdict, decision.winner, decision.promotable) == ("winner", "v1.1", True)


def test_fresh_until_the_next_day_is_half_over(database: Path, tmp_path: Path) -> None:
    assert is_fresh(database)
    assert not is_fresh(database, datetime.now(timezone.utc) + timedelta(days=1.6))
    assert not is_fresh(tmp_path / "nothing.db")
    (tmp_path / "letter.db").write_text("to my aunt\n" * 1000)
    assert not is_fresh(tmp_path / "letter.db")
    with Learner(tmp_path / "another.db"):
        pass
    assert not is_fresh(tmp_path / "another.db")


def test_an_interrupted_month_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: _Month, days_ago: int) -> None:
        if days_ago < DAYS - 3:
            raise KeyboardInterrupt

    database = tmp_path / "month.db"
    database.write_text("an old one")
    monkeypatch.setattr(_Month, "_decide", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_month(screen(quiet=True), 1, database)
    assert [file.name for file in tmp_path.iterdir()] == ["month.db"]
    assert database.read_text() == "an old one"


def test_a_month_that_chance_has_spoilt_is_lived_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives: list[bool] = []
    judge = _Month._is_as_told

    def spoilt_once(self: _Month) -> bool:
        lives.append(judge(self))
        return lives[-1] and len(lives) > 1

    monkeypatch.setattr(_Month, "_is_as_told", spoilt_once)
    run_month(screen(quiet=True), 1, tmp_path / "month.db")
    assert len(lives) >= 2 and lives[-1]
    with Learner(tmp_path / "month.db") as learner:
        assert len(learner.ab_tests(limit=100)["tests"]) == 4


# ---- its parts


def test_a_day_has_a_shape_and_stays_in_its_bounds() -> None:
    sunday, monday = (
        int(datetime(2026, 3, day, tzinfo=timezone.utc).timestamp()) * 1_000_000 for day in (1, 2)
    )
    on_sunday, on_monday = times_of(sunday, 1, Random(1)), times_of(monday, 1, Random(1))
    assert sorted(on_monday) == on_monday
    assert monday < on_monday[0] and on_monday[-1] < monday + DAY_US
    assert 2 < len(on_monday) / len(on_sunday) < 3
    assert abs(len(times_of(monday, 0.1, Random(1))) - len(on_monday) / 10) < 2


def test_the_crowd_is_the_same_for_the_same_seed() -> None:
    def votes(seed: int) -> list[object]:
        crowd = Crowd(seed, Random(seed))
        return [crowd.vote(crowd.somebody(), "AAPL", "Because it rose.") for _ in range(400)]

    assert votes(1) == votes(1) != votes(2)
    assert 0.15 < sum(vote is not None for vote in votes(1)) / 400 < 0.35


def test_the_model_costs_what_its_tokens_cost() -> None:
    said = month_model.ask(Random(1), "why? " * 100, "so. " * 20)
    assert said.prompt_tokens == 900 + 135 and said.completion_tokens
    assert said.cost_nanousd == said.prompt_tokens * 150 + said.completion_tokens * 600
    all_of_them = [month_model.ask(Random(i), "why?", "so", breaks=1.0) for i in range(200)]
    assert all(one.failed for one in all_of_them)
    late = [one for one in all_of_them if one.failed and one.failed.startswith("timeout")]
    assert late and all(one.cost_nanousd is None for one in late)
    assert fmean(one.latency_ms for one in all_of_them) > 500
