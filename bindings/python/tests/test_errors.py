"""Every failure has a class of its own, and a bad argument changes nothing."""

from __future__ import annotations

import errno
import math
import os
import pickle
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest

import llmlearn
from llmlearn import InvalidArgumentError, Learner, errors
from llmlearn._ffi import ffi, lib

UNKNOWN = "0190b7d4-0000-7000-8000-000000000000"
LONG = "x" * 300


def short(bad):
    """A readable name for a test's parameters."""
    return repr(bad)[:40]


def codes():
    """The error codes of the header, by name."""
    return {name: number for number, name in ffi.typeof("llmlearn_err").elements.items()}


def test_every_code_has_a_class_of_its_own():
    made = {name: type(errors.make_error(code, "why", 9)) for name, code in codes().items()}
    assert made.pop("LLMLEARN_OK") is llmlearn.ClosedError
    assert made["LLMLEARN_ENOMEM"] is MemoryError
    assert len(set(made.values())) == len(made)
    assert errors.LearnerError not in made.values()


@pytest.mark.parametrize("code", [code for code in codes().values() if code])
def test_an_error_survives_pickling(code):
    error = errors.make_error(code, "why", 9)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_python_finds_its_own_classes():
    for ours, theirs in (
        (llmlearn.InvalidArgumentError, ValueError),
        (llmlearn.NotFoundError, LookupError),
        (llmlearn.TimedOutError, TimeoutError),
        (llmlearn.ClosedError, llmlearn.StateError),
    ):
        assert issubclass(ours, theirs) and issubclass(ours, llmlearn.LearnerError)
    assert errors.make_error(lib.LLMLEARN_ETIMEDOUT, "late").errno == errno.ETIMEDOUT


def test_an_error_names_itself_and_the_reason():
    error = errors.make_error(lib.LLMLEARN_EFULL, "the journal is full")
    assert (error.code, error.detail, error.name) == (-5, "the journal is full", "LLMLEARN_EFULL")
    assert str(error) == "the journal is full (LLMLEARN_EFULL)"


# ---- arguments

GOOD = {"ticker": "AAPL", "signal": "BUY", "text": "t"}

BAD_LOGS = [
    {"ticker": ""},
    {"ticker": "a b"},
    {"ticker": 'a"b'},
    {"ticker": "x" * 65},
    {"ticker": "ü"},
    {"ticker": None},
    {"signal": None},
    {"text": None},
    {"signal": ""},
    {"signal": "BUY!"},
    {"signal": "x" * 33},
    {"text": "a\0b"},
    {"text": "\ud800"},
    {"text": "x" * (256 * 1024 + 1)},
    {"version": "a b"},
    {"model": ""},
    {"provider": "<b>"},
    {"unit": ""},
    {"unit": LONG},
    {"confidence": -0.1},
    {"confidence": 1.1},
    {"confidence": math.nan},
    {"confidence": 10**400},
    {"latency_ms": -1},
    {"latency_ms": math.inf},
    {"prompt_tokens": -1},
    {"prompt_tokens": 2**63},
    {"completion_tokens": -1},
    {"cost_nanousd": -1},
    {"cost_usd": -1.0},
    {"cost_usd": math.nan},
    {"cost_usd": 1e10},
    {"cost_usd": 1.0, "cost_nanousd": 1},
    {"fallback_reason": "x" * 1001},
    {"metadata": {"x": math.nan}},
    {"metadata": {"x": "\ud800"}},
    {"metadata": {"x": "y" * 20_000}},
    {"assignment": llmlearn.Assignment(("v", None, 1, 64, False))},
    {"assignment": llmlearn.Assignment(("v", None, 1, -1, False))},
    {"assignment": llmlearn.Assignment(("v", None, 2**64, 0, False))},
    {"assignment": llmlearn.Assignment(("v\0w", None, None, None, False))},
]

WRONG_TYPES = [
    {"ticker": b"AAPL"},
    {"text": 1},
    {"confidence": "high"},
    {"prompt_tokens": 1.5},
    {"metadata": ["x"]},
    {"metadata": {"x": object()}},
    {"assignment": ("v", None, 1, 0, False)},
    {"assignment": llmlearn.Assignment((1, None, 1, 0, False))},
    {"assignment": llmlearn.Assignment(("v", None, "1", 0, False))},
    {"nonsense": 1},
]


