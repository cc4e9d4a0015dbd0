"""The loop as a whole: the past is replayed, a test is decided, its winner serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from llmlearn import AsyncLearner, VirtualClock
from llmlearn.models import Rule

from trading_engine import experiments
from trading_engine.clock import DAY_S
from trading_engine.llm_service import LLMService
from trading_engine.prices import read_prices
from trading_engine.raters import Raters
from trading_engine.replay import READERS, Replay, Step
from trading_engine.signals import Signal, all_signals
from trading_engine.wordings import prompt_of

pytestmark = pytest.mark.asyncio


def few_signals() -> list[Signal]:
    """One stock's rising years: most of it BUY."""
    return [signal for signal in all_signals(read_prices()) if signal.ticker == "AAPL"][-60:]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Verdicts after 80 first votes in each of three arms."""
    monkeypatch.setattr(experiments, "FIRST_VOTES", 240)
    yield


async def replay(
    learner: AsyncLearner,
    steps: list[Step],
    first_reader: int = 0,
    clock: VirtualClock | None = None,
) -> Replay:
    replay = Replay(
        learner,
        LLMService(learner),
        Raters(1),
        few_signals(),
        readers_per_signal=12,
        first_reader=first_reader,
        clock=clock,
    )
    await replay.run(steps.append)
    return replay


def share(counts: list[int]) -> float:
    helpful, votes = counts
    return helpful / votes


async def test_a_replay_ends_with_a_promoted_winner(learner: AsyncLearner, quick: None) -> None:
    said = await experiments.start_next_test(learner, "BUY")
    assert said == "tests v1.0 against v1.1 against v1.2"
    running = await experiments.standing(learner, "BUY")
    assert running.running and running.champion == "v1.0"
    assert running.test and running.test["duration_min_days"] == 0
    assert [arm["weight"] for arm in running.test["arms"]] == pytest.approx([1 / 3] * 3)

    steps: list[Step] = []
    tally = (await replay(learner, steps)).tally

    (decision,) = [step.ended["BUY"] for step in steps if step.ended]
    assert decision and decision.receipt
    # Which of the two better wordings has the higher rate is a matter of chance.
    assert decision.verdict == "winner" and decision.winner in ("v1.1", "v1.2")
    assert decision.promoted and decision.promotable
    assert decision.p_value < 0.05 and decision.effect > 0.1
    assert decision.winner in decision.receipt["sentence"]
    now = await experiments.standing(learner, "BUY")
    assert (now.champion, now.running) == (decision.winner, False)
    # From then on everybody gets the winner, and is better off.
    assert (await learner.get_variant(signal="BUY", unit="anybody")).version == now.champion
    assert share(tally.afterwards["BUY"]) > share(tally.while_testing["BUY"])

    # The library has counted what the engine did.
    report = await learner.analytics(days=2, refresh=True, timeout_s=20)
    assert report["pending"] == 0
    assert report["total_explanations"] == tally.explanations
    assert report["total_feedback"] == tally.votes
    assert tally.refused == tally.lost == 0
    assert report["fallback_rate"] == 1
    counted = {
        (group["signal"], group["version"]): group["explanations"]
        for group in report["by_variant"]
        if group["explanations"]
    }
    assert counted == dict(tally.variants)
    histories = (await learner.decisions(signal="BUY"))["decisions"]
    assert [entry["kind"] for entry in histories] == ["promotion", "verdict", "start"]


@pytest.mark.parametrize("rule", ["group_sequential", "always_valid"])
async def test_a_sequential_test_goes_by_its_own_evidence(tmp_path: Path, rule: Rule) -> None:
    clock = VirtualClock(1_750_000_000_000_000)
    async with AsyncLearner(tmp_path / "learning.db", virtual_clock=clock) as learner:
        await experiments.start_next_test(learner, "BUY", rule)
        steps: list[Step] = []
        await replay(learner, steps, clock=clock)
        (decision,) = [step.ended["BUY"] for step in steps if step.ended]
        assert decision and decision.receipt and decision.receipt["rule"] == rule
        assert decision.verdict == "winner" and decision.winner in ("v1.1", "v1.2")
        assert decision.promoted and decision.looks >= 1
        assert clock.now_us == 1_750_000_000_000_000 + len(steps) * DAY_S * 1_000_000
        test = (await experiments.standing(learner, "BUY")).test
        assert test and (test["duration_min_days"], test["duration_max_days"]) == (7, 56)


async def test_a_second_run_goes_on(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "learning.db"
    async with AsyncLearner(path) as learner:
        await experiments.start_next_test(learner, "BUY")
        tally = (await replay(learner, [])).tally

    async with AsyncLearner(path) as learner:
        before = await learner.analytics(days=90, refresh=True)
        assert before["total_explanations"] == tally.explanations
        # The champion against a new wording; losers are not tried again.
        said = await experiments.start_next_test(learner, "BUY")
        champion = (await experiments.standing(learner, "BUY")).champion
        assert champion != "v1.0"
        assert said == f"tests {champion} against v2.0"
        said = await experiments.start_next_test(learner, "BUY")
        assert said == "goes on with the running test, rule classic"
        steps: list[Step] = []
        again = await replay(learner, steps, before["total_explanations"])
        assert again.tally.refused == 0  # other readers, so no hourly limit is met
        assert [step.ended["BUY"] is not None for step in steps if step.ended] == [True]
        after = await learner.analytics(days=90, refresh=True)
        assert after["total_explanations"] == tally.explanations + again.tally.explanations
        assert len((await learner.ab_tests(signal="BUY"))["tests"]) == 2


async def test_when_all_was_tested_the_champion_serves(learner: AsyncLearner) -> None:
    for arms in (("v1.0", "v1.1", "v1.2"), ("v1.0", "v2.0"), ("v1.0", "v3.0")):
        assert (await experiments.start_next_test(learner, "BUY")).endswith(arms[-1])
        test = (await experiments.standing(learner, "BUY")).test
        assert test and [arm["version"] for arm in test["arms"]] == list(arms)
        await learner.stop_ab_test(test_id=test["test_id"], actor="tester", reason="enough")
    said = await experiments.start_next_test(learner, "BUY")
    assert said == "all wordings were tested; v1.0 serves everybody"


async def test_a_wording_that_is_another_one_here_is_reported(learner: AsyncLearner) -> None:
    await learner.add_variant(signal="BUY", version="v1.1", text="Somebody else's.")
    said = await experiments.start_next_test(learner, "BUY")
    assert said.startswith("no test: ")
    assert not (await experiments.standing(learner, "BUY")).running


async def test_a_test_stopped_by_hand_ends(learner: AsyncLearner) -> None:
    await experiments.start_next_test(learner, "SELL")
    test = (await experiments.standing(learner, "SELL")).test
    assert test
    assert await experiments.decide(learner, ["SELL"]) == {}
    await learner.stop_ab_test(test_id=test["test_id"], actor="tester", reason="enough")
    assert await experiments.decide(learner, ["SELL"]) == {"SELL": None}


async def test_undecided_tests_get_at_most_three_passes(learner: AsyncLearner) -> None:
    await experiments.start_next_test(learner, "SELL")  # of which these months have none
    signals = [signal for signal in few_signals() if signal.name == "BUY"][:3]
    steps: list[Step] = []
    replay = Replay(
        learner, LLMService(learner), Raters(1), signals, readers_per_signal=2, first_reader=5
    )
    await replay.run(steps.append)
    assert [step.repeat for step in steps] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert replay.tally.explanations == 3 * 3 * 2
    assert (await experiments.standing(learner, "SELL")).running


async def test_every_pass_has_new_readers(learner: AsyncLearner) -> None:
    replay = Replay(learner, LLMService(learner), Raters(1), [], first_reader=7)
    numbers = [replay.reader_numbers(repeat) for repeat in range(2)]
    first, second = ([next(some) for _ in range(READERS + 1)] for some in numbers)
    assert first == [*range(7, 7 + READERS), 7]
    assert not set(first) & set(second)


async def test_the_served_prompt_is_the_known_one(learner: AsyncLearner, quick: None) -> None:
    await experiments.start_next_test(learner, "BUY")
    for number in range(20):
        assignment = await learner.get_variant(signal="BUY", unit=str(number))
        assert assignment.text == prompt_of("BUY", assignment.version)
