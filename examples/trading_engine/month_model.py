"""A SIMULATED model for the month: no network, made-up times, tokens and costs.

It says the wording that the prompt asks for, word by word, as the stand-in
does; but a month of real waiting would be too long, so that its times are drawn:
about a second, more for long answers, sometimes much more. Tokens are words and
what a house adds to each prompt; prices are those of a small hosted model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

MODEL = "simulated-model"
PROVIDER = "simulated"

CONTEXT_TOKENS = 900  # rules of the house and market data, the same for each prompt
TOKENS_PER_WORD = 1.35
PROMPT_NANOUSD = 150  # per token: $0.15 and $0.60 per million
COMPLETION_NANOUSD = 600

FAILURES = 0.012  # it is not in time
TIMEOUT_MS = 8000.0
CACHE_MS = 1.5


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one question."""

    latency_ms: float
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    failed: str | None = None
    """Why there is no answer, and a template has to do."""

    @property
    def cost_nanousd(self) -> int | None:
        if self.prompt_tokens is None or self.completion_tokens is None:
            return None
        return self.prompt_tokens * PROMPT_NANOUSD + self.completion_tokens * COMPLETION_NANOUSD


def ask(draw: Random, prompt: str, text: str, breaks: float = 0.0) -> Said:
    """Asks for ``text``; ``breaks``: how often this prompt gets no usable answer."""
    if draw.random() < FAILURES:
        return Said(TIMEOUT_MS, failed="timeout: no answer within 8 s")
    words = len(text.split())
    latency_ms = draw.lognormvariate(math.log(820 + 3 * words), 0.35)
    prompt_tokens = CONTEXT_TOKENS + round(TOKENS_PER_WORD * len(prompt.split()))
    completion_tokens = round(TOKENS_PER_WORD * words) + draw.randrange(4)
    broken = "format: the answer is not plain text" if draw.random() < breaks else None
    return Said(latency_ms, prompt_tokens, completion_tokens, broken)
