"""An endpoint on this machine that speaks as OpenAI's does, and notes what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Endpoint:
    """Answers every question with `text`, or with what `answer(asked)` returns."""

    def __init__(self):
        self.text = "It rose because it was bought."
        self.answer = lambda asked: self.text
        self.status = 200
        self.hangs = False
        self.usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        self.asked = []  # the JSON of each request
        self.headers = []
        self.paths = []
        self.came = threading.Event()
        self.released = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                endpoint.serve(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.root + "/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, request):
        asked = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)))
        self.asked.append(asked)
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        self.came.set()
        if self.hangs:
            self.released.wait()
        if request.path.endswith("/moderations"):
            count = 1 if isinstance(asked["input"], str) else len(asked["input"])
            reply = {"id": "m", "model": "m", "results": [
                {"flagged": False, "categories": {}, "category_scores": {}} for _ in range(count)]}
        else:
            message = {"role": "assistant", "content": self.answer(asked)}
            reply = {
                "object": "chat.completion", "model": asked.get("model"), "usage": self.usage,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            }
        body = json.dumps(reply).encode()
        try:
            request.send_response(self.status)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass  # the asker did not wait

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
