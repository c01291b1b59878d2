"""A compiled document answers to the byte what graphql-core answers, for random queries on the real schema."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_queries import RandomQuery

from graphql_api.executor import ANSWERED
from recs_core.artifacts.bundle import Bundle

QUERIES = 2_000


@pytest.fixture(scope="module")
def values(bundle: Bundle) -> dict[str, list[str]]:
    """Values of arguments, some of them wrong."""
    books = [*bundle.books.array[:12].tolist(), "x9", " "]
    readers = [*bundle.users.array[:12].tolist(), "nobody", "", "n" * 65]
    nodes = ["Qm9vazpiMDAx", "VXNlcjp1MDAx", "no id"]
    return {
        "userId": readers,
        "bookId": books,
        "bookIds": books,
        "ids": [*books, *nodes],
        "id": [*readers, *books[:-1], *nodes],
        "strategy": ["tuned", "balanced", "discover", "nothing of the kind"],
        "genre": ["fantasy", "none"],
        "after": ["no cursor"],
    }


@pytest.fixture(scope="module")
def outcomes() -> Counter[bool]:
    return Counter()


@settings(max_examples=QUERIES)
@given(seed=st.integers(0, 2**32))
def test_both_answer_the_same_bytes(
    pair: Any, values: dict[str, list[str]], outcomes: Counter[bool], seed: int
) -> None:
    random = Random(seed)
    query = RandomQuery(
        pair.schema._schema, random, values, first=random.choice([(0, 4), (1, 12), (99, 102)])
    )
    document, variables = query.document(), query.variables
    expected, found = pair.ask(document, variables)
    assert found == expected, document
    # whatever has no errors is compiled, and nothing that has some
    is_compiled = pair.is_compiled(document, variables)
    assert is_compiled == (expected.status == ANSWERED), document
    outcomes[is_compiled] += 1


def test_the_random_queries_have_good_and_bad_answers(outcomes: Counter[bool]) -> None:
    assert min(outcomes[True], outcomes[False]) > QUERIES / 20, outcomes
