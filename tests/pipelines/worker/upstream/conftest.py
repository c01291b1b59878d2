"""A store whose services are read, and what a request may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from redis import Redis
from store_services import BOUNDS, TOKEN, StoreServices, endpoint, store_services

from pipelines.worker.erasing import erase_closed
from pipelines.worker.upstream.client import Bounds
from pipelines.worker.upstream.sync import Outcome, synchronise
from recs_core.online.redis_server import EmbeddedRedis


@pytest.fixture
def store() -> Iterator[StoreServices]:
    with store_services() as running:
        yield running


@pytest.fixture
def sync(store: StoreServices, client: Redis, redis_server: EmbeddedRedis) -> Callable[..., Outcome]:
    """Read a service once."""

    def call(service: str = "inventory", *, bounds: Bounds = BOUNDS, token: str | None = TOKEN) -> Outcome:
        erase = partial(erase_closed, redis_server.url)
        return synchronise(client, endpoint(store, service, token), bounds, erase=erase)

    return call
