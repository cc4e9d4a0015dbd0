"""The program as `make run` starts it, and what it writes."""

from __future__ import annotations

import io
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ENGINE
from llmlearn import Learner

from trading_engine.clock import DAY_S, clock_for
from trading_engine.console import Screen, count, e_value, interval, is_utf8, p_value, percent
from trading_engine.rate import some_of
from trading_engine.prices import read_prices
from trading_engine.signals import all_signals

HANG_S = 120


def environment(folder: Path, **env: str) -> dict[str, str]:
    """For a program on the folder's own database."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LLMLEARN_", "LC_", "LANG"))}
    return {
        **clean,
        "PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "LLMLEARN_DEMO_DB": str(folder / "demo" / "learning.db"),
        "LC_ALL": "C.UTF-8",
        **env,
    }


def run(folder: Path, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the program on the folder's own database."""
    return subprocess.run(
        [str(ENGINE / "run.sh"), *args],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=HANG_S,
        env=environment(folder, **env),
    )


def assert_good(done: subprocess.CompletedProcess[str], asks: bool = False) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    if not asks:  # else no terminal has echoed the answers and their line ends
        lines = [line for line in done.stdout.splitlines() if "demo/" not in line]
        assert [line for line in lines if len(line) > 80] == []
    assert "\x1b" not in done.stdout and "\r" not in done.stdout


def test_two_runs(tmp_path: Path) -> None:
    first = run(tmp_path, "--once")
    assert_good(first)
    assert first.stdout.count("and is promoted") == 3
    assert "SIMULATED readers (seed 1)" in first.stdout
    assert "minimum duration to 0 days" in first.stdout
    assert "templates, logged as fallback" in first.stdout
    assert "by the chi-square test, Cramer's V" in first.stdout
    assert str(tmp_path / "demo" / "learning.db") in first.stdout

    second = run(tmp_path, "--once", LC_ALL="C")
    assert_good(second)
    assert second.stdout.isascii()
    assert "goes on with 4,040 explanations" in second.stdout
    assert re.search(r"BUY +tests v1\.[12] against v2\.0", second.stdout)

    with Learner(tmp_path / "demo" / "learning.db") as learner:
        report = learner.analytics(refresh=True)
        tests = learner.ab_tests()["tests"]
    assert report["total_explanations"] == 2 * 4040
    assert [test["status"] for test in tests] == ["decided"] * 6


@pytest.mark.parametrize(
    ("rule", "evidence"),
    [("group_sequential", r"z \d\.\d+ >= bound \d"), ("always_valid", r"e-value [\d.e+]+ >= 40")],
)
def test_a_sequential_rule_takes_weeks_that_are_simulated(
    tmp_path: Path, rule: str, evidence: str
) -> None:
    before_us = time.time_ns() // 1000
    done = run(tmp_path, "--once", "--rule", rule)
    assert_good(done)
    assert f"rule '{rule}'" in done.stdout
    assert "The clock is SIMULATED, too" in done.stdout
    assert re.search(rf"v1\.[12] wins and is promoted \({evidence}", done.stdout)
    assert re.search(rf"  rule {rule}: {evidence}", done.stdout)

    # Its days are over for the next run as well, by whatever rule.
    database = tmp_path / "demo" / "learning.db"
    clock = clock_for("classic", database)
    assert clock and clock.now_us > before_us + 100 * DAY_S * 1_000_000
    with Learner(database, virtual_clock=clock) as learner:
        tests = learner.ab_tests()["tests"]
    assert {(test["rule"], test["status"]) for test in tests} == {(rule, "decided")}
    assert all(7 <= test["days_running"] <= 57 for test in tests)


def test_the_clock_is_real_unless_it_cannot_be(tmp_path: Path) -> None:
    database = tmp_path / "learning.db"
    now_us = time.time_ns() // 1000
    assert clock_for("classic", database) is None
    simulated = clock_for("always_valid", database)
    assert simulated and 0 <= simulated.now_us - now_us < HANG_S * 1_000_000
    with Learner(database) as learner:
        learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
    assert clock_for("classic", database) is None
    again = clock_for("always_valid", database)
    assert again and again.now_us >= now_us + DAY_S * 1_000_000


