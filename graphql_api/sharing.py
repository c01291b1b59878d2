"""What servers share through Redis, and what each of them follows there; without Redis they do without."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from redis.asyncio import Redis

from graphql_api.cache.connection import Connection
from graphql_api.cache.invalidations import Invalidations, followed
from graphql_api.cache.responses import ResponseCache
from graphql_api.cache.shared import SharedAnswers, SharedCache
from graphql_api.context import Server
from graphql_api.documents.store import TTL_S, AutomaticDocuments, Documents
from graphql_api.newcomers import Newcomers
from graphql_api.rate.limiter import RateLimiter
from graphql_api.rate.shared import SharedBuckets
from graphql_api.settings import Settings
from graphql_api.snapshots import Snapshots
from recs_core.online.invalidations import Message
from recs_core.online.keys import DOCUMENTS
from recs_core.online.overlay import OverlayFollower, States
from recs_core.online.redis_server import EmbeddedRedis, RedisUnavailableError
from recs_core.online.tombstones import ErasedReaders

log = logging.getLogger(__name__)

EMBEDDED_REDIS_BYTES = 256 * 2**20


@asynccontextmanager
async def sharing(
    settings: Settings,
    cache: ResponseCache,
    invalidations: Invalidations,
    documents: Documents,
    limiter: RateLimiter | None,
    server: Server,
    erased: ErasedReaders,
) -> AsyncIterator[None]:
    """All that servers share is shared while this context is open, if there is a Redis to be had."""
    with redis_url(settings) as url:
        if url is None:
            yield
            return
        connection = Connection(url, timeout_s=settings.api.redis_timeout_ms / 1_000)
        cache.shared = SharedAnswers(connection)
        server.fresh.connection = connection
        server.jobs.open(url)
        if limiter is not None:
            limiter.shared = SharedBuckets(connection, limiter.rate)
        if isinstance(documents, AutomaticDocuments):
            documents.shared = SharedCache(connection, ttl_s=TTL_S, prefix=DOCUMENTS)
        try:
            async with _what_changes(url, invalidations, server.snapshots), erased.followed(connection.redis):
                yield
        finally:
            cache.shared = server.fresh.connection = None
            server.jobs.close()
            if limiter is not None:
                limiter.shared = None
            if isinstance(documents, AutomaticDocuments):
                documents.shared = None
            await cache.settle()
            await connection.close()


@asynccontextmanager
async def _what_changes(url: str, invalidations: Invalidations, snapshots: Snapshots) -> AsyncIterator[None]:
    """Follow what the store changes of its books, and which answers are of yesterday."""
    newcomers = Newcomers(snapshots)

    def told(states: States) -> None:
        snapshots.change(states)
        newcomers.hear()

    async with (
        Redis.from_url(url) as redis,
        newcomers.running(),
        OverlayFollower(redis, told) as overlay,
    ):

        async def catch_up(messages: Sequence[Message]) -> None:
            if any(tag.startswith("book:") for _, tags in messages for tag in tags):
                await overlay.refresh()

        async with followed(url, invalidations, catch_up):
            yield


def shared_url(settings: Settings) -> str | None:
    """Where the Redis is that other processes know too."""
    return None if settings.redis_url is None else settings.redis_url.get_secret_value()


@contextmanager
def redis_url(settings: Settings) -> Iterator[str | None]:
    """Where Redis is: the shared one, or one of our own in this context; None where none can be had."""
    if (shared := shared_url(settings)) is not None:
        yield shared
        return
    try:
        embedded = EmbeddedRedis(max_memory_bytes=EMBEDDED_REDIS_BYTES)
    except RedisUnavailableError as error:
        log.warning("serving without Redis: %s", error)
        yield None
        return
    with embedded:
        yield embedded.url
