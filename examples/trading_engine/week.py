"""A week, and what the library does by itself at its end.

Monday, 00:00     tests of three wordings begin
until Sunday      signals are explained to readers, who vote
Monday, 02:00     the weekly job looks, promotes, and has new variants written
                  a person reads and approves them
Monday after      the weekly job starts the next tests

The clock is simulated, the readers are, and so is the model unless one is
configured. The database is a new one each time.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from llmlearn import AsyncLearner, VirtualClock

from . import experiments
from .clock import DAY_S
from .console import Screen, count, dollars, percent
from .endpoint import Endpoint
from .llm_service import LLMService
from .prices import read_prices
from .raters import Raters, preference_in_words
from .receiver import Receiver
from .replay import Replay
from .signals import SIGNALS, Signal, all_signals
from .stand_in import MODEL, StandIn

MONDAY_US = int(datetime(2026, 1, 5, tzinfo=timezone.utc).timestamp()) * 1_000_000
DAYS = 7
SIGNALS_A_DAY = 24
ACTOR = "demo"
TIMEOUT_S = 30.0
_ENDING_WORDS = 24


async def run_week(
    screen: Screen, seed: int, readers: int, database: Path, endpoint: Endpoint | None
) -> None:
    """Everything from the first line shown to the last."""
    for left in database.parent.glob(database.name + "*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with StandIn() as stand_in, Receiver() as receiver, tempfile.TemporaryDirectory() as folder:
        _introduce(screen, seed, endpoint)
        real = endpoint is not None
        if endpoint is None:
            prices = Path(folder) / "prices.json"
            stand_in.write_prices(prices)
            endpoint = Endpoint(
                url=stand_in.url, model=MODEL, price_file=str(prices), calls_max=1_000_000
            )
        clock = VirtualClock(MONDAY_US)
        async with AsyncLearner(database, virtual_clock=clock) as learner:
            await endpoint.use(learner, "explaining", "generating")
            if not real:  # what moderates is another model, and not every service has one
                await endpoint.use(learner, "moderating")
            await learner.set_webhook(url=receiver.url, secret=receiver.secret)
            await learner.set_schedule(
                cron="0 2 * * 1",
                lift_min=experiments.LIFT,
                moderate=not real,
                timeout_s=TIMEOUT_S,
            )
            week = _Week(screen, learner, clock, receiver)
            await week.begin()
            await week.play(LLMService(learner, endpoint), Raters(seed), readers)
            await week.end()
            await week.start_the_next()
    screen.line()
    screen.line(f"Everything is in {database}")


def _introduce(screen: Screen, seed: int, endpoint: Endpoint | None) -> None:
    screen.line(screen.style("A week of learning, and the job at its end", "bold"))
    screen.note(
        f"The clock is SIMULATED, and so are the readers (seed {seed}). A text scores: "
        + "; ".join(preference_in_words())
        + ".",
        style="bold",
    )
    if endpoint is None:
        screen.note(
            "The model is a STAND-IN on this machine that understands nothing: it repeats the "
            "wording it is given, and its new prompts are written in stand_in.py. Prices and "
            "tokens are made up. Set LLMLEARN_LLM_URL and LLMLEARN_LLM_MODEL for a real one.",
            style="bold",
        )
    else:
        screen.note(
            f"Model {endpoint.model} at {endpoint.url}, {endpoint.calls_max:,} questions at most. "
            "It writes new prompts only if LLMLEARN_LLM_PRICES says what it costs: without a "
            "price the budget of a dollar a run cannot be kept."
        )


class _Week:
    def __init__(
        self, screen: Screen, learner: AsyncLearner, clock: VirtualClock, receiver: Receiver
    ) -> None:
        self.screen = screen
        self.learner = learner
        self.clock = clock
        self.receiver = receiver

    # ---- the week

    async def begin(self) -> None:
        self.screen.title(f"{self._now()}: tests begin")
        for signal in SIGNALS:
            said = await experiments.start_next_test(self.learner, signal, "group_sequential")
            self.screen.line(f"  {signal:5} {said}")

    async def play(self, service: LLMService, raters: Raters, readers: int) -> None:
        self.screen.title("The week: explanations by the model, votes of SIMULATED readers")
        replay = Replay(self.learner, service, raters, [], readers_per_signal=readers)
        signals = _mixed(all_signals(read_prices()), DAYS * SIGNALS_A_DAY)
        numbers = replay.reader_numbers(0)
        for day in range(DAYS):
            today = signals[day * SIGNALS_A_DAY : (day + 1) * SIGNALS_A_DAY]
            before = replay.tally.explanations, replay.tally.votes
            self.screen.progress(f"{self._now()}", day / DAYS)
            await replay.play_month(today, numbers)
            explained, votes = replay.tally.explanations - before[0], replay.tally.votes - before[1]
            weekday = f"{self._time():%a %Y-%m-%d}"
            self.screen.line(f"  {weekday}  {explained:4} explanations {votes:4} votes")
            self.clock.advance(seconds=DAY_S)
        report = await self.learner.analytics(days=DAYS + 1, refresh=True, timeout_s=TIMEOUT_S)
        cost = dollars(report["cost_nanousd"]) if report["cost_known"] else "unknown"
        self.screen.line(
            f"  helpful {percent(report['positive_rate'])}, templates in place of the model's "
            f"text {percent(report['fallback_rate'])}, cost {cost}"
        )

    # ---- the job

    async def end(self) -> None:
        self.clock.set(MONDAY_US + DAYS * DAY_S * 1_000_000 + 2 * 3600 * 1_000_000)
        await self._run_job()
        decisions = (await self.learner.decisions(limit=100))["decisions"]
        for signal in SIGNALS:
            self.screen.line()
            self.screen.line(self.screen.style(signal, "bold"))
            receipts = [
                entry["receipt"]
                for entry in decisions
                if entry["signal"] == signal and entry["kind"] == "verdict"
            ]
            for receipt in receipts:
                self.screen.note("looks: " + receipt["sentence"], indent="  ")
            now = await experiments.standing(self.learner, signal)
            self.screen.line(f"  champion: {self.screen.style(now.champion, 'good')}")
            await self._show_written(signal)
        self._show_alerts()
        await self._approve()

    async def start_the_next(self) -> None:
        self.clock.advance(seconds=DAYS * DAY_S)
        await self._run_job()
        for signal in SIGNALS:
            now = await experiments.standing(self.learner, signal)
            arms = " against ".join(arm["version"] for arm in now.test["arms"]) if now.test else ""
            self.screen.line(
                f"  {signal:5} tests {arms}" if now.running else f"  {signal:5} nothing to test"
            )
        self._show_alerts()

    async def _run_job(self) -> None:
        self.screen.title(f"{self._now()}: the weekly job")
        begun = time.perf_counter()
        runs = await self.learner.run_due_jobs(timeout_s=600)
        took = time.perf_counter() - begun
        self.screen.line(f"  ran {runs} job in {took:.1f} s" if runs else "  nothing was due")

    async def _show_written(self, signal: str) -> None:
        for variant in reversed(await self._written(signal)):
            about = variant["status"]
            if variant["reason"]:
                about += ": " + variant["reason"]
            style = "bad" if variant["status"] == "rejected" else "good"
            self.screen.note(
                f"{variant['model']} wrote {variant['version']}, {about}", indent="  ", style=style
            )
            ending = " ".join(variant["text"].split()[-_ENDING_WORDS:])
            self.screen.note("… " + ending, indent="        ", style="dim")

    async def _written(self, signal: str) -> list[dict[str, Any]]:
        """What a model wrote, newest first."""
        rows = (await self.learner.variants(signal=signal))["variants"]
        return [row for row in rows if row["model"] is not None]

    async def _approve(self) -> None:
        self.screen.title("A person reads the drafts")
        self.screen.note(
            "Nothing that a model wrote is shown to anybody before. Here the demo plays that "
            "person and approves them all; what a guardrail rejected it cannot approve."
        )
        for signal in SIGNALS:
            for row in reversed(await self._written(signal)):
                if row["status"] == "draft":
                    await self.learner.approve_variant(
                        signal=signal,
                        version=row["version"],
                        actor=ACTOR,
                        reason="read by the demonstration",
                        timeout_s=TIMEOUT_S,
                    )
                    self.screen.line(f"  {signal:5} {row['version']} approved by {ACTOR}")

    def _show_alerts(self) -> None:
        alerts = self.receiver.fetch()
        self.screen.line()
        self.screen.line(f"  {count(len(alerts))} alerts came by webhook, signatures checked:")
        for alert in alerts:
            self.screen.note(f"{alert['rule']}: {alert['subject']}", indent="    ")

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now_us / 1e6, timezone.utc)

    def _now(self) -> str:
        return f"{self._time():%A %Y-%m-%d, %H:%M} UTC"


def _mixed(signals: list[Signal], many: int) -> list[Signal]:
    """As many of each kind, since a week of one month would have hardly any SELL."""
    kinds = [[signal for signal in signals if signal.name == name] for name in SIGNALS]
    return [kinds[i % len(kinds)][-(i // len(kinds) + 1)] for i in range(many)]
