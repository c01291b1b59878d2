"""What the store changed of its books since the bundle was made, in Redis.

Each field of a book carries the version that wrote it, and the highest version counts: the state is a function of the
set of events, whatever their order. Each change gets a generation, so that a reader asks only for what is new to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.online import keys
from recs_core.online.events import InventoryEvent
from recs_core.online.scripts import Argument, Call, Script

PAGE: Final = 1_000
"""Books that are read at a time."""

_KEYS: Final = (keys.INVENTORY_BOOKS, keys.INVENTORY_CHANGES, keys.INVENTORY_GENERATION)
_CHANGE: Final = Script("change")
_CHANGES: Final = Script("changes")


@dataclass(frozen=True)
class BookState:
    """What the store changed of a book.

    Args:
        book_id: the book.
        fields: JSON values: those of `NewFields`, and `withdrawn`; what is absent is as the bundle has it.
        versions: field to the version that wrote it.
    """

    book_id: str
    fields: dict[str, Any]
    versions: dict[str, int]

    def merged(self, later: BookState) -> BookState:
        """Both in one: of each field what the higher version wrote, the later one where they are equal."""
        newer = {
            name: version for name, version in later.versions.items() if version >= self.versions.get(name, 0)
        }
        fields = self.fields | {name: later.fields[name] for name in newer}
        return BookState(self.book_id, fields, self.versions | newer)


@dataclass(frozen=True)
class Changes:
    """Books that changed after a generation.

    Args:
        generation: to ask from the next time; 0 where nothing has ever changed.
        books: the changed ones as they are now, in the order of their last changes.
        complete: False where there are more: ask again at once.
    """

    generation: int
    books: tuple[BookState, ...]
    complete: bool


class InventoryWriter:
    """The handler of the stream `inventory`: writes events into the overlay."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def __call__(self, events: Sequence[InventoryEvent]) -> list[Exception | None]:
        """Write events in one round trip; for each None, or why it cannot be written."""
        replies = _CHANGE.run_many(self._client, [_call(event) for event in events])
        return [reply if isinstance(reply, Exception) else None for reply in replies]


def read_changes(client: Redis, since: int, *, page: int = PAGE) -> Changes:
    """The books that changed after a generation, in one round trip.

    Args:
        since: a generation; 0 for all books.
        page: how many at most.
    """
    return _changes(_CHANGES.run(client, _KEYS, [since, page]), page)


async def read_changes_async(client: AsyncRedis, since: int, *, page: int = PAGE) -> Changes:
    """As `read_changes`, from an event loop."""
    return _changes(await _CHANGES.run_async(client, _KEYS, [since, page]), page)


def _call(event: InventoryEvent) -> Call:
    arguments: list[Argument] = [keys.INVENTORY_CHANNEL, event.book_id, event.version, event.event_id]
    for name, value in event.writes().items():
        arguments += [name, orjson.dumps(value)]
    return _KEYS, arguments


def _changes(reply: list[bytes], page: int) -> Changes:
    generation, *found = reply
    books = tuple(
        _state(book_id.decode(), stored) for book_id, stored in zip(found[::3], found[2::3], strict=True)
    )
    if len(books) < page:
        return Changes(int(generation), books, complete=True)
    return Changes(int(found[-2]), books, complete=False)


def _state(book_id: str, stored: bytes) -> BookState:
    written = orjson.loads(stored)
    return BookState(
        book_id,
        {name: orjson.loads(value) for name, (_, _, value) in written.items()},
        {name: int(version) for name, (version, _, _) in written.items()},
    )
