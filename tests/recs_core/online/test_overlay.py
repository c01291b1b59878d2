"""A replica's overlay follows Redis, by message and by poll, and outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from recs_core.online.inventory import BookState, InventoryWriter
from recs_core.online.overlay import Overlay, OverlayFollower, States
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.testing.events import price, stock, withdrawal

NEVER_S = 3_600.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def following(
    url: str,
    test: Callable[[OverlayFollower], Coroutine[Any, Any, None]],
    *,
    poll_s: float,
    told: Callable[[States], None] = lambda _: None,
) -> None:
    async def run() -> None:
        async with (
            AsyncRedis.from_url(url) as connected,
            OverlayFollower(connected, told, poll_s=poll_s) as follower,
        ):
            await test(follower)

    asyncio.run(run())


def known(overlay: Overlay, name: str) -> dict[str, Any]:
    """Of each book that has a field its value."""
    return {book_id: book.fields[name] for book_id, book in overlay.books.items() if name in book.fields}


async def subscribed(client: Redis) -> None:
    await until(lambda: len(client.pubsub_channels()) == 1)


def test_it_starts_with_all_that_has_changed(client: Redis, redis_server: EmbeddedRedis) -> None:
    many = [price(f"p{n}", 1, float(n), book_id=f"b{n}") for n in range(2_500)]
    InventoryWriter(client)([*many, withdrawal("w", 2, book_id="b7"), stock("s", 3, 0, book_id="b8")])

    async def test(follower: OverlayFollower) -> None:
        overlay = follower.current
        assert len(known(overlay, "price")) == 2_500
        assert (known(overlay, "withdrawn"), known(overlay, "stock")) == ({"b7": True}, {"b8": 0})
        assert follower.age_s < 60
        (states,) = told
        assert states == {book_id: book.fields for book_id, book in overlay.books.items()}

    told: list[States] = []
    following(redis_server.url, test, poll_s=NEVER_S, told=told.append)


def test_a_message_brings_a_change_without_any_poll(client: Redis, redis_server: EmbeddedRedis) -> None:
    async def test(follower: OverlayFollower) -> None:
        await subscribed(client)
        before = follower.current
        InventoryWriter(client)([withdrawal("w", 1), stock("s", 2, 0), price("p", 3, 4.5)])
        await until(lambda: known(follower.current, "price") == {"b": 4.5})
        assert told[-1] == {"b": {"withdrawn": True, "stock": 0, "price": 4.5}}
        # what a request in flight holds does not change under it
        assert dict(before.books) == {}
        InventoryWriter(client)([stock("t", 4, 9)])
        await until(lambda: told[-1] == {"b": {"withdrawn": True, "stock": 9, "price": 4.5}})

    told: list[States] = []
    following(redis_server.url, test, poll_s=NEVER_S, told=told.append)


def test_a_poll_brings_what_no_message_told(client: Redis, redis_server: EmbeddedRedis) -> None:
    async def test(follower: OverlayFollower) -> None:
        await subscribed(client)
        # every listener is cut off, then something changes: no message reaches it
        client.client_kill_filter(_type="pubsub")
        InventoryWriter(client)([withdrawal("w", 1)])
        await until(lambda: known(follower.current, "withdrawn") == {"b": True})

    following(redis_server.url, test, poll_s=0.02)


def test_without_redis_the_last_overlay_stays_and_its_age_shows() -> None:
    with EmbeddedRedis(max_memory_bytes=2**24) as server, Redis.from_url(server.url) as client:
        InventoryWriter(client)([withdrawal("w", 1)])

        async def test(follower: OverlayFollower) -> None:
            await until(lambda: known(follower.current, "withdrawn") == {"b": True})
            await asyncio.to_thread(server.close)
            await until(lambda: follower.age_s > 0.2)
            assert known(follower.current, "withdrawn") == {"b": True}

        following(server.url, test, poll_s=0.02)


def test_a_redis_that_hangs_is_not_waited_for_without_an_end(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    async def test(follower: OverlayFollower) -> None:
        os.kill(redis_server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(RedisError, match="no answer"):
                await follower.refresh()
        finally:
            os.kill(redis_server.pid, signal.SIGCONT)
        InventoryWriter(client)([withdrawal("w", 1)])
        assert known(await follower.refresh(), "withdrawn") == {"b": True}

    following(redis_server.url, test, poll_s=NEVER_S)


def test_a_redis_that_lost_its_data_brings_no_withdrawn_book_back(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    async def test(follower: OverlayFollower) -> None:
        InventoryWriter(client)([withdrawal("w", 5), price("p", 6, 1.0)])
        first = await follower.refresh()
        client.flushall()
        kept = await follower.refresh()
        assert (known(kept, "withdrawn"), kept.generation) == ({"b": True}, 0)
        InventoryWriter(client)([price("q", 7, 2.0), price("other", 1, 3.0, book_id="c")])
        again = await follower.refresh()
        assert again.generation > first.generation
        assert (known(again, "withdrawn"), known(again, "price")) == ({"b": True}, {"b": 2.0, "c": 3.0})

    following(redis_server.url, test, poll_s=NEVER_S)


def test_an_overlay_cannot_be_changed_in_place() -> None:
    overlay = Overlay()
    with pytest.raises(TypeError):
        overlay.books["b"] = BookState("b", {}, {})  # type: ignore[index]
