"""The cost of an operation is an upper bound of what it returns, for random queries on the real schema."""

from __future__ import annotations

import gc
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_queries import RandomQuery

from graphql_api.notebook.workbench import Workbench
from graphql_api.schema import build_schema
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle

# where a field fails, graphql-core drops what its neighbours were to wait for
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

QUERIES = 200

PER_FIELD = {"BOOK_NOT_FOUND", "BAD_USER_INPUT", "UNAVAILABLE"}
"""What may be wrong with a random value, or is not there in a notebook; the rest of the answer still counts."""

NO_LIMIT = 10**9
UNLIMITED = {
    "max_cost": NO_LIMIT,
    "max_depth": NO_LIMIT,
    "max_tokens": NO_LIMIT,
    "max_aliases": NO_LIMIT,
    "max_directives": NO_LIMIT,
    "max_selections": NO_LIMIT,
}


@pytest.fixture(scope="module")
def workbench(bundle: Bundle) -> Workbench:
    return Workbench(bundle.path, settings=Settings.load(api=UNLIMITED))


@pytest.fixture(scope="module")
def ids(bundle: Bundle) -> dict[str, list[str]]:
    books = [*bundle.books.array[:9].tolist(), "x9"]
    readers = [*bundle.users.array[:9].tolist(), "nobody"]
    return {"userId": readers, "bookId": books, "bookIds": books, "ids": books, "id": [*readers, *books[:-1]]}


SCHEMA = build_schema(Settings())._schema


def random_query(seed: int, ids: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
    query = RandomQuery(SCHEMA, Random(seed), ids)
    return query.document(), query.variables


def objects(value: Any) -> int:
    """How many objects are in an answer, however deep."""
    if isinstance(value, dict):
        return 1 + sum(map(objects, value.values()))
    return sum(map(objects, value)) if isinstance(value, list) else 0


def answer(workbench: Workbench, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """A response; what graphql-core dropped on the way is collected at once, not in the midst of anything else."""
    gc.disable()
    try:
        response = workbench.ask(document, variables).response
        if "errors" in response:
            gc.collect()
    finally:
        gc.enable()
    return response


@settings(max_examples=QUERIES)
@given(seed=st.integers(0, 2**32))
def test_an_answer_has_no_more_objects_than_it_costs(
    workbench: Workbench, ids: dict[str, list[str]], seed: int
) -> None:
    document, variables = random_query(seed, ids)
    response = answer(workbench, document, variables)
    for error in response.get("errors", []):
        assert error["extensions"]["code"] in PER_FIELD, (error, document)
    found = sum(map(objects, (response["data"] or {}).values()))
    assert response["extensions"]["cost"]["requested"] >= found, document


def test_the_random_queries_do_ask_for_something(workbench: Workbench, ids: dict[str, list[str]]) -> None:
    answered = 0
    for seed in range(40):
        data = answer(workbench, *random_query(seed, ids))["data"] or {}
        answered += sum(map(objects, data.values())) > 10
    assert answered > 5


@pytest.mark.parametrize(
    ("query", "cost_of_n"),
    [
        ("query Q($n: Int!) { recommendations(userId: 1, first: $n) { nodes { rank } } }", lambda n: 11 + n),
        (
            "query Q($n: Int!) { recommendations(userId: 1, first: 4) { nodes { reasons(first: $n) { kind } } } }",
            lambda n: 11 + 4 * (1 + 5 + n),
        ),
        (
            "query Q($n: Int!) { user(id: 1) { history(first: $n) { edges { node { id } } } } }",
            lambda n: 2 + 2 * n,
        ),
        ("query Q($n: Int!) { readers(first: $n) }", lambda n: 0),
    ],
)
def test_the_cost_grows_with_first(workbench: Workbench, query: str, cost_of_n: Any) -> None:
    costs = [
        workbench.ask(query, {"n": n}).response["extensions"]["cost"]["requested"] for n in (1, 2, 7, 100)
    ]
    assert costs == [cost_of_n(n) for n in (1, 2, 7, 100)]
