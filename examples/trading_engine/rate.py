"""Asks the person at the keyboard what they think of some explanations."""

from __future__ import annotations

import re
import signal as signals_of_the_system
from collections.abc import Callable
from random import Random

from llmlearn import AsyncLearner, LearnerError, RateLimitedError

from .console import Screen
from .llm_service import LLMService
from .signals import Signal

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_COMMENT_CHARACTERS_MAX = 1000
YOU = "you"  # the user under whom the votes are stored


class Enough(Exception):
    """The person wants no more questions."""


async def rate(
    screen: Screen,
    learner: AsyncLearner,
    service: LLMService,
    signals: list[Signal],
    ask: Callable[[str], str] = input,
) -> int:
    """Shows each signal's explanation and stores the answers. Returns how many."""
    screen.title("Your opinion, please")
    screen.note(
        "These votes are real and stored under the name "
        f"'{YOU}'. As one reader you see one wording per signal for as long as its test runs, "
        "and the test counts your first vote on it."
    )
    stored = 0
    for number, signal in enumerate(signals, 1):
        said = await service.explain_signal(
            signal.ticker, signal.name, signal.confidence, reader=YOU, figures=signal
        )
        screen.line()
        screen.line(
            f"{number}/{len(signals)}  {signal.ticker}  {signal.name}  {signal.day:%Y-%m}  "
            f"confidence {signal.confidence:.2f}  wording {said['variant']}"
        )
        screen.note(said["explanation"], indent="  ")
        if said["explanation_id"] is None:
            screen.line(f"  It could not be logged: {said['log_error']}")
            continue
        try:
            stored += await _vote(screen, learner, said["explanation_id"], ask)
        except (Enough, EOFError):
            screen.line()
            break
        except RateLimitedError as limit:
            screen.note(
                "You have used up your votes for this hour; the next one fits in "
                f"{limit.retry_after_s:,} s."
            )
            break
        except LearnerError as problem:
            screen.note(f"Not stored: {problem.detail}")
    return stored


def some_of(signals: list[Signal], many: int, seed: int) -> list[Signal]:
    """The newest signal of each stock, then older ones drawn by the seed."""
    newest = list({signal.ticker: signal for signal in signals}.values())
    older = [signal for signal in signals if signal not in newest]
    Random(f"{seed} rate").shuffle(older)
    return (newest + older)[:many]


async def _vote(
    screen: Screen, learner: AsyncLearner, explanation_id: str, ask: Callable[[str], str]
) -> int:
    answer = _one_of(ask, "  Helpful? [y]es, [n]o, [s]kip, [q]uit: ", "ynsq")
    if answer == "q":
        raise Enough
    if answer == "s":
        return 0
    stars = _one_of(ask, "  Stars, 1 to 5, or Enter: ", "12345", empty=True)
    comment = _clean(_answer(ask, "  A comment, or Enter: "))
    await learner.submit_feedback(
        explanation_id=explanation_id,
        helpful=answer == "y",
        rating=int(stars) if stars else None,
        comment=comment or None,
        user=YOU,
        timeout_s=10,
    )
    screen.line("  Thank you, stored.")
    return 1


def _clean(text: str) -> str:
    """A text without what could play tricks on a terminal, cut to size."""
    text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("", text).strip()[:_COMMENT_CHARACTERS_MAX]


def _one_of(ask: Callable[[str], str], question: str, letters: str, empty: bool = False) -> str:
    while True:
        answer = _answer(ask, question).strip().lower()[:1]
        if answer in letters and (answer or empty):
            return answer


def _answer(ask: Callable[[str], str], question: str) -> str:
    """Asks, with Ctrl-C ending the program at once.

    While asyncio runs it would only note the first Ctrl-C and go on waiting.
    """
    before = signals_of_the_system.signal(
        signals_of_the_system.SIGINT, signals_of_the_system.default_int_handler
    )
    try:
        return ask(question)
    finally:
        signals_of_the_system.signal(signals_of_the_system.SIGINT, before)
