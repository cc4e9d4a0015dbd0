"""What the application knows of a signal goes into its prompt; what a request says goes first."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import llmlearn
import pytest
import running
from visitor import Visitor

PROMPT = "{{ticker}} at {{price}}, {{confidence}}"


class Echo(BaseHTTPRequestHandler):
    """A model that says what it was asked."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": asked["messages"][-1]["content"]}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        body = json.dumps({"object": "chat.completion", "choices": choices}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def model() -> Iterator[dict[str, str]]:
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{echo.server_port}/v1"
    yield {"LLMLEARN_LLM_URL": url, "LLMLEARN_LLM_MODEL": "echo"}
    echo.shutdown()
    echo.server_close()


def test_they_are_added_where_a_request_says_nothing(
    tmp_path: Path, model: dict[str, str]
) -> None:
    with llmlearn.Learner(tmp_path / "l.db") as learner:
        learner.add_variant(signal="BUY", version="v1.0", text=PROMPT)
    figures = tmp_path / "figures.json"
    known = {"BUY": {"AAPL": {"price": "200.10", "confidence": 0.87, "other": "unused"}}}
    figures.write_text(json.dumps(known))
    with running.Running(tmp_path / "l.db", LLMLEARN_FIGURES=str(figures), **model) as server:
        visitor = Visitor(server)
        visitor.page()

        def said(ticker: str, **more: Any) -> tuple[str, str]:
            body = {"ticker": ticker, "signal": "BUY", **more}
            status, made = visitor.ask("POST", "/api/explanations", body=body)
            assert status == 200, made
            return made["source"], made["text"]

        assert said("AAPL") == ("model", "AAPL at 200.10, 0.87")
        assert said("AAPL", values={"price": "7"}) == ("model", "AAPL at 7, 0.87")
        assert said("AAPL", confidence=0.5) == ("model", "AAPL at 200.10, 0.50")
        assert said("IBM")[0] == "template"
        assert said("IBM", values={"price": "7"}, confidence=0.5) == ("model", "IBM at 7, 0.50")
        # 64 values and not one more, whoever brings them.
        many = {f"v{i}": "x" for i in range(63)}
        assert said("AAPL", values={"price": "8", **many}) == ("model", "AAPL at 8, 0.87")
        visitor.close()


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"BUY": 1}', '{"BUY": {"AAPL": []}}', '{"BUY": {"AAPL": {"price": 7}}}']
    + ['{"BUY": {"AAPL": {"confidence": 1.5}}}', '{"BUY": {"AAPL": {"confidence": "0.5"}}}']
    + ['{"BUY": {}, "BUY": {}}'],
)
def test_a_file_that_cannot_be_used_is_said(tmp_path: Path, text: str) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text(text)
    done = running.ended(tmp_path / "l.db", LLMLEARN_FIGURES=str(figures))
    assert done.returncode == 1
    assert f'LLMLEARN_FIGURES is "{figures}": ' in done.stderr
    missing = running.ended(tmp_path / "l.db", LLMLEARN_FIGURES=str(tmp_path / "nothing"))
    assert missing.returncode == 1 and "nothing" in missing.stderr
