"""The cache of whole responses: L1, then L2, then one computation however many ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.shared import SharedCache
from graphql_api.executor import Rendered

NAME = "bookverse"


@dataclass(frozen=True, slots=True)
class Served:
    """A response, and what the `Cache-Status` header (RFC 9211) says of it.

    Args:
        body: the JSON.
        cache_status: where it comes from.
        status: under `application/graphql-response+json`; what was kept is without fault.
    """

    body: bytes
    cache_status: str
    status: int = 200


_HIT_L1 = f"{NAME}; hit; detail=L1"
_HIT_L2 = f"{NAME}; hit; detail=L2"
_STORED = f"{NAME}; fwd=miss; stored"
_NOT_STORED = f"{NAME}; fwd=miss"
_COLLAPSED = f"{NAME}; fwd=miss; collapsed"


@dataclass(eq=False)
class _Flight:
    """A computation that is under way, and how many wait for it."""

    task: asyncio.Task[Served]
    waiters: int = 0


class ResponseCache:
    """Answers from the nearest place that has the answer.

    Args:
        memory: L1.
    """

    def __init__(self, memory: MemoryCache) -> None:
        self._memory = memory
        self.shared: SharedCache | None = None
        """L2, while there is a Redis to talk to."""
        self._flights: dict[str, _Flight] = {}
        self.counts: Counter[str] = Counter()
        """How often each `Cache-Status` was given."""

    def recall(self, key: str) -> Served | None:
        """The response under a key, if this process has it."""
        body = self._memory.get(key)
        if body is None:
            return None
        self.counts[_HIT_L1] += 1
        return Served(body, _HIT_L1)

    async def serve(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        """The response under a key; `compute` makes it where nobody has it and nobody is at it.

        Who is cancelled takes nothing from others who wait for the same; the last of them takes the work along.

        Raises:
            Exception: whatever `compute` raises, for all who wait for it.
        """
        served = self.recall(key)
        if served is None:
            served = await self._join(key, compute)
            self.counts[served.cache_status] += 1
        return served

    async def _join(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        flight = self._flights.get(key)
        first = flight is None
        if flight is None:
            flight = _Flight(asyncio.create_task(self._fetch(key, compute)))
            self._flights[key] = flight
            flight.task.add_done_callback(partial(self._landed, key, flight))
        flight.waiters += 1
        try:
            # shielded, for the others who wait
            served = await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.waiters == 0 and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()
        if first or served.cache_status == _HIT_L2:
            return served
        return replace(served, cache_status=_COLLAPSED)

    def _landed(self, key: str, flight: _Flight, task: asyncio.Task[Served]) -> None:
        self._forget(key, flight)
        if not task.cancelled():
            # whoever waits is told; where all have gone meanwhile there is nobody to be told of a failure
            task.exception()

    def _forget(self, key: str, flight: _Flight) -> None:
        # where the flight was cancelled there may be another under its key
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _fetch(self, key: str, compute: Callable[[], Awaitable[Rendered]]) -> Served:
        shared = self.shared
        body = await shared.get(key) if shared else None
        if body is not None:
            self._memory.put(key, body)
            return Served(body, _HIT_L2)
        rendered = await compute()
        if not rendered.storable:
            return Served(rendered.body, _NOT_STORED, rendered.status)
        self._memory.put(key, rendered.body)
        if shared:
            await shared.put(key, rendered.body)
        return Served(rendered.body, _STORED)
