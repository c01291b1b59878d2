"""Operations over a WebSocket are charged as those over HTTP, and to the same client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from small_server import SmallServer, small_server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle

LIMIT = 5


@pytest.fixture
def small(bundle: Bundle) -> Iterator[SmallServer]:
    with small_server(bundle, Settings(api={"rate_limit": LIMIT})) as running:
        yield running


def asked(connection: ClientConnection, query: str) -> list[dict[str, Any]]:
    """The messages about an operation."""
    connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
    messages = [json.loads(connection.recv(timeout=20))]
    while messages[-1]["type"] == "next":
        messages.append(json.loads(connection.recv(timeout=20)))
    return messages


@pytest.mark.parametrize("query", ["{ hello }", "subscription { count(to: 3) }"])
def test_each_operation_counts_once_however_many_results_it_has(small: SmallServer, query: str) -> None:
    with connect(small.sockets, subprotocols=["graphql-transport-ws"]) as connection:
        connection.send(json.dumps({"type": "connection_init"}))
        assert json.loads(connection.recv(timeout=20))["type"] == "connection_ack"
        for _ in range(LIMIT):
            assert asked(connection, query)[-1]["type"] == "complete"
        (refused,) = asked(connection, query)
        assert refused["type"] == "error"
        (error,) = refused["payload"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert 1 <= error["extensions"]["retryAfter"] <= 60 / LIMIT
    assert small.post({"query": "{ hello }"}).status_code == 429


def test_a_token_that_is_not_accepted_counts(small: SmallServer) -> None:
    for _ in range(LIMIT):
        with connect(small.sockets, subprotocols=["graphql-transport-ws"]) as connection:
            forged = {"authorization": "Bearer forged"}
            connection.send(json.dumps({"type": "connection_init", "payload": forged}))
            with pytest.raises(ConnectionClosed):
                connection.recv(timeout=20)
    assert small.post({"query": "{ hello }"}).status_code == 429
