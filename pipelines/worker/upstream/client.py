"""Asks a service for its pages: with bounds on time and size; tries again what may succeed, and knows when not to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Self

import httpx
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from pipelines.worker.upstream.errors import (
    ContractError,
    HeldBackError,
    PositionGoneError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from pipelines.worker.upstream.wire import Page, read_page

TRIES: Final = 4
_ETAG: Final = re.compile(r'(W/)?"[!#-~]{0,1000}"')
"""As RFC 9110 has it, but for characters beyond ASCII."""

LONGEST_PAUSE_S: Final = 30.0
"""A service that wants to be left alone for longer is asked by a later job."""

LONGEST_WISH: Final = timedelta(days=1)
"""No service can keep us away for longer."""

_PAUSE: Final = frozenset({429, 503})
_LATER: Final = frozenset({408, 425})


@dataclass(frozen=True)
class Endpoint:
    """Where a service is asked.

    Args:
        service: its name.
        url: what its paths are added to.
        token: sent as a bearer token; None for a service that asks for none.
        token_variable: the environment variable that sets it, for people.
    """

    service: str
    url: str
    token: str | None = field(repr=False)
    token_variable: str


@dataclass(frozen=True)
class Bounds:
    """What a request may take.

    Args:
        connect_s: until a connection stands.
        read_s: without a byte.
        total_s: until the answer is there as a whole.
        body_bytes: of an answer.
        page_rows: that are asked for at a time.
        pages: of one list.
        pause_s: before the second try, at most; twice that before the third, and so on.
    """

    connect_s: float
    read_s: float
    total_s: float
    body_bytes: int
    page_rows: int
    pages: int
    pause_s: float = 0.5


@dataclass(frozen=True)
class FirstPage:
    """The beginning of a list.

    Args:
        page: None where nothing has changed.
        etag: what to ask with the next time; None where the service has sent none.
    """

    page: Page | None
    etag: str | None


class UpstreamClient:
    """A service of the store; a context, for it holds connections.

    Args:
        endpoint: where it is.
        path: of its list.
        bounds: what a request may take.
        breaker: says when it has failed too often to be asked; counts its failures.
    """

    def __init__(self, endpoint: Endpoint, path: str, bounds: Bounds, breaker: CircuitBreaker) -> None:
        self._endpoint = endpoint
        self._url = f"{endpoint.url.rstrip('/')}/{path}"
        self._bounds = bounds
        self._breaker = breaker

    def __enter__(self) -> Self:
        # a loop of its own, since only a loop can put an end to the whole of a request
        self._loop = asyncio.Runner()
        bounds = self._bounds
        self._http = httpx.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **self._credentials()},
            timeout=httpx.Timeout(bounds.read_s, connect=bounds.connect_s),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._http.aclose())
        self._loop.close()

    def first(self, position: str | None, etag: str | None) -> FirstPage:
        """The first page of what has changed.

        Args:
            position: since when; None for everything.
            etag: of the last answer to the same question.

        Raises:
            UpstreamError: it could not be read; the subclass says why.
        """
        asked = {"limit": str(self._bounds.page_rows)} | ({} if position is None else {"since": position})
        answer = self._ask(asked, {} if etag is None else {"If-None-Match": etag})
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return FirstPage(None, etag)
        return FirstPage(read_page(answer.content), _etag(answer.headers.get("ETag")))

    def rest(self, first: Page) -> Iterator[Page]:
        """The pages after the first.

        Raises:
            UpstreamError: one could not be read; the subclass says why.
        """
        page, cursors = first, set[str]()
        while (cursor := page.next_cursor) is not None:
            if cursor in cursors or len(cursors) + 1 >= self._bounds.pages:
                how = (
                    "goes in a circle" if cursor in cursors else f"has more than {self._bounds.pages:,} pages"
                )
                raise ContractError(f"its list {how}: mend next_cursor, or raise upstream.max_pages")
            cursors.add(cursor)
            try:
                answer = self._ask({"limit": str(self._bounds.page_rows), "cursor": cursor}, {})
            except PositionGoneError:
                raise UnavailableError(
                    "it does not know its own cursor any more: its list is begun anew"
                ) from None
            page = read_page(answer.content)
            yield page

    def _credentials(self) -> dict[str, str]:
        token = self._endpoint.token
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def _ask(self, parameters: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        """One answer, in several tries if need be."""
        retrying = Retrying(
            stop=self._gives_up,
            wait=self._pause,
            retry=retry_if_exception_type(UnavailableError),
            reraise=True,
        )
        return retrying(self._try, parameters, headers)

    def _try(self, parameters: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        try:
            return self._breaker.call(lambda: self._loop.run(self._fetch(parameters, headers)))
        except CircuitBreakerError:
            raise HeldBackError(
                f"it has failed {self._breaker.fail_max} times in a row, and is asked again "
                f"{self._breaker.reset_timeout:g} s after the last"
            ) from None

    def _gives_up(self, state: RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome is not None else None
        too_long = isinstance(fault, UnavailableError) and _seconds_until(fault.not_before) > LONGEST_PAUSE_S
        opened = self._breaker.current_state == STATE_OPEN
        return bool(too_long or opened or stop_after_attempt(TRIES)(state))

    def _pause(self, state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome is not None else None
        asked_s = _seconds_until(fault.not_before) if isinstance(fault, UnavailableError) else 0.0
        own: float = wait_random_exponential(multiplier=self._bounds.pause_s, max=LONGEST_PAUSE_S)(state)
        return max(asked_s, own)

    async def _fetch(self, parameters: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        try:
            async with (
                asyncio.timeout(self._bounds.total_s),
                self._http.stream("GET", self._url, params=parameters, headers=headers) as response,
            ):
                if not (response.status_code == httpx.codes.NOT_MODIFIED and "If-None-Match" in headers):
                    self._check(response)
                body = await self._body(response)
        except TimeoutError:
            raise UnavailableError(f"its answer took more than {self._bounds.total_s:g} s") from None
        except httpx.TransportError as error:
            raise UnavailableError(f"{type(error).__name__}: {error}".removesuffix(": ")) from None
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise ContractError("its answer is compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._bounds.body_bytes:
                raise ContractError(
                    f"its answer has more than {self._bounds.body_bytes:,} bytes: let it keep to `limit`, lower "
                    "upstream.page_rows, or raise upstream.max_body_bytes"
                )
        return bytes(body)

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        said = f"it answers {status} {response.reason_phrase}".rstrip()
        if status == httpx.codes.OK:
            return
        if status in _PAUSE:
            kind = ThrottledError if status == httpx.codes.TOO_MANY_REQUESTS else UnavailableError
            raise kind(said, _retry_after(response.headers.get("Retry-After")))
        if status in _LATER or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise UnavailableError(said)
        if status == httpx.codes.GONE:
            raise PositionGoneError(said)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise RefusedError(
                f"{said}: set {self._endpoint.token_variable} to a token that may read {self._url}"
            )
        raise RefusedError(f"{said} to GET {self._url}: check upstream.{self._endpoint.service}_url")


def _retry_after(value: str | None) -> datetime | None:
    """When to ask again: seconds from now, or a date of HTTP; None where it says neither."""
    now = datetime.now(UTC)
    try:
        if value is None:
            return None
        if value.isdecimal():
            return now + min(timedelta(seconds=int(value)), LONGEST_WISH)
        return min(parsedate_to_datetime(value).replace(tzinfo=UTC), now + LONGEST_WISH)
    except (ValueError, OverflowError):
        return None


def _etag(value: str | None) -> str | None:
    """An ETag that can be sent back; None where it is none."""
    return value if value is not None and _ETAG.fullmatch(value) else None


def _seconds_until(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())
