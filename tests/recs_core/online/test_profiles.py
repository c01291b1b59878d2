"""A profile is what its readers' events make of it, whatever their order and however often they come."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from scipy.sparse import csr_array

from recs_core.data.idmap import IdMap
from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.events import EVENT_TYPES, Interaction
from recs_core.online.profiles import (
    ACTS,
    SIGNALS,
    Profile,
    ProfileEvent,
    ProfileWriter,
    TasteWeights,
    read_profile,
    read_profile_async,
)
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.replay import replay
from recs_core.online.streams import EventProducer
from recs_core.serving.taste import fold_in
from recs_core.testing.events import after, purchase, rating, view

LIMIT = 3

TTL_S = 100
MOMENTS = [0, 1, 2, 3, 50_000, 100_000, 100_001, 100_002, 250_000]
"""Milliseconds; some are further apart than a profile lives."""


def interaction(number: int, kind: str, book: int, ms: int) -> Interaction:
    fields = {"schema_version": 1, "event_id": f"e{number}", "user_id": "u", "book_id": f"b{book}"}
    value = {"value": 5.0} if kind == "rating" else {}
    made: Interaction = EVENT_TYPES[kind].model_validate({**fields, **value, "type": kind, "time": after(ms)})
    return made


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Interaction]]:
    """Batches in which up to a dozen events come in any order, some of them again and again."""
    facts = draw(
        st.lists(
            st.tuples(st.sampled_from(ACTS + SIGNALS), st.integers(0, 2), st.sampled_from(MOMENTS)),
            min_size=1,
            max_size=12,
        )
    )
    events = [interaction(number, *fact) for number, fact in enumerate(facts)]
    again = draw(st.lists(st.sampled_from(events), max_size=12))
    order = draw(st.permutations(events + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=4)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def model(events: list[Interaction]) -> list[ProfileEvent]:
    once = {event.event_id: event for event in events}.values()
    kept = [
        ProfileEvent(event.time_ms, event.event_id, event.type, event.book_id, getattr(event, "value", None))
        for event in once
    ]
    newest = max(event.time_ms for event in kept)
    young = [event for event in kept if event.time_ms >= newest - TTL_S * 1_000]
    parts = [sorted(event for event in young if event.type in part)[-LIMIT:] for part in (ACTS, SIGNALS)]
    return sorted(parts[0] + parts[1])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=deliveries())
def test_duplicates_and_reordering_make_no_difference(
    client: Redis, batches: list[list[Interaction]]
) -> None:
    client.flushall()
    write = ProfileWriter(client, part_limit=LIMIT, ttl_s=TTL_S)
    for batch in batches:
        assert write(batch) == [None] * len(batch)
    profile = read_profile(client, "u")
    events = [event for batch in batches for event in batch]
    assert list(profile.events) == model(events)
    # and everything again, as after a crash: nothing changes, the version neither
    write(events)
    assert read_profile(client, "u") == profile


def test_the_version_counts_each_event_once(client: Redis) -> None:
    write = ProfileWriter(client)
    write([view("a"), view("b"), view("a")])
    assert read_profile(client, "u").version == 2
    write([view("b"), view("c")])
    assert read_profile(client, "u").version == 3


def test_events_of_many_readers_go_to_their_own_profiles(client: Redis) -> None:
    ProfileWriter(client)([view("a", user_id="u{1}"), view("b", user_id="u}2"), view("c", user_id="u{1}")])
    assert [event.event_id for event in read_profile(client, "u{1}").events] == ["a", "c"]
    assert [event.event_id for event in read_profile(client, "u}2").events] == ["b"]


def test_looking_around_never_pushes_out_what_was_bought(client: Redis) -> None:
    write = ProfileWriter(client, part_limit=LIMIT)
    write([purchase("p", book_id="bought"), *(view(f"v{n}", ms=n + 1) for n in range(50))])
    profile = read_profile(client, "u")
    assert profile.bought == {"bought"}
    assert [event.event_id for event in profile.events] == ["p", "v47", "v48", "v49"]


def test_a_reader_without_events_has_an_empty_profile(client: Redis) -> None:
    assert read_profile(client, "nobody") == Profile()


def test_an_event_loop_reads_the_same(client: Redis, redis_server: EmbeddedRedis) -> None:
    async def read() -> Profile:
        async with AsyncRedis.from_url(redis_server.url) as connected:
            return await read_profile_async(connected, "u")

    ProfileWriter(client)([rating("a", 4.0), view("b")])
    assert asyncio.run(read()) == read_profile(client, "u") != Profile()


def test_a_profile_is_read_in_one_command(client: Redis) -> None:
    ProfileWriter(client)([purchase("a"), view("b")])
    before = client.info("stats")["total_commands_processed"]
    read_profile(client, "u")
    # the first INFO counts after it was answered
    assert client.info("stats")["total_commands_processed"] - before == 2


def test_all_keys_of_a_profile_expire_together(client: Redis) -> None:
    write = ProfileWriter(client, ttl_s=100)
    write([purchase("a"), view("b")])
    names = [keys.profile("u"), keys.profile_order("u", "acts"), keys.profile_order("u", "signals")]
    for name in names:
        client.expire(name, 5)
    write([view("c")])
    assert all(90 < client.ttl(name) <= 100 for name in names)


@pytest.mark.parametrize("lost", ["profile", "acts", "signals"])
def test_a_profile_that_lost_a_key_stays_bounded_and_comes_back(client: Redis, lost: str) -> None:
    write = ProfileWriter(client, part_limit=LIMIT)
    events = [purchase("p"), *(view(f"v{n}", ms=n) for n in range(5))]
    EventProducer(client).send(events)
    write(events)
    client.delete(keys.profile("u") if lost == "profile" else keys.profile_order("u", lost))
    write([view("late", ms=9)])
    assert len(read_profile(client, "u").events) <= LIMIT + 1
    assert replay(client, "interactions", write) == 6
    assert [event.event_id for event in read_profile(client, "u").events] == ["p", "v3", "v4", "late"]


def test_all_profiles_are_rebuilt_from_the_stream(client: Redis) -> None:
    events = [purchase(f"e{n}", user_id=f"u{n % 7}", book_id=f"b{n}", ms=n) for n in range(600)]
    EventProducer(client).send(events)
    write = ProfileWriter(client)
    write(events)
    profiles = [read_profile(client, f"u{n}") for n in range(7)]
    for n in range(7):
        client.delete(keys.profile(f"u{n}"), keys.profile_order(f"u{n}", "acts"))
    replay(client, "interactions", write)
    assert [read_profile(client, f"u{n}") for n in range(7)] == profiles


def test_one_reader_whose_profile_cannot_be_written_costs_no_other(client: Redis) -> None:
    client.set(keys.profile("broken"), "no hash")
    faults = ProfileWriter(client)([view("a"), view("b", user_id="broken"), view("c")])
    assert [fault is None for fault in faults] == [True, False, True]
    assert read_profile(client, "u").version == 2


def profile_of(*facts: tuple[str, str] | tuple[str, str, float]) -> Profile:
    return Profile(tuple(ProfileEvent(n, f"e{n}", *fact) for n, fact in enumerate(facts)))


@pytest.mark.parametrize(
    ("profile", "taste"),
    [
        (profile_of(("view", "a"), ("purchase", "b")), [("a", 0.1), ("b", 1.0)]),
        # the last decisive event of a book counts
        (profile_of(("purchase", "a"), ("dislike", "a")), [("a", -1.0)]),
        (profile_of(("dislike", "a"), ("purchase", "a")), [("a", 1.0)]),
        (profile_of(("rating", "a", 2.0), ("rating", "a", 5.0)), [("a", 1.0)]),
        (profile_of(("rating", "a", 2.0)), [("a", -1.0)]),
        # a look back takes back neither a purchase nor a cart
        (profile_of(("purchase", "a"), ("view", "a")), [("a", 1.0)]),
        (profile_of(("add_to_cart", "a"), ("view", "a")), [("a", 0.5)]),
        (profile_of(("view", "a"), ("click", "a")), [("a", 0.2)]),
        # books are in the order of the events that count
        (profile_of(("view", "a"), ("view", "b"), ("view", "a")), [("b", 0.1), ("a", 0.1)]),
    ],
)
def test_taste_has_one_event_a_book(profile: Profile, taste: list[tuple[str, float]]) -> None:
    assert profile.taste(TasteWeights(like_from=4.0)) == taste


def test_taste_goes_into_a_history(client: Redis) -> None:
    ProfileWriter(client)([purchase("a", book_id="x"), view("b", book_id="y", ms=1)])
    nothing = csr_array((1, 2), dtype=np.float32)
    taste = fold_in(nothing, read_profile(client, "u").taste(), IdMap(np.array(["x", "y"]), space="book"))
    np.testing.assert_allclose(taste.history.toarray(), [[1.0, 0.1]])


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_a_weight_that_says_nothing_is_refused(weight: float) -> None:
    with pytest.raises(ParameterError, match=r"TasteWeights\.click must be above 0"):
        TasteWeights(click=weight)
