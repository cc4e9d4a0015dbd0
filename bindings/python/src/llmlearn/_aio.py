"""The part of the learner for asyncio that waits for models, and how any call waits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, ParamSpec, TypeVar

from ._pool import Pool
from .cancel import Cancel
from .client import Learner
from .models import Answer, Explained, Question, Rule, Use

_P = ParamSpec("_P")
_T = TypeVar("_T")

_THREADS = 4  # votes are committed in groups, so a few waiting threads are enough
_MODEL_THREADS = 64  # each waits for a model, some seconds


class Awaited:
    """What the learner for asyncio is made of."""

    __slots__ = ("_model_pool", "_pool", "learner")

    learner: Learner
    """The learner behind this one, for plain calls."""

    _pool: Pool | None
    _model_pool: Pool | None

    async def _run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self.learner.closed:
            return function(*args, **kwargs)  # raises, and needs no thread for it
        self._pool = pool = _ours(self._pool, _THREADS)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, partial(function, *args, **kwargs))

    async def _run_asking(self, cancel: Cancel, function: Callable[[], _T]) -> _T:
        """Runs what waits for a model. The thread ends by itself when the task is cancelled."""
        if self.learner.closed:
            return function()
        self._model_pool = pool = _ours(self._model_pool, _MODEL_THREADS)
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function)
        except asyncio.CancelledError:
            cancel.set()
            raise

    # ---- a model that writes

    async def set_model(
        self,
        *,
        uses: Use | Iterable[Use],
        model: str | None,
        base_url: str | None = None,
        api_key: str | Callable[[], str | None] | None = None,
        ask: Callable[[Question], Answer | str] | None = None,
        provider: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_tokens: int | None = None,
        max_tokens_field: str | None = None,
        ca_file: str | None = None,
        price_file: str | None = None,
        temperature: float | None = None,
        retries_max: int | None = None,
        private_addresses: bool = False,
    ) -> None:
        """See :meth:`Learner.set_model`. ``ask`` is a plain function, called in a thread."""
        await self._run(
            self.learner.set_model,
            uses=uses,
            model=model,
            base_url=base_url,
            api_key=api_key,
            ask=ask,
            provider=provider,
            organization=organization,
            project=project,
            headers=headers,
            max_tokens=max_tokens,
            max_tokens_field=max_tokens_field,
            ca_file=ca_file,
            price_file=price_file,
            temperature=temperature,
            retries_max=retries_max,
            private_addresses=private_addresses,
        )

    async def explain(
        self,
        *,
        ticker: str,
        signal: str,
        unit: str | None = None,
        values: Mapping[str, str] | None = None,
        confidence: float | None = None,
        json: bool = False,
        fields: Iterable[str] = (),
        cached: bool = True,
        metadata: dict[str, Any] | str | None = None,
        fallback: str | None = None,
        system: str | None = None,
        version: str | None = None,
        timeout_s: float = 10.0,
        cancel: Cancel | None = None,
    ) -> Explained:
        """See :meth:`Learner.explain`. Cancelling the task cancels the call."""
        flag = Cancel() if cancel is None else cancel
        return await self._run_asking(
            flag,
            partial(
                self.learner.explain,
                ticker=ticker,
                signal=signal,
                unit=unit,
                values=values,
                confidence=confidence,
                json=json,
                fields=fields,
                cached=cached,
                metadata=metadata,
                fallback=fallback,
                system=system,
                version=version,
                timeout_s=timeout_s,
                cancel=flag,
            ),
        )

    async def set_budget(
        self,
        *,
        run_usd: float | Decimal | None = None,
        month_usd: float | Decimal | None = None,
        run_nanousd: int | None = None,
        month_nanousd: int | None = None,
    ) -> None:
        """See :meth:`Learner.set_budget`."""
        await self._run(
            self.learner.set_budget,
            run_usd=run_usd,
            month_usd=month_usd,
            run_nanousd=run_nanousd,
            month_nanousd=month_nanousd,
        )

    async def generate_variants(
        self,
        *,
        signal: str,
        version: str | None = None,
        count: int = 3,
        fields: Iterable[str] = (),
        replays: int = 0,
        moderate: bool = False,
        timeout_s: float = 120.0,
        cancel: Cancel | None = None,
    ) -> dict[str, Any]:
        """See :meth:`Learner.generate_variants`. Cancelling the task cancels the call."""
        flag = Cancel() if cancel is None else cancel
        return await self._run_asking(
            flag,
            partial(
                self.learner.generate_variants,
                signal=signal,
                version=version,
                count=count,
                fields=fields,
                replays=replays,
                moderate=moderate,
                timeout_s=timeout_s,
                cancel=flag,
            ),
        )

    async def approve_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """See :meth:`Learner.approve_variant`."""
        await self._run(
            self.learner.approve_variant,
            signal=signal,
            version=version,
            actor=actor,
            reason=reason,
            timeout_s=timeout_s,
        )

    async def variants(
        self, *, signal: str | None = None, limit: int | None = None, timeout_s: float = 1.0
    ) -> dict[str, Any]:
        """See :meth:`Learner.variants`."""
        return await self._run(
            self.learner.variants, signal=signal, limit=limit, timeout_s=timeout_s
        )

    # ---- the weekly job

    async def set_schedule(
        self,
        *,
        cron: str | None = "0 2 * * 1",
        signals: Iterable[str] | None = None,
        approval: bool = True,
        only_decide: bool = False,
        keep_previous: bool = False,
        rule: Rule = "group_sequential",
        min_duration_days: int | None = None,
        max_duration_days: int | None = None,
        lift_min: float | None = None,
        fields: Iterable[str] = (),
        variants: int = 3,
        replays: int = 0,
        moderate: bool = False,
        min_response_rate: float | None = None,
        timeout_s: float = 1.0,
    ) -> None:
        """See :meth:`Learner.set_schedule`."""
        await self._run(
            self.learner.set_schedule,
            cron=cron,
            signals=signals,
            approval=approval,
            only_decide=only_decide,
            keep_previous=keep_previous,
            rule=rule,
            min_duration_days=min_duration_days,
            max_duration_days=max_duration_days,
            lift_min=lift_min,
            fields=fields,
            variants=variants,
            replays=replays,
            moderate=moderate,
            min_response_rate=min_response_rate,
            timeout_s=timeout_s,
        )

    async def run_due_jobs(self, *, timeout_s: float = 300.0) -> int:
        """See :meth:`Learner.run_due_jobs`. A task that is cancelled does not end the job."""
        return await self._run_asking(
            Cancel(), partial(self.learner.run_due_jobs, timeout_s=timeout_s)
        )

    async def start_scheduler(self, *, every_s: float = 30.0) -> None:
        """See :meth:`Learner.start_scheduler`."""
        self.learner.start_scheduler(every_s=every_s)

    async def stop_scheduler(self, *, timeout_s: float = 2.0) -> None:
        """See :meth:`Learner.stop_scheduler`."""
        await self._run(self.learner.stop_scheduler, timeout_s=timeout_s)

    async def set_mail(
        self,
        *,
        server: str | None,
        sender: str | None = None,
        to: Iterable[str] = (),
        user: str | None = None,
        password: str | Callable[[], str | None] | None = None,
        ca_file: str | None = None,
        plain_loopback: bool = False,
        private_addresses: bool = False,
    ) -> None:
        """See :meth:`Learner.set_mail`."""
        await self._run(
            self.learner.set_mail,
            server=server,
            sender=sender,
            to=to,
            user=user,
            password=password,
            ca_file=ca_file,
            plain_loopback=plain_loopback,
            private_addresses=private_addresses,
        )

    async def set_webhook(
        self,
        *,
        url: str | None,
        secret: str | None = None,
        ca_file: str | None = None,
        private_addresses: bool = False,
    ) -> None:
        """See :meth:`Learner.set_webhook`."""
        await self._run(
            self.learner.set_webhook,
            url=url,
            secret=secret,
            ca_file=ca_file,
            private_addresses=private_addresses,
        )


def _ours(pool: Pool | None, threads_max: int) -> Pool:
    """The pool, or a new one.

    A child has none of its parent's threads, and the parent's queue may have
    been locked by one of them: it is left alone.
    """
    return pool if pool is not None and pool.pid == os.getpid() else Pool(threads_max)
