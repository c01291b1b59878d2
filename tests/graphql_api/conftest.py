"""One tiny bundle and one real server for all tests that change neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import ApiServer, api_server

from pipelines.publish import publish
from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("api") / "bundle")


@pytest.fixture(scope="session")
def server(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(bundle.path, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def redis_server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(max_memory_bytes=16 * 2**20) as running:
        yield running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def published(tmp_path: Path, bundle: Bundle) -> Path:
    folder = tmp_path / "published"
    publish(bundle.path, folder)
    return folder


@pytest.fixture
def publishing(published: Path, tmp_path: Path) -> Iterator[ApiServer]:
    """A server of what is published, which keeps one earlier bundle."""
    settings = {"BOOKVERSE_API__PUBLISHED": str(published), "BOOKVERSE_API__SNAPSHOTS_KEPT": "1"}
    with api_server(None, tmp_path / "log", **settings) as running:
        yield running
