"""A preloaded learner in a server that forks its workers, one of which is killed at work.

    gunicorn --preload --workers 2 app:application
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import HANG_S, package_path

import llmlearn

pytest.importorskip("gunicorn", reason="no gunicorn here")

CLIENTS = 4
ROUNDS = 60
EXIT_S = 2

# Opened by the master, before its workers are there. A worker answers with the id it logged,
# or after a vote it stored, and says who it is.
APPLICATION = """
import os, sys
import llmlearn

learner = llmlearn.Learner(os.environ["DATABASE"])

def answer(path):
    if path == "/log":
        return learner.log_explanation(ticker="AAPL", signal="BUY", text="It rose.")
    if path.startswith("/vote/"):
        learner.submit_feedback(explanation_id=path[6:], helpful=True, timeout_s=15)
    return "done"

def application(environ, start_response):
    body = f"{os.getpid()} {answer(environ['PATH_INFO'])}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


class Server:
    """The server, and what its clients were told."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.socket = folder / "s"
        (folder / "app.py").write_text(APPLICATION)
        command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2"]
        command += ["--bind", f"unix:{self.socket}", "--log-level", "warning", "app:application"]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**package_path(), "DATABASE": str(database)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.logged: list[str] = []
        self.voted: list[str] = []
        self.unheard = 0

    def ask(self, path: str) -> tuple[int, str]:
        """Who answers, and what; OSError or HTTPException if the connection is lost."""
        connection = http.client.HTTPConnection("localhost", timeout=HANG_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(HANG_S)
        try:
            connection.sock.connect(str(self.socket))
            connection.request("GET", path)
            response = connection.getresponse()
            pid, body = response.read().decode().split()
        finally:
            connection.close()
        assert response.status == 200
        return int(pid), body

    def wait_until_up(self) -> None:
        end = time.monotonic() + HANG_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask("/")
                return
            except OSError:
                time.sleep(0.02)
        pytest.fail(f"the server does not come up\n{self.stop()[1]}")

    def log_and_vote(self) -> None:
        try:
            _, id = self.ask("/log")
            self.logged.append(id)
            self.ask(f"/vote/{id}")
            self.voted.append(id)
        except (OSError, http.client.HTTPException):
            self.unheard += 1

    def stop(self) -> tuple[float, str]:
        """How long that takes, and what the server has said."""
        start = time.monotonic()
        self.process.terminate()
        try:
            said, _ = self.process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            said, _ = self.process.communicate()
        return time.monotonic() - start, said


@pytest.fixture
def server(side, tmp_path):
    server = Server(tmp_path, side.database)
    yield server
    if server.process.poll() is None:
        server.stop()


def one_client(server: Server) -> None:
    for _ in range(ROUNDS):
        server.log_and_vote()


def test_a_killed_worker_loses_nothing(side, server):
    server.wait_until_up()
    clients = [threading.Thread(target=one_client, args=[server]) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    while len(server.voted) < CLIENTS * ROUNDS // 3 and any(c.is_alive() for c in clients):
        time.sleep(0.001)
    os.kill(server.ask("/")[0], signal.SIGKILL)
    for client in clients:
        client.join(HANG_S)
    seconds, said = server.stop()
    assert server.process.returncode == 0, said
    assert seconds < EXIT_S, said
    assert "Traceback" not in said

    side.acknowledged.write_text("\n".join(server.logged))
    side.assert_all_stored_once(at_least=CLIENTS * ROUNDS - 20, unheard=server.unheard)
    with llmlearn.Learner(side.database) as learner:
        for id in server.voted:
            votes = learner.get_explanation(explanation_id=id, timeout_s=HANG_S).feedback
            assert [vote.helpful for vote in votes] == [True]
