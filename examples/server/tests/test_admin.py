"""Who does not have the admin token learns nothing, not even why."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import running

TOKEN = running.ADMIN_TOKEN
PATHS = ["/api/admin/llm-analytics", "/metrics", "/api/admin/none", "/api/admin"]

# Lines of a head. None of them may open anything.
CASES: dict[str, str] = {
    "nothing": "",
    "empty": "Authorization:\r\n",
    "the scheme alone": "Authorization: Bearer\r\n",
    "the scheme and a blank": "Authorization: Bearer \r\n",
    "the token alone": f"Authorization: {TOKEN}\r\n",
    "another scheme": f"Authorization: Basic {TOKEN}\r\n",
    "a scheme that begins alike": f"Authorization: Bearerx {TOKEN}\r\n",
    "no blank": f"Authorization: Bearer{TOKEN}\r\n",
    "a tab": f"Authorization: Bearer\t{TOKEN}\r\n",
    "two blanks": f"Authorization: Bearer  {TOKEN}\r\n",
    "one character less": f"Authorization: Bearer {TOKEN[:-1]}\r\n",
    "its end": f"Authorization: Bearer {TOKEN[1:]}\r\n",
    "one character more": f"Authorization: Bearer {TOKEN}x\r\n",
    "a blank behind and more": f"Authorization: Bearer {TOKEN} x\r\n",
    "one character changed": f"Authorization: Bearer {TOKEN[:-1]}x\r\n",
    "in large letters": f"Authorization: Bearer {TOKEN.upper()}\r\n",
    "reversed": f"Authorization: Bearer {TOKEN[::-1]}\r\n",
    "its first half": f"Authorization: Bearer {TOKEN[: len(TOKEN) // 2]}\r\n",
    "twice over": f"Authorization: Bearer {TOKEN}{TOKEN}\r\n",
    "in quotes": f'Authorization: Bearer "{TOKEN}"\r\n',
    "in a list": f"Authorization: Bearer {TOKEN}, Bearer {TOKEN}\r\n",
    "two headers": f"Authorization: Bearer {TOKEN}\r\n" * 2,
    "a wrong one first": f"Authorization: Bearer x\r\nAuthorization: Bearer {TOKEN}\r\n",
    "a wrong one last": f"Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer x\r\n",
    "by a proxy's header": f"Proxy-Authorization: Bearer {TOKEN}\r\n",
    "by a header of its own": f"X-Admin-Token: {TOKEN}\r\n",
    "in a cookie": f"Cookie: Authorization=Bearer {TOKEN}; token={TOKEN}\r\n",
    "by a method override": "X-HTTP-Method-Override: GET\r\n",
    "by a path override": "X-Original-URL: /healthz\r\n",
    "as a parameter": "?token=" + TOKEN,
    "as another parameter": "?access_token=" + TOKEN,
    "percent-encoded": f"Authorization: Bearer %61{TOKEN[1:]}\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    with running.Running(tmp_path_factory.mktemp("admin") / "learning.db") as started:
        yield started


def send(port: int, target: str, lines: str, method: str = "GET") -> tuple[int, bytes]:
    """The status, and the whole answer but for its date."""
    if lines.startswith("?"):
        target, lines = target + lines, ""
    head = f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=running.ANSWER_S) as connection:
        connection.sendall(head.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    kept = [line for line in answer.split(b"\r\n") if not line.startswith(b"Date:")]
    return int(answer.split(b" ")[1]), b"\r\n".join(kept)


@pytest.mark.parametrize("name", CASES)
def test_every_refusal_is_the_same(server: running.Running, name: str) -> None:
    plain = send(server.port, PATHS[0], "")
    for path in PATHS:
        assert send(server.port, path, CASES[name]) == plain
    assert plain[0] == 401 and b"WWW-Authenticate: Bearer\r\n" in plain[1]
    assert b"Cache-Control: no-store" in plain[1]


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "HEAD", "OPTIONS", "BREW"])
def test_every_method_is_refused(server: running.Running, method: str) -> None:
    assert send(server.port, PATHS[0], "", method)[0] == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_opens(server: running.Running, scheme: str) -> None:
    assert send(server.port, PATHS[0], f"Authorization: {scheme} {TOKEN}\r\n")[0] == 200


def test_paths_that_resemble_those_of_admins(server: running.Running) -> None:
    for path in ("//api/admin/llm-analytics", "/api//admin/llm-analytics", "/api/./admin/x"):
        assert send(server.port, path, "")[0] == 404
    for path in ("/api/%61dmin/llm-analytics", "/%61pi/admin/llm-analytics", "/metric%73"):
        assert send(server.port, path, "")[0] == 401


def test_refusals_are_logged_without_the_token(tmp_path: Path) -> None:
    """Each as one line of JSON, whatever was sent."""
    with running.Running(tmp_path / "learning.db") as server:
        for name in CASES:
            send(server.port, PATHS[0], CASES[name])
        send(server.port, '/api/admin/"}%0d%7b', "")
        log = Path(server.log.name).read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    refused = [line for line in lines if line["event"] == "auth_refused"]
    assert len(refused) >= len(CASES)
    assert {line["client"] for line in refused} == {"127.0.0.1"}
    assert TOKEN not in log


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LLMLEARN_ADMIN_TOKEN", ""),
        ("LLMLEARN_ADMIN_TOKEN", "x" * 31),
        ("LLMLEARN_ADMIN_TOKEN", "x" * 32),
        ("LLMLEARN_ADMIN_TOKEN", "with blanks in it, though long enough"),
        ("LLMLEARN_SERVER_KEY", "short"),
        ("LLMLEARN_SERVER_PORT", "70000"),
        ("LLMLEARN_SERVER_PORT", "80x"),
        ("LLMLEARN_SERVER_ADDRESS", "localhost"),
        ("LLMLEARN_STATIC", "/none"),
        ("LLMLEARN_TRUSTED_PROXY", "proxy.example.com"),
        ("LLMLEARN_USER_HEADER", "X-User"),
        ("LLMLEARN_LLM_URL", "https://llm.example.com/v1"),
        ("LLMLEARN_DB", ""),
    ],
)
def test_what_it_does_not_start_with(tmp_path: Path, variable: str, value: str) -> None:
    """It says on one line which variable is wrong, and nothing of a secret."""
    ended = running.ended(tmp_path / "learning.db", **{variable: value})
    assert ended.returncode == 1
    assert ended.stdout == ""
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("llmlearn-server: ")
    assert ("LLMLEARN_LLM_MODEL" if variable == "LLMLEARN_LLM_URL" else variable) in said
    assert not (value and "TOKEN" in variable and value in said)