@pytest.mark.parametrize("bad", BAD_LOGS, ids=short)
def test_a_bad_explanation_is_refused_whole(learner, bad):
    with pytest.raises(InvalidArgumentError) as caught:
        learner.log_explanation(**{**GOOD, **bad})
    field = next(iter(bad))
    assert field in caught.value.detail
    assert learner.counters().logged == 0


@pytest.mark.parametrize("bad", WRONG_TYPES, ids=short)
def test_a_wrong_type_is_pythons_own_error(learner, bad):
    with pytest.raises(TypeError, match=f"{next(iter(bad))}|JSON"):
        learner.log_explanation(**{**GOOD, **bad})
    assert learner.counters().logged == 0


def test_required_arguments_are_required(learner):
    for missing in GOOD:
        rest = {name: value for name, value in GOOD.items() if name != missing}
        with pytest.raises(TypeError, match=missing):
            learner.log_explanation(**rest)
    with pytest.raises(TypeError, match="signal"):
        learner.get_variant(unit="u")


def test_an_error_in_the_callers_own_objects_comes_through(learner):
    class Broken:
        def __float__(self):
            raise ZeroDivisionError

        def __bool__(self):
            raise ZeroDivisionError

    for name in ("confidence", "cached"):
        with pytest.raises(ZeroDivisionError):
            learner.log_explanation(**GOOD, **{name: Broken()})


def test_an_argument_that_closes_the_learner_is_survived(learner):
    """Converting an argument may run any code, even this."""

    class Closing:
        def __float__(self):
            learner.close()
            return 0.5

    with pytest.raises(llmlearn.ClosedError):
        learner.log_explanation(**GOOD, confidence=Closing())


@pytest.mark.parametrize(
    "bad",
    [
        {"explanation_id": "nonsense"},
        {"explanation_id": UNKNOWN[:-1]},
        {"rating": 0},
        {"rating": 6},
        {"user": ""},
        {"user": LONG},
        {"comment": "x" * 4001},
        {"comment": "a\0b"},
        {"created_at": datetime(2025, 1, 1)},
        {"created_at": datetime.now(timezone.utc) + timedelta(days=2)},
        {"timeout_s": -1},
        {"timeout_s": math.nan},
    ],
    ids=short,
)
def test_a_bad_vote_is_refused(learner, bad):
    good = {"explanation_id": learner.log_explanation(**GOOD), "helpful": True}
    with pytest.raises(InvalidArgumentError):
        learner.submit_feedback(**{**good, **bad})
    assert learner.get_explanation(explanation_id=good["explanation_id"]).feedback == ()


def test_a_vote_is_yes_or_no(learner):
    """`helpful="false"` must not count as a yes."""
    id = learner.log_explanation(**GOOD)
    for helpful in ("false", 1, None):
        with pytest.raises(TypeError):
            learner.submit_feedback(explanation_id=id, helpful=helpful)


def test_withdrawing_names_one_of_user_and_vote(learner):
    id = learner.log_explanation(**GOOD)
    with pytest.raises(InvalidArgumentError):
        learner.withdraw_feedback(explanation_id=id)
    with pytest.raises(InvalidArgumentError):
        learner.withdraw_feedback(explanation_id=id, user="ann", vote_id=id)


def test_what_does_not_exist_is_not_found(learner):
    with pytest.raises(llmlearn.NotFoundError):
        learner.submit_feedback(explanation_id=UNKNOWN, helpful=True)
    with pytest.raises(llmlearn.NotFoundError):
        learner.get_explanation(explanation_id=UNKNOWN)
    with pytest.raises(llmlearn.NotFoundError):
        learner.select_winner(signal="BUY")
    with pytest.raises(llmlearn.NotFoundError):
        learner.promote_variant(signal="BUY", version="v9", actor="ann", reason="why not")
    with pytest.raises(llmlearn.NotFoundError):
        learner.stop_ab_test(test_id=99, actor="ann", reason="why not")


# ---- tests of variants


@pytest.fixture
def variants(learner):
    for version in ("v1.0", "v2", "v3"):
        learner.add_variant(signal="BUY", version=version, text=f"text of {version}")
    learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="the first")
    return learner