def test_what_waits_for_weeks_says_so(tmp_path: Path) -> None:
    done = run(
        tmp_path, "--rate", "1", "--readers", "0", "--rule", "group_sequential", stdin="y\n\n\n"
    )
    assert_good(done, asks=True)
    text = " ".join(done.stdout.split())
    assert "before each arm has 20 first votes and 7 days are over. Rule group_sequential:" in text
    assert "looks so far 0, days left unknown" in text


def test_a_person_rates(tmp_path: Path) -> None:
    answers = "maybe\ny\n9\n5\nshows \x1b[31mwhy\nn\n\n\ns\nq\n"
    done = run(tmp_path, "--rate", "--readers", "0", stdin=answers)
    assert_good(done, asks=True)
    assert done.stdout.count("Thank you, stored.") == 2
    with Learner(tmp_path / "demo" / "learning.db") as learner:
        report = learner.analytics(refresh=True)
        assert (report["total_explanations"], report["total_feedback"]) == (4, 2)
        assert (report["positive"], report["rating_histogram"]) == (1, [0, 0, 0, 0, 1])
        assert learner.ab_tests()["tests"][0]["status"] == "running"
    database = sqlite3.connect(f"{(tmp_path / 'demo' / 'learning.db').as_uri()}?mode=ro", uri=True)
    comments = database.execute("SELECT comment FROM llm_feedback").fetchall()
    database.close()
    assert ("shows [31mwhy",) in comments  # nothing of it drives a terminal
    assert "No verdict before each arm has 120 first votes." in done.stdout


def test_the_eleventh_opinion_meets_the_hourly_limit(tmp_path: Path) -> None:
    done = run(tmp_path, "--rate", "20", "--readers", "0", stdin="y\n\n\n" * 20)
    assert_good(done, asks=True)
    assert done.stdout.count("Thank you, stored.") == 10
    assert "You have used up your votes for this hour" in done.stdout


def test_no_more_answers_is_no_error(tmp_path: Path) -> None:
    done = run(tmp_path, "--rate", "--readers", "0", stdin="y\n")
    assert_good(done, asks=True)
    assert "Thank you" not in done.stdout


@pytest.mark.parametrize(
    "args",
    [["--once", "--rate"], ["--week", "--rate"], ["--week", "--month"], ["--rate", "x"]]
    + [["--rule", "coin"], ["--readers", "-1"], ["--serve", "--once"], ["--serve", "--rate"]],
)
def test_wrong_arguments(tmp_path: Path, args: list[str]) -> None:
    done = run(tmp_path, *args)
    assert done.returncode == 2 and "usage:" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_wrong_set_up_is_said_in_a_line(tmp_path: Path) -> None:
    done = run(tmp_path, "--once", LLMLEARN_LLM_URL="http://api.example.com/v1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "LLMLEARN_LLM_MODEL" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_database_that_is_not_ours_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    file = tmp_path / "demo" / "learning.db"
    file.write_text("a letter to my aunt\n" * 1000)
    done = run(tmp_path, "--once")
    assert done.returncode == 1
    assert done.stderr.startswith("the engine stops: ") and len(done.stderr.splitlines()) == 1
    assert file.read_text() == "a letter to my aunt\n" * 1000


def test_without_the_binding_it_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path, "--once", PYTHONPATH="")
    if done.returncode == 0:
        pytest.skip("llmlearn is installed for everybody here")
    assert done.returncode == 2
    assert "make run" in done.stderr and "Traceback" not in done.stderr


# ---- the screen


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def screen(stream: Any = None, quiet: bool = False, width: int = 80, **env: str) -> Screen:
    env.setdefault("LC_ALL", "C.UTF-8")
    return Screen(stream or Terminal(), env, quiet=quiet, width=width)


