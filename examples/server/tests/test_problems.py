"""What is wrong with a request is told, also where that cannot be repeated as it came: a reply is
UTF-8, and what it quotes may be cut, or none."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
import stock
from visitor import ADMIN, Visitor

VARIANTS = "/api/admin/variants"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    path = tmp_path_factory.mktemp("problems") / "learning.db"
    stock.make(path)
    with running.Running(path) as started:
        yield started


def ask(
    server: running.Running, method: str, target: str, body: bytes | None
) -> tuple[int, bool]:
    """The status, and whether the reply names a field."""
    visitor = Visitor(server)
    visitor.page(1)
    headers = {**ADMIN, **visitor.headers, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=running.ANSWER_S)
    connection.request(method, target, body=body, headers=headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert said["status"] == answer.status and said["detail"]
    connection.close(), visitor.close()
    return answer.status, "errors" in said


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "\\\xf0\x9f\x8c\x80"}', 400),
        (b'{"text": "\xf0\x9f\x8c"}', 400),
        (b'{"text": \xff}', 400),
        *((('{"%s": 1}' % ("x" * i + "é" * 80)).encode(), 422) for i in range(2)),
        ('{"ééé": 1, "ééé": 1}'.encode(), 422),
        *(
            (f'{{"signal": "BUY", "version": "{v}", "text": "Why?"}}'.encode(), 422)
            for v in ("é", "x" + "é" * 400, "\U0001f300" * 200)
        ),
    ],
)
def test_of_a_body(server: running.Running, body: bytes, status: int) -> None:
    assert ask(server, "POST", VARIANTS, body) == (status, status == 422)


@pytest.mark.parametrize(
    ("method", "target", "status", "names"),
    [
        ("GET", "/api/explanations?%ff=1", 400, True),
        ("GET", "/api/explanations?%c3=1", 400, True),
        ("GET", "/api/explanations?limit=%ff", 422, True),
        ("GET", "/api/explanations?signal=%ff", 422, True),
        ("GET", "/api/explanations?before=%ff", 422, True),
        ("GET", "/api/explanations/%ff", 422, True),
        ("GET", "/api/%ff", 404, False),
        ("GET", "/api/admin/llm-ab-tests/%ff/series", 422, True),
        ("GET", f"{VARIANTS}?signal=%ff", 422, True),
        ("POST", f"{VARIANTS}/BUY/%ff/approve", 422, True),
        ("POST", f"{VARIANTS}/BUY/{'%c3%a9' * 200}x/approve", 422, True),
    ],
)
def test_of_a_target(
    server: running.Running, method: str, target: str, status: int, names: bool
) -> None:
    body = b'{"actor": "ann", "reason": "why"}' if method == "POST" else None
    assert ask(server, method, target, body) == (status, names)


@pytest.mark.parametrize("body", [b"1", b'"a"', b"null", b"[]", b" true "])
def test_json_that_is_no_object(server: running.Running, body: bytes) -> None:
    """It is JSON, and is not told to be none."""
    assert ask(server, "POST", VARIANTS, body) == (422, False)
