"""What calls return, as frozen dataclasses.

Loaded when first needed: ``dataclasses`` would take most of the package's
import time.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from ._ffi import Assignment

__all__ = ["Assignment", "Counters", "Decision", "Explanation", "Feedback", "Verdict"]

Verdict = Literal["keep_going", "winner", "no_difference", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What this process has done with the learner since it opened it."""

    lag_ms: int
    """Age of the oldest record of ours that is not yet stored; 0: none."""
    logged: int
    """Explanations accepted."""
    full: int
    """Explanations refused with :class:`FullError`."""
    drained: int
    """Records stored by this process, whoever logged them."""
    duplicates: int
    """Records that were stored already: harmless."""
    rejected: int
    """Records the store refused; they are kept in ``llm_rejected``."""
    holes: int
    """Damaged or unfinished places skipped in journals."""
    foreign_segments: int
    """Journal files of another store or format, left alone."""
    queued_bytes: int
    """Ours, not yet stored."""
    journal_bytes: int
    """The limit for ``queued_bytes``."""
    votes: int
    """Accepted by this process."""
    batches: int
    """Transactions committed by this process."""
    store_errors: int
    """Transactions rolled back and tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What ``select_winner`` found."""

    verdict: Verdict
    """``keep_going``: too early, nothing was decided or stored. The others are final:
    ``winner``; ``no_difference``, the champion stays; ``invalid``, the data cannot be trusted."""
    winner: str | None
    """The version that won, with the verdict ``winner``."""
    status: str
    """The rule's own word: ``winner``, ``running``, ``tie``, ..."""
    decision_id: int | None
    """None with the verdict ``keep_going``."""
    p_value: float
    """0 to 1; 1 where nothing was computed."""
    effect: float
    """Cramer's V, 0 to 1; 0 where nothing was computed."""
    promotable: bool
    """The winner may be promoted without a person."""
    promoted: bool
    """It is the champion now, by this test."""
    receipt: dict[str, Any] | None
    """The evidence, as in ``decisions``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One live vote on an explanation."""

    user: str | None
    """None: anonymous."""
    helpful: bool
    rating: int | None
    """Stars, 1 to 5."""
    comment: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One logged explanation with its votes; unknown values are None."""

    id: str
    created_at: datetime
    created_us: int
    """The same in microseconds since 1970 UTC."""
    ticker: str
    signal: str
    text: str
    version: str
    model: str | None
    provider: str | None
    unit: str | None
    confidence: float | None
    latency_ms: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_nanousd: int | None
    cached: bool
    fallback: bool
    fallback_reason: str | None
    rerouted: bool
    test_id: int | None
    arm: int | None
    metadata: dict[str, Any] | None
    feedback: tuple[Feedback, ...]
    """Newest first, at most 1,000."""


def _time(text: str) -> datetime:
    # Python 3.10 does not read the "Z".
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _known(cls: type[Any], source: dict[str, Any]) -> dict[str, Any]:
    """The values of the class's own fields: a newer library may say more."""
    return {field.name: source[field.name] for field in fields(cls)}


def _feedback_from(source: dict[str, Any]) -> Feedback:
    values = _known(Feedback, source)
    values["created_at"] = _time(source["created_at"])
    return Feedback(**values)


def explanation_from(source: dict[str, Any]) -> Explanation:
    """An Explanation out of the JSON of ``llmlearn_get_explanation``."""
    values = _known(Explanation, source)
    values["created_at"] = _time(source["created_at"])
    values["feedback"] = tuple(_feedback_from(vote) for vote in source["feedback"])
    return Explanation(**values)


def counters_from(record: Any) -> Counters:
    """Counters out of a ``llmlearn_counters``."""
    return Counters(**{field.name: getattr(record, field.name) for field in fields(Counters)})
