"""A consumer of an event stream: reads, lets a handler take effect, then acknowledges.

It may die at any moment: what it had not acknowledged is taken over by another consumer and handled again. So a
handler must be idempotent, and every event's effect is there exactly once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from recs_core.online import keys
from recs_core.online.dead_letters import bury
from recs_core.online.events import Event, InvalidEventError, decode, refuse_future
from recs_core.online.scripts import Script
from recs_core.online.streams import MAX_BATCH, join_group, known

FORGET_MS: Final = 3_600_000
"""A consumer that holds nothing and was silent for so long is no more listed."""

_ACKNOWLEDGE = Script("acknowledge")
_SETTLE = Script("settle")
_FORGET = Script("forget")


class Handler(Protocol):
    """Gives the events of its stream their effect, idempotently."""

    def __call__(self, events: Sequence[Any]) -> Sequence[Exception | None]:
        """Handle events; for each None, or why it cannot be handled.

        Raises:
            RedisError: nothing can be handled now.
        """
        ...


@dataclass(frozen=True)
class ConsumerSettings:
    """How a consumer works.

    Args:
        batch: events that are read at a time, at most `MAX_BATCH`.
        block_ms: how long one read waits for the first event.
        claim_idle_ms: an event that was delivered and not settled for so long is taken over.
        claim_every_s: how often it looks for such events.
        max_deliveries: an event that was tried so often goes to the dead letters.
    """

    batch: int = 256
    block_ms: int = 500
    claim_idle_ms: int = 5_000
    claim_every_s: float = 1.0
    max_deliveries: int = 5


@dataclass
class Tally:
    """What a consumer has done so far."""

    handled: int = 0
    claimed: int = 0
    buried: int = 0


@dataclass(frozen=True)
class _Entry:
    entry_id: str
    payload: bytes
    deliveries: int


class StreamConsumer:
    """One consumer of a group.

    Args:
        stream: a name of `STREAMS`.
        group: shares the events among its consumers.
        name: of this consumer, like no other that lives.
        handler: gives events their effect.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        client: Redis,
        *,
        stream: str,
        group: str,
        name: str,
        handler: Handler,
        settings: ConsumerSettings = ConsumerSettings(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._stream = known(stream)
        self._group = group
        self._name = name
        self._handler = handler
        self._settings = settings
        self._clock = clock
        self._claim_due = clock()
        self._unsettled: list[_Entry] = []
        self.tally = Tally()

    def step(self) -> int:
        """Do one round: what a fault left over, else what others left behind, else new events.

        Returns:
            How many events were settled.

        Raises:
            RedisError: Redis is away or full; the next round goes on where this one stopped.
        """
        try:
            return self._round()
        except ResponseError:
            # a Redis that came back without its data has no group
            if self.join():
                return 0
            raise

    def join(self) -> bool:
        """Make sure that the group is there; whether it was missing."""
        return join_group(self._client, self._stream, self._group)

    def leave(self) -> None:
        """Take this consumer off the group's list, unless it holds events that another must take over."""
        _FORGET.run(self._client, [keys.stream(self._stream)], [self._group, 0, self._name])

    def _round(self) -> int:
        if not self._unsettled and self._clock() >= self._claim_due:
            self._unsettled = self._claim()
            # a full claim says that there may be more
            if not self._unsettled:
                self._claim_due = self._clock() + self._settings.claim_every_s
                _FORGET.run(self._client, [keys.stream(self._stream)], [self._group, FORGET_MS, ""])
        if not self._unsettled:
            self._unsettled = self._read()
        if not self._unsettled:
            _SETTLE.run(self._client, self._counted, [self._group])
            return 0
        settled = len(self._unsettled)
        self._handle(self._unsettled)
        self._unsettled = []
        return settled

    @property
    def _counted(self) -> list[str]:
        return [keys.stream(self._stream), keys.counts(self._stream)]

    def _read(self) -> list[_Entry]:
        reply: Any = self._client.xreadgroup(
            self._group,
            self._name,
            {keys.stream(self._stream): ">"},
            count=min(self._settings.batch, MAX_BATCH),
            block=self._settings.block_ms,
        )
        return [_entry(found, 1) for _, entries in reply for found in entries]

    def _claim(self) -> list[_Entry]:
        """Take over events that are long undone.

        One that was already tried twice comes alone: should it kill its consumer, it must not take others with it.
        """
        stream = keys.stream(self._stream)
        pending: Any = self._client.xpending_range(
            stream, self._group, "-", "+", self._settings.batch, idle=self._settings.claim_idle_ms
        )
        tried: dict[bytes, int] = {entry["message_id"]: entry["times_delivered"] for entry in pending}
        fresh = [entry_id for entry_id, times in tried.items() if times == 1]
        wanted: list[Any] = fresh or list(tried)[:1]
        if not wanted:
            return []
        replies: Any = self._client.xclaim(
            stream, self._group, self._name, self._settings.claim_idle_ms, wanted
        )
        claimed = [_entry(found, tried[found[0]] + 1) for found in replies if found[0] is not None]
        for entry_id in set(wanted) - {entry.entry_id.encode() for entry in claimed}:
            self._bury_if_trimmed(entry_id.decode(), tried[entry_id])
        self.tally.claimed += len(claimed)
        return claimed

    def _bury_if_trimmed(self, entry_id: str, deliveries: int) -> None:
        """Another consumer may have been quicker; but if the stream has lost the event, say so."""
        if not self._client.xrange(keys.stream(self._stream), entry_id, entry_id):
            reason = "the stream was trimmed before the event was handled: raise its length or lower the lag"
            self._bury(_Entry(entry_id, b"", deliveries), reason)

    def _handle(self, entries: Sequence[_Entry]) -> None:
        now = datetime.now(UTC)
        good: list[tuple[_Entry, Event]] = []
        for entry in entries:
            if entry.deliveries > self._settings.max_deliveries:
                self._bury(entry, "every consumer that tried it died or stopped before it was done")
                continue
            try:
                event = decode(self._stream, entry.payload)
                refuse_future(event, now)
            except InvalidEventError as error:
                self._bury(entry, str(error))
            else:
                good.append((entry, event))
        if not good:
            return
        faults = self._apply([event for _, event in good])
        done = [entry.entry_id for (entry, _), fault in zip(good, faults, strict=True) if fault is None]
        if done:
            _ACKNOWLEDGE.run(self._client, self._counted, [self._group, *done])
            self.tally.handled += len(done)
        for (entry, _), fault in zip(good, faults, strict=True):
            # one that may be tried again stays pending, until it is claimed
            if fault is not None and entry.deliveries >= self._settings.max_deliveries:
                self._bury(entry, f"{type(fault).__name__}: {fault}")

    def _apply(self, events: Sequence[Event]) -> Sequence[Exception | None]:
        try:
            return self._handler(events)
        except RedisError:
            raise
        except Exception as error:
            # a handler that fails as a whole is tried on each event: only what is to blame goes without effect
            if len(events) == 1:
                return [error]
            return [fault for event in events for fault in self._apply([event])]

    def _bury(self, entry: _Entry, reason: str) -> None:
        self.tally.buried += bury(
            self._client,
            self._stream,
            self._group,
            entry.entry_id,
            entry.payload,
            reason=reason,
            deliveries=entry.deliveries,
        )


def _entry(found: tuple[bytes, dict[bytes, Any]], deliveries: int) -> _Entry:
    entry_id, fields = found
    # an entry of another make has no such field: its payload is no event either
    return _Entry(entry_id.decode(), fields.get(b"event", b""), deliveries)
