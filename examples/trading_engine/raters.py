"""Simulated readers, for a demonstration without real ones.

What they like is stated here and nowhere else: whether one finds a text
helpful is a draw with a probability that comes from the text alone,

    P(helpful) = 1 / (1 + e^-(BASE + weights of what the text has + mood of the reader))

so a test that works finds the wordings with most of what is liked. Nothing of
it says what real people prefer. Every draw comes from the seed, the reader
and the text, so the same seed gives the same votes, in whatever order.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random

PREFIX = "simulated-"  # how the name of every simulated reader begins

BASE = -0.1
WEIGHTS = {
    "figures": 0.30,
    "reason": 0.90,
    "risk": 1.30,
    "jargon": -0.80,
    "long": -0.70,
    "hype": -1.20,
}
MEANING = {
    "figures": "names both averages",
    "reason": "says why",
    "risk": "names a risk",
    "jargon": "uses traders' words",
    "long": "has more than 45 words",
    "hype": "shouts",
}
MOOD = 0.4  # standard deviation between readers
RESPONSE = 0.6  # share of explanations that get a vote, whatever they say
STARS = 0.5  # share of votes that come with stars
COMMENT = 0.04  # share of votes that come with words

_REASON = re.compile(r"\b(because|since|due to)\b", re.I)
_RISK = re.compile(r"\b(could|risk|may not|might|not certain|no guarantee)\b", re.I)
_JARGON = re.compile(r"\b(SMA|crossover|momentum|bullish|bearish|conviction|regime)\b", re.I)
_HYPE = re.compile(r"!|\b(huge|don't miss|sure thing)\b", re.I)
_FIGURE = re.compile(r"\d+\.\d")


def features_of(text: str) -> frozenset[str]:
    """What a text has of the things that simulated readers care for."""
    found = {
        "figures": len(_FIGURE.findall(text)) >= 2,
        "reason": bool(_REASON.search(text)),
        "risk": bool(_RISK.search(text)),
        "jargon": bool(_JARGON.search(text)),
        "long": len(text.split()) > 45,
        "hype": bool(_HYPE.search(text)),
    }
    return frozenset(name for name, has in found.items() if has)


def chance_helpful(text: str, mood: float = 0.0) -> float:
    """The probability that a reader in this mood finds the text helpful."""
    score = BASE + mood + sum(WEIGHTS[name] for name in features_of(text))
    return 1 / (1 + math.exp(-score))


@dataclass(frozen=True, slots=True)
class Vote:
    """What a reader says about one explanation."""

    helpful: bool
    rating: int | None = None
    comment: str | None = None


class Raters:
    """A crowd of simulated readers, each with a name and a mood."""

    def __init__(self, seed: int, response: float = RESPONSE) -> None:
        self.seed = seed
        self.response = response

    def name(self, number: int) -> str:
        """The name of a reader, with which they vote and are assigned a wording."""
        return f"{PREFIX}{number:07d}"

    def vote(self, reader: str, about: str, text: str) -> Vote | None:
        """What a reader answers to a text about ``about``; None: nothing."""
        mood = Random(f"{self.seed} mood {reader}").gauss(0, MOOD)
        draw = Random(f"{self.seed} vote {reader} {about} {text}")
        if draw.random() >= self.response:
            return None
        helpful = draw.random() < chance_helpful(text, mood)
        rating = None
        if draw.random() < STARS:
            rating = draw.choice((4, 4, 5) if helpful else (1, 2, 2, 3))
        comment = None
        if draw.random() < COMMENT:
            comment = "simulated: " + _remark(text, helpful)
        return Vote(helpful, rating, comment)


def _remark(text: str, helpful: bool) -> str:
    """The feature that speaks most for the vote, as a few words."""
    sign = 1 if helpful else -1
    liked = [name for name in features_of(text) if WEIGHTS[name] * sign > 0]
    if not liked:
        return "helps me" if helpful else "tells me nothing"
    return MEANING[max(liked, key=lambda name: (abs(WEIGHTS[name]), name))]


def preference_in_words() -> list[str]:
    """The preference, stated as the demonstration prints it."""
    ordered = sorted(WEIGHTS.items(), key=lambda item: -item[1])
    return [f"{weight:+.2f} {MEANING[name]}" for name, weight in ordered]
