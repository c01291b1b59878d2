"""A server that executes the documents of a folder and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, print_ast
from small_server import SmallServer, happened, small_app, small_server
from websockets.sync.client import connect

from graphql_api.documents.folder import DocumentsError
from recs_core.artifacts.bundle import Bundle

HOME = "query Home { hello }\n"
COUNT = "subscription Count {\n  count(to: 1)\n}\n"
HELLO = {"data": {"hello": "hello world"}}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


RELAY_ID = "0123456789abcdef0123456789abcdef"  # pragma: allowlist secret


@pytest.fixture(scope="module")
def small(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "home.graphql").write_text(HOME)
    (folder / "count.graphql").write_text(COUNT)
    (folder / "relay.json").write_text(json.dumps({RELAY_ID: "query Relay { hello }"}))
    with small_server(bundle, persisted_documents="trusted", documents=folder) as running:
        yield running


def persisted(sha256: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}}


@pytest.mark.parametrize(
    "request_",
    [
        {"documentId": f"sha256:{digest(HOME)}"},
        {"documentId": digest(HOME)},
        persisted(digest(HOME)),
        {"documentId": "sha256:" + digest(print_ast(parse(HOME)))},
        {"documentId": RELAY_ID},
        {"documentId": digest("query Relay { hello }")},
        {"query": HOME},
        {"query": HOME} | persisted(digest(HOME)),
    ],
)
def test_a_trusted_document_is_executed_by_any_of_its_names(
    small: SmallServer, request_: dict[str, Any]
) -> None:
    assert small.post(request_).json() == HELLO


@pytest.mark.parametrize(
    "request_",
    [
        {"query": "{ hello }"},
        {"query": HOME + " "},
        {"query": "{ __schema { types { name } } }"},
        {"documentId": "sha256:" + "0" * 64},
        {"documentId": "home"},
        persisted("0" * 64),
        {"query": "{ hello }"} | persisted(digest("{ hello }")),
    ],
)
@pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 403)]
)
def test_anything_else_is_refused(
    small: SmallServer, request_: dict[str, Any], accept: str, status: int
) -> None:
    before = happened["hello"]
    response = small.post(request_, Accept=accept)
    assert response.status_code == status
    assert response.json() == {
        "errors": [
            {
                "message": "only the documents that the server was started with are executed",
                "extensions": {"code": "DOCUMENT_NOT_TRUSTED"},
            }
        ]
    }
    assert happened["hello"] == before


def test_a_trusted_document_cannot_be_exchanged_for_another(small: SmallServer) -> None:
    response = small.post({"query": "{ hello }"} | persisted(digest(HOME)))
    assert response.status_code == 400


def test_get_names_a_trusted_document_without_a_preflight(small: SmallServer) -> None:
    response = small.client.get("/graphql", params={"documentId": f"sha256:{digest(HOME)}"})
    assert response.json() == HELLO


def test_streams_and_sockets_trust_no_more(small: SmallServer) -> None:
    stream = small.client.get(
        "/graphql", params={"documentId": digest(COUNT)}, headers={"Accept": "text/event-stream"}
    )
    assert '{"count":1}' in stream.text
    with connect(small.sockets, subprotocols=["graphql-transport-ws"]) as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv()
        for place, payload in enumerate([{"documentId": digest(COUNT)}, {"query": "{ hello }"}]):
            socket.send(json.dumps({"type": "subscribe", "id": str(place), "payload": payload}))
        received = [json.loads(socket.recv()) for _ in range(3)]
    by_id = {place: [m["type"] for m in received if m["id"] == place] for place in ("0", "1")}
    assert by_id == {"0": ["next", "complete"], "1": ["error"]}


def test_a_faulty_folder_stops_the_start(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "home.graphql").write_text("query Home {\n  hallo\n}\n")
    with pytest.raises(DocumentsError, match=r"home.graphql:2: Cannot query field 'hallo'"):
        small_app(bundle, persisted_documents="trusted", documents=tmp_path)


def test_a_folder_must_be_named(bundle: Bundle) -> None:
    with pytest.raises(DocumentsError, match="need a folder"):
        small_app(bundle, persisted_documents="trusted")
