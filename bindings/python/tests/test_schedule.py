"""The weekly job, its scheduler of Python's, and where alerts go."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import json
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from canary import MARK
from endpoint import Endpoint

import llmlearn
from llmlearn import AsyncLearner, Learner, VirtualClock

MONDAY_US = 1_767_571_200_000_000  # 2026-01-05, 00:00 UTC
HOUR_US, WEEK_US = 3_600_000_000, 7 * 86_400_000_000
SECRET = f"{MARK}-secret"

BASE = "Explain to a private investor why the signal for {{ticker}} is {{signal}}."
WRITTEN = json.dumps({"variants": [
    {"prompt": BASE + " " + more, "hypothesis": "It is clearer."} for more in (
        "Name the strongest reason first, and stay with what the data says.",
        "Close with one honest doubt, in plain words that anybody understands.",
        "Compare it with the month before and leave out every technical term.",
    )
]})


class Webhook:
    """Takes alerts whose signature is right."""

    def __init__(self):
        self.alerts = []
        self.came = threading.Event()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = self.headers["X-Llmlearn-Timestamp"].encode() + b"." + body
                right = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
                good = self.headers["X-Llmlearn-Signature"] == f"v1={right}"
                if good:
                    webhook.alerts.append(json.loads(body))
                    webhook.came.set()
                self.send_response(204 if good else 401)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def rules(self):
        return [alert["rule"] for alert in self.alerts]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def webhook():
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture
def clock():
    return VirtualClock(MONDAY_US)


@pytest.fixture
def weekly(tmp_path, clock):
    """A champion, a model that is a function, and a job on Mondays at two."""
    with Learner(tmp_path / "loop.db", virtual_clock=clock) as learner:
        prepare(learner)
        yield learner


def prepare(learner, ask=lambda question: WRITTEN):
    learner.add_variant(signal="BUY", version="v1.0", text=BASE)
    learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")
    learner.set_model(uses="generating", model="toy-1", ask=ask)
    learner.set_budget(run_usd=float("inf"), month_usd=float("inf"))
    learner.set_schedule()


def written(learner):
    rows = learner.variants(signal="BUY")["variants"]
    return [row for row in rows if row["model"] == "toy-1"]


def tests_of(learner):
    return learner.ab_tests(signal="BUY")["tests"]


# ---- the job


def test_two_mondays(weekly, clock, webhook):
    weekly.set_webhook(url=webhook.url, secret=SECRET)
    assert weekly.run_due_jobs() == 0  # two hours too early
    clock.advance(us=2 * HOUR_US)
    assert weekly.run_due_jobs() == 1
    assert weekly.run_due_jobs() == 0
    assert [row["status"] for row in written(weekly)] == ["draft"] * 3
    assert tests_of(weekly) == []  # nobody has read them
    assert webhook.rules() == ["approval_needed"]

    for row in written(weekly):
        weekly.approve_variant(
            signal="BUY", version=row["version"], actor="ann", reason="read it"
        )
    clock.advance(us=WEEK_US)
    assert weekly.run_due_jobs() == 1
    (test,) = tests_of(weekly)
    assert len(test["arms"]) == 4 and test["rule"] == "group_sequential"
    assert webhook.rules() == ["approval_needed", "test_started"]
    assert "BUY" in webhook.alerts[1]["subject"]


def test_without_approval_the_test_begins_at_once(weekly, clock):
    weekly.set_schedule(
        approval=False, rule="always_valid", min_duration_days=14, max_duration_days=28,
        lift_min=0.1, variants=2, signals=["BUY"], cron="30 1 * * *",
    )
    clock.advance(us=2 * HOUR_US)
    assert weekly.run_due_jobs() == 1
    (test,) = tests_of(weekly)
    assert (test["rule"], test["duration_min_days"], test["duration_max_days"]) == (
        "always_valid", 14, 28
    )
    assert len(test["arms"]) == 3 and test["lift_min"] == 0.1


def test_only_deciding(weekly, clock):
    weekly.set_schedule(only_decide=True)
    clock.advance(us=2 * HOUR_US)
    assert weekly.run_due_jobs() == 1
    assert written(weekly) == [] and tests_of(weekly) == []


def test_a_model_that_raises_stops_nothing(weekly, clock, webhook):
    weekly.set_webhook(url=webhook.url, secret=SECRET)
    weekly.set_model(uses="generating", model="toy-1", ask=lambda question: 1 / 0)
    clock.advance(us=2 * HOUR_US)
    assert weekly.run_due_jobs() == 1
    assert written(weekly) == []


def test_an_interrupt_in_the_model_comes_out(weekly, clock):
    def interrupt(question):
        raise KeyboardInterrupt

    weekly.set_model(uses="generating", model="toy-1", ask=interrupt)
    clock.advance(us=2 * HOUR_US)
    with pytest.raises(KeyboardInterrupt):
        weekly.run_due_jobs()
    # To the job it was a model that failed: it ran to its end.
    assert weekly.run_due_jobs() == 0
    assert written(weekly) == []


def test_without_a_schedule_there_is_no_job(learner):
    with pytest.raises(llmlearn.StateError):
        learner.run_due_jobs()
    learner.set_schedule()
    learner.set_schedule(cron=None)
    with pytest.raises(llmlearn.StateError):
        learner.run_due_jobs()


def test_an_alert_that_is_refused_is_no_error(weekly, clock, webhook):
    weekly.set_webhook(url=webhook.url, secret=f"another {MARK}")
    clock.advance(us=2 * HOUR_US)
    assert weekly.run_due_jobs() == 1
    assert webhook.alerts == []


# ---- arguments


@pytest.mark.parametrize("wrong", [
    {"cron": "every monday"}, {"cron": "60 2 * * 1"}, {"rule": "coin"}, {"signals": ["B Y"]},
    {"variants": 0}, {"variants": 11}, {"replays": 21}, {"lift_min": 0.9}, {"lift_min": 0},
    {"min_response_rate": 2}, {"min_duration_days": 0}, {"min_duration_days": 30,
    "max_duration_days": 7}, {"fields": ["f"] * 33}, {"timeout_s": -1},
])
def test_a_schedule_that_is_none_is_refused(learner, wrong):
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.set_schedule(**wrong)


@pytest.mark.parametrize("wrong", [{"cron": 7}, {"signals": "BUY"}, {"variants": 1.5}])
def test_a_schedule_has_types(learner, wrong):
    with pytest.raises(TypeError):
        learner.set_schedule(**wrong)


GOOD_MAIL = {"server": "smtps://mail.example.com", "sender": "a@example.com",
             "to": ["b@example.com"]}


def test_where_mail_goes(learner):
    learner.set_mail(**GOOD_MAIL, user="u", password=MARK)
    learner.set_mail(**GOOD_MAIL, user="u", password=lambda: MARK)
    learner.set_mail(server=None)


@pytest.mark.parametrize("wrong", [
    {"server": "smtp://mail.example.com\r\n"}, {"server": "https://mail.example.com"},
    {"sender": None}, {"sender": "a"}, {"to": []}, {"to": ["b@example.com\r\nBcc: c"]},
    {"to": ["b@example.com"] * 17}, {"server": "smtp://mail.example.com", "password": MARK},
])
def test_a_mail_that_cannot_be_is_refused(learner, wrong):
    with pytest.raises(llmlearn.InvalidArgumentError) as refused:
        learner.set_mail(**{**GOOD_MAIL, **wrong})
    assert MARK not in str(refused.value)


@pytest.mark.parametrize("wrong", [
    {"url": "http://example.com/hook"}, {"secret": None}, {"secret": "short"}, {"url": "x"},
])
def test_a_webhook_that_cannot_be_is_refused(learner, wrong):
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.set_webhook(**{"url": "https://example.com/hook", "secret": SECRET, **wrong})
    learner.set_webhook(url=None)


# ---- the scheduler


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def schedulers():
    return [thread for thread in threading.enumerate() if thread.name == "llmlearn-scheduler"]


def test_it_runs_what_is_due_in_a_thread_of_pythons(weekly, clock, webhook):
    asked_in = []

    def ask(question):
        asked_in.append(threading.current_thread().name)
        return WRITTEN

    weekly.set_model(uses="generating", model="toy-1", ask=ask)
    weekly.set_webhook(url=webhook.url, secret=SECRET)
    clock.advance(us=2 * HOUR_US)
    weekly.start_scheduler(every_s=0.01)
    weekly.start_scheduler()  # changes nothing
    assert len(schedulers()) == 1
    assert webhook.came.wait(30)
    assert asked_in == ["llmlearn-scheduler"]
    assert len(written(weekly)) == 3
    weekly.stop_scheduler(timeout_s=30)
    weekly.stop_scheduler()
    assert schedulers() == []
    clock.advance(us=WEEK_US)
    weekly.start_scheduler(every_s=0.01)
    assert wait_for(lambda: len(webhook.alerts) == 2)


def test_without_a_schedule_it_waits_for_one(learner):
    learner.start_scheduler(every_s=0.01)
    time.sleep(0.05)
    assert len(schedulers()) == 1
    learner.close()
    assert wait_for(lambda: schedulers() == [])


def test_closing_ends_it(tmp_path):
    with Learner(tmp_path / "loop.db") as learner:
        learner.set_schedule()
        learner.start_scheduler()  # waits half a minute, but not when told to end
    assert wait_for(lambda: schedulers() == [])


def test_it_does_not_keep_a_forgotten_learner(tmp_path):
    learner = Learner(tmp_path / "loop.db")
    learner.set_schedule()
    learner.start_scheduler(every_s=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del learner
        assert wait_for(lambda: gc.collect() is not None and schedulers() == [])


def test_stopping_it_in_the_middle_of_a_job(tmp_path, clock):
    inside, go_on = threading.Event(), threading.Event()

    def ask(question):
        inside.set()
        go_on.wait(30)
        return WRITTEN

    with Learner(tmp_path / "loop.db", virtual_clock=clock) as learner:
        prepare(learner, ask)
        clock.advance(us=2 * HOUR_US)
        learner.start_scheduler()
        assert inside.wait(30)
        with pytest.raises(llmlearn.TimedOutError):
            learner.stop_scheduler(timeout_s=0.05)
        go_on.set()
        assert wait_for(lambda: schedulers() == [])
        assert len(written(learner)) == 3


@pytest.mark.parametrize("ends", ["stop_scheduler", "close"])
@pytest.mark.parametrize("by", ["a thread", "the scheduler"])
def test_a_model_that_hangs_is_not_waited_for(tmp_path, clock, ends, by):
    endpoint, raised = Endpoint(), []
    endpoint.hangs = True
    learner = Learner(tmp_path / "loop.db", virtual_clock=clock)

    def run():
        try:
            learner.run_due_jobs()
        except llmlearn.LearnerError as error:
            raised.append(type(error))

    try:
        prepare(learner)
        learner.set_model(uses="generating", model="toy-1", base_url=endpoint.url)
        clock.advance(us=2 * HOUR_US)
        thread = threading.Thread(target=run)
        thread.start() if by == "a thread" else learner.start_scheduler()
        assert endpoint.came.wait(30)
        getattr(learner, ends)(timeout_s=30)
        if by == "a thread":
            thread.join(30)
            assert not thread.is_alive() and raised == [llmlearn.CancelledError]
        assert wait_for(lambda: schedulers() == [])
    finally:
        learner.close(timeout_s=30)
        endpoint.close()


@pytest.mark.parametrize("wrong", [{"every_s": 0}, {"every_s": -1}, {"every_s": float("nan")}])
def test_how_often_is_more_than_never(learner, wrong):
    with pytest.raises(llmlearn.InvalidArgumentError):
        learner.start_scheduler(**wrong)


def test_the_async_learner_has_all_of_it(tmp_path, clock, webhook):
    async def main():
        async with AsyncLearner(tmp_path / "loop.db", virtual_clock=clock) as learner:
            await learner.add_variant(signal="BUY", version="v1.0", text=BASE)
            await learner.promote_variant(signal="BUY", version="v1.0", actor="a", reason="r")
            await learner.set_model(uses="generating", model="toy-1", ask=lambda q: WRITTEN)
            await learner.set_budget(run_usd=float("inf"), month_usd=float("inf"))
            await learner.set_schedule(approval=False)
            await learner.set_mail(server=None)
            await learner.set_webhook(url=webhook.url, secret=SECRET)
            clock.advance(us=2 * HOUR_US)
            assert await learner.run_due_jobs() == 1
            assert len((await learner.variants())["variants"]) == 4
            await learner.start_scheduler()
            assert len(schedulers()) == 1
            await learner.stop_scheduler(timeout_s=30)

    asyncio.run(main())
    assert webhook.rules() == ["test_started"]
    assert schedulers() == []


# ---- processes

# Of this week, since what is stored is counted by today's clock.
WEEKLY = f"""
DAY_US = 86_400_000_000
monday_us = (time.time_ns() // 1000 - 4 * DAY_US) // (7 * DAY_US) * 7 * DAY_US + 4 * DAY_US
clock = llmlearn.VirtualClock(monday_us)
learner = llmlearn.Learner(DATABASE, virtual_clock=clock)
learner.add_variant(signal="BUY", version="v1.0", text={BASE!r})
learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="first")
learner.set_budget(run_usd=float("inf"), month_usd=float("inf"))
learner.set_schedule()
log(learner)
"""


@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "os._exit(0)", "learner.close()"])
def test_exit_while_it_waits(side, ending):
    done = side.run(WEEKLY + f"learner.start_scheduler(every_s=0.001)\ntime.sleep(0.05)\n{ending}")
    assert (done.returncode, done.stderr) == (0, "")
    side.assert_all_stored_once(at_least=1)


def test_exit_in_the_middle_of_a_job(side):
    done = side.run(WEEKLY + """
inside = threading.Event()

def ask(question):
    inside.set()
    time.sleep(3600)

learner.set_model(uses="generating", model="toy-1", ask=ask)
clock.advance(us=2 * 3_600_000_000)
learner.start_scheduler()
inside.wait()
""")
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=1)


def test_a_child_has_none_until_it_starts_one(side):
    done = side.run(WEEKLY + """
learner.start_scheduler(every_s=0.001)
time.sleep(0.05)
if os.fork() == 0:
    assert threading.active_count() == 1
    learner.stop_scheduler()
    learner.start_scheduler(every_s=0.001)
    assert threading.active_count() == 2
    log(learner)
    learner.close()
    os._exit(0)
assert os.wait()[1] == 0
assert threading.active_count() == 2
learner.stop_scheduler(timeout_s=30)
learner.start_scheduler()
log(learner)
learner.close()
""")
    assert (done.returncode, done.stderr) == (0, "")
    side.assert_all_stored_once(at_least=3)
