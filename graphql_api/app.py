"""The ASGI application: routes, and what lives as long as the server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from graphql_api.cache.key import KeyMaker
from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.responses import ResponseCache
from graphql_api.cache.shared import SharedCache
from graphql_api.endpoint import GraphQLEndpoint
from graphql_api.executor import Executor
from graphql_api.health import Readiness, live
from graphql_api.page import STATIC
from graphql_api.request_id import RequestIdMiddleware
from graphql_api.schema import build_schema
from graphql_api.settings import Settings
from recs_core.online.redis_server import EmbeddedRedis, RedisUnavailableError
from recs_core.serving.recommender import ServingRecommender

log = logging.getLogger(__name__)

EMBEDDED_REDIS_BYTES = 256 * 2**20


def create_app(settings: Settings, recommender: ServingRecommender) -> Starlette:
    """The application that answers from one bundle.

    Args:
        settings: limits, and where Redis is.
        recommender: the opened bundle's.
    """
    bundle = recommender.bundle
    schema = build_schema(settings)
    cache = ResponseCache(MemoryCache(max_bytes=settings.api.cache_l1_bytes, ttl_s=settings.api.cache_ttl))
    readiness = Readiness(bundle, cache)
    endpoint = GraphQLEndpoint(
        Executor(schema, recommender, max_first=settings.api.max_first),
        cache,
        KeyMaker(schema.as_str(), bundle.version),
        bundle_version=bundle.version,
        max_body_bytes=settings.api.max_body_bytes,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with _redis_url(settings) as url:
            shared = _shared_cache(settings, url) if url else None
            cache.shared = shared
            readiness.serving = True
            try:
                yield
            finally:
                readiness.serving = False
                cache.shared = None
                if shared:
                    await shared.close()

    return Starlette(
        routes=[
            Route("/graphql", endpoint),
            Route("/health/live", live),
            Route("/health/ready", readiness.ready),
            Route("/", _to_the_page),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(RequestIdMiddleware)],
        lifespan=lifespan,
    )


@contextmanager
def _redis_url(settings: Settings) -> Iterator[str | None]:
    """Where Redis is: the shared one, or one of our own in this context; None where none can be had."""
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    try:
        embedded = EmbeddedRedis(max_memory_bytes=EMBEDDED_REDIS_BYTES)
    except RedisUnavailableError as error:
        log.warning("serving without Redis: %s", error)
        yield None
        return
    with embedded:
        yield embedded.url


def _shared_cache(settings: Settings, url: str) -> SharedCache:
    return SharedCache(url, ttl_s=settings.api.cache_ttl, timeout_s=settings.api.redis_timeout_ms / 1_000)


async def _to_the_page(_: Request) -> Response:
    return RedirectResponse("/graphql")
