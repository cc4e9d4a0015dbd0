"""One question to an OpenAI-compatible chat endpoint, answered before a deadline.

    LLMLEARN_LLM_URL      base address, e.g. https://api.example.com/v1; unset: no model
    LLMLEARN_LLM_MODEL    required with it: none is built in
    LLMLEARN_LLM_KEY      sent as the bearer token; unset: none is sent
    LLMLEARN_LLM_PRICES   dollars per million prompt and completion tokens: "0.15,0.60";
                          unset: the cost is unknown
    LLMLEARN_LLM_TIMEOUT  seconds for one answer, default 10
    LLMLEARN_LLM_CALLS    most calls in one run, default 60; after that, templates

The address must be https, or http on this machine itself, so that the key
never travels readable. Redirects are refused: they would carry the key along.
Nothing is tried twice: a reader is waiting, and the template is there.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

ANSWER_BYTES_MAX = 1 << 20
TEXT_CHARACTERS_MAX = 2000

_NAME = re.compile(r"""[!-~]{1,64}""")
_NOT_IN_NAME = set("\"'\\<>&%;`")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_SYSTEM = "You explain trading signals to private investors. You never make up figures."

_T = TypeVar("_T")


class SetupError(ValueError):
    """An environment variable is set to what cannot be used."""


class NoAnswer(Exception):
    """The endpoint gave no usable text; says why, in words of our own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and what it took; None where the endpoint did not say."""

    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_nanousd: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, whom, and what it may take."""

    url: str
    model: str
    provider: str
    key: str | None = field(default=None, repr=False)
    prices: tuple[Decimal, Decimal] | None = None
    timeout_s: float = 10.0
    calls_max: int = 60

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Endpoint | None:
        """The endpoint that the environment names, or None. Raises SetupError."""
        url = env.get("LLMLEARN_LLM_URL", "").strip()
        if not url:
            return None
        model = env.get("LLMLEARN_LLM_MODEL", "").strip()
        if not _NAME.fullmatch(model) or _NOT_IN_NAME & set(model):
            raise SetupError("LLMLEARN_LLM_MODEL must name the model to ask")
        key = env.get("LLMLEARN_LLM_KEY", "").strip() or None
        if key and not (key.isascii() and key.isprintable()):
            raise SetupError("LLMLEARN_LLM_KEY holds characters that no key has")
        return cls(
            url=url.rstrip("/") + "/chat/completions",
            model=model,
            provider=_checked_host(url),
            key=key,
            prices=_prices(env.get("LLMLEARN_LLM_PRICES", "")),
            timeout_s=_number(env, "LLMLEARN_LLM_TIMEOUT", 10, 0.1, 600),
            calls_max=int(_number(env, "LLMLEARN_LLM_CALLS", 60, 0, 1_000_000)),
        )

    async def ask(self, prompt: str) -> Answer:
        """One question, one answer. Raises NoAnswer, at the deadline at the latest."""
        try:
            body = await asyncio.wait_for(
                in_thread(lambda: self._post(prompt, time.monotonic() + self.timeout_s)),
                self.timeout_s,
            )
        except asyncio.TimeoutError:
            raise NoAnswer(f"no answer within {self.timeout_s:g} s") from None
        return self._answer(body)

    def _post(self, prompt: str, deadline: float) -> bytes:
        question = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": prompt},
            ],
        }
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(
            self.url, json.dumps(question).encode(), headers, method="POST"
        )
        try:
            with _opener(self.url).open(request, timeout=self.timeout_s) as response:
                return _read(response, deadline)
        except urllib.error.HTTPError as error:
            error.close()
            raise NoAnswer(f"the endpoint answered {error.code}") from None
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.timeout_s:g} s") from None
        except NoAnswer:
            raise
        except Exception as error:  # http.client raises much, all of it meaning this
            raise NoAnswer(f"the endpoint cannot be reached: {type(error).__name__}") from None

    def _answer(self, body: bytes) -> Answer:
        try:
            reply = json.loads(body)
            choice = reply["choices"][0]
            message = choice["message"]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise NoAnswer("the answer is no chat completion") from None
        if not isinstance(message, dict) or not isinstance(choice, dict):
            raise NoAnswer("the answer is no chat completion")
        if message.get("refusal"):
            raise NoAnswer("the model refused")
        if choice.get("finish_reason") in ("length", "content_filter"):
            raise NoAnswer("the answer is not complete")
        text = clean(message.get("content"))
        if not text:
            raise NoAnswer("the answer has no text")
        prompt, completion = _usage(reply)
        return Answer(text, prompt, completion, self._cost(prompt, completion))

    def _cost(self, prompt_tokens: int | None, completion_tokens: int | None) -> int | None:
        """Nano-dollars; dollars per million tokens are a thousand nano-dollars per token."""
        if self.prices is None or prompt_tokens is None or completion_tokens is None:
            return None
        dollars = self.prices[0] * prompt_tokens + self.prices[1] * completion_tokens
        return int((dollars * 1000).to_integral_value())


# ---- from the environment


def _checked_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise SetupError("LLMLEARN_LLM_URL is no address") from None
    if not host or not re.fullmatch(r"[A-Za-z0-9.:-]{1,64}", host):
        raise SetupError("LLMLEARN_LLM_URL names no host")
    if parts.username is not None or parts.query or parts.fragment:
        raise SetupError("LLMLEARN_LLM_URL is the base address alone; the key has its own variable")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise SetupError("LLMLEARN_LLM_URL must be https, or http on this machine")
    return host


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _prices(text: str) -> tuple[Decimal, Decimal] | None:
    if not text.strip():
        return None
    try:
        prompt, completion = (Decimal(part.strip()) for part in text.split(","))
        if not (0 <= prompt <= 1_000_000 and 0 <= completion <= 1_000_000):
            raise ValueError
    except (ValueError, InvalidOperation):
        raise SetupError(
            'LLMLEARN_LLM_PRICES must be two prices in dollars per million tokens: "0.15,0.60"'
        ) from None
    return prompt, completion


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not low <= value <= high:
        raise SetupError(f"{name} must be a number from {low:g} to {high:,.0f}")
    return value


# ---- over the wire


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None  # the redirect is then an error as any other


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if urlsplit(url).scheme == "http":  # this machine: no proxy stands before it
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _read(response: Any, deadline: float) -> bytes:
    """The whole body, unless it is too long or trickles in for too long."""
    body = bytearray()
    while part := response.read1(65536):
        body += part
        if len(body) > ANSWER_BYTES_MAX:
            raise NoAnswer("the answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(body)


def _usage(reply: dict[str, Any]) -> tuple[int | None, int | None]:
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        return None, None
    prompt, completion = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return _tokens(prompt), _tokens(completion)


def _tokens(value: Any) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40
    return value if known else None


def clean(text: Any) -> str:
    """A text from elsewhere without what could play tricks on a terminal, cut to size."""
    if not isinstance(text, str):
        return ""
    text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("", text).strip()[:TEXT_CHARACTERS_MAX]


async def in_thread(function: Callable[[], _T]) -> _T:
    """Runs what blocks in a thread that nobody has to wait for.

    asyncio.to_thread would make the program wait at its end for an endpoint
    that hangs.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            set_it(value)

    def work() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = (future.set_result, function())
        except BaseException as error:
            outcome = (future.set_exception, error)
        try:
            loop.call_soon_threadsafe(settle, *outcome)
        except RuntimeError:
            pass  # the loop has ended: nobody waits any more

    threading.Thread(target=work, name="llm", daemon=True).start()
    return await future
