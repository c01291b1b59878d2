"""Events that could not be handled, with the reason: to list, to send again, to drop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.scripts import Script
from recs_core.online.streams import MAX_LENGTH, known, pages

MAX_DEAD: Final = 100_000
MAX_REASON: Final = 2_000
"""Characters of a reason; it may quote a payload of any length."""

_LETTER_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
"""Redis would take a part of one for all that begin with it."""

_BURY = Script("bury")
_REQUEUE = Script("requeue")


@dataclass(frozen=True)
class DeadLetter:
    """An event that could not be handled.

    Args:
        letter_id: its place among the dead letters.
        payload: as it was sent; empty where the stream had trimmed it.
        group: who could not handle it.
        entry_id: its place in the stream.
        reason: what was wrong.
        deliveries: how often it was tried.
        buried: when it was given up.
    """

    letter_id: str
    payload: bytes
    group: str
    entry_id: str
    reason: str
    deliveries: int
    buried: datetime


def bury(
    client: Redis, stream: str, group: str, entry_id: str, payload: bytes, *, reason: str, deliveries: int
) -> bool:
    """Acknowledge an event and put it among the dead letters, in one; False if it was acknowledged already."""
    reply = _BURY.run(
        client,
        [keys.stream(stream), keys.counts(stream), keys.dead_letters(stream)],
        [
            group,
            entry_id,
            payload,
            reason[:MAX_REASON],
            deliveries,
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            MAX_DEAD,
        ],
    )
    return bool(reply)


def dead_letters(client: Redis, stream: str) -> Iterator[DeadLetter]:
    """The dead letters of a stream, oldest first."""
    for page in pages(client, keys.dead_letters(known(stream))):
        for letter_id, fields in page:
            yield _letter(letter_id.decode(), fields)


def requeue(client: Redis, stream: str, letter_id: str) -> str:
    """Send a dead letter again, to all groups, and drop it from the dead letters, in one.

    Returns:
        Its new place in the stream.

    Raises:
        ParameterError: there is no such dead letter.
    """
    where = [keys.stream(known(stream)), keys.counts(stream), keys.dead_letters(stream)]
    is_id = _LETTER_ID.fullmatch(letter_id) is not None
    reply = _REQUEUE.run(client, where, [letter_id, MAX_LENGTH]) if is_id else None
    if reply is None:
        raise ParameterError(f"stream {stream!r} has no dead letter {letter_id!r}; list them")
    return str(reply.decode())


def drop(client: Redis, stream: str, letter_ids: Sequence[str]) -> int:
    """Forget dead letters; how many there were."""
    return int(client.xdel(keys.dead_letters(known(stream)), *letter_ids))


def _letter(letter_id: str, fields: dict[bytes, bytes]) -> DeadLetter:
    return DeadLetter(
        letter_id=letter_id,
        payload=fields[b"event"],
        group=fields[b"group"].decode(),
        entry_id=fields[b"id"].decode(),
        reason=fields[b"reason"].decode(),
        deliveries=int(fields[b"deliveries"]),
        buried=datetime.fromisoformat(fields[b"time"].decode()),
    )
