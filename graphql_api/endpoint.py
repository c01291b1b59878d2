"""`/graphql` over HTTP: a request is answered as its client can read it, a browser gets the page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.graphql import OperationType

from graphql_api.answers import Answers
from graphql_api.auth.authenticator import Authenticator
from graphql_api.auth.identity import Identity
from graphql_api.auth.refusals import TokenRefused
from graphql_api.caller import Caller
from graphql_api.errors import (
    MethodNotAllowedError,
    NotAcceptableError,
    OperationKindError,
    RefusedError,
    RequestError,
    internal_error,
    request_error,
)
from graphql_api.every_response import current_request_id
from graphql_api.http.caching import NOT_KEPT, caching_headers, is_known
from graphql_api.http.disconnect import ClientGoneError, unless_disconnected
from graphql_api.http.media import EVENT_STREAM, GRAPHQL_RESPONSE, HTML, JSON, Accept
from graphql_api.http.options import ProtocolOptions
from graphql_api.http.requests import header_of, read_request, values_of
from graphql_api.http.sse import Bodies, EventStream, once
from graphql_api.http.written import Headers, Written
from graphql_api.operation import Asked
from graphql_api.page import page
from graphql_api.rate.addresses import ClientAddresses
from graphql_api.rate.headers import rate_limit
from graphql_api.rate.tariff import Tariff
from graphql_api.snapshots import Snapshots

log = logging.getLogger(__name__)

OFFERED = (JSON, GRAPHQL_RESPONSE, EVENT_STREAM)
"""What a client that reads anything gets comes first: `application/json`, as the older half of them expects."""

_WRITTEN: Final[Mapping[str | None, tuple[bytes, bytes]]] = {
    media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL_RESPONSE)
}
"""What responses are written as."""

_VARY = (b"vary", b"Accept, Authorization")


class GraphQLEndpoint:
    """The ASGI application behind `/graphql`.

    Args:
        answers: answers requests.
        authenticator: says who they come from.
        addresses: says where from.
        tariff: what is charged for a token that is not accepted.
        options: what clients are allowed.
        snapshots: whose current version is said in each response.
        max_body_bytes: the largest request.
        closing: set when the server stops.
    """

    def __init__(
        self,
        answers: Answers,
        authenticator: Authenticator,
        addresses: ClientAddresses,
        tariff: Tariff,
        options: ProtocolOptions,
        *,
        snapshots: Snapshots,
        max_body_bytes: int,
        closing: asyncio.Event,
    ) -> None:
        self._answers = answers
        self._authenticator = authenticator
        self._addresses = addresses
        self._tariff = tariff
        self._snapshots = snapshots
        self._page = options.page
        self._read = partial(read_request, max_body_bytes=max_body_bytes, batch_limit=options.batch_limit)
        self._stream = partial(EventStream, ping_s=options.ping_s, closing=closing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request, began = Request(scope, receive), time.perf_counter()
        caller = Caller(address=self._addresses.of(scope), may_write=scope["method"] == "POST")
        try:
            response = await self._respond(request, caller)
        except ClientGoneError:
            return
        if log.isEnabledFor(logging.DEBUG):
            took_ms = 1_000 * (time.perf_counter() - began)
            kept = response.headers.get("cache-status", "no cache")
            log.debug("%s %d in %.1f ms, %s", request.method, response.status_code, took_ms, kept)
        response.raw_headers += (_VARY, (b"bookverse-bundle", self._snapshots.current.version.encode()))
        if caller.quota is not None:
            response.raw_headers.append(rate_limit(caller.quota))
        await response(scope, receive, send)

    async def _respond(self, request: Request, caller: Caller) -> Response:
        accept = Accept.parse(header_of(request.scope, b"accept"))
        shows_page = self._page and request.method in ("GET", "HEAD")
        media = accept.best((*OFFERED, HTML) if shows_page else OFFERED)
        if media == HTML:
            return page()
        try:
            authorization = values_of(request.scope, b"authorization")
            known = self._authenticator.recall(authorization)
            caller.identity = known or await self._identify(authorization, caller)
            asked = await self._asked(request, caller)
            if media is None:
                raise NotAcceptableError(f"Accept must allow one of {', '.join(OFFERED)}")
            if isinstance(asked, list):
                return await self._batch(request, asked, caller, media)
            return await self._one(request, asked, caller, accept, media)
        except RequestError as error:
            return self._refusal(error, media)
        except ClientGoneError:
            raise
        except Exception:
            return _response(_masked(), media, status=500, headers=[NOT_KEPT])

    async def _identify(self, authorization: list[str], caller: Caller) -> Identity:
        try:
            return await self._authenticator.identify(authorization)
        except TokenRefused:
            # guessing tokens costs what asking does
            await self._tariff.charge(caller, None)
            raise

    async def _asked(self, request: Request, caller: Caller) -> Asked | list[Asked]:
        try:
            return await self._read(request)
        except RequestError:
            # reading what is no request is work as any other
            await self._tariff.charge(caller, None)
            raise

    async def _one(
        self, request: Request, asked: Asked, caller: Caller, accept: Accept, media: str
    ) -> Response:
        request_id = current_request_id()
        try:
            served = await self._answers.answer(
                asked, request_id, caller, partial(unless_disconnected, request.receive)
            )
        except OperationKindError as error:
            if error.kind is OperationType.MUTATION and request.method != "POST":
                raise MethodNotAllowedError("a mutation is sent with POST", allow="POST") from None
            if error.kind is OperationType.SUBSCRIPTION and accept.names(EVENT_STREAM):
                return self._stream(self._bodies(asked, request_id, caller))
            raise
        if media == EVENT_STREAM:
            return self._stream(once(served.body))
        status = served.status if media == GRAPHQL_RESPONSE else 200
        headers = caching_headers(served, media, time.time())
        if request.method != "POST" and is_known(headers, header_of(request.scope, b"if-none-match")):
            self._answers.count("not modified")
            return Written(b"", 304, headers)
        return _response(served.body, media, status=status, headers=headers)

    async def _bodies(self, asked: Asked, request_id: str, caller: Caller) -> Bodies:
        async with aclosing(self._answers.subscribe(asked, request_id, caller)) as results:
            async for result in results:
                yield result.body

    async def _batch(self, request: Request, batch: list[Asked], caller: Caller, media: str) -> Response:
        if media == EVENT_STREAM:
            raise RequestError("a batch cannot be answered with an event stream")

        async def side_by_side() -> list[bytes]:
            return await asyncio.gather(*(self._item(asked, caller) for asked in batch))

        bodies = await unless_disconnected(request.receive, side_by_side())
        # each has its own outcome, and one status cannot tell them
        return _response(b"[" + b",".join(bodies) + b"]", media, status=200, headers=[NOT_KEPT])

    async def _item(self, asked: Asked, caller: Caller) -> bytes:
        try:
            return (await self._answers.answer(asked, current_request_id(), caller)).body
        except RequestError as error:
            return _errors(request_error(error))
        except Exception:
            return _masked()

    def _refusal(self, error: RequestError, media: str | None) -> Response:
        body = _errors(request_error(error))
        status = error.status
        if isinstance(error, RefusedError):
            # an EventSource shows its page no status and no body of an error
            if media == EVENT_STREAM:
                return self._stream(once(body))
            status = 200 if media == JSON else status
        return _response(body, media, status=status, headers=[NOT_KEPT, *error.headers])


def _response(body: bytes, media: str | None, *, status: int, headers: Headers) -> Response:
    headers.append(_WRITTEN.get(media, _WRITTEN[GRAPHQL_RESPONSE]))
    return Written(body, status, headers)


def _errors(error: dict[str, object]) -> bytes:
    return orjson.dumps({"errors": [error]})


def _masked() -> bytes:
    """What the client is told of the exception that is being handled; the log has the rest."""
    request_id = current_request_id()
    log.exception("request %s failed", request_id)
    return _errors(internal_error(request_id))
