"""What clients and caches between them and us are told of keeping an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from small_server import SmallServer, small_server

from recs_core.artifacts.bundle import Bundle

HELLO = {"query": "{ hello }"}
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


@pytest.fixture
def small(bundle: Bundle) -> Iterator[SmallServer]:
    with small_server(bundle) as running:
        yield running


def get(small: SmallServer, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return small.client.request(method, "/graphql", params=HELLO, headers=PREFLIGHT | named)


def test_a_public_answer_says_how_long_it_is_good(small: SmallServer) -> None:
    for response in (get(small), get(small), small.post(HELLO)):
        found = re.fullmatch(
            r"public, max-age=(\d+), stale-while-revalidate=(\d+)", response.headers["Cache-Control"]
        )
        assert found is not None
        assert 53 <= int(found[1]) <= 60
        # max-age less Age is what is left
        assert 0 <= int(response.headers["Age"]) <= int(found[1])
        assert response.headers["Vary"] == "Accept, Authorization"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_the_bytes_is_not_sent_them_again(small: SmallServer, method: str, form: str) -> None:
    full = get(small)
    again = get(small, method, If_None_Match=form.format(full.headers["ETag"]))
    assert again.status_code == 304
    assert again.content == b""
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == full.headers[name]
    assert "Content-Type" not in again.headers


def test_another_tag_gets_the_answer(small: SmallServer) -> None:
    response = get(small, If_None_Match='"other"')
    assert response.json() == {"data": {"hello": "hello world"}}


def test_a_post_is_always_answered_in_full(small: SmallServer) -> None:
    tag = small.post(HELLO).headers["ETag"]
    assert small.post(HELLO, If_None_Match=tag).json() == {"data": {"hello": "hello world"}}


def test_each_media_type_has_its_own_tag_and_equal_bytes_have_equal_tags(small: SmallServer) -> None:
    types = ("application/json", "application/graphql-response+json")
    tags = [get(small, Accept=each).headers["ETag"] for each in types]
    assert len(set(tags)) == 2
    assert all(re.fullmatch(r'"[0-9a-f]{32}-[gj]"', tag) for tag in tags)
    assert [get(small, Accept=each).headers["ETag"] for each in types] == tags
    other = small.client.get("/graphql", params={"query": '{ hello(name: "you") }'}, headers=PREFLIGHT)
    assert other.headers["ETag"] not in tags


@pytest.mark.parametrize(
    "request_of",
    [
        {"query": "{ nothing }"},
        {"query": "{ something }"},
        {"query": "{"},
        {"query": "{ unknown }"},
        {"query": "query($x: Int!) { hello }"},
        {"query": "{ together(of: 1) }"},
        {"documentId": "sha256:" + "0" * 64},
        {},
    ],
)
def test_errors_and_what_may_not_be_kept_are_not_to_be_kept(
    small: SmallServer, request_of: dict[str, Any]
) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = small.post(request_of, Accept=accept)
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


def test_a_readers_own_answer_is_for_no_shared_cache(server: Any) -> None:
    query = "query($u: ID!) { user(id: $u) { known } trending { nodes { rank } } }"
    response = server.post(query, u="u001")
    assert re.fullmatch(r"private, max-age=\d+", response.headers["Cache-Control"])


def test_a_batch_is_not_to_be_kept(bundle: Bundle) -> None:
    with small_server(bundle, batch_limit=2) as small:
        response = small.client.post(
            "/graphql", content=json.dumps([HELLO]), headers={"Content-Type": "application/json"}
        )
        assert response.headers["Cache-Control"] == "no-store"
