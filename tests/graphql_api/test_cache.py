"""Which answers are kept, where they come from, and that they are computed once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from api_server import RECOMMENDATIONS as ASKED_ELSEWHERE
from api_server import ApiServer, api_server, app_client

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender

RECOMMENDATIONS = f"{ASKED_ELSEWHERE} # of these tests alone"
MISS = "bookverse; fwd=miss; stored"
NOT_STORED = "bookverse; fwd=miss"
BYPASSED = "bookverse; fwd=bypass"
COLLAPSED = "bookverse; fwd=miss; collapsed"
L1 = "bookverse; hit; detail=L1"
L2 = "bookverse; hit; detail=L2"


def test_a_second_request_is_answered_from_l1_with_the_same_bytes(server: ApiServer) -> None:
    first = server.post(RECOMMENDATIONS, userId="u011")
    second = server.post(RECOMMENDATIONS, userId="u011")
    assert [first.headers["Cache-Status"], second.headers["Cache-Status"]] == [MISS, L1]
    assert second.content == first.content


def test_equal_variables_in_another_order_are_the_same_request(server: ApiServer) -> None:
    query = "query($id: ID!, $n: Int!) { recommendations(userId: $id, first: $n) { nodes { rank } } }"
    for variables, status in (({"id": "u012", "n": 3}, MISS), ({"n": 3, "id": "u012"}, L1)):
        assert server.post(query, **variables).headers["Cache-Status"] == status


def test_other_variables_operations_and_documents_are_other_requests(server: ApiServer) -> None:
    two = "query A { readers(first: 1) } query B { readers(first: 2) }"
    requests = [
        {"query": RECOMMENDATIONS, "variables": {"userId": "u013"}},
        {"query": RECOMMENDATIONS, "variables": {"userId": "u014"}},
        {"query": RECOMMENDATIONS, "variables": {"userId": "u013", "first": 9}},
        {"query": RECOMMENDATIONS + " ", "variables": {"userId": "u013"}},
        {"query": two, "operationName": "A"},
        {"query": two, "operationName": "B"},
    ]
    responses = [server.client.post("/graphql", json=request) for request in requests]
    assert {response.headers["Cache-Status"] for response in responses} == {MISS}
    assert responses[4].json() != responses[5].json()


@pytest.mark.parametrize(
    "query", ["{ nothing }", "{", '{ readers book(id: "x9") { title } }', "{ readers(first: 0) }"]
)
def test_an_answer_with_errors_is_not_kept(server: ApiServer, query: str) -> None:
    for response in (server.post(query), server.post(query)):
        assert response.headers["Cache-Status"] in (NOT_STORED, BYPASSED)
        assert response.headers["Cache-Control"] == "no-store"


def test_servers_share_answers_through_redis(
    bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    shared = {"REDIS_URL": redis_server.url}
    with (
        api_server(bundle.path, tmp_path / "log1", **shared) as one,
        api_server(bundle.path, tmp_path / "log2", **shared) as two,
    ):
        computed = one.post(RECOMMENDATIONS, userId="u001")
        found = two.post(RECOMMENDATIONS, userId="u001")
        kept = two.post(RECOMMENDATIONS, userId="u001")
    assert [r.headers["Cache-Status"] for r in (computed, found, kept)] == [MISS, L2, L1]
    assert computed.content == found.content == kept.content


class SlowRecommender(ServingRecommender):
    """Counts rankings, and holds each until it may go on."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        # what is served is a copy, which has the same list
        self.ranked: list[str] = []
        self.go_on = threading.Event()

    @property
    def rankings(self) -> int:
        return len(self.ranked)

    def recommend(self, user_id: str, **asked: Any) -> Answer:
        self.ranked.append(user_id)
        assert self.go_on.wait(20)
        return super().recommend(user_id, **asked)


@pytest.mark.anyio
async def test_a_hundred_equal_requests_at_once_rank_once(bundle: Bundle) -> None:
    recommender = SlowRecommender(bundle)
    request = {"query": RECOMMENDATIONS, "variables": {"userId": "u001"}}
    async with app_client(Settings.load(), recommender) as client:
        tasks = [asyncio.create_task(client.post("/graphql", json=request)) for _ in range(100)]
        while recommender.rankings == 0:
            await asyncio.sleep(0.01)
        # while a ranking takes its time, others are answered
        assert (await client.get("/health/live")).is_success
        recommender.go_on.set()
        responses = await asyncio.gather(*tasks)
    assert recommender.rankings == 1
    assert len({response.content for response in responses}) == 1
    statuses = [response.headers["Cache-Status"] for response in responses]
    assert statuses.count(MISS) == 1
    assert set(statuses) <= {MISS, COLLAPSED, L1}


@pytest.mark.anyio
async def test_who_hangs_up_takes_no_answer_from_others(bundle: Bundle) -> None:
    recommender = SlowRecommender(bundle)
    request = {"query": RECOMMENDATIONS, "variables": {"userId": "u001"}}
    # a client that is charged would wait for Redis before it joins
    async with app_client(Settings.load(api={"rate_limit": 0}), recommender) as client:
        first = asyncio.create_task(client.post("/graphql", json=request))
        while recommender.rankings == 0:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(client.post("/graphql", json=request))
        await asyncio.sleep(0)
        first.cancel()
        recommender.go_on.set()
        response = await second
    assert len(response.json()["data"]["recommendations"]["nodes"]) == 10
    assert recommender.rankings == 1
