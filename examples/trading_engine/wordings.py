"""The prompts that the engine tries out, and how one becomes a text.

A prompt variant is what a model would be told, and ends in the wording that it
is to follow. Without a model the wording alone, with its figures filled in, is
the explanation: a template, and logged as one.

For each signal there are generations. The first holds the three wordings that
the engine starts with; of the later ones each brings a challenger that the
champion of the day is tested against, one generation after the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BASELINE = "v1.0"

_TASK = """\
Explain to a private investor why the signal for {{ticker}} is {{signal}}. Use no \
figures but those given here, at most 60 words, plain text. Keep to this wording:"""
_MARK = "\n---\n"

_AVERAGES = (
    "over the last {{short_months}} months it averaged {{short_average}} dollars, "
    "over the last {{long_months}} months {{long_average}}."
)
_BUY = "We suggest buying {{ticker}} because its price has been rising: " + _AVERAGES
_SELL = "We suggest selling {{ticker}} because its price has been falling: " + _AVERAGES
_HOLD = "We suggest waiting with {{ticker}} because its price has hardly moved: " + _AVERAGES

_Generation = dict[str, str]

_WORDINGS: dict[str, list[_Generation]] = {
    "BUY": [
        {
            "v1.0": "{{ticker}}: {{signal}}. Bullish SMA crossover, momentum intact. "
            "Conviction {{confidence}}.",
            "v1.1": "We suggest buying {{ticker}}: its {{short_months}}-month average of "
            "{{short_average}} dollars is above its {{long_months}}-month average of "
            "{{long_average}} dollars.",
            "v1.2": _BUY,
        },
        {"v2.0": _BUY + " Don't miss this huge chance!"},
        {"v3.0": _BUY + " It could fall again: averages tell what was, not what comes."},
    ],
    "SELL": [
        {
            "v1.0": "{{ticker}}: {{signal}}. Bearish SMA crossover, momentum broken. "
            "Conviction {{confidence}}.",
            "v1.1": _SELL,
            "v1.2": "We suggest selling {{ticker}}: momentum has turned, with {{short_average}} "
            "dollars as its {{short_months}}-month average against {{long_average}}.",
        },
        {"v2.0": _SELL + " Get out now, this is a huge warning!"},
        {"v3.0": _SELL + " It could rise again: averages tell what was, not what comes."},
    ],
    "HOLD": [
        {
            "v1.0": "{{ticker}}: {{signal}}. No SMA crossover, momentum flat. "
            "Conviction {{confidence}}.",
            "v1.1": "There are months in which the averages of a share say little, and for "
            "{{ticker}} this is one of them. Its {{short_months}}-month average is "
            "{{short_average}} dollars. Its {{long_months}}-month average is {{long_average}} "
            "dollars. One is so near the other that we suggest to do nothing for now.",
            "v1.2": _HOLD,
        },
        {"v2.0": _HOLD + " Stay tuned for huge moves!"},
        {"v3.0": _HOLD + " It could move soon: averages tell what was, not what comes."},
    ],
}


def generations(signal: str) -> list[_Generation]:
    """The prompts for a signal by version, generation after generation."""
    return [
        {version: _TASK + _MARK + wording for version, wording in generation.items()}
        for generation in _WORDINGS.get(signal, [])
    ]


def prompt_of(signal: str, version: str) -> str | None:
    """The prompt of a version that this engine knows, else None."""
    for generation in generations(signal):
        if version in generation:
            return generation[version]
    return None


# ---- from a prompt to a text

_PLACE = re.compile(r"\{\{(.*?)\}\}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

NAMES = frozenset(
    "ticker signal confidence price short_average long_average short_months long_months".split()
)


class WordingError(ValueError):
    """A prompt asks for something that no signal has."""


def render(template: str, values: Mapping[str, str]) -> str:
    """Fills in the figures. A sentence with a figure that is not known is left out.

    Raises WordingError for a name that is none of NAMES.
    """
    kept = []
    for sentence in _SENTENCE_END.split(template.strip()):
        names = _PLACE.findall(sentence)
        unknown = [name for name in names if name not in NAMES]
        if unknown:
            raise WordingError(f"no signal has a value named {unknown[0]!r}")
        if all(name in values for name in names):
            kept.append(_PLACE.sub(lambda match: values[match[1]], sentence))
    return " ".join(kept)


def template_text(prompt: str, values: Mapping[str, str]) -> str:
    """The explanation that a prompt's wording makes by itself. Raises WordingError."""
    wording = prompt.rpartition(_MARK)[2]
    return render(wording, values) or plain_text(values)


def model_prompt(prompt: str, values: Mapping[str, str]) -> str:
    """What a model is told: the task and the wording, filled in. Raises WordingError."""
    task, _, wording = prompt.rpartition(_MARK)
    parts = [render(part, values) for part in (task, wording)]
    return _MARK.join(part for part in parts if part) or plain_text(values)


def plain_text(values: Mapping[str, str]) -> str:
    """What can be said when nothing else can."""
    return f"{values['ticker']}: {values['signal']}, confidence {values['confidence']}."
