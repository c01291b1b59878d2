"""Notices that another bundle is published, opens it beside the one that is served, warms it, and swaps."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio.to_thread

from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.artifacts.registry import BundleRegistry
from recs_core.errors import BookverseError
from recs_core.online.current import listen

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
"""How long a new publication may go unnoticed, with Redis or without: reading a name of 17 bytes costs nothing."""


def is_published(bundle: Path, registry: BundleRegistry) -> bool:
    """Whether a bundle is one that a registry keeps."""
    return bundle.resolve() == registry.place(bundle.name).resolve()


class PublicationWatch:
    """Serves what is published, as soon as it is.

    A bundle that cannot be opened is named in the log once, and the one before goes on being served.

    Args:
        registry: of published bundles.
        snapshots: what is served.
        make: verifies a bundle and opens it.
        warm: makes ready what a snapshot will be asked for.
        swapped: told of each new snapshot and the one before it.
    """

    def __init__(
        self,
        registry: BundleRegistry,
        snapshots: Snapshots,
        *,
        make: Callable[[Path], Snapshot],
        warm: Callable[[Snapshot], Awaitable[int]],
        swapped: Callable[[Snapshot, Snapshot], None],
    ) -> None:
        self._registry = registry
        self._snapshots = snapshots
        self._make = make
        self._warm = warm
        self._swapped = swapped
        self._news = asyncio.Event()
        self._refused: tuple[str, str] | None = None
        self._trouble: str | None = None

    @asynccontextmanager
    async def running(self, redis_url: str | None) -> AsyncIterator[None]:
        """Watch while this context is open; what was published before it is served when it opens.

        Args:
            redis_url: where publications are announced, if anywhere.
        """
        await self.look()
        tasks = [asyncio.create_task(self._run())]
        if redis_url is not None:
            tasks.append(asyncio.create_task(listen(redis_url, self.hear)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def hear(self, version: str) -> None:
        """Look at once, if a version is not the one that is served."""
        if version != self._snapshots.current.version:
            self._news.set()

    async def look(self) -> None:
        """Serve what is published now, if that is not served yet."""
        publication: tuple[str, str] | None = None
        try:
            publication = await anyio.to_thread.run_sync(self._publication)
            if publication[0] == self._snapshots.current.version or publication == self._refused:
                return
            after = await anyio.to_thread.run_sync(self._open, publication[0])
        except (BookverseError, OSError) as error:
            # what a store that is away would say again and again is said once, and tried again
            self._refused = publication if isinstance(error, BookverseError) else None
            if str(error) != self._trouble:
                self._trouble = str(error)
                current = self._snapshots.current.version
                log.error("serving %s on, the published bundle is refused: %s", current, error)
            return
        self._refused = self._trouble = None
        after = self._snapshots.prepare(after)
        warmed = await self._warm(after)
        before = self._snapshots.current
        self._snapshots.swap(after)
        log.info("serving bundle %s instead of %s, %d answers ready", after.version, before.version, warmed)
        self._swapped(before, self._snapshots.current)
        await anyio.to_thread.run_sync(self._registry.forget, self._snapshots.versions)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
            self._news.clear()
            kept = self._snapshots.versions
            await self.look()
            self._snapshots.expire()
            if kept - self._snapshots.versions:
                # an executed operation leaves cycles behind, and they a hold on its bundle; what was there when the
                # server began is frozen, so that this is short
                gc.collect()

    def _publication(self) -> tuple[str, str]:
        # publishing the same version anew, as after a damage, is another try
        return self._registry.current(), self._registry.stamp()

    def _open(self, version: str) -> Snapshot:
        return self._make(self._registry.pull(version))
