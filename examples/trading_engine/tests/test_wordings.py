"""Prompts, the texts that come of them, and what simulated readers think of those."""

from __future__ import annotations

import pytest

from trading_engine.raters import (
    PREFIX,
    RESPONSE,
    WEIGHTS,
    Raters,
    Vote,
    chance_helpful,
    features_of,
    preference_in_words,
)
from trading_engine.signals import SIGNALS
from trading_engine.wordings import (
    BASELINE,
    PLAIN,
    generations,
    prompt_of,
    render,
    wording_for,
)

VALUES = {
    "ticker": "AAPL",
    "signal": "BUY",
    "confidence": "0.85",
    "price": "12.00",
    "short_average": "11.50",
    "long_average": "10.25",
    "short_months": "3",
    "long_months": "12",
}


def test_every_signal_begins_with_three_wordings() -> None:
    for signal in SIGNALS:
        first, *later = generations(signal)
        assert len(first) == 3 and BASELINE in first
        assert later and all(len(generation) == 1 for generation in later)
        versions = [version for generation in generations(signal) for version in generation]
        assert len(set(versions)) == len(versions)


def said(prompt: str, values: dict[str, str]) -> str:
    return render(wording_for(prompt, values), values)


def test_every_wording_can_be_rendered() -> None:
    for signal in SIGNALS:
        for generation in generations(signal):
            for prompt in generation.values():
                values = {**VALUES, "signal": signal}
                text = said(prompt, values)
                assert "AAPL" in text and "{" not in text and "Explain" not in text
                assert len(text.split()) <= 60
                told = render(prompt, values)  # as the library does it for a model
                assert text in told and told.startswith("Explain") and "{" not in told


def test_a_sentence_without_its_figure_is_left_out() -> None:
    text = "Up to {{price}}. It is {{ticker}}! Nothing else?"
    assert said(text, {"ticker": "X"}) == "It is X! Nothing else?"


def test_values_are_not_rendered_again() -> None:
    assert said("{{ticker}}.", {"ticker": "{{price}}", "price": "1"}) == "{{price}}."


@pytest.mark.parametrize("template", ["{{secret}}", "{{}}", "{{ ticker }}", "{{ticker.__class__}}"])
def test_what_has_no_value_is_not_said(template: str) -> None:
    assert wording_for(template, VALUES) == ""
    assert wording_for("It rose. " + template, VALUES) == "It rose."


def test_a_prompt_of_one_part_is_its_own_wording() -> None:
    assert said("Say {{ticker}}.", VALUES) == "Say AAPL."
    assert said(PLAIN, VALUES) == "AAPL: BUY, confidence 0.85."
    assert wording_for(None, VALUES) == ""
    assert prompt_of("BUY", "v9") is None and prompt_of("SHORT", BASELINE) is None


# ---- simulated readers


def text_of(signal: str, version: str) -> str:
    prompt = prompt_of(signal, version)
    assert prompt
    return said(prompt, {**VALUES, "signal": signal})


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_stated_preference_has_one_best_first_wording(signal: str) -> None:
    first, worse, better = generations(signal)
    chances = sorted(chance_helpful(text_of(signal, version)) for version in first)
    assert chances[0] == chance_helpful(text_of(signal, BASELINE))
    assert chances[2] - chances[1] > 0.1
    (worse_version,), (better_version,) = worse, better
    assert chance_helpful(text_of(signal, worse_version)) < chances[2] - 0.1
    assert chance_helpful(text_of(signal, better_version)) > chances[2] + 0.1


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("It rose.", set()),
        ("It rose because 1.5 is more than 1.2.", {"reason", "figures"}),
        ("SMA crossover, it could fall", {"jargon", "risk"}),
        ("Buy now!", {"hype"}),
        ("word " * 46, {"long"}),
    ],
)
def test_features_come_from_the_text_alone(text: str, features: set[str]) -> None:
    assert features_of(text) == features


def test_the_same_seed_gives_the_same_votes() -> None:
    names = [Raters(1).name(number) for number in range(200)]
    assert all(name.startswith(PREFIX) for name in names)

    def votes(seed: int) -> list[Vote | None]:
        return [Raters(seed).vote(name, "AAPL 2001-01", "It rose.") for name in names]

    assert votes(1) == votes(1)
    assert votes(1) != votes(2)


def test_votes_follow_the_preference() -> None:
    raters, text = Raters(7), text_of("BUY", "v1.2")
    votes = [raters.vote(raters.name(number), "x", text) for number in range(4000)]
    given = [vote for vote in votes if vote is not None]
    assert len(given) / len(votes) == pytest.approx(RESPONSE, abs=0.04)
    helpful = sum(vote.helpful for vote in given) / len(given)
    assert helpful == pytest.approx(chance_helpful(text), abs=0.04)
    for vote in given:
        assert vote.rating in ((None, 4, 5) if vote.helpful else (None, 1, 2, 3))
    comments = [vote.comment for vote in given if vote.comment]
    assert comments and all(comment.startswith("simulated: ") for comment in comments)


def test_the_whole_preference_is_stated() -> None:
    assert len(preference_in_words()) == len(WEIGHTS)
