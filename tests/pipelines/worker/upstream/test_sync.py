"""What the services tell becomes events, once; what goes wrong there costs nothing of what came before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from store_services import StoreServices, after, book, bought, status

from pipelines.worker.upstream import state as kept
from pipelines.worker.upstream import sync as module
from pipelines.worker.upstream.errors import ContractError, RefusedError, UnavailableError
from pipelines.worker.upstream.state import begin_at, read_state, rows_set_aside
from pipelines.worker.upstream.sync import Outcome
from recs_core.data.erased import ErasureDigests
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.events import Event, decode
from recs_core.online.inventory import InventoryWriter, read_changes
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import BackPressureError
from recs_core.online.tombstones import entomb

Sync = Callable[..., Outcome]


def sent(client: Redis, stream: str = "inventory") -> list[Event]:
    return [decode(stream, fields[b"event"]) for _, fields in client.xrange(keys.stream(stream))]


def consume(client: Redis) -> None:
    consumer = StreamConsumer(
        client,
        stream="inventory",
        group="overlay",
        name="test",
        handler=InventoryWriter(client),
        settings=ConsumerSettings(block_ms=1),
    )
    consumer.join()
    while consumer.step():
        pass


def overlay(client: Redis) -> dict[str, dict[str, object]]:
    return {found.book_id: found.fields for found in read_changes(client, 0).books}


def test_first_everything_is_read_page_by_page_and_then_what_has_changed(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    for number in range(7):
        store.put_book(f"b{number}", 1)
    assert sync().text == "inventory: 7 rows"
    assert store.asked == ["", "cursor=3", "cursor=6"]
    store.put_book("b3", 2, price=4.0)
    store.books.put("b5", {"id": "b5", "version": 2, "withdrawn": True, "updated_at": "2026-03-02T00:00:00Z"})
    assert sync().text == "inventory: 2 rows"
    assert store.asked[3:] == ["since=7"]
    events = sent(client)
    assert [(event.book_id, event.type) for event in events[7:]] == [
        ("b3", "book_added"),
        ("b5", "book_withdrawn"),
    ]
    consume(client)
    assert len(overlay(client)) == 7
    assert overlay(client)["b3"]["price"] == 4.0
    assert overlay(client)["b5"]["withdrawn"] is True
    known = read_state(client, "inventory")
    assert (known.position, known.fault, known.breaker) == ("9", "", "closed")
    assert known.succeeded is not None


def test_reading_everything_again_changes_nothing(store: StoreServices, client: Redis, sync: Sync) -> None:
    for number in range(5):
        store.put_book(f"b{number}", 3)
    sync()
    consume(client)
    before = read_changes(client, 0)
    begin_at(client, "inventory", None)
    assert sync().text == "inventory: 5 rows"
    consume(client)
    assert read_changes(client, 0) == before
    ids = [event.event_id for event in sent(client)]
    assert ids[:5] == ids[5:]


def test_where_nothing_has_changed_the_service_says_so_by_its_etag(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.put_book("b", 1)
    sync()
    assert sync().text == "inventory: 0 rows"
    for _ in range(2):
        assert sync().text == "inventory: nothing has changed"
        assert store.headers["if-none-match"] == read_state(client, "inventory").etag
    assert len(sent(client)) == 1
    store.put_book("b", 2)
    assert sync().text == "inventory: 1 row"
    assert read_state(client, "inventory").etag is None


def test_purchases_become_interactions(store: StoreServices, client: Redis, sync: Sync) -> None:
    store.purchases.put("line-1", bought("line-1", "u", "b"))
    assert sync("checkout").text == "checkout: 1 row"
    (event,) = sent(client, "interactions")
    assert event.model_dump(exclude={"event_id", "schema_version"}) == {
        "type": "purchase",
        "user_id": "u",
        "book_id": "b",
        "time": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }


def test_a_row_that_changes_while_the_list_is_read_is_not_missed(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    for number in range(6):
        store.put_book(f"b{number}", 1)
    # after the first page: one that was read changes, one that was not changes, and one is new
    store.faults = [
        lambda _: None,
        after(
            lambda: (
                store.put_book("b0", 2, price=1.0),
                store.put_book("b4", 2, price=2.0),
                store.put_book("b6", 1, price=3.0),
            )
        ),
    ]
    sync()
    sync()
    consume(client)
    prices = {book_id: fields["price"] for book_id, fields in overlay(client).items()}
    assert prices == {"b0": 1.0, "b1": 9.5, "b2": 9.5, "b3": 9.5, "b4": 2.0, "b5": 9.5, "b6": 3.0}


@pytest.mark.parametrize("chosen", [None, "2"])
def test_a_position_that_is_chosen_while_a_list_is_read_is_not_overwritten(
    store: StoreServices, client: Redis, sync: Sync, chosen: str | None
) -> None:
    for number in range(3):
        store.put_book(f"b{number}", 1)
    sync()
    store.put_book("b3", 1)
    store.faults = [after(lambda: begin_at(client, "inventory", chosen))]
    assert sync().text == "inventory: 1 row"
    assert read_state(client, "inventory").position == chosen
    assert sync().text == f"inventory: {4 if chosen is None else 2} rows"
    assert read_state(client, "inventory").position == "4"


def test_what_changes_after_the_last_page_comes_the_next_time(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    for number in range(4):
        store.put_book(f"b{number}", 1)
    first_page_at = store.books.last
    store.faults = [lambda _: None, after(lambda: store.put_book("b0", 2, price=1.0))]
    sync()
    # of the first page, not of the last: between the two anything may have happened
    assert read_state(client, "inventory").position == str(first_page_at)
    sync()
    consume(client)
    assert overlay(client)["b0"]["price"] == 1.0


def test_a_list_that_breaks_off_is_read_again_from_where_it_began(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.put_book("a", 1)
    sync()
    for number in range(5):
        store.put_book(f"b{number}", 1)
    store.faults = [lambda _: None, status(404)]
    broken = sync()
    assert isinstance(broken.fault, RefusedError)
    known = read_state(client, "inventory")
    assert (known.position, "404" in known.fault) == ("1", True)
    assert sync().text == "inventory: 5 rows"
    consume(client)
    assert len(overlay(client)) == 6
    assert read_state(client, "inventory").fault == ""


def test_a_service_that_forgot_our_position_is_read_from_the_beginning(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    store.put_book("a", 1)
    sync()
    store.put_book("b", 1)
    store.books.forgotten = 2
    assert sync().text == "inventory: 2 rows"
    assert store.asked[-2:] == ["since=1", ""]


def test_a_cursor_that_is_gone_begins_the_list_anew_the_next_time(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    for number in range(4):
        store.put_book(f"b{number}", 1)
    store.faults = [lambda _: None, status(410)]
    assert isinstance(sync().fault, UnavailableError)
    assert read_state(client, "inventory").position is None
    assert sync().text == "inventory: 4 rows"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "x", "version": 1, "updated_at": "2026-03-01T12:00:00Z"}, "title: Field required"),
        (book("x", 1, price=-1), "price: Input should be greater than or equal to 0"),
        (book("x", 0), "version: Input should be greater than or equal to 1"),
        (book("x", 1, stock="many"), "stock: Input should be a valid integer"),
        (book("x", 1, updated_at="yesterday"), "updated_at: Input should be a valid datetime"),
        (book("x", 1, updated_at="2999-01-01T00:00:00Z"), "time: must not be more than 300 s ahead"),
        (book("x", 2**70), "version: Input should be less than or equal to"),
        ({"withdrawn": True}, "id: Field required"),
        ("no row at all", "Input should be an object"),
        (None, "Input should be an object"),
    ],
)
def test_a_row_that_is_not_as_agreed_is_set_aside_and_the_others_go_on(
    store: StoreServices, client: Redis, sync: Sync, row: object, reason: str
) -> None:
    store.put_book("a", 1)
    store.books.put("x", row)
    store.put_book("c", 1)
    done = sync()
    assert done.fault is None
    assert done.text == "inventory: 3 rows, 1 set aside: `bookverse upstream rows inventory`"
    assert [event.book_id for event in sent(client)] == ["a", "c"]
    (aside,) = rows_set_aside(client, "inventory")
    assert reason in aside.reason
    assert read_state(client, "inventory").position == "3"


def test_a_row_that_was_mended_is_set_aside_no_more(store: StoreServices, client: Redis, sync: Sync) -> None:
    store.put_book("x", 1, price=-1)
    sync()
    assert [row.row_id for row in rows_set_aside(client, "inventory")] == ["x"]
    store.put_book("x", 2, price=1)
    sync()
    assert rows_set_aside(client, "inventory") == []


def test_nothing_is_kept_of_a_row_about_a_person(store: StoreServices, client: Redis, sync: Sync) -> None:
    store.purchases.put("line-1", bought("line-1", "jane.doe", "") | {"bought_at": "by jane.doe"})
    sync("checkout")
    (aside,) = rows_set_aside(client, "checkout")
    assert (aside.row_id, aside.row) == ("line-1", "")
    assert "bought_at: Input should be a valid datetime" in aside.reason
    assert not [key for key in client.scan_iter() if b"jane.doe" in (client.dump(key) or b"")]


def test_purchases_of_a_reader_who_was_erased_do_not_come_back(
    store: StoreServices, client: Redis, redis_server: EmbeddedRedis, sync: Sync
) -> None:
    async def erase() -> None:
        async with AsyncRedis.from_url(redis_server.url) as connected:
            await entomb(connected, ErasureDigests.from_environment(), "jane.doe")

    for number, reader in enumerate(["jane.doe", "u", "jane.doe"]):
        store.purchases.put(f"line-{number}", bought(f"line-{number}", reader, "b"))
    asyncio.run(erase())
    assert sync("checkout").text == "checkout: 3 rows"
    assert read_state(client, "checkout").position == "3"
    assert [event.user_id for event in sent(client, "interactions")] == ["u"]
    assert not [key for key in client.scan_iter() if b"jane.doe" in (client.dump(key) or b"")]


def test_many_rows_that_are_not_as_agreed_are_a_fault_of_the_service(
    store: StoreServices, client: Redis, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 4)
    for number in range(9):
        store.put_book(f"b{number}", 1, price="9.50 EUR")
    done = sync()
    assert isinstance(done.fault, ContractError)
    assert done.needs_a_person
    assert (
        "6 of its rows are not as agreed, such as one with price: Input should be a valid number" in done.text
    )
    assert read_state(client, "inventory").position is None


def test_a_long_row_is_kept_in_part(store: StoreServices, client: Redis, sync: Sync) -> None:
    store.put_book("x", 0, title="x" * 50_000)
    sync()
    (aside,) = rows_set_aside(client, "inventory")
    assert len(aside.row) == kept.MAX_ROW_BYTES


def test_while_consumers_are_behind_nothing_is_sent_and_no_position_moves(
    store: StoreServices, client: Redis, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACK_PRESSURE_PATIENCE_S", 0)
    client.hset(keys.counts("inventory"), mapping={"#added": 200_000, "overlay": 0})
    store.put_book("b", 1)
    with pytest.raises(BackPressureError):
        sync()
    assert (sent(client), read_state(client, "inventory").position) == ([], None)


def test_each_service_has_a_position_of_its_own(store: StoreServices, client: Redis, sync: Sync) -> None:
    store.put_book("b", 1)
    store.purchases.put("line-1", bought("line-1", "u", "b"))
    store.purchases.put("line-2", bought("line-2", "u", "c"))
    sync()
    sync("checkout")
    assert read_state(client, "inventory").position == "1"
    assert read_state(client, "checkout").position == "2"
