"""What the tests share: an empty learner, and a model that fails as it is told."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

ENGINE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ENGINE.parent))

from llmlearn import AsyncLearner  # noqa: E402

from trading_engine.endpoint import Endpoint  # noqa: E402


@pytest_asyncio.fixture
async def learner(tmp_path: Path) -> AsyncIterator[AsyncLearner]:
    async with AsyncLearner(tmp_path / "learning.db") as learner:
        yield learner


def completion(text: str | None = "Because it rose.", **more: Any) -> dict[str, Any]:
    """What an OpenAI-compatible endpoint answers."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    choice["finish_reason"] = more.pop("finish_reason", "stop")
    return {"object": "chat.completion", "choices": [choice], **more}


class Model:
    """A chat endpoint on this machine that does as it is told and notes what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = json.dumps(completion()).encode()
        self.headers: dict[str, str] = {}
        self.hangs = False
        self.trickles = False
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.released = threading.Event()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                model.answer(self)

            def do_GET(self) -> None:
                model.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def says(self, body: Any) -> None:
        self.body = json.dumps(body).encode()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        asked = request.rfile.read(length)
        self.asked.append(json.loads(asked) if asked else {})
        self.keys.append(request.headers.get("Authorization"))
        self.paths.append(request.path)
        try:
            if self.hangs:
                self.released.wait()
            request.send_response(self.status)
            for name, value in self.headers.items():
                request.send_header(name, value)
            request.end_headers()
            while self.trickles and not self.released.wait(0.02):
                request.wfile.write(b" ")
            request.wfile.write(self.body)
        except OSError:
            pass  # the asker did not wait

    def endpoint(self, **more: str) -> Endpoint:
        env = {
            "LLMLEARN_LLM_URL": self.url,
            "LLMLEARN_LLM_MODEL": "a-model",
            "LLMLEARN_LLM_TIMEOUT": "60",
            **more,
        }
        endpoint = Endpoint.from_environment(env)
        assert endpoint is not None
        return endpoint

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    yield model
    model.close()
