"""Explains signals, and has every explanation logged, whatever happens.

    service = LLMService(learner)
    said = await service.explain_signal("AAPL", "BUY", 0.85)
    said["explanation"], said["explanation_id"]

The library says which prompt variant a reader gets. A model, if one is
configured, writes the text from it; without one, or when it fails, the
variant's own wording is the text, logged as a fallback with the reason. A
fallback still belongs to the variant that was assigned: leaving the failures
out would make a prompt that breaks the model look better than it is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from llmlearn import Assignment, AsyncLearner, InvalidArgumentError, LearnerError

from .endpoint import Answer, Endpoint, NoAnswer
from .signals import LONG_MONTHS, SHORT_MONTHS, Signal
from .wordings import BASELINE, WordingError, model_prompt, plain_text, prompt_of, template_text

NO_MODEL = "no model configured"

_CALLS_AT_ONCE = 4
_FAILURES_MAX = 3  # in a row; then the model is left alone for a while
_PAUSE_S = 30.0


class LLMService:
    """Explains signals to readers, one at a time or many at once."""

    def __init__(self, learner: AsyncLearner, endpoint: Endpoint | None = None) -> None:
        self.learner = learner
        self.endpoint = endpoint
        self.unlogged = 0
        self._calls_left = endpoint.calls_max if endpoint else 0
        self._at_once = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._failures = 0
        self._paused_until = 0.0

    async def explain_signal(
        self,
        ticker: str,
        signal: str,
        confidence: float,
        *,
        reader: str | None = None,
        figures: Signal | None = None,
        variant_version: str | None = None,
    ) -> dict[str, Any]:
        """Explains why ``ticker`` is a BUY, SELL or HOLD.

        Args:
            confidence: 0 to 1.
            reader: who will read it. A reader keeps one variant for as long as
                a test runs; without one each explanation draws its own.
            figures: the numbers behind the signal; what is not known is not said.
            variant_version: this version instead of the assigned one. Such an
                explanation counts in no test.

        Returns a dict: ticker, signal, confidence, explanation,
        explanation_id, variant, model, fallback, fallback_reason, latency_ms,
        prompt_tokens, completion_tokens, cost_nanousd. A reader gets a text
        whatever fails: if it is logging, ``explanation_id`` is None and
        ``log_error`` says why. Only a wrong argument is an error:
        InvalidArgumentError.
        """
        begun = time.perf_counter()
        assignment = await self._variant(signal, reader, variant_version)
        prompt = assignment.text or prompt_of(signal, assignment.version)
        values = _values(ticker, signal, confidence, figures)
        answer, problem = await self._write(prompt, signal, values)
        result = {
            "ticker": ticker,
            "signal": signal,
            "confidence": confidence,
            "explanation": answer.text,
            "variant": assignment.version,
            "model": None if problem or self.endpoint is None else self.endpoint.model,
            "fallback": problem is not None,
            "fallback_reason": problem,
            "latency_ms": (time.perf_counter() - begun) * 1000,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "cost_nanousd": answer.cost_nanousd,
        }
        await self._log(result, assignment, reader, figures)
        return result

    # ---- the parts

    async def _variant(self, signal: str, reader: str | None, version: str | None) -> Assignment:
        try:
            assignment = await self.learner.get_variant(signal=signal, unit=reader)
        except InvalidArgumentError:
            raise
        except LearnerError:
            assignment = Assignment((BASELINE, None, None, None, False))
        if version is None or version == assignment.version:
            return assignment
        return Assignment((version, prompt_of(signal, version), None, None, False))

    async def _write(
        self, prompt: str | None, signal: str, values: dict[str, str]
    ) -> tuple[Answer, str | None]:
        """A text, and why it is a fallback: None if the model wrote it."""
        if prompt is None:
            return self._baseline(signal, values), "the variant has no text"
        try:
            question = model_prompt(prompt, values)
            template = Answer(template_text(prompt, values))
        except WordingError as problem:
            return self._baseline(signal, values), f"the variant is unusable: {problem}"
        try:
            return await self._ask(question), None
        except NoAnswer as problem:
            return template, str(problem)

    def _baseline(self, signal: str, values: dict[str, str]) -> Answer:
        prompt = prompt_of(signal, BASELINE)
        return Answer(template_text(prompt, values) if prompt else plain_text(values))

    async def _ask(self, question: str) -> Answer:
        """Asks the model, unless there is none, too much was asked, or it is down."""
        endpoint = self.endpoint
        if endpoint is None:
            raise NoAnswer(NO_MODEL)
        async with self._at_once:
            if self._calls_left <= 0:
                raise NoAnswer(f"this run has had its {endpoint.calls_max} model calls")
            if time.monotonic() < self._paused_until:
                raise NoAnswer(f"the model failed {_FAILURES_MAX} times in a row; waiting")
            self._calls_left -= 1
            try:
                answer = await endpoint.ask(question)
            except NoAnswer:
                self._failures += 1
                if self._failures >= _FAILURES_MAX:
                    self._failures = 0
                    self._paused_until = time.monotonic() + _PAUSE_S
                raise
            self._failures = 0
            return answer

    async def _log(
        self,
        result: dict[str, Any],
        assignment: Assignment,
        reader: str | None,
        figures: Signal | None,
    ) -> None:
        wrote_it = self.endpoint if not result["fallback"] else None
        try:
            result["explanation_id"] = await self.learner.log_explanation(
                ticker=result["ticker"],
                signal=result["signal"],
                text=result["explanation"],
                confidence=result["confidence"],
                model=wrote_it.model if wrote_it else None,
                provider=wrote_it.provider if wrote_it else None,
                unit=reader,
                latency_ms=result["latency_ms"],
                fallback=result["fallback"],
                fallback_reason=result["fallback_reason"],
                prompt_tokens=result["prompt_tokens"],
                completion_tokens=result["completion_tokens"],
                cost_nanousd=result["cost_nanousd"],
                metadata={"month": f"{figures.day:%Y-%m}"} if figures else None,
                assignment=assignment,
            )
        except InvalidArgumentError:
            raise
        except LearnerError as problem:
            self.unlogged += 1
            result["explanation_id"] = None
            result["log_error"] = str(problem)


def _values(
    ticker: str, signal: str, confidence: float, figures: Signal | None
) -> dict[str, str]:
    """What a wording can name, as text."""
    values = {
        "ticker": ticker,
        "signal": signal,
        "confidence": f"{confidence:.0%}",
        "short_months": str(SHORT_MONTHS),
        "long_months": str(LONG_MONTHS),
    }
    if figures is not None:
        values["price"] = f"{figures.price:.2f}"
        values["short_average"] = f"{figures.short_average:.2f}"
        values["long_average"] = f"{figures.long_average:.2f}"
    return values


def template_of(version: str, figures: Signal) -> str:
    """What a version's wording says about a signal, without a model and without logging."""
    prompt = prompt_of(figures.name, version)
    values = _values(figures.ticker, figures.name, figures.confidence, figures)
    return template_text(prompt, values) if prompt else "(a wording from elsewhere)"
