"""The real server against openapi.json: every operation, every status that it is said to give,
each answer's headers, content type and body. In the end nothing of the document may be left that
was never seen; the few exceptions are listed with their reasons."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import contract
import history
import pytest
import running
from contract import Answer, Contract, Operation

pytestmark = pytest.mark.skipif(
    not running.PROGRAM.exists(), reason=f"no {running.PROGRAM}: make server builds it"
)

NOBODYS_ID = "019abf1e-9d3c-7c52-8a4e-0c2f4be1d7a3"
NO_TEST = 999_999
SIGNATURE = {"actor": "ann", "reason": "to see it once"}
EXAMPLES: dict[str, Any] = {
    "explain": {"ticker": "AAPL", "signal": "BUY"},
    "giveFeedback": {"helpful": True},
    "startAbTest": {
        "signal": "BUY",
        "arms": [{"version": "v1.0", "weight": 0.5}, {"version": "v1.1", "weight": 0.5}],
        "actor": "ann",
    },
    "decideAbTest": {"promote": False},
    "promoteVariant": {"version": "v1.1", **SIGNATURE},
    "addVariant": {"signal": "BUY", "version": "v9", "text": "Why buy {{ticker}}?"},
}
BUSY = "reads wait for no writer; that the disk does not answer cannot be played here"
NEVER_SEEN = {
    ("health", "500"): "it asks nobody",
    ("openapi", "500"): "it asks nobody",
    ("dashboard", "500"): "it asks nobody",
    ("metrics", "500"): "it asks nobody but the library's counters, which cannot fail",
    ("explain", "500"): "there is always a text",
    ("listExplanations", "503"): BUSY,
    ("getExplanation", "503"): BUSY,
    ("getAnalytics", "503"): BUSY,
    ("listAbTests", "503"): BUSY,
    ("getAbTestSeries", "503"): BUSY,
    ("listDecisions", "503"): BUSY,
    ("listVariants", "503"): BUSY,
}


@dataclass
class User:
    cookie: str
    tokens: dict[str, str]

    def headers(self, id_: str | None = None) -> dict[str, str]:
        found = {"Cookie": f"llmlearn_user={self.cookie}"}
        if id_ in self.tokens:
            found["Feedback-Token"] = self.tokens[id_]
        return found


class Caller:
    """Asks, judges each answer by the document, and notes what was seen."""

    def __init__(self, described: Contract) -> None:
        self.described = described
        self.server: running.Running | None = None
        self.seen: set[tuple[str, str]] = set()

    @contextlib.contextmanager
    def at(self, database: Path, **environment: str) -> Iterator[None]:
        """Asks a server of its own in this block."""
        before = self.server
        with running.Running(database, **environment) as self.server:
            yield
        self.server = before

    def send(
        self,
        name: str,
        *,
        status: int | tuple[int, ...],
        path: dict[str, Any] | None = None,
        query: str = "",
        body: Any = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        admin: bool = True,
        method: str | None = None,
    ) -> Answer:
        operation = self.described.named(name)
        target = operation.path
        for key, value in (path or {}).items():
            target = target.replace("{" + key + "}", quote(str(value), safe=""))
        target += f"?{query}" if query else ""
        sent = dict(headers or {})
        if admin and operation.raw["security"] == [{"adminToken": []}]:
            sent.setdefault("Authorization", f"Bearer {running.ADMIN_TOKEN}")
        if body is not None or raw is not None:
            sent.setdefault("Content-Type", "application/json")
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        assert self.server is not None
        answer = self.server.ask(method or operation.method.upper(), target, sent, content)
        self.judge(operation, answer, status, target)
        return answer

    def judge(
        self, operation: Operation, answer: Answer, status: int | tuple[int, ...], target: str
    ) -> None:
        wanted = (status,) if isinstance(status, int) else status
        what = f"{operation.name} {target}: {answer.status} {answer.body[:400]!r}"
        assert answer.status in wanted, what
        assert self.described.judge(operation, answer) == [], what
        self.seen.add((operation.name, str(answer.status)))

    def reader(self, query: str = "limit=20") -> User:
        """Somebody new, as a page makes them."""
        answer = self.send("listExplanations", status=200, query=query)
        cookie = (answer.header("Set-Cookie") or "").partition(";")[0].partition("=")[2]
        assert cookie, "who comes without a cookie gets one"
        found = answer.json["explanations"]
        return User(cookie, {card["id"]: card["feedback_token"] for card in found})

    def tests(self, signal: str) -> list[Any]:
        query = f"signal={signal}"
        found: list[Any] = self.send("listAbTests", status=200, query=query).json["tests"]
        return found


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(Contract(contract.load()))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("contract") / "learning.db"
    history.make(path)
    return path


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with history.StandIn() as stand_in:
        yield stand_in.url


@pytest.fixture(scope="module")
def server(caller: Caller, filled: Path, model: str) -> Iterator[Caller]:
    asked = {"LLMLEARN_LLM_URL": model, "LLMLEARN_LLM_MODEL": history.MODEL}
    with caller.at(filled, LLMLEARN_IDENTITIES_PER_HOUR="1000", **asked):
        yield caller


# ---- what goes well, and what is refused by what it says


def test_explanations(server: Caller) -> None:
    user = server.reader()
    page = server.send("listExplanations", status=200, query="limit=2", headers=user.headers())
    assert page.header("Set-Cookie") is None, "a valid cookie is kept"
    first = page.json["explanations"][0]["id"]
    assert len(page.json["explanations"]) == 2
    older = server.send("listExplanations", status=200, query=f"before={page.json['next']}")
    assert older.json["explanations"][0]["id"] < first
    for query in ("signal=SELL&limit=100", "ticker=IBM", "signal=BUY&ticker=NONE"):
        server.send("listExplanations", status=200, query=query)
    server.send("getExplanation", status=200, path={"id": first}, headers=user.headers())
    server.send("getExplanation", status=200, path={"id": first})
    server.send("getExplanation", status=404, path={"id": NOBODYS_ID})
    server.send("getExplanation", status=422, path={"id": "x"})
    for query in ("limit=0", "limit=101", "limit=x", "before=x", "signal=B%20Y"):
        server.send("listExplanations", status=422, query=query)


def test_a_new_explanation(server: Caller) -> None:
    user = server.reader()
    asked: dict[str, Any] = {"ticker": "AAPL", "signal": "BUY", "confidence": 0.87}
    asked["values"] = {
        "short_months": "3",
        "long_months": "12",
        "short_average": "28.51",
        "long_average": "25.80",
    }
    said = server.send("explain", status=200, body=asked, headers=user.headers()).json
    assert said["source"] == "model" and said["reason"] is None and said["test_id"]
    del asked["values"]
    said = server.send("explain", status=200, body=asked, headers=user.headers()).json
    assert said["source"] in ("baseline", "template") and said["reason"] == "prompt"
    user.tokens[said["id"]] = said["feedback_token"]
    headers = user.headers(said["id"])
    server.send("giveFeedback", status=200, path=said, body={"helpful": True}, headers=headers)
    shown = server.send("getExplanation", status=200, path=said, headers=user.headers()).json
    assert (shown["positive"], shown["mine"]["helpful"]) == (1, True)
    assert shown["created_at"] == said["created_at"]
    for name in ("confidence", "values"):  # null is absent
        body = {**asked, name: None}
        server.send("explain", status=200, body=body, headers=user.headers())
    for wrong in ({"ticker": "A B"}, {"signal": "B Y"}, {"confidence": 2}, {"values": {"1": "x"}}):
        server.send("explain", status=422, body={**asked, **wrong}, headers=user.headers())


def test_feedback(server: Caller) -> None:
    user, other = server.reader(), server.reader()
    ids = list(user.tokens)
    first = {"id": ids[0]}
    whole: dict[str, Any] = {"helpful": False, "rating": 2, "comment": "Too short."}
    headers = user.headers(ids[0])
    server.send("giveFeedback", status=200, path=first, body=whole, headers=headers)
    whole.update(helpful=True, rating=None, comment=None)
    server.send("giveFeedback", status=200, path=first, body=whole, headers=headers)
    shown = server.send("getExplanation", status=200, path=first, headers=headers).json
    assert shown["mine"]["helpful"] is True and shown["mine"]["rating"] is None
    for wrong in ({"helpful": 1}, {"rating": 6}, {"rating": 2.5}, {"comment": "x" * 4001}):
        answer = server.send(
            "giveFeedback", status=422, path=first, body={**whole, **wrong}, headers=headers
        )
        assert answer.json["errors"][0]["field"] == next(iter(wrong))
    server.send("giveFeedback", status=422, path=first, body={}, headers=headers)
    crossed = {**other.headers(), "Feedback-Token": user.tokens[ids[0]]}
    server.send("giveFeedback", status=403, path=first, body=whole, headers=crossed)
    server.send("withdrawFeedback", status=403, path=first, headers=crossed)
    server.send("withdrawFeedback", status=200, path=first, headers=headers)
    server.send("withdrawFeedback", status=404, path=first, headers=headers)
    server.send("withdrawFeedback", status=422, path={"id": "x"}, headers=headers)
    for id_ in ids[1:10]:
        server.send(
            "giveFeedback",
            status=200,
            path={"id": id_},
            body={"helpful": True},
            headers=user.headers(id_),
        )
    eleventh = server.send(
        "giveFeedback",
        status=429,
        path={"id": ids[10]},
        body={"helpful": True},
        headers=user.headers(ids[10]),
    )
    assert eleventh.header("Retry-After") == str(eleventh.json["retry_after_s"])


def test_reports(server: Caller) -> None:
    assert server.send("getAnalytics", status=200).json["window"]["days"] == 30
    week = server.send("getAnalytics", status=200, query="days=7&refresh=1").json
    assert week["window"]["days"] == 7
    for query in ("days=0", "days=91", "refresh=yes"):
        server.send("getAnalytics", status=422, query=query)
    for name in ("listAbTests", "listDecisions", "listVariants"):
        server.send(name, status=200)
        server.send(name, status=200, query="signal=SELL&limit=1")
        for query in ("limit=0", "limit=1001", "signal=B%20Y"):
            server.send(name, status=422, query=query)
    for signal in history.SIGNALS:
        for test in server.tests(signal):
            server.send("getAbTestSeries", status=200, path={"id": test["test_id"]})
    server.send("getAbTestSeries", status=404, path={"id": NO_TEST})
    server.send("getAbTestSeries", status=422, path={"id": "x"})


def test_an_experiment_by_hand(server: Caller) -> None:
    running_test, *earlier = server.tests("BUY")
    latest, before = {"id": running_test["test_id"]}, {"id": earlier[0]["test_id"]}
    version = running_test["arms"][1]["version"]
    look = server.send("decideAbTest", status=200, path=latest, body={"promote": True}).json
    assert look["verdict"] == "keep_going" and look["receipt"]["days_left"] is not None
    server.send("decideAbTest", status=409, path=before, body={"promote": True})
    server.send("startAbTest", status=409, body=EXAMPLES["startAbTest"])
    server.send("stopAbTest", status=200, path=latest, body=SIGNATURE)
    server.send("stopAbTest", status=409, path=latest, body=SIGNATURE)
    server.send("decideAbTest", status=409, path=latest, body={"promote": True})

    two = [{"version": "v1.1", "weight": 0.5}, {"version": version, "weight": 0.5}]
    plan: dict[str, Any] = {"signal": "BUY", "arms": two, "rule": "always_valid", "actor": "ann"}
    plan |= {"duration_min_days": 1, "duration_max_days": 30, "trials_min": 50, "lift_min": 0.1}
    started = server.send("startAbTest", status=201, body=plan).json
    path = {"id": started["test_id"]}
    body = {"version": version, **SIGNATURE}
    promoted = server.send("promoteVariant", status=200, path=path, body=body)
    assert promoted.json == {"champion": version}
    server.send("rollback", status=200, path=path, body=SIGNATURE)
    kinds = [d["kind"] for d in server.send("listDecisions", status=200).json["decisions"]]
    assert kinds[0] == "rollback"

    missing = [{"version": "v1.1", "weight": 0.5}, {"version": "none", "weight": 0.5}]
    server.send("startAbTest", status=404, body={**plan, "arms": missing})
    for wrong in (
        {"arms": two[:1]},
        {"arms": [{"version": "v1.1", "weight": 0.5}, {"version": version, "weight": 0.6}]},
        {"rule": "guess"},
        {"duration_min_days": -1},
        {"lift_min": 0.9},
        {"trials_min": 0},
        {"actor": ""},
    ):
        server.send("startAbTest", status=422, body={**plan, **wrong})


def test_who_cannot_be_promoted_or_rolled_back(server: Caller) -> None:
    # SELL never had a champion before the present one.
    path = {"id": server.tests("SELL")[0]["test_id"]}
    server.send("rollback", status=409, path=path, body=SIGNATURE)
    body = {"version": "no-arm", **SIGNATURE}
    server.send("promoteVariant", status=422, path=path, body=body)


def test_variants(server: Caller) -> None:
    version = "v9/a?b#c"  # a name may have all of these
    new = {"signal": "BUY", "version": version, "text": "Why buy {{ticker}}?", "parent": "v1.1"}
    server.send("addVariant", status=201, body=new)
    server.send("addVariant", status=201, body=new)
    server.send("addVariant", status=409, body={**new, "text": "Why not?"})
    server.send("addVariant", status=404, body={**new, "version": "v10", "parent": "none"})
    for wrong in ({"version": "v 9"}, {"text": ""}, {"signal": "B Y"}, {"parent": "a b"}):
        server.send("addVariant", status=422, body={**new, **wrong})
    path = {"signal": "BUY", "version": version}
    server.send("approveVariant", status=409, path=path, body=SIGNATURE)
    server.send("archiveVariant", status=200, path=path, body=SIGNATURE)
    known = server.send("listVariants", status=200, query="signal=SELL").json["variants"]
    draft = next(row for row in known if row["status"] == "draft" and row["model"])
    server.send("approveVariant", status=200, path=draft, body=SIGNATURE)
    champion = next(row for row in known if row["status"] == "champion")
    server.send("archiveVariant", status=409, path=champion, body=SIGNATURE)
    for name in ("approveVariant", "archiveVariant"):
        nobodys = {"signal": "BUY", "version": "none"}
        server.send(name, status=404, path=nobodys, body=SIGNATURE)
        server.send(name, status=422, path=path, body={**SIGNATURE, "reason": "x" * 1001})


def test_the_server_itself(server: Caller) -> None:
    server.send("health", status=200)
    server.send("metrics", status=200)
    assert server.send("openapi", status=200).json == server.described.document


def test_the_dashboard(caller: Caller, filled: Path, tmp_path: Path) -> None:
    with caller.at(filled):
        caller.send("dashboard", status=404)
    (tmp_path / "index.html").write_text("<!doctype html><title>llmlearn</title>")
    with caller.at(filled, LLMLEARN_STATIC=str(tmp_path)):
        page = caller.send("dashboard", status=200)
        cookie = (page.header("Set-Cookie") or "").partition(";")[0]
        known = {"Cookie": cookie, "If-None-Match": page.header("ETag") or ""}
        again = caller.send("dashboard", status=304, headers=known)
        assert again.header("Set-Cookie") is None
        caller.send("listExplanations", status=200, headers={"Cookie": cookie})


# ---- what every operation refuses alike


def operations() -> list[Operation]:
    return Contract(contract.load()).operations


def those(fit: Callable[[Operation], bool]) -> pytest.MarkDecorator:
    fitting = [operation for operation in operations() if fit(operation)]
    return pytest.mark.parametrize("operation", fitting, ids=[o.name for o in fitting])


def body_of(operation: Operation) -> Any:
    """A good one; None: it takes none."""
    known = EXAMPLES.get(operation.name, SIGNATURE)
    return known if "requestBody" in operation.raw else None


def anything(operation: Operation) -> dict[str, Any]:
    """A path that fits."""
    path = {"signal": "BUY", "version": "v1.1", "id": NOBODYS_ID}
    if "ab-tests" in operation.path:
        path["id"] = str(NO_TEST)
    return path


@those(lambda operation: "400" in operation.statuses)
def test_a_parameter_that_is_not_known(server: Caller, operation: Operation) -> None:
    name, path, body = operation.name, anything(operation), body_of(operation)
    headers = server.reader().headers()
    server.send(name, status=400, path=path, query="surprise=1", body=body, headers=headers)


@those(lambda operation: "401" in operation.statuses)
def test_without_leave(server: Caller, operation: Operation) -> None:
    name, path, body = operation.name, anything(operation), body_of(operation)
    strangers = {"Authorization": "Bearer wrong", "Cookie": "llmlearn_user=wrong"}
    for headers in ({}, strangers):
        server.send(name, status=401, path=path, body=body, headers=headers, admin=False)


@those(lambda operation: "requestBody" in operation.raw)
def test_a_body_that_cannot_be_taken(server: Caller, operation: Operation) -> None:
    user = server.reader()
    id_ = next(iter(user.tokens))
    path = {**anything(operation), **({"id": id_} if operation.name == "giveFeedback" else {})}
    good, headers = body_of(operation), user.headers(id_)

    def send(status: int | tuple[int, ...], **how: Any) -> Answer:
        how = {"headers": headers, **how}
        return server.send(operation.name, status=status, path=path, **how)

    send(400, raw=b"{")
    send((400, 422), raw=b"[]")
    send((400, 422), raw=b'{"actor": "a", "actor": "b"}')
    send((400, 422), raw=b"[" * 40 + b"]" * 40)
    send(415, body=good, headers={**headers, "Content-Type": "text/plain"})
    send(413, raw=json.dumps({**good, "actor": "x" * 70_000}).encode())
    refused = send(422, body={**good, "surprise": 1})
    assert refused.json["errors"][0]["field"] == "surprise"


# Nobody has a token for what is not there: feedback has a test of its own.
@those(lambda operation: "{id}" in operation.path and "feedback" not in operation.path)
def test_what_is_not_there(server: Caller, operation: Operation) -> None:
    body, headers = body_of(operation), server.reader().headers()
    path = anything(operation)
    server.send(operation.name, status=404, path=path, body=body, headers=headers)
    server.send(operation.name, status=422, path={"id": "x"}, body=body, headers=headers)


@those(lambda operation: True)
def test_methods(server: Caller, operation: Operation) -> None:
    """HEAD is GET without a body; what is not there is refused and says what is."""
    path = anything(operation)
    refused = server.send(operation.name, status=405, path=path, method="PATCH", body={})
    allowed = {method.strip() for method in (refused.header("Allow") or "").split(",")}
    described = {o.method.upper() for o in operations() if o.path == operation.path}
    described |= {"HEAD"} if "GET" in described else set()
    assert allowed == described


# ---- what goes wrong on the server's side


def test_limits_by_the_hour(caller: Caller, filled: Path) -> None:
    limits = {"LLMLEARN_IDENTITIES_PER_HOUR": "2", "LLMLEARN_EXPLAINS_PER_HOUR": "1"}
    with caller.at(filled, **limits):
        user = caller.reader()
        known = {"id": next(iter(user.tokens))}
        caller.reader()
        caller.send("listExplanations", status=429)
        caller.send("getExplanation", status=429, path=known)
        body = EXAMPLES["explain"]
        caller.send("explain", status=200, body=body, headers=user.headers())
        caller.send("explain", status=429, body=body, headers=user.headers())


def test_a_vote_on_what_is_gone(caller: Caller, filled: Path, tmp_path: Path) -> None:
    """The token is good, since the key is the same, but the database is another one."""
    key = {"LLMLEARN_SERVER_KEY": "key-of-the-tests-0123456789abcdef"}
    with caller.at(filled, **key):
        user = caller.reader()
    id_ = next(iter(user.tokens))
    headers, path = user.headers(id_), {"id": id_}
    with caller.at(tmp_path / "empty.db", **key):
        caller.send("giveFeedback", status=404, path=path, body={"helpful": True}, headers=headers)
        caller.send("withdrawFeedback", status=404, path=path, headers=headers)


def test_more_explanations_than_a_slow_model_writes(
    caller: Caller, filled: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some wait, the rest is told to come again; all get an answer."""
    monkeypatch.setattr(history.stand_in, "_THINKS_S", 0.3)
    asked = {"LLMLEARN_LLM_URL": model, "LLMLEARN_LLM_MODEL": history.MODEL}
    with caller.at(filled, LLMLEARN_CONNECTIONS_PER_ADDRESS="200", **asked):
        headers = caller.reader().headers()
        names = ("short_months", "short_average", "long_months", "long_average")
        figures = dict.fromkeys(names, "7")  # else there is nothing to ask the model

        def ask(number: int) -> int:
            body = {"ticker": f"T{number}", "signal": "BUY", "confidence": 0.9, "values": figures}
            answer = caller.send("explain", status=(200, 503), body=body, headers=headers)
            return answer.status

        with concurrent.futures.ThreadPoolExecutor(120) as pool:
            told = list(pool.map(ask, range(120)))
        assert set(told) == {200, 503}


