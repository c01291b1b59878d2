"""The command line in this process, with a Redis of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from typed_command import CONFIG, Call
from typer.testing import CliRunner

from bookverse.app import app
from recs_core.online.redis_server import EmbeddedRedis


@pytest.fixture
def redis_server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(max_memory_bytes=2**26) as running:
        yield running


@pytest.fixture
def client(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url) as connected:
        yield connected


@pytest.fixture
def bookverse(redis_server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOOKVERSE_REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.setenv("BOOKVERSE_CONFIG", str(CONFIG))
    monkeypatch.setenv("COLUMNS", "250")
    return lambda *arguments, **more: CliRunner().invoke(app, arguments, **more)
