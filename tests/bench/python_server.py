"""What people write instead of examples/server: Flask, sqlite3, an hour's work.

    LLMLEARN_DB=... LLMLEARN_SERVER_KEY=... LLMLEARN_ADMIN_TOKEN=... gunicorn python_server:app

Feedback and analytics with the same checks: a signed cookie, a token for this user and explanation,
ten votes an hour, fields of the right kind. A vote waits for the disk. The report is kept for five
minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sqlite3
import threading
import time
from typing import Any

from flask import Flask, Response, jsonify, request

KEY = hashlib.sha256(os.environ.get("LLMLEARN_SERVER_KEY", "").encode()).digest()
ADMIN = hashlib.sha256(os.environ.get("LLMLEARN_ADMIN_TOKEN", "").encode()).digest()
HOUR_S, WEEK_S, REPORT_S = 3600, 7 * 86400, 300
VOTES_AN_HOUR = 10
TABLES = """
CREATE TABLE IF NOT EXISTS explanations (id TEXT PRIMARY KEY, created REAL NOT NULL,
    ticker TEXT NOT NULL, signal TEXT NOT NULL, version TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS votes (explanation TEXT NOT NULL, user TEXT NOT NULL,
    helpful INTEGER NOT NULL, rating INTEGER, comment TEXT, created REAL NOT NULL,
    PRIMARY KEY (explanation, user)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS votes_of_user ON votes (user, created);
"""
REPORT = """
SELECT signal, version, count(*) AS feedback, sum(helpful) AS positive, avg(rating)
    FROM votes JOIN explanations ON explanations.id = votes.explanation GROUP BY signal, version
"""

app = Flask(__name__)
local = threading.local()
report: dict[int, tuple[float, dict[str, Any]]] = {}


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, cached_statements=256)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def database() -> sqlite3.Connection:
    if not hasattr(local, "connection"):
        local.connection = connect(os.environ["LLMLEARN_DB"])
    connection: sqlite3.Connection = local.connection
    return connection


def sign(text: str) -> str:
    digest = hmac.new(KEY, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def cookie_of(user: str) -> str:
    return f"{user}.{sign('user|' + user)}"


def token_of(explanation: str, user: str, expiry: int) -> str:
    return f"{expiry}.{sign(f'feedback|{explanation}|{user}|{expiry}')}"


def problem(status: int, detail: str, **more: Any) -> Response:
    response = jsonify(type="about:blank", status=status, detail=detail, **more)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def known_user() -> str | None:
    cookie = request.cookies.get("llmlearn_user", "")
    user = cookie.partition(".")[0]
    return user if hmac.compare_digest(cookie, cookie_of(user)) else None


def is_token(explanation: str, user: str) -> bool:
    token = request.headers.get("Feedback-Token", "")
    expiry = token.partition(".")[0]
    if not expiry.isdigit() or int(expiry) < time.time():
        return False
    return hmac.compare_digest(token, token_of(explanation, user, int(expiry)))


def wrong_field(body: Any) -> str | None:
    if not isinstance(body, dict):
        return "it"
    for name in body:
        if name not in ("helpful", "rating", "comment"):
            return str(name)
    rating, comment = body.get("rating"), body.get("comment")
    if not isinstance(body.get("helpful"), bool):
        return "helpful"
    if rating is not None and (type(rating) is not int or not 1 <= rating <= 5):
        return "rating"
    if comment is not None and (not isinstance(comment, str) or len(comment.encode()) > 4000):
        return "comment"
    return None


def store(explanation: str, user: str, body: dict[str, Any]) -> int:
    """The status."""
    execute, now = database().execute, time.time()
    execute("BEGIN IMMEDIATE")
    try:
        if not execute("SELECT 1 FROM explanations WHERE id = ?", (explanation,)).fetchone():
            return 404
        of_user = "SELECT count(*) FROM votes WHERE user = ? AND created > ? AND explanation <> ?"
        (recent,) = execute(of_user, (user, now - HOUR_S, explanation)).fetchone()
        if recent >= VOTES_AN_HOUR:
            return 429
        vote = (explanation, user, body["helpful"], body.get("rating"), body.get("comment"), now)
        execute("INSERT OR REPLACE INTO votes VALUES (?, ?, ?, ?, ?, ?)", vote)
        return 200
    finally:
        execute("COMMIT")


@app.post("/api/feedback/<explanation>")
def feedback(explanation: str) -> Response:
    user = known_user()
    if user is None:
        return problem(401, "Nobody knows who you are.")
    if not is_token(explanation, user):
        return problem(403, "This feedback token is not valid.")
    body = request.get_json(silent=True)
    wrong = wrong_field(body)
    if wrong is not None:
        return problem(422, f"{wrong} is not allowed", errors=[{"field": wrong}])
    status = store(explanation, user, body)
    if status != 200:
        return problem(status, "It could not be stored.")
    return jsonify(received=True)


@app.get("/api/admin/llm-analytics")
def analytics() -> Response:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(hashlib.sha256(given.encode()).digest(), ADMIN):
        return problem(401, "This needs the admin token.")
    days = request.args.get("days", 30, type=int)
    made, found = report.get(days, (0.0, {}))
    if time.time() - made > REPORT_S:
        groups = database().execute(REPORT).fetchall()
        found = {"as_of": time.time(), "groups": groups}
        report[days] = (time.time(), found)
    return jsonify(found)
