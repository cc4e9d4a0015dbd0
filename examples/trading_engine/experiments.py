"""Which wordings are tested against each other, and what comes of it.

The first run of the engine starts a test of three wordings for each signal.
Whenever a signal has no running test, the next generation of its wordings is
tested against the champion. When none is left, the champion just serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from llmlearn import AsyncLearner, Decision, ExistsError, LearnerError, StateError
from llmlearn.models import Rule

from .wordings import BASELINE, generations

# First votes over all arms of a test before it is looked at: for the classic rule the one time.
FIRST_VOTES = 360
# The sequential rules begin to look early. How long they may go on is planned for this lift.
FIRST_VOTES_EARLY = 60
LIFT = 0.2
ACTOR = "trading-engine"


@dataclass(frozen=True, slots=True)
class Standing:
    """How things are for one signal."""

    signal: str
    champion: str
    test: dict[str, Any] | None
    """The newest test, as ``ab_tests`` reports it; None: there never was one."""
    tested: frozenset[str]
    """Every version that was ever an arm."""

    @property
    def running(self) -> bool:
        return self.test is not None and self.test["status"] == "running"


async def standing(learner: AsyncLearner, signal: str) -> Standing:
    """Asks the library; decides nothing."""
    report = await learner.ab_tests(signal=signal, limit=1000)
    champions = {entry["signal"]: entry["version"] for entry in report["champions"]}
    tests = report["tests"]
    return Standing(
        signal=signal,
        champion=champions.get(signal) or BASELINE,
        test=tests[0] if tests else None,
        tested=frozenset(arm["version"] for test in tests for arm in test["arms"]),
    )


async def start_next_test(learner: AsyncLearner, signal: str, rule: Rule = "classic") -> str:
    """Goes on with the signal's test or starts the next. Says which in a few words."""
    now = await standing(learner, signal)
    if now.test and now.running:
        return f"goes on with the running test, rule {now.test['rule']}"
    for generation in generations(signal):
        new = [version for version in generation if version not in now.tested]
        if new:
            return await _start(learner, now.champion, signal, generation, rule)
    return f"all wordings were tested; {now.champion} serves everybody"


async def _start(
    learner: AsyncLearner, champion: str, signal: str, generation: dict[str, str], rule: Rule
) -> str:
    first = BASELINE in generation
    classic = rule == "classic"
    arms = list(dict.fromkeys([champion, *generation]))
    try:
        for version, text in generation.items():
            parent = None if first else champion
            await learner.add_variant(signal=signal, version=version, text=text, parent=parent)
    except LearnerError as problem:
        return f"no test: {problem.detail}"
    try:
        await learner.start_ab_test(
            signal=signal,
            weights={version: 1 / len(arms) for version in arms},
            rule=rule,
            min_duration_days=0 if classic else 7,
            max_duration_days=365 if classic else 56,
            min_trials=(FIRST_VOTES if classic else FIRST_VOTES_EARLY) // len(arms),
            lift_min=LIFT,
            actor=ACTOR,
        )
    except ExistsError:
        return "goes on with the test that another process has just started"
    except LearnerError as problem:
        return f"no test: {problem.detail}"
    return f"tests {' against '.join(arms)}"


async def decide(learner: AsyncLearner, running: Iterable[str]) -> dict[str, Decision | None]:
    """Looks at these signals' tests. Returns those that have ended, with their decision.

    A winner that deserves it is promoted at once. None stands for a test that
    somebody stopped meanwhile.
    """
    ended: dict[str, Decision | None] = {}
    for signal in running:
        try:
            decision = await learner.select_winner(signal=signal, promote=True, timeout_s=10)
        except StateError:
            ended[signal] = None
        else:
            if decision.verdict != "keep_going":
                ended[signal] = decision
    return ended
