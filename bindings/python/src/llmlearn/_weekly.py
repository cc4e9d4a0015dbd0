"""What goes on by itself: the weekly job, and where its alerts go."""

from __future__ import annotations

from . import _convert as convert
from . import errors
from ._experiments import RULES
from ._ffi import ffi, lib
from ._writing import Writing, secret_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .models import Rule


# What the thread is doing may take so long before it is told to end.
_GRACE_S = 0.5


class Weekly(Writing):
    """Runs the weekly job."""

    __slots__ = ()

    def set_schedule(
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
        """Says what the weekly job does, in this process.

        For each signal it looks at the test. If that goes on, nothing else
        happens; if it is invalid, nothing until a person has stopped it or
        promoted. If it is decided, or there is none: promote or keep, generate
        variants, wait for their approval, start the next test of the champion
        and the new variants with equal shares.

        Args:
            cron: minute, hour, day, month, weekday, UTC; the latest one set by
                any process holds. None: there is no job any more.
            signals: default: all that have a champion or a test.
            approval: False: variants need no person's approval to be tested. Then
                the guardrails are all that stands between a model that somebody
                has turned and your readers, and some attacks pass them.
            only_decide: neither generates nor starts tests.
            keep_previous: the champion before is an arm again.
            rule, min_duration_days, max_duration_days, lift_min: of the tests, as
                for ``start_ab_test``.
            fields, replays, moderate: as for ``generate_variants``.
            variants: how many, 1 to 10.
            min_response_rate: alert if fewer votes come for each explanation of
                the last 7 days; 0 to 1.

        Raises InvalidArgumentError (says which field of the cron line is wrong),
        and the errors of storing.
        """
        deadline_ms = convert.milliseconds(timeout_s)
        if cron is None:
            self._invoke(lib.llmlearn_set_schedule, ffi.NULL, deadline_ms)
            return
        keep: list[Any] = []
        which = [] if signals is None else list(convert.strings("signals", signals))
        names = list(convert.strings("fields", fields))
        schedule = convert.record(
            "llmlearn_schedule",
            keep,
            flags=(0 if approval else lib.LLMLEARN_SCHEDULE_UNAPPROVED)
            | (lib.LLMLEARN_SCHEDULE_KEEP_PREVIOUS if keep_previous else 0)
            | (lib.LLMLEARN_SCHEDULE_ONLY_DECIDE if only_decide else 0),
            cron=convert.text("cron", cron),
            signals=self._texts("signals", which, keep),
            signal_count=len(which),
            rule=convert.choice("rule", rule, RULES),
            duration_min_days=convert.count("min_duration_days", min_duration_days),
            duration_max_days=convert.count("max_duration_days", max_duration_days),
            lift_min=0 if lift_min is None else convert.positive("lift_min", lift_min),
            fields=self._texts("fields", names, keep),
            field_count=len(names),
            variants=convert.whole("variants", variants, 1, 10),
            replays=convert.whole("replays", replays, 0, 20),
            generate_flags=lib.LLMLEARN_GENERATE_MODERATE if moderate else 0,
            response_rate_min=0
            if min_response_rate is None
            else convert.positive("min_response_rate", min_response_rate),
        )
        self._invoke(lib.llmlearn_set_schedule, schedule, deadline_ms)

    def run_due_jobs(self, *, timeout_s: float = 300.0) -> int:
        """Runs what is due, unless another process does, and sends the alerts that wait.

        A job that was missed, however often, is run once. Returns how many ran
        to their end: 0 also if another process is running it. What fails for one
        signal is alerted and does not stop the others. That an alert cannot be
        sent is no error: it is tried again for a week.

        Raises StateError (there is no schedule), TimedOutError and, if
        ``stop_scheduler`` or ``close`` ended it, CancelledError (what is left
        is done by a later call), and the errors of storing.
        """
        deadline_ms = convert.milliseconds(timeout_s)
        out = ffi.new("uint32_t *")
        self._invoke_asking(None, lib.llmlearn_run_due_jobs, deadline_ms, out)
        return int(out[0])

    def start_scheduler(self, *, every_s: float = 30.0) -> None:
        """Starts a thread that calls ``run_due_jobs`` every so often.

        A thread of Python's, so that ``ask`` and ``api_key`` may be functions.
        It ends with ``stop_scheduler``, ``close`` or the program; a child of a
        fork has none until it starts one. Starting it again changes nothing.
        Its errors go to the logger "llmlearn".
        """
        from ._scheduler import Scheduler

        if not convert.positive("every_s", every_s) <= convert.U32_MAX:
            raise errors.invalid("every_s: too long")
        if self.closed:
            raise errors.make_error(lib.LLMLEARN_OK, "the learner is closed")
        if self._scheduler is None or not self._scheduler.runs:
            self._scheduler = Scheduler(self, every_s)

    def stop_scheduler(self, *, timeout_s: float = 2.0) -> None:
        """Ends that thread, and ``run_due_jobs`` in others, and waits for the thread.

        What they were doing is gone on with later. Raises TimedOutError if the
        thread is in a job that goes on, such as in a model that is a function:
        it ends after it.
        """
        deadline_ms = convert.milliseconds(timeout_s)
        if self.closed:
            raise errors.make_error(lib.LLMLEARN_OK, "the learner is closed")
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            # Mostly it is done sooner; an alert that is cut off is sent again.
            scheduler.stop(min(_GRACE_S, deadline_ms / 1000))
        self._end_jobs()
        if scheduler is not None and not scheduler.stop(deadline_ms / 1000):
            raise errors.make_error(
                lib.LLMLEARN_ETIMEDOUT, "the scheduler ends after the job it is in"
            )

    def _end_jobs(self) -> None:
        """Tells run_due_jobs to end wherever it runs, waiting for nothing."""
        try:
            self._invoke(lib.llmlearn_stop_scheduler, 1)
        except (errors.TimedOutError, errors.ClosedError):
            pass

    def _forget_scheduler(self) -> None:
        """Lets the thread end, waiting for nothing: _close() waits for calls."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.stop(0)

    def set_mail(
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
        """Where alerts go by mail, from this process.

        Args:
            server: "smtps://host", or "smtp://host:587" with STARTTLS. None:
                no mail any more.
            sender: "ann@example.com".
            to: 1 to 16 addresses.
            user: for the login; default: none.
            password: or a function that gives it; kept as ``api_key`` is.
            ca_file: PEM; default: the system's certificates.
            plain_loopback: a server on this machine needs no TLS.
            private_addresses: the server may be in a private network.

        Raises UnsupportedError if libcurl is not there.
        """
        if server is None:
            self._invoke(lib.llmlearn_set_mail, ffi.NULL)
            return
        keep: list[Any] = []
        kept: list[Any] = []
        addresses = list(convert.strings("to", to))
        mail = convert.record(
            "llmlearn_mail",
            keep,
            flags=(lib.LLMLEARN_MAIL_PLAIN_LOOPBACK if plain_loopback else 0)
            | (lib.LLMLEARN_MAIL_PRIVATE_ADDRESSES if private_addresses else 0),
            server=convert.text("server", server),
            to=self._texts("to", addresses, keep),
            to_count=len(addresses),
            user=convert.text("user", user),
            ca_file=convert.text("ca_file", ca_file),
            **{"from": convert.text("sender", sender)},
            **secret_of("password", password, "read_password", kept),
        )
        self._invoke(lib.llmlearn_set_mail, mail)
        self._kept += kept

    def set_webhook(
        self,
        *,
        url: str | None,
        secret: str | None = None,
        ca_file: str | None = None,
        private_addresses: bool = False,
    ) -> None:
        """Where alerts go as JSON by POST, from this process.

        Args:
            url: None: nowhere any more.
            secret: 16 to 256 bytes, the key of the header X-Llmlearn-Signature.
            ca_file: PEM; default: the system's certificates.
            private_addresses: ``url`` may lead into a private network.
        """
        if url is None:
            self._invoke(lib.llmlearn_set_webhook, ffi.NULL)
            return
        keep: list[Any] = []
        webhook = convert.record(
            "llmlearn_webhook",
            keep,
            flags=lib.LLMLEARN_MODEL_PRIVATE_ADDRESSES if private_addresses else 0,
            url=convert.text("url", url),
            secret=convert.text("secret", secret),
            ca_file=convert.text("ca_file", ca_file),
        )
        self._invoke(lib.llmlearn_set_webhook, webhook)
