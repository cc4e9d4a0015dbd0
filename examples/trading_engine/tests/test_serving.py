"""The server as `make run` starts it on the month: found, reached, stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import ENGINE
from test_program import HANG_S, environment, run

from trading_engine import serving
from trading_engine.__main__ import SERVER

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="make server builds what is started")

TOKEN = "a-token-of-the-test-0123456789-0123456789"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where there is a month already."""
    folder = tmp_path_factory.mktemp("serving")
    assert run(folder, "--once", "--month").returncode == 0
    return folder


class Serving:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        assert process.stdout is not None
        for line in process.stdout:
            self.said += line
            if "Ctrl-C stops it" in line:
                break
        found = re.search(r"The server is at (http://127\.0\.0\.1:(\d+))\n", self.said)
        assert found, self.said
        self.url, self.port = found[1], int(found[2])
        self.visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(self, path: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json"} if body else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.url + path, data, headers)
        with self.visitor.open(request, timeout=HANG_S) as response:
            return json.load(response)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=HANG_S)
        return self.process.returncode, rest


@contextmanager
def served(folder: Path, **env: str) -> Iterator[Serving]:
    process = subprocess.Popen(
        [str(ENGINE / "run.sh"), "--serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(folder, **env),
    )
    try:
        yield Serving(process)
    finally:
        process.terminate()  # it stops the server, which kill would not
        process.communicate(timeout=HANG_S)


def test_it_serves_the_month_and_ctrl_c_stops_all_of_it(folder: Path) -> None:
    with served(folder, LLMLEARN_SERVER_PORT="0") as server:
        assert "There is a SIMULATED month of today" in server.said
        assert "a STAND-IN that understands nothing" in server.said
        found = re.search(r"token=(\S+)|admin token +(\S+)", server.said)
        assert found
        token = found[1] or found[2]
        assert len(token) >= 32
        report = server.ask("/api/admin/llm-analytics?days=30", token=token)
        assert report["total_explanations"] > 5000
        with pytest.raises(urllib.error.HTTPError, match="401"):
            server.ask("/api/admin/llm-analytics?days=30", token=TOKEN)
        # The stand-in answers, and what it says is in the database.
        server.ask("/api/explanations?limit=1")  # makes us somebody
        made = server.ask("/api/explanations", {"ticker": "IBM", "signal": "SELL"})
        assert made["source"] == "model" and "IBM" in made["text"]
        price = {"short_average": "7.77", "long_average": "8.88"}  # said, not known
        said = [
            server.ask("/api/explanations", {"ticker": "IBM", "signal": "BUY", "values": price})
            for _ in range(3)
        ]
        assert all("7.77" in one["text"] and "8.88" in one["text"] for one in said)
        made = server.ask("/api/explanations", {"ticker": "NEW", "signal": "SELL"})
        assert made["source"] == "template"  # nobody knows its figures
        assert server.ask("/api/explanations?limit=1")["explanations"][0]["id"] == made["id"]
        status, rest = server.stop()
        assert (status, "Stopping." in rest, "Traceback" in rest) == (0, True, False)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S)
    # It is the same month that goes on, with what was explained.
    with served(folder, LLMLEARN_SERVER_PORT="0", LLMLEARN_ADMIN_TOKEN=TOKEN) as server:
        assert server.ask("/api/explanations?limit=1")["explanations"][0]["ticker"] == "NEW"
        assert server.ask("/api/admin/llm-ab-tests", token=TOKEN)["tests"]
        assert server.stop(signal.SIGTERM)[0] == 0


def test_a_server_that_does_not_start_is_said(folder: Path) -> None:
    done = run(folder, "--serve", LLMLEARN_ADMIN_TOKEN="short", LLMLEARN_SERVER_PORT="0")
    assert done.returncode == 1
    assert "LLMLEARN_ADMIN_TOKEN has 5 characters" in done.stderr
    assert "the engine stops: the server did not start. It says: llmlearn-server: " in done.stderr
    done = run(folder, "--serve", LL_BUILD="nowhere")
    assert done.returncode == 1
    assert "'make server' builds it" in done.stderr


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_one_that_ends_by_itself_is_said(folder: Path) -> None:
    with served(folder, LLMLEARN_SERVER_PORT="0") as server:
        os.kill(child_of(server.process.pid), signal.SIGKILL)
        rest, _ = server.process.communicate(timeout=HANG_S)
        assert server.process.returncode == 1
        assert "the server ended by itself, with status -9" in rest


@pytest.mark.skipif(not shutil.which("setpriv"), reason="there is no setpriv")
def test_the_server_does_not_outlive_who_started_it(folder: Path) -> None:
    with served(folder, LLMLEARN_SERVER_PORT="0") as server:
        pid = child_of(server.process.pid)
        server.process.kill()
        try:
            assert ends(server.port)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def ends(port: int) -> bool:
    for _ in range(int(HANG_S / 0.1)):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=HANG_S).close()
        except ConnectionError:
            return True
        time.sleep(0.1)
    return False


def test_another_port_where_the_usual_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(serving, "PORT", port)
        env = serving._environment({}, tmp_path / "month.db", tmp_path)
        assert env["LLMLEARN_SERVER_PORT"] == "0"
    env = serving._environment({}, tmp_path / "month.db", tmp_path)
    assert env["LLMLEARN_SERVER_PORT"] == str(port)
    assert "LLMLEARN_STATIC" not in env
    tokens = {
        serving._environment({}, tmp_path, tmp_path)["LLMLEARN_ADMIN_TOKEN"] for _ in range(9)
    }
    assert len(tokens) == 9
    chosen = {"LLMLEARN_SERVER_PORT": "7", "LLMLEARN_DB": "another.db"}
    env = serving._environment(chosen, tmp_path / "month.db", tmp_path)
    assert (env["LLMLEARN_SERVER_PORT"], env["LLMLEARN_DB"]) == ("7", str(tmp_path / "month.db"))
