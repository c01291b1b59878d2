"""How the server speaks GraphQL over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ProtocolOptions:
    """What a server allows its clients.

    Args:
        page: whether a browser gets the page.
        batch_limit: operations in one request; 0 refuses batches.
        timeout_ms: how long an operation may take.
        introspection: whether the schema may be asked for, and errors may name what the client did not.
        suggestions: whether errors may say "Did you mean".
        persisted_documents: `off`: each request carries its document; `automatic`: a document that was sent
            once may be named by its hash; `trusted`: only the documents of the folder are executed.
        documents: the folder of the trusted documents.
        socket_init_s: how long a WebSocket may take to begin.
        socket_operations: operations in flight on one WebSocket.
        ping_s: how often a silent event stream says that it is alive.
    """

    page: bool = True
    batch_limit: int = 0
    timeout_ms: int = 10_000
    introspection: bool = True
    suggestions: bool = True
    persisted_documents: Literal["off", "automatic", "trusted"] = "automatic"
    documents: Path | None = None
    socket_init_s: float = 10
    socket_operations: int = 20
    ping_s: float = 12
