"""The overlay is a function of the set of events, and is read by what is new."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recs_core.online import keys
from recs_core.online.events import MAX_VERSION, InventoryEvent, decode
from recs_core.online.inventory import BookState, InventoryWriter, read_changes
from recs_core.testing.events import START, price, stock, withdrawal


def fields_of(client: Redis) -> dict[str, dict[str, Any]]:
    return {book.book_id: book.fields for book in read_changes(client, 0).books}


def event(kind: str, version: int, **rest: Any) -> InventoryEvent:
    common = {"schema_version": 1, "event_id": f"{kind}{version}", "book_id": "b", "time": START.isoformat()}
    made: Any = decode("inventory", orjson.dumps(common | {"type": kind, "version": version} | rest))
    return made


@st.composite
def deliveries(draw: st.DrawFn) -> list[InventoryEvent]:
    """Events of two books, each version once a book, in any order, some again and again."""
    events: list[InventoryEvent] = []
    for book_id in ("b", "c"):
        for version in range(1, draw(st.integers(1, 6))):
            make = draw(st.sampled_from([price, stock, withdrawal]))
            value = [] if make is withdrawal else [draw(st.integers(0, 3))]
            events.append(make(f"{book_id}{version}", version, *value, book_id=book_id))
    again = draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    return draw(st.permutations(events + again))


def model(events: list[InventoryEvent]) -> dict[str, dict[str, Any]]:
    books: dict[str, dict[str, Any]] = {}
    for one in sorted(events, key=lambda one: one.version):
        books.setdefault(one.book_id, {}).update(one.writes())
    return books


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=deliveries())
def test_duplicates_and_reordering_make_no_difference(client: Redis, events: list[InventoryEvent]) -> None:
    client.flushall()
    assert InventoryWriter(client)(events) == [None] * len(events)
    assert fields_of(client) == model(events)
    generation = read_changes(client, 0).generation
    InventoryWriter(client)(events)
    assert read_changes(client, 0).generation == generation


def test_each_field_keeps_its_latest_version(client: Redis) -> None:
    InventoryWriter(client)([price("p", 5, 9.99), stock("s", 3, 7), price("old", 4, 1.0)])
    assert read_changes(client, 0).books == (
        BookState("b", {"price": 9.99, "stock": 7}, {"price": 5, "stock": 3}),
    )


def test_versions_are_compared_exactly_up_to_the_largest(client: Redis) -> None:
    write = InventoryWriter(client)
    write([price("a", MAX_VERSION - 1, 1.0)])
    write([price("b", MAX_VERSION, 2.0)])
    write([price("c", MAX_VERSION - 2, 3.0)])
    (book,) = read_changes(client, 0).books
    assert (book.fields, book.versions) == ({"price": 2.0}, {"price": MAX_VERSION})


@pytest.mark.parametrize("order", [1, -1])
def test_two_events_of_one_version_end_the_same_in_any_order(client: Redis, order: int) -> None:
    InventoryWriter(client)([price("a", 1, 1.0), price("b", 1, 2.0)][::order])
    assert fields_of(client) == {"b": {"price": 2.0}}


def test_a_book_that_is_added_again_is_sold_again(client: Redis) -> None:
    added = {"title": 'Žluťoučký \u0001 / "kůň"', "authors": [], "price": 0.1 + 0.2}
    InventoryWriter(client)([event("book_added", 3, fields=added), event("book_withdrawn", 2)])
    fields = fields_of(client)["b"]
    assert fields["withdrawn"] is False
    assert (fields["title"], fields["authors"], fields["price"]) == tuple(added.values())
    assert fields["year"] is None


def test_a_change_writes_only_what_it_names(client: Redis) -> None:
    InventoryWriter(client)([event("book_changed", 1, fields={"publisher": None, "genres": ["x"]})])
    assert fields_of(client) == {"b": {"publisher": None, "genres": ["x"]}}


def test_a_reader_gets_only_what_changed_since(client: Redis) -> None:
    write = InventoryWriter(client)
    write([price("a", 1, 1.0, book_id="x"), price("b", 1, 1.0, book_id="y")])
    first = read_changes(client, 0)
    assert [book.book_id for book in first.books] == ["x", "y"]
    assert read_changes(client, first.generation).books == ()
    write([price("c", 2, 2.0, book_id="x"), price("b", 1, 1.0, book_id="y")])
    second = read_changes(client, first.generation)
    assert [book.book_id for book in second.books] == ["x"]
    assert second.generation > first.generation


def test_many_changes_are_read_in_pages(client: Redis) -> None:
    InventoryWriter(client)([price(f"e{n}", 1, 1.0, book_id=f"b{n}") for n in range(25)])
    seen, since, pages = [], 0, 0
    while True:
        changes = read_changes(client, since, page=10)
        seen += [book.book_id for book in changes.books]
        since, pages = changes.generation, pages + 1
        if changes.complete:
            break
    assert (seen, pages) == ([f"b{n}" for n in range(25)], 3)


def test_before_any_change_there_is_nothing(client: Redis) -> None:
    changes = read_changes(client, 0)
    assert (changes.generation, changes.books, changes.complete) == (0, (), True)


def test_generations_grow_past_those_that_a_crash_lost(client: Redis) -> None:
    write = InventoryWriter(client)
    write([price("a", 1, 1.0)])
    lost = read_changes(client, 0).generation
    client.flushall()
    write([price("a", 1, 1.0)])
    assert [book.book_id for book in read_changes(client, lost).books] == ["b"]


def test_a_change_is_announced_and_one_without_effect_is_not(client: Redis) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as messages:
        messages.subscribe(keys.INVENTORY_CHANNEL)
        messages.get_message(timeout=1)
        write = InventoryWriter(client)
        write([price("a", 2, 1.0), price("a", 2, 1.0), price("old", 1, 3.0)])
        told = messages.get_message(timeout=1)
        assert told is not None
        assert int(told["data"]) == read_changes(client, 0).generation
        assert messages.get_message(timeout=0.05) is None
