"""Clients are kept within their rate by several servers on one Redis, and by each alone while it is away."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from api_server import eventually
from redis import Redis

from graphql_api.cache.connection import Connection
from graphql_api.rate.bucket import Rate
from graphql_api.rate.limiter import LEASE_SHARE, RateLimiter
from graphql_api.rate.refusal import RateLimitedError
from graphql_api.rate.shared import PREFIX, SharedBuckets
from recs_core.online.redis_server import DurableRedis, EmbeddedRedis

pytestmark = pytest.mark.anyio

TIMEOUT_S = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def limiter_on(url: str, rate: Rate, **options: Any) -> AsyncIterator[RateLimiter]:
    connection = Connection(url, timeout_s=TIMEOUT_S)
    limiter = RateLimiter(rate, **options)
    limiter.shared = SharedBuckets(connection, rate)
    yield limiter
    await connection.close()


async def admitted(limiter: RateLimiter, who: str, times: int, units: int = 1) -> int:
    """How many of some requests are let through."""
    count = 0
    for _ in range(times):
        try:
            await limiter.charge(who, units)
            count += 1
        except RateLimitedError:
            continue
    return count


def leases(redis: Redis) -> int:
    """How often a script was run."""
    return redis.info("commandstats")["cmdstat_evalsha"]["calls"]


# an hour for all units: what comes back during a test is less than one of them
HOURLY = Rate(300, window_s=3_600 * 10)


async def test_no_more_is_let_through_than_there_is(redis_server: EmbeddedRedis) -> None:
    async with limiter_on(redis_server.url, HOURLY) as limiter:
        assert await admitted(limiter, "a", 400) == 300
        # another client has units of its own
        assert await admitted(limiter, "b", 10) == 10


async def test_the_answer_says_what_is_left_and_when_to_come_again(redis_server: EmbeddedRedis) -> None:
    async with limiter_on(redis_server.url, Rate(60)) as limiter:
        quota = await limiter.charge("a", 20)
        assert quota.left in (39, 40)
        with pytest.raises(RateLimitedError) as refused:
            await limiter.charge("a", 60)
        # a unit comes back each second
        assert 15 <= refused.value.extensions["retryAfter"] <= 20
        # nothing was taken
        assert (await limiter.charge("a", 40 - 1)).left <= 2


async def test_a_costly_request_takes_all_units_and_is_not_refused_for_ever(
    redis_server: EmbeddedRedis,
) -> None:
    async with limiter_on(redis_server.url, HOURLY) as limiter:
        assert (await limiter.charge("a", 10_000)).left == 0
        assert await admitted(limiter, "a", 1) == 0


async def test_what_an_answer_cost_besides_is_owed(redis_server: EmbeddedRedis) -> None:
    async with limiter_on(redis_server.url, HOURLY) as limiter:
        await limiter.charge("a", 1)
        limiter.owe("a", 99)
        assert await admitted(limiter, "a", 300) == 200


@pytest.mark.parametrize("with_redis", [True, False])
async def test_who_owes_more_than_there_ever_is_at_once_is_served_again(
    redis_server: EmbeddedRedis, with_redis: bool
) -> None:
    rate = Rate(30, window_s=1.5)
    clock = Clock()
    async with limiter_on(redis_server.url, rate, clock=clock) as limiter:
        if not with_redis:
            limiter.shared = None
        for _ in range(3):
            limiter.owe("a", 1_000)
        with pytest.raises(RateLimitedError) as refused:
            await limiter.charge("a", 1)
        # a window's units are owed, and at most the bucket's whole was there to pay them
        assert refused.value.extensions["retryAfter"] <= 2
        for _ in range(100):
            # by the clock of Redis, and by ours
            await asyncio.sleep(0.05 if with_redis else 0)
            clock.now += 0.05
            if await admitted(limiter, "a", 1):
                return
        pytest.fail("a client that owed was never served again")


async def test_few_requests_go_to_redis(redis_server: EmbeddedRedis) -> None:
    with Redis.from_url(redis_server.url) as redis:
        async with limiter_on(redis_server.url, Rate(10_000)) as limiter:
            await limiter.charge("a", 1)
            before = leases(redis)
            await admitted(limiter, "a", 1_000)
            # chunks grow from 10 units to 100: the first was 10, then come 20, 40, 80 and nine of 100
            assert leases(redis) - before == 12


async def test_concurrent_requests_lease_once(redis_server: EmbeddedRedis) -> None:
    with Redis.from_url(redis_server.url) as redis:
        async with limiter_on(redis_server.url, Rate(10_000)) as limiter:
            await limiter.charge("b", 1)
            before = leases(redis)
            await asyncio.gather(*(limiter.charge("a", 1) for _ in range(10)))
            assert leases(redis) - before == 1


async def test_a_lease_that_is_not_used_in_time_is_lost(redis_server: EmbeddedRedis) -> None:
    clock = Clock()
    async with limiter_on(redis_server.url, HOURLY, clock=clock) as limiter:
        # leases of 1 and of 2 units, of which 1 is used
        await admitted(limiter, "a", 2)
        clock.now += HOURLY.window_s * LEASE_SHARE
        assert await admitted(limiter, "a", 400) == 297


async def test_who_asks_many_servers_now_and_then_loses_little(redis_server: EmbeddedRedis) -> None:
    clock, rate = Clock(), Rate(2_000, window_s=36_000)
    async with AsyncExitStack() as living:
        servers = [
            await living.enter_async_context(limiter_on(redis_server.url, rate, clock=clock))
            for _ in range(20)
        ]
        for _ in range(10):
            assert [await admitted(server, "a", 1) for server in servers] == [1] * 20
            clock.now += rate.window_s * LEASE_SHARE
        # 200 requests; a tenth of a chunk is 2 units
        assert (await servers[0].charge("a", 1)).left >= 2_000 - 2 * 201


async def test_clocks_that_differ_change_nothing(redis_server: EmbeddedRedis) -> None:
    early, late = Clock(), Clock()
    late.now += 1e6
    async with (
        limiter_on(redis_server.url, HOURLY, clock=early) as one,
        limiter_on(redis_server.url, HOURLY, clock=late) as other,
    ):
        assert await admitted(one, "a", 150) + await admitted(other, "a", 400) == 300


async def test_redis_has_no_name_of_a_client_and_forgets_it(redis_server: EmbeddedRedis) -> None:
    async with limiter_on(redis_server.url, Rate(60)) as limiter:
        await limiter.charge("user:276847", 1)
    with Redis.from_url(redis_server.url) as redis:
        (key,) = redis.keys()
        assert key.startswith(PREFIX.encode())
        assert b"276847" not in key + b"".join(redis.hgetall(key).values())
        assert 0 < redis.pttl(key) <= 120_000


async def test_without_redis_each_server_keeps_its_clients_within_the_rate() -> None:
    limiter = RateLimiter(HOURLY)
    assert await admitted(limiter, "a", 400) == 300


async def test_when_redis_dies_the_server_goes_on_by_itself() -> None:
    with EmbeddedRedis(max_memory_bytes=16 * 2**20) as redis:
        async with limiter_on(redis.url, HOURLY) as limiter:
            assert await admitted(limiter, "a", 100) == 100
            os.kill(redis.pid, signal.SIGKILL)
            # its own bucket is full, since it was not used
            assert 300 <= await admitted(limiter, "a", 500) <= 303


async def test_when_redis_is_back_the_servers_share_again(tmp_path: Path) -> None:
    with DurableRedis(tmp_path) as redis:
        async with limiter_on(redis.url, HOURLY) as one, limiter_on(redis.url, HOURLY) as other:
            assert await admitted(one, "a", 150) == 150
            redis.kill()
            assert await admitted(other, "b", 400) == 300
            redis.start()
            assert other.shared is not None
            async with asyncio.timeout(10):
                # Redis is left alone for a while
                while await other.shared.lease("anybody", need=1, want=1) is None:
                    await asyncio.sleep(0.05)
            assert await admitted(other, "a", 400) == 150


def _ask(url: str, rate: Rate, begin: Barrier, found: Queue[int]) -> None:
    async def run() -> int:
        async with limiter_on(url, rate) as limiter:
            # the connection is there before it counts
            await limiter.charge("warm-up", 1)
            await asyncio.to_thread(begin.wait, 30)
            return await admitted(limiter, "a", 2 * rate.units)

    found.put(asyncio.run(run()))


def test_four_processes_together_let_through_the_limit_within_5_percent(redis_server: EmbeddedRedis) -> None:
    rate = Rate(2_000, window_s=36_000)
    spawn = multiprocessing.get_context("spawn")
    begin, found = spawn.Barrier(4), spawn.Queue()
    processes = [spawn.Process(target=_ask, args=(redis_server.url, rate, begin, found)) for _ in range(4)]
    for process in processes:
        process.start()
    total = sum(found.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    eventually(lambda: not any(process.is_alive() for process in processes))
    assert 0.95 * rate.units <= total <= 1.05 * rate.units
