"""Takes books that are new to the store into what is served, beside the requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio.to_thread

from graphql_api.snapshots import Snapshots

log = logging.getLogger(__name__)

TOGETHER_S = 0.2
"""How long it is waited for more: new books come in numbers, and taking in one costs what taking in all does."""

LOOK_EVERY_S = 5.0
"""What is new while another bundle is opened and swapped in is taken in then."""


class Newcomers:
    """Has snapshots grow by what is new.

    Args:
        snapshots: what is served.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._news = asyncio.Event()
        self._done_for: str | None = None
        """The bundle that has all that was heard of."""

    def hear(self) -> None:
        """The store has changed books; some may be new."""
        self._done_for = None
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take in what is new while this context is open."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
            await asyncio.sleep(TOGETHER_S)
            self._news.clear()
            try:
                await self._take_in()
            except Exception:
                # the bundle is served on without them, and it is tried again
                self._done_for = None
                log.exception("new books are not taken in")

    async def _take_in(self) -> None:
        current = self._snapshots.current
        if current.version == self._done_for:
            return
        # what is heard meanwhile makes this undone
        self._done_for = current.version
        grown = await anyio.to_thread.run_sync(self._snapshots.grown, current)
        if grown is current:
            return
        self._snapshots.take_in(grown)
        log.info("bundle %s serves %d books", grown.version, len(grown.recommender.bundle.books))