def writes() -> list[Operation]:
    return [o for o in operations() if "503" in o.statuses and (o.name, "503") not in NEVER_SEEN]


def test_while_another_process_holds_the_database(server: Caller, filled: Path) -> None:
    """Everything that writes says that nothing was changed, and when to ask again."""
    user = server.reader()
    id_ = next(iter(user.tokens))
    test_id = server.tests("SELL")[0]["test_id"]
    path = {"id": test_id, "signal": "BUY", "version": "v1.0"}

    def ask(operation: Operation) -> None:
        mine = {"id": id_} if "feedback" in operation.path else path
        body, headers = body_of(operation), user.headers(id_)
        server.send(operation.name, status=503, path=mine, body=body, headers=headers)

    asked = [operation for operation in writes() if operation.name != "explain"]
    assert len(asked) >= 9
    with open(f"{filled}.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(ask, asked))


def test_a_database_that_lost_its_tables(caller: Caller, filled: Path, tmp_path: Path) -> None:
    """Whatever asks it says 500, tells nothing about itself, and the server stays up."""
    path = tmp_path / "broken.db"
    with sqlite3.connect(f"file:{filled}?mode=ro", uri=True) as whole:
        whole.execute("VACUUM INTO ?", (str(path),))
    whole.close()
    with caller.at(path):
        user = caller.reader()
        id_ = next(iter(user.tokens))
        test_id = caller.tests("SELL")[0]["test_id"]
        draft = caller.send("listVariants", status=200, query="signal=SELL").json["variants"][0]
        drop_all_tables(path)
        for operation in caller.described.operations:
            if "500" in operation.statuses and (operation.name, "500") not in NEVER_SEEN:
                ids = {"id": test_id if "ab-tests" in operation.path else id_}
                answer = caller.send(
                    operation.name,
                    status=500,
                    path={**draft, **ids},
                    query="refresh=1" if operation.name == "getAnalytics" else "",
                    body=body_of(operation),
                    headers=user.headers(id_),
                )
                assert b"llm_" not in answer.body and b"SQL" not in answer.body
        caller.send("health", status=200)


def drop_all_tables(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'llm_%'"
        for (name,) in database.execute(listed).fetchall():
            database.execute(f"DROP TABLE {name}")
    database.close()


# ---- what the judge is worth


def test_the_judge_sees_what_is_wrong(server: Caller) -> None:
    user = server.reader()
    judge, operation = server.described.judge, server.described.named("getExplanation")
    id_ = next(iter(user.tokens))
    good = server.send("getExplanation", status=200, path={"id": id_}, headers=user.headers())
    card = good.json

    def answer(body: Any, **change: Any) -> Answer:
        headers = [(k, change.get(k, v)) for k, v in good.headers if change.get(k, v) is not None]
        return Answer(change.get("status", good.status), headers, json.dumps(body).encode())

    assert judge(operation, answer(card)) == []
    wrong: list[tuple[str, Answer]] = [
        ("a key too many", answer({**card, "unit": "somebody"})),
        ("a key too few", answer({k: v for k, v in card.items() if k != "mine"})),
        ("a null", answer({**card, "text": None})),
        ("a time that is none", answer({**card, "created_at": "yesterday"})),
        ("a header less", answer(card, **{"Cache-Control": None})),
        ("another header", answer(card, **{"Cache-Control": "max-age=60"})),
        ("another type", answer(card, **{"Content-Type": "text/html"})),
        ("another status", answer(card, status=404)),
        ("no JSON", Answer(200, good.headers, b"{")),
    ]
    for what, damaged in wrong:
        assert judge(operation, damaged) != [], what


def test_nothing_of_the_document_was_left_unseen(
    caller: Caller, request: pytest.FixtureRequest
) -> None:
    """The last test: all others of this file must have run."""
    asked = {getattr(item, "originalname", "") for item in request.session.items}
    if not {name for name in globals() if name.startswith("test_")} <= asked:
        pytest.skip("only some tests of this file were asked for")
    promised = {(o.name, status) for o in caller.described.operations for status in o.statuses}
    assert promised - caller.seen - set(NEVER_SEEN) == set()
    assert caller.seen & set(NEVER_SEEN) == set(), "an exception that is none"
    assert set(NEVER_SEEN) <= promised, "an exception of what is not promised"
