"""A response whose headers are bytes already."""

from __future__ import annotations

from typing import TypeAlias

from starlette.responses import Response

Headers: TypeAlias = list[tuple[bytes, bytes]]
"""Names in lower case, and values, as ASGI has them."""

_WITHOUT_LENGTH = frozenset({204, 304})
"""Statuses of responses that have no body, and do not say how long it is (RFC 9110)."""


class Written(Response):
    """A response as it goes out: Starlette's own would go through each header again, which takes as long as a hit.

    Args:
        body: its bytes.
        status: of HTTP.
        headers: all but the length.
    """

    def __init__(self, body: bytes, status: int, headers: Headers) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = headers
        if status not in _WITHOUT_LENGTH:
            headers.append((b"content-length", str(len(body)).encode()))
