"""AsyncLearner: the same learner, and an event loop that never waits."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import warnings

import pytest

import llmlearn
from llmlearn import AsyncLearner, Learner

GOOD = {"ticker": "AAPL", "signal": "BUY", "text": "It rose."}


def run(program, path, **options):
    """Runs `await program(learner)` on an open learner."""

    async def main():
        async with AsyncLearner(path, **options) as learner:
            return await program(learner)

    return asyncio.run(main())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "loop.db"


def parameters(cls, name):
    """What a method takes beside self."""
    return list(inspect.signature(getattr(cls, name)).parameters.items())[1:]


@pytest.mark.parametrize(
    "name", [name for name in dir(Learner) if name[0] != "_" and callable(getattr(Learner, name))]
)
def test_both_learners_have_the_same_methods(name):
    ours, theirs = parameters(AsyncLearner, name), parameters(Learner, name)
    strip = [(key, value.kind, value.default) for key, value in ours]
    assert strip == [(key, value.kind, value.default) for key, value in theirs]
    assert inspect.iscoroutinefunction(getattr(AsyncLearner, name))


def test_both_learners_open_alike():
    ours, theirs = parameters(AsyncLearner, "__init__"), parameters(Learner, "__init__")
    assert [(key, value.default) for key, value in ours] == [
        (key, value.default) for key, value in theirs
    ]


def test_the_whole_loop(path):
    async def program(learner):
        await learner.add_variant(signal="BUY", version="v1.0", text="Explain.")
        await learner.add_variant(signal="BUY", version="v2", text="Be brief.", parent="v1.0")
        await learner.add_variant(signal="BUY", version="v3", text="Unused.")
        await learner.archive_variant(signal="BUY", version="v3", actor="ann", reason="unused")
        await learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")
        test_id = await learner.start_ab_test(
            signal="BUY", weights={"v1.0": 0.5, "v2": 0.5}, min_duration_days=0, min_trials=10
        )
        for i in range(60):
            chosen = await learner.get_variant(signal="BUY", unit=f"u{i}")
            assert chosen.test_id == test_id
            id = await learner.log_explanation(**GOOD, unit=f"u{i}", assignment=chosen)
            await learner.submit_feedback(
                explanation_id=id, helpful=chosen.version == "v2", user=f"u{i}"
            )
        assert await learner.report_failure(assignment=chosen, unit="u59")
        await learner.withdraw_feedback(explanation_id=id, user="u59")
        decision = await learner.select_winner(signal="BUY", promote=True)
        assert (decision.winner, decision.promoted) == ("v2", True)
        replay = await learner.replay_decision(decision_id=decision.decision_id)
        assert replay["same"] and replay["stored"] == decision.receipt
        assert (await learner.self_check(test_id=test_id, runs=10))["runs"] == 10
        await learner.rollback(signal="BUY", actor="ann", reason="second thoughts")
        assert (await learner.get_explanation(explanation_id=id)).feedback == ()
        assert [row.id for row in (await learner.explanations(limit=1)).explanations] == [id]
        assert (await learner.analytics(refresh=True))["total_feedback"] == 59
        assert len((await learner.ab_tests())["tests"]) == 1
        (today,) = (await learner.ab_test_series(test_id=test_id))["days"]
        assert sum(arm["units"] for arm in today["arms"]) == 60
        assert (await learner.decisions())["decisions"][0]["kind"] == "rollback"
        await learner.flush()
        assert (await learner.counters()).logged == 60
        with pytest.raises(llmlearn.StateError):
            await learner.stop_ab_test(test_id=test_id, actor="ann", reason="too late")

    run(program, path)


def test_errors_come_through_the_threads(path):
    async def program(learner):
        with pytest.raises(llmlearn.NotFoundError):
            await learner.get_explanation(explanation_id="0190b7d4-0000-7000-8000-000000000000")
        with pytest.raises(llmlearn.InvalidArgumentError):
            await learner.log_explanation(**{**GOOD, "ticker": ""})

    run(program, path)


def test_many_votes_at_once(path):
    async def program(learner):
        before = set(threading.enumerate())
        ids = [await learner.log_explanation(**GOOD) for _ in range(100)]
        votes = [
            learner.submit_feedback(explanation_id=id, helpful=True, user=f"u{i}", timeout_s=20)
            for i, id in enumerate(ids)
        ]
        assert len(set(await asyncio.gather(*votes))) == 100
        assert len(set(threading.enumerate()) - before) <= 4
        return await learner.counters()

    assert run(program, path).votes == 100


def test_the_hot_calls_use_no_thread(path):
    async def program(learner):
        before = set(threading.enumerate())
        for _ in range(100):
            await learner.get_variant(signal="BUY")
            await learner.log_explanation(**GOOD)
        return set(threading.enumerate()) - before

    assert run(program, path) == set()


def test_the_loop_runs_while_a_call_waits(path):
    """A call stuck on a lock in the library must not stop anything else."""

    async def program(learner):
        release = threading.Event()
        stuck = asyncio.ensure_future(learner._run(release.wait, 20))
        await asyncio.sleep(0)
        id = await learner.log_explanation(**GOOD)
        await learner.submit_feedback(explanation_id=id, helpful=True)
        assert not stuck.done()
        release.set()
        assert await stuck

    run(program, path)


def test_a_cancelled_call_frees_its_place(path):
    async def program(learner):
        release = threading.Event()
        stuck = [asyncio.ensure_future(learner._run(release.wait, 20)) for _ in range(8)]
        await asyncio.sleep(0)
        for call in stuck:
            call.cancel()
        release.set()
        assert all(
            isinstance(result, asyncio.CancelledError)
            for result in await asyncio.gather(*stuck, return_exceptions=True)
        )
        await learner.flush()

    run(program, path)


def test_one_learner_serves_several_loops(path):
    learner = AsyncLearner(path)

    async def log_and_read():
        id = await learner.log_explanation(**GOOD)
        return (await learner.get_explanation(explanation_id=id)).text

    assert [asyncio.run(log_and_read()) for _ in range(3)] == ["It rose."] * 3
    asyncio.run(learner.close())
    asyncio.run(learner.close())
    assert learner.closed and learner.learner.closed


def test_a_closed_learner_says_so(path):
    async def main():
        async with AsyncLearner(path) as learner:
            assert learner.path == str(path)
        for call in (learner.flush(), learner.log_explanation(**GOOD), learner.counters()):
            with pytest.raises(llmlearn.ClosedError):
                await call
        assert "closed" in repr(learner)

    asyncio.run(main())


def test_closing_ends_the_threads(path):
    async def program(learner):
        before = set(threading.enumerate())
        await learner.flush()
        return set(threading.enumerate()) - before

    started = run(program, path)
    assert started
    for thread in started:
        thread.join(20)
        assert not thread.is_alive()


def test_an_exception_in_the_block_is_not_hidden(path):
    async def program(learner):
        1 / 0

    with pytest.raises(ZeroDivisionError):
        run(program, path)


def test_a_forgotten_learner_is_collected(path):
    learner = AsyncLearner(path)
    asyncio.run(learner.flush())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del learner
        while not caught:  # the thread may be about to let go of its last call
            gc.collect()
    assert caught[0].category is ResourceWarning
    assert caught[0].source.closed
