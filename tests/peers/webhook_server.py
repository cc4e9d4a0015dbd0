"""A receiver of webhooks on loopback for tests, which verifies as webhook.h says it can be done.

    webhook_server.py spool

Writes "ready <port>" when it listens. POST /status/<n> is answered with n once the signature is
found good, else with 401; the secret is $CANARY. A line of JSON for each request goes into the
spool: what it was signed with, and what was found.
"""

import hashlib
import hmac
import http.server
import json
import os
import sys
import time

secret = os.environ["CANARY"].encode()
spool = sys.argv[1]
seen = set()


def problem(headers, body):
    timestamp = headers.get("X-Llmlearn-Timestamp", "")
    if headers.get("Content-Type") != "application/json":
        return "content type"
    if abs(time.time() - int(timestamp)) > 300:
        return "too old"
    signed = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest("v1=" + signed, headers.get("X-Llmlearn-Signature", "")):
        return "signature"
    return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = problem(self.headers, body)
        delivery = self.headers["X-Llmlearn-Delivery"]
        record = {"problem": found, "delivery": delivery, "again": delivery in seen}
        record["body"] = body.decode()
        seen.add(delivery)
        with open(spool, "a", encoding="utf-8") as f:
            f.write(json.dumps(record) + "\n")
        self.send_response(401 if found else int(self.path.split("/")[-1]))
        text = b"your secret is " + secret
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("ready", server.server_address[1], flush=True)
server.serve_forever()
