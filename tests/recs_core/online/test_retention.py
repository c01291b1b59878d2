"""What is old enough is forgotten, and nothing that somebody has yet to handle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.events import encode
from recs_core.online.retention import forget_dead_letters, forget_events
from recs_core.testing.events import view

STREAM, KEY = "interactions", keys.stream("interactions")
OLD = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return OLD + timedelta(seconds=second)


def place(second: int) -> str:
    return f"{round(at(second).timestamp() * 1_000)}-0"


def fill(client: Redis, n: int, key: str = KEY) -> None:
    """An event a second, from `OLD` on."""
    for second in range(n):
        client.xadd(key, {"event": encode(view(f"e{second}"))}, id=place(second))


def left(client: Redis, key: str = KEY) -> list[str]:
    return [entry_id.decode() for entry_id, _ in client.xrange(key)]


def test_events_before_a_time_go_and_those_from_it_on_stay(client: Redis) -> None:
    fill(client, 5)
    client.xgroup_create(KEY, "g", id="$")
    assert forget_events(client, STREAM, at(3)) == 3
    assert left(client) == [place(3), place(4)]
    assert forget_events(client, STREAM, at(3)) == 0


def test_the_last_event_goes_too(client: Redis) -> None:
    fill(client, 2)
    client.xgroup_create(KEY, "g", id="$")
    assert forget_events(client, STREAM, at(100)) == 2
    client.xadd(KEY, {"event": encode(view("new"))})
    assert len(client.xreadgroup("g", "c", {KEY: ">"})[0][1]) == 1


def test_what_stays_by_name_stays(client: Redis) -> None:
    fill(client, 5)
    client.xgroup_create(KEY, "g", id="$")
    assert forget_events(client, STREAM, at(100), but=place(3)) == 3
    assert left(client) == [place(3), place(4)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(st.tuples(st.integers(0, 6), st.sets(st.integers(0, 5))), min_size=1, max_size=3),
    before=st.integers(0, 8),
)
def test_nothing_that_a_group_has_not_settled_goes(
    client: Redis, groups: list[tuple[int, set[int]]], before: int
) -> None:
    """Each group has read so many, and settled some of them."""
    client.flushall()
    fill(client, 6)
    unhandled: set[int] = set()
    for number, (read, settled) in enumerate(groups):
        name = f"g{number}"
        client.xgroup_create(KEY, name, id="0")
        if read:
            client.xreadgroup(name, "c", {KEY: ">"}, count=read)
        acknowledged = {second for second in settled if second < read}
        if acknowledged:
            client.xack(KEY, name, *map(place, acknowledged))
        unhandled |= set(range(6)) - acknowledged
    forget_events(client, STREAM, at(before))
    first = min([before, *unhandled])
    assert left(client) == [place(second) for second in range(6) if second >= first]


def test_where_nobody_has_handled_anything_all_stays(client: Redis) -> None:
    fill(client, 3)
    assert forget_events(client, STREAM, at(100)) == 0
    assert len(left(client)) == 3


def test_a_stream_that_is_not_there_has_nothing_to_forget(client: Redis) -> None:
    assert forget_events(client, STREAM, at(100)) == 0
    assert forget_dead_letters(client, STREAM, at(100)) == 0
    assert client.keys() == []
    with pytest.raises(ParameterError, match="stream must be one of"):
        forget_events(client, "orders", at(0))


def test_dead_letters_before_a_time_go(client: Redis) -> None:
    fill(client, 4, keys.dead_letters(STREAM))
    assert forget_dead_letters(client, STREAM, at(2)) == 2
    assert left(client, keys.dead_letters(STREAM)) == [place(2), place(3)]
