"""What people use without the library: Python's sqlite3, one commit per row and per vote.

    python_sqlite.py FOLDER [quick]

The same tables and indexes (the library makes them), statements that the module keeps prepared.
A vote does what the library's does: is the explanation there, is there an earlier vote, does the
hour's limit allow it, store, count. Figures named _wal are of a connection that somebody tuned:
write-ahead log, larger cache. The one named _default is of sqlite3.connect() and no pragma at
all. Both wait for the disk at every vote, as the library does.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from pathlib import Path

import llmlearn
from measure import median, print_figure, text_1kb

THREADS = 16
US_PER_HOUR = 3_600_000_000
US_PER_DAY = 24 * US_PER_HOUR

INSERT = """
INSERT INTO llm_explanations (explanation_id, created_us, ticker, variant, model, provider,
    flags, confidence, latency_ms, prompt_tokens, completion_tokens, cost_nanousd, counted,
    digest, text) VALUES (?, ?, ?, ?, ?, ?, 31, 0.85, 812.0, 400, 120, 132000, 0, 0, ?)
"""
FIND = "SELECT row, ticker, variant FROM llm_explanations WHERE explanation_id = ?"
ADD_USER = "INSERT INTO llm_users (name) VALUES (?) ON CONFLICT (name) DO NOTHING"
FIND_USER = "SELECT id FROM llm_users WHERE name = ?"
FIND_VOTE = "SELECT helpful, rating FROM llm_feedback WHERE explanation = ? AND voter = ?"
FORGET_QUOTA = "DELETE FROM llm_quota WHERE voter = ? AND accepted_us <= ?"
COUNT_QUOTA = "SELECT count(*) FROM llm_quota WHERE voter = ?"
TAKE_QUOTA = "INSERT INTO llm_quota (voter, accepted_us, sequence) VALUES (?, ?, ?)"
PUT_VOTE = """
INSERT INTO llm_feedback (explanation, voter, helpful, rating, created_us, sequence)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (explanation, voter) DO UPDATE SET
    helpful = excluded.helpful, rating = excluded.rating, created_us = excluded.created_us
"""
COUNT_VOTE = """
INSERT INTO llm_metrics (day, ticker, variant, rated, positive, negative, rating_5)
    VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (day, ticker, variant) DO UPDATE SET
    rated = rated + excluded.rated, positive = positive + excluded.positive,
    negative = negative + excluded.negative, rating_5 = rating_5 + excluded.rating_5
"""
NOTE_DAY = """
INSERT INTO llm_days (day, version) VALUES (?, 1)
    ON CONFLICT (day) DO UPDATE SET version = version + 1
"""


def now_us() -> int:
    return time.time_ns() // 1000


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=60, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def connect_tuned(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -32768")
    return connection


def make_database(path: Path) -> tuple[int, ...]:
    """The library's tables, and its numbers for the names of one explanation."""
    with llmlearn.Learner(path) as learner:
        learner.log_explanation(
            ticker="AAPL", signal="BUY", text="first", model="gpt-4o-mini", provider="openai"
        )
    with sqlite3.connect(path) as connection:
        names = connection.execute(
            "SELECT ticker, variant, model, provider FROM llm_explanations"
        ).fetchone()
    connection.close()
    return tuple(names)


class Rows:
    """Explanations, one commit each, each timed."""

    def __init__(self, connection: sqlite3.Connection, names: tuple[int, ...]) -> None:
        self.connection = connection
        self.names = names
        self.ids: list[bytes] = []
        self.text = text_1kb()

    def insert(self) -> None:
        id_ = (1 << 120 | len(self.ids)).to_bytes(16, "big")
        self.connection.execute(INSERT, (id_, now_us(), *self.names, self.text))
        self.ids.append(id_)

    def median_us(self, count: int) -> float:
        times = []
        for _ in range(count):
            start = time.perf_counter_ns()
            self.insert()
            times.append((time.perf_counter_ns() - start) / 1000)
        return median(times)

    def insert_together(self, count: int) -> None:
        self.connection.execute("BEGIN")
        for _ in range(count):
            self.insert()
        self.connection.execute("COMMIT")


def vote(connection: sqlite3.Connection, explanation_id: bytes, number: int) -> None:
    execute, now = connection.execute, now_us()
    helpful = number % 3 != 0
    execute("BEGIN IMMEDIATE")
    explanation, ticker, variant = execute(FIND, (explanation_id,)).fetchone()
    user = (f"user-{number % 20000}",)
    execute(ADD_USER, user)
    (voter,) = execute(FIND_USER, user).fetchone()
    if execute(FIND_VOTE, (explanation, voter)).fetchone() is not None:
        raise AssertionError("every vote is the first one")
    execute(FORGET_QUOTA, (voter, now - US_PER_HOUR))
    if execute(COUNT_QUOTA, (voter,)).fetchone()[0] >= 10:
        raise AssertionError("nobody votes that often")
    execute(TAKE_QUOTA, (voter, now, number))
    execute(PUT_VOTE, (explanation, voter, helpful, number % 5 + 1, now, number))
    counts = (helpful, not helpful, number % 5 == 4)
    execute(COUNT_VOTE, (now // US_PER_DAY, 0, variant, *counts))
    execute(COUNT_VOTE, (now // US_PER_DAY, ticker, 0, *counts))
    execute(NOTE_DAY, (now // US_PER_DAY,))
    execute("COMMIT")


def vote_many(connection: sqlite3.Connection, ids: list[bytes], first: int) -> None:
    for i, id_ in enumerate(ids):
        vote(connection, id_, first + i)
    connection.close()


def votes_per_s(path: Path, ids: list[bytes], first: int, threads: int) -> float:
    each = len(ids) // threads
    parts = []
    for at in range(0, each * threads, each):
        args = (connect_tuned(path, "FULL"), ids[at : at + each], first + at)
        parts.append(threading.Thread(target=vote_many, args=args))
    start = time.perf_counter()
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    return each * threads / (time.perf_counter() - start)


def votes_per_s_untuned(path: Path, ids: list[bytes], first: int) -> float:
    """As sqlite3.connect() comes: a rollback journal, full synchronisation."""
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")  # the file remembers the library's mode
    connection.close()
    connection = connect(path)
    start = time.perf_counter()
    vote_many(connection, ids, first)
    return len(ids) / (time.perf_counter() - start)


def main() -> None:
    count = 500 if sys.argv[2:] == ["quick"] else 4000
    path = Path(sys.argv[1]) / "python_sqlite.db"
    names = make_database(path)
    normal = Rows(connect_tuned(path, "NORMAL"), names)
    print_figure("python_sqlite_commit", normal.median_us(count), "us")
    normal.connection.execute("PRAGMA synchronous = FULL")
    print_figure("python_sqlite_commit_full", normal.median_us(count // 2), "us")

    alone, ids = len(normal.ids), normal.ids
    together, untuned = alone + count, alone + 2 * count
    normal.insert_together(2 * count + count // 4)
    normal.connection.close()
    print_figure(
        "python_sqlite_vote_wal", votes_per_s(path, ids[alone:together], alone, 1), "votes/s"
    )
    print_figure(
        "python_sqlite_votes_16_threads_wal",
        votes_per_s(path, ids[together:untuned], together, THREADS),
        "votes/s",
    )
    print_figure(
        "python_sqlite_vote_default",
        votes_per_s_untuned(path, ids[untuned:], untuned),
        "votes/s",
    )


main()
