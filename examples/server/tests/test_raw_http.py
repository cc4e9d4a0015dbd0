"""What no browser sends: each case gets a 4xx or is cut off, never a 5xx, never silence.

A request that this server and a proxy before it read differently is how requests are smuggled, so
after each case that was answered the connection must be closed, or what follows on it must not
have been taken for a request.
"""

from __future__ import annotations

import concurrent.futures
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
import stock

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
ADMIN = b"Authorization: Bearer " + running.ADMIN_TOKEN.encode()
POST = b"POST /api/admin/variants HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + ADMIN + b"\r\n"
JSON = b"Content-Type: application/json\r\n"
GOOD = b'{"signal": "BUY", "version": "raw", "text": "Why {{ticker}}?"}'
LENGTH = len(GOOD)
CHUNKS = b"%x\r\n" % LENGTH + GOOD + b"\r\n0\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
WAIT_S = 15


def post(length: int, body: bytes, more: bytes = b"") -> bytes:
    return POST + JSON + b"Content-Length: %d\r\n" % length + more + b"\r\n" + body


def body(text: bytes) -> bytes:
    return post(len(text), text)


def sized(length: bytes) -> bytes:
    return POST + JSON + b"Content-Length: " + length + b"\r\n\r\n" + GOOD


def typed(type_: bytes) -> bytes:
    return POST + type_ + b"Content-Length: %d\r\n\r\n" % LENGTH + GOOD


def with_text(text: bytes) -> bytes:
    return b'{"signal": "BUY", "version": "raw", "text": ' + text + b"}"


