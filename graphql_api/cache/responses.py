"""The cache of whole responses: L1, then L2, then one computation however many ask."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from graphql_api.cache.entry import Entry
from graphql_api.cache.invalidations import BEGINNING, Invalidations
from graphql_api.cache.key import Key, name_of, size_of
from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.policy import Policy
from graphql_api.cache.shared import LEASE_MS, Lease, SharedAnswers
from graphql_api.executor import Rendered

NAME = "bookverse"

POLL_S = 0.02
"""How often it is looked whether another server has made the answer that it is at."""

WAIT_S = LEASE_MS / 1_000
"""How long another server is waited for; then it has died, or is slower than we hope to be."""

Compute: TypeAlias = Callable[[], Awaitable[Rendered]]


@dataclass(slots=True)
class Served:
    """A response, and what the `Cache-Status` header (RFC 9211) says of it.

    Args:
        body: the JSON.
        cache_status: where it comes from.
        status: under `application/graphql-response+json`; what was kept is without fault.
        entry: how it is kept; None where it is not.
    """

    body: bytes
    cache_status: str
    status: int = 200
    entry: Entry | None = None


_HIT_L1 = f"{NAME}; hit; detail=L1"
_HIT_L2 = f"{NAME}; hit; detail=L2"
_STORED = f"{NAME}; fwd=miss; stored"
_NOT_STORED = f"{NAME}; fwd=miss"
_COLLAPSED = f"{NAME}; fwd=miss; collapsed"
_BYPASSED = f"{NAME}; fwd=bypass"


@dataclass(eq=False)
class _Flight:
    """A computation that is under way, and how many wait for it."""

    task: asyncio.Task[Served]
    waiters: int = 0


class ResponseCache:
    """Answers from the nearest place that has the answer.

    Args:
        memory: L1.
        invalidations: what is known to be of yesterday.
        clock: the wall clock, in seconds.
    """

    def __init__(
        self,
        memory: MemoryCache[Key, Entry],
        invalidations: Invalidations,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._memory = memory
        self._invalidations = invalidations
        self._clock = clock
        self.shared: SharedAnswers | None = None
        """L2, while there is a Redis to talk to."""
        self._flights: dict[Key, _Flight] = {}
        self._writes: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()

    def report(self) -> dict[str, int]:
        """How often each `Cache-Status` was given, and what else happened since the start."""
        state = {
            "entries": len(self._memory),
            "bytes": self._memory.size,
            "invalidated tags": self._invalidations.received,
            "follows invalidations": int(not self._invalidations.is_blind),
            "failures of Redis": self.shared.connection.failures if self.shared else 0,
        }
        return dict(self._counts) | state

    def count(self, what: str) -> None:
        """Take note of something that `report` is to say."""
        self._counts[what] += 1

    def recall(self, key: Key, policy: Policy, compute: Compute) -> Served | None:
        """The response under a key, if this process has it; near its end it may be made anew behind it."""
        entry = self._memory.get(key)
        if entry is None:
            return None
        now = self._clock()
        if now >= entry.look_from:
            if now >= entry.expires_at:
                self._memory.remove(key)
                return None
            if entry.falls_to_refresh(now) and key not in self._flights:
                self.count("refreshed early")
                self._begin(key, self._renew(key, policy, compute, entry))
        if not self._invalidations.allow(entry, now):
            self.count("dropped from L1, invalidated")
            self._memory.remove(key)
            return None
        self._counts[_HIT_L1] += 1
        return Served(entry.body, _HIT_L1, entry=entry)

    async def serve(self, key: Key, policy: Policy, compute: Compute) -> Served:
        """The response under a key; `compute` makes it where nobody has it and nobody is at it.

        Who is cancelled takes nothing from others who wait for the same; the last of them takes the work along.

        Raises:
            Exception: whatever `compute` raises, for all who wait for it.
        """
        served = self.recall(key, policy, compute)
        if served is None:
            served = await self._join(key, policy, compute)
            self._counts[served.cache_status] += 1
        return served

    async def bypass(self, compute: Compute) -> Served:
        """The response to what is not kept."""
        rendered = await compute()
        self._counts[_BYPASSED] += 1
        return Served(rendered.body, _BYPASSED, rendered.status)

    async def settle(self) -> None:
        """Wait until all that is to be kept in L2 is there."""
        await asyncio.gather(*self._writes)

    async def _join(self, key: Key, policy: Policy, compute: Compute) -> Served:
        flight = self._flights.get(key)
        first = flight is None
        if flight is None:
            flight = self._begin(key, self._fetch(key, policy, compute))
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

    def _begin(self, key: Key, work: Coroutine[Any, Any, Served]) -> _Flight:
        flight = _Flight(asyncio.create_task(work))
        self._flights[key] = flight
        flight.task.add_done_callback(partial(self._landed, key, flight))
        return flight

    def _landed(self, key: Key, flight: _Flight, task: asyncio.Task[Served]) -> None:
        self._forget(key, flight)
        if not task.cancelled():
            # whoever waits is told; where all have gone meanwhile there is nobody to be told of a failure
            task.exception()

    def _forget(self, key: Key, flight: _Flight) -> None:
        # where the flight was cancelled there may be another under its key
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _fetch(self, key: Key, policy: Policy, compute: Compute) -> Served:
        """From L2, or made by us, or by another server that we wait for."""
        if self.shared is None:
            return await self._make(key, policy, compute, None)
        errand = _Errand(self.shared, name_of(key), secrets.token_hex(8))
        but, patient_until = "", time.monotonic() + WAIT_S
        while True:
            found = await errand.find(but)
            if isinstance(found, Entry):
                if self._is_good(found):
                    return self._found(key, found)
                self.count("passed over in L2, invalidated or blind")
                but = found.mark
                continue
            if found is not Lease.ANOTHERS:
                break
            if time.monotonic() > patient_until:
                self.count("waited for another server in vain")
                break
            self.count("looks for another server's answer")
            await asyncio.sleep(POLL_S)
        return await self._make(key, policy, compute, errand)

    async def _renew(self, key: Key, policy: Policy, compute: Compute, old: Entry) -> Served:
        """A newer answer, behind one that is still good."""
        errand = None
        if self.shared is not None:
            errand = _Errand(self.shared, name_of(key), secrets.token_hex(8))
            found = await errand.find(old.mark)
            if isinstance(found, Entry) and self._is_good(found):
                return self._found(key, found)
            if found is Lease.ANOTHERS:
                # it will be in L2 before the old one's time is over
                old.look_from = old.expires_at
                return Served(old.body, _HIT_L1, entry=old)
        return await self._make(key, policy, compute, errand)

    async def _make(self, key: Key, policy: Policy, compute: Compute, errand: _Errand | None) -> Served:
        # what is invalidated from here on may have been read before it changed
        position, made_at, began = self._invalidations.position, self._clock(), time.perf_counter()
        entry = None
        try:
            rendered = await compute()
            if not rendered.storable:
                return Served(rendered.body, _NOT_STORED, rendered.status)
            cost_s = time.perf_counter() - began
            entry = Entry.of(
                rendered.body, policy, rendered.tags, made_at=made_at, cost_s=cost_s, position=position
            )
            self._memory.put(key, entry, entry.size + size_of(key))
            return Served(rendered.body, _STORED, entry=entry)
        finally:
            if errand is not None:
                # nobody waits for it
                self._behind(self._hand_over(errand, entry))

    async def _hand_over(self, errand: _Errand, entry: Entry | None) -> None:
        # what was made before the log of invalidations was seen is good to nobody else
        if entry is None or entry.position == BEGINNING:
            await errand.shared.release(errand.name, errand.token)
        else:
            left_s = entry.expires_at - self._clock()
            await errand.shared.keep(errand.name, errand.token, entry, for_s=left_s)

    def _behind(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    def _is_good(self, entry: Entry) -> bool:
        now = self._clock()
        return now < entry.expires_at and self._invalidations.allow(entry, now)

    def _found(self, key: Key, entry: Entry) -> Served:
        self._memory.put(key, entry, entry.size + size_of(key))
        return Served(entry.body, _HIT_L2, entry=entry)


@dataclass(frozen=True)
class _Errand:
    """One answer that is looked for in L2, to be made if it is not there.

    Args:
        shared: L2.
        name: of the answer.
        token: tells whose lease it is.
    """

    shared: SharedAnswers
    name: str
    token: str

    async def find(self, but: str) -> Entry | Lease:
        """The answer, unless it is the one that is marked so; or the lease."""
        return await self.shared.find(self.name, self.token, but=but)