def test_colours_only_on_a_terminal_that_wants_them() -> None:
    assert screen().style("x", "bold") == "\x1b[1mx\x1b[0m"
    assert screen(NO_COLOR="1").style("x", "bold") == "x"
    assert screen(TERM="dumb").style("x", "bold") == "x"
    assert screen(io.StringIO()).style("x", "bold") == "x"


def test_a_progress_line_only_where_it_can_move() -> None:
    terminal = Terminal()
    shown = screen(terminal)
    shown.progress("half", 0.5)
    assert terminal.getvalue() == "\r\x1b[K" + "█" * 10 + "·" * 10 + "  50%  half"
    shown.line("next")
    assert terminal.getvalue().endswith("\r\x1b[Knext\n")
    for still in (screen(quiet=True), screen(TERM="dumb"), screen(io.StringIO())):
        still.progress("half", 0.5)
        assert still.stream.getvalue() == ""  # type: ignore[attr-defined]


def test_progress_fits_into_the_window() -> None:
    terminal = Terminal()
    screen(terminal, width=40).progress("x" * 100, 0.5)
    assert len(terminal.getvalue().replace("\r\x1b[K", "")) == 39


@pytest.mark.parametrize(
    ("env", "encoding", "expected"),
    [
        ({}, "utf-8", False),
        ({"LANG": "C"}, "utf-8", False),
        ({"LANG": "en_US.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.utf8"}, "UTF-8", True),
        ({"LANG": "de_DE.utf8", "LC_ALL": "C"}, "utf-8", False),
        ({"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8", True),
        ({"LANG": "en_US.UTF-8"}, "ascii", False),
    ],
)
def test_who_speaks_utf8(env: dict[str, str], encoding: str, expected: bool) -> None:
    assert is_utf8(env, encoding) is expected


def test_without_utf8_everything_is_ascii() -> None:
    stream = io.StringIO()
    plain = screen(stream, LC_ALL="C")
    plain.title("Title")
    plain.line(f"{plain.bar(0.5)} {plain.spark([1, 2, 3])} 5★ 1–2 …  ü")
    assert stream.getvalue().isascii()
    assert "#####....." in stream.getvalue()


def test_a_table_lines_up_whatever_is_coloured() -> None:
    terminal = Terminal()
    shown = screen(terminal)
    shown.table(("name", "n"), [("a", shown.style("1", "good")), ("bbbbb", "22")])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert plain.splitlines() == ["  name    n", "  a       1", "  bbbbb  22"]


def test_bars_and_sparks() -> None:
    shown = screen()
    assert [shown.bar(share, 4) for share in (None, 0, 0.5, 1, 2)] == [
        "····", "····", "██··", "████", "████",
    ]  # fmt: skip
    assert shown.spark([0, 1, 2]) == "▁▅█"
    assert shown.spark([5, 6, 7], low=5) == "▁▅█"
    assert shown.spark([0, 0]) == "▁▁"
    assert shown.spark([]) == ""


def test_numbers_as_text() -> None:
    assert count(1234567) == "1,234,567"
    assert (percent(0.6554), percent(None)) == ("65.5 %", "-")
    assert (interval([0.314, 0.426]), interval(None)) == ("31–43 %", "-")
    assert [p_value(p) for p in (0.012345, 0.0, None)] == ["p = 0.012", "p < 1e-300", "p unknown"]
    assert [e_value(ln) for ln in (0.0, 5.5)] == ["e-value 1", "e-value 245"]
    assert e_value(1e6) == "e-value over 1e+299"


def test_a_person_is_shown_the_newest_signals_first() -> None:
    signals = all_signals(read_prices())
    chosen = some_of(signals, 7, seed=1)
    assert {signal.ticker for signal in chosen[:5]} == {signal.ticker for signal in signals}
    assert {f"{signal.day:%Y-%m}" for signal in chosen[:5]} == {"2010-03"}
    assert chosen == some_of(signals, 7, seed=1)
    assert len({(signal.ticker, signal.day) for signal in chosen}) == 7
