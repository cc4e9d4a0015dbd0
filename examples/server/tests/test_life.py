"""What a 200 promises holds, however the server ends."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import http.client
import http.server
import json
import select
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import running
import stock
from visitor import ADMIN, Visitor

CLIENTS = 16
ROOM = {"LLMLEARN_CONNECTIONS_PER_ADDRESS": "200", "LLMLEARN_IDENTITIES_PER_HOUR": "100000"}
GONE = (ConnectionError, http.client.HTTPException, OSError)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def use(server: running.Running, stop: threading.Event) -> tuple[int, list[str]]:
    """Votes answered with 200, and the ids of explanations made, until the server is gone."""
    votes, made = 0, []
    with contextlib.suppress(*GONE):
        while not stop.is_set():
            visitor = Visitor(server)
            for card in visitor.page(10):
                votes += visitor.vote(card)[0] == 200
            asked = {"ticker": "AAPL", "signal": "BUY"}
            status, said = visitor.ask("POST", "/api/explanations", None, asked)
            if status == 200:
                made.append(said["id"])
            visitor.close()
    return votes, made


def under_load(server: running.Running, end: Callable[[], None]) -> tuple[int, list[str]]:
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(use, server, stop) for _ in range(CLIENTS)]
        time.sleep(1.5)
        try:
            end()
        finally:
            stop.set()
        found = [client.result(timeout=running.ANSWER_S) for client in clients]
    return sum(votes for votes, _ in found), [id_ for _, made in found for id_ in made]


def test_kill_under_load(tmp_path: Path) -> None:
    """Every vote and every explanation that was answered with 200 is there after kill -9."""
    path = tmp_path / "l.db"
    stock.make(path)
    server = running.Running(path, **ROOM)
    try:
        votes, made = under_load(server, server.process.kill)
    finally:
        server.abandon()
    assert votes > 50 and len(made) > 5
    with running.Running(path, **ROOM) as again:  # which stores what the journal holds
        visitor = Visitor(again)
        for id_ in made:
            assert visitor.ask("GET", f"/api/explanations/{id_}")[0] == 200, id_
        visitor.close()
    (stored,) = rows(path, "SELECT count(*) FROM llm_feedback")[0]
    assert votes <= stored <= votes + CLIENTS, "answered, or lost on its way back to a client"


def test_a_stop_under_load_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path, **ROOM) as server:

        def end() -> None:
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(running.STOP_S) == 0

        votes, made = under_load(server, end)
    assert votes > 50 and len(made) > 5
    (stored,) = rows(path, "SELECT count(*) FROM llm_feedback")[0]
    assert votes <= stored <= votes + CLIENTS
    (kept,) = rows(path, "SELECT count(*) FROM llm_explanations")[0]
    assert kept >= 120 + len(made), "closing stores what the journal holds"


# ---- beside a disk, and a model


@pytest.mark.parametrize("asked", [0, 90], ids=["never made", "made, and dropped for others"])
def test_a_report_that_waits_for_the_disk_keeps_nobody_waiting(
    tmp_path: Path, asked: int
) -> None:
    """What a reader said must be stored before it is reported, and another process has the lock:
    reports on more windows than there are threads at sockets wait for that, and nothing else."""
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path, **ROOM) as server, contextlib.ExitStack() as stack:
        reader = Visitor(server)
        reader.page(1)
        for days in range(1, asked + 1):  # 90 are more than the library keeps at a time
            reader.ask("GET", f"/api/admin/llm-analytics?days={days}", ADMIN)
        lock = stack.enter_context(Path(f"{path}.lock").open("rb"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert ask_model(reader, 1)[0] == 200
        waiting = []
        for days in range(1, 11):
            visitor = Visitor(server)
            target = f"/api/admin/llm-analytics?days={days}"
            visitor.connection.request("GET", target, headers=ADMIN)
            waiting.append(visitor.connection)
        time.sleep(0.3)  # the threads have read them all
        for _ in range(20):
            visitor = Visitor(server)
            assert visitor.ask("GET", "/healthz")[0] == 200
            visitor.close()
        sockets = [connection.sock for connection in waiting]
        assert select.select(sockets, [], [], 0)[0] == [], "or nothing waited for the lock"
        fcntl.flock(lock, fcntl.LOCK_UN)
        for connection in waiting:
            report = json.loads(connection.getresponse().read())
            assert report["pending"] == 0 and report["total_explanations"] == 121
            connection.close()
        reader.close()


class SlowModel(http.server.ThreadingHTTPServer):
    """An OpenAI-compatible service that answers when it is told to."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowModelHandler)
        self.asked = threading.Semaphore(0)
        self.answer = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.server_port}/v1"
        return {"LLMLEARN_LLM_URL": url, "LLMLEARN_LLM_MODEL": "slow", "LLMLEARN_LLM_TIMEOUT": "60"}


