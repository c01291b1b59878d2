"""A replica's own copy of the inventory overlay, kept fresh by pub/sub, and by polling where a message is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswerError

from recs_core.online import keys
from recs_core.online.inventory import BookState, Changes, read_changes_async

log = logging.getLogger(__name__)

CANCEL_PATIENCE_S = 0.5

PATIENCE_S = 2.0
"""With one page of changes."""

POLL_S = 1.0
"""How long a lost message may go unnoticed."""

States: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Book id to the fields that the store changed, as `BookState.fields`."""


@dataclass(frozen=True)
class Overlay:
    """What the store changed of its books, at one moment. It never changes: a change makes a new one.

    Args:
        generation: of the last change in it.
        books: every changed book.
    """

    generation: int = 0
    books: Mapping[str, BookState] = field(default_factory=lambda: MappingProxyType({}))

    def with_changes(self, changes: Changes) -> Overlay:
        """This overlay after changes; what a later version wrote stays, should Redis have lost it."""
        if not changes.books:
            return replace(self, generation=changes.generation)
        changed = {
            book.book_id: self.books[book.book_id].merged(book) if book.book_id in self.books else book
            for book in changes.books
        }
        return Overlay(changes.generation, MappingProxyType({**self.books, **changed}))


class OverlayFollower:
    """Follows the overlay; a context whose `current` is never older than a poll while Redis answers.

    Without Redis the last overlay stays, and `age_s` grows.

    Args:
        client: of the event loop that enters the context.
        told: is given the states of the books that changed, whenever some have.
        poll_s: how long a lost message may go unnoticed.
    """

    def __init__(self, client: Redis, told: Callable[[States], None], *, poll_s: float = POLL_S) -> None:
        self._client = client
        self._told = told
        self._poll_s = poll_s
        self._checked = float("-inf")
        self._lock = asyncio.Lock()
        self.current = Overlay()

    @property
    def age_s(self) -> float:
        """Seconds since the overlay was known to be fresh; infinite before the first time."""
        return time.monotonic() - self._checked

    async def refresh(self) -> Overlay:
        """Read what has changed, and return it.

        Raises:
            RedisError: Redis is away; the overlay stays as it was.
        """
        async with self._lock:
            asked = time.monotonic()
            overlay, since = self.current, self.current.generation
            changed: set[str] = set()
            while True:
                changes = await self._changes(since)
                # a Redis that lost its data counts anew: all that it has now may be new
                since = 0 if changes.generation < since else changes.generation
                overlay = overlay.with_changes(changes)
                changed.update(book.book_id for book in changes.books)
                if changes.complete and since == changes.generation:
                    break
            self.current = overlay
            self._checked = asked
            if changed:
                self._told({book_id: overlay.books[book_id].fields for book_id in changed})
            return overlay

    async def _changes(self, since: int) -> Changes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await read_changes_async(self._client, since)
        except TimeoutError:
            # a connection that nobody answers on any more would be waited for without an end
            raise NoAnswerError(f"no answer within {PATIENCE_S:g} s") from None

    async def __aenter__(self) -> Self:
        # who begins to serve shall know what is withdrawn
        await self._try_refresh()
        self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._listen())]
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = set(self._tasks)
        while tasks:
            for task in tasks:
                task.cancel()
            # the Redis client may swallow a cancellation that meets its reconnecting: ask again
            tasks = (await asyncio.wait(tasks, timeout=CANCEL_PATIENCE_S))[1]

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await self._try_refresh()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=True) as messages:
                    await messages.subscribe(keys.INVENTORY_CHANNEL)
                    async for _ in messages.listen():
                        await self._try_refresh()
            except (RedisError, OSError) as error:
                log.warning("the overlay's channel is lost, polling goes on: %s", error)
            await asyncio.sleep(self._poll_s)

    async def _try_refresh(self) -> None:
        try:
            await self.refresh()
        except (RedisError, OSError) as error:
            log.warning("the overlay is not refreshed, its age is %.1f s: %s", self.age_s, error)
