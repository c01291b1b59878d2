"""An answer that takes too long is paid for all the same."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import strawberry

from graphql_api.app import create_app
from graphql_api.http.options import ProtocolOptions
from graphql_api.limits.checks import Checks
from graphql_api.limits.cost_limit import CostLimiter, Pricer
from graphql_api.limits.directives import Cost
from graphql_api.limits.known import KnownDocuments
from graphql_api.schema import Schema
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

pytestmark = pytest.mark.anyio


@strawberry.type
class Query:
    @strawberry.field(directives=[Cost(weight="499")])
    async def waits(self) -> str:
        """Never ends by itself."""
        await asyncio.Event().wait()
        return "never"


def schema() -> Schema:
    known, pricer = KnownDocuments(), Pricer(max_cost=10_000, max_list=100)
    made = Schema(query=Query, extensions=[lambda: CostLimiter(pricer, known)])
    made.checks = Checks(known, pricer, max_ids=100)
    return made


async def test_an_answer_that_takes_too_long_is_paid_for(bundle: Bundle) -> None:
    settings = Settings(api={"rate_limit": 9, "rate_unit": 100})
    options = ProtocolOptions(timeout_ms=20)
    app = create_app(settings, ServingRecommender(bundle), options, schema=schema())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api") as client,
    ):
        codes = []
        for _ in range(2):
            (error,) = (await client.post("/graphql", json={"query": "{ waits }"})).json()["errors"]
            codes.append(error["extensions"]["code"])
        # each costs 5 units, also the first, of which nobody knew it before
        assert codes == ["TIMEOUT", "RATE_LIMITED"]
