"""Plays the past again: every month's signals are explained to simulated readers, who vote.

A month is explained to all its readers at once and their votes are given at
once, so the library commits them in groups. After each month the running
tests are looked at; one that is decided serves its winner from then on. If a
test is still undecided at the end, the whole past is played again to new
readers, three times at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from llmlearn import AsyncLearner, Decision, LearnerError, RateLimitedError, VirtualClock

from . import experiments
from .clock import DAY_S
from .llm_service import LLMService
from .raters import Raters
from .signals import SIGNALS, Signal

PASSES_MAX = 3
# In one pass a reader comes around every so many explanations. A reader then
# votes three times or so, far from the ten an hour that the library allows.
READERS = 1600
VOTE_TIMEOUT_S = 20.0  # for disks that take their time


@dataclass
class Tally:
    """What a replay has done so far."""

    explanations: int = 0
    votes: int = 0
    refused: int = 0
    """Votes over the hourly limit."""
    lost: int = 0
    """Votes that could not be stored."""
    variants: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_year: dict[int, list[int]] = field(default_factory=dict)
    """Year of the prices: helpful votes, votes."""
    while_testing: dict[str, list[int]] = field(default_factory=dict)
    afterwards: dict[str, list[int]] = field(default_factory=dict)
    """By signal: helpful votes, votes; while its test ran and after."""

    def count_vote(self, signal: Signal, helpful: bool, testing: bool) -> None:
        phase = self.while_testing if testing else self.afterwards
        self.votes += 1
        for counts in (
            self.by_year.setdefault(signal.day.year, [0, 0]),
            phase.setdefault(signal.name, [0, 0]),
        ):
            counts[0] += helpful
            counts[1] += 1


@dataclass(frozen=True, slots=True)
class Step:
    """One month is done."""

    month: date
    done: int
    total: int
    """Signals, over this pass."""
    repeat: int
    """Which pass it is, from 1."""
    ended: dict[str, Decision | None]
    """By signal: the tests that ended with this month."""


class Replay:
    """One run over all signals."""

    def __init__(
        self,
        learner: AsyncLearner,
        service: LLMService,
        raters: Raters,
        signals: list[Signal],
        *,
        readers_per_signal: int = 8,
        first_reader: int = 0,
        clock: VirtualClock | None = None,
    ) -> None:
        """``first_reader`` numbers the readers, so that another run can have others.

        ``clock`` is moved on by a day after each month.
        """
        self.learner = learner
        self.service = service
        self.raters = raters
        self.signals = signals
        self.readers_per_signal = readers_per_signal
        self.first_reader = first_reader
        self.clock = clock
        self.tally = Tally()
        self._testing: set[str] = set()

    async def run(self, on_step: Callable[[Step], None] = lambda step: None) -> Tally:
        """Plays all months, as often as it takes to decide the running tests."""
        await self._look_what_runs()
        for repeat in range(PASSES_MAX):
            if repeat > 0 and not self._testing:
                break
            await self._play(repeat, on_step)
        return self.tally

    async def _play(self, repeat: int, on_step: Callable[[Step], None]) -> None:
        numbers = self.reader_numbers(repeat)
        done = 0
        for month, group in groupby(self.signals, key=lambda signal: signal.day):
            signals = list(group)
            await self.play_month(signals, numbers)
            done += len(signals)
            if self.clock is not None:
                self.clock.advance(seconds=DAY_S)
            ended = await experiments.decide(self.learner, sorted(self._testing))
            self._testing -= ended.keys()
            on_step(Step(month, done, len(self.signals), repeat + 1, ended))

    def reader_numbers(self, repeat: int) -> Iterator[int]:
        start = self.first_reader + repeat * READERS
        while True:
            yield from range(start, start + READERS)

    async def play_month(self, signals: list[Signal], numbers: Iterator[int]) -> None:
        await asyncio.gather(
            *(
                self._show(signal, self.raters.name(next(numbers)))
                for signal in signals
                for _ in range(self.readers_per_signal)
            )
        )

    async def _show(self, signal: Signal, reader: str) -> None:
        """One reader reads one explanation and perhaps votes."""
        said = await self.service.explain_signal(
            signal.ticker, signal.name, signal.confidence, reader=reader, figures=signal
        )
        self.tally.explanations += 1
        self.tally.variants[signal.name, said["variant"]] += 1
        if said["explanation_id"] is None:
            return
        about = f"{signal.ticker} {signal.day}"
        vote = self.raters.vote(reader, about, said["explanation"])
        if vote is None:
            return
        testing = signal.name in self._testing
        try:
            await self.learner.submit_feedback(
                explanation_id=said["explanation_id"],
                helpful=vote.helpful,
                rating=vote.rating,
                comment=vote.comment,
                user=reader,
                timeout_s=VOTE_TIMEOUT_S,
            )
        except RateLimitedError:
            self.tally.refused += 1
        except LearnerError:
            self.tally.lost += 1
        else:
            self.tally.count_vote(signal, vote.helpful, testing)

    async def _look_what_runs(self) -> None:
        for name in SIGNALS:
            if (await experiments.standing(self.learner, name)).running:
                self._testing.add(name)
