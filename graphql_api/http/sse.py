"""GraphQL over server-sent events, in the mode of a connection for each operation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from graphql_api.http.disconnect import ClientGoneError, unless_disconnected
from graphql_api.http.media import EVENT_STREAM

PING = b": ping\n\n"
COMPLETE = b"event: complete\ndata:\n\n"

Bodies = AsyncGenerator[bytes, None]


class EventStream(StreamingResponse):
    """A response for each result of an operation, until it is complete, the client goes or the server stops.

    Args:
        bodies: the JSON of each response.
        ping_s: the longest silence, so that whoever stands between does not take the connection for dead.
        closing: set when the server stops; the stream then ends without `complete`, and its client comes back.
    """

    def __init__(self, bodies: Bodies, *, ping_s: float, closing: asyncio.Event) -> None:
        super().__init__(
            _events(bodies, ping_s, closing),
            media_type=EVENT_STREAM,
            # a proxy that collects a response before it passes it on would hold the events back
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; of what HEAD asks there are only headers."""
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body"})
            return
        with suppress(ClientGoneError):
            await unless_disconnected(receive, self.stream_response(send))


async def once(body: bytes) -> Bodies:
    """The one response of an operation that has no more."""
    yield body


async def _events(bodies: Bodies, ping_s: float, closing: asyncio.Event) -> AsyncGenerator[bytes, None]:
    closed = asyncio.create_task(closing.wait())
    following = asyncio.create_task(_next(bodies))
    try:
        while not closed.done():
            await asyncio.wait({following, closed}, timeout=ping_s, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                body = following.result()
                if body is None:
                    yield COMPLETE
                    return
                yield b"event: next\ndata: " + body + b"\n\n"
                following = asyncio.create_task(_next(bodies))
            elif not closed.done():
                yield PING
    finally:
        for task in (following, closed):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await bodies.aclose()


async def _next(bodies: Bodies) -> bytes | None:
    return await anext(bodies, None)