@pytest.mark.parametrize(
    "bad",
    [
        {"weights": {}},
        {"weights": {"v1.0": 1.0}},
        {"weights": {"v1.0": 0.0, "v2": 0.0}},
        {"weights": {"v1.0": -0.5, "v2": 1.5}},
        {"weights": {"v1.0": 0.5, "v2": 0.4}},
        {"weights": {"v1.0": math.nan, "v2": 0.5}},
        {"weights": {f"v{i}": 1 / 65 for i in range(65)}},
        {"rule": "coin toss"},
        {"min_duration_days": -1},
        {"min_duration_days": math.nan},
        {"min_duration_days": 366},
        {"max_duration_days": 0},
        {"max_duration_days": 1},
        {"min_trials": 0},
        {"alpha": 0},
        {"alpha": 0.6},
        {"min_effect": 0},
        {"min_effect": 1.1},
        {"lift_min": 0},
        {"lift_min": 0.6},
        {"lift_min": math.nan},
        {"actor": LONG},
    ],
    ids=short,
)
def test_a_bad_test_is_not_started(variants, bad):
    with pytest.raises(InvalidArgumentError):
        variants.start_ab_test(**{"signal": "BUY", "weights": {"v1.0": 0.5, "v2": 0.5}, **bad})
    assert variants.ab_tests()["tests"] == []


def test_a_wrong_type_starts_no_test(variants):
    for bad in ({"lift_min": "5 %"}, {"rule": None}, {"rule": 3}, {"weights": {"v1.0": "half"}}):
        with pytest.raises((TypeError, InvalidArgumentError), match=next(iter(bad))):
            variants.start_ab_test(**{"signal": "BUY", "weights": {"v1.0": 0.5, "v2": 0.5}, **bad})
    assert variants.ab_tests()["tests"] == []


def assigned(test_id, arm):
    return llmlearn.Assignment(("v1.0", None, test_id, arm, False))


@pytest.mark.parametrize(
    "bad",
    [
        {"assignment": assigned(1, 64)},
        {"assignment": assigned(1, -1)},
        {"assignment": assigned(-1, 0)},
        {"assignment": assigned(2**64, 0)},
        {"unit": ""},
        {"unit": LONG},
        {"unit": "a\0b"},
        {"unit": "\ud800"},
        {"timeout_s": -1},
        {"timeout_s": math.nan},
    ],
    ids=short,
)
def test_a_bad_failure_is_refused(variants, bad):
    test_id = variants.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v2": 0.5})
    with pytest.raises(InvalidArgumentError, match=next(iter(bad))):
        variants.report_failure(**{"assignment": assigned(test_id, 0), **bad})
    arms = variants.ab_tests()["tests"][0]["evidence"]["arms"]
    assert [arm["failures"] for arm in arms] == [0, 0]


@pytest.mark.parametrize(
    "bad",
    [
        {"assignment": None},
        {"assignment": ("v1.0", None, 1, 0, False)},
        {"assignment": assigned("1", 0)},
        {"assignment": assigned(1, None)},
        {"unit": 7},
        {"unit": b"ann"},
    ],
    ids=short,
)
def test_a_failure_of_a_wrong_type(learner, bad):
    with pytest.raises(TypeError, match=next(iter(bad))):
        learner.report_failure(**{"assignment": assigned(1, 0), **bad})


def test_a_bad_failure_is_refused_where_nothing_is_tested(learner):
    """A mistake must not wait for the first test to be found."""
    nothing = learner.get_variant(signal="BUY")
    for bad in ({"unit": "a\0b"}, {"timeout_s": -1}):
        with pytest.raises(InvalidArgumentError):
            learner.report_failure(assignment=nothing, **bad)
    with pytest.raises(TypeError):
        learner.report_failure(assignment=nothing, unit=7)


@pytest.mark.parametrize("id", [0, -1, 2**64, None, "1", 1.5], ids=short)
def test_an_id_is_a_whole_number(learner, id):
    wrong = InvalidArgumentError if isinstance(id, int) else TypeError
    with pytest.raises(wrong, match="decision_id"):
        learner.replay_decision(decision_id=id)
    with pytest.raises(wrong, match="test_id"):
        learner.self_check(test_id=id)


@pytest.mark.parametrize("bad", [{"runs": 0}, {"runs": 10_001}, {"timeout_s": -1}], ids=short)
def test_a_self_check_has_1_to_10000_runs(learner, bad):
    with pytest.raises(InvalidArgumentError, match=next(iter(bad))):
        learner.self_check(test_id=1, **bad)


