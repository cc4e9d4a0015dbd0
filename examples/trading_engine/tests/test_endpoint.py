"""What the environment may say about the model."""

from __future__ import annotations

import pytest

from trading_engine.endpoint import Endpoint, SetupError


def read(url: str = "https://api.example.com/v1", **more: str) -> Endpoint | None:
    return Endpoint.from_environment(
        {"LLMLEARN_LLM_URL": url, "LLMLEARN_LLM_MODEL": "a-model", **more}
    )


def test_no_address_means_no_model() -> None:
    assert Endpoint.from_environment({}) is None
    assert Endpoint.from_environment({"LLMLEARN_LLM_URL": " ", "LLMLEARN_LLM_KEY": "k"}) is None


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
def test_https_or_this_machine(url: str) -> None:
    endpoint = read(url)
    assert endpoint is not None
    assert endpoint.url == url.rstrip("/") + "/chat/completions"


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
        "https://user:password@api.example.com/v1",
        "https://api.example.com/v1?key=secret",
        "https://api.example.com/v1#x",
        "https://api.example.com:port/v1",
        "https://[::1/v1",
        "https://exa mple.com/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(SetupError, match="LLMLEARN_LLM_URL"):
        read(url)


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
        ("PRICES", "a,b"),
        ("PRICES", "-1,1"),
        ("PRICES", "nan,1"),
        ("TIMEOUT", "0"),
        ("TIMEOUT", "soon"),
        ("TIMEOUT", "nan"),
        ("CALLS", "-1"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SetupError, match=f"LLMLEARN_LLM_{name}"):
        read(**{f"LLMLEARN_LLM_{name}": value})


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(read(LLMLEARN_LLM_KEY="secret"))
