"""The week on a simulated clock: its stand-in, its receiver, and what the program shows."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import Model, completion
from llmlearn import Learner, VirtualClock
from test_program import assert_good, run

from trading_engine.receiver import Receiver
from trading_engine.signals import SIGNALS
from trading_engine.stand_in import MODEL, StandIn, write_prompts
from trading_engine.week import DAYS, MONDAY_US, SIGNALS_A_DAY
from trading_engine.wordings import BASELINE, prompt_of


# ---- the program


def test_the_week(tmp_path: Path) -> None:
    done = run(tmp_path, "--once", "--week")
    assert_good(done)
    text = " ".join(done.stdout.split())
    # What is not real says so.
    assert "The clock is SIMULATED, and so are the readers" in text
    assert "a STAND-IN on this machine that understands nothing" in text
    assert "Prices and tokens are made up" in text
    # A week, the job, the guardrail, the person, the next tests, the alerts.
    assert len(re.findall(r"^  \w{3} 2026-01-\d\d .* votes$", done.stdout, re.M)) == DAYS
    assert "templates in place of the model's text 0.0 %" in text
    assert "Monday 2026-01-12, 02:00 UTC: the weekly job" in text
    assert re.search(r"looks: v1\.[12] was found helpful by .* at look 1", text)
    assert text.count("wrote g") == 9
    assert text.count(", rejected: url: ") == 1
    assert text.count("approved by demo") == 8
    assert "Monday 2026-01-19, 02:00 UTC: the weekly job" in text
    assert text.count("approval_needed: ") == text.count("test_started: ") == 3
    assert text.count("winner_promoted: ") >= 1

    clock = VirtualClock(MONDAY_US + 15 * 86_400_000_000)
    with Learner(tmp_path / "demo" / "week.db", virtual_clock=clock) as learner:
        report = learner.analytics(days=30, refresh=True)
        tests = learner.ab_tests(limit=100)["tests"]
        variants = learner.variants()["variants"]
    assert report["total_explanations"] == DAYS * SIGNALS_A_DAY * 8
    assert report["fallback_rate"] == 0
    running = [test for test in tests if test["status"] == "running"]
    assert sorted(test["signal"] for test in running) == sorted(SIGNALS)
    arms = {(test["signal"], arm["version"]) for test in running for arm in test["arms"]}
    rejected = [row for row in variants if row["status"] == "rejected"]
    assert [row["signal"] for row in rejected] == ["SELL"]
    assert (rejected[0]["signal"], rejected[0]["version"]) not in arms
    assert {row["approved_by"] for row in variants if row["model"] and row not in rejected} == {
        "demo"
    }


def test_it_begins_anew_each_time_and_leaves_the_other_database_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "learning.db").write_text("not touched")
    (folder / "week.db").write_text("an old one")
    done = run(tmp_path, "--once", "--week", "--readers", "1", LC_ALL="C")
    assert_good(done)
    assert done.stdout.isascii()
    assert (folder / "learning.db").read_text() == "not touched"
    again = run(tmp_path, "--once", "--week", "--readers", "1")
    assert_good(again)
    assert f"{SIGNALS_A_DAY} explanations" in again.stdout


def test_a_real_endpoint_is_used_if_there_is_one(tmp_path: Path, model: Model) -> None:
    model.says(completion("Because it rose by 1.5 to 2.5, which could end."))
    done = run(
        tmp_path, "--once", "--week", "--readers", "1",
        LLMLEARN_LLM_URL=model.url, LLMLEARN_LLM_MODEL="a-model", LLMLEARN_LLM_CALLS="5",
    )  # fmt: skip
    assert_good(done)
    assert "STAND-IN" not in done.stdout
    assert "Model a-model at" in done.stdout and "5 questions at most" in done.stdout
    # Without a price the budget cannot be kept, so that it is asked for no prompts.
    asked = [one for one in model.asked if one]
    assert len(asked) == 5
    assert all("rewrite prompts" not in json.dumps(one) for one in asked)


# ---- the stand-in


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_it_repeats_the_wording() -> None:
    with StandIn() as stand_in:
        said = post(
            stand_in.url + "/chat/completions",
            {"messages": [{"role": "user", "content": "Explain it.\n---\nIt rose."}]},
        )
        assert said["choices"][0]["message"]["content"] == "It rose."
        flagged = post(stand_in.url + "/moderations", {"input": ["a", "b"]})["results"]
        assert [one["flagged"] for one in flagged] == [False, False]
        with urllib.request.urlopen(stand_in.url + "/models", timeout=30) as response:
            assert json.load(response)["data"][0]["id"] == MODEL
        with pytest.raises(urllib.error.HTTPError):
            post(stand_in.url + "/elsewhere", {})
        assert stand_in.asked == 3


def test_its_prompts_keep_the_placeholders_and_differ() -> None:
    base = prompt_of("BUY", BASELINE)
    assert base
    written = [one["prompt"] for one in json.loads(write_prompts(base, 3, "BUY"))["variants"]]
    assert len(set(written)) == 3 and all(one.startswith(base) for one in written)
    places = re.findall(r"\{\{.*?\}\}", base)
    assert all(re.findall(r"\{\{.*?\}\}", one) == places for one in written)
    # What a prompt has already is not added again.
    again = json.loads(write_prompts(written[0], 3, "BUY"))["variants"]
    assert len(again) == 2
    sell = json.loads(write_prompts(base, 3, "SELL"))["variants"]
    assert ["https://" in one["prompt"] for one in sell] == [False, False, True]


# ---- the receiver


def test_only_what_is_signed_is_an_alert() -> None:
    with Receiver() as receiver:
        body = b'{"rule": "r", "subject": "s"}'
        mac = hmac.new(receiver.secret.encode(), b"7." + body, hashlib.sha256).hexdigest()
        headers = {
            "X-Llmlearn-Timestamp": "7",
            "X-Llmlearn-Delivery": "1",
            "X-Llmlearn-Signature": "v1=" + mac,
        }
        assert receiver.take(headers, body) == 204
        assert receiver.take(headers, body) == 204  # the same one again
        assert receiver.take(headers, body + b" ") == 401
        assert receiver.take({**headers, "X-Llmlearn-Timestamp": "8"}, body) == 401
        assert receiver.take({}, body) == 401
        assert receiver.fetch() == [{"rule": "r", "subject": "s"}]
        assert receiver.fetch() == [] and receiver.refused == 3
