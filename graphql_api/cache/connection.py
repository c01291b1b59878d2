"""The way to Redis for what servers share and any of them can do without: it never fails, and never takes long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.cache.breaker import CircuitBreaker

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 32
FAILURES_TO_OPEN = 5
COOLDOWN_S = 1.0

SLICES = 10
"""Of the patience with one operation; one has some turns on the event loop to go through."""

T = TypeVar("T")


class Connection:
    """Bounded in connections and time; who keeps failing is left alone for a while.

    Args:
        url: where Redis is.
        timeout_s: patience with one operation.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=timeout_s,
            # a second attempt would double the time that a reader waits; the next request is attempt enough
            retry=Retry(NoBackoff(), 0),
        )
        self.redis = Redis.from_pool(pool)
        self._timeout_s = timeout_s
        self._breaker = CircuitBreaker(failures=FAILURES_TO_OPEN, cooldown_s=COOLDOWN_S)
        self.failures = 0
        """Operations that failed or timed out."""

    async def guarded(self, operation: Callable[[], Awaitable[T]]) -> T | None:
        """What an operation on `redis` gives; None where it fails or is not tried."""
        if not self._breaker.allow():
            return None
        try:
            result = await self._patiently(operation())
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if self._breaker.is_open:
            log.info("Redis answers again")
        self._breaker.succeeded()
        return result

    async def _patiently(self, operation: Awaitable[T]) -> T:
        """Wait in slices: of a moment in which this process was busy with other things only one slice counts.

        Else a burst of requests would look like a Redis that does not answer, just when it is needed most.
        """
        task = asyncio.ensure_future(operation)
        try:
            for _ in range(SLICES):
                await asyncio.wait({task}, timeout=self._timeout_s / SLICES)
                if task.done():
                    return task.result()
            raise TimeoutError(f"no answer within {1_000 * self._timeout_s:g} ms")
        finally:
            task.cancel()

    async def is_up(self) -> bool:
        """Whether Redis answers now."""
        return bool(await self.guarded(self.redis.ping))

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        was_open = self._breaker.is_open
        self._breaker.failed()
        if self._breaker.is_open and not was_open:
            log.warning("Redis fails, serving without it: %s: %s", type(error).__name__, error)
