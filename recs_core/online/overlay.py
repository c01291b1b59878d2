"""A replica's own copy of the inventory overlay, kept fresh by pub/sub, and by polling where a message is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from recs_core.online import keys
from recs_core.online.inventory import BookState, Changes, read_changes_async

log = logging.getLogger(__name__)

CANCEL_PATIENCE_S = 0.5


@dataclass(frozen=True)
class Overlay:
    """What the store changed of its books, at one moment. It never changes: a change makes a new one.

    Args:
        generation: of the last change in it.
        withdrawn: books that are sold no more.
        out_of_stock: books of which there are none.
        prices: book to its new price; None: unknown.
        books: every changed book.
    """

    generation: int = 0
    withdrawn: frozenset[str] = frozenset()
    out_of_stock: frozenset[str] = frozenset()
    prices: Mapping[str, float | None] = field(default_factory=lambda: MappingProxyType({}))
    books: Mapping[str, BookState] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def unavailable(self) -> frozenset[str]:
        """Books that must be in no answer."""
        return self.withdrawn | self.out_of_stock

    def with_changes(self, changes: Changes) -> Overlay:
        """This overlay after changes; what a later version wrote stays, should Redis have lost it."""
        if not changes.books:
            return replace(self, generation=changes.generation)
        changed = {
            book.book_id: self.books[book.book_id].merged(book) if book.book_id in self.books else book
            for book in changes.books
        }
        prices = {
            book_id: book.fields["price"] for book_id, book in changed.items() if "price" in book.fields
        }
        return Overlay(
            generation=changes.generation,
            withdrawn=self.withdrawn - changed.keys() | _where(changed, "withdrawn", True),
            out_of_stock=self.out_of_stock - changed.keys() | _where(changed, "stock", 0),
            prices=MappingProxyType({**self.prices, **prices}),
            books=MappingProxyType({**self.books, **changed}),
        )


class OverlayFollower:
    """Follows the overlay; a context whose `current` is never older than a poll while Redis answers.

    Without Redis the last overlay stays, and `age_s` grows.

    Args:
        client: of the event loop that enters the context.
        poll_s: how long a lost message may go unnoticed.
    """

    def __init__(self, client: Redis, *, poll_s: float = 1.0) -> None:
        self._client = client
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
            while True:
                changes = await read_changes_async(self._client, since)
                # a Redis that lost its data counts anew: all that it has now may be new
                since = 0 if changes.generation < since else changes.generation
                overlay = overlay.with_changes(changes)
                if changes.complete and since == changes.generation:
                    break
            self.current = overlay
            self._checked = asked
            return overlay

    async def __aenter__(self) -> Self:
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
            await self._try_refresh()
            await asyncio.sleep(self._poll_s)

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


def _where(books: Mapping[str, BookState], name: str, value: object) -> frozenset[str]:
    return frozenset(book_id for book_id, book in books.items() if book.fields.get(name) == value)
