"""A gateway for short messages on a local port: checks signatures, knows keys, answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from caseworks.base.notices import signing

SECRET = "a secret of the bureau and its gateway"


@dataclass
class Gateway:
    """What came in, and what to answer next (status, body); 202 for what is not said."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    received: list[dict[str, str]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0

    def take(self, body: bytes, headers: Any) -> tuple[int, dict[str, str]]:
        signed = signing.holds(
            SECRET, body, time=headers[signing.TIME], given=headers[signing.SIGNATURE], now=int(time.time())
        )
        if not signed:
            return 401, {"reason": "signature"}
        time.sleep(self.slow)
        message = json.loads(body)
        assert headers["Idempotency-Key"] == message["key"]
        self.received.append(message)
        if self.answers:
            return self.answers.pop(0)
        known = self.keys.setdefault(message["key"], f"gw-{len(self.keys) + 1}")
        return 202, {"id": known}


@contextmanager
def running() -> Iterator[Gateway]:
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, answer = gateway.take(self.rfile.read(int(self.headers["Content-Length"])), self.headers)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the other side may have given up
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_port}/messages"
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