CASES: dict[str, bytes] = {
    # the first line
    "no version": b"GET /healthz\r\n\r\n",
    "version 0.9": b"GET /healthz HTTP/0.9\r\nHost: a\r\n\r\n",
    "version 2.0": b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
    "version 1.1 misspelt": b"GET /healthz HTTP/1.1x\r\nHost: a\r\n\r\n",
    "version in small letters": b"GET /healthz http/1.1\r\nHost: a\r\n\r\n",
    "two blanks before the target": b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks behind the target": b"GET /healthz  HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank in the target": b"GET /health z HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab for a blank": b"GET\t/healthz\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: a\r\n\r\n",
    "a NUL in the target": b"GET /healthz\0x HTTP/1.1\r\nHost: a\r\n\r\n",
    "a control character in the target": b"GET /health\x01z HTTP/1.1\r\nHost: a\r\n\r\n",
    "raw UTF-8 in the target": b"GET /health\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n",
    "a backslash": b"GET /api\\admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "a whole URL": b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target without a slash": b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escape that is none": b"GET /api/x%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escape cut off": b"GET /api/x%2 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escaped NUL": b"GET /api/x%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escaped line feed": b"GET /api/x%0a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target of 3,000 bytes": b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target of 100,000 bytes": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path of 50 parts": b"GET " + b"/x" * 50 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a parameter twice": b"GET /api/explanations?limit=1&limit=2 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a parameter twice, once escaped": b"GET /api/explanations?limit=1&%6cimit=2 HTTP/1.1\r\n"
    b"Host: a\r\n\r\n",
    "an unknown parameter": b"GET /api/explanations?color=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a parameter without a value": b"GET /api/explanations?limit HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE": b"TRACE /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method that is none": b"BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 200,
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "noise": bytes(range(256)) * 4 + b"\r\n\r\n",
    # headers
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "Host twice": GET + b"Host: b\r\n\r\n",
    "Host empty": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "Host with a path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a NUL in a header": GET + b"X: a\0b\r\n\r\n",
    "a NUL in a header's name": GET + b"X\0: a\r\n\r\n",
    "a control character in a header": GET + b"X: a\x02b\r\n\r\n",
    "a lone CR in a header": GET + b"X: a\rb\r\n\r\n",
    "a folded line": GET + b"X: a\r\n b\r\n\r\n",
    "a fold first": b"GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n",
    "a header without a name, not the last": GET + b": a\r\nX: a\r\n\r\n",
    "line feeds alone": b"GET /healthz HTTP/1.1\nHost: a\n\n",
    "one line feed alone": GET + b"X: a\nY: b\r\n\r\n",
    "a header without a colon": GET + b"X\r\n\r\n",
    "a header without a name": GET + b": a\r\n\r\n",
    "a blank before the colon": GET + b"X : a\r\n\r\n",
    "a name with a bracket": GET + b"X(y): a\r\n\r\n",
    "2,000 headers": GET + b"".join(b"X%d: a\r\n" % i for i in range(2000)) + b"\r\n",
    "a header of 64 KiB": GET + b"X: " + b"a" * 65536 + b"\r\n\r\n",
    "an expectation of something else": post(LENGTH, GOOD, b"Expect: 200-ok\r\n"),
    # how long the body is
    "lengths that differ": post(LENGTH, GOOD, b"Content-Length: 99\r\n"),
    "lengths that differ, the right one last": post(99, GOOD, b"Content-Length: %d\r\n" % LENGTH),
    "lengths alike": post(LENGTH, GOOD, b"Content-Length: %d\r\n" % LENGTH),
    "two lengths in one": sized(b"%d, %d" % (LENGTH, LENGTH)),
    "a negative length": sized(b"-1"),
    "a length with a sign": sized(b"+%d" % LENGTH),
    "a length in hexadecimal": sized(b"0x%x" % LENGTH),
    "a length with a letter": sized(b"%dx" % LENGTH),
    "an empty length": sized(b""),
    "a length of 2^64": sized(b"%d" % 2**64),
    "a length that 2^64 makes good": sized(b"%d" % (2**64 + LENGTH)),
    "a length of 64 KiB + 1": post(65537, b""),
    "a length and chunks": post(LENGTH, CHUNKS + SMUGGLED, b"Transfer-Encoding: chunked\r\n"),
    "chunks": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "a blank before the colon of chunks": post(LENGTH, GOOD, b"Transfer-Encoding : chunked\r\n"),
    "an unknown encoding": post(LENGTH, GOOD, b"Transfer-Encoding: gzip\r\n"),
    "an unknown encoding, no length": POST + JSON + b"Transfer-Encoding: gzip\r\n\r\n" + GOOD,
    "encodings twice": POST + JSON + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + CHUNKS,
    "chunked, twice": POST + JSON + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS,
    "chunked behind a tab": POST + JSON + b"Transfer-Encoding:\tchunked\r\n\r\n" + CHUNKS,
    "xchunked": POST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "a body with GET": GET + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "no length at all": POST + JSON + b"\r\n" + SMUGGLED,
    "a line feed alone at the end": POST + JSON + b"Content-Length: %d\r\n\n" % LENGTH + GOOD,
    # what the body is
    "no type": typed(b""),
    "another type": typed(b"Content-Type: text/plain\r\n"),
    "a type that begins alike": typed(b"Content-Type: application/jsonx\r\n"),
    "types twice": typed(JSON + JSON),
    "an empty body": post(0, b""),
    "half an object": body(GOOD[:-1]),
    "an object and a half": body(GOOD + b"{"),
    "two objects": body(GOOD + GOOD),
    "a list": body(b"[" + GOOD + b"]"),
    "a number": body(b"1"),
    "NaN": body(with_text(b"NaN")),
    "a number too large": body(with_text(b"1e999")),
    "an escaped NUL in a text": body(with_text(b'"a\\u0000b"')),
    "half a surrogate": body(with_text(b'"\\ud800"')),
    "no UTF-8": body(with_text(b'"\xff"')),
    "overlong UTF-8": body(with_text(b'"\xc0\xaf"')),
    "a surrogate in UTF-8": body(with_text(b'"\xed\xa0\x80"')),
    "a raw control character": body(with_text(b'"a\x01b"')),
    "a field twice": body(GOOD[:-1] + b', "text": "Why?"}'),
    "a field twice, once escaped": body(GOOD[:-1] + b', "te\\u0078t": "Why?"}'),
    "an unknown field": body(GOOD[:-1] + b', "color": 1}'),
    "a field in capitals": body(GOOD[:-1] + b', "Text": "Why?"}'),
    "33 brackets": body(GOOD[:-1] + b', "parent": ' + b"[" * 32 + b"]" * 32 + b"}"),
    "60,000 brackets": body(b"[" * 60000),
    "10,000 objects": body(b'{"a":' * 10000),
    "6,000 fields": body(b"{" + b",".join(b'"%d":1' % i for i in range(6000)) + b"}"),
    "a byte order mark": body(b"\xef\xbb\xbf" + GOOD),
    "single quotes": body(GOOD.replace(b'"', b"'")),
    "a comment": body(GOOD + b" // none"),
    "a comma at the end": body(GOOD[:-1] + b",}"),
}

