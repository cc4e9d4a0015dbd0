"""What Learner does, through the real library."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import inspect
import os
import pickle
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

import llmlearn
from llmlearn import Assignment, Learner, VirtualClock

START_US = 1_750_000_000_000_000  # 2025-06-15, a Sunday


def public(cls):
    """The public methods of a class, those inherited from C among them."""
    return {name: getattr(cls, name) for name in dir(cls) if not name.startswith("_")}


# ---- explanations


def test_an_explanation_comes_back_as_it_was_logged(learner):
    id = learner.log_explanation(
        ticker="BRK.B",
        signal="SELL",
        text="Überkauft: das Momentum läßt nach 📉",
        version="v2",
        model="gpt-4o-mini",
        provider="openai",
        unit="user-7",
        confidence=0.85,
        latency_ms=812.5,
        cached=True,
        fallback_reason="the model was slow",
        prompt_tokens=321,
        completion_tokens=45,
        cost_usd=0.000123456,
        metadata={"fenêtre": [20, 50], "deep": {"null": None}},
    )
    learner.submit_feedback(
        explanation_id=id, helpful=False, rating=2, comment="zu kurz", user="user-7"
    )
    got = learner.get_explanation(explanation_id=id)
    vote = got.feedback[0]

    assert dataclasses.replace(got, created_at=None, created_us=0, feedback=()) == (
        llmlearn.Explanation(
            id=id,
            created_at=None,
            created_us=0,
            ticker="BRK.B",
            signal="SELL",
            text="Überkauft: das Momentum läßt nach 📉",
            version="v2",
            model="gpt-4o-mini",
            provider="openai",
            unit="user-7",
            confidence=0.85,
            latency_ms=812.5,
            prompt_tokens=321,
            completion_tokens=45,
            cost_nanousd=123456,
            cached=True,
            fallback=True,
            fallback_reason="the model was slow",
            rerouted=False,
            test_id=None,
            arm=None,
            metadata={"fenêtre": [20, 50], "deep": {"null": None}},
            feedback=(),
        )
    )
    assert (vote.user, vote.helpful, vote.rating, vote.comment) == ("user-7", False, 2, "zu kurz")
    assert got.created_at.utcoffset() == timedelta(0)
    assert got.created_at - datetime.fromtimestamp(got.created_us / 1e6, timezone.utc) < (
        timedelta(seconds=1)
    )


def test_what_is_not_known_is_none_and_zero_is_zero(learner, log):
    bare = learner.get_explanation(explanation_id=log())
    zero = learner.get_explanation(
        explanation_id=log(
            confidence=0, latency_ms=0.0, prompt_tokens=0, completion_tokens=0, cost_nanousd=0
        )
    )
    numbers = ("confidence", "latency_ms", "prompt_tokens", "completion_tokens", "cost_nanousd")

    assert all(getattr(bare, name) is None for name in numbers)
    assert all(getattr(zero, name) == 0 for name in numbers)
    assert bare.model is bare.provider is bare.unit is bare.metadata is None
    assert bare.version == "v1.0"
    assert not (bare.cached or bare.fallback or bare.rerouted)


def test_pages_lead_from_the_newest_to_the_oldest(learner, log):
    ids = sorted(log() for _ in range(25))
    first = learner.explanations()
    second = learner.explanations(before=first.next, limit=100)

    assert [row.id for row in first.explanations + second.explanations] == ids[::-1]
    assert (len(first.explanations), second.next) == (20, None)
    assert (first.pending, second.pending) == (0, 0)


def test_a_page_may_be_of_one_signal_ticker_or_version(learner, log):
    fields = ({"signal": "HOLD"}, {"ticker": "BRK.B"}, {"version": "v9"})
    ids = [log(**field) for field in fields]
    log()
    for id, field in zip(ids, fields, strict=True):
        assert [row.id for row in learner.explanations(**field).explanations] == [id]
    assert learner.explanations(signal="HOLD", ticker="BRK.B").explanations == ()


def test_a_page_counts_votes_and_shows_ones_own(learner, log):
    id = log(metadata={"a": 1})
    learner.submit_feedback(explanation_id=id, helpful=True, rating=4, comment="ja", user="ann")
    learner.submit_feedback(explanation_id=id, helpful=False, comment="secret", user="bob")
    (row,) = learner.explanations(user="ann").explanations
    one = learner.get_explanation(explanation_id=id)
    mine = next(vote for vote in one.feedback if vote.user == "ann")

    assert (row.positive, row.negative, row.mine) == (1, 1, mine)
    assert learner.explanations(user="cleo").explanations[0].mine is None
    assert learner.explanations().explanations[0].mine is None
    for field in dataclasses.fields(llmlearn.Explanation):
        if field.name != "feedback":
            assert getattr(row, field.name) == getattr(one, field.name)
    assert "secret" not in repr(row)


def test_metadata_may_be_json_text_already(learner, log):
    id = log(metadata='{"a": 1}')
    assert learner.get_explanation(explanation_id=id).metadata == {"a": 1}


def test_keywords_are_found_by_their_letters_not_their_address(log, learner):
    """`**kwargs` may bring names that Python never interned."""
    fields = {"".join(["con", "fidence"]): 0.5, "".join(["u", "nit"]): "u"}
    got = learner.get_explanation(explanation_id=log(**fields))
    assert (got.confidence, got.unit) == (0.5, "u")


def test_ids_are_uuids_that_sort_by_time(log):
    ids = [log() for _ in range(1000)]
    times = [id[:18] for id in ids]  # behind them is chance
    assert times == sorted(times)
    assert len(set(ids)) == 1000
    assert all(len(id) == 36 and id[14] == "7" and id == id.lower() for id in ids)


# ---- votes


def test_a_newer_vote_of_a_user_replaces_the_older(learner, log):
    id = log()
    learner.submit_feedback(explanation_id=id, helpful=False, rating=1, user="ann")
    learner.submit_feedback(explanation_id=id, helpful=True, rating=5, user="ann")
    votes = learner.get_explanation(explanation_id=id).feedback
    assert [(vote.user, vote.helpful, vote.rating) for vote in votes] == [("ann", True, 5)]


def test_votes_can_be_withdrawn_by_user_or_by_vote(learner, log):
    id = log()
    learner.submit_feedback(explanation_id=id, helpful=True, user="ann")
    anonymous = learner.submit_feedback(explanation_id=id, helpful=False)
    learner.withdraw_feedback(explanation_id=id, user="ann")
    assert [vote.user for vote in learner.get_explanation(explanation_id=id).feedback] == [None]
    learner.withdraw_feedback(explanation_id=id, vote_id=anonymous)
    assert learner.get_explanation(explanation_id=id).feedback == ()
    with pytest.raises(llmlearn.NotFoundError):
        learner.withdraw_feedback(explanation_id=id, user="ann")


def test_a_vote_keeps_the_time_it_was_given(learner, log):
    id = log()
    given = datetime.now(timezone(timedelta(hours=5, minutes=30))).replace(microsecond=123456)
    learner.submit_feedback(explanation_id=id, helpful=True, created_at=given)
    assert learner.get_explanation(explanation_id=id).feedback[0].created_at == given


def test_the_eleventh_vote_in_an_hour_has_to_wait(tmp_path):
    clock = VirtualClock(START_US)
    with Learner(tmp_path / "loop.db", virtual_clock=clock) as learner:
        ids = [
            learner.log_explanation(ticker="AAPL", signal="BUY", text=str(i)) for i in range(11)
        ]
        for id in ids[:10]:
            learner.submit_feedback(explanation_id=id, helpful=True, user="ann")
            clock.advance(seconds=60)
        with pytest.raises(llmlearn.RateLimitedError) as caught:
            learner.submit_feedback(explanation_id=ids[10], helpful=True, user="ann")
        assert caught.value.retry_after_s == 3600 - 600
        clock.advance(seconds=caught.value.retry_after_s)
        learner.submit_feedback(explanation_id=ids[10], helpful=True, user="ann")


def test_votes_without_a_limit(tmp_path):
    with Learner(tmp_path / "loop.db", feedback_per_hour=llmlearn.UNLIMITED) as learner:
        for i in range(15):
            id = learner.log_explanation(ticker="AAPL", signal="BUY", text=str(i))
            learner.submit_feedback(explanation_id=id, helpful=True, user="ann")
        assert learner.counters().votes == 15


# ---- variants and tests


@pytest.fixture
def tested(tmp_path):
    """A learner with a test that may be decided as soon as the votes are there."""
    with Learner(tmp_path / "loop.db") as learner:
        learner.add_variant(signal="BUY", version="v1.0", text="Explain {{ticker}}.")
        learner.add_variant(signal="BUY", version="v2", text="Be brief.", parent="v1.0")
        learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="the first")
        test_id = learner.start_ab_test(
            signal="BUY", weights={"v1.0": 0.5, "v2": 0.5}, min_duration_days=0, min_trials=30
        )
        yield SimpleNamespace(learner=learner, test_id=test_id)


def vote_for(learner, winner, users):
    """Every user gets one explanation; those of `winner` help."""
    for i in range(users):
        unit = f"user-{i}"
        chosen = learner.get_variant(signal="BUY", unit=unit)
        id = learner.log_explanation(
            ticker="AAPL", signal="BUY", text="t", unit=unit, assignment=chosen
        )
        learner.submit_feedback(explanation_id=id, helpful=chosen.version == winner, user=unit)


def test_nothing_known_yet_serves_the_baseline(learner):
    assert learner.get_variant(signal="BUY") == Assignment(("v1.0", None, None, None, False))


def test_the_baseline_can_be_named(tmp_path):
    with Learner(tmp_path / "loop.db", baseline="house-3") as learner:
        assert learner.get_variant(signal="HOLD", unit="u").version == "house-3"


def test_a_unit_stays_in_its_arm_and_the_log_knows_it(tested):
    learner = tested.learner
    arms = set()
    for i in range(40):
        chosen = learner.get_variant(signal="BUY", unit=f"u{i}")
        assert chosen == learner.get_variant(signal="BUY", unit=f"u{i}")
        assert chosen.test_id == tested.test_id
        assert chosen.text == {"v1.0": "Explain {{ticker}}.", "v2": "Be brief."}[chosen.version]
        arms.add((chosen.arm, chosen.version))
        id = learner.log_explanation(
            ticker="AAPL", signal="BUY", text="t", unit=f"u{i}", assignment=chosen
        )
    got = learner.get_explanation(explanation_id=id)

    assert arms == {(0, "v1.0"), (1, "v2")}
    assert (got.version, got.test_id, got.arm) == (chosen.version, chosen.test_id, chosen.arm)


def test_equal_assignments_are_one_object(tested):
    """That is what makes the call cheap: nothing is built but once."""
    first = tested.learner.get_variant(signal="BUY", unit="ann")
    assert tested.learner.get_variant(signal="BUY", unit="ann") is first
    assert first is not pickle.loads(pickle.dumps(first)) == first


def test_an_assignment_cannot_be_changed(learner):
    chosen = learner.get_variant(signal="BUY")
    for name in Assignment.__match_args__:
        with pytest.raises((AttributeError, TypeError)):
            setattr(chosen, name, "v9")


def test_a_test_ends_with_a_winner_who_is_promoted(tested):
    learner = tested.learner
    early = learner.select_winner(signal="BUY", promote=True)
    assert (early.verdict, early.decision_id, early.promoted) == ("keep_going", None, False)

    vote_for(learner, "v2", users=120)
    decision = learner.select_winner(signal="BUY", promote=True)
    assert (decision.verdict, decision.winner, decision.status) == ("winner", "v2", "winner")
    assert decision.promotable and decision.promoted
    assert decision.p_value < 0.001 and decision.effect > 0.9
    assert decision.receipt["winner"] == "v2"
    assert sum(arm["first_votes"] for arm in decision.receipt["arms"]) == 120
    assert learner.get_variant(signal="BUY", unit="new").version == "v2"
    assert learner.select_winner(signal="BUY").decision_id == decision.decision_id

    learner.rollback(signal="BUY", actor="ann", reason="second thoughts")
    assert learner.get_variant(signal="BUY").version == "v1.0"
    kinds = [entry["kind"] for entry in learner.decisions(signal="BUY")["decisions"]]
    assert kinds[0] == "rollback"
    assert {"start", "verdict", "promotion"} <= set(kinds)


def test_a_test_can_be_stopped(tested):
    learner = tested.learner
    learner.stop_ab_test(test_id=tested.test_id, actor="ann", reason="enough")
    assert learner.get_variant(signal="BUY", unit="u").test_id is None
    assert learner.ab_tests(signal="BUY")["tests"][0]["status"] == "stopped"
    with pytest.raises(llmlearn.StateError):
        learner.stop_ab_test(test_id=tested.test_id, actor="ann", reason="again")


def test_a_variant_can_be_archived(learner):
    learner.add_variant(signal="BUY", version="v3", text="t")
    learner.archive_variant(signal="BUY", version="v3", actor="ann", reason="unused")
    assert learner.decisions(signal="BUY", limit=1)["decisions"][0]["kind"] == "archive"


# ---- reports


def test_analytics_counts_what_was_logged_just_now(learner, log):
    ids = [log(ticker=ticker) for ticker in ("AAPL", "AAPL", "MSFT")]
    learner.submit_feedback(explanation_id=ids[0], helpful=True, rating=4, user="ann")
    report = learner.analytics(days=7)

    assert (report["total_explanations"], report["total_feedback"]) == (3, 1)
    assert (report["positive_rate"], report["average_rating"]) == (1.0, 4.0)
    assert [row["ticker"] for row in report["by_ticker"]] == ["AAPL", "MSFT"]
    assert len(report["series"]) == 7

    log()
    assert learner.analytics(days=7)["total_explanations"] == 3
    assert learner.analytics(days=7, refresh=True)["total_explanations"] == 4


def test_counters_have_every_field_of_the_header(learner, log):
    from llmlearn._ffi import ffi

    fields = {name for name, _ in ffi.typeof("llmlearn_counters").fields}
    assert {field.name for field in dataclasses.fields(llmlearn.Counters)} == (
        fields - {"struct_size"}
    )
    log()
    learner.flush()
    counters = learner.counters()
    assert (counters.logged, counters.full, counters.lag_ms, counters.queued_bytes) == (1, 0, 0, 0)


def test_a_decision_has_every_field_of_the_header():
    from llmlearn._ffi import ffi

    fields = {name for name, _ in ffi.typeof("llmlearn_decision").fields}
    assert {field.name for field in dataclasses.fields(llmlearn.Decision)} == (
        fields - {"struct_size", "receipt_json"} | {"receipt"}
    )


def test_the_virtual_clock_stamps_what_is_logged(tmp_path):
    clock = VirtualClock(START_US)
    with Learner(tmp_path / "loop.db", virtual_clock=clock) as learner:
        first = learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
        assert clock.advance(seconds=86_400, us=5) == clock.now_us == START_US + 86_400_000_005
        second = learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
        times = [learner.get_explanation(explanation_id=id).created_us for id in (first, second)]
        days = [row["day"] for row in learner.analytics(days=2)["series"]]
    assert times[0] // 1000 == START_US // 1000
    assert times[1] - times[0] == pytest.approx(86_400_000_000, abs=2000)
    assert days == ["2025-06-15", "2025-06-16"]


# ---- life


def test_what_one_learner_logs_another_reads(tmp_path):
    with Learner(tmp_path / "loop.db") as one, Learner(tmp_path / "loop.db") as two:
        id = one.log_explanation(ticker="AAPL", signal="BUY", text="t")
        assert two.get_explanation(explanation_id=id).text == "t"


def test_a_path_object_is_a_path(tmp_path):
    with Learner(tmp_path / "loop.db") as learner:
        assert learner.path == str(tmp_path / "loop.db")
        assert repr(learner) == f"<Learner {learner.path!r}>"
    assert repr(learner).endswith(" closed>")


def test_closing_twice_is_closing_once(tmp_path):
    learner = Learner(tmp_path / "loop.db")
    assert not learner.closed
    learner.close()
    learner.close()
    assert learner.closed


CALLS = {
    "log_explanation": {"ticker": "A", "signal": "B", "text": "t"},
    "submit_feedback": {"explanation_id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "helpful": True},
    "withdraw_feedback": {"explanation_id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "user": "u"},
    "explanations": {},
    "get_explanation": {"explanation_id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12},
    "add_variant": {"signal": "B", "version": "v", "text": "t"},
    "archive_variant": {"signal": "B", "version": "v", "actor": "a", "reason": "r"},
    "get_variant": {"signal": "B"},
    "promote_variant": {"signal": "B", "version": "v", "actor": "a", "reason": "r"},
    "rollback": {"signal": "B", "actor": "a", "reason": "r"},
    "start_ab_test": {"signal": "B", "weights": {"v": 0.5, "w": 0.5}},
    "stop_ab_test": {"test_id": 1, "actor": "a", "reason": "r"},
    "select_winner": {"signal": "B"},
    "report_failure": {"assignment": Assignment(("v", None, None, None, False))},
    "replay_decision": {"decision_id": 1},
    "self_check": {"test_id": 1},
    "analytics": {},
    "ab_tests": {},
    "ab_test_series": {"test_id": 1},
    "decisions": {},
    "counters": {},
    "flush": {},
    "set_model": {"uses": "explaining", "model": None},
    "explain": {"ticker": "A", "signal": "B"},
    "set_budget": {},
    "generate_variants": {"signal": "B"},
    "approve_variant": {"signal": "B", "version": "v", "actor": "a", "reason": "r"},
    "variants": {},
    "set_schedule": {},
    "run_due_jobs": {},
    "start_scheduler": {},
    "stop_scheduler": {},
    "set_mail": {"server": None},
    "set_webhook": {"url": None},
}


def test_every_method_is_known_to_the_next_test():
    assert set(CALLS) == set(public(Learner)) - {"close", "closed", "path"}


@pytest.mark.parametrize("name", CALLS)
def test_a_closed_learner_says_so(tmp_path, name):
    learner = Learner(tmp_path / "loop.db")
    learner.close()
    with pytest.raises(llmlearn.ClosedError):
        getattr(learner, name)(**CALLS[name])


@pytest.mark.parametrize("name", [*CALLS, "close"])
def test_methods_take_keywords_only(learner, name):
    parameters = inspect.signature(getattr(learner, name)).parameters.values()
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    with pytest.raises(TypeError):
        getattr(learner, name)("AAPL")


def test_an_unopened_learner_says_so():
    with pytest.raises(llmlearn.ClosedError):
        Learner.__new__(Learner).flush()


def test_a_learner_is_opened_once(learner, tmp_path):
    with pytest.raises(RuntimeError):
        learner.__init__(tmp_path / "other.db")
    learner.log_explanation(ticker="AAPL", signal="BUY", text="still the first")


def test_a_forgotten_learner_warns_and_loses_nothing(tmp_path):
    learner = Learner(tmp_path / "loop.db")
    id = learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
    with pytest.warns(ResourceWarning, match="unclosed <Learner"):
        del learner
        gc.collect()
    with Learner(tmp_path / "loop.db") as learner:
        assert learner.get_explanation(explanation_id=id).text == "t"


def test_an_exception_in_the_block_is_not_hidden_by_closing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with Learner(tmp_path / "loop.db") as learner:
            1 / 0
    assert learner.closed


def held_files(path):
    """How many files this process has open on the database and its journal."""
    held = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            held += str(path) in os.readlink(entry)
    return held


def test_a_call_that_outlasts_the_close_closes(tmp_path):
    """The handle must not be freed under a call, and not be forgotten either."""
    learner = Learner(tmp_path / "loop.db")
    learner.flush()
    entered, leave = threading.Event(), threading.Event()

    def slow(handle, *args):
        entered.set()
        leave.wait(20)
        return 0

    thread = threading.Thread(target=learner._invoke, args=[slow])
    thread.start()
    entered.wait()
    with pytest.raises(llmlearn.TimedOutError):
        learner.close(timeout_s=0.01)
    assert learner.closed and held_files(tmp_path) > 0
    learner.close()
    leave.set()
    thread.join()
    assert held_files(tmp_path) == 0


def test_closing_while_others_call(tmp_path):
    """Whoever gets an id keeps it, everyone else is told, nobody crashes."""
    learner = Learner(tmp_path / "loop.db")
    ids, stopped, started = [], [], threading.Barrier(5)

    def work(call):
        started.wait()
        try:
            while True:
                call()
        except llmlearn.ClosedError:
            stopped.append(True)

    def log():
        ids.append(learner.log_explanation(ticker="AAPL", signal="BUY", text="t"))

    def read():
        learner.get_explanation(explanation_id=log_one)

    log_one = learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
    calls = [log, read, learner.counters, learner.flush]
    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    started.wait()
    while len(ids) < 100:
        pass
    learner.close(timeout_s=20)
    for thread in threads:
        thread.join()

    assert len(stopped) == 4
    with Learner(tmp_path / "loop.db") as again:
        for id in {ids[0], ids[len(ids) // 2], ids[-1]}:
            again.get_explanation(explanation_id=id, timeout_s=20)
        assert again.analytics(refresh=True, timeout_s=20)["total_explanations"] == len(ids) + 1


def test_everything_public_is_documented():
    for name in llmlearn.__all__:
        thing = getattr(llmlearn, name)
        assert name in ("UNLIMITED", "__version__") or inspect.getdoc(thing), name
    for cls in (Learner, llmlearn.AsyncLearner, VirtualClock):
        for name, member in public(cls).items():
            if not inspect.ismemberdescriptor(member):
                assert inspect.getdoc(member), f"{cls.__name__}.{name}"


def test_results_are_frozen():
    for cls in (llmlearn.Counters, llmlearn.Decision, llmlearn.Explanation, llmlearn.Feedback):
        assert cls.__dataclass_params__.frozen and hasattr(cls, "__slots__")


def test_the_version_is_the_librarys():
    from llmlearn._ffi import lib

    parts = (lib.LLMLEARN_VERSION_MAJOR, lib.LLMLEARN_VERSION_MINOR, lib.LLMLEARN_VERSION_PATCH)
    assert llmlearn.__version__ == "{}.{}.{}".format(*parts)
    assert "AsyncLearner" in dir(llmlearn)
    with pytest.raises(AttributeError):
        llmlearn.nothing
