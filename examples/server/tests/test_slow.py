"""Who sends or reads one byte at a time holds a connection until its deadline and no longer, and
keeps nobody else from being served."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
import stock
from visitor import ADMIN, Visitor

DEADLINE_S = 3
LATE_S = 30  # a loaded machine may be late; that it is never is what is tested
SLOW = 200
LONG_BYTES = 20_000_000  # more than the system keeps on the way
HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
BODY = b"POST /api/explanations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    path = tmp_path_factory.mktemp("slow") / "learning.db"
    stock.make(path)
    with running.Running(path, LLMLEARN_REQUEST_SECONDS=str(DEADLINE_S)) as started:
        yield started


def connect(server: running.Running, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), LATE_S, (source, 0))


def is_open(connection: socket.socket) -> bool:
    """Nothing has come, not even the end."""
    return not select.select([connection], [], [], 0)[0]


def drip(connection: socket.socket, data: bytes) -> bool:
    """False: it is closed."""
    if not is_open(connection):
        return False
    with contextlib.suppress(ConnectionError):
        connection.send(data)
        return True
    return False


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"", b"\r\n"),
        (b"", b"G"),
        (b"GET /" + b"x" * 100, b"x"),
        (HEAD, b"X-%d: a\r\n"),
        (HEAD + b"X: ", b"a"),
        (BODY + b"Content-Length: 60000\r\n\r\n", b" "),
        (HEAD + b"\r\n" + HEAD, b"X: a\r\n"),
    ],
    ids=["empty lines", "a method", "a target", "headers", "a header", "a body", "a second one"],
)
def test_the_deadline_is_for_the_whole_request(
    server: running.Running, begun: bytes, more: bytes
) -> None:
    with connect(server) as connection:
        connection.sendall(begun)
        if begun.startswith(HEAD + b"\r\n"):
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        start = time.monotonic()
        sent = 0
        while drip(connection, more % sent if b"%d" in more else more):
            sent += 1
            assert time.monotonic() - start < DEADLINE_S + LATE_S
            time.sleep(0.1)
        assert time.monotonic() - start > DEADLINE_S - 1, "not before the deadline"
        assert sent > 1


def test_who_goes_on_asking_is_not_cut_off(server: running.Running) -> None:
    visitor = Visitor(server)
    visitor.ask("GET", "/healthz")
    first = visitor.connection.sock
    until = time.monotonic() + DEADLINE_S + 1.5
    while time.monotonic() < until:
        assert visitor.ask("GET", "/healthz")[0] == 200
        time.sleep(0.2)
    assert visitor.connection.sock is first, "one connection, for longer than the deadline"
    visitor.close()


def test_who_was_silent_has_the_whole_deadline(server: running.Running) -> None:
    """The time in which a kept connection was not used is no part of its next request."""
    with connect(server) as connection:
        for silent_s in (0, DEADLINE_S - 1):
            time.sleep(silent_s)
            connection.sendall(BODY + b"Content-Length: 2\r\n\r\n")
            time.sleep(1.5)
            connection.sendall(b"{}")
            assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_who_does_not_read_is_cut_off(server: running.Running) -> None:
    before = too_late(server)
    with connect(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        requests = (HEAD + b"\r\n") * 100
        until = time.monotonic() + LATE_S
        while too_late(server) == before:
            assert time.monotonic() < until
            with contextlib.suppress(BlockingIOError, ConnectionError):
                while True:  # until so many replies are under way that they fit nowhere
                    sent = connection.send(requests)
                    requests = requests[sent:] + requests[:sent]
            time.sleep(0.1)


def test_a_long_reply_has_longer(tmp_path: Path) -> None:
    """So that who has a slow line gets it; the deadline alone is for what is short."""
    files = tmp_path / "dist"
    files.mkdir()
    (files / "index.html").write_bytes(b"<!doctype html>")
    (files / "long.txt").write_bytes(b"x" * LONG_BYTES)
    limits = {"LLMLEARN_REQUEST_SECONDS": "1", "LLMLEARN_STATIC": str(files)}
    with running.Running(tmp_path / "l.db", **limits) as server, connect(server) as connection:
        connection.sendall(b"GET /long.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(2.5)
        got = 0
        while part := connection.recv(1 << 20):
            got += len(part)
        assert got > LONG_BYTES


def too_late(server: running.Running) -> int:
    text = server.ask("GET", "/metrics", ADMIN, None).body.decode()
    name = "llmlearn_server_connections_too_late_total "
    return int(next(line for line in text.splitlines() if line.startswith(name)).split()[1])


def test_slow_senders_keep_nobody_waiting(server: running.Running) -> None:
    """200 of them from 13 addresses: the normal client is answered every time, while they send."""
    slow = [connect(server, f"127.0.1.{i // 16 + 1}") for i in range(SLOW)]
    for i, connection in enumerate(slow):
        connection.sendall(HEAD if i % 2 else BODY + b"Content-Length: 999\r\n\r\n")
    visitor = Visitor(server)
    cards = visitor.page(8)
    served = 0
    open_ = slow
    start = time.monotonic()
    while open_:
        assert visitor.ask("GET", "/api/explanations")[0] == 200
        assert visitor.vote(cards[served % 8], rating=served % 5 + 1)[0] == 200
        served += 1
        open_ = [connection for connection in open_ if drip(connection, b"X")]
        assert time.monotonic() - start < DEADLINE_S + LATE_S
    assert served >= 10
    for connection in slow:
        connection.close()
    visitor.close()


def wait_until_closed(connections: list[socket.socket]) -> None:
    until = time.monotonic() + LATE_S
    while any(is_open(connection) for connection in connections):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_address_has_so_many_connections(server: running.Running) -> None:
    first = [connect(server, "127.0.2.1") for _ in range(16)]
    for connection in first:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    more = [connect(server, "127.0.2.1") for _ in range(4)]
    wait_until_closed(more)
    assert all(is_open(connection) for connection in first)
    other = Visitor(server, source="127.0.2.2")
    assert other.ask("GET", "/healthz")[0] == 200
    other.close()
    first.pop().close()
    until = time.monotonic() + LATE_S
    while True:  # the place of who left is free again
        again = Visitor(server, source="127.0.2.1")
        with contextlib.suppress(ConnectionError):
            assert again.ask("GET", "/healthz")[0] == 200
            again.close()
            break
        again.close()
        assert time.monotonic() < until
        time.sleep(0.05)
    for connection in first + more:
        connection.close()


def test_there_are_so_many_connections_in_all(tmp_path: Path) -> None:
    limits = {"LLMLEARN_CONNECTIONS": "8", "LLMLEARN_CONNECTIONS_PER_ADDRESS": "8"}
    with running.Running(tmp_path / "l.db", **limits) as server:
        first = [connect(server, f"127.0.3.{i}") for i in range(8)]
        for connection in first:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        wait_until_closed([connect(server, "127.0.3.100")])
        for connection in first:
            connection.close()


def test_every_connection_has_a_file(tmp_path: Path) -> None:
    """Also where a process is let have few at first; else who votes finds the journal closed."""
    limits = {"LLMLEARN_CONNECTIONS": "300", "LLMLEARN_CONNECTIONS_PER_ADDRESS": "300"}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    stock.make(tmp_path / "l.db")
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = stack.enter_context(running.Running(tmp_path / "l.db", **limits))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        visitor = Visitor(server)
        card = visitor.page()[0]
        held = [stack.enter_context(connect(server)) for _ in range(290)]
        held[-1].sendall(HEAD + b"\r\n")
        assert held[-1].recv(65536).startswith(b"HTTP/1.1 200"), "they are all accepted"
        assert visitor.vote(card)[0] == 200
        visitor.close()


def test_it_does_not_start_with_too_few_files(tmp_path: Path) -> None:
    command = ["sh", "-c", 'ulimit -n 500; exec "$0"', running.PROGRAM]
    ended = subprocess.run(
        command,
        env=running.environment_of(tmp_path / "l.db"),
        text=True,
        capture_output=True,
        timeout=running.START_S,
    )
    assert ended.returncode == 1 and ended.stdout == ""
    assert "LLMLEARN_CONNECTIONS is 256" in ended.stderr.splitlines()[-1]


def test_a_trusted_proxy_has_as_many_as_there_are(tmp_path: Path) -> None:
    limits = {"LLMLEARN_CONNECTIONS_PER_ADDRESS": "2", "LLMLEARN_TRUSTED_PROXY": "127.0.0.1"}
    with running.Running(tmp_path / "l.db", **limits) as server:
        connections = [connect(server) for _ in range(20)]
        for connection in connections:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.close()
