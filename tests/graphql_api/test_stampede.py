"""Many who ask for the same at once: it is made once, by one server, and in good time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from api_server import RECOMMENDATIONS, eventually, nothing_to_catch_up, server_environment

from graphql_api.cache.connection import Connection
from graphql_api.cache.entry import Entry
from graphql_api.cache.invalidations import Invalidations, followed
from graphql_api.cache.key import name_of
from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.policy import Policy
from graphql_api.cache.responses import ResponseCache
from graphql_api.cache.shared import Lease, SharedAnswers
from graphql_api.executor import Rendered
from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis

COUNTING = Path(__file__).with_name("counting_server.py")
KEY = (b"document", b"{}", "version", "", "")
MINUTE = Policy(60, private=False)
TOKEN = "another server"


@contextmanager
def counting_server(bundle: Bundle, noted: Path, redis_url: str) -> Iterator[str]:
    """The address of a server whose rankings take a third of a second each and are noted."""
    command = [sys.executable, str(COUNTING), str(bundle.path), str(noted), "0.3"]
    environment = server_environment(REDIS_URL=redis_url, PYTHONPATH=str(Path.cwd()))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            eventually(lambda: httpx.get(f"{address}/health/live").is_success)
            yield address
        finally:
            process.terminate()


async def ask_together(addresses: list[str], n: int, user_id: str) -> list[httpx.Response]:
    request = {"query": RECOMMENDATIONS, "variables": {"userId": user_id}}
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:
        asked = (client.post(f"{addresses[i % len(addresses)]}/graphql", json=request) for i in range(n))
        return await asyncio.gather(*asked)


def test_a_thousand_equal_requests_to_two_servers_rank_once(
    bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    noted = tmp_path / "rankings"
    with ExitStack() as servers:
        addresses = [
            servers.enter_context(counting_server(bundle, noted, redis_server.url)) for _ in range(2)
        ]
        responses = asyncio.run(ask_together(addresses, 1_000, "u001"))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert noted.read_text().splitlines() == ["u001"]


def test_without_redis_each_server_ranks_once(bundle: Bundle, tmp_path: Path) -> None:
    noted = tmp_path / "rankings"
    nowhere = f"unix://{tmp_path / 'nowhere.sock'}"
    with ExitStack() as servers:
        addresses = [servers.enter_context(counting_server(bundle, noted, nowhere)) for _ in range(2)]
        responses = asyncio.run(ask_together(addresses, 200, "u001"))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert noted.read_text().splitlines() == ["u001", "u001"]


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Made:
    """Counts how often it is made."""

    times = 0

    async def __call__(self) -> Rendered:
        self.times += 1
        return Rendered(b'{"data":%d}' % self.times, 200, storable=True, tags=frozenset({"user:1"}))


def kept(clock: Clock) -> ResponseCache:
    return ResponseCache(MemoryCache(max_bytes=1_000_000), Invalidations(), clock=clock)


@pytest.mark.anyio
async def test_what_is_kept_lives_for_its_time_and_not_much_shorter() -> None:
    clock, made = Clock(), Made()
    cache = kept(clock)
    lives = []
    for number in range(50):
        key = (*KEY[:4], str(number))
        entry = (await cache.serve(key, MINUTE, made)).entry
        assert entry is not None
        lives.append(entry.expires_at - clock.now)
        clock.now = entry.expires_at
        assert cache.recall(key, MINUTE, made) is None
    assert 54 <= min(lives) < max(lives) <= 60
    assert len(set(lives)) > 40


@pytest.mark.anyio
async def test_a_hot_answer_is_made_anew_before_its_time_is_over_and_nobody_waits_for_it() -> None:
    clock, made = Clock(), Made()
    cache = kept(clock)
    entry = (await cache.serve(KEY, MINUTE, made)).entry
    assert entry is not None
    entry.cost_s = 1.0
    entry.look_from = entry.expires_at - 20
    clock.now = entry.expires_at - 1
    bodies = []
    for _ in range(200):
        served = cache.recall(KEY, MINUTE, made)
        assert served is not None
        bodies.append(served.body)
        await asyncio.sleep(0)
    assert bodies[0] == b'{"data":1}'
    assert bodies[-1] == b'{"data":2}'
    assert made.times == 2
    assert cache.report()["refreshed early"] == 1


@pytest.mark.anyio
async def test_the_nearer_the_end_and_the_dearer_the_likelier_an_early_refresh() -> None:
    def share(cost_s: float, before_end_s: float) -> float:
        policy = Policy(60, private=False)
        entry = Entry.of(b"", policy, frozenset(), made_at=0, cost_s=cost_s, position=(0, 0))
        return sum(entry.falls_to_refresh(entry.expires_at - before_end_s) for _ in range(5_000)) / 5_000

    # the chance is e to the minus (time before the end / cost)
    assert share(1.0, 1.0) == pytest.approx(0.37, abs=0.05)
    assert share(1.0, 3.0) == pytest.approx(0.05, abs=0.03)
    assert share(0.001, 1.0) == 0


@asynccontextmanager
async def server_cache(url: str) -> AsyncIterator[ResponseCache]:
    """The cache of one server."""
    invalidations = Invalidations()
    cache = ResponseCache(MemoryCache(max_bytes=1_000_000), invalidations)
    connection = Connection(url, timeout_s=1)
    cache.shared = SharedAnswers(connection)
    async with followed(url, invalidations, nothing_to_catch_up):
        yield cache
        await cache.settle()
    await connection.close()


@pytest.fixture
async def two(redis_server: EmbeddedRedis) -> AsyncIterator[list[ResponseCache]]:
    """The caches of two servers, on one Redis."""
    async with server_cache(redis_server.url) as one, server_cache(redis_server.url) as other:
        yield [one, other]


@pytest.mark.anyio
async def test_a_server_that_died_holding_the_lease_is_not_waited_for_for_ever(
    two: list[ResponseCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphql_api.cache.responses.WAIT_S", 0.1)
    cache, made = two[0], Made()
    assert cache.shared is not None
    assert await cache.shared.find(name_of(KEY), TOKEN) is Lease.OURS
    assert (await cache.serve(KEY, MINUTE, made)).body == b'{"data":1}'
    assert cache.report()["waited for another server in vain"] == 1


@pytest.mark.anyio
async def test_who_makes_nothing_to_keep_gives_the_lease_back(two: list[ResponseCache]) -> None:
    cache, other = two

    async def fails() -> Rendered:
        return Rendered(b'{"errors":[]}', 200, storable=False)

    await cache.serve(KEY, MINUTE, fails)
    await cache.settle()
    assert other.shared is not None
    assert await other.shared.find(name_of(KEY), TOKEN) is Lease.OURS


@pytest.mark.anyio
async def test_an_answer_of_another_server_is_waited_for(two: list[ResponseCache]) -> None:
    cache, other = two
    began, go_on, made = asyncio.Event(), asyncio.Event(), Made()

    async def slow() -> Rendered:
        began.set()
        await go_on.wait()
        return await made()

    first = asyncio.create_task(cache.serve(KEY, MINUTE, slow))
    await asyncio.wait_for(began.wait(), 10)
    second = asyncio.create_task(other.serve(KEY, MINUTE, slow))
    while "looks for another server's answer" not in other.report():
        await asyncio.sleep(0.01)
    go_on.set()
    served = [await first, await second]
    assert made.times == 1
    assert served[0].body == served[1].body
    assert served[1].cache_status == "bookverse; hit; detail=L2"
