"""What is removed of a reader, what stays of others, and that the counts of the stream are right afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.online import erasure, keys
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.dead_letters import bury, dead_letters
from recs_core.online.erasure import Removed, entries_of, remove
from recs_core.online.events import decode
from recs_core.online.invalidations import LOG, invalidate, parse
from recs_core.online.profiles import ProfileWriter, read_profile
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer, join_group, lags
from recs_core.testing.events import purchase, view

STREAM = keys.stream("interactions")
T = TypeVar("T")


def run(redis_server: EmbeddedRedis, work: Callable[[AsyncRedis], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with AsyncRedis.from_url(redis_server.url) as client:
            return await work(client)

    return asyncio.run(connected())


def erase(redis_server: EmbeddedRedis, *names: str, kept: tuple[str, ...] = ()) -> Removed:
    return run(redis_server, lambda client: remove(client, names, kept=kept))


def stored(client: Redis) -> list[str]:
    return [decode("interactions", fields[b"event"]).event_id for _, fields in client.xrange(STREAM)]


def test_everything_of_the_reader_goes_and_what_is_of_others_stays(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    events = [view("a", user_id="me"), purchase("b", user_id="me"), view("c", user_id="you")]
    EventProducer(client).send(events)
    ProfileWriter(client)(events)
    client.set("kept:mine", '{"tags":["user:me"]}body "me"')
    client.set("kept:yours", '{"tags":["user:you"]}body "meadow" me')
    removed = erase(redis_server, "me", kept=("kept:*",))
    assert removed == Removed(profiles=3, events=2, dead_letters=0, kept=1, messages=0)
    assert stored(client) == ["c"]
    assert read_profile(client, "me").events == ()
    assert len(read_profile(client, "you").events) == 1
    assert client.exists("kept:yours")
    assert erase(redis_server, "me", kept=("kept:*",)) == Removed(0, 0, 0, 0, 0)


def test_a_reader_goes_under_all_names_and_another_whose_name_holds_them_stays(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    sent = [view("a", user_id="7"), view("b", user_id="p"), view("c", user_id="77"), view("d", book_id="7")]
    EventProducer(client).send(sent)
    assert erase(redis_server, "7", "p").events == 2
    assert stored(client) == ["c", "d"]


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "Ωmega", "{braces}", "%d+"])
def test_a_name_is_found_however_it_is_written(client: Redis, redis_server: EmbeddedRedis, name: str) -> None:
    EventProducer(client).send([view("a", user_id=name), view("b")])
    assert erase(redis_server, name).events == 1
    assert stored(client) == ["b"]


def test_an_end_of_a_page_makes_no_difference(
    client: Redis, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PAGE", 3)
    monkeypatch.setattr(erasure, "REMOVED_AT_ONCE", 2)
    EventProducer(client).send([view(f"e{n}", user_id="me" if n % 4 else "you") for n in range(40)])
    assert erase(redis_server, "me").events == 30
    assert len(stored(client)) == 10


def test_entries_are_read_on_from_a_place(client: Redis, redis_server: EmbeddedRedis) -> None:
    ids = EventProducer(client).send([view(f"e{n}", user_id="me") for n in range(4)])

    async def found(connected: AsyncRedis) -> list[str]:
        pages = entries_of(connected, STREAM, ["me"], after=ids[1])
        return [entry_id async for page in pages for entry_id, _ in page]

    assert run(redis_server, found) == ids[2:]


def test_dead_letters_of_the_reader_go_whatever_they_hold(client: Redis, redis_server: EmbeddedRedis) -> None:
    join_group(client, "interactions", "profiles")
    payloads = [
        b'{"user_id":"me","type":"nonsense"}',
        b'{"user_id":["me"]}',
        b'not JSON "me"',
        b'{"user_id":"you","book_id":"me"}',
    ]
    for payload in payloads:
        client.xadd(STREAM, {"event": payload})
    ((_, entries),) = client.xreadgroup("profiles", "one", {STREAM: ">"})
    for entry_id, fields in entries:
        payload = fields[b"event"]
        bury(client, "interactions", "profiles", entry_id.decode(), payload, reason="no event", deliveries=1)
    assert erase(redis_server, "me").dead_letters == 3
    assert [letter.payload for letter in dead_letters(client, "interactions")] == payloads[3:]


def test_the_log_of_invalidations_keeps_what_is_said_of_others(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    invalidate(client, ["user:me"])
    invalidate(client, ["user:you", "user:me", "book:1"])
    invalidate(client, ["user:meadow"])
    assert erase(redis_server, "me").messages == 2
    assert [tags for _, tags in parse(client.xrange(LOG))] == [("user:meadow",), ("user:you", "book:1")]


def test_an_event_that_a_consumer_holds_is_not_counted_twice(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    def handle(events: list[object]) -> list[None]:
        erase(redis_server, "me")
        return [None for _ in events]

    consumer = StreamConsumer(
        client,
        stream="interactions",
        group="profiles",
        name="one",
        handler=handle,
        settings=ConsumerSettings(block_ms=1),
    )
    consumer.join()
    EventProducer(client).send([view("a", user_id="me"), view("b", user_id="you")])
    consumer.step()
    assert lags(client, "interactions") == {"profiles": 0}


@given(st.lists(st.sampled_from(["send mine", "send yours", "read", "settle", "erase"]), max_size=30))
def test_the_lag_of_a_group_is_always_what_it_has_left_to_do(
    redis_server: EmbeddedRedis, steps: list[str]
) -> None:
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        for group in ("eager", "idle"):
            join_group(client, "interactions", group)
        for n, step in enumerate(steps):
            if step.startswith("send"):
                user = "me" if step == "send mine" else "you"
                EventProducer(client).send([view(f"e{n}", user_id=user), view(f"f{n}", user_id=user)])
            elif step == "read":
                client.xreadgroup("eager", "one", {STREAM: ">"}, count=1)
            elif step == "settle":
                settle(client)
            else:
                erase(redis_server, "me")
            left = {group: to_do(client, group) for group in ("eager", "idle")}
            assert lags(client, "interactions") == left


def settle(client: Redis) -> None:
    """Acknowledge the oldest event that is held, as the consumer does."""
    from recs_core.online.consumer import _ACKNOWLEDGE

    held = client.xpending_range(STREAM, "eager", "-", "+", 1)
    for entry in held:
        _ACKNOWLEDGE.run(client, [STREAM, keys.counts("interactions")], ["eager", entry["message_id"]])


def to_do(client: Redis, group: str) -> int:
    """Events that a group holds or has not got yet."""
    (facts,) = [facts for facts in client.xinfo_groups(STREAM) if facts["name"] == group.encode()]
    new = client.xrange(STREAM, min=f"({facts['last-delivered-id'].decode()}")
    return int(facts["pending"]) + len(new)
