"""The ASGI application: routes, and what lives as long as the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from graphql import build_schema as as_graphql_schema
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from graphql_api.answers import Answers
from graphql_api.audit.wiring import trail_of
from graphql_api.auth.wiring import authenticator_of, cached_keys
from graphql_api.cache.invalidations import Invalidations
from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.plan import Plans
from graphql_api.cache.responses import ResponseCache
from graphql_api.compiled.documents import CompiledDocuments
from graphql_api.context import SWAPS, Invalidated, Server, Swap
from graphql_api.disclosure import Disclosure
from graphql_api.documents.folder import DocumentsError, read_documents
from graphql_api.documents.store import (
    AutomaticDocuments,
    Documents,
    SentDocuments,
    TrustedDocuments,
)
from graphql_api.endpoint import GraphQLEndpoint
from graphql_api.every_response import EveryResponseMiddleware
from graphql_api.executor import Executor
from graphql_api.health import Readiness, live
from graphql_api.http.guards import of_browsers, of_names
from graphql_api.http.options import ProtocolOptions
from graphql_api.http.websocket import GraphQLSocket
from graphql_api.page import STATIC
from graphql_api.privacy.office import office_of
from graphql_api.publication import PublicationWatch, is_published
from graphql_api.rate.addresses import ClientAddresses
from graphql_api.rate.bucket import Rate
from graphql_api.rate.limiter import RateLimiter
from graphql_api.rate.tariff import Tariff
from graphql_api.recent import RecentOperations
from graphql_api.schema import Schema, build_schema
from graphql_api.settings import Settings, registry_of
from graphql_api.sharing import shared_url, sharing
from graphql_api.snapshots import Snapshot
from graphql_api.wiring import open_snapshot, reader_names_of, server_of
from recs_core.data.erased import ErasureDigests
from recs_core.online.tombstones import ErasedReaders
from recs_core.serving.recommender import ServingRecommender

log = logging.getLogger(__name__)

EMBEDDED_REDIS_BYTES = 256 * 2**20


def create_app(
    settings: Settings,
    recommender: ServingRecommender,
    options: ProtocolOptions | None = None,
    *,
    schema: Schema | None = None,
) -> Starlette:
    """The application that answers from one bundle.

    `state.closing` is an event that ends the streams; whoever stops the server sets it. `state.snapshots` is what is
    served.

    Args:
        settings: limits, and where Redis is.
        recommender: the opened bundle's.
        options: how clients may ask; the defaults where None.
        schema: what can be asked; the product's where None.

    Raises:
        ParameterError: production lacks a secret.
        DocumentsError: the trusted documents are faulty.
        KeySetError: the key set is a file that cannot be used.
        SecretKeyError: a key that the settings ask for is missing.
    """
    settings.insist_on_secrets_of_servers()
    options = options or options_of(settings)
    api = settings.api
    schema = schema or build_schema(settings)
    erased = ErasedReaders(ErasureDigests.from_environment())
    snapshot = Snapshot.of(recommender).masking(erased.covers)
    server = replace(server_of(settings, snapshot), office=office_of(settings, erased))

    def heard(tag: str) -> None:
        erased.hear(tag)
        server.news.send(tag, Invalidated())

    invalidations = Invalidations(heard)
    cache = ResponseCache(MemoryCache(max_bytes=api.cache_l1_bytes), invalidations)
    readiness = Readiness(server.snapshots, cache)
    documents = _documents(options, schema)
    executor = Executor(
        schema,
        server,
        timeout_ms=options.timeout_ms,
        disclosure=Disclosure(suggestions=options.suggestions, introspection=options.introspection),
        compiled=CompiledDocuments(schema) if api.compiled_documents else None,
    )
    recent = RecentOperations(api.warm_operations)
    limiter = RateLimiter(Rate(api.rate_limit)) if api.rate_limit else None
    tariff = Tariff(limiter, unit=api.rate_unit)
    trail = trail_of(settings)
    plans = _plans(settings, schema)
    answers = Answers(
        executor,
        cache,
        plans,
        documents,
        server.snapshots,
        recent,
        tariff,
        erased=erased,
        trail=trail,
        names=reader_names_of(settings, schema),
    )
    watch = _watch(settings, server, answers, erased)
    closing = asyncio.Event()
    keys = cached_keys(settings)
    authenticator = authenticator_of(settings, keys)
    addresses = ClientAddresses(api.trusted_proxies)
    endpoint = GraphQLEndpoint(
        answers,
        authenticator,
        addresses,
        tariff,
        options,
        snapshots=server.snapshots,
        max_body_bytes=api.max_body_bytes,
        closing=closing,
    )
    sockets = GraphQLSocket(
        schema,
        answers,
        authenticator,
        addresses,
        tariff,
        allowed_origins=api.cors_origins,
        init_timeout_s=options.socket_init_s,
        max_operations=options.socket_operations,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as living:
            living.push_async_callback(keys.close)
            if trail is not None:
                await living.enter_async_context(trail.running())
            await living.enter_async_context(
                sharing(settings, cache, invalidations, documents, limiter, server, erased)
            )
            if watch is not None:
                await living.enter_async_context(watch.running(shared_url(settings)))
            readiness.serving = True
            try:
                yield
            finally:
                readiness.serving = False

    app = Starlette(
        routes=[
            Route("/graphql", endpoint, middleware=of_browsers(api)),
            WebSocketRoute("/graphql", sockets, middleware=of_names(api)),
            Route("/health/live", live),
            Route("/health/ready", readiness.ready),
            *(
                [Route("/", _to_the_page), Mount("/static", StaticFiles(directory=STATIC))]
                if options.page
                else []
            ),
        ],
        middleware=[
            Middleware(EveryResponseMiddleware, hsts_s=api.hsts_s),
        ],
        lifespan=lifespan,
    )
    app.state.closing = closing
    app.state.snapshots = server.snapshots
    return app


def options_of(settings: Settings) -> ProtocolOptions:
    """How clients may ask, as the settings say."""
    api = settings.api
    return ProtocolOptions(
        page=api.page,
        batch_limit=api.batch_limit,
        timeout_ms=api.timeout_ms,
        introspection=api.introspection,
        suggestions=api.suggestions,
        persisted_documents=api.persisted_documents,
        documents=api.documents,
    )


def _watch(
    settings: Settings, server: Server, answers: Answers, erased: ErasedReaders
) -> PublicationWatch | None:
    """What follows the publications; None where a bundle is served that is none."""
    if settings.api.bundle is not None:
        return None
    registry = registry_of(settings)
    if not is_published(server.snapshots.current.recommender.bundle.path, registry):
        return None
    return PublicationWatch(
        registry,
        server.snapshots,
        make=lambda path: server.snapshots.grown(open_snapshot(path, settings).masking(erased.covers)),
        warm=answers.warm,
        swapped=lambda before, after: server.news.send(SWAPS, Swap(before, after)),
    )


def _plans(settings: Settings, schema: Schema) -> Plans:
    api = settings.api
    return Plans(schema._schema, schema.as_str(), longest=api.cache_ttl, max_tokens=api.max_tokens)


def _documents(options: ProtocolOptions, schema: Schema) -> Documents:
    if options.persisted_documents == "off":
        return SentDocuments()
    if options.persisted_documents == "automatic":
        return AutomaticDocuments()
    if options.documents is None:
        raise DocumentsError("trusted documents need a folder to be collected from")
    return TrustedDocuments(read_documents(options.documents, as_graphql_schema(schema.as_str())))


async def _to_the_page(_: Request) -> Response:
    return RedirectResponse("/graphql")
