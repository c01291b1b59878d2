"""What a client sees of its limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import app_client
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

pytestmark = pytest.mark.anyio

CHEAP = "{ trending(first: 1) { totalCount } }"
DEAR = "{ trending(first: 50) { nodes { readers book { title } } } }"


def settings_of(**api: Any) -> Settings:
    return Settings(api={"rate_limit": 10, "rate_unit": 50} | api)


async def ask(client: httpx.AsyncClient, query: str = CHEAP, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_answers_say_what_is_left_until_they_are_refused(bundle: Bundle) -> None:
    async with app_client(settings_of(), ServingRecommender(bundle)) as client:
        left = []
        for _ in range(10):
            response = await ask(client)
            left.append(int(response.headers["RateLimit"].split("r=")[1].split(";")[0]))
        assert left[:3] == [9, 8, 7]
        assert left == sorted(left, reverse=True)
        refused = await ask(client)
        assert refused.status_code == 429
        assert refused.headers["RateLimit-Policy"] == '"client";q=10;w=60'
        assert 1 <= int(refused.headers["Retry-After"]) <= 6
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {
            "code": "RATE_LIMITED",
            "retryAfter": int(refused.headers["Retry-After"]),
        }


async def test_a_costly_query_takes_more_also_from_the_cache_and_the_first_time(bundle: Bundle) -> None:
    async with app_client(settings_of(rate_limit=100), ServingRecommender(bundle)) as client:
        cost = (await ask(client, DEAR)).json()["extensions"]["cost"]["requested"]
        units = -(-cost // 50)
        assert units > 1
        for _ in range(2):
            before = (await ask(client)).headers["RateLimit"]
            again = await ask(client, DEAR)
            assert again.headers["Cache-Status"] == "bookverse; hit; detail=L1"
            assert left(before) - left(again.headers["RateLimit"]) in (units, units - 1)
        assert left(again.headers["RateLimit"]) <= 100 - 3 * units - 2 + 1


def left(header: str) -> int:
    return int(header.split("r=")[1].split(";")[0])


async def test_a_bearer_has_units_of_their_own_wherever_they_are(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(json.dumps({"keys": public_keys()}))
    auth = {"keys": str(tmp_path / "keys"), "issuer": ISSUER, "audience": AUDIENCE}
    settings = settings_of().model_copy(update={"auth": Settings(auth=auth).auth})
    async with app_client(settings, ServingRecommender(bundle)) as client:
        while (await ask(client)).status_code == 200:
            pass
        mine = f"Bearer {honest(sub='u001')}"
        assert (await ask(client, Authorization=mine)).status_code == 200
        # another token of the same bearer makes no difference
        others = f"Bearer {honest(sub='u001', jti='another')}"
        assert left((await ask(client, Authorization=others)).headers["RateLimit"]) == 8


async def test_tokens_that_are_not_accepted_count(bundle: Bundle) -> None:
    async with app_client(settings_of(), ServingRecommender(bundle)) as client:
        statuses = [(await ask(client, Authorization="Bearer forged")).status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]


async def test_what_is_refused_takes_a_unit(bundle: Bundle) -> None:
    anonymous = Settings(auth={"anonymous": ["catalogue:read"]}).auth
    settings = settings_of().model_copy(update={"auth": anonymous})
    unknown = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    named = {"query": "query A { trending(first: 1) { totalCount } }", "operationName": "A"}
    refused = [
        (unknown, "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": '{ user(id: "u001") { known } }'}, "UNAUTHENTICATED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        (named | {"operationName": "B"}, "BAD_REQUEST"),
        ({"query": "{ trending( }"}, "GRAPHQL_PARSE_FAILED"),
    ]
    async with app_client(settings, ServingRecommender(bundle)) as client:
        await client.post("/graphql", json=named)
        for body, code in refused:
            response = await client.post("/graphql", json=body)
            assert response.json()["errors"][0]["extensions"]["code"] == code, response.text
        # one comes back in six seconds
        assert left(response.headers["RateLimit"]) in (4, 5)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"query": 1}'])
async def test_what_is_no_request_takes_a_unit(bundle: Bundle, body: bytes) -> None:
    async with app_client(settings_of(), ServingRecommender(bundle)) as client:
        headers = {"Content-Type": "application/json"}
        asked = [await client.post("/graphql", content=body, headers=headers) for _ in range(11)]
        assert [each.status_code for each in asked] == [400] * 10 + [429]


async def test_who_has_no_unit_left_is_not_even_told_what_is_not_allowed(bundle: Bundle) -> None:
    anonymous = Settings(auth={"anonymous": ["catalogue:read"]}).auth
    settings = settings_of().model_copy(update={"auth": anonymous})
    async with app_client(settings, ServingRecommender(bundle)) as client:
        while (await ask(client)).status_code == 200:
            pass
        assert (await ask(client, '{ user(id: "u001") { known } }')).status_code == 429


async def test_an_operation_that_is_refused_for_its_cost_takes_a_unit(bundle: Bundle) -> None:
    settings = settings_of(rate_limit=100, max_cost=100)
    async with app_client(settings, ServingRecommender(bundle)) as client:
        for _ in range(3):
            response = await ask(client, DEAR)
            assert response.json()["errors"][0]["extensions"]["code"] == "COST_LIMIT_EXCEEDED"
        assert left((await ask(client)).headers["RateLimit"]) >= 100 - 4


async def test_each_operation_of_a_batch_counts(bundle: Bundle) -> None:
    async with app_client(settings_of(batch_limit=20), ServingRecommender(bundle)) as client:
        batch = (await client.post("/graphql", json=[{"query": CHEAP}] * 12)).json()
        codes = [
            each.get("errors", [{"extensions": {"code": None}}])[0]["extensions"]["code"] for each in batch
        ]
        assert sorted(codes, key=str) == [None] * 10 + ["RATE_LIMITED"] * 2


@pytest.mark.parametrize("known", [False, True])
async def test_a_stream_counts_once(bundle: Bundle, known: bool) -> None:
    async with app_client(settings_of(), ServingRecommender(bundle)) as client:
        # refused by the field, so that it ends: the first event is an error
        query = 'subscription { recommendationsChanged(userId: "u001", first: -1) { totalCount } }'
        for _ in range(1 + known):
            response = await ask(client, query, Accept="text/event-stream")
            assert "BAD_USER_INPUT" in response.text
        assert left((await ask(client)).headers["RateLimit"]) == 10 - 2 - known


async def test_a_proxy_s_clients_are_told_apart(bundle: Bundle) -> None:
    settings = settings_of(trusted_proxies=["127.0.0.0/8"])
    async with app_client(settings, ServingRecommender(bundle)) as client:
        while (await ask(client, **{"X-Forwarded-For": "203.0.113.9"})).status_code == 200:
            pass
        assert (await ask(client, **{"X-Forwarded-For": "203.0.113.10"})).status_code == 200


async def test_nobody_is_limited_where_the_setting_is_0(bundle: Bundle) -> None:
    async with app_client(settings_of(rate_limit=0), ServingRecommender(bundle)) as client:
        responses = [await ask(client) for _ in range(30)]
        assert {response.status_code for response in responses} == {200}
        assert "RateLimit" not in responses[-1].headers
