"""The uvicorn server, as it must be for what we speak."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette

from graphql_api.snapshots import Snapshots

GRACE_S = 20
"""How long requests in flight have to finish when the server is told to stop."""


class Server(uvicorn.Server):
    """A server that ends its event streams when it stops: they would be in flight for ever.

    Args:
        app: with the event `state.closing` and what is served, `state.snapshots`.
        max_message_bytes: the longest message over a WebSocket.
    """

    def __init__(self, app: Starlette, *, max_message_bytes: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=max_message_bytes,
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._closing: asyncio.Event = app.state.closing
        self.snapshots: Snapshots = app.state.snapshots
        """What is served."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight."""
        self._closing.set()
        await super().shutdown(sockets)
