"""What the tests share: a learner on an empty database, and programs run on the side.

The package under test is the one that ``import llmlearn`` finds; ``make pytest``
builds it and says where.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import llmlearn

PROJECT = Path(__file__).resolve().parents[1]
ROOT = PROJECT.parents[1]

# A program may be slow on a busy machine. One that takes this long hangs.
HANG_S = 60

# What every program on the side begins with. An id is written to the file of
# acknowledged ids, outside the process, before anything else can happen.
PRELUDE = """
import os, sys, threading, time
import llmlearn

DATABASE, ACKNOWLEDGED = sys.argv[1:3]
_log = os.open(ACKNOWLEDGED, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def log(learner, text="an explanation"):
    id = learner.log_explanation(ticker="AAPL", signal="BUY", text=text)
    os.write(_log, (id + "\\n").encode())
    return id
"""


class Side:
    """Runs programs on one database and keeps what they were told is stored."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "side.db"
        self.acknowledged = folder / "acknowledged"
        self.acknowledged.touch()

    def start(self, program: str, *flags: str) -> subprocess.Popen[str]:
        source = PRELUDE + textwrap.dedent(program)
        command = [sys.executable, *flags, "-c", source, str(self.database), str(self.acknowledged)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=package_path()
        )

    def run(self, program: str, *flags: str) -> subprocess.CompletedProcess[str]:
        return self.finish(self.start(program, *flags))

    def finish(self, process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        try:
            out, err = process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"the program hangs\n{out}{err}")
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def ids(self) -> list[str]:
        return self.acknowledged.read_text().split()

    def assert_all_stored_once(self, at_least: int, unheard: int = 0) -> None:
        """Every acknowledged id is there, and the sums know nothing beyond them.

        unheard: as many may be stored whose id did not reach us.
        """
        ids = self.ids()
        assert len(ids) >= at_least
        assert len(set(ids)) == len(ids)
        with llmlearn.Learner(self.database) as learner:
            for id in ids:
                assert learner.get_explanation(explanation_id=id, timeout_s=HANG_S).id == id
            report = learner.analytics(refresh=True, timeout_s=HANG_S)
        assert report["pending"] == 0
        assert len(ids) <= report["total_explanations"] <= len(ids) + unheard


def package_path() -> dict[str, str]:
    """An environment in which a child finds the package that we found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture
def side(tmp_path: Path) -> Side:
    return Side(tmp_path)


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[llmlearn.Learner]:
    with llmlearn.Learner(tmp_path / "loop.db") as learner:
        yield learner


@pytest.fixture
def log(learner: llmlearn.Learner) -> Callable[..., str]:
    """Logs an explanation that a test cares for in a few fields only."""

    def log(**fields: Any) -> str:
        return learner.log_explanation(
            **{"ticker": "AAPL", "signal": "BUY", "text": "It rose.", **fields}
        )

    return log
