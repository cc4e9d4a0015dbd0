"""A STAND-IN for a model and its service, on this machine: it understands nothing.

It speaks as OpenAI's API does (/chat/completions, /models, /moderations), so
that the demonstration's weekly loop can be seen without a key, and always says
the same:

    an explanation  the wording that the prompt asks for, word by word
    new prompts     the given prompt with one idea added to its wording each; for
                    SELL the last one smuggles in a web address, so that a
                    guardrail is seen at work
    moderation      nothing is flagged

The figures of tokens and prices are made up.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .wordings import MARK

MODEL = "stand-in"
_USAGE = {"prompt_tokens": 150, "completion_tokens": 50, "total_tokens": 200}
_PRICES = {"input_cost_per_token": 1e-7, "output_cost_per_token": 4e-7}

# Long beside what the machine's other work adds, so that no prompt looks slow by that.
_THINKS_S = 0.01

_IDEAS = [
    (
        " The averages tell what was, and it could still turn out differently.",
        "Readers want to know what speaks against it.",
    ),
    (
        " Stay calm and look at it again in a month, whatever the news of the day may bring.",
        "Readers want to know what to do next.",
    ),
    (
        " Averages of this kind are made of monthly closing prices of the one share alone, so "
        "that neither its dividends nor the prices of its competitors have any part in them.",
        "Readers want to know where the figures come from.",
    ),
]
_ADDRESS = " More about it at https://broker.example/offer."


class StandIn:
    """The service, for as long as a ``with`` block lasts."""

    def __init__(self) -> None:
        self.asked = 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                listed = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
                self._reply(listed if self.path.endswith("/models") else None)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                stand_in.asked += 1
                self._reply(_answer(self.path, json.loads(self.rfile.read(length))))

            def _reply(self, reply: dict[str, Any] | None) -> None:
                body = json.dumps(reply or {"error": {"message": "no such path"}}).encode()
                self.send_response(200 if reply else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def write_prices(self, path: Path) -> None:
        """A price list in LiteLLM's form."""
        path.write_text(json.dumps({MODEL: _PRICES}), encoding="utf-8")

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answer(path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    if path.endswith("/moderations"):
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        results = [{"flagged": False, "categories": {}, "category_scores": {}} for _ in texts]
        return {"id": "moderation", "model": MODEL, "results": results}
    if not path.endswith("/chat/completions"):
        return None
    time.sleep(_THINKS_S)
    message = {"role": "assistant", "content": _say(asked["messages"])}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"object": "chat.completion", "model": MODEL, "choices": [choice], "usage": _USAGE}


def _say(messages: list[dict[str, str]]) -> str:
    for message in messages:
        try:
            facts = json.loads(message["content"])
        except ValueError:
            continue
        if isinstance(facts, dict) and "base_prompt" in facts:
            return write_prompts(facts["base_prompt"], facts["count"], facts["signal"])
    return messages[-1]["content"].rpartition(MARK)[2].strip()


def write_prompts(base: str, count: int, signal: str) -> str:
    """New prompts made from ``base``, in the form that the library asks for."""
    ideas = [idea for idea in _IDEAS if idea[0] not in base][:count]
    written = [{"prompt": base + text, "hypothesis": why} for text, why in ideas]
    if signal == "SELL" and written:
        written[-1]["prompt"] += _ADDRESS
    return json.dumps({"variants": written})
