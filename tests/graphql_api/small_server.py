"""A small schema with everything that can happen, behind the real server."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import strawberry
from api_server import eventually
from starlette.applications import Starlette

from graphql_api.app import create_app
from graphql_api.cache.control import public
from graphql_api.errors import BadUserInputError
from graphql_api.http.options import ProtocolOptions
from graphql_api.http.server import DEFAULT_LIMITS, Certificate, ConnectionLimits, Server
from graphql_api.limits.operation_name import OperationNameRequired
from graphql_api.schema import Schema
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

MESSAGE_BYTES = 64 * 1024

happened: Counter[str] = Counter()
"""What resolvers did, for tests to see; cleared by the fixture that starts a server."""


@strawberry.type
class Query:
    @strawberry.field(directives=[public(60)])
    async def hello(self, name: str = "world") -> str:
        happened["hello"] += 1
        return f"hello {name}"

    @strawberry.field(directives=[public(60)])
    async def nothing(self) -> str | None:
        raise BadUserInputError("there is nothing")

    @strawberry.field
    async def something(self) -> str:
        raise BadUserInputError("there should be something")

    @strawberry.field(directives=[public(60)])
    async def waits(self) -> str:
        """Never ends by itself."""
        happened["waits"] += 1
        try:
            await asyncio.Event().wait()
        finally:
            happened["waited"] += 1
        return "never"

    @strawberry.field
    async def together(self, of: int) -> int:
        """Ends when `of` of them are under way."""
        happened["together"] += 1
        while happened["together"] < of:
            await asyncio.sleep(0.001)
        return of


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for n in range(1, to + 1):
            yield n

    @strawberry.subscription
    async def once(self) -> AsyncGenerator[int, None]:
        """One event, and never another."""
        happened["once"] += 1
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            happened["once ended"] += 1

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("a secret of the server")


SCHEMA = Schema(query=Query, subscription=Subscription, extensions=[OperationNameRequired])


@dataclass
class SmallServer:
    url: str
    client: httpx.Client
    server: Server
    sockets: str = field(init=False)

    def __post_init__(self) -> None:
        self.sockets = self.url.replace("http://", "ws://") + "/graphql"

    def post(self, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/graphql", json=body, headers=named)


def small_app(bundle: Bundle, settings: Settings | None = None, **options: Any) -> Starlette:
    happened.clear()
    settings = settings or Settings.load()
    return create_app(settings, ServingRecommender(bundle), ProtocolOptions(**options), schema=SCHEMA)


@contextmanager
def small_server(
    bundle: Bundle,
    settings: Settings | None = None,
    limits: ConnectionLimits = DEFAULT_LIMITS,
    tls: Certificate | None = None,
    **options: Any,
) -> Iterator[SmallServer]:
    """The small schema behind the real server, in a thread of this process."""
    app = small_app(bundle, settings, **options)
    server = Server(app, max_message_bytes=MESSAGE_BYTES, limits=limits, tls=tls)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            eventually(lambda: server.started)
            trust = ssl.create_default_context(cafile=tls.certificate) if tls else True
            with httpx.Client(base_url=url, timeout=20, verify=trust) as client:
                yield SmallServer(url, client, server)
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()
