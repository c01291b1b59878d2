"""A real HTTP server that publishes a key set, well or badly."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Published:
    """What the server answers; tests change it while it runs."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    body: bytes | None = None  # instead of the keys
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0  # before every byte
    requests: int = 0
    url: str = ""

    def text(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode() if self.body is None else self.body


@contextmanager
def key_server(*keys: dict[str, Any]) -> Iterator[Published]:
    published = Published(keys=list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.requests += 1
            text = published.text()
            self.send_response(published.status)
            self.send_header("Content-Length", str(len(text)))
            for name, value in published.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if not published.pause_s:
                    self.wfile.write(text)
                    return
                for byte in text:
                    time.sleep(published.pause_s)
                    self.wfile.write(bytes([byte]))
            except OSError:
                self.close_connection = True  # the client had enough

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        published.url = f"http://127.0.0.1:{server.server_address[1]}/jwks"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield published
        finally:
            server.shutdown()
            thread.join()
