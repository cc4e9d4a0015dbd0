"""The dashboard's files: cached as their names allow, and nothing but them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
from visitor import Visitor

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PACKED = gzip.compress(b"1;" * 100_000)
PAGE = b"<!doctype html><title>Explanations</title>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    folder = tmp_path_factory.mktemp("static")
    files = folder / "dist"
    (files / "assets").mkdir(parents=True)
    (files / "index.html").write_bytes(PAGE)
    (files / "assets" / "index-4f2a.js").write_bytes(b"1;" * 100_000)
    (files / "assets" / "index-4f2a.js.gz").write_bytes(PACKED)
    (files / "assets" / "index-4f2a.css").write_bytes(b"a{}")
    (files / "icon.svg").write_bytes(b"<svg/>")
    (files / ".env").write_bytes(b"secret")
    (folder / "outside.txt").write_bytes(b"secret")
    (files / "link.txt").symlink_to(folder / "outside.txt")
    (files / "up").symlink_to(folder)
    with running.Running(folder / "l.db", LLMLEARN_STATIC=f"{files}/") as started:
        yield started


@pytest.fixture
def visitor(server: running.Running) -> Iterator[Visitor]:
    one = Visitor(server)
    yield one
    one.close()


def headers(visitor: Visitor) -> dict[str, str]:
    return dict(visitor.answered.getheaders())


@pytest.mark.parametrize("path", ["/", "/index.html", "/tests", "/tests/3", "/tests/?from=mail"])
def test_every_path_of_the_dashboard_is_its_page(visitor: Visitor, path: str) -> None:
    assert visitor.ask("GET", path) == (200, PAGE)
    found = headers(visitor)
    assert found["Content-Type"] == "text/html; charset=utf-8"
    assert found["Cache-Control"] == "private, no-cache"
    assert found["Set-Cookie"].startswith("llmlearn_user=")
    assert SECURITY.items() <= found.items()
    assert visitor.ask("GET", path, {"If-None-Match": found["ETag"]}) == (304, b"")
    assert SECURITY.items() <= headers(visitor).items()
    assert visitor.ask("GET", path, {"If-None-Match": '"other"'}) == (200, PAGE)


def test_a_page_that_is_known_is_not_sent_again(visitor: Visitor) -> None:
    """By RFC 9110, 13.1.2: W/ does not count, and one of a list will do."""
    visitor.ask("GET", "/")
    etag = headers(visitor)["ETag"]
    for known in (
        f"W/{etag}",
        f'"other", {etag}',
        f'{etag},"other"',
        f' "a,b" ,, W/"c" ,\t{etag}',
        f'"{etag[1:-1]}", ""',
        "*",
    ):
        assert visitor.ask("GET", "/", {"If-None-Match": known})[0] == 304, known
        assert headers(visitor)["ETag"] == etag
    for other in (
        "",
        etag[1:-1],
        etag[:-1],
        etag[1:],
        f"w/{etag}",
        f"W/ {etag}",
        f'"x{etag}',
        f'"{etag[1:-2]}"',
        f'"a" b, {etag}',
        '"*"',
        f"*, {etag}",
        'W/"other", "',
        "W/",
    ):
        assert visitor.ask("GET", "/", {"If-None-Match": other}) == (200, PAGE), other


@pytest.mark.parametrize(
    "query",
    ["a", "a&b", "=", "a=1&a=2", "%zz", "&&", "&".join(f"utm_{i}=x" for i in range(30))],
)
def test_a_page_may_be_asked_for_anything(visitor: Visitor, query: str) -> None:
    assert visitor.ask("GET", f"/tests?{query}") == (200, PAGE)
    status, said = visitor.ask("GET", f"/api/explanations?{query}")
    assert status == 400 and said["status"] == 400


def test_what_has_its_hash_in_its_name_is_kept(visitor: Visitor) -> None:
    for name, type_ in ((".js", "text/javascript"), (".css", "text/css")):
        status, body = visitor.ask("GET", f"/assets/index-4f2a{name}")
        assert status == 200 and len(body) == (200_000 if name == ".js" else 3)
        found = headers(visitor)
        assert found["Content-Type"] == f"{type_}; charset=utf-8"
        assert found["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in found, "a cache might give it to others"
    visitor.ask("GET", "/icon.svg")
    assert headers(visitor)["Content-Type"] == "image/svg+xml"
    assert headers(visitor)["Cache-Control"] == "no-cache"


def test_who_takes_gzip_gets_it(visitor: Visitor) -> None:
    path = "/assets/index-4f2a.js"
    visitor.ask("GET", path)
    plain = headers(visitor)
    assert plain["Vary"] == "Accept-Encoding" and "Content-Encoding" not in plain
    for accepted in ("gzip", "br, GZIP;q=0.5", "deflate ,gzip", "gzip;q=0.001", "gzip; q=1, *;q=0"):
        known = {"Accept-Encoding": accepted}
        assert visitor.ask("GET", path, known) == (200, PACKED), accepted
        found = headers(visitor)
        assert found["Content-Encoding"] == "gzip" and found["Vary"] == "Accept-Encoding"
        assert found["Content-Type"] == plain["Content-Type"]
        assert found["Cache-Control"] == plain["Cache-Control"]
        assert found["ETag"] != plain["ETag"], "they are different bytes"
        known["If-None-Match"] = found["ETag"]
        assert visitor.ask("GET", path, known) == (304, b"")
        known["If-None-Match"] = plain["ETag"]
        assert visitor.ask("GET", path, known) == (200, PACKED)
    for accepted in ("", "br", "gzip;q=0", "gzip ; Q=0.000, br", "xgzip", "gzipx", "identity"):
        status, body = visitor.ask("GET", path, {"Accept-Encoding": accepted})
        assert (status, len(body)) == (200, 200_000), accepted
    visitor.ask("GET", "/assets/index-4f2a.css", {"Accept-Encoding": "gzip"})
    assert not {"Content-Encoding", "Vary"} & headers(visitor).keys()


def test_head_has_the_headers_alone(visitor: Visitor) -> None:
    assert visitor.ask("HEAD", "/assets/index-4f2a.js") == (200, b"")
    assert headers(visitor)["Content-Length"] == "200000"
    assert visitor.ask("HEAD", "/api/explanations") == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/none.js",
        "/.env",
        "/link.txt",
        "/up/outside.txt",
        "/up/dist/index.html",
        "/../outside.txt",
        "/assets/../../outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/assets/..%2f..%2foutside.txt",
        "//etc/hosts.txt",
        "/index%2ehtml.bak",
        "/assets/index-4f2a.js/x.js",
        "/assets/",
    ],
)
def test_nothing_else_can_be_had(visitor: Visitor, path: str) -> None:
    status, body = visitor.ask("GET", path)
    assert b"secret" not in (body if isinstance(body, bytes) else str(body).encode())
    assert status == 404 or body == PAGE
    assert SECURITY.items() <= headers(visitor).items()


def test_the_api_is_never_a_page(visitor: Visitor) -> None:
    for path in ("/api", "/api/", "/api/none", "/api/explanations/x/y"):
        status, said = visitor.ask("GET", path)
        assert status == 404 and said["title"] == "Not Found"
    assert visitor.ask("POST", "/tests", None, {})[0] == 405
    assert headers(visitor)["Allow"] == "GET, HEAD"


def test_no_site_but_ours_may_read(visitor: Visitor) -> None:
    ours = {"Origin": "https://other.example"}
    for path in ("/", "/api/explanations", "/openapi.json"):
        visitor.ask("GET", path, ours)
        assert not [name for name in headers(visitor) if name.startswith("Access-Control")]
        assert SECURITY.items() <= headers(visitor).items()
    status, _ = visitor.ask("OPTIONS", "/api/explanations", ours)
    assert status == 405


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """As a release is put in place by those who operate it."""
    current = tmp_path / "current"
    current.symlink_to(tmp_path / "release")
    ended = running.ended(tmp_path / "l.db", LLMLEARN_STATIC=str(current))
    assert "No such file" in ended.stderr.splitlines()[-1], "which is not there yet"
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "index.html").write_bytes(PAGE)
    (tmp_path / "outside.txt").write_bytes(b"secret")
    (tmp_path / "release" / "link.txt").symlink_to(tmp_path / "outside.txt")
    for name in ("current", "current/"):
        with running.Running(tmp_path / "l.db", LLMLEARN_STATIC=f"{tmp_path}/{name}") as server:
            visitor = Visitor(server)
            assert visitor.ask("GET", "/") == (200, PAGE)
            assert visitor.ask("GET", "/link.txt")[0] == 404
            visitor.close()


def test_without_a_dashboard_there_is_the_api(tmp_path: Path) -> None:
    with running.Running(tmp_path / "l.db") as server:
        visitor = Visitor(server)
        status, said = visitor.ask("GET", "/")
        assert status == 404 and "/openapi.json" in said["detail"]
        assert visitor.ask("GET", "/openapi.json")[0] == 200
        visitor.close()
