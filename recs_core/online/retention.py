"""Forgetting what has lain in Redis for long enough: events that are settled, and those that nobody could handle."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from redis import Redis

from recs_core.online import keys
from recs_core.online.scripts import Script
from recs_core.online.streams import known

_TRIM: Final = Script("trim")


def forget_events(client: Redis, stream: str, before: datetime, *, but: str | None = None) -> int:
    """Remove the events of a stream that were added before a time and that every group has settled.

    Where no group has ever been, nobody has settled any.

    Args:
        stream: one of `STREAMS`.
        before: when an event was added that stays.
        but: the place of an event that stays, with all that come after it.

    Returns:
        How many were removed.
    """
    return int(_TRIM.run(client, [keys.stream(known(stream))], [_place(before), but or ""]))


def forget_dead_letters(client: Redis, stream: str, before: datetime) -> int:
    """Remove the dead letters of a stream that were buried before a time; how many there were."""
    return int(client.xtrim(keys.dead_letters(known(stream)), minid=_place(before), approximate=False))


def _place(time: datetime) -> str:
    return f"{round(time.timestamp() * 1_000)}-0"
