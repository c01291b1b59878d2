"""Subscriptions over server-sent events."""

from __future__ import annotations

import json
import socket
import threading

import httpx
import pytest
from api_server import eventually
from small_server import SmallServer, happened, small_server

from recs_core.artifacts.bundle import Bundle

STREAM = "text/event-stream"
ONCE = {"query": "subscription { once }"}


def events(text: str) -> list[tuple[str, object]]:
    """Event names and their data, of a whole stream."""
    blocks = [block for block in text.split("\n\n") if block]
    fields = [dict(line.split(":", 1) for line in block.split("\n")) for block in blocks]
    return [(f["event"].strip(), json.loads(f["data"]) if f["data"].strip() else None) for f in fields]


@pytest.fixture
def small(bundle: Bundle):
    with small_server(bundle) as running:
        yield running


def test_a_subscription_is_a_stream_of_its_results(small: SmallServer) -> None:
    response = small.post({"query": "subscription { count(to: 3) }"}, Accept=STREAM)
    assert events(response.text) == [
        *(("next", {"data": {"count": n}}) for n in (1, 2, 3)),
        ("complete", None),
    ]
    assert response.headers["Cache-Control"] == "no-store"


def test_a_query_is_a_stream_of_one_result_which_is_kept(small: SmallServer) -> None:
    for _ in range(2):
        response = small.post({"query": "{ hello }"}, Accept=STREAM)
        assert events(response.text) == [("next", {"data": {"hello": "hello world"}}), ("complete", None)]
    assert happened["hello"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        # a subscription's source is made of its variables: wrong ones are met before it begins
        ("subscription($n: Int!) { count(to: $n) }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { hello }", "BAD_REQUEST"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_what_is_refused_is_told_in_the_stream(small: SmallServer, query: str, code: str) -> None:
    (name, body), last = events(small.post({"query": query}, Accept=STREAM).text)
    assert name == "next"
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert "data" not in body
    assert last == ("complete", None)


def test_a_fault_in_the_middle_is_masked_and_ends_the_stream(
    small: SmallServer, caplog: pytest.LogCaptureFixture
) -> None:
    response = small.post({"query": "subscription { broken }"}, Accept=STREAM, X_Request_ID="stream-1")
    first, (_, body), last = events(response.text)
    assert first == ("next", {"data": {"broken": 1}})
    assert body["errors"][0]["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": "stream-1",
    }
    assert last == ("complete", None)
    assert "secret" not in response.text
    assert "stream-1" in caplog.text


def test_a_silent_stream_says_that_it_is_alive(bundle: Bundle) -> None:
    with small_server(bundle, ping_s=0.05) as small:
        with small.client.stream("POST", "/graphql", json=ONCE, headers={"Accept": STREAM}) as response:
            pings = 0
            for line in response.iter_lines():
                pings += line == ": ping"
                if pings == 3:
                    break
        eventually(lambda: happened["once ended"] == 1)


def test_who_hangs_up_ends_the_subscription(small: SmallServer) -> None:
    body = json.dumps(ONCE).encode()
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n"
    )
    address = (small.client.base_url.host, small.client.base_url.port)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head % len(body) + body)
        eventually(lambda: happened["once"] == 1)
        assert not happened["once ended"]
    eventually(lambda: happened["once ended"] == 1)


def test_a_server_that_stops_ends_its_streams_without_complete(small: SmallServer) -> None:
    lines: list[str] = []
    began = threading.Event()

    def read() -> None:
        with (
            httpx.Client(base_url=small.url, timeout=20) as client,
            client.stream("POST", "/graphql", json=ONCE, headers={"Accept": STREAM}) as response,
        ):
            for line in response.iter_lines():
                lines.append(line)
                began.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert began.wait(20)
    small.server.should_exit = True
    # well before the server would cut it off
    reader.join(10)
    assert not reader.is_alive()
    assert lines == ["event: next", 'data: {"data":{"once":1}}', ""]
    eventually(lambda: happened["once ended"] == 1)
