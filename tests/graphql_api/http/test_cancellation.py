"""What takes too long, and what nobody waits for any more."""

from __future__ import annotations

import asyncio
import gc
import json
import socket

import pytest
from api_server import eventually
from small_server import SmallServer, happened, small_server

from graphql_api.cache.invalidations import Invalidations
from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.policy import Policy
from graphql_api.cache.responses import ResponseCache
from graphql_api.errors import RequestError
from graphql_api.executor import Rendered
from recs_core.artifacts.bundle import Bundle

WAITS = {"query": "{ waits }"}
KEY = (b"document", b"{}", "version", "", "")
MINUTE = Policy(60, private=False)


@pytest.mark.parametrize(
    ("accept", "status"), [("application/graphql-response+json", 503), ("application/json", 200)]
)
def test_an_operation_that_takes_too_long_is_cancelled(bundle: Bundle, accept: str, status: int) -> None:
    with small_server(bundle, timeout_ms=50) as small:
        response = small.post(WAITS, Accept=accept)
        assert response.status_code == status
        assert response.json() == {
            "errors": [{"message": "the operation took more than 50 ms", "extensions": {"code": "TIMEOUT"}}]
        }
        assert happened["waited"] == 1
        # and nothing of it is left: the next is computed anew
        assert small.post({"query": "{ hello }"}).json() == {"data": {"hello": "hello world"}}


def hung_up_on(small: SmallServer) -> socket.socket:
    """A connection over which `WAITS` was asked."""
    body = json.dumps(WAITS).encode()
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    connection = socket.create_connection(
        (small.client.base_url.host, small.client.base_url.port), timeout=20
    )
    connection.sendall(head % len(body) + body)
    return connection


def test_who_hangs_up_takes_the_work_along(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        connection = hung_up_on(small)
        eventually(lambda: happened["waits"] == 1)
        assert not happened["waited"]
        connection.close()
        eventually(lambda: happened["waited"] == 1)


def test_who_hangs_up_leaves_the_work_to_who_still_waits(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        one, other = hung_up_on(small), hung_up_on(small)
        eventually(lambda: happened["waits"] == 1)
        one.close()
        assert small.post({"query": "{ hello }"}).is_success
        assert not happened["waited"]
        other.close()
        eventually(lambda: happened["waited"] == 1)
    assert happened["waits"] == 1


@pytest.mark.anyio
async def test_who_comes_when_the_last_has_just_gone_does_not_wait_for_cancelled_work() -> None:
    cache = ResponseCache(MemoryCache(max_bytes=0), Invalidations())

    async def never() -> Rendered:
        await asyncio.Event().wait()
        raise AssertionError

    async def at_once() -> Rendered:
        return Rendered(b"{}", 200, storable=True)

    gone = asyncio.create_task(cache.serve(KEY, MINUTE, never))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await cache.serve(KEY, MINUTE, at_once)).body == b"{}"


@pytest.mark.anyio
async def test_a_failure_that_nobody_waits_for_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    cache = ResponseCache(MemoryCache(max_bytes=0), Invalidations())
    began, failed = asyncio.Event(), asyncio.Event()

    async def fails_when_it_is_cancelled() -> Rendered:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            failed.set()
            raise RequestError("it is refused")

    gone = asyncio.create_task(cache.serve(KEY, MINUTE, fails_when_it_is_cancelled))
    await began.wait()
    gone.cancel()
    await asyncio.wait({gone})
    await failed.wait()
    await asyncio.sleep(0)
    gc.collect()
    assert "never retrieved" not in caplog.text
