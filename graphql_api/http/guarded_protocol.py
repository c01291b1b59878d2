"""HTTP with patience and a measure: who sends slowly, reads slowly or sends too much is hung up on.

uvicorn waits for ever for the rest of a request that has begun, for a first one that never comes, and for a client
that does not read. A few thousand such connections cost a client nothing, and would hold the server's.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 16 * 2**10
"""Of a request's address and headers together; tokens are at most 8 KiB."""

MAX_HEADERS = 100

LOOKS = 4
"""How often it is looked at a connection while it has patience with it."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection.

    Args:
        patience_s: how long a request may take to arrive, and a response to be read, in seconds.
        options: uvicorn's.
    """

    def __init__(self, *, patience_s: float, **options: Any) -> None:
        super().__init__(**options)
        self._patience_s = patience_s
        self._arriving_since: float | None = None
        self._unread_since: float | None = None
        self._in_head, self._head_bytes = False, 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._arriving_since = self.loop.time()
        self._watch = self.loop.call_later(self._patience_s / LOOKS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop_watching()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket, which has a patience of its own."""
        self._stop_watching()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Read on; of a head that is not whole yet httptools keeps as much as comes."""
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._hang_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Count anew."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._arriving_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Measure the head."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._hang_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            # httptools reads no further
            raise ValueError("the head of a request is too large")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there."""
        super().on_message_complete()
        self._arriving_since = None

    def send_400_response(self, msg: str) -> None:
        """Tell of what is no HTTP, unless the connection was closed for it already."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _look(self) -> None:
        now = self.loop.time()
        if self._arriving_since is not None and now - self._arriving_since >= self._patience_s:
            self._hang_up(HTTPStatus.REQUEST_TIMEOUT)
            return
        if not self.flow.write_paused:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        elif now - self._unread_since >= self._patience_s:
            # closing would wait for what is not read
            self.transport.abort()
            return
        self._watch = self.loop.call_later(self._patience_s / LOOKS, self._look)

    def _hang_up(self, status: HTTPStatus) -> None:
        if self.transport.is_closing():
            return
        # in the middle of a response there is no place for another
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.write(head.encode())
        self.transport.close()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
