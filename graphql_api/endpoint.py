"""`/graphql` over HTTP: a POST is answered from the cache or executed, a browser's GET gets the page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graphql_api.cache.key import KeyMaker
from graphql_api.cache.responses import ResponseCache, Served
from graphql_api.errors import (
    MethodNotAllowedError,
    PayloadTooLargeError,
    RequestError,
    UnsupportedMediaTypeError,
    internal_error,
    request_error,
)
from graphql_api.executor import Executor
from graphql_api.operation import parse_operation
from graphql_api.page import page, wants_page
from graphql_api.request_id import current_request_id

log = logging.getLogger(__name__)

JSON = "application/json"


class GraphQLEndpoint:
    """The ASGI application behind `/graphql`.

    Args:
        executor: runs operations.
        cache: keeps responses.
        keys: makes their keys.
        bundle_version: said in each response.
        max_body_bytes: the largest request.
    """

    def __init__(
        self,
        executor: Executor,
        cache: ResponseCache,
        keys: KeyMaker,
        *,
        bundle_version: str,
        max_body_bytes: int,
    ) -> None:
        self._executor = executor
        self._cache = cache
        self._keys = keys
        self._bundle_version = bundle_version
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        response = await self._respond(Request(scope, receive))
        response.headers["Bookverse-Bundle"] = self._bundle_version
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if wants_page(request):
            return page()
        try:
            served = await self._serve(request)
        except RequestError as error:
            allow = {"Allow": "POST"} if isinstance(error, MethodNotAllowedError) else {}
            return _errors([request_error(error)], status=error.status, headers=allow)
        except Exception:
            request_id = current_request_id()
            log.exception("request %s failed", request_id)
            return _errors([internal_error(request_id)], status=500, headers={})
        return Response(served.body, media_type=JSON, headers={"Cache-Status": served.cache_status})

    async def _serve(self, request: Request) -> Served:
        if request.method != "POST":
            raise MethodNotAllowedError("GraphQL is asked with POST")
        operation = parse_operation(await self._body(request))
        request_id = current_request_id()
        return await self._cache.serve(
            self._keys.key(operation), lambda: self._executor.run(operation, request_id)
        )

    async def _body(self, request: Request) -> bytes:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != JSON:
            raise UnsupportedMediaTypeError(f"Content-Type must be {JSON} (got {media_type!r})")
        body = bytearray()
        # counted as it comes: a chunked request declares no length, and one that does may lie
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body_bytes:
                raise PayloadTooLargeError(f"a request has at most {self._max_body_bytes} bytes")
        return bytes(body)


def _errors(errors: Sequence[dict[str, Any]], *, status: int, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps({"errors": errors}), status, headers, JSON)
