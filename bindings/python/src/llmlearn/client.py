"""The learner, as plain calls."""

from __future__ import annotations

import atexit
import os
import time
from _weakref import ref

from . import _convert as convert
from . import errors
from ._core import Assignment
from ._experiments import Experiments
from ._ffi import ffi, lib
from ._weekly import Weekly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType
    from typing import Any

    from .clock import VirtualClock
    from .models import Counters, Explanation, Page

__all__ = ["UNLIMITED", "Assignment", "Learner"]

UNLIMITED = 0xFFFFFFFF
"""For ``feedback_per_hour``: no limit."""

_EXIT_S = 1.8  # for all learners together; an exit may take 2 s
_FORGOTTEN_S = 0.5  # for one that was never closed and is garbage now

_open_learners: set[ref[Learner]] = set()


class Learner(Experiments, Weekly):
    """One open database: logs explanations, collects votes, assigns and judges prompts.

    Any thread may call anything at any time, except that what begins after
    ``close`` raises :class:`ClosedError`. A learner goes on working on both
    sides of a fork. Several processes may have one database open at once.

    Every ``timeout_s`` bounds the whole call; :class:`TimedOutError` then
    means that nothing was stored or changed. All calls but ``log_explanation``
    and ``get_variant`` release the GIL.
    """

    __slots__ = ()

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
        """Opens the database, making it if it is absent.

        What an earlier process left in its journal is stored in the
        background. No thread is started before it is needed.

        Args:
            path: the database file; its folder must exist.
            baseline: the version served when nothing else is known; default "v1.0".
            journal_bytes_max: limit of this process's journal; default 256 MiB.
            segment_bytes: size of one journal file; default 16 MiB, at most a
                quarter of the above.
            batch_interval_ms: longest a record waits unstored; default 100.
            batch_rows_max: rows in one transaction; default 10,000.
            feedback_per_hour: votes per user in any 60 minutes; default 10.
                See ``UNLIMITED``.
            analytics_ttl_ms: how old a cached report may be; default 300,000.
            virtual_clock: tells the time instead of the system.

        Raises:
            StorageError: the folder is missing or read-only.
            ForeignDatabaseError: the file is another program's; left untouched.
            UnsupportedError: a newer schema, or a network file system.
            CorruptError, FullError, TimedOutError (another process held the
            lock for 5 s), InvalidArgumentError.
        """
        keep: list[Any] = []
        options = convert.record(
            "llmlearn_options",
            keep,
            path=convert.path(path),
            baseline=convert.text("baseline", baseline),
            journal_bytes_max=convert.count(
                "journal_bytes_max", journal_bytes_max, convert.U64_MAX
            ),
            segment_bytes=convert.count("segment_bytes", segment_bytes, convert.U64_MAX),
            batch_interval_ms=convert.count("batch_interval_ms", batch_interval_ms),
            batch_rows_max=convert.count("batch_rows_max", batch_rows_max),
            feedback_per_hour=convert.count("feedback_per_hour", feedback_per_hour),
            analytics_ttl_ms=convert.count("analytics_ttl_ms", analytics_ttl_ms),
        )
        if virtual_clock is not None:
            options.clock = ffi.addressof(lib, "clock_read")
            options.clock_user = virtual_clock._cell
        out = ffi.new("llmlearn **")
        convert.check(lib.llmlearn_open(options, out))
        try:
            self._adopt(out[0], int(ffi.cast("uintptr_t", out[0])))
        except RuntimeError:  # a second __init__
            lib.llmlearn_close(out[0], 1)
            raise
        self.path = os.fspath(path)
        self._kept, self._flags, self._scheduler = [], [], None
        _open_learners.add(ref(self, _open_learners.discard))

    # ---- life

    def flush(self, *, timeout_s: float = 5.0) -> None:
        """Waits until everything logged by this process so far is in the database.

        It then survives a power cut. Raises TimedOutError (what is not yet
        stored stays safe in the journal), StorageError, FullError.
        """
        self._invoke(lib.llmlearn_flush, convert.milliseconds(timeout_s))

    def close(self, *, timeout_s: float = 2.0) -> None:
        """Flushes, stops the threads and frees everything. Closing again does nothing.

        Waits for calls that other threads are in; those that wait for a model,
        ``run_due_jobs`` too, are cancelled, and the scheduler is stopped. TimedOutError and other
        errors only report that records stayed in the journal: the learner is
        closed all the same, and the next open stores them.
        """
        timeout_ms = convert.milliseconds(timeout_s)
        if not self.closed:
            self._forget_scheduler()
            for flag in list(self._flags):
                flag.set()
            self._end_jobs()
        self._close(timeout_ms)

    def counters(self) -> Counters:
        """What this process has done with the learner so far."""
        from .models import counters_from

        out = convert.record("llmlearn_counters", [])
        self._invoke(lib.llmlearn_get_counters, out)
        return counters_from(out)

    def __enter__(self) -> Learner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except errors.LearnerError:
            if error is None:
                raise

    def __del__(self) -> None:
        if self.closed:
            return
        import warnings

        name = repr(self)
        try:
            self.close(timeout_s=_FORGOTTEN_S)
        except errors.LearnerError:
            pass  # only says that records stay in the journal
        # Last, because a filter may turn the warning into an exception.
        warnings.warn(f"unclosed {name}", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}{' closed' if self.closed else ''}>"

    # ---- feedback

    def submit_feedback(
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
        """Stores one vote, durably, and returns its id.

        One live vote per user and explanation: a newer one replaces the older,
        which costs nothing of the user's hourly limit. Anonymous votes always
        add and know no limit: name the user where you can.

        Args:
            explanation_id: what ``log_explanation`` returned, in any process.
            helpful: thumbs up or down.
            rating: stars, 1 to 5.
            comment: up to 4,000 bytes.
            user: 1 to 256 bytes; None: anonymous.
            created_at: with a time zone, up to one day ahead; None: now.

        Raises:
            NotFoundError: no process has logged such an explanation.
            RateLimitedError: see its ``retry_after_s``.
            TimedOutError, OutcomeUnknownError, StorageError, FullError,
            InvalidArgumentError.
        """
        if not isinstance(helpful, bool):
            raise TypeError(f"helpful must be a bool, not {type(helpful).__name__}")
        keep: list[Any] = []
        feedback = convert.record(
            "llmlearn_feedback",
            keep,
            vote=lib.LLMLEARN_HELPFUL if helpful else lib.LLMLEARN_NOT_HELPFUL,
            explanation_id=convert.identifier("explanation_id", explanation_id)[0],
            user=convert.text("user", user),
            comment=convert.text("comment", comment),
            created_us=convert.microseconds("created_at", created_at),
            rating=convert.count("rating", rating, 5),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        out = ffi.new("llmlearn_id *")
        self._invoke(lib.llmlearn_submit_feedback, feedback, out)
        return convert.id_text(out)

    def withdraw_feedback(
        self,
        *,
        explanation_id: str,
        user: str | None = None,
        vote_id: str | None = None,
        timeout_s: float = 1.0,
    ) -> None:
        """Takes back the live vote of ``user``, or the anonymous vote ``vote_id``.

        Exactly one of the two is given. The hourly limit is not given back.
        Raises NotFoundError if there is no such live vote, and what
        ``submit_feedback`` raises.
        """
        self._invoke(
            lib.llmlearn_withdraw_feedback,
            convert.identifier("explanation_id", explanation_id),
            convert.text("user", user),
            ffi.NULL if vote_id is None else convert.identifier("vote_id", vote_id),
            convert.milliseconds(timeout_s),
        )

    def get_explanation(self, *, explanation_id: str, timeout_s: float = 1.0) -> Explanation:
        """One explanation with its votes, whichever process logged it.

        Raises NotFoundError, TimedOutError, StorageError.
        """
        from .models import explanation_from

        id_ = convert.identifier("explanation_id", explanation_id)
        return explanation_from(
            self._report(lib.llmlearn_get_explanation, id_, convert.milliseconds(timeout_s))
        )

    def explanations(
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
        """A page of explanations, the newest first, with what this process has just logged.

        With a filter a call looks at the next 20,000 explanations at the most:
        of something rare a page may be short, or empty, while its ``next``
        still leads on.

        Args:
            limit: 1 to 100; default 20.
            before: ``next`` of the page before this one; default: the newest.
            signal, ticker, version: default: any.
            user: whose votes are ``mine``; no other user's are shown.

        Raises TimedOutError, StorageError.
        """
        from .models import page_from

        keep: list[Any] = []
        query = convert.record(
            "llmlearn_explanations_query",
            keep,
            limit=convert.count("limit", limit, convert.PAGE_MAX),
            signal=convert.text("signal", signal),
            ticker=convert.text("ticker", ticker),
            version=convert.text("version", version),
            user=convert.text("user", user),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        if before is not None:
            keep.append(convert.identifier("before", before))
            query.before = keep[-1]
        return page_from(self._report(lib.llmlearn_explanations, query), user)


@atexit.register
def _close_all() -> None:
    """At the interpreter's end, in a bounded time; what is left waits in the journal."""
    end = time.monotonic() + _EXIT_S
    for reference in list(_open_learners):
        learner = reference()
        if learner is None:
            continue
        try:
            learner.close(timeout_s=max(0.0, end - time.monotonic()))
        except errors.LearnerError:
            pass
