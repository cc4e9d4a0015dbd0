"""What the environment may say about the model."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from canary import MARK
from llmlearn import AsyncLearner

from trading_engine.endpoint import Endpoint, SetupError


def read(url: str = "https://api.example.com/v1", **more: str) -> Endpoint | None:
    return Endpoint.from_environment(
        {"LLMLEARN_LLM_URL": url, "LLMLEARN_LLM_MODEL": "a-model", **more}
    )


async def use(learner: AsyncLearner, url: str = "https://api.example.com/v1", **more: str) -> None:
    endpoint = read(url, **more)
    assert endpoint is not None
    await endpoint.use(learner)


def test_no_address_means_no_model() -> None:
    assert Endpoint.from_environment({}) is None
    assert Endpoint.from_environment({"LLMLEARN_LLM_URL": " ", "LLMLEARN_LLM_KEY": "k"}) is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com:8443/",
        "http://127.0.0.1:8080/v1",
        "http://127.1.2.3/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8080/v1",
    ],
)
async def test_https_or_this_machine(learner: AsyncLearner, url: str) -> None:
    await use(learner, url)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://10.0.0.1/v1",
        "http://127.0.0.1.example.com/v1",
        "http://localhost.example.com/v1",
        "http://0.0.0.0/v1",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "127.0.0.1:8080",
        "https://",
        pytest.param(f"https://user:{MARK}@api.example.com/v1", id="a password"),
        "https://api.example.com/v1#x",
        "https://api.example.com:port/v1",
        "https://[::1/v1",
        "https://exa mple.com/",
    ],
)
async def test_other_addresses_are_refused(learner: AsyncLearner, url: str) -> None:
    with pytest.raises(SetupError, match="LLMLEARN_LLM_URL") as refused:
        await use(learner, url)
    assert MARK not in str(refused.value)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL", ""),
        ("MODEL", "a model"),
        ("MODEL", 'a"model'),
        ("MODEL", "m" * 65),
        ("KEY", "two\nlines"),
        ("KEY", "schlüssel"),
        ("PRICES", "1"),
        ("PRICES", "1,2,3"),
        ("PRICES", "1,b"),
        ("PRICES", "-1,1"),
        ("PRICES", "1,nan"),
        ("PRICES", "a,b"),
        ("PRICES", "/nowhere/prices.json"),
        ("TIMEOUT", "0"),
        ("TIMEOUT", "soon"),
        ("TIMEOUT", "nan"),
        ("CALLS", "-1"),
    ],
)
async def test_what_cannot_be_used_is_named(
    learner: AsyncLearner, name: str, value: str
) -> None:
    with pytest.raises(SetupError, match=f"LLMLEARN_LLM_{name}"):
        await use(learner, **{f"LLMLEARN_LLM_{name}": value})


@pytest.mark.asyncio
async def test_prices_are_a_file_or_two_numbers(learner: AsyncLearner, tmp_path: Path) -> None:
    two = read(LLMLEARN_LLM_PRICES="0.15, 0.60")
    assert two and (two.prices, two.price_file) == ((Decimal("0.15"), Decimal("0.60")), None)
    await two.use(learner)
    file = tmp_path / "prices.json"
    costs = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
    file.write_text(json.dumps({"a-model": costs}))
    of_file = read(LLMLEARN_LLM_PRICES=str(file))
    assert of_file and (of_file.prices, of_file.price_file) == (None, str(file))
    await of_file.use(learner)
    file.write_text("no list")
    with pytest.raises(SetupError, match="LLMLEARN_LLM_PRICES"):
        await of_file.use(learner)


@pytest.mark.asyncio
async def test_the_key_is_not_shown(learner: AsyncLearner) -> None:
    assert MARK not in repr(read(LLMLEARN_LLM_KEY=MARK))
    with pytest.raises(SetupError) as refused:
        await use(learner, LLMLEARN_LLM_KEY=f"{MARK}\nline")
    assert MARK not in str(refused.value)
