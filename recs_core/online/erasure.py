"""Removing a reader from everything that API and worker share in Redis, beside the tombstone that stays.

Each step does nothing where there is nothing left to do: an erasure that was interrupted is finished by another.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.online import invalidations, keys
from recs_core.online.profiles import PARTS
from recs_core.online.scripts import Script

STREAM: Final = "interactions"

PAGE: Final = 1_000
"""Entries that Redis looks through at a time, about a millisecond."""

REMOVED_AT_ONCE: Final = 500

Found: TypeAlias = tuple[str, bytes]
"""An entry of a stream, and the event in it."""

_FIND: Final = Script("find")
_STRIKE: Final = Script("strike")
_DROP: Final = Script("drop")


@dataclass(frozen=True)
class Removed:
    """What was there of a reader and is there no more.

    Args:
        profiles: keys of the profile.
        events: in the stream.
        dead_letters: events that could not be handled.
        kept: kept answers and documents.
        messages: of the log of invalidations that named the reader.
    """

    profiles: int
    events: int
    dead_letters: int
    kept: int
    messages: int


async def remove(
    client: AsyncRedis, names: Sequence[str], *, kept: Sequence[str], other_names: Sequence[str] = ()
) -> Removed:
    """Remove a reader.

    Args:
        names: the names that the reader has as a user: the store's id and its pseudonym.
        kept: patterns of the keys of texts about anybody, which go where they name the reader.
        other_names: what else names the reader in such texts.

    Raises:
        RedisError: Redis does not answer; call it again.
    """
    return Removed(
        profiles=await _remove_profiles(client, names),
        events=await _remove_events(client, names),
        dead_letters=await _remove_dead_letters(client, names),
        kept=await _remove_kept(client, kept, [*quoted(names), *other_names]),
        messages=await _remove_messages(client, {f"user:{name}" for name in names}),
    )


def remove_profile(client: Redis, name: str) -> None:
    """Remove a reader's profile."""
    client.delete(*_profile_keys(name))


async def entries_of(
    client: AsyncRedis, key: str, names: Sequence[str], *, after: str = ""
) -> AsyncIterator[list[Found]]:
    """A reader's entries in a stream or among its dead letters, oldest first, a page at a time.

    Args:
        key: a name of `keys`.
        names: of the reader.
        after: the id of the entry after which to begin; the first where empty.
    """
    wanted, start = quoted(names), f"({after}" if after else "-"
    while True:
        last, *found = await _FIND.run_async(client, [key], [start, PAGE, *wanted])
        if not last:
            return
        pairs = zip(found[::2], found[1::2], strict=True)
        page = [(entry_id.decode(), event) for entry_id, event in pairs if _is_of(event, names)]
        if page:
            yield page
        start = f"({last.decode()}"


def quoted(names: Sequence[str]) -> list[str]:
    """Names as they stand in JSON, whichever way it is written."""
    return list(
        dict.fromkeys(json.dumps(name, ensure_ascii=plain) for name in names for plain in (False, True))
    )


def _is_of(event: bytes, names: Sequence[str]) -> bool:
    """Whether an event, or what came in place of one, is of a reader who is named somewhere in its entry."""
    try:
        content = orjson.loads(event)
    except orjson.JSONDecodeError:
        return True
    user = content.get("user_id") if isinstance(content, dict) else content
    if isinstance(user, str):
        return user in names
    return any(text in json.dumps(user, ensure_ascii=False) for text in quoted(names))


def _profile_keys(name: str) -> list[str]:
    return [keys.profile(name), *(keys.profile_order(name, part) for part in PARTS)]


async def _remove_profiles(client: AsyncRedis, names: Sequence[str]) -> int:
    removed = 0
    for name in names:
        removed += await client.delete(*_profile_keys(name))
    return removed


async def _remove_events(client: AsyncRedis, names: Sequence[str]) -> int:
    stream = keys.stream(STREAM)
    removed = 0
    async for page in entries_of(client, stream, names):
        for begin in range(0, len(page), REMOVED_AT_ONCE):
            ids = [entry_id for entry_id, _ in page[begin : begin + REMOVED_AT_ONCE]]
            removed += await _STRIKE.run_async(client, [stream, keys.counts(STREAM)], ids)
    return removed


async def _remove_dead_letters(client: AsyncRedis, names: Sequence[str]) -> int:
    letters = keys.dead_letters(STREAM)
    removed = 0
    async for page in entries_of(client, letters, names):
        removed += await client.xdel(letters, *(entry_id for entry_id, _ in page))
    return removed


async def _remove_kept(client: AsyncRedis, patterns: Sequence[str], texts: Sequence[str]) -> int:
    removed = 0
    for pattern in patterns:
        cursor = 0
        while True:
            cursor, found = await client.scan(cursor, match=pattern, count=PAGE)
            replies = await _DROP.run_many_async(client, [([key], texts) for key in map(_text, found)])
            removed += sum(replies)
            if not cursor:
                break
    return removed


def _text(key: bytes | str) -> str:
    return key.decode() if isinstance(key, bytes) else key


async def _remove_messages(client: AsyncRedis, tags: set[str]) -> int:
    """Take tags out of the log of invalidations; a server that has not read a message yet reads the rest of it later.

    It need not read of these tags: the tag of the erasure stands for all that was kept.
    """
    removed, start = 0, "-"
    while True:
        found: Any = await client.xrange(invalidations.LOG, min=start, count=PAGE)
        if not found:
            return removed
        for place, named in invalidations.parse(found):
            others = [tag for tag in named if tag not in tags]
            if len(others) == len(named):
                continue
            async with client.pipeline(transaction=True) as both:
                if others:
                    both.xadd(invalidations.LOG, invalidations.message(others))
                both.xdel(invalidations.LOG, invalidations.message_id(place))
                await both.execute()
            removed += 1
        start = f"({found[-1][0].decode()}"
