"""Who may vote on what: by a cookie that the server signed, and a token that goes with it."""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import hmac
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import running
import stock
from visitor import ADMIN, Visitor

MADE_UP = 10_000
SERVERS, CONNECTIONS, VOTES_AN_HOUR = 2, 16, 10


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "learning.db"
    stock.make(path)
    return path


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[running.Running]:
    with running.Running(database, LLMLEARN_CONNECTIONS_PER_ADDRESS="64") as started:
        yield started


@pytest.fixture
def reader(server: running.Running) -> Iterator[Visitor]:
    visitor = Visitor(server)
    yield visitor
    visitor.close()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_the_cookie(reader: Visitor) -> None:
    reader.page()
    flags = (reader.answered.getheader("Set-Cookie") or "").split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert "Secure" not in flags  # this is not https
    reader.page()
    assert reader.answered.getheader("Set-Cookie") is None


def test_a_cookie_that_was_changed_is_nobodys(reader: Visitor) -> None:
    card = reader.page()[0]
    name, _, value = reader.headers["Cookie"].partition("=")
    identity, _, signature = value.partition(".")
    other = encode(bytes(16))
    for wrong in (
        f"{other}.{signature}",
        f"{identity}.{encode(bytes(32))}",
        identity,
        f"{identity}.",
        f".{signature}",
        value[:-1],
        value + "A",
        value + "=",
        identity + signature,
        f'"{value}"',
    ):
        headers = {"Cookie": f"{name}={wrong}", "Feedback-Token": card["feedback_token"]}
        target = f"/api/feedback/{card['id']}"
        assert reader.ask("POST", target, headers, {"helpful": True})[0] == 401, wrong
    assert reader.vote(card)[0] == 200


