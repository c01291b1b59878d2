"""A service that is slow, broken or away, over a real socket."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from redis import Redis
from starlette.requests import Request
from starlette.responses import Response
from store_services import (
    BOUNDS,
    TOKEN,
    Fault,
    StoreServices,
    body,
    dripping,
    endless,
    endpoint,
    slow,
    status,
    truncated,
)

from pipelines.worker.upstream import breaker as breakers
from pipelines.worker.upstream.client import TRIES, Endpoint
from pipelines.worker.upstream.errors import (
    ContractError,
    HeldBackError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from pipelines.worker.upstream.state import read_state
from pipelines.worker.upstream.sync import Outcome, synchronise

Sync = Callable[..., Outcome]


@pytest.mark.parametrize(
    "fault",
    [status(500), status(502), status(503), status(408), truncated, slow(5), dripping(0.1)],
    ids=["500", "502", "503", "408", "truncated", "silent", "dripping"],
)
def test_what_may_succeed_later_is_tried_again(
    store: StoreServices, client: Redis, sync: Sync, fault: Fault
) -> None:
    store.put_book("b", 1)
    store.faults = [fault, fault]
    assert sync().text == "inventory: 1 row"
    assert len(store.asked) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(500), "it answers 500 Internal Server Error"),
        (truncated, "RemoteProtocolError: peer closed connection"),
        (slow(5), "ReadTimeout"),
        (dripping(0.1), "its answer took more than 1 s"),
    ],
    ids=["500", "truncated", "silent", "dripping"],
)
def test_what_stays_away_is_named_and_what_came_before_stays(
    store: StoreServices, client: Redis, sync: Sync, fault: Fault, said: str
) -> None:
    store.put_book("b", 1)
    sync()
    store.faults = [fault] * TRIES
    done = sync()
    assert isinstance(done.fault, UnavailableError)
    assert not done.needs_a_person
    assert said in done.text
    assert len(store.asked) == 1 + TRIES
    known = read_state(client, "inventory")
    assert (known.position, said in known.fault) == ("1", True)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (status(404), RefusedError, "it answers 404 Not Found to GET http://127.0.0.1"),
        (status(403), RefusedError, "set BOOKVERSE_INVENTORY_TOKEN to a token that may read"),
        (status(302, Location="http://127.0.0.1:1/"), RefusedError, "it answers 302 Found"),
        (status(304), RefusedError, "it answers 304"),
        (body("<html>"), ContractError, "its answer is no page: Invalid JSON"),
        (body('{"items": []}'), ContractError, "next_cursor: Field required; position: Field required"),
        (
            body('{"items": {}, "next_cursor": null, "position": "1"}'),
            ContractError,
            "items: Input should be a",
        ),
        (body(b"x", Content_Encoding="gzip"), ContractError, "compressed, which was not asked for"),
        (endless, ContractError, "has more than 100,000 bytes"),
    ],
    ids=["404", "403", "redirect", "304", "html", "no page", "no list", "compressed", "endless"],
)
def test_what_would_fail_again_is_asked_once_and_needs_a_person(
    store: StoreServices, client: Redis, sync: Sync, fault: Fault, kind: type[Exception], said: str
) -> None:
    store.faults = [fault]
    done = sync()
    assert isinstance(done.fault, kind)
    assert done.needs_a_person
    assert said in done.text
    assert len(store.asked) == 1
    assert read_state(client, "inventory").breaker == "closed"


def test_a_list_without_end_is_left(store: StoreServices, sync: Sync) -> None:
    def page(request: Request) -> Response:
        cursor = int(request.query_params.get("cursor", 0)) + 1
        return Response(f'{{"items": [], "next_cursor": "{cursor}", "position": "1"}}')

    store.faults = [page] * 100
    done = sync()
    assert "its list has more than 20 pages" in done.text
    assert len(store.asked) == BOUNDS.pages
    store.faults = [body('{"items": [], "next_cursor": "1", "position": "1"}')] * 100
    assert "its list goes in a circle" in sync().text


@pytest.mark.parametrize("dated", [False, True], ids=["seconds", "date"])
def test_a_short_pause_that_is_asked_for_is_kept(store: StoreServices, sync: Sync, dated: bool) -> None:
    came: list[float] = []
    wish: list[float] = []

    def pause(request: Request) -> Response:
        came.append(time.time())
        until = datetime.now(UTC) + timedelta(seconds=2 if dated else 1)
        # a date of HTTP knows no fractions
        wish.append(until.replace(microsecond=0).timestamp() if dated else until.timestamp())
        return Response(
            status_code=429, headers={"Retry-After": format_datetime(until, usegmt=True) if dated else "1"}
        )

    store.faults = [pause, lambda _: came.append(time.time())]
    assert sync().fault is None
    assert came[1] >= wish[0]


@pytest.mark.parametrize("code", [429, 503])
def test_for_a_long_pause_the_service_is_left_alone(
    store: StoreServices, client: Redis, sync: Sync, code: int
) -> None:
    store.put_book("b", 1)
    store.faults = [status(code, Retry_After="3600")]
    done = sync()
    assert isinstance(done.fault, ThrottledError if code == 429 else UnavailableError)
    wish = read_state(client, "inventory").not_before
    assert wish is not None
    assert timedelta(minutes=59) < wish - datetime.now(UTC) <= timedelta(hours=1)
    held = sync()
    assert isinstance(held.fault, HeldBackError)
    assert "it asked for a pause until" in held.text
    assert len(store.asked) == 1
    # what is noted is its own last answer
    assert f"it answers {code}" in read_state(client, "inventory").fault


@pytest.mark.parametrize("value", ["soon", "-5", "9" * 5_000, "Fri, 99 Foo 2026 00:00:00 GMT"])
def test_a_wish_that_cannot_be_read_harms_nothing(store: StoreServices, sync: Sync, value: str) -> None:
    store.faults = [status(429, Retry_After=value)]
    sync()
    assert len(store.asked) >= 1


def test_a_service_that_keeps_failing_is_not_asked_for_a_while_and_then_once(
    store: StoreServices, client: Redis, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_book("b", 1)
    store.faults = [status(500)] * 100
    sync()
    assert isinstance(sync().fault, UnavailableError)
    # four tries, and the fifth opens it
    assert len(store.asked) == breakers.FAILURES
    assert read_state(client, "inventory").breaker == "open"
    held = sync()
    assert isinstance(held.fault, HeldBackError)
    assert "it has failed 5 times in a row" in held.text
    assert len(store.asked) == breakers.FAILURES
    monkeypatch.setattr(breakers, "OPEN_S", 0)
    sync()
    assert len(store.asked) == breakers.FAILURES + 1
    assert read_state(client, "inventory").breaker == "open"
    store.faults = []
    assert sync().text == "inventory: 1 row"
    assert read_state(client, "inventory").breaker == "closed"


def _nobody(accounts: object) -> None:
    raise AssertionError("nobody is to be erased")


def test_one_service_that_is_away_says_nothing_of_another(
    store: StoreServices, client: Redis, sync: Sync
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = Endpoint(
            "checkout", f"http://127.0.0.1:{unused.getsockname()[1]}", None, "BOOKVERSE_CHECKOUT_TOKEN"
        )
        for _ in range(2):
            done = synchronise(client, away, BOUNDS, erase=_nobody)
    assert isinstance(done.fault, UnavailableError)
    assert "ConnectError" in done.text
    assert read_state(client, "checkout").breaker == "open"
    assert sync().fault is None


def test_the_token_is_sent_and_written_nowhere(
    store: StoreServices, client: Redis, sync: Sync, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store.put_book("b", 1)
    outcomes = [sync(), sync(token="wrong-token")]
    assert store.headers["authorization"] == "Bearer wrong-token"
    assert "401" in outcomes[1].text
    assert TOKEN not in repr(endpoint(store))
    for text in (caplog.text, str(outcomes), repr(client.hgetall("bookverse:{upstream:inventory}:state"))):
        assert TOKEN not in text
        assert "wrong-token" not in text


@pytest.mark.parametrize("etag", [b"7", b'"\xe9"', b'"' + b"x" * 5_000 + b'"', b'"a b"'])
def test_an_etag_that_is_none_is_not_sent_back(
    store: StoreServices, client: Redis, sync: Sync, etag: bytes
) -> None:
    def answer(_: Request) -> Response:
        page = Response('{"items": [], "next_cursor": null, "position": "1"}')
        page.raw_headers.append((b"etag", etag))
        return page

    store.faults = [answer, lambda _: None]
    assert sync().fault is None
    assert read_state(client, "inventory").etag is None
    assert sync().fault is None
    assert "if-none-match" not in store.headers


def test_an_answer_within_its_bounds_is_read_whatever_its_size(store: StoreServices, sync: Sync) -> None:
    for number in range(20):
        store.put_book(f"b{number}", 1, description="x" * 1_000)
    assert sync(bounds=replace(BOUNDS, page_rows=20)).text == "inventory: 20 rows"
    assert len(store.asked) == 1
