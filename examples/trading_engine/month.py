"""A month in the life of an engine, ending now: something to look at in a dashboard.

Some 300 explanations a day, fewer at weekends, each asked for and voted on at a
time of its own. Days before today, at two in the morning:

    60  BUY, SELL and HOLD are served their baseline, to a third of the readers
    29  BUY   three wordings are tested by the group sequential rule
    28  HOLD  two new wordings like the old one are tested, and one breaks the model
    23  SELL  three wordings are tested, always valid; nobody has looked yet
    15  BUY   its test ends; the winner is promoted
    14  HOLD  its test ends without a difference; a stand-in writes prompts for BUY
    11  BUY   the champion and three more are tested, to this day
     6  HOLD  a person promotes a wording by hand
     3  HOLD  and takes it back
     1  SELL, HOLD  the stand-in has written new prompts, which wait for a person

Who gets which wording is the library's draw, so that a test may end otherwise by
chance, in one month of thirty or so. Such a month is lived again: there is to be one of
each kind to look at.

All of it goes through the library as any program would do it. The prices are
real. Clock, readers, model and editor are simulated, and named so in the data:
nobody can take these for real votes.
"""

from __future__ import annotations

import heapq
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import count as numbers
from pathlib import Path
from random import Random
from typing import Any

from llmlearn import (
    Assignment,
    Learner,
    LearnerError,
    NotFoundError,
    RateLimitedError,
    StateError,
    VirtualClock,
)
from llmlearn.models import Rule

from . import month_model
from .clock import DAY_S
from .console import Screen, count
from .experiments import LIFT
from .llm_service import placeholders_of
from .month_readers import Crowd, times_of
from .prices import read_prices
from .raters import Vote, preference_in_words
from .signals import SIGNALS, Signal, all_signals
from .stand_in import MODEL as STAND_IN_MODEL
from .stand_in import StandIn
from .wordings import BASELINE, MARK, PLAIN, generations, prompt_of, render, wording_for

DAYS = 61  # with today
BUSY_DAYS = 30
QUIET = 0.35  # traffic before these
SHARES = {"BUY": 0.5, "SELL": 0.28, "HOLD": 0.22}
CACHED = 0.2  # of what no test is about
EDITOR = "simulated-editor"
LIVES_MAX = 4
SELL_TEST_DAYS = 23
TIMEOUT_S = 30.0
STATES = [("BUY", "winner"), ("HOLD", "no_difference"), ("SELL", None), ("BUY", None)]
_DAY_US = DAY_S * 1_000_000

# Jargon like the baseline, so that simulated readers like none of them better.
_ALIKE = "{{ticker}} is a {{signal}}. Momentum is flat, there is no SMA crossover."
_HOLD_ALIKE = {
    "a1.1": _ALIKE + " Conviction {{confidence}}.",
    "a1.2": _ALIKE + " Conviction {{confidence}}. Answer as a table.",
}
_BREAKS = {"a1.2": 0.8}  # how often the model's answer to a prompt cannot be used


def is_fresh(database: Path, now: datetime | None = None) -> bool:
    """Whether there is a month that ended today or last night: kept, with your votes in it."""
    if not database.exists():
        return False
    try:
        with Learner(database) as learner:
            tests = learner.ab_tests(signal="SELL", limit=1000)["tests"]
    except LearnerError:
        return False
    started = [test["started_at"] for test in tests if test["actor"] == EDITOR]
    if not started:
        return False
    begun = datetime.fromisoformat(started[-1].replace("Z", "+00:00"))
    age = (now or datetime.now(timezone.utc)) - begun
    return age < timedelta(days=SELL_TEST_DAYS + 1.5)


def run_month(screen: Screen, seed: int, database: Path) -> None:
    """Makes the database anew and says what is in it."""
    _introduce(screen, seed)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="month-", dir=database.parent) as folder:
        # A month that was interrupted is nobody's: it gets its name when it is whole.
        made = Path(folder) / database.name
        for _ in range(LIVES_MAX):
            _remove(made)
            month = _live(made, seed, screen)
            if month.as_told:
                break
        _remove(database)
        for part in sorted(Path(folder).iterdir(), reverse=True):
            os.replace(part, database.parent / part.name)
    screen.line(
        f"  {count(month.explanations)} explanations and {count(month.votes)} votes of SIMULATED "
        f"readers, made in {time.perf_counter() - begun:.1f} s"
    )
    screen.line()
    screen.line(f"Everything is in {database}")


