"""Accounts that the users service says are closed: their readers are erased, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from redis import Redis
from store_services import BOUNDS, StoreServices, account

from pipelines.worker.consumers import GROUPS
from pipelines.worker.upstream.state import begin_at, read_state, rows_set_aside
from pipelines.worker.upstream.sync import Outcome
from recs_core.data.erased import ErasureDigests
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.events import Event, decode
from recs_core.online.invalidations import LOG, parse
from recs_core.online.profiles import read_profile
from recs_core.online.streams import EventProducer, lags
from recs_core.online.tombstones import TAG, all_erased, erased_ms
from recs_core.testing.events import purchase, view

Sync = Callable[..., Outcome]


def consume(client: Redis) -> None:
    group, handler = GROUPS["interactions"]
    consumer = StreamConsumer(
        client,
        stream="interactions",
        group=group,
        name="test",
        handler=handler(client),
        settings=ConsumerSettings(block_ms=1),
    )
    consumer.join()
    while consumer.step():
        pass


def events(client: Redis) -> list[Event]:
    return [
        decode("interactions", fields[b"event"]) for _, fields in client.xrange(keys.stream("interactions"))
    ]


def test_the_reader_of_a_closed_account_is_erased_and_nobody_else(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    sent = [purchase("a", user_id="gone"), view("b", user_id="stays"), view("c", user_id="gone", ms=5)]
    EventProducer(client).send(sent)
    consume(client)
    store.users.put("gone", account("gone", name="Jo Reader", email="jo@example.org"))
    store.users.put("stays", account("stays", closed=False))
    assert sync("users").text == "users: 2 rows"
    assert [event.event_id for event in events(client)] == ["b"]
    assert read_profile(client, "gone").events == ()
    assert len(read_profile(client, "stays").events) == 1
    assert lags(client, "interactions") == {"profiles": 0}
    digests = ErasureDigests.from_environment()
    assert erased_ms(client, digests, ["gone", "stays"]).keys() == {"gone"}
    # servers are told in a way that names nobody
    tags = {tag for _, tags in parse(client.xrange(LOG)) for tag in tags}
    assert TAG + digests.of("gone") in tags
    assert "user:gone" not in tags
    held = repr([(key, client.dump(key)) for key in client.scan_iter()])
    assert "jo@example.org" not in held


def test_reading_it_again_erases_nobody_who_came_back(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.users.put("gone", account("gone"))
    sync("users")
    before = all_erased(client)
    later = datetime.now(UTC) + timedelta(minutes=4)
    EventProducer(client).send([view("new", user_id="gone").model_copy(update={"time": later})])
    begin_at(client, "users", None)
    assert sync("users").text == "users: 1 row"
    assert all_erased(client) == before
    assert [event.event_id for event in events(client)] == ["new"]


def test_who_closed_another_account_later_is_erased_again(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.users.put("gone", account("gone"))
    sync("users")
    (before,) = set(all_erased(client).values())
    store.users.put("gone", account("gone", at=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()))
    sync("users")
    assert min(all_erased(client).values()) > before


def test_more_than_are_erased_at_once(store: StoreServices, client: Redis, sync: Sync) -> None:
    for number in range(230):
        store.users.put(f"u{number}", account(f"u{number}"))
    assert sync("users", bounds=replace(BOUNDS, page_rows=300)).text == "users: 230 rows"
    digests, names = ErasureDigests.from_environment(), [f"u{number}" for number in range(230)]
    assert len(erased_ms(client, digests, names)) == 230
    # who reads on by time misses nobody: of one moment there are the names of one reader alone
    times = client.zrange(keys.ERASED, 0, -1, withscores=True)
    assert len({time for _, time in times}) == 230


def test_a_row_that_is_not_as_agreed_is_named_and_none_of_its_values_kept(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.users.put("a", {"id": "a", "closed": "yes", "updated_at": "2026-03-01T12:00:00Z"})
    store.users.put("b", account("b", at="2999-01-01T00:00:00Z"))
    store.users.put("c", account("c"))
    assert "2 set aside" in sync("users").text
    aside = {row.row_id: row for row in rows_set_aside(client, "users")}
    assert aside["a"].reason.startswith("closed: ")
    assert "ahead" in aside["b"].reason
    assert [row.row for row in aside.values()] == ["", ""]
    assert erased_ms(client, ErasureDigests.from_environment(), ["a", "b", "c"]).keys() == {"c"}
    assert read_state(client, "users").position is not None