# A line without an end, for which the deadline comes, and one that libmicrohttpd cannot split.
WITHOUT_A_WORD = {"a TLS hello", "a tab for a blank"}
# Of lengths that libmicrohttpd itself refuses.
WITHOUT_A_BODY = {
    "two lengths in one",
    "a negative length",
    "a length with a sign",
    "a length in hexadecimal",
    "a length with a letter",
    "an empty length",
    "a length of 2^64",
    "a length that 2^64 makes good",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    path = tmp_path_factory.mktemp("raw") / "learning.db"
    stock.make(path)
    with running.Running(
        path, LLMLEARN_REQUEST_SECONDS="2", LLMLEARN_CONNECTIONS_PER_ADDRESS="64"
    ) as started:
        yield started


def exchange(port: int, request: bytes) -> bytes:
    """Everything that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            pass  # cut off
        return answer


def replies(answer: bytes) -> list[tuple[int, bytes, bytes]]:
    """Status, head and body of each, as a client finds them: by the length of the one before. The
    head of a refusal without a body may come twice (refusal.h), which is one reply."""
    found = []
    while answer.startswith(b"HTTP/1."):
        head, _, rest = answer.partition(b"\r\n\r\n")
        lengths = [
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        found.append((int(head.split(b" ")[1]), head, rest[: lengths[0]]))
        answer = rest[lengths[0] :]
        if lengths[0] == 0:
            answer = answer.removeprefix(head + b"\r\n\r\n")
    return found


def statuses(answer: bytes) -> list[int]:
    return [status for status, _, _ in replies(answer)]


@pytest.mark.parametrize("name", CASES)
def test_refused_or_cut_off(server: running.Running, name: str) -> None:
    found = replies(exchange(server.port, CASES[name]))
    assert found or name in WITHOUT_A_WORD
    assert len(found) <= 1, "what came behind it was taken for a request"
    for status, head, body in found:
        assert 400 <= status < 500
        assert b"Content-Security-Policy: default-src 'self'" in head
        is_problem = b"Content-Type: application/problem+json" in head
        assert is_problem == (name not in WITHOUT_A_BODY)
        assert json.loads(body)["status"] == status if is_problem else body == b""
    assert server.process.poll() is None


@pytest.mark.parametrize(
    "lines",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
        b"GET /healthz HTTP/1.0\r\n",
        GET + b"X:a\r\nY: \t b \r\nZ:\r\n",
        GET + b"Content-Length: 0\r\n",
        b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: [::1]:8080\r\n",
        GET + b"Authorization: Bearer " + b"x" * 8000 + b"\r\n",
    ],
)
def test_what_is_well_formed_is_served(server: running.Running, lines: bytes) -> None:
    """The cases above are refused for what is wrong with them, not for being sent by hand."""
    answer = exchange(server.port, lines + b"Connection: close\r\n\r\n")
    assert int(answer.split(b" ")[1]) == 200


def test_requests_one_behind_the_other_are_all_served(server: running.Running) -> None:
    requests = (GET + b"\r\n") * 2 + GET + b"Connection: close\r\n\r\n"
    assert statuses(exchange(server.port, requests)) == [200] * 3


def test_a_good_body_is_taken(server: running.Running) -> None:
    assert statuses(exchange(server.port, body(GOOD))) == [201]


def test_a_request_cut_anywhere_is_no_request(server: running.Running) -> None:
    whole = body(GOOD)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = pool.map(lambda cut: exchange(server.port, whole[:cut]), range(len(whole)))
        for cut, answer in enumerate(answers):
            assert statuses(answer) == [], f"cut at {cut}"
