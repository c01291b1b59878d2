"""Messages reach who listens, and a slow listener keeps nobody waiting."""

from __future__ import annotations

import asyncio

import pytest

from graphql_api.broadcast import WAITING, Broadcast

TOPIC = "swap"


async def _heard(channel: Broadcast[int], n: int) -> list[int]:
    heard = []
    async for message in channel.listen(TOPIC):
        heard.append(message)
        if len(heard) == n:
            break
    return heard


async def _until(channel: Broadcast[int], listeners: int) -> None:
    async with asyncio.timeout(5):
        while channel.listeners(TOPIC) != listeners:
            await asyncio.sleep(0)


@pytest.mark.anyio
async def test_every_listener_hears_every_message() -> None:
    channel: Broadcast[int] = Broadcast()
    first, second = (asyncio.create_task(_heard(channel, 3)) for _ in range(2))
    await _until(channel, 2)
    for message in range(3):
        channel.send(TOPIC, message)
    assert await first == await second == [0, 1, 2]


@pytest.mark.anyio
async def test_a_slow_listener_loses_the_oldest() -> None:
    channel: Broadcast[int] = Broadcast()
    listening = asyncio.create_task(_heard(channel, WAITING))
    await _until(channel, 1)
    for message in range(WAITING + 5):
        channel.send(TOPIC, message)
    assert await listening == list(range(5, WAITING + 5))


@pytest.mark.anyio
async def test_who_hangs_up_is_forgotten() -> None:
    channel: Broadcast[int] = Broadcast()
    listening = asyncio.create_task(_heard(channel, 1))
    await _until(channel, 1)
    listening.cancel()
    await _until(channel, 0)


@pytest.mark.anyio
async def test_a_listener_of_several_topics_hears_those_and_no_others() -> None:
    channel: Broadcast[int] = Broadcast()
    heard = []

    async def listen() -> None:
        async for message in channel.listen(TOPIC, "user:1"):
            heard.append(message)
            if message == 4:
                return

    listening = asyncio.create_task(listen())
    await _until(channel, 1)
    for topic, message in ((TOPIC, 1), ("user:2", 2), ("user:1", 3), (TOPIC, 4)):
        channel.send(topic, message)
    await listening
    assert heard == [1, 3, 4]


@pytest.mark.anyio
async def test_a_listener_hears_the_topics_that_it_follows_now_and_leaves_none_behind() -> None:
    channel: Broadcast[int] = Broadcast()
    with channel.listening(TOPIC, "book:1") as listener:
        listener.follow([TOPIC, "book:2"])
        for topic, message in (("book:1", 1), ("book:2", 2), (TOPIC, 3)):
            channel.send(topic, message)
        assert [await listener.get(), await listener.get()] == [2, 3]
        assert [channel.listeners(topic) for topic in (TOPIC, "book:1", "book:2")] == [1, 0, 1]
    assert [channel.listeners(topic) for topic in (TOPIC, "book:1", "book:2")] == [0, 0, 0]
