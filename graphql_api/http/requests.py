"""From an HTTP request to what it asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Scope

from graphql_api.errors import (
    MethodNotAllowedError,
    PayloadTooLargeError,
    RequestError,
    UnsupportedMediaTypeError,
)
from graphql_api.http.disconnect import ClientGoneError
from graphql_api.http.media import JSON, MediaType
from graphql_api.operation import Asked, parse_json, parse_request

ALLOW = "GET, HEAD, POST"

PREFLIGHT_HEADERS = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight")
"""A page of another site can send neither of them unless a preflight allows it to."""

SMALL, REMEMBERED = 4_096, 2_048
"""Bytes of a body that is remembered with what it asks, and how many are: what repeats need not be read again."""

TEXTS = ("query", "operationName", "documentId")
JSONS = ("variables", "extensions")


async def read_request(request: Request, *, max_body_bytes: int, batch_limit: int) -> Asked | list[Asked]:
    """What a request asks for: one operation, or a batch of them.

    Args:
        request: whose body is read.
        max_body_bytes: the longest body.
        batch_limit: the most operations of a batch; 0 where batches are refused.

    Raises:
        ClientGoneError: the client hung up before it had sent all.
        RequestError: it is not a request of GraphQL over HTTP.
    """
    if request.method == "POST":
        body = await _body(request, max_body_bytes)
        return _parsed(body, batch_limit) if len(body) > SMALL else _parsed_before(body, batch_limit)
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowedError("GraphQL is asked with POST or GET", allow=ALLOW)
    asked = parse_request(_parameters(request.query_params))
    # a document in an address could be any site's, sent with the reader's cookies by a link
    if asked.document is not None and not any(name in request.headers for name in PREFLIGHT_HEADERS):
        raise RequestError(f"GET of a document needs the header {PREFLIGHT_HEADERS[0]}, with any value")
    return asked


def _parsed(body: bytes, batch_limit: int) -> Asked | list[Asked]:
    asked = parse_json(body)
    return _batch(asked, batch_limit) if isinstance(asked, list) else parse_request(asked)


# what is asked is never changed; a fault is found anew each time
_parsed_before = lru_cache(REMEMBERED)(_parsed)


def _batch(items: list[Any], limit: int) -> list[Asked]:
    if not limit:
        raise RequestError("the body must be a JSON object (got an array); batches are not served here")
    if not 0 < len(items) <= limit:
        raise RequestError(f"a batch has 1 to {limit} operations (got {len(items)})")
    batch = []
    for place, item in enumerate(items, 1):
        try:
            batch.append(parse_request(item))
        except RequestError as error:
            raise RequestError(f"operation {place} of the batch: {error}") from None
    return batch


def _parameters(parameters: QueryParams) -> dict[str, Any]:
    """The request that an address's query holds, as a body would hold it."""
    values = {}
    for name in (*TEXTS, *JSONS):
        given = parameters.getlist(name)
        if len(given) > 1:
            raise RequestError(f'"{name}" is in the address {len(given)} times')
        if given:
            values[name] = parse_json(given[0], f'"{name}"') if name in JSONS else given[0]
    return values


async def _body(request: Request, max_bytes: int) -> bytes:
    declared = header_of(request.scope, b"content-type")
    content = MediaType.parse(declared)
    if content.name != JSON or not content.is_utf_8:
        raise UnsupportedMediaTypeError(f"Content-Type must be {JSON} in UTF-8 (got {declared!r})")
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        # counted as it comes: a chunked request declares no length, and one that does may lie
        if len(body) > max_bytes:
            raise PayloadTooLargeError(f"a request has at most {max_bytes} bytes")
    return body


def header_of(scope: Scope, name: bytes) -> str:
    """The values of a request's header, as one; empty where it has none.

    Args:
        scope: of the request.
        name: in lower case.
    """
    return ", ".join(values_of(scope, name))


def values_of(scope: Scope, name: bytes) -> list[str]:
    """The values of all headers of a name, which is in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
