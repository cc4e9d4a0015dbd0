"""Monthly closing prices, read from a file."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

STOCKS = Path(__file__).parent / "data" / "stocks.csv"

# Not strptime: what it takes for a month's name depends on the locale.
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class Price:
    """What one share cost in the month that begins on ``day``."""

    day: date
    dollars: float


def read_prices(path: Path = STOCKS) -> dict[str, list[Price]]:
    """The prices of each stock in the order of time.

    Raises ValueError, naming the line, for anything that is no price: an
    engine must not trade on what it misread.
    """
    prices: dict[str, list[Price]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != ["symbol", "date", "price"]:
            raise ValueError(f"{path}: the columns must be symbol, date, price")
        for row in rows:
            try:
                ticker, price = _price(row)
            except (ValueError, TypeError, AttributeError) as problem:
                raise ValueError(f"{path}:{rows.line_num}: {problem}") from None
            prices.setdefault(ticker, []).append(price)
    for ticker, history in prices.items():
        history.sort(key=lambda price: price.day)
        if len({price.day for price in history}) != len(history):
            raise ValueError(f"{path}: {ticker} has two prices for one month")
    return prices


def _price(row: dict[str, str]) -> tuple[str, Price]:
    month, day, year = row["date"].split()
    when = date(int(year), _MONTHS.index(month) + 1, int(day))
    dollars = float(row["price"])
    if not row["symbol"]:
        raise ValueError("a price of no stock")
    if not (math.isfinite(dollars) and dollars > 0):
        raise ValueError(f"not a price: {row['price']}")
    return row["symbol"], Price(when, dollars)
