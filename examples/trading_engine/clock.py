"""The time that a run lives in.

Classic tests of this demonstration are decided in seconds, by the real clock.
The sequential rules look at the end of each week, so
their tests get a clock that is as simulated as the readers: one month of
prices is one day. A database that has seen such days goes on from them.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from llmlearn import VirtualClock

DAY_S = 86_400


def clock_for(rule: str, database: Path) -> VirtualClock | None:
    """A clock that Replay moves on; None: the real one."""
    now_us, newest_us = time.time_ns() // 1000, _newest_us(database)
    if rule == "classic" and newest_us <= now_us:
        return None
    return VirtualClock(max(now_us, newest_us + DAY_S * 1_000_000))


def _newest_us(database: Path) -> int:
    """When the newest explanation was made; 0: there is none."""
    try:
        connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        try:
            query = "SELECT max(created_us) FROM llm_explanations"
            return int(connection.execute(query).fetchone()[0] or 0)
        finally:
            connection.close()
    except sqlite3.Error:  # not made yet, or not ours: the library will say so
        return 0
