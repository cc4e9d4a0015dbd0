"""The learner for asyncio: the same names, awaited."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from ._aio import Awaited
from ._ffi import Assignment
from .client import Learner
from .clock import VirtualClock
from .errors import LearnerError
from .models import Counters, Decision, Explanation, Page, Rule

__all__ = ["AsyncLearner"]

class AsyncLearner(Awaited):
    """A :class:`Learner` whose methods are awaited.

    ``log_explanation`` and ``get_variant`` run at once, in the caller's
    thread: they take less than a microsecond. All other calls run in a few
    threads of the learner's own, so the event loop never waits for a disk.
    What they take, return and raise is documented at :class:`Learner`. It
    belongs to no event loop: several may use one learner, and so may a forked
    child.
    """

    __slots__ = ("_get", "_log")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        baseline: str | None = None,
        journal_bytes_max: int | None = None,
        segment_bytes: int | None = None,
        batch_interval_ms: int | None = None,
        batch_rows_max: int | None = None,
        feedback_per_hour: int | None = None,
        analytics_ttl_ms: int | None = None,
        virtual_clock: VirtualClock | None = None,
    ) -> None:
        """Opens the database as :class:`Learner` does, in the caller's thread: about 2 ms."""
        self.learner = Learner(
            path,
            baseline=baseline,
            journal_bytes_max=journal_bytes_max,
            segment_bytes=segment_bytes,
            batch_interval_ms=batch_interval_ms,
            batch_rows_max=batch_rows_max,
            feedback_per_hour=feedback_per_hour,
            analytics_ttl_ms=analytics_ttl_ms,
            virtual_clock=virtual_clock,
        )
        self._log = self.learner.log_explanation
        self._get = self.learner.get_variant
        self._pool = self._model_pool = None

    @property
    def path(self) -> str:
        """The database file."""
        return self.learner.path

    @property
    def closed(self) -> bool:
        """True once ``close`` was called."""
        return self.learner.closed

    # ---- life

    async def flush(self, *, timeout_s: float = 5.0) -> None:
        """See :meth:`Learner.flush`."""
        await self._run(self.learner.flush, timeout_s=timeout_s)

    async def close(self, *, timeout_s: float = 2.0) -> None:
        """See :meth:`Learner.close`."""
        if self.closed:
            return
        try:
            await self._run(self.learner.close, timeout_s=timeout_s)
        finally:
            pools = self._pool, self._model_pool
            self._pool = self._model_pool = None
            for pool in pools:
                if pool is not None:
                    pool.shutdown()

    async def counters(self) -> Counters:
        """See :meth:`Learner.counters`."""
        return self.learner.counters()

    async def __aenter__(self) -> AsyncLearner:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        except LearnerError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}{' closed' if self.closed else ''}>"

    # ---- log and feedback

    async def log_explanation(
        self,
        *,
        ticker: str,
        signal: str,
        text: str,
        version: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        unit: str | None = None,
        confidence: float | None = None,
        latency_ms: float | None = None,
        cached: bool = False,
        fallback: bool = False,
        fallback_reason: str | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        cost_nanousd: int | None = None,
        cost_usd: float | None = None,
        metadata: dict[str, Any] | str | None = None,
        assignment: Assignment | None = None,
    ) -> str:
        """See :meth:`Learner.log_explanation`. Runs at once, without a thread."""
        return self._log(
            ticker=ticker,
            signal=signal,
            text=text,
            version=version,
            model=model,
            provider=provider,
            unit=unit,
            confidence=confidence,
            latency_ms=latency_ms,
            cached=cached,
            fallback=fallback,
            fallback_reason=fallback_reason,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost_nanousd=cost_nanousd,
            cost_usd=cost_usd,
            metadata=metadata,
            assignment=assignment,
        )

    async def submit_feedback(
        self,
        *,
        explanation_id: str,
        helpful: bool,
        rating: int | None = None,
        comment: str | None = None,
        user: str | None = None,
        created_at: datetime | None = None,
        timeout_s: float = 1.0,
    ) -> str:
        """See :meth:`Learner.submit_feedback`."""
        return await self._run(
            self.learner.submit_feedback,
            explanation_id=explanation_id,
            helpful=helpful,
            rating=rating,
            comment=comment,
            user=user,
            created_at=created_at,
            timeout_s=timeout_s,
        )

    async def withdraw_feedback(
        self,
        *,
        explanation_id: str,
        user: str | None = None,
        vote_id: str | None = None,
        timeout_s: float = 1.0,
    ) -> None:
        """See :meth:`Learner.withdraw_feedback`."""
        await self._run(
            self.learner.withdraw_feedback,
            explanation_id=explanation_id,
            user=user,
            vote_id=vote_id,
            timeout_s=timeout_s,
        )

    async def get_explanation(self, *, explanation_id: str, timeout_s: float = 1.0) -> Explanation:
        """See :meth:`Learner.get_explanation`."""
        return await self._run(
            self.learner.get_explanation, explanation_id=explanation_id, timeout_s=timeout_s
        )

    async def explanations(
        self,
        *,
        limit: int | None = None,
        before: str | None = None,
        signal: str | None = None,
        ticker: str | None = None,
        version: str | None = None,
        user: str | None = None,
        timeout_s: float = 1.0,
    ) -> Page:
        """See :meth:`Learner.explanations`."""
        return await self._run(
            self.learner.explanations,
            limit=limit,
            before=before,
            signal=signal,
            ticker=ticker,
            version=version,
            user=user,
            timeout_s=timeout_s,
        )

    # ---- prompts and variants

    async def add_variant(
        self,
        *,
        signal: str,
        version: str,
        text: str,
        parent: str | None = None,
        timeout_s: float = 1.0,
    ) -> None:
        """See :meth:`Learner.add_variant`."""
        await self._run(
            self.learner.add_variant,
            signal=signal,
            version=version,
            text=text,
            parent=parent,
            timeout_s=timeout_s,
        )

    async def archive_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """See :meth:`Learner.archive_variant`."""
        await self._run(
            self.learner.archive_variant,
            signal=signal,
            version=version,
            actor=actor,
            reason=reason,
            timeout_s=timeout_s,
        )

    async def get_variant(self, *, signal: str, unit: str | None = None) -> Assignment:
        """See :meth:`Learner.get_variant`. Runs at once, without a thread."""
        return self._get(signal=signal, unit=unit)

    async def promote_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """See :meth:`Learner.promote_variant`."""
        await self._run(
            self.learner.promote_variant,
            signal=signal,
            version=version,
            actor=actor,
            reason=reason,
            timeout_s=timeout_s,
        )

    async def rollback(
        self, *, signal: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """See :meth:`Learner.rollback`."""
        await self._run(
            self.learner.rollback, signal=signal, actor=actor, reason=reason, timeout_s=timeout_s
        )

    # ---- tests

    async def start_ab_test(
        self,
        *,
        signal: str,
        weights: Mapping[str, float],
        rule: Rule = "classic",
        min_duration_days: float = 7,
        max_duration_days: float = 56,
        min_trials: int = 100,
        alpha: float = 0.05,
        min_effect: float = 0.1,
        lift_min: float | None = None,
        keep_previous: bool = False,
        actor: str | None = None,
        timeout_s: float = 1.0,
    ) -> int:
        """See :meth:`Learner.start_ab_test`."""
        return await self._run(
            self.learner.start_ab_test,
            signal=signal,
            weights=weights,
            rule=rule,
            min_duration_days=min_duration_days,
            max_duration_days=max_duration_days,
            min_trials=min_trials,
            alpha=alpha,
            min_effect=min_effect,
            lift_min=lift_min,
            keep_previous=keep_previous,
            actor=actor,
            timeout_s=timeout_s,
        )

    async def stop_ab_test(
        self, *, test_id: int, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """See :meth:`Learner.stop_ab_test`."""
        await self._run(
            self.learner.stop_ab_test,
            test_id=test_id,
            actor=actor,
            reason=reason,
            timeout_s=timeout_s,
        )

    async def select_winner(
        self, *, signal: str, promote: bool = False, timeout_s: float = 1.0
    ) -> Decision:
        """See :meth:`Learner.select_winner`."""
        return await self._run(
            self.learner.select_winner, signal=signal, promote=promote, timeout_s=timeout_s
        )

    async def report_failure(
        self, *, assignment: Assignment, unit: str | None = None, timeout_s: float = 1.0
    ) -> bool:
        """See :meth:`Learner.report_failure`."""
        return await self._run(
            self.learner.report_failure, assignment=assignment, unit=unit, timeout_s=timeout_s
        )

    # ---- reports

    async def analytics(
        self, *, days: int = 30, refresh: bool = False, timeout_s: float = 1.0
    ) -> dict[str, Any]:
        """See :meth:`Learner.analytics`."""
        return await self._run(
            self.learner.analytics, days=days, refresh=refresh, timeout_s=timeout_s
        )

    async def ab_tests(
        self, *, signal: str | None = None, limit: int | None = None
    ) -> dict[str, Any]:
        """See :meth:`Learner.ab_tests`."""
        return await self._run(self.learner.ab_tests, signal=signal, limit=limit)

    async def ab_test_series(self, *, test_id: int, timeout_s: float = 1.0) -> dict[str, Any]:
        """See :meth:`Learner.ab_test_series`."""
        return await self._run(self.learner.ab_test_series, test_id=test_id, timeout_s=timeout_s)

    async def decisions(
        self, *, signal: str | None = None, limit: int | None = None
    ) -> dict[str, Any]:
        """See :meth:`Learner.decisions`."""
        return await self._run(self.learner.decisions, signal=signal, limit=limit)

    async def replay_decision(
        self, *, decision_id: int, timeout_s: float = 1.0
    ) -> dict[str, Any]:
        """See :meth:`Learner.replay_decision`."""
        return await self._run(
            self.learner.replay_decision, decision_id=decision_id, timeout_s=timeout_s
        )

    async def self_check(
        self, *, test_id: int, runs: int = 1000, timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """See :meth:`Learner.self_check`."""
        return await self._run(
            self.learner.self_check, test_id=test_id, runs=runs, timeout_s=timeout_s
        )
