"""Prices become signals."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trading_engine.prices import Price, read_prices
from trading_engine.signals import all_signals, judge, signals_of


def history(*dollars: float) -> list[Price]:
    return [Price(date(2000 + i // 12, i % 12 + 1, 1), price) for i, price in enumerate(dollars)]


def test_the_file_holds_five_stocks() -> None:
    prices = read_prices()
    assert {ticker: len(months) for ticker, months in prices.items()} == {
        "MSFT": 123,
        "AMZN": 123,
        "IBM": 123,
        "GOOG": 68,
        "AAPL": 123,
    }
    assert prices["MSFT"][0] == Price(date(2000, 1, 1), 39.81)
    assert prices["AAPL"][-1] == Price(date(2010, 3, 1), 223.02)


def test_months_are_in_order_whatever_the_file_does(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("symbol,date,price\nX,Feb 1 2001,2\nX,Dec 1 2000,1\n")
    assert [price.dollars for price in read_prices(file)["X"]] == [1, 2]


@pytest.mark.parametrize(
    "row",
    ["X,Feb 1 2001,nan", "X,Feb 1 2001,0", "X,Feb 1 2001,-1", "X,Feb 30 2001,1", "X,1.2.2001,1"]
    + ["X,Feb 1 2001,", "X,Feb 1 2001", ",Feb 1 2001,1", "X,Foo 1 2001,1", "X,Feb 1 2001,inf"],
)
def test_what_is_no_price_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(f"symbol,date,price\nX,Jan 1 2001,1\n{row}\n")
    with pytest.raises(ValueError, match=r"prices\.csv:3: "):
        read_prices(file)


def test_two_prices_for_a_month_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("symbol,date,price\nX,Jan 1 2001,1\nX,Jan 1 2001,2\n")
    with pytest.raises(ValueError, match="two prices"):
        read_prices(file)


def test_a_signal_needs_twelve_months() -> None:
    assert signals_of("X", history(*[10] * 11)) == []
    assert len(signals_of("X", history(*[10] * 12))) == 1


def test_a_flat_price_is_a_sure_hold() -> None:
    (signal,) = signals_of("X", history(*[10] * 12))
    assert (signal.name, signal.confidence, signal.gap) == ("HOLD", 0.95, 0)


def test_a_rise_by_hand() -> None:
    # Nine months at 10, three at 14: averages 14 and (90 + 42) / 12 = 11, gap 3 / 11.
    (signal,) = signals_of("X", history(*[10] * 9, 14, 14, 14))
    assert (signal.name, signal.short_average, signal.long_average) == ("BUY", 14, 11)
    assert signal.confidence == 0.95
    assert (signal.day, signal.price) == (date(2000, 12, 1), 14)


def test_a_fall_by_hand() -> None:
    # Nine months at 10, three at 9: averages 9 and (90 + 27) / 12 = 9.75, gap -1 / 13.
    (signal,) = signals_of("X", history(*[10] * 9, 9, 9, 9))
    assert signal.name == "SELL"
    assert signal.gap == pytest.approx(-1 / 13)
    assert signal.confidence == pytest.approx(0.5 + 0.45 * (1 / 13 - 0.05) / 0.2, abs=0.0005)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (0.0, ("HOLD", 0.95)),
        (0.025, ("HOLD", 0.725)),
        (-0.05, ("HOLD", 0.5)),
        (0.05, ("HOLD", 0.5)),
        (0.0501, ("BUY", 0.5)),
        (-0.0501, ("SELL", 0.5)),
        (0.15, ("BUY", 0.725)),
        (0.25, ("BUY", 0.95)),
        (9.0, ("BUY", 0.95)),
        (-0.9, ("SELL", 0.95)),
    ],
)
def test_the_band(gap: float, expected: tuple[str, float]) -> None:
    name, confidence = judge(gap)
    assert (name, confidence) == (expected[0], pytest.approx(expected[1], abs=0.0005))


def test_all_signals_come_in_the_order_of_time() -> None:
    signals = all_signals(read_prices())
    assert len(signals) == 505  # 560 prices, 11 months of each of five stocks without a signal
    keys = [(signal.day, signal.ticker) for signal in signals]
    assert keys == sorted(keys)
    assert {signal.name for signal in signals} == {"BUY", "SELL", "HOLD"}
