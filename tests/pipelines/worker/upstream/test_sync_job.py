"""From a service's row to the overlay that servers read: the job as a worker does it, and what people are told."""

from __future__ import annotations

import threading

import pytest
from redis import Redis
from small_project import SmallProject, over, until, worker
from store_services import TOKEN, StoreServices, bought, status

from pipelines.worker.consumers import Consumers
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.events import Purchase, decode
from recs_core.online.inventory import read_changes
from recs_core.online.jobs import JobFacts, Jobs
from recs_core.online.profiles import read_profile
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import lags


@pytest.fixture
def settings(store: StoreServices) -> dict[str, str]:
    return {
        "BOOKVERSE_UPSTREAM__INVENTORY_URL": store.url,
        "BOOKVERSE_UPSTREAM__CHECKOUT_URL": f"{store.url}/",
        "BOOKVERSE_INVENTORY_TOKEN": TOKEN,
        "BOOKVERSE_CHECKOUT_TOKEN": TOKEN,
    }


def synced(client: Redis) -> JobFacts:
    return over(client, Jobs(client).trigger("sync", by="test").job_id)


def consume(client: Redis, redis_server: EmbeddedRedis) -> None:
    """Run the real consumers until nothing waits for them."""
    consumers = Consumers(redis_server.url, ["inventory", "interactions"], ConsumerSettings(block_ms=10))
    thread = threading.Thread(target=consumers.run)
    thread.start()
    until(
        lambda: (
            lags(client, "inventory") == {"overlay": 0} and lags(client, "interactions") == {"profiles": 0}
        )
    )
    consumers.stop()
    thread.join()


def test_a_withdrawal_and_a_purchase_reach_what_servers_read(
    project: SmallProject,
    client: Redis,
    redis_server: EmbeddedRedis,
    store: StoreServices,
    settings: dict[str, str],
) -> None:
    store.put_book("a", 1, price=4.5)
    store.books.put("b", {"id": "b", "version": 1, "withdrawn": True, "updated_at": "2026-03-01T12:00:00Z"})
    store.purchases.put("line-1", bought("line-1", "u", "a"))
    with worker(project, redis_server.url, "maintenance", **settings):
        job = synced(client)
        assert (job.status, job.outcome) == ("finished", "inventory: 2 rows; checkout: 1 row")
        # one that is away does not keep the other from being read, and is no reason to fail
        store.faults = [status(500)] * 4
        store.put_book("a", 2, price=5.0)
        job = synced(client)
    assert job.status == "finished"
    assert job.outcome == "inventory: not read: it answers 500 Internal Server Error; checkout: 0 rows"
    consume(client, redis_server)
    fields = {book.book_id: book.fields for book in read_changes(client, 0).books}
    assert fields["a"]["price"] == 4.5
    assert fields["b"] == {"withdrawn": True}
    assert [event.book_id for event in read_profile(client, "u").events] == ["a"]


def test_with_a_key_nobody_is_named_as_the_store_names_them(
    project: SmallProject,
    client: Redis,
    redis_server: EmbeddedRedis,
    store: StoreServices,
    settings: dict[str, str],
) -> None:
    store.purchases.put("line-1", bought("line-1", "jane.doe", "a"))
    key = "5a" * 32
    with worker(project, redis_server.url, "maintenance", **settings, BOOKVERSE_PSEUDONYM_KEY=key):
        assert synced(client).status == "finished"
    ((_, fields),) = client.xrange(keys.stream("interactions"))
    event = decode("interactions", fields[b"event"])
    assert isinstance(event, Purchase)
    assert event.user_id == Pseudonyms.parse(key).of("jane.doe")
    assert not [name for name in client.scan_iter() if b"jane.doe" in (client.dump(name) or b"")]


def test_a_service_that_refuses_us_is_a_dead_letter_at_once(
    project: SmallProject,
    client: Redis,
    redis_server: EmbeddedRedis,
    store: StoreServices,
    settings: dict[str, str],
) -> None:
    store.purchases.put("line-1", bought("line-1", "u", "a"))
    with worker(
        project, redis_server.url, "maintenance", **settings | {"BOOKVERSE_INVENTORY_TOKEN": "wrong"}
    ):
        job = synced(client)
    assert job.status == "failed"
    assert "set BOOKVERSE_INVENTORY_TOKEN to a token that may read" in job.outcome
    assert "checkout: 1 row" in job.outcome
    log = (project.root / "log").read_text()
    assert TOKEN not in log
    assert "wrong" not in log


def test_without_a_service_the_job_says_what_to_set(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis
) -> None:
    with worker(project, redis_server.url, "maintenance"):
        job = synced(client)
    assert job.status == "failed"
    assert "no service is named: set upstream.inventory_url, checkout_url or users_url" in job.outcome