def test_a_test_needs_known_arms_and_the_champion(variants):
    with pytest.raises(llmlearn.NotFoundError):
        variants.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v9": 0.5})
    with pytest.raises(llmlearn.NoChampionError):
        variants.start_ab_test(signal="BUY", weights={"v2": 0.5, "v3": 0.5})
    with pytest.raises(llmlearn.NoChampionError):
        variants.rollback(signal="BUY", actor="ann", reason="there was none before")


def test_one_test_at_a_time(variants):
    variants.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v2": 0.5})
    with pytest.raises(llmlearn.ExistsError):
        variants.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v3": 0.5})
    with pytest.raises(llmlearn.StateError):
        variants.archive_variant(signal="BUY", version="v2", actor="ann", reason="in use")


def test_a_version_has_one_text(variants):
    variants.add_variant(signal="BUY", version="v2", text="text of v2")
    with pytest.raises(llmlearn.ExistsError):
        variants.add_variant(signal="BUY", version="v2", text="another")


@pytest.mark.parametrize("days", [0, 91, -1])
def test_a_report_covers_1_to_90_days(learner, days):
    with pytest.raises(InvalidArgumentError):
        learner.analytics(days=days)


@pytest.mark.parametrize("limit", [0, 1001, -1])
def test_a_list_has_1_to_1000_entries(learner, limit):
    for call in (learner.ab_tests, learner.decisions):
        with pytest.raises(InvalidArgumentError):
            call(limit=limit)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"limit": 0}, InvalidArgumentError),
        ({"limit": 101}, InvalidArgumentError),
        ({"before": "yesterday"}, InvalidArgumentError),
        ({"before": 7}, TypeError),
        ({"signal": "a b"}, InvalidArgumentError),
        ({"ticker": ""}, InvalidArgumentError),
        ({"version": "a b"}, InvalidArgumentError),
        ({"user": ""}, InvalidArgumentError),
    ],
)
def test_a_page_that_cannot_be_is_refused(learner, bad, error):
    with pytest.raises(error, match=next(iter(bad)) if error is TypeError else ""):
        learner.explanations(**bad)


# ---- opening


@pytest.mark.parametrize(
    "bad",
    [
        {"baseline": "a b"},
        {"journal_bytes_max": 1},
        {"journal_bytes_max": 0},
        {"segment_bytes": 1},
        {"batch_rows_max": 0},
        {"feedback_per_hour": 0},
        {"feedback_per_hour": 2**32},
        {"analytics_ttl_ms": 0},
    ],
    ids=short,
)
def test_bad_options_open_nothing(tmp_path, bad):
    with pytest.raises(InvalidArgumentError):
        Learner(tmp_path / "loop.db", **bad)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder(tmp_path):
    with pytest.raises(llmlearn.StorageError):
        Learner(tmp_path / "missing" / "loop.db")


def test_another_programs_database_is_left_untouched(tmp_path):
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(llmlearn.ForeignDatabaseError):
        Learner(path)
    assert path.read_bytes() == before


def test_a_newer_schema_is_left_untouched(tmp_path):
    path = tmp_path / "loop.db"
    Learner(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(llmlearn.UnsupportedError):
        Learner(path)


def test_a_full_journal_says_so_and_keeps_what_it_has(tmp_path):
    """With the database locked by another program nothing can leave the journal."""
    path = tmp_path / "loop.db"
    ids = []
    learner = Learner(path, journal_bytes_max=1 << 20, segment_bytes=1 << 16)
    try:
        with pytest.raises(llmlearn.FullError):
            blocker = sqlite3.connect(path, isolation_level=None)
            blocker.execute("BEGIN IMMEDIATE")
            for _ in range(2000):
                ids.append(learner.log_explanation(**{**GOOD, "text": "x" * 1000}))
        assert learner.counters().full == 1
        blocker.execute("ROLLBACK")
        blocker.close()
        learner.flush(timeout_s=20)
        assert learner.get_explanation(explanation_id=ids[-1]).text == "x" * 1000
        assert learner.analytics(refresh=True)["total_explanations"] == len(ids)
    finally:
        learner.close(timeout_s=20)


def test_a_file_name_may_be_any_bytes_but_nul(tmp_path):
    with Learner(os.fsdecode(os.fsencode(tmp_path) + "/schöne Datei.db".encode())) as learner:
        learner.flush()
    with pytest.raises(InvalidArgumentError):
        Learner(f"{tmp_path}/a\0b")
