"""What the store sells no more is listed by no server, kept answers included: real Redis, consumer and servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer, api_server, eventually, publish_another
from redis import Redis
from websockets.sync.client import connect

from pipelines.publish import publish
from pipelines.worker.consumers import Consumers
from recs_core.artifacts.bundle import Bundle
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.events import decode
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer

LIST = "query($id: ID!) { recommendations(userId: $id) { nodes { book { bookId price inStock } } } }"
BOOK = "query($id: ID!) { book(id: $id) { price inStock title } }"
CHANGED = "subscription($id: ID!) { recommendationsChanged(userId: $id) { nodes { book { bookId } } } }"
LISTS = """query($reader: ID!, $book: ID!) {
  recommendations(userId: $reader, first: 40) { nodes { book { bookId } } }
  personalized(bookIds: [$book], first: 40) { nodes { book { bookId } } }
  similarBooks(bookId: $book, first: 40) { nodes { book { bookId } } }
  alsoRead(bookId: $book, first: 40) { nodes { book { bookId } } }
  trending(window: ALL, first: 40) { nodes { book { bookId } } }
  newArrivals(first: 40) { nodes { bookId } }
  search(text: "the", first: 40) { nodes { book { bookId } } }
}"""


class Store:
    """Says what changes of its books; versions grow."""

    def __init__(self, redis: Redis) -> None:
        self._producer = EventProducer(redis)
        self._version = 0

    def says(self, kind: str, book_id: str, **more: Any) -> None:
        self._version += 1
        event = {
            "schema_version": 1,
            "type": kind,
            "event_id": f"store-{self._version}",
            "book_id": book_id,
            "version": self._version,
            "time": datetime.now(UTC).isoformat(),
        }
        self._producer.send([decode("inventory", json.dumps(event | more))])


@pytest.fixture
def store(redis_server: EmbeddedRedis) -> Iterator[Store]:
    consumers = Consumers(redis_server.url, ["inventory"], ConsumerSettings())
    thread = threading.Thread(target=consumers.run)
    thread.start()
    with Redis.from_url(redis_server.url) as redis:
        yield Store(redis)
    consumers.stop()
    thread.join(20)
    assert not thread.is_alive()


@contextmanager
def replicas(bundle: Bundle, redis: EmbeddedRedis, folder: Path) -> Iterator[list[ApiServer]]:
    with (
        api_server(bundle.path, folder / "log1", BOOKVERSE_REDIS_URL=redis.url) as one,
        api_server(bundle.path, folder / "log2", BOOKVERSE_REDIS_URL=redis.url) as other,
    ):
        yield [one, other]


def listed(server: ApiServer, reader: str = "u001") -> list[str]:
    nodes = server.data(LIST, id=reader)["recommendations"]["nodes"]
    return [node["book"]["bookId"] for node in nodes]


@contextmanager
def subscriber(server: ApiServer, reader: str) -> Iterator[Callable[[float], list[str]]]:
    """Listens over a WebSocket; gives what waits so many seconds for the next list, or raises `TimeoutError`."""
    url = str(server.client.base_url).replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(10)) == {"type": "connection_ack"}
        payload = {"query": CHANGED, "variables": {"id": reader}}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

        def told(within_s: float) -> list[str]:
            data = json.loads(socket.recv(within_s))["payload"]["data"]
            return [node["book"]["bookId"] for node in data["recommendationsChanged"]["nodes"]]

        yield told


def first_told(told: Callable[[float], list[str]], store: Store, candidates: Sequence[str]) -> list[str]:
    """The first list that a subscriber is told: a change may have its effect before the subscription listens."""
    for book in candidates[:-1]:
        store.says("book_withdrawn", book)
        with suppress(TimeoutError):
            return told(5)
    raise AssertionError("nothing was told")


def everywhere(servers: Sequence[ApiServer], book: str, *, beside: str) -> list[str]:
    """The lists, of any server, that a book is in."""
    return [
        name
        for server in servers
        for name, page in server.data(LISTS, reader="u001", book=beside).items()
        if book in [node.get("book", node)["bookId"] for node in page["nodes"]]
    ]


@pytest.mark.parametrize(("kind", "more"), [("book_withdrawn", {}), ("stock_changed", {"stock": 0})])
def test_what_is_not_sold_leaves_every_list_of_every_server_and_comes_back(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path, kind: str, more: dict[str, Any]
) -> None:
    with replicas(bundle, redis_server, tmp_path) as servers:
        book = listed(servers[0])[0]
        beside = next(
            row
            for row in bundle.books.array.tolist()
            if {*everywhere(servers, book, beside=row)} >= {"alsoRead"}
        )
        # kept from here on by both
        before = everywhere(servers, book, beside=beside)
        assert {"recommendations", "trending", "similarBooks", "alsoRead"} <= set(before)
        assert "recommendations" in everywhere(servers, book, beside=beside)
        store.says(kind, book, **more)
        eventually(lambda: not everywhere(servers, book, beside=beside))
        for server in servers:
            assert server.data(BOOK, id=book)["book"]["inStock"] is False
            rule = server.data(
                'query($id: ID!) { explain(userId: "u001", bookId: $id) { whyNot { rule } } }', id=book
            )
            assert rule["explain"]["whyNot"] == {"rule": "NOT_SOLD"}
        store.says("book_added", book, fields={"title": "Sold again", "price": 3.5, "stock": 5})
        again = {"title": "Sold again", "inStock": True, "price": 3.5}
        eventually(lambda: [server.data(BOOK, id=book)["book"] for server in servers] == [again, again])
        # the lists that were made meanwhile may be kept for their time: this one was not asked for before
        page = servers[0].data('{ recommendations(userId: "u001", first: 39) { nodes { book { bookId } } } }')
        assert book in [node["book"]["bookId"] for node in page["recommendations"]["nodes"]]


@pytest.mark.parametrize(("kind", "more"), [("book_withdrawn", {}), ("stock_changed", {"stock": 0})])
def test_who_listens_is_told_what_is_not_sold_and_what_is_sold_again(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path, kind: str, more: dict[str, Any]
) -> None:
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=redis_server.url) as server:
        candidates = listed(server)
        with subscriber(server, "u001") as told:
            shown = first_told(told, store, candidates)
            head = shown[0]
            store.says(kind, head, **more)
            without = told(10)
            assert head not in without
            assert without[: len(shown) - 1] == shown[1:]
            store.says("book_added", head, fields={"title": "Sold again", "stock": 5})
            assert told(10) == shown


def test_who_listens_to_a_list_without_the_book_is_not_told(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path
) -> None:
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=redis_server.url) as server:
        mine = listed(server)
        with subscriber(server, "u001") as told:
            shown = first_told(told, store, mine)
            other = next(book for book in bundle.books.array.tolist() if book not in {*mine, *shown})
            store.says("book_withdrawn", other)
            store.says("book_withdrawn", shown[0])
            # the first that is told is of the second: the first changed nothing
            assert told(10)[: len(shown) - 1] == shown[1:]


def test_a_new_price_shows_in_every_server(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path
) -> None:
    with replicas(bundle, redis_server, tmp_path) as servers:
        book = listed(servers[0])[0]

        def prices() -> set[float]:
            return {
                node["book"]["price"]
                for server in servers
                for node in server.data(LIST, id="u001")["recommendations"]["nodes"]
                if node["book"]["bookId"] == book
            }

        assert 1.25 not in prices()
        store.says("price_changed", book, price=1.25)
        eventually(lambda: prices() == {1.25})


def test_a_server_that_begins_and_a_bundle_that_is_published_know_what_is_not_sold(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    publish(bundle.path, published)
    settings = {"BOOKVERSE_REDIS_URL": redis_server.url, "BOOKVERSE_API__PUBLISHED": str(published)}
    with api_server(None, tmp_path / "log", **settings) as first:
        sold_out = listed(first)[0]
        store.says("stock_changed", sold_out, stock=0)
        eventually(lambda: sold_out not in listed(first))
        with api_server(None, tmp_path / "log2", **settings) as later:
            assert sold_out not in listed(later)
        publish_another(published, first, seed=8)
        for row in range(1, 61):
            assert sold_out not in listed(first, f"u{row:03d}")


def test_a_new_book_is_found_and_recommended_before_any_training(
    bundle: Bundle, redis_server: EmbeddedRedis, store: Store, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    publish(bundle.path, published)
    settings = {"BOOKVERSE_REDIS_URL": redis_server.url, "BOOKVERSE_API__PUBLISHED": str(published)}
    find = "query($text: String!) { search(text: $text) { nodes { book { bookId title price inStock } } } }"
    near = (
        "query($ids: [ID!]!) { personalized(bookIds: $ids) { nodes { book { bookId } reasons { kind } } } }"
    )
    liked = next(
        record.book_id
        for record in map(bundle.catalogue.record, range(len(bundle.books)))
        if "dragon" in record.title and record.authors == ("J. R. Tolk",)
    )
    fields = {
        "title": "The dragon of the Harbour",
        "authors": ["J. R. Tolk"],
        "publisher": "Éditions Feu",
        "price": 12.5,
        "stock": 2,
    }
    with api_server(None, tmp_path / "log", **settings) as server:

        def found(text: str) -> list[dict[str, Any]]:
            return [node["book"] for node in server.data(find, text=text)["search"]["nodes"]]

        store.says("book_added", "brand-new", fields=fields)
        # what is not found is not kept
        eventually(lambda: "errors" not in server.post(BOOK, id="brand-new").json())
        assert found("the dragon of the harbour")[0] == {
            "bookId": "brand-new",
            "title": fields["title"],
            "price": 12.5,
            "inStock": True,
        }
        listed = server.data(near, ids=[liked])["personalized"]["nodes"]
        (reasons,) = [node["reasons"] for node in listed if node["book"]["bookId"] == "brand-new"]
        assert {reason["kind"] for reason in reasons} <= {"CONTENT", "RULE"}
        assert server.data(BOOK, id="brand-new")["book"]["price"] == 12.5
        publish_another(published, server, seed=8)
        assert found("harbour of the dragon")[0]["bookId"] == "brand-new"
        store.says("book_withdrawn", "brand-new")
        eventually(lambda: "brand-new" not in [book["bookId"] for book in found("the dragon of the harbour")])
