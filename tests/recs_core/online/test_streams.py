"""Events go in, all or none, and not faster than they are handled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.events import InvalidEventError, decode
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import (
    MAX_BATCH,
    AsyncEventProducer,
    BackPressureError,
    EventProducer,
    join_group,
    lags,
    leave_group,
)
from recs_core.testing.events import price, view

STREAM = keys.stream("interactions")


def stored(client: Redis) -> list[str]:
    return [decode("interactions", fields[b"event"]).event_id for _, fields in client.xrange(STREAM)]


def test_events_lie_in_the_stream_in_their_order(client: Redis) -> None:
    ids = EventProducer(client).send([view("a"), view("b")])
    assert stored(client) == ["a", "b"]
    assert ids == [entry_id.decode() for entry_id, _ in client.xrange(STREAM)]


def test_an_event_loop_sends_the_same_bytes(client: Redis, redis_server: EmbeddedRedis) -> None:
    async def send() -> None:
        async with AsyncRedis.from_url(redis_server.url) as connected:
            await AsyncEventProducer(connected).send([view("a")])

    EventProducer(client).send([view("a")])
    asyncio.run(send())
    (_, first), (_, second) = client.xrange(STREAM)
    assert first == second


def test_a_group_too_far_behind_stops_both_producers(client: Redis, redis_server: EmbeddedRedis) -> None:
    async def send() -> None:
        async with AsyncRedis.from_url(redis_server.url) as connected:
            await AsyncEventProducer(connected, max_lag=2).send([view("c")])

    join_group(client, "interactions", "profiles")
    producer = EventProducer(client, max_lag=2)
    producer.send([view("a"), view("b")])
    with pytest.raises(
        BackPressureError, match="group 'profiles' has 2 events to handle, 2 are allowed"
    ) as caught:
        producer.send([view("c")])
    assert (caught.value.group, caught.value.lag, caught.value.bound) == ("profiles", 2, 2)
    with pytest.raises(BackPressureError):
        asyncio.run(send())
    assert stored(client) == ["a", "b"]


def test_without_any_group_the_length_is_the_lag(client: Redis) -> None:
    producer = EventProducer(client, max_lag=2)
    producer.send([view("a"), view("b")])
    with pytest.raises(BackPressureError, match="no consumer has ever run"):
        producer.send([view("c")])


def test_the_slowest_group_counts_until_it_leaves(client: Redis) -> None:
    join_group(client, "interactions", "quick")
    join_group(client, "interactions", "slow")
    producer = EventProducer(client, max_lag=2)
    producer.send([view("a"), view("b")])
    client.hincrby(keys.counts("interactions"), "quick", 2)
    assert lags(client, "interactions") == {"quick": 0, "slow": 2}
    with pytest.raises(BackPressureError, match="'slow'"):
        producer.send([view("c")])
    leave_group(client, "interactions", "slow")
    producer.send([view("c")])
    assert lags(client, "interactions") == {"quick": 1}


def test_a_group_that_joins_late_has_all_events_before_it(client: Redis) -> None:
    EventProducer(client).send([view("a"), view("b")])
    assert join_group(client, "interactions", "profiles")
    assert not join_group(client, "interactions", "profiles")
    assert lags(client, "interactions") == {"profiles": 2}


def test_the_stream_is_bounded(client: Redis) -> None:
    producer = EventProducer(client, max_length=MAX_BATCH + 500, max_lag=500)
    join_group(client, "interactions", "profiles")
    for batch in range(40):
        producer.send([view(f"{batch}-{number}") for number in range(100)])
        client.hincrby(keys.counts("interactions"), "profiles", 100)
    # the bound is approximate: Redis trims whole nodes of 100 entries
    assert MAX_BATCH + 500 <= client.xlen(STREAM) < MAX_BATCH + 700


def test_a_bound_that_would_trim_unhandled_events_is_refused(client: Redis) -> None:
    with pytest.raises(ParameterError, match="max_lag must be above 0 and at most max_length - 1000 = 1000"):
        EventProducer(client, max_length=2_000, max_lag=1_001)


def test_a_batch_is_of_one_stream_of_bounded_size_and_not_of_the_future(client: Redis) -> None:
    producer = EventProducer(client)
    for events in ([], [view("a"), price("b", 1, 1.0)], [view(str(n)) for n in range(MAX_BATCH + 1)]):
        with pytest.raises(ParameterError, match="send 1 to 1000 events of one stream"):
            producer.send(events)
    early = view("a").model_copy(update={"time": datetime.now(UTC) + timedelta(hours=1)})
    with pytest.raises(InvalidEventError, match="ahead"):
        producer.send([view("b"), early])
    assert not client.exists(STREAM)


def test_an_unknown_stream_is_named(client: Redis) -> None:
    with pytest.raises(ParameterError, match=r"one of interactions, inventory \(got 'orders'\)"):
        lags(client, "orders")
