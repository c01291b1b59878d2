"""The log of what has changed, by which servers know which of their kept answers are of yesterday.

It is one Redis stream, so whoever was away reads what it missed. A message is a list of tags: `user:42`, `book:7`,
`bundle:2f0c...`. The log holds its last `MAX_MESSAGES` messages and begins with one without tags; what was made
before the first message of the log is of unknown age.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from redis import Redis

from recs_core.errors import ParameterError

LOG: Final = "bookverse:{invalidations}:log"

MAX_MESSAGES: Final = 10_000
"""At 500 tags of 20 characters each, 100 MB; at the usual one or two, 1 MB."""

MAX_TAGS: Final = 500
"""Tags of one message."""

FIELD: Final = b"tags"

_TAG = re.compile(r"(user|book|bundle):\S(.{0,62}\S)?")

Position: TypeAlias = tuple[int, int]
"""A place in the log: milliseconds by the clock of Redis, and the number of the message within them."""

Message: TypeAlias = tuple[Position, tuple[str, ...]]


def is_tag(text: str) -> bool:
    """Whether a text is of the form `user:ID`, `book:ID` or `bundle:VERSION`."""
    return _TAG.fullmatch(text) is not None


def checked(tags: Iterable[str]) -> list[str]:
    """Tags without those that occur twice, in their order.

    Raises:
        ParameterError: there are none, or one is not of the form `user:ID`, `book:ID` or `bundle:VERSION`.
    """
    unique = list(dict.fromkeys(tags))
    wrong = [tag for tag in unique if not is_tag(tag)]
    if wrong:
        raise ParameterError(f"a tag must be user:ID, book:ID or bundle:VERSION (got {wrong[0]!r})")
    if not unique:
        raise ParameterError("there must be at least one tag, such as user:42")
    return unique


def invalidate(redis: Redis, tags: Iterable[str]) -> None:
    """Have every server make anew what it keeps of some readers, books or bundles.

    Args:
        redis: that the servers share.
        tags: of what has changed; the change itself comes first.

    Raises:
        ParameterError: a tag is none.
        RedisError: Redis does not answer; nothing, or the first of many tags alone, was invalidated.
    """
    all_tags = checked(tags)
    for start in range(0, len(all_tags), MAX_TAGS):
        redis.xadd(LOG, message(all_tags[start : start + MAX_TAGS]), maxlen=MAX_MESSAGES)


def message(tags: Sequence[str]) -> dict[Any, Any]:
    """The fields of a message; one without tags begins a log."""
    return {FIELD: json.dumps(list(tags))}


def parse(messages: Any) -> list[Message]:
    """The messages of what Redis answered to XRANGE."""
    return [(position(message_id), _tags(fields)) for message_id, fields in messages]


def position(message_id: bytes) -> Position:
    """The place of a message's id."""
    time_ms, _, number = message_id.partition(b"-")
    return int(time_ms), int(number)


def message_id(place: Position) -> str:
    """The id of the message at a place."""
    return f"{place[0]}-{place[1]}"


def _tags(fields: dict[bytes, bytes]) -> tuple[str, ...]:
    tags: list[Any] = json.loads(fields[FIELD])
    return tuple(tags)
