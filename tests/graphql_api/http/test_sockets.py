"""Operations over WebSocket, by the graphql-transport-ws protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from api_server import eventually
from small_server import MESSAGE_BYTES, SmallServer, happened, small_server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from recs_core.artifacts.bundle import Bundle

PROTOCOL = "graphql-transport-ws"


@pytest.fixture
def small(bundle: Bundle) -> Iterator[SmallServer]:
    with small_server(bundle, socket_operations=2) as running:
        yield running


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(timeout=20))

    def subscribe(self, query: str, operation_id: str = "1", **more: Any) -> None:
        self.send(type="subscribe", id=operation_id, payload={"query": query} | more)

    def close_code(self) -> int | None:
        """With which code the server closes, whatever it says before."""
        with suppress(ConnectionClosed):
            while True:
                self.connection.recv(timeout=20)
        return self.connection.close_code


@contextmanager
def opened(small: SmallServer, **options: Any) -> Iterator[Socket]:
    with connect(small.sockets, subprotocols=[PROTOCOL], **options) as connection:
        yield Socket(connection)


@contextmanager
def acknowledged(small: SmallServer) -> Iterator[Socket]:
    with opened(small) as socket:
        socket.send(type="connection_init", payload={})
        assert socket.receive() == {"type": "connection_ack"}
        yield socket


def test_a_subscription_sends_its_results_and_completes(small: SmallServer) -> None:
    with acknowledged(small) as socket:
        socket.subscribe("subscription($n: Int!) { count(to: $n) }", variables={"n": 2})
        assert [socket.receive() for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"count": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"count": 2}}},
            {"id": "1", "type": "complete"},
        ]


def test_a_query_is_answered_as_over_http_and_kept(small: SmallServer) -> None:
    over_http = small.post({"query": "{ hello nothing }"}).json()
    with acknowledged(small) as socket:
        socket.subscribe("{ hello nothing }")
        assert socket.receive() == {"id": "1", "type": "next", "payload": over_http}
        assert socket.receive() == {"id": "1", "type": "complete"}
        socket.subscribe("{ hello }")
        assert [socket.receive()["type"] for _ in range(2)] == ["next", "complete"]
    assert small.post({"query": "{ hello }"}).headers["Cache-Status"] == "bookverse; hit; detail=L1"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "mutation { hello }"}, "BAD_REQUEST"),
        ({"query": "query A { hello }", "operationName": "B"}, "BAD_REQUEST"),
        ({"query": "query A { hello } query B { hello }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": 7}, "BAD_REQUEST"),
        ({}, "BAD_REQUEST"),
        ([], "BAD_REQUEST"),
        ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
def test_what_is_refused_is_an_error_of_its_operation(small: SmallServer, payload: object, code: str) -> None:
    with acknowledged(small) as socket:
        socket.send(type="subscribe", id="1", payload=payload)
        message = socket.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        # and the connection goes on
        socket.subscribe("{ hello }")
        assert [socket.receive()["type"] for _ in range(2)] == ["next", "complete"]


def test_a_fault_of_ours_is_masked(small: SmallServer, caplog: pytest.LogCaptureFixture) -> None:
    with acknowledged(small) as socket:
        socket.subscribe("subscription { broken }")
        socket.receive()
        message = socket.receive()
        assert message["type"] == "error"
        (error,) = message["payload"]
    assert error["message"] == "internal server error"
    assert error["extensions"]["requestId"] in caplog.text


def test_complete_ends_a_subscription(small: SmallServer) -> None:
    with acknowledged(small) as socket:
        socket.subscribe("subscription { once }")
        socket.receive()
        socket.send(type="complete", id="1")
        eventually(lambda: happened["once ended"] == 1)


def test_who_hangs_up_ends_all_of_theirs(small: SmallServer) -> None:
    with acknowledged(small) as socket:
        for place in ("1", "2"):
            socket.subscribe("subscription { once }", place)
            socket.receive()
    eventually(lambda: happened["once ended"] == 2)


def test_there_is_a_limit_of_operations_on_a_connection(small: SmallServer) -> None:
    with acknowledged(small) as socket:
        for place in ("1", "2"):
            socket.subscribe("subscription { once }", place)
            socket.receive()
        socket.subscribe("{ hello }", "3")
        refused = socket.receive()
        assert (refused["id"], refused["type"]) == ("3", "error")
        socket.send(type="complete", id="1")
        eventually(lambda: happened["once ended"] == 1)
        socket.subscribe("{ hello }", "3")
        assert [socket.receive()["type"] for _ in range(2)] == ["next", "complete"]


def before_init(socket: Socket) -> None:
    socket.subscribe("{ hello }")


def twice(socket: Socket) -> None:
    for _ in range(2):
        socket.send(type="connection_init")


def same_id(socket: Socket) -> None:
    socket.send(type="connection_init")
    for _ in range(2):
        socket.subscribe("subscription { once }")


def no_json(socket: Socket) -> None:
    socket.connection.send("{")


def no_object(socket: Socket) -> None:
    socket.connection.send("[]")


def no_type(socket: Socket) -> None:
    socket.send(id="1")


def unknown_type(socket: Socket) -> None:
    socket.send(type="begin")


def id_is_no_string(socket: Socket) -> None:
    socket.send(type="connection_init")
    socket.send(type="complete", id={})


def bytes_instead(socket: Socket) -> None:
    socket.connection.send(b'{"type": "connection_init"}')


def too_large(socket: Socket) -> None:
    socket.send(type="connection_init", payload={"x": "x" * MESSAGE_BYTES})


@pytest.mark.parametrize(
    ("misbehave", "code"),
    [
        (before_init, 4401),
        (twice, 4429),
        (same_id, 4409),
        (no_json, 4400),
        (no_object, 4400),
        (no_type, 4400),
        (unknown_type, 4400),
        (id_is_no_string, 4400),
        (bytes_instead, 4400),
        (too_large, 1009),
    ],
)
def test_who_breaks_the_protocol_is_hung_up_on(
    small: SmallServer, misbehave: Callable[[Socket], None], code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(small) as socket:
        misbehave(socket)
        assert socket.close_code() == code
    assert "Traceback" not in caplog.text


def test_who_does_not_begin_is_hung_up_on(bundle: Bundle) -> None:
    with small_server(bundle, socket_init_s=0.05) as small, opened(small) as socket:
        assert socket.close_code() == 4408


@pytest.mark.parametrize("protocols", [["graphql-ws"], None])
def test_other_protocols_are_not_spoken(small: SmallServer, protocols: list[Any] | None) -> None:
    with connect(small.sockets, subprotocols=protocols) as connection:
        assert Socket(connection).close_code() == 4406


def test_pages_of_other_sites_are_refused(small: SmallServer) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(small, origin="https://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    with opened(small, origin=small.url) as socket:
        socket.send(type="ping")
        assert socket.receive() == {"type": "pong"}


def test_a_server_that_stops_says_so(small: SmallServer) -> None:
    with acknowledged(small) as socket:
        socket.subscribe("subscription { once }")
        socket.receive()
        small.server.should_exit = True
        assert socket.close_code() == 1012
    eventually(lambda: happened["once ended"] == 1)
