"""What events change: a reader's profile or a book's state, and with it every answer that was made with it before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis import Redis

from recs_core.data.erased import ErasureDigests
from recs_core.online.erasure import remove_profile
from recs_core.online.events import Interaction, InventoryEvent
from recs_core.online.invalidations import invalidate, is_tag
from recs_core.online.inventory import InventoryWriter
from recs_core.online.profile_values import ProfileValues
from recs_core.online.profiles import ProfileWriter
from recs_core.online.tombstones import erased_ms, is_before


class ReaderEffects:
    """The handler of the stream `interactions`.

    What an erased reader did before the erasure has no effect, however late it comes.

    Args:
        client: of the Redis that workers and servers share.

    Raises:
        SecretKeyError: the keys of profiles are of another form, or not set in production.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._profiles = ProfileWriter(client, ProfileValues.from_environment())
        self._digests = ErasureDigests.from_environment()

    def __call__(self, events: Sequence[Interaction]) -> list[Exception | None]:
        """Write profiles, then have servers forget what they keep for these readers.

        Raises:
            RedisError: Redis does not answer; all of it is done again, to the same end.
        """
        erased = self._erased(events)
        places = [
            place
            for place, event in enumerate(events)
            if event.user_id not in erased or not is_before(event.time_ms, erased[event.user_id])
        ]
        in_time = [events[place] for place in places]
        faults: list[Exception | None] = [None] * len(events)
        for place, fault in zip(places, self._profiles(in_time), strict=True):
            faults[place] = fault
        # one who was erased while we wrote: the profile was removed before it was written
        for user_id, at in self._erased(in_time).items():
            if erased.get(user_id) != at:
                remove_profile(self._client, user_id)
        written = {events[place].user_id for place in places if faults[place] is None}
        _forget(self._client, (f"user:{user_id}" for user_id in sorted(written)))
        return faults

    def _erased(self, events: Sequence[Interaction]) -> dict[str, int]:
        return erased_ms(self._client, self._digests, {event.user_id for event in events})


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
