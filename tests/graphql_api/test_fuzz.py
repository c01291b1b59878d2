"""Whatever is asked, the server answers: five thousand generated queries, good and absurd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import ApiServer, api_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from graphql_api.export_schema import COMMITTED
from recs_core.artifacts.bundle import Bundle

SCHEMA = COMMITTED.read_text(encoding="utf-8")
QUERIES = 5_000


@pytest.fixture(scope="module")
def fuzzed(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(bundle.path, tmp_path_factory.mktemp("fuzz") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def statuses() -> Counter[int]:
    return Counter()


@settings(
    max_examples=QUERIES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
@given(query=st.deferred(lambda: queries(SCHEMA, allow_x00=False)))
def test_no_query_is_a_fault_of_the_server(fuzzed: ApiServer, statuses: Counter[int], query: str) -> None:
    accept = {"Accept": "application/graphql-response+json"}
    response: httpx.Response = fuzzed.client.post("/graphql", json={"query": query}, headers=accept)
    statuses[response.status_code] += 1
    assert response.status_code < 500, response.text
    assert "INTERNAL_SERVER_ERROR" not in response.text
    assert "Traceback" not in response.text


def test_the_queries_were_of_all_kinds_and_left_no_trace(
    fuzzed: ApiServer, statuses: Counter[int], tmp_path: Path
) -> None:
    if not statuses:
        pytest.skip("the queries above were not asked")
    assert statuses.total() >= QUERIES
    assert {200, 294} <= set(statuses), statuses  # a refused one, 400, is not among every run's
    assert "Traceback" not in fuzzed.log()
