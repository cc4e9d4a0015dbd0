"""Prompts and variants, tests, reports: the methods of a learner that are about them."""

from __future__ import annotations

from . import _convert as convert
from . import errors
from ._core import Assignment, Base
from ._ffi import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .models import Decision, Rule

RULES = {
    "classic": lib.LLMLEARN_RULE_CLASSIC,
    "group_sequential": lib.LLMLEARN_RULE_GROUP_SEQUENTIAL,
    "always_valid": lib.LLMLEARN_RULE_ALWAYS_VALID,
}


class Experiments(Base):
    """Adds variants, tests them, reports on them."""

    __slots__ = ()

    # ---- prompts and variants

    def add_variant(
        self,
        *,
        signal: str,
        version: str,
        text: str,
        parent: str | None = None,
        timeout_s: float = 1.0,
    ) -> None:
        """Adds a prompt variant as a draft; the same text again changes nothing.

        Args:
            signal: 1 to 32 of A-Z a-z 0-9 _ -.
            version: a name, unique for the signal: 1 to 64 bytes of printable
                ASCII without space or quotes.
            text: the prompt template, up to 64 KiB.
            parent: the known version it was made from.

        Raises ExistsError (the version has another text), NotFoundError (the
        parent), and the errors of storing: TimedOutError, OutcomeUnknownError,
        StorageError, FullError.
        """
        keep: list[Any] = []
        variant = convert.record(
            "llmlearn_variant",
            keep,
            signal=convert.text("signal", signal),
            version=convert.text("version", version),
            text=convert.text("text", text),
            parent=convert.text("parent", parent),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        self._invoke(lib.llmlearn_add_variant, variant)

    def archive_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """Takes a variant out of use.

        Raises StateError if it is the champion or an arm of a running test,
        NotFoundError, and the errors of storing.
        """
        self._invoke(
            lib.llmlearn_archive_variant,
            convert.text("signal", signal),
            convert.text("version", version),
            convert.text("actor", actor),
            convert.text("reason", reason),
            convert.milliseconds(timeout_s),
        )

    def promote_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """Makes a variant the champion by hand.

        The old champion is archived, a running test of the signal is stopped
        and its other arms are archived. Who did it and why is recorded.
        Promoting the champion changes nothing. Raises NotFoundError, StateError
        (the variant has no text, or was rejected), and the errors of storing.
        """
        self._invoke(
            lib.llmlearn_promote_variant,
            convert.text("signal", signal),
            convert.text("version", version),
            convert.text("actor", actor),
            convert.text("reason", reason),
            convert.milliseconds(timeout_s),
        )

    def rollback(self, *, signal: str, actor: str, reason: str, timeout_s: float = 1.0) -> None:
        """Makes the champion before the present one champion again; stops a running test.

        Raises NoChampionError if there was none before, and the errors of storing.
        """
        self._invoke(
            lib.llmlearn_rollback,
            convert.text("signal", signal),
            convert.text("actor", actor),
            convert.text("reason", reason),
            convert.milliseconds(timeout_s),
        )

    # ---- tests

    def start_ab_test(
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
        """Starts a test of prompt variants for one signal and returns its id.

        Arms and weights never change afterwards. What is planned, from the
        signal's last 28 days, is the receipt of the "start" in ``decisions``:
        whether the test can finish at this traffic, and how long it takes.

        Args:
            weights: version to share of the traffic; 2 to 64 arms, the champion
                (else the baseline version) among them; the shares sum to 1.
            rule: how it is decided. All rules count each unit's first vote.
                "classic", if it must be a test that everybody knows: chi-square
                p < alpha and Cramer's V > min_effect, looked at once. Finds
                large differences only.
                "group_sequential", for a weekly job: each variant against the
                champion, by bounds that together spend alpha; a look a week at
                most, at whole weeks (days, if min_duration_days is below 7).
                Finds most, and may end early.
                "always_valid", for people who look whenever they like: an
                e-value for each variant, as it was at the end of the latest
                whole week. Needs up to 1.6 times as many votes.
            min_duration_days: up to 365; 0: decide as soon as min_trials is reached.
            max_duration_days: up to 3,650.
            min_trials: first votes that each arm needs.
            alpha: 1e-6 to 0.5.
            min_effect: the Cramer's V that "classic" must see exceeded, more than
                0, up to 1.
            lift_min: the smallest lift worth finding, 0.001 to 0.5; default 0.05.
                Plans how many votes the other two rules need.
            keep_previous: the champion before the present one may be an arm,
                although it is archived. If it wins and is promoted, that is
                recorded as a rollback by the test.
            actor: who started it, up to 256 bytes.

        Raises ExistsError (a test is running for the signal), NotFoundError (an
        arm was never added), NoChampionError, StateError (an arm is archived or
        rejected), InvalidArgumentError, and the errors of storing.
        """
        keep: list[Any] = []
        arms = ffi.new("llmlearn_arm[]", len(weights))
        for arm, (version, weight) in zip(arms, weights.items()):
            keep.append(ffi.new("char[]", convert.text("weights", version)))
            arm.version = keep[-1]
            arm.weight = convert.real("weights", weight)
        test = convert.record(
            "llmlearn_ab_test",
            keep,
            flags=(lib.LLMLEARN_AB_NO_MINIMUM_DURATION if min_duration_days == 0 else 0)
            | (lib.LLMLEARN_AB_KEEP_PREVIOUS if keep_previous else 0),
            signal=convert.text("signal", signal),
            arms=arms,
            arm_count=len(weights),
            rule=convert.choice("rule", rule, RULES),
            duration_min_days=convert.real("min_duration_days", min_duration_days),
            duration_max_days=convert.positive("max_duration_days", max_duration_days),
            trials_min=convert.count("min_trials", min_trials, convert.U64_MAX),
            alpha_ratio=convert.positive("alpha", alpha),
            effect_min=convert.positive("min_effect", min_effect),
            lift_min=0 if lift_min is None else convert.positive("lift_min", lift_min),
            actor=convert.text("actor", actor),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        out = ffi.new("uint64_t *")
        self._invoke(lib.llmlearn_start_ab_test, test, out)
        return int(out[0])

    def stop_ab_test(
        self, *, test_id: int, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """Ends a running test without a verdict; the champion serves everybody.

        Raises NotFoundError, StateError (not running), and the errors of storing.
        """
        self._invoke(
            lib.llmlearn_stop_ab_test,
            convert.count("test_id", test_id, convert.U64_MAX),
            convert.text("actor", actor),
            convert.text("reason", reason),
            convert.milliseconds(timeout_s),
        )

    def select_winner(
        self, *, signal: str, promote: bool = False, timeout_s: float = 1.0
    ) -> Decision:
        """Looks at the running or last decided test of a signal and decides it by its rule.

        Only this call looks; reports never do. "classic" looks once: the first
        look after the minimum duration and with enough first votes in every arm
        is final. The other rules may look again and again, and the look that
        ends the test is final. What is final is stored with its evidence and
        returned again by every later call; the champion then serves everybody.

        Under any rule a look ends a test as "invalid" whose traffic was not
        split by its weights, or whose arms' users do not answer alike.

        ``promote`` makes the winner champion if it is promotable: it is not the
        champion, beats it (by the sequential rule, or with a Holm-adjusted
        p < alpha), nothing blocks and no guardrail fails (see "blockers" in the
        receipt: latency or cost over 20 % higher, failures over 1 point, rating
        over 0.1 star).

        Raises NotFoundError (the signal never had a test), StateError (its last
        test was stopped by hand), and the errors of storing.
        """
        from .models import decision_from

        out = convert.record("llmlearn_decision", [])
        self._invoke(
            lib.llmlearn_select_winner,
            convert.text("signal", signal),
            lib.LLMLEARN_PROMOTE if promote else 0,
            convert.milliseconds(timeout_s),
            out,
        )
        return decision_from(out)

    def report_failure(
        self, *, assignment: Assignment, unit: str | None = None, timeout_s: float = 1.0
    ) -> bool:
        """Tells of a failure of which no explanation is logged: an exposure that failed.

        The model did not answer, or its answer was of no use. Whoever logs the
        failure as a ``fallback`` has told of it already. An arm that fails far
        more often than the champion is switched off: of its last 50 exposures 20
        more have failed than of the champion's, in at least 5 units. Until the
        test ends its units are served the champion's prompt, in every process
        within a second (``Assignment.rerouted``).

        Returns True when the test was told, False when there is none to tell:
        nothing was being tested, or the prompt was the champion's in place of an
        arm that is off.

        Args:
            assignment: what ``get_variant`` returned.
            unit: as given there.

        Raises:
            StateError: the test has ended meanwhile.
            NotFoundError: no such test or arm.
            InvalidArgumentError: the unit belongs to another arm.
            TimedOutError, OutcomeUnknownError, StorageError, FullError.
        """
        if not isinstance(assignment, Assignment):
            raise TypeError(f"assignment must be an Assignment, not {type(assignment).__name__}")
        deadline_ms = convert.milliseconds(timeout_s)
        name = convert.text("unit", unit)
        if assignment.test_id is None or assignment.rerouted:
            if self.closed:
                raise errors.make_error(lib.LLMLEARN_OK, "the learner is closed")
            return False
        arm: Any = assignment.arm  # anyone can make an Assignment
        self._invoke(
            lib.llmlearn_report_failure,
            convert.whole("assignment.test_id", assignment.test_id, 0, convert.U64_MAX),
            convert.whole("assignment.arm", arm, 0, lib.LLMLEARN_ARMS_MAX - 1),
            name,
            deadline_ms,
        )
        return True

    # ---- reports

    def analytics(
        self, *, days: int = 30, refresh: bool = False, timeout_s: float = 1.0
    ) -> dict[str, Any]:
        """What people think of the explanations; the fields are those of the C header.

        Covers today (UTC) and the ``days - 1`` days before it, at most 90 in
        all. Cached; ``refresh`` does not answer from the cache. What was
        logged just now is stored first; ``pending`` says what was not.

        Raises TimedOutError (another computation did not end in time), StorageError.
        """
        return self._report(
            lib.llmlearn_analytics,
            convert.count("days", days, 90),
            lib.LLMLEARN_REFRESH if refresh else 0,
            convert.milliseconds(timeout_s),
        )

    def ab_tests(self, *, signal: str | None = None, limit: int | None = None) -> dict[str, Any]:
        """The champions, and the tests, newest first. Only reads: never decides.

        ``limit``: at most 1,000 tests, default 100.
        """
        return self._report(
            lib.llmlearn_ab_tests,
            convert.text("signal", signal),
            convert.count("limit", limit, convert.ROWS_MAX),
        )

    def ab_test_series(self, *, test_id: int, timeout_s: float = 1.0) -> dict[str, Any]:
        """How a test came to where it is, day by day; the fields are those of the C header.

        Only reads: never decides. A test of more than 400 days is shown every
        ``step_days`` days. Each interval holds for its day alone.

        Raises NotFoundError, TimedOutError, StorageError.
        """
        return self._report(
            lib.llmlearn_ab_test_series,
            convert.whole("test_id", test_id, 1, convert.U64_MAX),
            convert.milliseconds(timeout_s),
        )

    def decisions(self, *, signal: str | None = None, limit: int | None = None) -> dict[str, Any]:
        """The history of decisions, newest first; it is never rewritten.

        ``limit``: at most 1,000, default 100.
        """
        return self._report(
            lib.llmlearn_decisions,
            convert.text("signal", signal),
            convert.count("limit", limit, convert.ROWS_MAX),
        )

    def replay_decision(self, *, decision_id: int, timeout_s: float = 1.0) -> dict[str, Any]:
        """Decides again from what a verdict was made of; the fields are those of the C header.

        ``same`` says that verdict and evidence are equal to the last bit, as
        they are by the version that decided; ``same_verdict`` that the verdict
        is, whatever the version. ``stored`` and ``replayed`` are the receipts.

        Raises NotFoundError (no such decision), StateError (not a verdict, or
        one made by a version that kept less), UnsupportedError (a newer one),
        CorruptError, TimedOutError, StorageError.
        """
        return self._report(
            lib.llmlearn_replay_decision,
            convert.whole("decision_id", decision_id, 1, convert.U64_MAX),
            convert.milliseconds(timeout_s),
        )

    def self_check(
        self, *, test_id: int, runs: int = 1000, timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """How often each rule would crown a winner on this test's traffic if all arms were alike.

        Every unit's arm is drawn again with the test's weights; its time, vote
        and place in the order are kept. ``false_winner_rate`` of each rule in
        ``rules`` is to be read against ``alpha``. The same answer every time.

        Args:
            runs: 1 to 10,000. Fewer are made if the time is up first:
                ``complete`` is then False.

        Raises NotFoundError (no such test), StateError (no votes yet, or over
        100,000 units that voted), TimedOutError (not one run).
        """
        return self._report(
            lib.llmlearn_self_check,
            convert.whole("test_id", test_id, 1, convert.U64_MAX),
            convert.count("runs", runs, 10_000),
            convert.milliseconds(timeout_s),
        )
