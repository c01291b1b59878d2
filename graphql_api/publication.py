"""Notices that another bundle is published, opens it beside the one that is served, and swaps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread

from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.artifacts.bundle import CURRENT
from recs_core.artifacts.published import published_bundle
from recs_core.errors import BookverseError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""How long a new publication may go unnoticed: reading a name of 17 bytes costs nothing."""


def is_published(bundle: Path, published: Path) -> bool:
    """Whether a bundle is one of a folder of published bundles."""
    return bundle.resolve().parent == published.resolve()


class PublicationWatch:
    """Serves what is published, as soon as it is.

    A bundle that cannot be opened is named in the log once, and the one before goes on being served.

    Args:
        published: the folder of published bundles.
        snapshots: what is served.
        make: verifies a bundle and opens it.
        swapped: told of each new snapshot and the one before it.
    """

    def __init__(
        self,
        published: Path,
        snapshots: Snapshots,
        make: Callable[[Path], Snapshot],
        swapped: Callable[[Snapshot, Snapshot], None],
    ) -> None:
        self._published = published
        self._snapshots = snapshots
        self._make = make
        self._swapped = swapped
        self._refused: tuple[Path, int] | None = None

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()
            self._snapshots.expire()

    async def look(self) -> None:
        """Serve what is published now, if that is not served yet."""
        try:
            path = published_bundle(self._published)
            # publishing the same version anew, as after a damage, is another try
            publication = (path, (self._published / CURRENT).stat().st_mtime_ns)
            if path.name == self._snapshots.current.version or publication == self._refused:
                return
            self._refused = publication
            after = await anyio.to_thread.run_sync(self._make, path)
        except (BookverseError, OSError) as error:
            log.error(
                "serving %s on, the published bundle is refused: %s", self._snapshots.current.version, error
            )
            return
        self._refused = None
        before = self._snapshots.current
        self._snapshots.swap(after)
        log.info("serving bundle %s instead of %s", after.version, before.version)
        self._swapped(before, after)
