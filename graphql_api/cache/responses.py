"""The cache of whole responses: L1, then L2, then one computation however many ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.shared import SharedCache
from graphql_api.executor import Rendered

NAME = "bookverse"


@dataclass(frozen=True, slots=True)
class Served:
    """A body, and what the `Cache-Status` header (RFC 9211) says of it."""

    body: bytes
    cache_status: str


_HIT_L1 = f"{NAME}; hit; detail=L1"
_HIT_L2 = f"{NAME}; hit; detail=L2"
_STORED = f"{NAME}; fwd=miss; stored"
_NOT_STORED = f"{NAME}; fwd=miss"
_COLLAPSED = f"{NAME}; fwd=miss; collapsed"


class ResponseCache:
    """Answers from the nearest place that has the answer.

    Args:
        memory: L1.
    """

    def __init__(self, memory: MemoryCache) -> None:
        self._memory = memory
        self.shared: SharedCache | None = None
        """L2, while there is a Redis to talk to."""
        self._flights: dict[str, asyncio.Task[Served]] = {}
        self.counts: Counter[str] = Counter()
        """How often each `Cache-Status` was given."""

    async def serve(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        """The response under a key; `compute` makes it where nobody has it and nobody is at it.

        Raises:
            Exception: whatever `compute` raises, for all who wait for it.
        """
        served = await self._find(key, compute)
        self.counts[served.cache_status] += 1
        return served

    async def _find(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        body = self._memory.get(key)
        if body is not None:
            return Served(body, _HIT_L1)
        flight = self._flights.get(key)
        if flight is None:
            # a task of its own: if the first who asked hangs up, the others still get their answer
            flight = asyncio.create_task(self._fetch(key, compute))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key))
            return await asyncio.shield(flight)
        served = await asyncio.shield(flight)
        return served if served.cache_status == _HIT_L2 else Served(served.body, _COLLAPSED)

    async def _fetch(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        shared = self.shared
        body = await shared.get(key) if shared else None
        if body is not None:
            self._memory.put(key, body)
            return Served(body, _HIT_L2)
        rendered = await compute()
        if not rendered.storable:
            return Served(rendered.body, _NOT_STORED)
        self._memory.put(key, rendered.body)
        if shared:
            await shared.put(key, rendered.body)
        return Served(rendered.body, _STORED)
