"""What a resolver can reach while one operation runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import anyio.to_thread
import strawberry
from anyio import CapacityLimiter
from strawberry.dataloader import DataLoader

from graphql_api.broadcast import Broadcast
from graphql_api.cursors import CursorSigner
from graphql_api.errors import SnapshotExpiredError
from graphql_api.loaders.books import book_loader
from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.data.catalogue import BookRecord

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Swap:
    """Another bundle is served from now on."""

    before: Snapshot
    after: Snapshot


@dataclass(frozen=True)
class Server:
    """What all operations of a server share.

    Args:
        snapshots: what is served.
        cursors: writes and reads cursors.
        swaps: told of each new snapshot.
        max_first: the longest page that may be asked for.
        threads: how many threads may compute at once.
    """

    snapshots: Snapshots
    cursors: CursorSigner
    swaps: Broadcast[Swap]
    max_first: int
    threads: CapacityLimiter


@dataclass(frozen=True)
class Context:
    """One operation's surroundings.

    Args:
        request_id: names the request in responses and logs.
        operation_name: which of the document's operations the client named, if it did.
        server: what it shares with all others.
        snapshot: what answers; the same for the whole operation, whatever is published meanwhile.
    """

    request_id: str
    operation_name: str | None
    server: Server
    snapshot: Snapshot
    book_ids: set[str] = field(default_factory=set)
    """The books that were read, whose change changes the answer."""
    _books: dict[str, DataLoader[int, BookRecord]] = field(default_factory=dict)

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

    def books(self, snapshot: Snapshot) -> DataLoader[int, BookRecord]:
        """The catalogue's records by row, fetched together."""
        loader = self._books.get(snapshot.version)
        if loader is None:
            loader = self._books[snapshot.version] = book_loader(
                snapshot.recommender.bundle.catalogue, self.book_ids
            )
        return loader

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what takes milliseconds on a thread, so that cached answers need not wait for it."""
        return await anyio.to_thread.run_sync(
            lambda: function(*args, **kwargs), limiter=self.server.threads, abandon_on_cancel=True
        )


Info = strawberry.Info[Context, None]
