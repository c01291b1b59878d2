"""A store whose services are read, and what a request may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from store_services import BOUNDS, TOKEN, StoreServices, endpoint, store_services

from pipelines.worker.upstream.client import Bounds
from pipelines.worker.upstream.sync import Outcome, synchronise


@pytest.fixture
def store() -> Iterator[StoreServices]:
    with store_services() as running:
        yield running


@pytest.fixture
def sync(store: StoreServices, client: Redis) -> Callable[..., Outcome]:
    """Read a service once."""

    def call(service: str = "inventory", *, bounds: Bounds = BOUNDS, token: str | None = TOKEN) -> Outcome:
        return synchronise(client, endpoint(store, service, token), bounds)

    return call