class SlowModelHandler(http.server.BaseHTTPRequestHandler):
    server: SlowModel

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.release()
        self.server.answer.wait(running.ANSWER_S)
        choice = {"index": 0, "finish_reason": "stop"}
        message = {"role": "assistant", "content": "It has risen for months."}
        body = json.dumps({"model": "slow", "choices": [{**choice, "message": message}]}).encode()
        with contextlib.suppress(*GONE):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


@pytest.fixture
def model() -> Iterator[SlowModel]:
    slow = SlowModel()
    yield slow
    slow.answer.set()
    slow.shutdown()
    slow.server_close()


def ask_model(visitor: Visitor, number: int) -> tuple[int, Any]:
    asked = {"ticker": f"T{number}", "signal": "BUY"}
    return visitor.ask("POST", "/api/explanations", None, asked)


def explain(server: running.Running, number: int) -> tuple[int, Any]:
    visitor = Visitor(server)
    visitor.page(1)
    answer = ask_model(visitor, number)
    visitor.close()
    return answer


def test_a_slow_model_keeps_nobody_waiting(tmp_path: Path, model: SlowModel) -> None:
    """Eight are asked at once and 64 wait; the next is told so, and all others are served."""
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path, **ROOM, **model.environment) as server:
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            asked = [pool.submit(explain, server, number) for number in range(100)]
            done, _ = concurrent.futures.wait(
                asked, running.ANSWER_S, concurrent.futures.FIRST_COMPLETED
            )
            status, said = next(iter(done)).result()
            assert status == 503 and said["retry_after_s"] >= 1
            visitor = Visitor(server)
            for card in visitor.page(10):
                assert visitor.vote(card)[0] == 200
            visitor.close()
            model.answer.set()
            answers = [one.result(running.ANSWER_S) for one in asked]
    assert sorted({status for status, _ in answers}) == [200, 503]
    written = [said for status, said in answers if status == 200]
    assert len(written) == 8 + 64
    assert {said["source"] for said in written} <= {"model", "cache"}


def test_a_stop_waits_for_what_was_begun(tmp_path: Path, model: SlowModel) -> None:
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path, **model.environment) as server:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(explain, server, 1)
            assert model.asked.acquire(timeout=running.ANSWER_S)
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(server)
            model.answer.set()
            status, said = asked.result(running.ANSWER_S)
        assert (status, said["source"]) == (200, "model")
        assert server.process.wait(running.STOP_S) == 0
    assert rows(path, "SELECT count(*) FROM llm_explanations") == [(121,)]


def wait_until_refused(server: running.Running) -> None:
    until = time.monotonic() + running.ANSWER_S
    with contextlib.suppress(ConnectionRefusedError):
        while time.monotonic() < until:
            visitor = Visitor(server)
            with contextlib.suppress(ConnectionResetError):  # on its way when that ended
                visitor.connection.connect()
            visitor.close()
            time.sleep(0.02)
        raise AssertionError("it still listens")


def test_a_stop_does_not_wait_for_ever(tmp_path: Path, model: SlowModel) -> None:
    """Whom it no longer lets wait is told so, and not cut off."""
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path, **ROOM, **model.environment) as server:
        visitors = [Visitor(server) for _ in range(8 + 64)]
        for visitor in visitors:
            visitor.page(1)
        with concurrent.futures.ThreadPoolExecutor(len(visitors)) as pool:
            asked = [pool.submit(ask_model, v, number) for number, v in enumerate(visitors)]
            for _ in range(8):
                assert model.asked.acquire(timeout=running.ANSWER_S)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
            answers = [one.result(running.ANSWER_S)[0] for one in asked]
        for visitor in visitors:
            visitor.close()
    assert set(answers) <= {200, 503}


@pytest.mark.parametrize("after_ms", range(80, 120, 3))
def test_who_speaks_while_it_stops(tmp_path: Path, after_ms: int) -> None:
    """It waits until all have been silent for 100 ms. Connections that were kept and ask just then
    get a whole answer or none, and the server ends as it should."""
    with running.Running(tmp_path / "l.db", **ROOM) as server, contextlib.ExitStack() as stack:
        at = ("127.0.0.1", server.port)
        kept = [stack.enter_context(socket.create_connection(at)) for _ in range(190)]
        visitor = Visitor(server)  # the last of them: all are accepted by then
        assert visitor.ask("GET", "/healthz")[0] == 200
        visitor.close()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(after_ms / 1000)
        for connection in kept:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET /api/explanations HTTP/1.1\r\nHost: a\r\n\r\n")
        for connection in kept:
            connection.settimeout(running.ANSWER_S)
            with contextlib.suppress(OSError):
                answer = connection.recv(65536)
                assert not answer or answer.split(b" ")[1] in {b"200", b"503"}
        assert server.process.wait(running.STOP_S) == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path, model: SlowModel) -> None:
    path = tmp_path / "l.db"
    stock.make(path)
    server = running.Running(path, **model.environment)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(explain, server, 1)
            assert model.asked.acquire(timeout=running.ANSWER_S)
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(server)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(running.STOP_S) == -signal.SIGTERM
            assert isinstance(asked.exception(running.ANSWER_S), GONE)
    finally:
        server.abandon()


