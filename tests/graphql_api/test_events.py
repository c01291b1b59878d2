"""An event is taken, and the reader's next answer is another one: real Redis, the real consumer, HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ApiServer, api_server, eventually
from redis import Redis
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from pipelines.worker.consumers import Consumers
from recs_core.artifacts.bundle import Bundle
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.redis_server import EmbeddedRedis

RECORD = "mutation($events: [InteractionInput!]!) { recordEvents(events: $events) { accepted } }"
LIST = "query($userId: ID!) { recommendations(userId: $userId, first: 10) { nodes { book { bookId } } } }"


@pytest.fixture
def server(bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=redis_server.url) as running:
        yield running


@contextmanager
def worker(redis: EmbeddedRedis) -> Iterator[None]:
    consumers = Consumers(redis.url, ["interactions"], ConsumerSettings())
    thread = threading.Thread(target=consumers.run)
    thread.start()
    try:
        yield
    finally:
        consumers.stop()
        thread.join(20)
    assert not thread.is_alive()


def event(event_id: str, kind: str, book_id: str, user_id: str = "u001", **more: Any) -> dict[str, Any]:
    return {"eventId": event_id, "type": kind, "userId": user_id, "bookId": book_id} | more


def listed(server: ApiServer, user_id: str = "u001") -> list[str]:
    nodes = server.data(LIST, userId=user_id)["recommendations"]["nodes"]
    return [node["book"]["bookId"] for node in nodes]


def first_list(response: httpx.Response) -> list[str]:
    """The books of the first list that a subscriber is sent."""
    line = next(line for line in response.iter_lines() if line.startswith("data: {"))
    nodes = json.loads(line.removeprefix("data: "))["data"]["recommendationsChanged"]["nodes"]
    return [node["book"]["bookId"] for node in nodes]


def test_what_was_bought_is_no_longer_recommended_and_others_see_no_difference(
    server: ApiServer, redis_server: EmbeddedRedis
) -> None:
    mine, others = listed(server), listed(server, "u002")
    with worker(redis_server):
        taken = server.data(RECORD, events=[event("e1", "PURCHASE", mine[0])])
        assert taken == {"recordEvents": {"accepted": 1}}
        eventually(lambda: mine[0] not in listed(server))
    assert listed(server, "u002") == others
    why = server.data('query($id: ID!) { explain(userId: "u001", bookId: $id) { rank } }', id=mine[0])
    assert why["explain"]["rank"] is None


def test_who_listens_is_told_the_new_list(server: ApiServer, redis_server: EmbeddedRedis) -> None:
    before = listed(server)
    changed = 'subscription { recommendationsChanged(userId: "u001") { nodes { book { bookId } } } }'
    headers = {"Accept": "text/event-stream"}
    with (
        worker(redis_server),
        server.client.stream("POST", "/graphql", json={"query": changed}, headers=headers) as response,
        ThreadPoolExecutor(1) as pool,
    ):
        told = pool.submit(first_list, response)
        # of another reader it is told nothing
        server.data(RECORD, events=[event("s0", "PURCHASE", before[-1], "u002")])
        # a purchase may have its effect before the subscription listens: until told
        for number, book in enumerate(before):
            server.data(RECORD, events=[event(f"s{number + 1}", "PURCHASE", book)])
            if wait([told], timeout=1).done:
                break
        books = told.result(10)
        eventually(lambda: listed(server) == books)
    assert before[0] not in books


def test_an_unknown_reader_gets_lists_of_their_own_from_the_first_event_on(
    server: ApiServer, redis_server: EmbeddedRedis
) -> None:
    popular = listed(server, "newcomer")
    taste = listed(server)[:3]
    with worker(redis_server):
        sent = [event(f"n{n}", "PURCHASE", book, "newcomer") for n, book in enumerate(taste)]
        server.data(RECORD, events=sent)
        eventually(lambda: listed(server, "newcomer") != popular)
    assert not set(taste) & set(listed(server, "newcomer"))


def test_an_event_that_comes_again_changes_nothing(server: ApiServer, redis_server: EmbeddedRedis) -> None:
    book = listed(server)[0]
    sent = [event("same", "PURCHASE", book, time="2026-11-01T12:00:00Z")]
    with worker(redis_server), Redis.from_url(redis_server.url) as redis:
        for _ in range(3):
            server.data(RECORD, events=sent)
        eventually(lambda: redis.hlen(keys.profile("u001")) == 2)
        server.data(RECORD, events=[event("another", "VIEW", book)])
        eventually(lambda: redis.hlen(keys.profile("u001")) == 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eventId": "with space"}, "event_id"),
        ({"type": "RATING"}, "value"),
        ({"type": "RATING", "rating": 11}, "value"),
        ({"type": "VIEW", "rating": 3}, "value"),
        ({"userId": " "}, "events[0].userId must not be blank"),
        ({"bookId": "x" * 65}, "events[0].bookId must have at most 64 characters"),
        ({"time": "2026-11-01T12:00:00"}, "time"),
        ({"time": "2126-11-01T12:00:00Z"}, "must not be more than 300 s ahead"),
        ({"time": "yesterday"}, "DateTime"),
    ],
)
def test_a_bad_event_is_named_and_none_is_taken(
    server: ApiServer, redis_server: EmbeddedRedis, change: dict[str, Any], said: str
) -> None:
    bad = event("e", "VIEW", "0440000009") | change
    error = server.error(RECORD, events=[bad, event("good", "VIEW", "0440000009")])
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert said in error["message"]
    with Redis.from_url(redis_server.url) as redis:
        assert not redis.exists(keys.stream("interactions"))


def test_a_mutation_that_is_not_valid_is_told_why(server: ApiServer) -> None:
    error = server.error("mutation { recordEvent { accepted } }")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "recordEvent" in error["message"]


def test_a_batch_is_neither_empty_nor_endless(server: ApiServer) -> None:
    assert "must not be empty" in server.error(RECORD, events=[])["message"]
    many = [event(f"e{n}", "VIEW", "0440000009") for n in range(101)]
    assert "101" in server.error(RECORD, events=many)["message"]


def test_a_mutation_is_sent_with_post(server: ApiServer) -> None:
    asked = {"query": RECORD, "variables": json.dumps({"events": [event("e", "VIEW", "0440000009")]})}
    response = server.client.get("/graphql", params=asked, headers={"GraphQL-Require-Preflight": "1"})
    assert response.status_code == 405


def test_without_redis_events_are_not_taken_and_answers_are_those_of_the_bundle(
    server: ApiServer, redis_server: EmbeddedRedis
) -> None:
    before = listed(server)
    redis_server.close()
    error = server.error(RECORD, events=[event("e", "PURCHASE", before[0])])
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert listed(server) == before


def test_only_who_may_write_events_does(bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(json.dumps({"keys": public_keys()}))
    settings = {
        "BOOKVERSE_REDIS_URL": redis_server.url,
        "BOOKVERSE_AUTH__KEYS": str(tmp_path / "keys"),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_AUTH__ANONYMOUS": "[]",
    }
    body = {"query": RECORD, "variables": {"events": [event("e", "VIEW", "0440000009")]}}
    with api_server(bundle.path, tmp_path / "log", **settings) as server:
        for scope, code in (
            ("events:write", None),
            ("catalogue:read", "FORBIDDEN"),
            (None, "UNAUTHENTICATED"),
        ):
            headers = {} if scope is None else {"Authorization": f"Bearer {honest(scope=scope)}"}
            answer = server.client.post("/graphql", json=body, headers=headers).json()
            assert (answer["errors"][0]["extensions"]["code"] if "errors" in answer else None) == code
