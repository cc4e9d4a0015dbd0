"""BUY, SELL or HOLD: where the short moving average stands against the long one.

    gap = mean of the last 3 months / mean of the last 12 months - 1

    gap above +5 %   BUY    the short average has crossed the long one upwards
    gap below -5 %   SELL   it has crossed it downwards
    else             HOLD   they are too close to tell

The band keeps a stock that moves sideways from changing its signal every
month. A signal needs 12 months of prices, so each stock's first 11 have none.

The confidence says how clear the signal is, nothing about profit: for BUY and
SELL it grows from 0.50 at the edge of the band to 0.95 at a gap of 25 %, for
HOLD from 0.50 at the edge to 0.95 where the averages meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from .prices import Price

SIGNALS = ("BUY", "SELL", "HOLD")

SHORT_MONTHS = 3
LONG_MONTHS = 12
BAND = 0.05
FULL_GAP = 0.25  # from here on a signal is as clear as it can be
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.50, 0.95


@dataclass(frozen=True, slots=True)
class Signal:
    """What the averages said about one stock in one month."""

    ticker: str
    day: date
    name: str
    confidence: float
    price: float
    short_average: float
    long_average: float

    @property
    def gap(self) -> float:
        """How far the short average is above (+) or below (-) the long one."""
        return self.short_average / self.long_average - 1


def signals_of(ticker: str, history: Sequence[Price]) -> list[Signal]:
    """A signal for every month that has twelve months of prices behind it."""
    dollars = [price.dollars for price in history]
    signals = []
    for end in range(LONG_MONTHS, len(dollars) + 1):
        short = fmean(dollars[end - SHORT_MONTHS : end])
        long = fmean(dollars[end - LONG_MONTHS : end])
        name, confidence = judge(short / long - 1)
        last = history[end - 1]
        signals.append(Signal(ticker, last.day, name, confidence, last.dollars, short, long))
    return signals


def judge(gap: float) -> tuple[str, float]:
    """The signal and its confidence for a gap between the averages."""
    if abs(gap) <= BAND:
        return "HOLD", _confidence(1 - abs(gap) / BAND)
    clearness = (abs(gap) - BAND) / (FULL_GAP - BAND)
    return ("BUY" if gap > 0 else "SELL"), _confidence(min(1.0, clearness))


def _confidence(clearness: float) -> float:
    return round(LEAST_CONFIDENCE + (MOST_CONFIDENCE - LEAST_CONFIDENCE) * clearness, 3)


def all_signals(prices: dict[str, list[Price]]) -> list[Signal]:
    """The signals of all stocks in the order in which they arose."""
    signals = [s for ticker, history in prices.items() for s in signals_of(ticker, history)]
    return sorted(signals, key=lambda signal: (signal.day, signal.ticker))
