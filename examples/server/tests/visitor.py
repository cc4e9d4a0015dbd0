"""A reader of a running server, over one connection that is kept."""

from __future__ import annotations

import http.client
import json
from typing import Any

import running

ADMIN = {"Authorization": f"Bearer {running.ADMIN_TOKEN}"}


class Visitor:
    def __init__(self, server: running.Running, source: str | None = None) -> None:
        address = (source, 0) if source else None
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=running.ANSWER_S, source_address=address
        )
        self.headers: dict[str, str] = {}

    def close(self) -> None:
        self.connection.close()

    def ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> tuple[int, Any]:
        """The status, and the body as JSON if it is any. A cookie is kept."""
        given = {**self.headers, **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, target, body=body, headers=given)
        answer = self.connection.getresponse()
        text = answer.read()
        self.answered = answer
        if cookie := answer.getheader("Set-Cookie"):
            self.headers["Cookie"] = cookie.partition(";")[0]
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if is_json and text else text

    def page(self, limit: int = 20) -> list[dict[str, Any]]:
        status, page = self.ask("GET", f"/api/explanations?limit={limit}")
        assert status == 200, page
        found: list[dict[str, Any]] = page["explanations"]
        return found

    def vote(self, card: dict[str, Any], **vote: Any) -> tuple[int, Any]:
        headers = {"Feedback-Token": card["feedback_token"]}
        return self.ask("POST", f"/api/feedback/{card['id']}", headers, {"helpful": True, **vote})

    def withdraw(self, card: dict[str, Any]) -> tuple[int, Any]:
        headers = {"Feedback-Token": card["feedback_token"]}
        return self.ask("DELETE", f"/api/feedback/{card['id']}", headers)
