"""Whatever happens on the way, what is known in the end is what the inventory says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from small_project import SmallProject, over, until, worker
from store_services import TOKEN, Fault, StoreServices, after, body, status, truncated
from test_sync import consume, overlay

from pipelines.worker.upstream import breaker
from pipelines.worker.upstream.state import read_state
from pipelines.worker.upstream.sync import Outcome
from recs_core.online.jobs import Jobs
from recs_core.online.redis_server import EmbeddedRedis

BOOKS = st.sampled_from(["a", "b", "c", "d", "e"])
PUT = st.tuples(st.just("put"), BOOKS, st.integers(1, 99))
WITHDRAW = st.tuples(st.just("withdraw"), BOOKS, st.just(0))
CHANGES = st.lists(PUT | WITHDRAW, max_size=6)
ON_THE_WAY = st.sampled_from(["fine", "500", "truncated", "404", "malformed", "410", "changes"])
ROUNDS = st.lists(st.tuples(CHANGES, st.lists(ON_THE_WAY, max_size=6), CHANGES), max_size=6)


class Shop:
    """Changes the store's books, and remembers how they are."""

    def __init__(self, store: StoreServices) -> None:
        self._store = store
        self._versions: dict[str, int] = {}
        self.books: dict[str, int | None] = {}

    def change(self, changes: list[tuple[str, str, int]]) -> None:
        for what, book_id, price in changes:
            version = self._versions[book_id] = self._versions.get(book_id, 0) + 1
            self.books[book_id] = price if what == "put" else None
            if what == "put":
                self._store.put_book(book_id, version, price=float(price))
            else:
                gone = {
                    "id": book_id,
                    "version": version,
                    "withdrawn": True,
                    "updated_at": "2026-03-01T12:00:00Z",
                }
                self._store.books.put(book_id, gone)

    def fault(self, name: str, changes: list[tuple[str, str, int]]) -> Fault:
        faults: dict[str, Fault] = {
            "fine": lambda _: None,
            "500": status(500),
            "truncated": truncated,
            "404": status(404),
            "malformed": body("<html>"),
            "410": status(410),
            "changes": after(lambda: self.change(changes)),
        }
        return faults[name]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=ROUNDS)
def test_after_any_changes_and_faults_the_overlay_is_the_inventory(
    store: StoreServices,
    client: Redis,
    sync: Callable[..., Outcome],
    rounds: list[tuple[list[tuple[str, str, int]], list[str], list[tuple[str, str, int]]]],
) -> None:
    client.flushall()
    store.books.rows.clear()
    shop = Shop(store)
    with pytest.MonkeyPatch.context() as patch:
        # else a service that failed often would not be asked before a minute has passed
        patch.setattr(breaker, "OPEN_S", 0)
        for changes, on_the_way, meanwhile in rounds:
            shop.change(changes)
            store.faults = [shop.fault(name, meanwhile) for name in on_the_way]
            sync()
        store.faults = []
        assert sync().fault is None
        # what changed in the midst of that reading would be in the next
        assert sync().fault is None
    consume(client)
    known = overlay(client)
    assert {book: fields["withdrawn"] for book, fields in known.items()} == {
        book: price is None for book, price in shop.books.items()
    }
    assert {book: known[book]["price"] for book, price in shop.books.items() if price is not None} == {
        book: float(price) for book, price in shop.books.items() if price is not None
    }


def test_a_worker_that_is_killed_while_it_reads_loses_nothing(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, store: StoreServices
) -> None:
    named = {
        "BOOKVERSE_UPSTREAM__INVENTORY_URL": store.url,
        "BOOKVERSE_UPSTREAM__PAGE_ROWS": "3",
        "BOOKVERSE_INVENTORY_TOKEN": TOKEN,
    }
    for number in range(9):
        store.put_book(f"b{number}", 1)
    asked = Jobs(client).trigger("sync", by="test").job_id
    with worker(project, redis_server.url, "maintenance", **named) as first:
        store.faults = [lambda _: None, after(first.kill)]
        until(lambda: first.poll() is not None)
    assert read_state(client, "inventory").position is None
    with worker(project, redis_server.url, "maintenance", **named):
        job = over(client, asked)
    assert (job.status, job.outcome) == ("finished", "inventory: 9 rows")
    consume(client)
    assert len(overlay(client)) == 9
