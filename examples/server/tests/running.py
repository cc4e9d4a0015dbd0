"""A server of its own for a test: started with an environment of its own on a free port, and
stopped as an operator stops it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import contract

TREE = Path(__file__).resolve().parents[3]
# LL_SERVER: another one, such as that of a sanitised build.
BUILT = os.environ.get("LL_SERVER") or os.environ.get("LL_BUILD", "build") + "/llmlearn-server"
PROGRAM = TREE / BUILT
ADMIN_TOKEN = "admin-token-of-the-tests-0123456789"
START_S, STOP_S, ANSWER_S = 20, 20, 30


def environment_of(database: Path, **more: str) -> dict[str, str]:
    return {
        "LLMLEARN_DB": str(database),
        "LLMLEARN_ADMIN_TOKEN": ADMIN_TOKEN,
        "LLMLEARN_SERVER_PORT": "0",
        "PATH": os.environ["PATH"],
        **more,
    }


def ended(database: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One that is expected to end by itself."""
    given = environment_of(database, **environment)
    return subprocess.run([PROGRAM], env=given, text=True, capture_output=True, timeout=START_S)


class Running:
    def __init__(self, database: Path, **environment: str) -> None:
        given = environment_of(database, **environment)
        self.log = database.with_suffix(".log").open("a")
        self.process = subprocess.Popen(
            [PROGRAM], env=given, text=True, stdout=subprocess.PIPE, stderr=self.log
        )
        self.port = self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> int:
        assert self.process.stdout is not None
        alarm = threading.Timer(START_S, self.process.kill)
        alarm.start()
        line = self.process.stdout.readline()
        alarm.cancel()
        assert line.startswith("listening on http://"), f"it says {line!r}; see {self.log.name}"
        return int(line.rpartition(":")[2])

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.log.close()
            if self.process.stdout is not None:
                self.process.stdout.close()
        assert code == 0, f"it ended with {code}; see {self.log.name}"

    def abandon(self) -> None:
        """For one that was killed, or is to be."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None
    ) -> contract.Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return contract.Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
