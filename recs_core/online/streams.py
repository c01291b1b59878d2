"""Event streams: how events get in, and how far behind who handles them is.

A stream is of bounded length. Each group of consumers handles every event; how many it has not settled yet is its
lag, and while that is at its bound the producer refuses new events rather than let unhandled ones be trimmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.errors import BookverseError, ParameterError
from recs_core.online import keys
from recs_core.online.events import STREAMS, Event, encode, refuse_future
from recs_core.online.scripts import Call, Script

MAX_LENGTH: Final = 1_000_000
"""Events that a stream keeps, for replay."""

MAX_LAG: Final = 100_000
"""Events that a group may have before it."""

MAX_BATCH: Final = 1_000
"""Events that are sent or read at a time."""

Page: TypeAlias = list[tuple[bytes, dict[bytes, bytes]]]
"""Entries of a stream: their ids and their fields."""

_PAGE: Final = 500
_ADD = Script("add")
_JOIN = Script("join")


class BackPressureError(BookverseError):
    """Events come faster than they are handled. Send them again later.

    Args:
        stream: the stream's name.
        group: the slowest group; empty where none has ever run.
        lag: events that it has not settled.
        bound: how many are allowed.
    """

    def __init__(self, stream: str, group: str, lag: int, bound: int) -> None:
        self.stream, self.group, self.lag, self.bound = stream, group, lag, bound
        who = f"group {group!r} has" if group else "no consumer has ever run:"
        super().__init__(
            f"stream {stream!r} takes no events now: {who} {lag:,} events to handle, {bound:,} are allowed; "
            "send them again later, and check that consumers run"
        )


class _Sending:
    """What both producers do with events before and after they go to Redis.

    Args:
        max_length: events that a stream keeps, at least.
        max_lag: where a group has so many events to handle, no more are taken; a batch may overshoot it.

    Raises:
        ParameterError: unhandled events would be trimmed.
    """

    def __init__(self, *, max_length: int = MAX_LENGTH, max_lag: int = MAX_LAG) -> None:
        if not 0 < max_lag <= max_length - MAX_BATCH:
            raise ParameterError(
                f"max_lag must be above 0 and at most max_length - {MAX_BATCH} = {max_length - MAX_BATCH}, "
                f"so that no unhandled event is trimmed (got {max_lag})"
            )
        self._max_length = max_length
        self._max_lag = max_lag

    def _call(self, events: Sequence[Event]) -> Call:
        streams = {event.stream for event in events}
        if len(streams) != 1 or len(events) > MAX_BATCH:
            raise ParameterError(
                f"send 1 to {MAX_BATCH} events of one stream at a time (got {len(events)} of {sorted(streams)})"
            )
        now = datetime.now(UTC)
        for event in events:
            refuse_future(event, now)
        name = events[0].stream
        payloads = [encode(event) for event in events]
        return [keys.stream(name), keys.counts(name)], [self._max_length, self._max_lag, *payloads]

    def _ids(self, stream: str, reply: list[Any]) -> list[str]:
        if reply[0] == 0:
            raise BackPressureError(stream, reply[1].decode(), reply[2], self._max_lag)
        return [entry_id.decode() for entry_id in reply[1:]]


class EventProducer(_Sending):
    """Sends events from a thread; see `_Sending` for the bounds."""

    def __init__(self, client: Redis, *, max_length: int = MAX_LENGTH, max_lag: int = MAX_LAG) -> None:
        super().__init__(max_length=max_length, max_lag=max_lag)
        self._client = client

    def send(self, events: Sequence[Event]) -> list[str]:
        """Add events, all or none; after a fault they may be sent again, whether they arrived or not.

        Args:
            events: 1 to `MAX_BATCH` of one stream.

        Returns:
            Their places in the stream.

        Raises:
            BackPressureError: none was taken; try later.
            InvalidEventError: one is ahead of time.
            ParameterError: too many, none, or of several streams.
            RedisError: Redis is away.
        """
        call = self._call(events)
        return self._ids(events[0].stream, _ADD.run(self._client, *call))


class AsyncEventProducer(_Sending):
    """Sends events from an event loop, as `EventProducer` does from a thread."""

    def __init__(self, client: AsyncRedis, *, max_length: int = MAX_LENGTH, max_lag: int = MAX_LAG) -> None:
        super().__init__(max_length=max_length, max_lag=max_lag)
        self._client = client

    async def send(self, events: Sequence[Event]) -> list[str]:
        """Add events, all or none; see `EventProducer.send`."""
        call = self._call(events)
        return self._ids(events[0].stream, await _ADD.run_async(self._client, *call))


def join_group(client: Redis, stream: str, group: str) -> bool:
    """Make a group of consumers that starts with the oldest event, unless it is there; whether it was made."""
    return bool(_JOIN.run(client, [keys.stream(known(stream)), keys.counts(stream)], [group]))


def leave_group(client: Redis, stream: str, group: str) -> None:
    """Remove a group for good: it holds up no producer any more, and what it had not handled, it never will."""
    with client.pipeline(transaction=True) as pipe:
        pipe.xgroup_destroy(keys.stream(known(stream)), group)
        pipe.hdel(keys.counts(stream), group)
        pipe.execute()


def lags(client: Redis, stream: str) -> dict[str, int]:
    """Group to the events that it has not settled, at this moment."""
    counts: Any = client.hgetall(keys.counts(known(stream)))
    added = int(counts.pop(b"#added", b"0"))
    return {group.decode(): added - int(settled) for group, settled in sorted(counts.items())}


def pages(client: Redis, key: str, start: str = "-") -> Iterator[Page]:
    """The entries of a stream in Redis, oldest first.

    Args:
        key: a name of `keys`.
        start: the id of the first, or of one before it.
    """
    while True:
        page: Any = client.xrange(key, min=start, count=_PAGE)
        if not page:
            return
        yield page
        start = f"({page[-1][0].decode()}"


def known(stream: str) -> str:
    """The name of a stream that is there.

    Raises:
        ParameterError: no stream is called so.
    """
    if stream not in STREAMS:
        raise ParameterError(f"stream must be one of {', '.join(sorted(STREAMS))} (got {stream!r})")
    return stream
