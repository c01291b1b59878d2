"""What servers share in Redis, such as responses (L2), and any of them can do without."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.cache.breaker import CircuitBreaker

log = logging.getLogger(__name__)

RESPONSES = "bookverse:response:"
MAX_CONNECTIONS = 32
FAILURES_TO_OPEN = 5
COOLDOWN_S = 1.0


class SharedCache:
    """Reads and writes bodies; without Redis it knows nothing and keeps nothing, and never fails.

    Args:
        url: where Redis is.
        ttl_s: how long an entry lives.
        timeout_s: patience with one operation.
        prefix: of its keys in Redis.
    """

    def __init__(self, url: str, *, ttl_s: int, timeout_s: float, prefix: str = RESPONSES) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=timeout_s,
            # a second attempt would double the time that a reader waits; the next request is attempt enough
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis.from_pool(pool)
        self._ttl_s = ttl_s
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._breaker = CircuitBreaker(failures=FAILURES_TO_OPEN, cooldown_s=COOLDOWN_S)
        self.failures = 0
        """Operations that failed or timed out."""

    async def get(self, key: str) -> bytes | None:
        """The body under a key, or None."""
        body = await self._guarded(lambda: self._redis.get(self._prefix + key))
        return body if isinstance(body, bytes) else None

    async def put(self, key: str, body: bytes) -> None:
        """Keep a body."""
        await self._guarded(lambda: self._redis.set(self._prefix + key, body, ex=self._ttl_s))

    async def is_up(self) -> bool:
        """Whether Redis answers now."""
        return bool(await self._guarded(self._redis.ping))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _guarded(self, operation: Callable[[], Awaitable[object]]) -> object:
        if not self._breaker.allow():
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await operation()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if self._breaker.is_open:
            log.info("Redis answers again")
        self._breaker.succeeded()
        return result

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        was_open = self._breaker.is_open
        self._breaker.failed()
        if self._breaker.is_open and not was_open:
            log.warning("Redis fails, serving without it: %s: %s", type(error).__name__, error)