def _remove(database: Path) -> None:
    for left in database.parent.glob(database.name + "*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _live(database: Path, seed: int, screen: Screen) -> _Month:
    end_us = time.time_ns() // 1000
    clock = VirtualClock(end_us - end_us % _DAY_US - (DAYS - 1) * _DAY_US)
    with Learner(database, virtual_clock=clock) as learner:
        month = _Month(learner, clock, end_us, seed)
        month.play(screen)
        if month.as_told:
            _say_how_it_stands(screen, learner)
        learner.flush(timeout_s=TIMEOUT_S)
    return month


def _introduce(screen: Screen, seed: int) -> None:
    screen.line(screen.style("A month for the dashboard", "bold"))
    screen.note(
        f"The prices are real. SIMULATED are (seed {seed}) the clock, which ends now; the "
        "readers; the model with its times, tokens and costs; the editor. New prompts are a "
        "STAND-IN's. A text scores: " + "; ".join(preference_in_words()) + ".",
        style="bold",
    )


def _say_how_it_stands(screen: Screen, learner: Learner) -> None:
    for test in reversed(learner.ab_tests(limit=1000)["tests"]):
        arms = " against ".join(arm["version"] for arm in test["arms"])
        about = f"test {test['test_id']}, {test['rule']}, {test['status']}"
        screen.note(f"{test['signal']:5} {about}: {arms}", indent="  ")
    waiting = [row for row in learner.variants(limit=1000)["variants"] if _waits(row)]
    screen.line(f"  {count(len(waiting))} prompts of the stand-in wait for a person's approval")


def _waits(variant: dict[str, Any]) -> bool:
    return (
        variant["status"] == "draft"
        and variant["model"] is not None
        and variant["approved_by"] is None
    )


class _Month:
    """What happens, in the order in which it happens."""

    def __init__(self, learner: Learner, clock: VirtualClock, end_us: int, seed: int) -> None:
        self.learner = learner
        self.clock = clock
        self.end_us = end_us
        self.explanations = 0
        self.votes = 0
        self.as_told = False
        """Whether the tests are in the states that are promised above."""
        self._draw = Random(f"{seed} month")
        self._crowd = Crowd(seed, self._draw)
        signals = all_signals(read_prices())
        self._signals = {name: [s for s in signals if s.name == name] for name in SIGNALS}
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._number = numbers()

    def play(self, screen: Screen) -> None:
        begun_us = self.clock.now_us
        for day in range(DAYS):
            midnight_us = begun_us + day * _DAY_US
            share = 1 if day >= DAYS - BUSY_DAYS else QUIET
            self._at(midnight_us + _DAY_US // 12, partial(self._decide, DAYS - 1 - day))
            for time_us in times_of(midnight_us, share, self._draw):
                self._at(time_us, self._show)
            self._play_until(min(midnight_us + _DAY_US, self.end_us))
            screen.progress(f"day {day + 1} of {DAYS}", day / DAYS)
        self.clock.set(self.end_us)
        self.as_told = self._is_as_told()

    def _is_as_told(self) -> bool:
        tests = self.learner.ab_tests(limit=1000)["tests"]
        verdicts = {
            row["test_id"]: row["receipt"]["verdict"]
            for row in self.learner.decisions(limit=1000)["decisions"]
            if row["kind"] == "verdict"
        }
        states = [(test["signal"], verdicts.get(test["test_id"])) for test in reversed(tests)]
        return states == STATES

    def _at(self, time_us: int, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time_us, next(self._number), event))

    def _play_until(self, end_us: int) -> None:
        while self._events and self._events[0][0] < end_us:
            time_us, _, event = heapq.heappop(self._events)
            self.clock.set(time_us)
            event()

    # ---- readers

    def _show(self) -> None:
        """One reader asks why; perhaps they vote later."""
        name = self._draw.choices(SIGNALS, [SHARES[name] for name in SIGNALS])[0]
        signal = self._draw.choice(self._signals[name])
        reader = self._crowd.somebody()
        assignment = self.learner.get_variant(signal=name, unit=reader)
        text, id_ = self._explain(signal, reader, assignment)
        self.explanations += 1
        vote = self._crowd.vote(reader, id_, text)
        if vote is not None:
            after_us = self._crowd.vote_after_us()
            self._at(self.clock.now_us + after_us, partial(self._submit, id_, reader, vote))

    def _submit(self, explanation_id: str, reader: str, vote: Vote) -> None:
        try:
            self.learner.submit_feedback(
                explanation_id=explanation_id,
                helpful=vote.helpful,
                rating=vote.rating,
                comment=vote.comment,
                user=reader,
                timeout_s=TIMEOUT_S,
            )
            self.votes += 1
        except RateLimitedError:
            pass  # somebody with eleven opinions in an hour

    def _explain(self, signal: Signal, reader: str, assignment: Assignment) -> tuple[str, str]:
        """The text and its id."""
        values = placeholders_of(signal)
        prompt = assignment.text or prompt_of(signal.name, BASELINE) or PLAIN
        text = render(wording_for(prompt, values), values)
        cached = assignment.test_id is None and self._draw.random() < CACHED
        breaks = _BREAKS.get(assignment.version, 0.0)
        if cached:
            said = month_model.Said(month_model.CACHE_MS)
        else:
            said = month_model.ask(self._draw, prompt, text, breaks)
        if said.failed:
            text = render(PLAIN, values)
        id_ = self.learner.log_explanation(
            ticker=signal.ticker,
            signal=signal.name,
            text=text,
            assignment=assignment,
            unit=reader,
            confidence=signal.confidence,
            model=None if said.failed else month_model.MODEL,
            provider=month_model.PROVIDER,
            latency_ms=said.latency_ms,
            prompt_tokens=said.prompt_tokens,
            completion_tokens=said.completion_tokens,
            cost_nanousd=said.cost_nanousd,
            cached=cached,
            fallback=said.failed is not None,
            fallback_reason=said.failed,
            metadata={"month": f"{signal.day:%Y-%m}"},
        )
        return text, id_

    # ---- what is decided

    def _decide(self, days_ago: int) -> None:
        plan: dict[int, Callable[[], None]] = {
            60: self._begin,
            29: self._test_buy,
            28: self._test_hold,
            14: partial(self._write, "BUY"),
            11: self._test_buy_again,
            SELL_TEST_DAYS: self._test_sell,
            6: self._promote_by_hand,
            3: self._take_back,
            1: self._write_for_a_person,
        }
        plan.get(days_ago, lambda: None)()
        for signal in ("BUY", "HOLD"):  # SELL's test waits for somebody to look
            try:
                self.learner.select_winner(signal=signal, promote=True, timeout_s=TIMEOUT_S)
            except (NotFoundError, StateError):
                pass

    def _begin(self) -> None:
        for signal in SIGNALS:
            prompt = prompt_of(signal, BASELINE)
            assert prompt is not None
            self._add(signal, BASELINE, prompt)
            self.learner.promote_variant(
                signal=signal, version=BASELINE, actor=EDITOR, reason="what we have always said"
            )

    def _add(self, signal: str, version: str, prompt: str, parent: str | None = None) -> None:
        self.learner.add_variant(signal=signal, version=version, text=prompt, parent=parent)

    def _test(self, signal: str, versions: list[str], rule: Rule, **more: Any) -> None:
        self.learner.start_ab_test(
            signal=signal,
            weights={version: 1 / len(versions) for version in versions},
            rule=rule,
            actor=EDITOR,
            **more,
        )

    def _test_buy(self) -> None:
        first = generations("BUY")[0]
        for version, prompt in first.items():
            self._add("BUY", version, prompt)
        self._test("BUY", list(first), "group_sequential", min_duration_days=14, lift_min=0.15)

    def _test_hold(self) -> None:
        task = generations("HOLD")[0][BASELINE].partition(MARK)[0]
        for version, wording in _HOLD_ALIKE.items():
            self._add("HOLD", version, task + MARK + wording, BASELINE)
        self._test(
            "HOLD",
            [BASELINE, *_HOLD_ALIKE],
            "group_sequential",
            min_duration_days=14,
            max_duration_days=14,
            min_trials=30,
            alpha=0.01,
            lift_min=LIFT,
        )

    def _test_buy_again(self) -> None:
        champion = self._champion("BUY")
        written = [row["version"] for row in self._written("BUY")]
        chosen, *others = written[1:] + written[:1]
        why = "read; the tone is right"
        self.learner.approve_variant(signal="BUY", version=chosen, actor=EDITOR, reason=why)
        for version in others:
            why = "read; another one says the same"
            self.learner.archive_variant(signal="BUY", version=version, actor=EDITOR, reason=why)
        later = {**generations("BUY")[1], **generations("BUY")[2]}
        for version, prompt in later.items():
            self._add("BUY", version, prompt, champion)
        arms = [champion, *later, chosen]
        self._test("BUY", arms, "group_sequential", min_trials=50, lift_min=0.12)

    def _test_sell(self) -> None:
        first = generations("SELL")[0]
        for version, prompt in first.items():
            self._add("SELL", version, prompt)
        # By the traffic until now its votes take longer than the usual eight weeks.
        self._test(
            "SELL", list(first), "always_valid", max_duration_days=84, min_trials=30, lift_min=LIFT
        )

    def _promote_by_hand(self) -> None:
        ((version, prompt),) = generations("HOLD")[1].items()
        self._add("HOLD", version, prompt, BASELINE)
        self.learner.promote_variant(
            signal="HOLD", version=version, actor=EDITOR, reason="a livelier tone for the autumn"
        )

    def _take_back(self) -> None:
        self.learner.rollback(
            signal="HOLD", actor=EDITOR, reason="it promises huge moves, and HOLD means none"
        )

    # ---- new prompts, by the stand-in

    def _write_for_a_person(self) -> None:
        self._write("SELL")
        self._write("HOLD")

    def _write(self, signal: str) -> None:
        with StandIn() as stand_in, tempfile.TemporaryDirectory() as folder:
            prices = Path(folder) / "prices.json"
            stand_in.write_prices(prices)
            self.learner.set_model(
                uses=("generating", "moderating"),
                model=STAND_IN_MODEL,
                base_url=stand_in.url,
                price_file=str(prices),
                provider="simulated",
            )
            self.learner.generate_variants(signal=signal, moderate=True, timeout_s=TIMEOUT_S)
            self.learner.set_model(uses=("generating", "moderating"), model=None)

    def _written(self, signal: str) -> list[dict[str, Any]]:
        """What the stand-in wrote and a person may approve, oldest first."""
        rows = self.learner.variants(signal=signal, limit=1000)["variants"]
        return [row for row in reversed(rows) if _waits(row)]

    def _champion(self, signal: str) -> str:
        (entry,) = self.learner.ab_tests(signal=signal, limit=1)["champions"]
        return str(entry["version"])
