"""One run of the demonstration: start tests, replay the past, show what was learnt."""

from __future__ import annotations

import argparse
from pathlib import Path

from llmlearn import AsyncLearner
from llmlearn.models import Rule

from . import experiments, report
from .clock import clock_for
from .console import Screen
from .endpoint import Endpoint
from .llm_service import LLMService, template_of
from .prices import read_prices
from .rate import rate, some_of
from .raters import Raters, preference_in_words
from .replay import Replay
from .signals import SIGNALS, Signal, all_signals

TIMEOUT_S = 10.0


async def run(
    screen: Screen, options: argparse.Namespace, database: Path, endpoint: Endpoint | None
) -> None:
    """Everything from the first line shown to the last."""
    signals = all_signals(read_prices())
    whose = f"SIMULATED readers (seed {options.seed})"
    clock = clock_for(options.rule, database)
    async with AsyncLearner(database, virtual_clock=clock) as learner:
        service = LLMService(learner, endpoint)
        await service.prepare()
        before = await learner.analytics(days=90, refresh=True, timeout_s=TIMEOUT_S)
        explained = before["total_explanations"]
        _introduce(screen, options.seed, endpoint)
        has = f"goes on with {explained:,} explanations of the last 90 days" if explained else "new"
        screen.line(f"Database: {database} ({has})")
        await _start_tests(screen, learner, options.rule, simulated=clock is not None)
        if options.rate:
            chosen = some_of(signals, options.rate, options.seed)
            stored = await rate(screen, learner, service, chosen)
            whose += f" and you ({stored} votes now)"
        if options.readers:
            raters = Raters(options.seed)
            replay = Replay(
                learner,
                service,
                raters,
                signals,
                readers_per_signal=options.readers,
                first_reader=explained,  # so that each run has new readers
                clock=clock,
            )
            await _replay(screen, replay, whose)
        if service.unlogged:
            screen.line(f"  {service.unlogged:,} explanations could not be logged")
        await _show(screen, learner)
        await _show_champions(screen, learner, signals)
        _say_where(screen, database)


def _introduce(screen: Screen, seed: int, endpoint: Endpoint | None) -> None:
    screen.line(screen.style("A trading engine that learns which explanations help", "bold"))
    screen.note(
        "Monthly prices of five stocks, 2000 to 2010, become BUY, SELL and HOLD signals by their "
        "moving averages. Each is explained to readers in the wording that libllmlearn assigns, "
        "they vote, and the wording that helps is promoted. No trading advice."
    )
    screen.line()
    screen.note(
        f"The readers are SIMULATED (seed {seed}); their names begin with 'simulated-'. "
        "They vote by a preference that is stated here, so this shows that the loop works, "
        "not what people like. A text scores: " + "; ".join(preference_in_words()) + ".",
        style="bold",
    )
    screen.line()
    if endpoint is None:
        screen.note("No model is configured: the texts are templates, logged as fallback.")
    else:
        screen.note(
            f"Model {endpoint.model} at {endpoint.url}, {endpoint.calls_max:,} questions at "
            "most; after that the texts are templates, logged as fallback."
        )


_RULES = {
    "classic": "So that you see a verdict today, this demo sets the minimum duration to 0 days; "
    "with real readers leave it at 7 or more.",
    "group_sequential": "It looks once a week, against bounds that together spend "
    "alpha, until there is a winner, or all planned votes are in, or 56 days are over.",
    "always_valid": "After 7 days it goes by the e-value of each variant at the end of each "
    "week, until there is a winner, or 56 days are over.",
}


async def _start_tests(
    screen: Screen, learner: AsyncLearner, rule: Rule, *, simulated: bool
) -> None:
    screen.title("Tests")
    for signal in SIGNALS:
        screen.line(f"  {signal:5} {await experiments.start_next_test(learner, signal, rule)}")
    screen.note(f"Split evenly, rule '{rule}'. {_RULES[rule]}", indent="  ", style="dim")
    if simulated:
        screen.note("The clock is SIMULATED, too: a month of prices is a day.", indent="  ")


async def _replay(screen: Screen, replay: Replay, whose: str) -> None:
    signals, readers = len(replay.signals), replay.readers_per_signal
    screen.title(f"Replay: {signals} signals, each to {readers} {whose}")
    tally = await replay.run(lambda step: report.show_step(screen, step, replay.tally))
    report.show_run(screen, tally, whose)


async def _show(screen: Screen, learner: AsyncLearner) -> None:
    analytics = await learner.analytics(refresh=True, timeout_s=TIMEOUT_S)
    tests = await learner.ab_tests(limit=1000)
    decisions = await learner.decisions(limit=1000)
    report.show_analytics(screen, analytics)
    report.show_tests(screen, tests, decisions)


async def _show_champions(screen: Screen, learner: AsyncLearner, signals: list[Signal]) -> None:
    screen.title("What serves from now on")
    for name in SIGNALS:
        now = await experiments.standing(learner, name)
        running = "  while its test runs, the other arms, too" if now.running else ""
        screen.line(f"  {name:5} {screen.style(now.champion, 'good')}{running}")
        example = [signal for signal in signals if signal.name == name][-1]
        screen.note(template_of(now.champion, example), indent="        ", style="dim")


def _say_where(screen: Screen, database: Path) -> None:
    screen.line()
    screen.line(f"Everything is in {database}")
    screen.note(
        "Any SQLite program may read it, none but libllmlearn may write it. 'make run' again "
        "goes on with the next test, 'make run ARGS=--rate' asks you, and deleting "
        f"{database.name}* begins anew."
    )
