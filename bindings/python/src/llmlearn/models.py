"""What calls return, as frozen dataclasses.

Loaded when first needed: ``dataclasses`` would take most of the package's
import time.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from . import _convert as convert
from ._ffi import Assignment, ffi, lib

__all__ = [
    "Answer",
    "Assignment",
    "Counters",
    "Decision",
    "Explained",
    "Explanation",
    "Feedback",
    "ListedExplanation",
    "Page",
    "Question",
    "Rule",
    "Source",
    "Use",
    "Verdict",
]

Rule = Literal["classic", "group_sequential", "always_valid"]
Use = Literal["explaining", "generating", "moderating"]
Source = Literal["model", "cache", "baseline", "template"]
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
    """``keep_going``: not yet, nothing was decided. The others are final: ``winner``;
    ``no_difference``, the champion stays; ``invalid``, the data cannot be trusted."""
    winner: str | None
    """The version that won, with the verdict ``winner``."""
    status: str
    """The rule's own word, such as ``running``, ``not_yet``, ``tie``; the C header has them all."""
    decision_id: int | None
    """None with the verdict ``keep_going``."""
    p_value: float
    """Of the chi-square test, 0 to 1; 1 where nothing was computed. Under a sequential rule
    it would hold only if this were the only look."""
    effect: float
    """Cramer's V, 0 to 1; 0 where nothing was computed."""
    promotable: bool
    """The winner may be promoted without a person."""
    promoted: bool
    """It is the champion now, by this test."""
    ln_e_value: float
    """Logarithm of the e-value against the champion: of the winner, else the highest of
    any variant; 0: none. What "always_valid" goes by."""
    days_left: float | None
    """With ``keep_going``: until the test has what it needs; None: unknown."""
    cannot_finish: bool
    """Not before the maximum duration, at the traffic of the last days."""
    looks: int
    """How many looks there were, with this one; of "always_valid" the whole weeks that are over."""
    receipt: dict[str, Any] | None
    """The evidence, as in ``decisions``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What ``explain`` has to say, and how it came about."""

    source: Source
    """"baseline": the variant failed, the champion's or baseline's prompt was
    answered; "template": no model answered."""
    id: str
    """Of the logged explanation: ask for votes on it."""
    text: str
    version: str
    """The variant that was chosen."""
    reason: str
    """Why the text is not the variant's: "timeout", "no_model", ...; "" if it is."""
    test_id: int | None
    arm: int | None
    latency_ms: float
    """Of the whole call."""
    prompt_tokens: int | None
    """Of all answers that it took, as are the next two; None: unknown."""
    completion_tokens: int | None
    cost_nanousd: int | None
    cached: bool
    fallback: bool
    rerouted: bool
    """The assigned arm is switched off; this is the champion's."""
    logged: bool
    """False: the journal was full or out of reach, and the id is of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked; see ``set_model(ask=...)``."""

    model: str
    system: str | None
    prompt: str
    """What the user says."""
    data: str | None
    """A second message of the user: data that is not to be obeyed."""
    json_schema: str | None
    """What the answer must look like; None: any text will do."""
    max_tokens: int
    timeout_s: float
    """Seconds that are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model has answered; None where it is not known."""

    text: str
    model_answered: str | None = None
    """None: the one asked."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_nanousd: int | None = None


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
class _Logged:
    """What an explanation was logged with; unknown values are None."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(_Logged):
    """One logged explanation with its votes; unknown values are None."""

    feedback: tuple[Feedback, ...]
    """Newest first, at most 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExplanation(_Logged):
    """One of a page: with its votes counted, and the asking user's own."""

    positive: int
    """Live votes that say helpful."""
    negative: int
    mine: Feedback | None
    """None: that user has no live vote on it, or no user was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What ``explanations`` found."""

    explanations: tuple[ListedExplanation, ...]
    """The newest first."""
    next: str | None
    """To be given as ``before`` for the page behind this one; None: there is none."""
    pending: int
    """Records of this process that are not yet stored, hence not yet listed."""


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


def _listed_from(source: dict[str, Any], user: str | None) -> ListedExplanation:
    values = _known(ListedExplanation, source)
    values["created_at"] = _time(source["created_at"])
    if source["mine"] is not None:
        values["mine"] = _feedback_from({"user": user, **source["mine"]})
    return ListedExplanation(**values)


def page_from(source: dict[str, Any], user: str | None) -> Page:
    """A Page out of the JSON of ``llmlearn_explanations``, as ``user`` asked for it."""
    return Page(
        explanations=tuple(_listed_from(row, user) for row in source["explanations"]),
        next=source["next"],
        pending=source["pending"],
    )


_VERDICTS: dict[int, Verdict] = {
    lib.LLMLEARN_KEEP_GOING: "keep_going",
    lib.LLMLEARN_WINNER: "winner",
    lib.LLMLEARN_NO_DIFFERENCE: "no_difference",
    lib.LLMLEARN_INVALID: "invalid",
}


def decision_from(record: Any) -> Decision:
    """A Decision out of a ``llmlearn_decision``, whose receipt is freed."""
    return Decision(
        verdict=_VERDICTS[record.verdict],
        winner=convert.string(record.winner),
        status=convert.string(record.status) or "",
        decision_id=record.decision_id or None,
        p_value=record.p_value,
        effect=record.effect,
        promotable=bool(record.promotable),
        promoted=bool(record.promoted),
        ln_e_value=record.ln_e_value,
        days_left=record.days_left if record.days_left >= 0 else None,
        cannot_finish=bool(record.cannot_finish),
        looks=record.looks,
        receipt=convert.json_object(record.receipt_json),
    )


def counters_from(record: Any) -> Counters:
    """Counters out of a ``llmlearn_counters``."""
    return Counters(**{field.name: getattr(record, field.name) for field in fields(Counters)})


_SOURCES: dict[int, Source] = {
    lib.LLMLEARN_FROM_MODEL: "model",
    lib.LLMLEARN_FROM_CACHE: "cache",
    lib.LLMLEARN_FROM_BASELINE: "baseline",
    lib.LLMLEARN_FROM_TEMPLATE: "template",
}


def explained_from(record: Any) -> Explained:
    """An Explained out of a ``llmlearn_explained``, whose text is freed."""
    text = ffi.gc(record.text, lib.llmlearn_free)
    flags = record.flags

    def known(flag: int, value: int) -> int | None:
        return value if flags & flag else None

    return Explained(
        source=_SOURCES[record.source],
        id=convert.id_text(ffi.addressof(record, "id")),
        text=ffi.string(text).decode(),
        version=convert.string(record.version) or "",
        reason=convert.string(record.reason) or "",
        test_id=record.test_id or None,
        arm=record.arm if record.test_id else None,
        latency_ms=record.latency_ms,
        prompt_tokens=known(lib.LLMLEARN_HAS_PROMPT_TOKENS, record.prompt_tokens),
        completion_tokens=known(lib.LLMLEARN_HAS_COMPLETION_TOKENS, record.completion_tokens),
        cost_nanousd=known(lib.LLMLEARN_HAS_COST, record.cost_nanousd),
        cached=bool(flags & lib.LLMLEARN_CACHED),
        fallback=bool(flags & lib.LLMLEARN_FALLBACK),
        rerouted=bool(flags & lib.LLMLEARN_REROUTED),
        logged=not flags & lib.LLMLEARN_UNLOGGED,
    )
