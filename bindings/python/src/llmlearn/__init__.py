"""The loop that makes an LLM's explanations better, inside your own process.

Log every explanation, collect votes on it, split traffic between prompt
variants, and let statistics choose the prompt that people find helpful::

    from llmlearn import Learner

    with Learner("loop.db") as learner:
        chosen = learner.get_variant(signal="BUY", unit="user-7")
        id = learner.log_explanation(
            ticker="AAPL", signal="BUY", text="...", unit="user-7", assignment=chosen
        )
        learner.submit_feedback(explanation_id=id, helpful=True, user="user-7")

``AsyncLearner`` has the same methods for asyncio; ``llmlearn.stats`` is the
arithmetic of experiments, for any numbers.
"""

from __future__ import annotations

from . import _ffi
from .client import UNLIMITED, Assignment, Learner
from .errors import (
    BudgetError,
    CancelledError,
    ClosedError,
    CorruptError,
    ExistsError,
    ForeignDatabaseError,
    FullError,
    InvalidArgumentError,
    LearnerError,
    ModelError,
    NoChampionError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    StateError,
    StorageError,
    TimedOutError,
    UnsupportedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import stats
    from .aio import AsyncLearner
    from .cancel import Cancel
    from .clock import VirtualClock
    from .models import (
        Answer,
        Counters,
        Decision,
        Explained,
        Explanation,
        Feedback,
        ListedExplanation,
        Page,
        Question,
    )

__all__ = [
    "UNLIMITED",
    "Answer",
    "Assignment",
    "AsyncLearner",
    "BudgetError",
    "Cancel",
    "CancelledError",
    "ClosedError",
    "CorruptError",
    "Counters",
    "Decision",
    "ExistsError",
    "Explained",
    "Explanation",
    "Feedback",
    "ForeignDatabaseError",
    "FullError",
    "InvalidArgumentError",
    "Learner",
    "LearnerError",
    "ListedExplanation",
    "ModelError",
    "NoChampionError",
    "NotFoundError",
    "OutcomeUnknownError",
    "Page",
    "Question",
    "RateLimitedError",
    "StateError",
    "StorageError",
    "TimedOutError",
    "UnsupportedError",
    "VirtualClock",
    "__version__",
    "stats",
]

__version__: str = _ffi.ffi.string(_ffi.lib.llmlearn_version()).decode()

_LATER = {
    "Answer": "models",
    "AsyncLearner": "aio",
    "Cancel": "cancel",
    "Counters": "models",
    "Decision": "models",
    "Explained": "models",
    "Explanation": "models",
    "Feedback": "models",
    "ListedExplanation": "models",
    "Page": "models",
    "Question": "models",
    "VirtualClock": "clock",
    "stats": "stats",
}


def __getattr__(name: str) -> object:
    """Loads what would make the import slow when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_LATER[name]}")
    value = module if name == _LATER[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
