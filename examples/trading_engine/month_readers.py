"""When the SIMULATED readers of the month come, and what they write.

Their preference is that of raters.py. Here is only what a month needs more:
days that are not alike, hours, and comments of some variety. Each comment begins
with "simulated: ".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from random import Random

from .clock import DAY_S
from .raters import Raters, Vote

WEEKDAYS = (0.95, 1.0, 1.0, 1.0, 0.9, 0.45, 0.4)  # Monday first
EXPLANATIONS_A_DAY = 360  # on a full one
READERS = 4000
RESPONSE = 0.25  # share of explanations that get a vote
COMMENT = 0.16  # share of votes that come with words
VOTE_AFTER_S = 240  # on average

_HELPFUL = (
    "short and clear, thank you",
    "now I know why",
    "the two averages side by side are what I need",
    "good that it says what could go wrong",
    "I could explain this to my father",
    "exactly the length for the train",
    "👍",
    "Merci, très clair 🙂",
    "分かりやすい説明でした。",
    "jasno i bez żargonu",
    "A question rather than a complaint: would it be possible to show the averages of the whole "
    "market next to those of the share? When everything rises, a rising share tells me little, "
    "and I end up opening three other pages to find out. Other than that this is the first "
    "explanation of a signal which I did not have to read twice.",
)
_NOT_HELPFUL = (
    "what is an SMA?",
    "too much jargon",
    "says nothing about the risk",
    "reads like an advertisement",
    "and why?",
    "too long for what it says",
    "I had hoped for a reason, this is a headline",
    "Was heißt das für mich?",
    "не понял, почему",
    "هذا غير واضح",
    "I hold this share since 2003 and have seen this signal more often than I can count. It "
    "never says over which time it was right, so that I can neither trust it nor learn from it. "
    "Please name the last three times it was given, and what the price did in the year after. "
    "Two lines would do. As it is I scroll past it, and I suppose that I am not the only one.",
)


def times_of(day_us: int, share: float, draw: Random) -> list[int]:
    """When explanations are asked for on the day that begins at ``day_us``, in order."""
    weekday = datetime.fromtimestamp(day_us / 1e6, timezone.utc).weekday()
    many = round(EXPLANATIONS_A_DAY * share * WEEKDAYS[weekday] * draw.gauss(1, 0.06))
    hours = (draw.triangular(5.5, 23.5, 15) for _ in range(many))
    return sorted(day_us + round(hour / 24 * DAY_S * 1e6) for hour in hours)


class Crowd:
    """Readers who come when they like, and say more or less."""

    def __init__(self, seed: int, draw: Random) -> None:
        self._raters = Raters(seed, response=RESPONSE)
        self._draw = draw

    def somebody(self) -> str:
        return self._raters.name(self._draw.randrange(READERS))

    def vote(self, reader: str, about: str, text: str) -> Vote | None:
        vote = self._raters.vote(reader, about, text)
        if vote is None or self._draw.random() >= COMMENT:
            return vote
        words = self._draw.choice(_HELPFUL if vote.helpful else _NOT_HELPFUL)
        return replace(vote, comment="simulated: " + words)

    def vote_after_us(self) -> int:
        return round(self._draw.expovariate(1 / VOTE_AFTER_S) * 1e6) + 2_000_000