def test_a_stop_while_kept_connections_go_on_asking(tmp_path: Path) -> None:
    """Whoever has a connection may ask until the last moment, and is answered or cut off: at some
    moment of the stop, whatever it is that is just being taken down, one of them asks."""
    path = tmp_path / "l.db"
    stock.make(path)
    vote = b'{"helpful": true}'
    for _ in range(5):
        with running.Running(path, **ROOM) as server:
            reader = Visitor(server)
            card = reader.page(1)[0]
            head = (
                f"POST /api/feedback/{card['id']} HTTP/1.1\r\nHost: a\r\n"
                f"Cookie: {reader.headers['Cookie']}\r\n"
                f"Feedback-Token: {card['feedback_token']}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(vote)}\r\n\r\n"
            )
            kept = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(190)]
            reader.ask("GET", "/healthz")  # behind them all in the queue of the system
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.09)  # it is busy with nothing, and about to be sure of that
            for connection in kept:
                connection.settimeout(running.ANSWER_S)
                with contextlib.suppress(*GONE):
                    connection.sendall(head.encode() + vote)
                time.sleep(0.0002)
            for connection in kept:
                with contextlib.suppress(*GONE):
                    answer = connection.recv(65536)
                    assert answer[9:12] in (b"", b"200", b"503")
                connection.close()
            assert server.process.wait(running.STOP_S) == 0
            reader.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_one_ends_with_zero(tmp_path: Path, number: int) -> None:
    with running.Running(tmp_path / "l.db") as server:
        kept = Visitor(server)  # who holds a connection holds nothing up
        kept.ask("GET", "/healthz")
        server.process.send_signal(number)
        assert server.process.wait(running.STOP_S) == 0
        kept.close()


def test_the_weekly_job_is_run_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    stock.make(path)
    cases: list[tuple[dict[str, str], list[tuple[str]]]]
    cases = [({}, []), ({"LLMLEARN_SCHEDULE": "1"}, [("0 2 * * 1",)])]
    for environment, schedules in cases:
        with running.Running(path, **environment):
            assert rows(path, "SELECT schedule FROM llm_jobs") == schedules


def test_it_listens_on_ipv6(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with running.Running(tmp_path / "l.db", LLMLEARN_SERVER_ADDRESS="::1") as server:
        connection = http.client.HTTPConnection("::1", server.port, timeout=running.ANSWER_S)
        connection.request("GET", "/api/explanations")
        assert connection.getresponse().status == 200
        connection.close()


# ---- the key


def test_the_key_outlives_the_server(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    stock.make(path)
    with running.Running(path) as server:
        reader = Visitor(server)
        card = reader.page()[0]
        reader.close()
    key = Path(f"{path}.server-key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and len(key.read_bytes()) == 32
    with running.Running(path) as server:
        again = Visitor(server)
        again.headers = reader.headers
        assert again.vote(card)[0] == 200
        again.close()
    key.unlink()
    with running.Running(path) as server:
        again = Visitor(server)
        again.headers = reader.headers
        assert again.vote(card)[0] == 401
        again.close()


def test_a_crash_while_the_key_is_written_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """Not even one that is given the number of the process that died."""
    key = f"{tmp_path}/l.db.server-key"
    script = f'for left in "{key}.$$" "{key}.new"; do : >"$left"; done; exec "$0"'
    server = subprocess.Popen(
        ["sh", "-c", script, running.PROGRAM],
        env=running.environment_of(tmp_path / "l.db"),
        text=True,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    said = server.stdout.readline()
    server.terminate()
    server.stdout.close()
    assert server.wait(running.STOP_S) == 0
    assert said.startswith("listening on") and len(Path(key).read_bytes()) == 32
    assert len(list(tmp_path.glob("l.db.server-key.*"))) == 2, "it leaves none of its own"


@pytest.mark.parametrize("damage", ["readable", "short", "link", "folder"])
def test_a_key_that_others_could_know_is_refused(tmp_path: Path, damage: str) -> None:
    path, key = tmp_path / "l.db", tmp_path / "l.db.server-key"
    if damage == "folder":
        key.mkdir()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(bytes(32))
        (tmp_path / "elsewhere").chmod(0o600)
        key.symlink_to(tmp_path / "elsewhere")
    else:
        key.write_bytes(bytes(16 if damage == "short" else 32))
        key.chmod(0o640 if damage == "readable" else 0o600)
    ended = running.ended(path)
    assert ended.returncode == 1
    assert "server-key" in ended.stderr.splitlines()[-1]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with running.Running(tmp_path / "l.db") as server:
        ended = running.ended(tmp_path / "m.db", LLMLEARN_SERVER_PORT=str(server.port))
        assert ended.returncode == 1
        assert str(server.port) in ended.stderr and "LLMLEARN_SERVER_PORT" in ended.stderr
