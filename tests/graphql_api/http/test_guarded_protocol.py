"""Slow, greedy and silent clients, over real sockets: they are hung up on, and others are served meanwhile."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from small_server import SmallServer, small_server

from graphql_api.http.guarded_protocol import MAX_HEAD_BYTES, MAX_HEADERS
from graphql_api.http.server import ConnectionLimits
from recs_core.artifacts.bundle import Bundle

PATIENCE_S = 0.6

HEAD = b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"query": "{ hello }"}).encode()


@pytest.fixture(scope="module")
def impatient(bundle: Bundle) -> Iterator[SmallServer]:
    with small_server(bundle, limits=ConnectionLimits(most=20, patience_s=PATIENCE_S)) as running:
        yield running


@contextmanager
def connection(server: SmallServer) -> Iterator[socket.socket]:
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as opened:
        yield opened


def send_in_parts(opened: socket.socket, sent: bytes) -> None:
    """Send as long as it is read."""
    with suppress(OSError):
        for begin in range(0, len(sent), 4_096):
            opened.sendall(sent[begin : begin + 4_096])
            time.sleep(0.01)


def until_closed(opened: socket.socket) -> bytes:
    """What the server says before it hangs up."""
    said = b""
    while part := opened.recv(65_536):
        said += part
    return said


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /gra",
        HEAD,
        HEAD + b"Content-Length: 100\r\n\r\n",
        HEAD + b"Content-Length: 100\r\n\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nquery\r\n",
    ],
    ids=["nothing", "half a line", "half a head", "no body", "half a body", "a chunk"],
)
def test_who_does_not_finish_a_request_is_hung_up_on(impatient: SmallServer, sent: bytes) -> None:
    with connection(impatient) as opened:
        opened.sendall(sent)
        assert until_closed(opened).startswith(b"HTTP/1.1 408 ")


def test_a_byte_now_and_then_is_not_enough(impatient: SmallServer) -> None:
    with connection(impatient) as opened:
        began, refused = time.monotonic(), False
        while not refused:
            try:
                opened.sendall(b"x")
            except OSError:
                refused = True
            assert time.monotonic() - began < 20 * PATIENCE_S
            time.sleep(0.05)
        assert impatient.post({"query": "{ hello }"}).status_code == 200


def test_a_request_that_comes_in_parts_in_time_is_answered(impatient: SmallServer) -> None:
    request = HEAD + f"Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode() + BODY
    with connection(impatient) as opened:
        for begin in range(0, len(request), 40):
            opened.sendall(request[begin : begin + 40])
            time.sleep(0.02)
        assert b"hello world" in until_closed(opened)


def test_an_answer_may_take_longer_than_a_request(impatient: SmallServer) -> None:
    """Patience is with what is sent, not with what is computed."""
    body = json.dumps({"query": "subscription { once }"}).encode()
    head = HEAD + b"Accept: text/event-stream\r\n" + f"Content-Length: {len(body)}\r\n\r\n".encode()
    with connection(impatient) as opened:
        opened.sendall(head + body)
        said = b""
        while b'{"once":1}' not in said:
            said += opened.recv(65_536)
        opened.settimeout(2 * PATIENCE_S)
        with pytest.raises(TimeoutError):
            opened.recv(65_536)


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"x" * 2 * MAX_HEAD_BYTES,
        b"X: x\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"".join(b"X%d: %s\r\n" % (n, b"x" * 200) for n in range(90)) + b"\r\n",
    ],
    ids=["a long one", "many", "many long ones"],
)
def test_a_large_head_is_refused(impatient: SmallServer, headers: bytes) -> None:
    with connection(impatient) as opened:
        send_in_parts(opened, HEAD + headers)
        assert until_closed(opened).startswith(b"HTTP/1.1 431 ")


def test_a_long_address_is_refused(impatient: SmallServer) -> None:
    with connection(impatient) as opened:
        send_in_parts(opened, b"GET /graphql?query=" + b"x" * 2 * MAX_HEAD_BYTES)
        assert until_closed(opened).startswith(b"HTTP/1.1 431 ")


def test_more_connections_than_there_may_be_are_told_to_come_again(bundle: Bundle) -> None:
    with small_server(bundle, limits=ConnectionLimits(most=5)) as server:
        held = [socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) for _ in range(6)]
        try:
            assert server.post({"query": "{ hello }"}).status_code == 503
        finally:
            for each in held:
                each.close()