def test_every_bit_of_cookie_and_token_counts(reader: Visitor) -> None:
    card = reader.page()[0]
    name, _, value = reader.headers["Cookie"].partition("=")
    target = f"/api/feedback/{card['id']}"

    def vote(cookie: str, token: str) -> int:
        headers = {"Cookie": f"{name}={cookie}", "Feedback-Token": token}
        return reader.ask("POST", target, headers, {"helpful": True})[0]

    identity, signature = (decode(part) for part in value.split("."))
    token = decode(card["feedback_token"])
    assert (len(identity), len(signature), len(token)) == (16, 32, 40)
    for bit in range(8 * len(identity + signature)):
        changed = bytearray(identity + signature)
        changed[bit // 8] ^= 1 << bit % 8
        cookie = f"{encode(bytes(changed[:16]))}.{encode(bytes(changed[16:]))}"
        assert vote(cookie, card["feedback_token"]) == 401, bit
    for bit in range(8 * len(token)):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << bit % 8
        assert vote(value, encode(bytes(changed))) == 403, bit
    assert vote(value, card["feedback_token"]) == 200


def test_a_token_is_for_one_user_and_one_explanation(server: running.Running) -> None:
    ann, bob = Visitor(server), Visitor(server)
    hers, his = ann.page(), bob.page()
    assert bob.vote(hers[0])[0] == 403
    assert ann.vote({**hers[0], "feedback_token": hers[1]["feedback_token"]})[0] == 403
    assert ann.vote({**hers[0], "feedback_token": ""})[0] == 403
    assert ann.vote(hers[0], comment="hers")[0] == 200
    assert bob.withdraw(his[0])[0] == 404
    assert bob.withdraw(hers[0])[0] == 403
    assert ann.withdraw(hers[0])[0] == 200
    ann.close(), bob.close()


def test_a_token_ends_after_a_week(database: Path) -> None:
    """Made here as the server makes it, which users.h describes."""
    secret = "a-key-that-the-test-knows-0123456789"
    key = hashlib.sha256(secret.encode()).digest()
    with running.Running(database, LLMLEARN_SERVER_KEY=secret) as server:
        reader = Visitor(server)
        card = reader.page()[0]
        user = "visitor-" + reader.headers["Cookie"].partition("=")[2].partition(".")[0]

        def token(expiry: int) -> str:
            expires = expiry.to_bytes(8, "big")
            signed = b"vote".ljust(8, b"\0") + expires + uuid.UUID(card["id"]).bytes
            return encode(expires + hmac.digest(key, signed + user.encode(), "sha256"))

        expiry = int.from_bytes(decode(card["feedback_token"])[:8], "big")
        assert token(expiry) == card["feedback_token"]
        assert abs(expiry - time.time() - 7 * 86400) < 600
        for ahead, status in ((600, 200), (0, 403), (-600, 403)):
            old = token(int(time.time()) + ahead)
            assert reader.vote({**card, "feedback_token": old})[0] == status, ahead
        reader.close()


def test_nobody_sees_what_others_said(server: running.Running) -> None:
    ann, bob = Visitor(server), Visitor(server)
    ann.vote(ann.page()[0], comment="said by ann alone")
    seen = bob.ask("GET", "/api/explanations?limit=100")[1]["explanations"]
    assert "said by ann alone" not in str(seen) and seen[0]["mine"] is None
    assert ann.page()[0]["mine"]["comment"] == "said by ann alone"
    ann.close(), bob.close()


def test_ids_beside_real_ones_grant_nothing(server: running.Running) -> None:
    """Ids are times: a neighbour of the same millisecond is guessed easily. None is accepted, with
    a token of one's own, of another id, or made up, also where the id is real."""
    asker = Visitor(server)
    cards = asker.page(100)
    asker.close()
    draw = random.Random(1)

    def guess(real: dict[str, Any]) -> tuple[str, str]:
        near = uuid.UUID(int=uuid.UUID(real["id"]).int ^ draw.getrandbits(draw.choice((3, 20, 62))))
        token = draw.choice(cards)["feedback_token"]
        if draw.random() < 0.5:
            token = encode(decode(token)[:8] + draw.randbytes(32))
        return str(near), token

    guesses = [guess(draw.choice(cards)) for _ in range(MADE_UP)]
    own = {(card["id"], card["feedback_token"]) for card in cards}
    guesses = [pair for pair in guesses if pair not in own]

    def ask(part: list[tuple[str, str]]) -> list[int]:
        visitor = Visitor(server)
        visitor.headers = asker.headers
        found = [
            visitor.vote({"id": id_, "feedback_token": token}, comment="guessed")[0]
            for id_, token in part
        ]
        visitor.close()
        return found

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = [s for part in pool.map(ask, (guesses[i::8] for i in range(8))) for s in part]
    assert len(found) >= MADE_UP * 0.99
    assert set(found) == {403}


def test_ten_votes_an_hour_whoever_counts(server: running.Running, database: Path) -> None:
    """By two servers on one database and many connections: exactly ten, and changes are free."""
    environment = {"LLMLEARN_CONNECTIONS_PER_ADDRESS": "64"}
    with running.Running(database, **environment) as second:
        asker = Visitor(server)
        cards = asker.page(40)

        def vote(part: int) -> list[tuple[int, str]]:
            visitor = Visitor((server, second)[part % SERVERS])
            visitor.headers = asker.headers
            found = []
            for card in cards[part::CONNECTIONS]:
                status, said = visitor.vote(card)
                if status == 429:
                    wait = int(visitor.answered.getheader("Retry-After") or "0")
                    assert 1 <= wait <= 3600 and said["retry_after_s"] == wait
                found.append((status, card["id"]))
            visitor.close()
            return found

        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            found = [one for part in pool.map(vote, range(CONNECTIONS)) for one in part]
        accepted = [id_ for status, id_ in found if status == 200]
        assert len(accepted) == VOTES_AN_HOUR
        assert {status for status, _ in found} == {200, 429}
        changed = next(card for card in cards if card["id"] in accepted)
        assert asker.vote(changed, helpful=False, rating=1)[0] == 200
        asker.close()


@pytest.mark.parametrize(
    "header",
    [{}, {"X-Forwarded-For": "192.0.2.7"}, {"X-User": "ann"}, {"Forwarded": "for=192.0.2.7"}],
)
def test_new_users_are_limited_by_address(tmp_path: Path, header: dict[str, str]) -> None:
    """Whoever throws the cookie away to vote again; headers of a client change nothing."""
    with running.Running(tmp_path / "l.db", LLMLEARN_IDENTITIES_PER_HOUR="3") as server:
        seen = []
        for _ in range(5):
            visitor = Visitor(server)
            seen.append(visitor.ask("GET", "/api/explanations", header)[0])
            visitor.close()
        assert seen == [200] * 3 + [429] * 2
        other = Visitor(server, source="127.0.0.2")
        assert other.ask("GET", "/api/explanations")[0] == 200
        other.close()


def test_a_trusted_proxy_names_clients(tmp_path: Path) -> None:
    environment = {"LLMLEARN_IDENTITIES_PER_HOUR": "1", "LLMLEARN_TRUSTED_PROXY": "127.0.0.1"}
    with running.Running(tmp_path / "l.db", **environment) as server:

        def first_visit(forwarded: str, source: str | None = None) -> int:
            visitor = Visitor(server, source)
            headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
            status = visitor.ask("GET", "/api/explanations", headers)[0]
            secure = "; Secure" in (visitor.answered.getheader("Set-Cookie") or "")
            assert secure == (status == 200 and source is None)
            visitor.close()
            return status

        assert first_visit("192.0.2.1") == 200
        assert first_visit("192.0.2.1") == 429
        # Only the last address is the proxy's word; what stands before it anybody can say.
        assert first_visit("198.51.100.9, 192.0.2.1") == 429
        assert first_visit("192.0.2.1, 192.0.2.2") == 200
        # Of IPv6 a whole /64 is one client.
        assert first_visit("2001:db8::1") == 200
        assert first_visit("2001:db8::2") == 429
        assert first_visit("2001:db8:0:1::1") == 200
        # From anywhere else than the proxy the header says nothing.
        assert first_visit("192.0.2.3", source="127.0.0.2") == 200
        assert first_visit("192.0.2.4", source="127.0.0.2") == 429


@pytest.mark.parametrize(
    ("attacker", "accepted"),
    [("2001:db8:1:%x::1", 64 + 16), ("2001:db8:%x::1", 64 * 64 + 64 * 16)],
    ids=["a /48", "a /32"],
)
def test_who_has_many_addresses_locks_nobody_out(
    tmp_path: Path, attacker: str, accepted: int
) -> None:
    """They run out of places themselves, and what others did is not forgotten for them."""
    environment = {"LLMLEARN_IDENTITIES_PER_HOUR": "1", "LLMLEARN_TRUSTED_PROXY": "127.0.0.1"}
    with running.Running(tmp_path / "l.db", **environment) as server:
        visitor = Visitor(server)

        def first_visit(address: str) -> int:
            visitor.headers.pop("Cookie", None)
            headers = {"X-Forwarded-For": address}
            return visitor.ask("GET", "/api/explanations?limit=1", headers)[0]

        early = [f"2001:db9:{i:x}::1" for i in range(10)] + [f"192.0.{i}.7" for i in range(10)]
        late = [f"2{i:03}:db8::1" for i in range(50)] + [f"{i + 100}.51.100.7" for i in range(50)]
        assert {first_visit(address) for address in early} == {200}
        served = [first_visit(attacker % i) for i in range(6_000)].count(200)
        assert 64 <= served <= accepted
        assert {first_visit(address) for address in early} == {429}
        let_in = [first_visit(address) for address in late].count(200)
        assert let_in >= 98, "of so few places one may be that of another, by chance"
        visitor.close()


def test_a_trusted_proxy_names_users(database: Path) -> None:
    environment = {"LLMLEARN_TRUSTED_PROXY": "127.0.0.1", "LLMLEARN_USER_HEADER": "X-User"}
    with running.Running(database, **environment) as server:
        ann, stranger = Visitor(server), Visitor(server, source="127.0.0.2")
        ann.headers["X-User"] = stranger.headers["X-User"] = "ann"
        card = ann.page()[0]
        assert ann.answered.getheader("Set-Cookie") is None
        assert ann.vote(card)[0] == 200
        assert stranger.ask("GET", "/api/explanations")[0] == 401
        assert stranger.vote(card)[0] == 401
        assert ann.vote(card, comment="x")[0] == 200
        target = f"/api/feedback/{card['id']}"
        token = {"Feedback-Token": card["feedback_token"], "X-User": "bob"}
        assert ann.ask("POST", target, token, {"helpful": True})[0] == 403
        ann.close(), stranger.close()


def test_comments_are_kept_as_they_can_be_read(reader: Visitor) -> None:
    card = reader.page()[0]
    for text, kept in (
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("<script>alert(1)</script>'\"\\", "<script>alert(1)</script>'\"\\"),
        ("h\u200bi\u2060d\ufeffd\U000e0041en", "hidden"),
        ("h\ufe0fi\U000e0100d\U000e01efden", "hidden"),  # each selector can stand for a byte
        ("d\u00e9j\u00e0 \u4e2d\u6587 \U0001f44d", "d\u00e9j\u00e0 \u4e2d\u6587 \U0001f44d"),
    ):
        assert reader.vote(card, comment=text)[0] == 200
        assert reader.ask("GET", f"/api/explanations/{card['id']}")[1]["mine"]["comment"] == kept
    for text in ("\u202eevil", "a\u2066b", "bell\u0007", "\u009b31m", "\u001b[31m"):
        status, said = reader.vote(card, comment=text)
        assert (status, said["errors"][0]["field"]) == (422, "comment"), text


def test_reports_need_the_admin_token(reader: Visitor) -> None:
    assert reader.ask("GET", "/api/admin/llm-analytics")[0] == 401
    assert reader.ask("GET", "/api/admin/llm-analytics", ADMIN)[0] == 200
