"""explain(): over HTTP and by a function, what is logged, and how it is ended early."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import threading
import time

import pytest
from canary import MARK
from endpoint import Endpoint

import llmlearn
from llmlearn import Answer, AsyncLearner, Cancel, Learner

PROMPT = "Why {{signal}} {{ticker}} at {{price}}?"
ASK = {"ticker": "AAPL", "signal": "BUY"}
KEY = f"sk-{MARK}"


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def served(learner):
    """The prompt of v1.0, the baseline, which is the champion."""
    learner.add_variant(signal="BUY", version="v1.0", text=PROMPT)
    learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")
    return learner


def by(ask, **more):
    return {"uses": "explaining", "model": "toy-1", "ask": ask, **more}


# ---- over HTTP


def test_a_model_answers(served, endpoint, tmp_path):
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(
        {"toy-1": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}
    ))
    served.set_model(
        uses="explaining", model="toy-1", base_url=endpoint.url, api_key=KEY, project="p",
        headers={"X-Team": "a"}, price_file=str(prices), temperature=0, max_tokens=77,
    )
    said = served.explain(
        **ASK, unit="user-7", values={"price": "12.50"}, confidence=0.87, metadata={"a": 1},
        system="Be honest.",
    )
    assert (said.source, said.text, said.reason) == ("model", endpoint.text, "")
    assert (said.version, said.test_id, said.arm) == ("v1.0", None, None)
    assert (said.prompt_tokens, said.completion_tokens) == (100, 20)
    assert said.cost_nanousd == 100 * 1000 + 20 * 2000
    assert (said.cached, said.fallback, said.rerouted, said.logged) == (False, False, False, True)
    assert said.latency_ms > 0

    (asked,) = endpoint.asked
    assert [message["content"] for message in asked["messages"]] == [
        "Be honest.", "Why BUY AAPL at 12.50?"
    ]
    assert (asked["model"], asked["temperature"]) == ("toy-1", 0)
    assert asked["max_completion_tokens"] == 77
    assert endpoint.paths == ["/v1/chat/completions"]
    (headers,) = endpoint.headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Team"] == "a"

    row = served.get_explanation(explanation_id=said.id)
    assert (row.text, row.model, row.provider) == (said.text, "toy-1", "127.0.0.1")
    assert (row.unit, row.confidence, row.metadata) == ("user-7", 0.87, {"a": 1})
    assert (row.cost_nanousd, row.fallback) == (said.cost_nanousd, False)
    served.submit_feedback(explanation_id=said.id, helpful=True, user="user-7")


def test_the_cache_answers_the_second_time(served, endpoint):
    served.set_model(uses="explaining", model="toy-1", base_url=endpoint.url)
    asks = [served.explain(**ASK, values={"price": "1"}) for _ in range(2)]
    asks.append(served.explain(**ASK, values={"price": "1"}, cached=False))
    assert [(said.source, said.cached) for said in asks] == [
        ("model", False), ("cache", True), ("model", False)
    ]
    assert len(endpoint.asked) == 2
    assert len({said.id for said in asks}) == 3


def test_a_version_may_be_asked_for(served, endpoint):
    served.set_model(uses="explaining", model="toy-1", base_url=endpoint.url)
    served.add_variant(signal="BUY", version="v7", text="Draft: {{ticker}}?")
    said = served.explain(**ASK, version="v7")
    assert (said.version, said.test_id) == ("v7", None)
    assert "Draft: AAPL?" in str(endpoint.asked[-1])
    with pytest.raises(llmlearn.NotFoundError, match="v8"):
        served.explain(**ASK, version="v8")


def test_a_key_may_come_from_a_function(served, endpoint):
    keys = iter([f"first-{MARK}", f"second-{MARK}"])
    served.set_model(
        uses="explaining", model="toy-1", base_url=endpoint.url, api_key=lambda: next(keys)
    )
    for _ in range(2):
        served.explain(**ASK, values={"price": "1"}, cached=False)
    assert [headers["Authorization"] for headers in endpoint.headers] == [
        f"Bearer first-{MARK}", f"Bearer second-{MARK}"
    ]


@pytest.mark.parametrize("gives", [
    lambda: 1 / 0, lambda: 7, lambda: "k" * 100_000, lambda: "a\0b"
])
def test_without_the_key_nothing_is_asked(served, endpoint, gives, caplog):
    served.set_model(uses="explaining", model="toy-1", base_url=endpoint.url, api_key=gives)
    said = served.explain(**ASK, values={"price": "1"})
    assert (said.source, said.reason) == ("template", "model")
    assert endpoint.asked == []
    assert "the function that gives a key raised" in caplog.text
    assert "kkk" not in caplog.text


def test_a_function_that_has_no_key_lets_nothing_be_asked(served, endpoint):
    served.set_model(
        uses="explaining", model="toy-1", base_url=endpoint.url, api_key=lambda: None
    )
    assert served.explain(**ASK, values={"price": "1"}).reason == "model"
    assert endpoint.asked == []


def test_no_key_is_shown_anywhere(served, endpoint, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    endpoint.status = 401
    endpoint.text = f"wrong key {KEY}"
    served.set_model(
        uses="explaining", model="toy-1", base_url=endpoint.url, api_key=KEY, retries_max=0
    )
    said = served.explain(**ASK, values={"price": "1"})
    assert (said.source, said.reason) == ("template", "model")
    row = served.get_explanation(explanation_id=said.id)
    shown = [repr(served), str(said), str(row), caplog.text, *capfd.readouterr()]
    with pytest.raises(llmlearn.InvalidArgumentError) as refused:
        served.set_model(uses="explaining", model="", base_url=endpoint.url, api_key=KEY)
    with pytest.raises(llmlearn.InvalidArgumentError) as refused_key:
        served.set_model(
            uses="explaining", model="m", base_url=endpoint.url, api_key=KEY + "\n"
        )
    shown += [str(refused.value), repr(refused.value), str(refused_key.value)]
    served.flush()
    with open(served.path, "rb") as file:
        shown.append(file.read().decode("latin-1"))
    assert not any(KEY in text for text in shown)


@pytest.mark.parametrize("headers", [
    {"A": "x\r\nB: y"}, {"A\r\nB": "x"}, {"Host": "elsewhere"}, {"A": "x\0y"},
])
def test_no_header_is_smuggled_in(learner, endpoint, headers):
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.set_model(
            uses="explaining", model="toy-1", base_url=endpoint.url, headers=headers
        )


@pytest.mark.parametrize(("status", "reason"), [(500, "model"), (400, "model"), (302, "model")])
def test_a_service_that_refuses_is_a_template(served, endpoint, status, reason):
    endpoint.status = status
    served.set_model(uses="explaining", model="toy-1", base_url=endpoint.url, retries_max=0)
    said = served.explain(**ASK, values={"price": "9"}, fallback="{{ticker}} at {{price}}.")
    assert (said.source, said.text, said.reason) == ("template", "AAPL at 9.", reason)
    assert said.fallback and not said.prompt_tokens  # none, or unknown
    row = served.get_explanation(explanation_id=said.id)
    assert (row.fallback, row.model) == (True, None) and row.fallback_reason.startswith(reason)
    assert len(endpoint.asked) == 1


def test_a_service_that_hangs_meets_the_deadline(served, endpoint):
    endpoint.hangs = True
    served.set_model(uses="explaining", model="toy-1", base_url=endpoint.url)
    said = served.explain(**ASK, values={"price": "1"}, timeout_s=0.2)
    assert (said.source, said.reason) == ("template", "timeout")


# ---- by a function


def test_a_function_answers_in_the_same_thread(served):
    seen = []

    def ask(question):
        seen.append((threading.get_ident(), question))
        return Answer(text="It rose.", prompt_tokens=3, cost_nanousd=5)

    served.set_model(**by(ask, max_tokens=12))
    del ask
    gc.collect()  # the learner keeps it
    said = served.explain(**ASK, values={"price": "1"}, system="Hm.", timeout_s=7)
    assert (said.source, said.text) == ("model", "It rose.")
    assert (said.prompt_tokens, said.completion_tokens, said.cost_nanousd) == (3, None, 5)
    ((thread, question),) = seen
    assert thread == threading.get_ident()
    assert (question.model, question.system) == ("toy-1", "Hm.")
    assert (question.prompt, question.data) == ("Why BUY AAPL at 1?", None)
    assert question.max_tokens == 12 and 0 < question.timeout_s <= 7
    assert served.get_explanation(explanation_id=said.id).provider == "own"


def fail(error):
    def ask(question):
        raise error

    return ask


@pytest.mark.parametrize("ask", [
    fail(RuntimeError("no")), fail(MemoryError()), fail(llmlearn.StateError(-12, "x")),
    lambda question: None, lambda question: 7, lambda question: Answer(text=None),
    lambda question: "a\0b", lambda question: "\ud800",
    lambda question: Answer(text="t", prompt_tokens="many"),
    lambda question: Answer(text="t", cost_nanousd=1 << 70), lambda: "too few arguments",
])
def test_whatever_goes_wrong_in_it_is_a_failed_model(served, ask, caplog):
    served.set_model(**by(ask))
    said = served.explain(**ASK, values={"price": "1"})
    assert (said.source, said.reason, said.fallback) == ("template", "model", True)
    assert "the function that asks the model raised" in caplog.text


def test_an_interrupt_in_it_ends_more_than_the_model(served):
    asked = []

    def interrupt(question):
        asked.append(question)
        raise KeyboardInterrupt

    served.add_variant(signal="BUY", version="v2", text="Two of {{ticker}}.")
    served.promote_variant(signal="BUY", version="v2", actor="ann", reason="newer")
    served.set_model(**by(interrupt))
    with pytest.raises(KeyboardInterrupt):
        served.explain(**ASK, values={"price": "1"})
    assert len(asked) == 1  # the baseline, that could be asked then, is not
    served.set_model(**by(lambda question: "Again."))
    assert served.explain(**ASK, values={"price": "1"}).text == "Again."


def test_it_may_call_the_learner(served):
    """A function that explains another signal on the way: no lock is held while it is asked."""
    def ask(question):
        if "BUY" in question.prompt:
            return served.explain(ticker="AAPL", signal="SELL", fallback="Sold.").text
        return "Sold."

    served.add_variant(signal="SELL", version="v1.0", text="Why sell {{ticker}}?")
    served.set_model(**by(ask))
    assert served.explain(**ASK, values={"price": "1"}).text == "Sold."


def test_many_threads_have_their_own_answers(served):
    def ask(question):
        time.sleep(0.001)
        return "About " + question.prompt.split()[-1]

    served.set_model(**by(ask))
    wrong = []

    def work(number):
        for i in range(20):
            price = f"{number}.{i}"
            said = served.explain(**ASK, values={"price": price})
            if said.text != f"About {price}?":
                wrong.append(said)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    served.flush()
    assert served.analytics(refresh=True, timeout_s=20)["total_explanations"] == 160


# ---- what is checked


def test_without_a_model_there_is_a_text(learner):
    said = learner.explain(**ASK)
    assert (said.source, said.reason, said.version) == ("template", "no_model", "v1.0")
    assert "AAPL" in said.text and said.logged
    assert learner.explain(**ASK, fallback="{{confidence}}", confidence=0.5).text == "0.50"


def test_a_model_can_be_taken_away(served):
    served.set_model(**by(lambda question: "It rose."))
    served.set_model(uses=["explaining", "generating"], model=None)
    assert served.explain(**ASK).reason == "no_model"


@pytest.mark.parametrize(("answer", "reason"), [
    ("plain", "not_json"), ('{"why": ""}', "json_fields"), ('{"why": "It rose."}', ""),
])
def test_fields_are_asked_for(served, answer, reason):
    served.set_model(**by(lambda question: answer))
    said = served.explain(**ASK, values={"price": "1"}, fields=["why"])
    assert said.reason == reason
    said = served.explain(**ASK, values={"price": "2"}, json=True)
    assert (said.reason == "not_json") is (answer == "plain")


def test_a_tested_variant_that_fails_is_told_of(served):
    served.add_variant(signal="BUY", version="v2", text="Two of {{ticker}}.")
    test_id = served.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v2": 0.5})
    served.set_model(**by(lambda q: "" if "Two" in q.prompt else "It rose."))
    said = [served.explain(**ASK, unit=f"u{i}", values={"price": "1"}) for i in range(40)]
    assert {(one.version, one.source, one.reason) for one in said} == {
        ("v1.0", "model", ""), ("v2", "baseline", "empty")
    }
    assert {one.test_id for one in said} == {test_id}
    assert {one.arm for one in said} == {0, 1}
    assert {one.fallback for one in said if one.version == "v2"} == {True}


@pytest.mark.parametrize("wrong", [
    {"ticker": "A B"}, {"signal": "B U Y"}, {"confidence": 2}, {"confidence": float("nan")},
    {"values": {"1st": "x"}}, {"values": {"ticker": "x"}}, {"values": {"a": "\ud800"}},
    {"metadata": {"a": float("nan")}}, {"fields": [""]}, {"timeout_s": -1}, {"unit": ""},
    {"values": {f"v{i}": "" for i in range(65)}}, {"fields": ["f"] * 33},
])
def test_wrong_values_are_refused(learner, wrong):
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.explain(**{**ASK, **wrong})


@pytest.mark.parametrize("wrong", [
    {"ticker": 7}, {"values": {"a": 1}}, {"values": {"a": None}}, {"fields": "abc"},
    {"fields": [None]}, {"confidence": "high"}, {"cancel": True}, {"metadata": 7},
])
def test_wrong_types_are_refused(learner, wrong):
    with pytest.raises(TypeError):
        learner.explain(**{**ASK, **wrong})


@pytest.mark.parametrize("wrong", [
    {"uses": []}, {"uses": "thinking"}, {"base_url": "http://example.com/v1"},
    {"base_url": "ftp://127.0.0.1/"}, {"base_url": None}, {"ask": lambda q: ""},
    {"temperature": 3}, {"retries_max": 11}, {"max_tokens": 0}, {"model": "a b"},
    {"headers": {f"H{i}": "x" for i in range(17)}},
])
def test_a_model_that_cannot_be_asked_is_refused(learner, wrong):
    good = {"uses": "explaining", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.set_model(**{**good, **wrong})


def test_a_price_file_must_be_one(learner, tmp_path):
    good = {"uses": "explaining", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    with pytest.raises(llmlearn.StorageError):
        learner.set_model(**good, price_file=str(tmp_path / "none.json"))
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.set_model(**good, price_file=str(tmp_path / "list.json"))


# ---- ending it early


def begin(endpoint, learner, work):
    """Runs `work` in a thread; returns it, and what it raised, once the endpoint hangs on it."""
    endpoint.hangs = True
    learner.set_model(uses="explaining", model="toy-1", base_url=endpoint.url)
    raised = []

    def run():
        try:
            work()
        except llmlearn.LearnerError as error:
            raised.append(type(error))

    thread = threading.Thread(target=run)
    thread.start()
    assert endpoint.came.wait(30)
    return thread, raised


def test_another_thread_cancels(served, endpoint):
    cancel = Cancel()
    assert (cancel.is_set, repr(cancel)) == (False, "<Cancel>")
    thread, raised = begin(
        endpoint, served,
        lambda: served.explain(**ASK, values={"price": "1"}, timeout_s=300, cancel=cancel),
    )
    cancel.set()
    thread.join(30)
    assert not thread.is_alive() and raised == [llmlearn.CancelledError]
    assert (cancel.is_set, repr(cancel)) == (True, "<Cancel set>")
    served.flush()
    assert served.analytics(refresh=True)["total_explanations"] == 0


def test_closing_cancels(tmp_path, endpoint):
    learner = Learner(tmp_path / "loop.db")
    learner.add_variant(signal="BUY", version="v1.0", text="Why?")
    learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")
    thread, raised = begin(endpoint, learner, lambda: learner.explain(**ASK, timeout_s=300))
    learner.close(timeout_s=30)
    thread.join(30)
    assert not thread.is_alive() and raised == [llmlearn.CancelledError]


# ---- asyncio


def run(program, path):
    async def main():
        async with AsyncLearner(path) as learner:
            await learner.add_variant(signal="BUY", version="v1.0", text=PROMPT)
            await learner.promote_variant(signal="BUY", version="v1.0", actor="a", reason="r")
            return await program(learner)

    return asyncio.run(main())


def test_many_at_once_are_awaited(tmp_path):
    """More than the threads that votes have."""
    together = threading.Barrier(20)

    def ask(question):
        together.wait(30)
        return "About " + question.prompt.split()[-1]

    async def program(learner):
        await learner.set_model(**by(ask))
        said = await asyncio.gather(*(
            learner.explain(**ASK, values={"price": str(i)}, timeout_s=60) for i in range(20)
        ))
        assert [one.text for one in said] == [f"About {i}?" for i in range(20)]

    run(program, tmp_path / "loop.db")


def test_a_cancelled_task_ends_the_call(tmp_path, endpoint):
    endpoint.hangs = True

    async def program(learner):
        await learner.set_model(uses="explaining", model="toy-1", base_url=endpoint.url)
        task = asyncio.ensure_future(
            learner.explain(**ASK, values={"price": "1"}, timeout_s=300)
        )
        while not endpoint.came.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(3000):  # the thread ends by itself
            if not learner.learner._flags:
                break
            await asyncio.sleep(0.01)
        assert learner.learner._flags == []
        assert (await learner.analytics(refresh=True))["total_explanations"] == 0

    run(program, tmp_path / "loop.db")


# ---- processes

SERVED = """
learner = llmlearn.Learner(DATABASE)
learner.add_variant(signal="BUY", version="v1.0", text="Why {{ticker}}?")
learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")

