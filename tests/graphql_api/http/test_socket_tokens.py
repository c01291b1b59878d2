"""Tokens over WebSocket: of the first message or of the handshake, asked for with each operation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer, api_server
from token_issuer import AUDIENCE, ISSUER, honest, public_keys
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from recs_core.artifacts.bundle import Bundle

OWN = '{ user(id: "u001") { known } }'
OTHERS = '{ user(id: "u002") { known } }'


@contextmanager
def guarded_server(bundle: Bundle, folder: Path, **more: str) -> Iterator[ApiServer]:
    (folder / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    settings = {
        "BOOKVERSE_AUTH__KEYS": str(folder / "keys.json"),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_AUTH__LEEWAY_S": "0",
        "BOOKVERSE_AUTH__ANONYMOUS": "[]",
    }
    with api_server(bundle.path, folder / "log", **settings, **more) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with guarded_server(bundle, tmp_path_factory.mktemp("guarded")) as running:
        yield running


def token(**claims: Any) -> str:
    return f"Bearer {honest(sub='u001', **claims)}"


@contextmanager
def opened(
    server: ApiServer, payload: dict[str, Any], headers: dict[str, str] | None = None
) -> Iterator[ClientConnection]:
    url = f"{server.client.base_url}/graphql".replace("http", "ws", 1)
    with connect(url, subprotocols=["graphql-transport-ws"], additional_headers=headers) as connection:
        connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield connection


def asked(connection: ClientConnection, query: str) -> dict[str, Any]:
    """The first message about an operation."""
    connection.send(json.dumps({"type": "subscribe", "id": query, "payload": {"query": query}}))
    while True:
        message = json.loads(connection.recv(timeout=20))
        if message.get("id") == query:
            return message


def code(message: dict[str, Any]) -> str:
    assert message["type"] == "error", message
    return message["payload"][0]["extensions"]["code"]


@pytest.mark.parametrize("of_handshake", [True, False])
def test_a_token_opens_what_is_its_bearers_alone(guarded: ApiServer, of_handshake: bool) -> None:
    said = {"Authorization": token()}
    with opened(guarded, {} if of_handshake else said, said if of_handshake else None) as connection:
        assert json.loads(connection.recv(timeout=20))["type"] == "connection_ack"
        assert asked(connection, OWN)["payload"]["data"] == {"user": {"known": True}}
        assert code(asked(connection, OTHERS)) == "FORBIDDEN"
        changed = 'subscription { recommendationsChanged(userId: "u002") { totalCount } }'
        assert code(asked(connection, changed)) == "FORBIDDEN"


def test_without_a_token_nothing_is_open(guarded: ApiServer) -> None:
    with opened(guarded, {}) as connection:
        assert code(asked(connection, OWN)) == "UNAUTHENTICATED"


@pytest.mark.parametrize("said", ["Bearer forged", "Basic dXNlcg==", 7, None])
def test_a_token_that_is_not_accepted_opens_no_connection(guarded: ApiServer, said: object) -> None:
    payload = {"authorization": said}
    with opened(guarded, payload, {"Authorization": "Bearer forged"}) as connection:
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=20)
        assert connection.close_code == 4403


def test_a_token_that_ends_takes_its_operations_along(guarded: ApiServer) -> None:
    now = int(time.time())
    with opened(guarded, {"authorization": token(iat=now - 10, exp=now + 2)}) as connection:
        assert asked(connection, OWN)["type"] == "next"
        while time.time() < now + 2.1:
            time.sleep(0.05)
        assert code(asked(connection, OWN + " # again")) == "UNAUTHENTICATED"


def test_operations_with_a_token_that_has_ended_are_charged(bundle: Bundle, tmp_path: Path) -> None:
    now = int(time.time())
    with (
        guarded_server(bundle, tmp_path, BOOKVERSE_API__RATE_LIMIT="5") as server,
        opened(server, {"authorization": token(iat=now - 10, exp=int(time.time()) + 2)}) as connection,
    ):
        assert json.loads(connection.recv(timeout=20))["type"] == "connection_ack"
        time.sleep(2.1)
        codes = [code(asked(connection, f"{OWN} # {number}")) for number in range(6)]
    assert codes == ["UNAUTHENTICATED"] * 5 + ["RATE_LIMITED"]
