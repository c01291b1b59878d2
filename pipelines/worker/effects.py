"""What an interaction changes: the reader's profile, and with it every answer that was made for the reader before."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis

from recs_core.online.events import Interaction
from recs_core.online.invalidations import invalidate, is_tag
from recs_core.online.profiles import ProfileWriter


class ReaderEffects:
    """The handler of the stream `interactions`.

    Args:
        client: of the Redis that workers and servers share.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._profiles = ProfileWriter(client)

    def __call__(self, events: Sequence[Interaction]) -> list[Exception | None]:
        """Write profiles, then have servers forget what they keep for these readers.

        Raises:
            RedisError: Redis does not answer; all of it is done again, to the same end.
        """
        faults = self._profiles(events)
        written = {event.user_id for event, fault in zip(events, faults, strict=True) if fault is None}
        # a reader whose id is too long for a tag is too long to be asked for, too
        tags = [tag for tag in (f"user:{user_id}" for user_id in sorted(written)) if is_tag(tag)]
        if tags:
            invalidate(self._client, tags)
        return faults
