"""What events change: a reader's profile or a book's state, and with it every answer that was made with it before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis import Redis

from recs_core.online.events import Interaction, InventoryEvent
from recs_core.online.invalidations import invalidate, is_tag
from recs_core.online.inventory import InventoryWriter
from recs_core.online.profile_values import ProfileValues
from recs_core.online.profiles import ProfileWriter


class ReaderEffects:
    """The handler of the stream `interactions`.

    Args:
        client: of the Redis that workers and servers share.

    Raises:
        SecretKeyError: `BOOKVERSE_PROFILE_KEYS` is of another form, or not set in production.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._profiles = ProfileWriter(client, ProfileValues.from_environment())

    def __call__(self, events: Sequence[Interaction]) -> list[Exception | None]:
        """Write profiles, then have servers forget what they keep for these readers.

        Raises:
            RedisError: Redis does not answer; all of it is done again, to the same end.
        """
        faults = self._profiles(events)
        written = {event.user_id for event, fault in zip(events, faults, strict=True) if fault is None}
        _forget(self._client, (f"user:{user_id}" for user_id in sorted(written)))
        return faults


class BookEffects:
    """The handler of the stream `inventory`.

    Args:
        client: of the Redis that workers and servers share.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._inventory = InventoryWriter(client)

    def __call__(self, events: Sequence[InventoryEvent]) -> list[Exception | None]:
        """Write the states of books, then have servers forget the answers that these books are in.

        Raises:
            RedisError: Redis does not answer; all of it is done again, to the same end.
        """
        faults = self._inventory(events)
        written = {event.book_id for event, fault in zip(events, faults, strict=True) if fault is None}
        _forget(self._client, (f"book:{book_id}" for book_id in sorted(written)))
        return faults


def _forget(client: Redis, tags: Iterable[str]) -> None:
    # an id that is too long for a tag is too long to be asked for, too
    usable = [tag for tag in tags if is_tag(tag)]
    if usable:
        invalidate(client, usable)
