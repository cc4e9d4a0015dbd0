"""A signal is explained, logged and rated, whatever becomes of the model."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from canary import MARK
from conftest import Model, completion
from llmlearn import AsyncLearner, InvalidArgumentError, NotFoundError, RateLimitedError

from trading_engine.llm_service import BY_VERSION, NO_MODEL, LLMService
from trading_engine.signals import Signal
from trading_engine.wordings import prompt_of

pytestmark = pytest.mark.asyncio

FIGURES = Signal("AAPL", date(2010, 3, 1), "BUY", 0.85, 223.02, 206.56, 177.29)
UNKNOWN_ID = "0190b7d4-0000-7000-8000-000000000000"


# ---- the loop


async def test_feedback_flow(learner: AsyncLearner) -> None:
    service = LLMService(learner)
    explanation = await service.explain_signal("AAPL", "BUY", 0.85)
    await learner.submit_feedback(
        explanation_id=explanation["explanation_id"], helpful=True, rating=5
    )
    analytics = await learner.analytics(days=1, refresh=True)
    assert analytics["total_feedback"] == 1
    assert analytics["total_explanations"] == 1
    assert analytics["average_rating"] == 5


async def test_an_unknown_explanation_cannot_be_rated(learner: AsyncLearner) -> None:
    with pytest.raises(NotFoundError):
        await learner.submit_feedback(explanation_id=UNKNOWN_ID, helpful=True)


async def test_the_eleventh_vote_of_an_hour_is_refused(learner: AsyncLearner) -> None:
    service = LLMService(learner)
    said = [await service.explain_signal("AAPL", "BUY", 0.85) for _ in range(11)]
    for explanation in said[:10]:
        await learner.submit_feedback(
            explanation_id=explanation["explanation_id"], helpful=True, user="reader"
        )
    with pytest.raises(RateLimitedError) as refused:
        await learner.submit_feedback(
            explanation_id=said[10]["explanation_id"], helpful=True, user="reader"
        )
    assert 1 <= refused.value.retry_after_s <= 3600
    assert (await learner.analytics(days=1, refresh=True))["total_feedback"] == 10


# ---- without a model


async def test_without_a_model_the_wording_speaks(learner: AsyncLearner) -> None:
    said = await LLMService(learner).explain_signal("AAPL", "BUY", 0.85, figures=FIGURES)
    assert said["explanation"] == (
        "AAPL: BUY. Bullish SMA crossover, momentum intact. Conviction 0.85."
    )
    assert (said["variant"], said["fallback"], said["fallback_reason"]) == ("v1.0", True, NO_MODEL)
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.ticker, row.signal, row.confidence) == ("AAPL", "BUY", 0.85)
    assert (row.text, row.version) == (said["explanation"], "v1.0")
    assert (row.fallback, row.model) == (True, None)
    assert row.fallback_reason == f"{NO_MODEL}; a template answered"
    assert row.latency_ms is None and said["latency_ms"] > 0  # of a template it says nothing
    assert (row.prompt_tokens, row.completion_tokens, row.cost_nanousd) == (None, None, None)
    assert row.metadata == {"month": "2010-03"}


async def test_figures_are_filled_in(learner: AsyncLearner) -> None:
    said = await LLMService(learner).explain_signal(
        "AAPL", "BUY", 0.85, figures=FIGURES, variant_version="v1.2"
    )
    assert "206.56 dollars" in said["explanation"]
    assert "177.29" in said["explanation"]
    assert "{" not in said["explanation"]


async def test_what_is_not_known_is_not_said(learner: AsyncLearner) -> None:
    said = await LLMService(learner).explain_signal("AAPL", "BUY", 0.85, variant_version="v1.2")
    assert said["explanation"] == "AAPL: BUY, confidence 0.85."


async def test_a_signal_nobody_has_a_wording_for(learner: AsyncLearner) -> None:
    said = await LLMService(learner).explain_signal("AAPL", "SHORT", 0.5)
    assert said["explanation"] == "AAPL: SHORT, confidence 0.50."
    assert said["fallback_reason"] == NO_MODEL


# ---- variants


async def start_test(learner: AsyncLearner, **texts: str) -> int:
    for version, text in texts.items():
        await learner.add_variant(signal="BUY", version=version, text=text)
    return await learner.start_ab_test(
        signal="BUY", weights={version: 1 / len(texts) for version in texts}, min_duration_days=0
    )


async def test_the_variant_used_is_the_one_assigned(learner: AsyncLearner) -> None:
    texts = {"v1": "One of {{ticker}}.", "v1.0": "Base of {{ticker}}.", "v2": "Two of {{ticker}}."}
    test_id = await start_test(learner, **texts)
    service = LLMService(learner)
    seen = set()
    for number in range(60):
        reader = f"reader-{number}"
        assigned = await learner.get_variant(signal="BUY", unit=reader)
        for _ in range(2):
            said = await service.explain_signal("AAPL", "BUY", 0.85, reader=reader)
            assert said["variant"] == assigned.version
            # The words are those of the library's variant, not of a copy of ours.
            assert said["explanation"] == texts[assigned.version].replace("{{ticker}}", "AAPL")
            row = await learner.get_explanation(explanation_id=said["explanation_id"])
            assert (row.version, row.unit) == (assigned.version, reader)
            assert (row.test_id, row.arm) == (test_id, assigned.arm)
            assert not row.rerouted
        seen.add(assigned.version)
    assert seen == set(texts)


async def test_a_version_asked_for_counts_in_no_test(learner: AsyncLearner) -> None:
    await start_test(learner, **{"v1.0": "Base.", "v2": "Two."})
    said = await LLMService(learner).explain_signal("AAPL", "BUY", 0.85, variant_version="v1.1")
    assert (said["variant"], said["fallback_reason"]) == ("v1.1", BY_VERSION)
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.version, row.test_id, row.arm) == ("v1.1", None, None)


async def test_an_unusable_variant_falls_back_to_the_baseline_and_stays_the_arm(
    learner: AsyncLearner,
) -> None:
    await start_test(learner, **{"v1.0": "Of {{nothing}}.", "v2": "As {{little}}."})
    said = await LLMService(learner).explain_signal("AAPL", "BUY", 0.85, reader="reader")
    assert said["explanation"].startswith("AAPL: BUY. Bullish SMA crossover")
    assert said["fallback_reason"] == NO_MODEL
    assigned = await learner.get_variant(signal="BUY", unit="reader")
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.version, row.arm) == (assigned.version, assigned.arm)


async def test_a_model_is_not_asked_what_has_no_value(
    learner: AsyncLearner, model: Model
) -> None:
    await start_test(learner, **{"v1.0": "Of {{nothing}}.", "v2": "As {{little}}."})
    said = await LLMService(learner, model.endpoint()).explain_signal(
        "AAPL", "BUY", 0.85, reader="reader"
    )
    assert (said["fallback_reason"], said["model"]) == ("prompt", None)
    assert said["explanation"].startswith("AAPL: BUY. Bullish SMA crossover")
    assert model.asked == []


# ---- with a model


async def test_a_model_writes_the_text(learner: AsyncLearner, model: Model) -> None:
    model.says(
        completion(
            " Because it rose.\n",
            usage={"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        )
    )
    endpoint = model.endpoint(LLMLEARN_LLM_KEY=MARK, LLMLEARN_LLM_PRICES="0.15, 0.60")
    said = await LLMService(learner, endpoint).explain_signal("AAPL", "BUY", 0.85, figures=FIGURES)
    assert (said["explanation"].strip(), said["fallback"]) == ("Because it rose.", False)
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.model, row.provider) == ("a-model", "127.0.0.1")
    assert (row.fallback, row.fallback_reason) == (False, None)
    assert (row.prompt_tokens, row.completion_tokens) == (100, 20)
    # 100 x 0.15 $ + 20 x 0.60 $ per million = 27 millionths of a dollar
    assert row.cost_nanousd == 27_000
    report = await learner.analytics(days=1, refresh=True)
    assert (report["cost_nanousd"], report["fallback_rate"]) == (27_000, 0)

    (asked,) = model.asked
    assert asked["model"] == "a-model"
    assert "206.56" not in asked["messages"][-1]["content"]  # the baseline names no average
    assert "AAPL: BUY. Bullish SMA crossover" in asked["messages"][-1]["content"]
    assert "{{" not in asked["messages"][-1]["content"]
    assert (model.keys, model.paths) == ([f"Bearer {MARK}"], ["/v1/chat/completions"])


async def test_without_usage_tokens_and_cost_are_unknown(
    learner: AsyncLearner, model: Model
) -> None:
    endpoint = model.endpoint(LLMLEARN_LLM_PRICES="0.15,0.60")
    said = await LLMService(learner, endpoint).explain_signal("AAPL", "BUY", 0.85)
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.prompt_tokens, row.completion_tokens, row.cost_nanousd) == (None, None, None)
    assert not row.fallback


@pytest.mark.parametrize(
    "usage",
    ["much", [], {}, {"prompt_tokens": -1, "completion_tokens": True}]
    + [{"prompt_tokens": 1.5, "completion_tokens": "many"}, None],
)
async def test_nonsense_usage_is_unknown(learner: AsyncLearner, model: Model, usage: Any) -> None:
    model.says(completion(usage=usage))
    said = await LLMService(learner, model.endpoint()).explain_signal("AAPL", "BUY", 0.85)
    assert (said["fallback"], said["prompt_tokens"], said["completion_tokens"]) == (
        False,
        None,
        None,
    )


async def fallback_of(learner: AsyncLearner, model: Model, **more: str) -> str:
    """The reason for a fallback, after checking that it is one, and is logged as one."""
    said = await LLMService(learner, model.endpoint(**more)).explain_signal("AAPL", "BUY", 0.85)
    assert said["explanation"] == (
        "AAPL: BUY. Bullish SMA crossover, momentum intact. Conviction 0.85."
    )
    row = await learner.get_explanation(explanation_id=said["explanation_id"])
    assert (row.fallback, row.model, row.text) == (True, None, said["explanation"])
    assert row.fallback_reason == f"{said['fallback_reason']}; a template answered"
    return str(said["fallback_reason"])


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_model_that_answers_an_error(
    learner: AsyncLearner, model: Model, status: int
) -> None:
    model.status = status
    assert await fallback_of(learner, model) == "model"
    assert len(model.asked) == 1  # a reader is waiting: nothing is tried twice


async def test_a_model_that_hangs(learner: AsyncLearner, model: Model) -> None:
    model.hangs = True
    assert await fallback_of(learner, model, LLMLEARN_LLM_TIMEOUT="0.2") == "timeout"


async def test_a_model_that_never_ends(learner: AsyncLearner, model: Model) -> None:
    model.trickles = True
    assert await fallback_of(learner, model, LLMLEARN_LLM_TIMEOUT="0.2") == "timeout"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [1]}',
        b'{"choices": [{"message": "hello"}]}',
        b'{"choices": {"0": {}}}',
        b"[" * 100_000,
    ],
)
async def test_a_model_that_answers_garbage(
    learner: AsyncLearner, model: Model, body: bytes
) -> None:
    model.body = body
    assert await fallback_of(learner, model) in ("model", "empty")


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (None, ["empty"]),
        ("", ["empty"]),
        ("  \n", ["empty"]),
        ("\x1b\x07", ["control_characters", "empty"]),
        (7, ["model", "empty"]),
        (["It rose."], ["model", "empty"]),
    ],
)
async def test_a_model_that_says_nothing(
    learner: AsyncLearner, model: Model, text: Any, reasons: list[str]
) -> None:
    model.says(completion(text))
    assert await fallback_of(learner, model) in reasons


async def test_a_model_that_refuses(learner: AsyncLearner, model: Model) -> None:
    answer = completion("No.")
    answer["choices"][0]["message"]["refusal"] = "I must not."
    model.says(answer)
    assert await fallback_of(learner, model) == "refused"


async def test_a_model_that_is_cut_off(learner: AsyncLearner, model: Model) -> None:
    model.says(completion("Because it", finish_reason="length"))
    assert await fallback_of(learner, model) == "truncated"


async def test_a_model_that_says_too_much(learner: AsyncLearner, model: Model) -> None:
    model.says(completion("It rose. " * 40_000))
    assert await fallback_of(learner, model) == "too_long"


async def test_a_model_that_contradicts_the_signal(learner: AsyncLearner, model: Model) -> None:
    model.says(completion("Sell AAPL now: we recommend selling all of it."))
    assert await fallback_of(learner, model) == "contradicts_signal"


async def test_a_model_that_is_not_there(learner: AsyncLearner, model: Model) -> None:
    endpoint = model.endpoint()
    model.close()
    said = await LLMService(learner, endpoint).explain_signal("AAPL", "BUY", 0.85)
    assert said["fallback_reason"] == "model"


async def test_the_key_follows_no_redirect(learner: AsyncLearner, model: Model) -> None:
    model.status = 302
    model.headers = {"Location": model.url + "/elsewhere"}
    assert await fallback_of(learner, model, LLMLEARN_LLM_KEY=MARK) == "model"
    assert len(model.asked) == 1


async def test_a_model_that_is_down_is_left_alone(learner: AsyncLearner, model: Model) -> None:
    model.status = 503
    service = LLMService(learner, model.endpoint())
    reasons = [
        (await service.explain_signal("AAPL", "BUY", 0.85))["fallback_reason"] for _ in range(10)
    ]
    assert len(model.asked) == 3
    assert reasons == ["model"] * 3 + [NO_MODEL] * 7


async def test_no_more_calls_than_allowed(learner: AsyncLearner, model: Model) -> None:
    service = LLMService(learner, model.endpoint(LLMLEARN_LLM_CALLS="2"))
    await start_test(learner, **{"v1.0": "Base.", "v2": "Two."})  # so that none is cached
    said = await asyncio.gather(
        *(service.explain_signal("AAPL", "BUY", 0.85) for _ in range(20))
    )
    assert sum(one["fallback"] for one in said) == 18
    assert {one["fallback_reason"] for one in said} == {None, NO_MODEL}
    assert len(model.asked) == 2


async def test_a_model_cannot_play_tricks_on_a_terminal(
    learner: AsyncLearner, model: Model
) -> None:
    for text, reason in (
        ("It \x1b[31mrose\x1b]0;owned\x07 again.", "control_characters"),
        ("It rose \u202eagain.", "invisible_characters"),
    ):
        model.says(completion(text))
        assert await fallback_of(learner, model) == reason


# ---- when logging fails


async def test_a_reader_gets_the_text_even_if_it_cannot_be_logged(tmp_path: Path) -> None:
    learner = AsyncLearner(tmp_path / "closed.db")
    await learner.close()
    service = LLMService(learner)
    said = await service.explain_signal("AAPL", "BUY", 0.85)
    assert said["explanation"].startswith("AAPL: BUY.")
    assert said["explanation_id"] is None
    assert said["log_error"]
    assert service.unlogged == 1


@pytest.mark.parametrize(
    ("ticker", "signal", "confidence"),
    [("A APL", "BUY", 0.5), ("AAPL", "BUY NOW", 0.5), ("AAPL", "BUY", 1.5), ("", "BUY", 0.5)],
)
async def test_a_wrong_argument_is_an_error(
    learner: AsyncLearner, ticker: str, signal: str, confidence: float
) -> None:
    with pytest.raises(InvalidArgumentError):
        await LLMService(learner).explain_signal(ticker, signal, confidence)


async def test_the_result_is_plain_json(learner: AsyncLearner) -> None:
    said = await LLMService(learner).explain_signal("AAPL", "BUY", 0.85)
    assert json.loads(json.dumps(said)) == said
    assert prompt_of("BUY", said["variant"])
