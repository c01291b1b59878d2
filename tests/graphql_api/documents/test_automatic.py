"""Automatic persisted queries, by Apollo's protocol."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
from api_server import eventually
from small_server import small_server

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis

QUERY = "{ hello }"
HELLO = {"data": {"hello": "hello world"}}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def by_hash(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}} | more


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    return error["extensions"]["code"]


def test_a_document_that_was_sent_once_is_named_by_its_hash(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        unknown = small.post(by_hash(QUERY))
        assert code(unknown) == "PERSISTED_QUERY_NOT_FOUND"
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert small.post(by_hash(QUERY, query=QUERY)).json() == HELLO
        assert small.post(by_hash(QUERY)).json() == HELLO
        assert small.post({"documentId": f"sha256:{digest(QUERY)}"}).json() == HELLO
        extensions = f'{{"persistedQuery":{{"version":1,"sha256Hash":"{digest(QUERY)}"}}}}'
        # an address that names a document needs no preflight
        assert small.client.get("/graphql", params={"extensions": extensions}).json() == HELLO


def test_it_is_the_same_answer_from_the_cache_as_for_the_document(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        small.post(by_hash(QUERY, query=QUERY))
        assert small.post(by_hash(QUERY)).headers["Cache-Status"] == "bookverse; hit; detail=L1"


def test_a_document_whose_answer_was_kept_already_is_learnt(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        small.post({"query": QUERY})
        small.post(by_hash(QUERY, query=QUERY))
        assert small.post(by_hash(QUERY)).json() == HELLO


def test_a_subscription_is_learnt_too(bundle: Bundle) -> None:
    text = "subscription { count(to: 1) }"
    stream = {"Accept": "text/event-stream"}
    with small_server(bundle) as small:
        assert "PersistedQueryNotFound" in small.post(by_hash(text), **stream).text
        assert '{"count":1}' in small.post(by_hash(text, query=text), **stream).text
        assert '{"count":1}' in small.post(by_hash(text), **stream).text


@pytest.mark.parametrize("query", ["{ nothing", "{ no_such_field }", "{ something }"])
def test_what_cannot_be_executed_is_not_kept(bundle: Bundle, query: str) -> None:
    refused = {"{ something }": 294}.get(query, 400)
    with small_server(bundle) as small:
        accept = "application/graphql-response+json"
        assert small.post(by_hash(query, query=query), Accept=accept).status_code == refused
        if refused == 400:
            assert code(small.post(by_hash(query))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("persisted", "message"),
    [
        ({"version": 1, "sha256Hash": "0" * 64}, "is not the sha256 of its document"),
        ({"version": 2, "sha256Hash": digest(QUERY)}, 'with "version": 1'),
        ({"version": 1}, "must be 64 hexadecimal digits"),
        ({"version": 1, "sha256Hash": digest(QUERY).upper()}, "must be 64 hexadecimal digits"),
        ("yes", "must be an object"),
    ],
)
def test_a_wrong_hash_is_refused(bundle: Bundle, persisted: object, message: str) -> None:
    with small_server(bundle) as small:
        response = small.post({"query": QUERY, "extensions": {"persistedQuery": persisted}})
        assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
        assert message in response.json()["errors"][0]["message"]
        assert code(small.post(by_hash(QUERY))) == "PERSISTED_QUERY_NOT_FOUND"


def test_two_names_for_two_documents_are_refused(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        response = small.post(by_hash(QUERY, documentId="sha256:" + "0" * 64))
        assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_servers_share_documents_through_redis_and_do_without_it(
    bundle: Bundle, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    settings = Settings.load(api={"redis_timeout_ms": 1_000})
    with small_server(bundle, settings) as one, small_server(bundle, settings) as two:
        one.post(by_hash(QUERY, query=QUERY))
        assert two.post(by_hash(QUERY)).json() == HELLO
        redis_server.close()
        eventually(lambda: one.client.get("/health/ready").json()["redis"] == "down")
        # what a server knows it still knows, and it still learns
        assert two.post(by_hash(QUERY)).json() == HELLO
        other = "query Other { hello }"
        assert code(two.post(by_hash(other))) == "PERSISTED_QUERY_NOT_FOUND"
        assert two.post(by_hash(other, query=other)).json() == HELLO
        assert two.post(by_hash(other)).json() == HELLO


def test_where_nothing_is_kept_a_client_is_told_to_send_documents(bundle: Bundle) -> None:
    with small_server(bundle, persisted_documents="off") as small:
        refused = small.post(by_hash(QUERY))
        assert code(refused) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert refused.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert small.post(by_hash(QUERY, query=QUERY)).json() == HELLO
        assert code(small.post({"documentId": "home"})) == "PERSISTED_QUERY_NOT_SUPPORTED"
