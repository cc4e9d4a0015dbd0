"""Explains signals, and has every explanation logged, whatever happens.

    service = LLMService(learner)
    said = await service.explain_signal("AAPL", "BUY", 0.85)
    said["explanation"], said["explanation_id"]

The library does the work: it chooses the prompt variant that a reader gets,
asks the model, checks the answer, logs what happened. Without a model, or when
it fails, the variant's own wording is the text. That is a fallback, and belongs
to the variant all the same: leaving the failures out would make a prompt that
breaks the model look better than it is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from llmlearn import Assignment, AsyncLearner, Explained, InvalidArgumentError, LearnerError

from .endpoint import SYSTEM, Endpoint
from .signals import LONG_MONTHS, SHORT_MONTHS, Signal
from .wordings import BASELINE, prompt_of, render, template_for, wording_for

NO_MODEL = "no_model"
BY_VERSION = "asked for by its version"

_CALLS_AT_ONCE = 8
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
        self._choosing = asyncio.Lock()
        self._asking = 0
        self._quiet = asyncio.Event()  # nobody is asking
        self._in_use = False
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
            variant_version: the wording of this version instead of the assigned
                one. Such an explanation is a template and counts in no test.

        Returns a dict: ticker, signal, confidence, explanation,
        explanation_id, variant, model, fallback, fallback_reason, latency_ms,
        prompt_tokens, completion_tokens, cost_nanousd. A reader gets a text
        whatever fails: if it is logging, ``explanation_id`` is None and
        ``log_error`` says why. Only a wrong argument is an error:
        InvalidArgumentError.
        """
        begun = time.perf_counter()
        assignment = await self._variant(signal, reader)
        by_version = variant_version not in (None, assignment.version)
        version = variant_version if variant_version is not None else assignment.version
        prompt = prompt_of(signal, version) if by_version else assignment.text
        values = _values(figures)
        template = template_for(signal, prompt, {"ticker", "signal", "confidence", *values})
        result = {
            "ticker": ticker,
            "signal": signal,
            "confidence": confidence,
            "variant": version,
            "model": None,
            "prompt_tokens": None,
            "completion_tokens": None,
            "cost_nanousd": None,
        }
        metadata = {"month": f"{figures.day:%Y-%m}"} if figures else None
        try:
            if by_version:
                named = {"ticker": ticker, "signal": signal, "confidence": f"{confidence:.2f}"}
                result["explanation"] = render(template, {**named, **values})
                await self._log_template(result, reader, metadata)
            else:
                said = await self._explain(
                    ticker=ticker,
                    signal=signal,
                    unit=reader,
                    values=values,
                    confidence=confidence,
                    metadata=metadata,
                    fallback=template,
                    system=SYSTEM,
                )
                self._take(result, said)
        except InvalidArgumentError:
            raise
        except LearnerError as problem:
            named = {"ticker": ticker, "signal": signal, "confidence": f"{confidence:.2f}"}
            result["explanation"] = render(template, {**named, **values})
            result["fallback"], result["fallback_reason"] = True, problem.detail
            result["explanation_id"], result["log_error"] = None, str(problem)
        self.unlogged += result["explanation_id"] is None
        result.setdefault("latency_ms", (time.perf_counter() - begun) * 1000)
        return result

    async def prepare(self) -> None:
        """Has the learner ask the model, or none. Raises SetupError."""
        if self.endpoint is not None and not self._in_use:
            await self.endpoint.use(self.learner)
            self._in_use = True

    # ---- the parts

    async def _variant(self, signal: str, reader: str | None) -> Assignment:
        """What the reader is to get; its prompt is given to the library if that lacks it."""
        try:
            assignment = await self.learner.get_variant(signal=signal, unit=reader)
            prompt = prompt_of(signal, assignment.version)
            if assignment.text is None and prompt is not None:
                await self.learner.add_variant(
                    signal=signal, version=assignment.version, text=prompt
                )
                assignment = await self.learner.get_variant(signal=signal, unit=reader)
        except InvalidArgumentError:
            raise
        except LearnerError:
            assignment = Assignment((BASELINE, prompt_of(signal, BASELINE), None, None, False))
        return assignment

    async def _explain(self, **request: Any) -> Explained:
        if self.endpoint is None:
            return await self.learner.explain(**request)
        async with self._at_once:
            asks = await self._choose()
            try:
                said = await self.learner.explain(**request, timeout_s=self.endpoint.timeout_s)
            finally:
                self._asking -= asks
                if self._asking == 0:
                    self._quiet.set()
            if said.reason in ("model", "timeout"):
                self._failures += 1
                if self._failures >= _FAILURES_MAX:
                    self._failures = 0
                    self._paused_until = time.monotonic() + _PAUSE_S
            elif said.reason != NO_MODEL:
                self._failures = 0
            return said

    async def _choose(self) -> bool:
        """Whether the model is asked: not once too much was asked, nor while it is down."""
        async with self._choosing:
            if self._calls_left > 0 and time.monotonic() >= self._paused_until:
                await self.prepare()
                self._calls_left -= 1
                self._asking += 1
                self._quiet.clear()
                return True
            if self._in_use:
                await self._quiet.wait()  # who may still ask, asks before it is taken away
                await self.learner.set_model(uses="explaining", model=None)
                self._in_use = False
            return False

    def _take(self, result: dict[str, Any], said: Explained) -> None:
        answered = said.source in ("model", "baseline")
        result.update(
            explanation=said.text,
            explanation_id=said.id if said.logged else None,
            variant=said.version,
            model=self.endpoint.model if self.endpoint and answered else None,
            fallback=said.fallback,
            fallback_reason=said.reason or None,
            latency_ms=said.latency_ms,
            prompt_tokens=said.prompt_tokens,
            completion_tokens=said.completion_tokens,
            cost_nanousd=said.cost_nanousd,
        )
        if not said.logged:
            result["log_error"] = "the journal is full or out of reach"

    async def _log_template(
        self, result: dict[str, Any], reader: str | None, metadata: dict[str, str] | None
    ) -> None:
        result["fallback"], result["fallback_reason"] = True, BY_VERSION
        result["explanation_id"] = await self.learner.log_explanation(
            ticker=result["ticker"],
            signal=result["signal"],
            text=result["explanation"],
            version=result["variant"],
            confidence=result["confidence"],
            unit=reader,
            fallback=True,
            fallback_reason=BY_VERSION,
            metadata=metadata,
        )


def _values(figures: Signal | None) -> dict[str, str]:
    """What a wording can name beside ticker, signal and confidence, as text."""
    values = {"short_months": str(SHORT_MONTHS), "long_months": str(LONG_MONTHS)}
    if figures is not None:
        values["price"] = f"{figures.price:.2f}"
        values["short_average"] = f"{figures.short_average:.2f}"
        values["long_average"] = f"{figures.long_average:.2f}"
    return values


def placeholders_of(figures: Signal) -> dict[str, str]:
    """Everything that a wording can name, as text."""
    return {
        "ticker": figures.ticker,
        "signal": figures.name,
        "confidence": f"{figures.confidence:.2f}",
        **_values(figures),
    }


def template_of(version: str, figures: Signal) -> str:
    """What a version's wording says about a signal, without a model and without logging."""
    values = placeholders_of(figures)
    wording = wording_for(prompt_of(figures.name, version), values)
    return render(wording, values) if wording else "(a wording from elsewhere)"
