"""Handling a stream's events again, from a place or a time: what was lost comes back, the rest stays as it is."""

from __future__ import annotations

from datetime import datetime

from redis import Redis

from recs_core.online import keys
from recs_core.online.consumer import Handler
from recs_core.online.events import Event, InvalidEventError, decode
from recs_core.online.streams import known, pages


def replay(client: Redis, stream: str, handler: Handler, *, start: str | datetime = "-") -> int:
    """Give all events from a place on to an idempotent handler. No group's place changes.

    Args:
        start: the id of a stream entry, or when an event was added; the oldest event by default.

    Returns:
        How many events the handler took; those that are no events, or that it refuses, are passed over: a consumer
        has put them among the dead letters.

    Raises:
        RedisError: Redis is away; call it again.
    """
    place = f"{round(start.timestamp() * 1_000)}-0" if isinstance(start, datetime) else start
    taken = 0
    for page in pages(client, keys.stream(known(stream)), place):
        events: list[Event] = []
        for _, fields in page:
            try:
                events.append(decode(stream, fields.get(b"event", b"")))
            except InvalidEventError:
                continue
        taken += sum(fault is None for fault in handler(events)) if events else 0
    return taken
