"""Who was erased is known by every server, and by who writes profiles; Redis has no name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.data.erased import DEVELOPMENT_KEY, ErasureDigests
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.errors import ParameterError
from recs_core.online import keys, tombstones
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.tombstones import (
    TAG,
    ErasedReaders,
    all_erased,
    check_key,
    entomb,
    erased_ms,
    is_before,
)

DIGESTS = ErasureDigests(DEVELOPMENT_KEY)


def run(redis_server: EmbeddedRedis, work: Callable[[AsyncRedis], Awaitable[object]]) -> None:
    async def connected() -> None:
        async with AsyncRedis.from_url(redis_server.url) as client:
            await work(client)

    asyncio.run(connected())


def test_a_reader_is_known_again_by_either_name_and_neither_is_there(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    pseudonym = Pseudonyms(DEVELOPMENT_KEY).of("canary")
    run(redis_server, lambda it: entomb(it, DIGESTS, "canary"))
    found = erased_ms(client, DIGESTS, [pseudonym, "another", "canary"])
    assert found.keys() == {pseudonym, "canary"}
    assert all_erased(client) == {DIGESTS.of("canary"): found["canary"]}
    held = b"".join(client.dump(key) or b"" for key in client.keys())  # noqa: SIM118
    assert b"canary" not in held
    assert pseudonym.encode() not in held


def test_another_key_is_refused_before_anything_is_noted(client: Redis, redis_server: EmbeddedRedis) -> None:
    other = ErasureDigests(b"k" * 32)
    check_key(client, other)
    run(redis_server, lambda it: entomb(it, DIGESTS, "canary"))
    with pytest.raises(ParameterError, match="BOOKVERSE_PSEUDONYM_KEY is another"):
        check_key(client, other)
    with pytest.raises(ParameterError, match="BOOKVERSE_PSEUDONYM_KEY is another"):
        run(redis_server, lambda it: entomb(it, other, "second"))
    assert client.zcard(keys.ERASED) == 1


def test_a_second_erasure_counts_from_its_own_moment(client: Redis, redis_server: EmbeddedRedis) -> None:
    times = []

    async def twice(it: AsyncRedis) -> None:
        times.append(await entomb(it, DIGESTS, "canary"))
        await asyncio.sleep(0.01)
        times.append(await entomb(it, DIGESTS, "canary"))

    run(redis_server, twice)
    assert times[0] < times[1]
    assert erased_ms(client, DIGESTS, ["canary"]) == {"canary": times[1]}


def test_an_event_of_a_clock_that_is_ahead_may_be_of_before() -> None:
    assert is_before(1_000, 1_000)
    assert is_before(301_000, 1_000)
    assert not is_before(301_001, 1_000)


def test_a_server_reads_all_pages_and_then_what_is_new(
    client: Redis, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tombstones, "PAGE", 3)
    readers = ErasedReaders(DIGESTS)

    async def look(it: AsyncRedis) -> None:
        for n in range(8):
            await entomb(it, DIGESTS, f"u{n}")
        await readers.look(it)
        assert all(readers.covers(f"u{n}") for n in range(8))
        assert not readers.covers("u8")
        await entomb(it, DIGESTS, "u8")
        await readers.look(it)
        assert readers.covers("u8")
        # a Redis that has lost its data brings nobody back
        await it.flushall()
        await readers.look(it)
        assert readers.covers("u1")

    run(redis_server, look)


def test_a_message_that_was_lost_is_made_up_for(client: Redis, redis_server: EmbeddedRedis) -> None:
    readers = ErasedReaders(DIGESTS)

    async def follow(it: AsyncRedis) -> None:
        await entomb(it, DIGESTS, "before")
        async with readers.followed(it):
            assert readers.covers("before")
            await entomb(it, DIGESTS, "after")
            while not readers.covers("after"):
                await asyncio.sleep(0.01)

    run(redis_server, follow)


def test_a_tag_masks_its_reader_and_no_other(client: Redis) -> None:
    readers = ErasedReaders(DIGESTS)
    (tag,) = readers.tags(["user:canary", "book:1"])
    assert tag == TAG + DIGESTS.of("canary")
    readers.hear("user:another")
    assert not readers.covers("another")
    readers.hear(tag)
    assert readers.covers("canary")
