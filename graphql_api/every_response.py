"""What every response says: the id that names the request, here and in the log, and what browsers shall refuse."""

from __future__ import annotations

import logging
import os
import re
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphql_api.http.written import Headers

HEADER = "X-Request-ID"

_NAME = HEADER.lower().encode()
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,64}")

POLICY = b"content-security-policy"
CLOSED = (POLICY, b"default-src 'none'; frame-ancestors 'none'")
"""Of a response that is no page: nothing in it is to be run, loaded or shown in a frame."""
REFERRERS = (b"referrer-policy", b"no-referrer")

_current: ContextVar[str] = ContextVar("request_id", default="-")


def current_request_id() -> str:
    """The id of the request that is being answered; a dash outside any."""
    return _current.get()


class EveryResponseMiddleware:
    """Take the client's `X-Request-ID` if it is harmless, make one otherwise, and return it with what browsers need.

    Args:
        app: the application.
        hsts_s: how long a browser shall come by HTTPS alone, in seconds; 0 says nothing of it.
    """

    def __init__(self, app: ASGIApp, *, hsts_s: int) -> None:
        self._app = app
        self._always = [(b"x-content-type-options", b"nosniff")]
        if hsts_s:
            self._always.append((b"strict-transport-security", f"max-age={hsts_s}".encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _offered(scope) or os.urandom(16).hex()
        _current.set(request_id)
        header = (_NAME, request_id.encode())
        # of an answer browsers are told that it is JSON, which they show to nobody; the page has a policy of its own
        may_be_shown = scope["path"] != "/graphql"

        async def send_with_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = [*message["headers"], header, *self._always]
                if may_be_shown:
                    headers += _shown(headers)
            await send(message)

        await self._app(scope, receive, send_with_more)


def _shown(headers: Headers) -> Headers:
    """What a response says besides that a browser may show."""
    has_policy = any(name == POLICY for name, _ in headers)
    return [REFERRERS] if has_policy else [REFERRERS, CLOSED]


def _offered(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _NAME:
            return value.decode() if _ACCEPTED.fullmatch(value) else None
    return None


class RequestIdFilter(logging.Filter):
    """Gives every log record the id of the request that it was written for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id`; keep the record."""
        record.request_id = current_request_id()
        return True
