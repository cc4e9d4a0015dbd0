"""One exception class for each way in which a call can fail.

All are :class:`LearnerError`, except for lack of memory, which is Python's own
``MemoryError``. Where Python has a class of the same meaning, ours is that, too:
``except ValueError`` catches :class:`InvalidArgumentError`.
"""

from __future__ import annotations

import errno

from ._ffi import ffi, lib

__all__ = [
    "BudgetError",
    "CancelledError",
    "ClosedError",
    "CorruptError",
    "ExistsError",
    "ForeignDatabaseError",
    "FullError",
    "InvalidArgumentError",
    "LearnerError",
    "ModelError",
    "NoChampionError",
    "NotFoundError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "StateError",
    "StorageError",
    "TimedOutError",
    "UnsupportedError",
]


class LearnerError(Exception):
    """A call failed.

    ``code`` is the number of the C library's ``llmlearn_err``, ``detail`` one
    line that says what was wrong and what is allowed.
    """

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    @property
    def name(self) -> str:
        """The name of the code, ``"LLMLEARN_EINVAL"``."""
        return str(ffi.string(lib.llmlearn_error_name(self.code)).decode())

    def __str__(self) -> str:
        return f"{self.detail} ({self.name})" if self.detail else self.name


class InvalidArgumentError(LearnerError, ValueError):
    """An argument broke a documented rule; nothing changed."""


class NotFoundError(LearnerError, LookupError):
    """There is no such explanation, vote, variant or test."""


class RateLimitedError(LearnerError):
    """The user has given as many votes as one hour allows; the vote was not stored."""

    def __init__(self, code: int, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(code, detail)
        self.args = (code, detail, retry_after_s)
        self.retry_after_s = retry_after_s
        """Whole seconds until a vote of this user fits, at least 1."""


class TimedOutError(LearnerError, TimeoutError):
    """The time given to the call has passed; nothing was stored or changed.

    From ``flush`` and ``close`` it means that records stay in the journal,
    safe, to be stored later.
    """

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(code, detail)
        self.errno = errno.ETIMEDOUT
        self.strerror = detail


class FullError(LearnerError):
    """The journal has reached its limit or the disk is full; nothing was stored. Try later."""


class ExistsError(LearnerError):
    """The version has another text, or the signal has a running test."""


class NoChampionError(LearnerError):
    """The champion is not among the arms, or there is none to go back to."""


class StateError(LearnerError):
    """Not possible in this state: the test has ended, the variant is in use."""


class ClosedError(StateError):
    """The learner was closed before the call."""


class StorageError(LearnerError):
    """The disk or the operating system refused."""


class CorruptError(LearnerError):
    """A checksum does not match, or the database is damaged."""


class ForeignDatabaseError(LearnerError):
    """The file is another program's database; it was left untouched."""


class UnsupportedError(LearnerError):
    """The database is newer than this library, or lies on a network file system."""


class OutcomeUnknownError(LearnerError):
    """The disk did not answer in time: the change may or may not stand. Asking again is safe."""


class ModelError(LearnerError):
    """The model's service refused, failed, or answered nothing usable."""


class BudgetError(LearnerError):
    """The call could cost more than the budget has left; nothing was called."""


class CancelledError(LearnerError):
    """The call was cancelled while it waited."""


_CLASSES: dict[int, type[LearnerError]] = {
    lib.LLMLEARN_EINVAL: InvalidArgumentError,
    lib.LLMLEARN_EIO: StorageError,
    lib.LLMLEARN_ECORRUPT: CorruptError,
    lib.LLMLEARN_EFULL: FullError,
    lib.LLMLEARN_ENOTFOUND: NotFoundError,
    lib.LLMLEARN_EUNSUPPORTED: UnsupportedError,
    lib.LLMLEARN_ETIMEDOUT: TimedOutError,
    lib.LLMLEARN_ERATE: RateLimitedError,
    lib.LLMLEARN_EEXIST: ExistsError,
    lib.LLMLEARN_ENOCHAMPION: NoChampionError,
    lib.LLMLEARN_ESTATE: StateError,
    lib.LLMLEARN_EFOREIGN: ForeignDatabaseError,
    lib.LLMLEARN_EUNKNOWN: OutcomeUnknownError,
    lib.LLMLEARN_ELLM: ModelError,
    lib.LLMLEARN_EBUDGET: BudgetError,
    lib.LLMLEARN_ECANCELLED: CancelledError,
}


def make_error(code: int, detail: str, retry_after_s: int = 0) -> Exception:
    """The exception for a code. Code 0 is a call on a closed learner."""
    if code == lib.LLMLEARN_OK:
        return ClosedError(lib.LLMLEARN_ESTATE, detail)
    if code == lib.LLMLEARN_ENOMEM:
        return MemoryError(detail)
    if code == lib.LLMLEARN_ERATE:
        return RateLimitedError(code, detail, retry_after_s)
    return _CLASSES.get(code, LearnerError)(code, detail)


def invalid(detail: str) -> InvalidArgumentError:
    """The exception for an argument that never reaches the C library."""
    return InvalidArgumentError(lib.LLMLEARN_EINVAL, detail)