def explain(**more):
    said = learner.explain(ticker="AAPL", signal="BUY", **more)
    os.write(_log, (said.id + "\\n").encode())
    return said
"""


def test_both_sides_of_a_fork_ask(side):
    done = side.run(SERVED + """
learner.set_model(uses="explaining", model="toy-1", ask=lambda question: f"of {os.getpid()}")
assert explain(cached=False).text == f"of {os.getpid()}"
if os.fork() == 0:
    assert explain(cached=False).text == f"of {os.getpid()}"
    learner.close()
    os._exit(0)
assert os.wait()[1] == 0
assert explain(cached=False).text == f"of {os.getpid()}"
""")
    assert (done.returncode, done.stderr) == (0, "")
    side.assert_all_stored_once(at_least=3)


@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "os._exit(0)"])
def test_exit_while_threads_ask(side, endpoint, ending):
    endpoint.hangs = True
    done = side.run(SERVED + f"""
explain()
learner.set_model(uses="explaining", model="toy-1", base_url={endpoint.url!r})
for _ in range(3):
    threading.Thread(target=lambda: explain(timeout_s=300, cached=False), daemon=True).start()
while len(learner._flags) < 3:
    time.sleep(0.01)
{ending}
""")
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=1)


def test_exit_inside_a_function_that_never_ends(side):
    done = side.run(SERVED + """
inside = threading.Event()

def ask(question):
    inside.set()
    time.sleep(3600)

explain()
learner.set_model(uses="explaining", model="toy-1", ask=ask)
threading.Thread(target=explain, daemon=True).start()
inside.wait()
""")
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=1)
