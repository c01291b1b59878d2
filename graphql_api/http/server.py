"""The uvicorn server, as it must be for what we speak."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette

from graphql_api.http.guarded_protocol import GuardedProtocol
from graphql_api.snapshots import Snapshots

GRACE_S = 20
"""How long requests in flight have to finish when the server is told to stop."""


@dataclass(frozen=True)
class ConnectionLimits:
    """What a server bears.

    Args:
        most: connections at once; more are told to come again.
        patience_s: how long a request may take to arrive, and a response to be read, in seconds.
    """

    most: int = 10_000
    patience_s: float = 20.0


DEFAULT_LIMITS = ConnectionLimits()


@dataclass(frozen=True)
class Certificate:
    """What a server shows who it is with.

    Args:
        certificate: the file of the certificate and those that lead to its issuer, as PEM.
        key: the file of its private key, as PEM.
    """

    certificate: Path
    key: Path


class Server(uvicorn.Server):
    """A server that ends its event streams when it stops: they would be in flight for ever.

    Args:
        app: with the event `state.closing` and what is served, `state.snapshots`.
        max_message_bytes: the longest message over a WebSocket.
        limits: of connections.
        tls: the certificate and its key; None speaks plain HTTP.
    """

    def __init__(
        self,
        app: Starlette,
        *,
        max_message_bytes: int,
        limits: ConnectionLimits = DEFAULT_LIMITS,
        tls: Certificate | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                # a class is what uvicorn says it takes, and it does nothing but call it
                http=cast("type[asyncio.Protocol]", partial(GuardedProtocol, patience_s=limits.patience_s)),
                ws="websockets-sansio",
                ws_max_size=max_message_bytes,
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE_S,
                limit_concurrency=limits.most,
                # a proxy's own header is believed where a setting says so, and nowhere else
                proxy_headers=False,
                server_header=False,
                ssl_certfile=None if tls is None else tls.certificate,
                ssl_keyfile=None if tls is None else tls.key,
            )
        )
        self._closing: asyncio.Event = app.state.closing
        self.snapshots: Snapshots = app.state.snapshots
        """What is served."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight."""
        self._closing.set()
        await super().shutdown(sockets)
