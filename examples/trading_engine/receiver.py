"""Takes the library's alerts, as a chat or a pager would: by webhook, on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """The webhook, for as long as a ``with`` block lasts."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(32)
        self.refused = 0
        self._alerts: dict[str, dict[str, Any]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(receiver.take(dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status: only what is signed with our secret is an alert.

        A receiver in the open also refuses timestamps that are over five
        minutes off; the clock of this one is simulated.
        """
        signed = headers.get("X-Llmlearn-Timestamp", "").encode() + b"." + body
        ours = "v1=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(ours, headers.get("X-Llmlearn-Signature", "")):
            self.refused += 1
            return 401
        # The same one may come twice, under the same name.
        self._alerts[headers.get("X-Llmlearn-Delivery", "")] = json.loads(body)
        return 204

    def fetch(self) -> list[dict[str, Any]]:
        """What came since the last time."""
        alerts, self._alerts = self._alerts, {}
        return list(alerts.values())

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
