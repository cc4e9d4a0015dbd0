"""Which model writes the explanations, as the environment says.

    LLMLEARN_LLM_URL      base address, e.g. https://api.example.com/v1; unset: no model
    LLMLEARN_LLM_MODEL    required with it: none is built in
    LLMLEARN_LLM_KEY      sent as the bearer token; unset: none is sent
    LLMLEARN_LLM_PRICES   LiteLLM's file of prices (JSON), or dollars per million prompt
                          and completion tokens: "0.15,0.60"; unset: the cost is unknown
    LLMLEARN_LLM_TIMEOUT  seconds for one answer, default 10
    LLMLEARN_LLM_CALLS    most questions in one run, default 60; after that, templates

The library asks: it refuses addresses that are neither https nor on this
machine, follows no redirect, and shows the key nowhere. Nothing is tried
twice: a reader is waiting, and the template is there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from llmlearn import AsyncLearner, InvalidArgumentError, StorageError
from llmlearn.models import Use

SYSTEM = "You explain trading signals to private investors. You never make up figures."


class SetupError(ValueError):
    """An environment variable is set to what cannot be used."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, whom, and what it may take."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    price_file: str | None = None
    prices: tuple[Decimal, Decimal] | None = None
    """Dollars per million tokens of prompt and completion, in place of a file."""
    timeout_s: float = 10.0
    calls_max: int = 60

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Endpoint | None:
        """The endpoint that the environment names, or None. Raises SetupError."""
        url = env.get("LLMLEARN_LLM_URL", "").strip()
        if not url:
            return None
        model = env.get("LLMLEARN_LLM_MODEL", "").strip()
        if not model:
            raise SetupError("LLMLEARN_LLM_MODEL must name the model to ask")
        prices = env.get("LLMLEARN_LLM_PRICES", "").strip()
        two = _two_prices(prices)
        return cls(
            url=url,
            model=model,
            key=env.get("LLMLEARN_LLM_KEY", "").strip() or None,
            price_file=None if two else prices or None,
            prices=two,
            timeout_s=_number(env, "LLMLEARN_LLM_TIMEOUT", 10, 0.1, 600),
            calls_max=int(_number(env, "LLMLEARN_LLM_CALLS", 60, 0, 1_000_000)),
        )

    async def use(self, learner: AsyncLearner, *uses: Use) -> None:
        """Tells the learner to ask here. Raises SetupError, naming the variable."""
        with tempfile.TemporaryDirectory() as folder:
            prices = self.price_file
            if self.prices is not None:
                prices = os.path.join(folder, "prices.json")
                with open(prices, "w", encoding="utf-8") as file:
                    json.dump(self._price_list(self.prices), file)
            try:
                await learner.set_model(
                    uses=uses or ("explaining",),
                    model=self.model,
                    base_url=self.url,
                    api_key=self.key,
                    price_file=prices,
                    retries_max=0,
                )
            except (InvalidArgumentError, StorageError) as problem:
                raise SetupError(_named(problem.detail)) from None

    def _price_list(self, prices: tuple[Decimal, Decimal]) -> dict[str, dict[str, float]]:
        names = ("input_cost_per_token", "output_cost_per_token")
        return {self.model: {n: float(p / 1_000_000) for n, p in zip(names, prices)}}


_VARIABLES = {
    "url": "LLMLEARN_LLM_URL",
    "base_url": "LLMLEARN_LLM_URL",
    "model": "LLMLEARN_LLM_MODEL",
    "api_key": "LLMLEARN_LLM_KEY",
    "price_file": "LLMLEARN_LLM_PRICES",
}


def _named(detail: str) -> str:
    """What the library says of an argument, as said of the variable."""
    name, colon, why = detail.partition(":")
    variable = _VARIABLES.get(name)
    return f"{variable}:{why}" if colon and variable else f"LLMLEARN_LLM_PRICES: {detail}"


def _two_prices(text: str) -> tuple[Decimal, Decimal] | None:
    """Two prices if it looks like that, None if it is a file's name."""
    if not text or text[0] not in "+-.0123456789" or os.path.exists(text):
        return None
    try:
        prompt, completion = (Decimal(part.strip()) for part in text.split(","))
        if not (0 <= prompt <= 1_000_000 and 0 <= completion <= 1_000_000):
            raise ValueError
    except (ValueError, InvalidOperation):
        raise SetupError(
            "LLMLEARN_LLM_PRICES must be a file, or two prices in dollars per million tokens: "
            '"0.15,0.60"'
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
