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
from collections.abc import Collection, Mapping

BASELINE = "v1.0"

_TASK = """\
Explain to a private investor why the signal for {{ticker}} is {{signal}}. Use no \
figures but those given here, at most 60 words, plain text. Keep to this wording:"""
MARK = "\n---\n"

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
        {version: _TASK + MARK + wording for version, wording in generation.items()}
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
"""Of what a wording may name; a signal may lack some."""

PLAIN = "{{ticker}}: {{signal}}, confidence {{confidence}}."
"""What can be said when nothing else can."""


def template_for(signal: str, prompt: str | None, known: Collection[str]) -> str:
    """What is said if no model answers: the prompt's wording, as a template.

    The baseline's in place of one that names what no signal has.
    """
    own = wording_for(prompt, known)
    if own or (prompt and NAMES.issuperset(_PLACE.findall(prompt))):
        return own or PLAIN
    return wording_for(prompt_of(signal, BASELINE), known) or PLAIN


def wording_for(prompt: str | None, known: Collection[str]) -> str:
    """The wording of a prompt without the sentences that name what is not known; may be ""."""
    wording = (prompt or "").rpartition(MARK)[2].strip()
    sentences = _SENTENCE_END.split(wording)
    return " ".join(s for s in sentences if all(name in known for name in _PLACE.findall(s)))


def render(template: str, values: Mapping[str, str]) -> str:
    """Fills in a template of which every name has a value."""
    return _PLACE.sub(lambda match: values[match[1]], template)
