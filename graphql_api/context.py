"""What a resolver can reach while one operation runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import anyio.to_thread
import strawberry
from anyio import CapacityLimiter

from graphql_api.auth.identity import UNRESTRICTED, Identity
from graphql_api.broadcast import Broadcast
from graphql_api.cursors import CursorSigner
from graphql_api.errors import SnapshotExpiredError
from graphql_api.fresh import Fresh
from graphql_api.job_queues import JobQueues
from graphql_api.pace import Pace
from graphql_api.privacy.office import PrivacyOffice
from graphql_api.snapshots import Snapshot, Snapshots

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Swap:
    """Another bundle is served from now on."""

    before: Snapshot
    after: Snapshot


@dataclass(frozen=True)
class Invalidated:
    """What is known of a reader, a book or a bundle is another thing from now on; the topic says of which."""


News = Swap | Invalidated

SWAPS = "swaps"
"""The topic of each new snapshot; the other topics are tags, such as `user:42`."""

SUBSCRIBERS_AT_ONCE = 4
"""Whose lists are looked at again at the same time."""


@dataclass(frozen=True)
class Server:
    """What all operations of a server share.

    Args:
        snapshots: what is served.
        cursors: writes and reads cursors.
        news: told of each new snapshot, and of what is invalidated.
        max_first: the longest page that may be asked for.
        threads: how many threads may compute at once.
        fresh: what happened since the bundle was made.
        jobs: what workers do beside the server.
        pace: how long computations take.
        office: who erases and exports readers; None where nobody does.
        turns: of subscribers: one change may concern all of them, and requests go on meanwhile.
    """

    snapshots: Snapshots
    cursors: CursorSigner
    news: Broadcast[News]
    max_first: int
    threads: CapacityLimiter
    fresh: Fresh = field(default_factory=Fresh)
    jobs: JobQueues = field(default_factory=JobQueues)
    pace: Pace = field(default_factory=Pace)
    office: PrivacyOffice | None = None
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SUBSCRIBERS_AT_ONCE))


@dataclass(frozen=True)
class Context:
    """One operation's surroundings.

    Args:
        request_id: names the request in responses and logs.
        operation_name: which of the document's operations the client named, if it did.
        server: what it shares with all others.
        identity: who asks.
        snapshot: what answers; the same for the whole operation, whatever is published meanwhile.
    """

    request_id: str
    operation_name: str | None
    server: Server
    snapshot: Snapshot
    identity: Identity = UNRESTRICTED
    books_read: dict[Snapshot, set[int]] = field(default_factory=dict)
    """The rows of the books that the answer is made of, by snapshot: it changes when one of them does."""

    def at(self, version: str) -> Snapshot:
        """The snapshot that a cursor is of.

        Raises:
            SnapshotExpiredError: it is gone.
        """
        if version == self.snapshot.version:
            return self.snapshot
        found = self.server.snapshots.get(version)
        if found is None:
            raise SnapshotExpiredError(version, self.server.snapshots.current.version)
        return found

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a computation: on a thread, so that ready answers need not wait for it, unless it is short."""
        pace, name = self.server.pace, getattr(function, "__qualname__", "")

        def timed() -> T:
            start = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                pace.note(name, time.thread_time() - start)

        if pace.is_short(name):
            return timed()
        return await anyio.to_thread.run_sync(timed, limiter=self.server.threads, abandon_on_cancel=True)


Info = strawberry.Info[Context, None]
