"""The edge: readers that an operation names have pseudonyms behind it, wherever and however they are named."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from graphql import parse, print_ast
from hypothesis import given
from hypothesis import strategies as st
from random_queries import RandomQuery

from graphql_api.cache.plan import Plans
from graphql_api.errors import RequestError
from graphql_api.operation import Operation, parse_request
from graphql_api.reader_names import ReaderNames
from graphql_api.schema import build_schema
from graphql_api.settings import Settings
from graphql_api.types.node import global_id
from recs_core.data.pseudonyms import Pseudonyms

BY = Pseudonyms(bytes(range(32)))
SCHEMA = build_schema(Settings())
NAMES = ReaderNames(SCHEMA._schema, BY, max_tokens=5_000)
PLANS = Plans(SCHEMA._schema, "", longest=60, max_tokens=5_000)
IDS = {
    "userId": ["somebody-1", "somebody-2"],
    "bookId": ["book-1"],
    "id": ["somebody-3", global_id("User", "somebody-4"), global_id("Book", "book-2")],
    "ids": ["book-3", global_id("User", "somebody-5"), global_id("Book", "book-4")],
}
ONE, TWO = BY.of("42"), BY.of("43")


def hidden(document: str, variables: dict[str, Any] | None = None, name: str | None = None) -> Operation:
    asked = parse_request({"query": document, "variables": variables or {}, "operationName": name})
    return NAMES.hidden(asked.operation(document))


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("query($u: ID!) { user(id: $u) { known } }", {"u": "42"}, {"u": ONE}),
        ("query($u: ID!) { recommendations(userId: $u) { totalCount } }", {"u": 42}, {"u": ONE}),
        ("query($u: ID!) { recommendations(userId: $u) { totalCount } }", {"u": 42.0}, {"u": ONE}),
        ("query($u: ID!) { user(id: $u) { known } }", {"u": ONE}, {"u": ONE}),
        (
            "query($u: ID!) { user(id: $u) { known } recommendations(userId: $u) { totalCount } }",
            {"u": "42"},
            {"u": ONE},
        ),
        ("query($b: ID!) { book(id: $b) { title } }", {"b": "42"}, {"b": "42"}),
        (
            "query($u: ID!, $b: ID!) { explain(userId: $u, bookId: $b) { rank } }",
            {"u": "42", "b": "42"},
            {"u": ONE, "b": "42"},
        ),
        (
            "query($n: [ID!]!) { nodes(ids: $n) { id } }",
            {"n": [global_id("User", "42"), global_id("Book", "42"), "none", global_id("User", TWO)]},
            {"n": [global_id("User", ONE), global_id("Book", "42"), "none", global_id("User", TWO)]},
        ),
        (
            "mutation($e: [InteractionInput!]!) { recordEvents(events: $e) { accepted } }",
            {"e": [{"userId": "42", "bookId": "42"}, {"userId": "43"}]},
            {"e": [{"userId": ONE, "bookId": "42"}, {"userId": TWO}]},
        ),
        (
            "mutation($u: ID!) { recordEvents(events: [{userId: $u, bookId: $b}]) { accepted } }",
            {"u": "42", "b": "42"},
            {"u": ONE, "b": "42"},
        ),
        (
            "query($u: ID!) { ...F } fragment F on Query { user(id: $u) { known } }",
            {"u": "42"},
            {"u": ONE},
        ),
        # what is no id is refused as what it is
        ("query($u: ID!) { user(id: $u) { known } }", {"u": " "}, {"u": " "}),
        ("query($u: ID!) { user(id: $u) { known } }", {"u": 65 * "x"}, {"u": 65 * "x"}),
        ("query($u: ID!) { user(id: $u) { known } }", {"u": True}, {"u": True}),
    ],
)
def test_variables_that_name_readers(
    document: str, variables: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = hidden(document, variables)
    assert found.variables == expected
    assert found.document == document
    assert (
        found.canonical_variables
        == parse_request({"query": document, "variables": expected}).canonical_variables
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{ user(id: "42") { known } }', f'{{ user(id: "{ONE}") {{ known }} }}'),
        ("{ user(id: 42) { known } }", f'{{ user(id: "{ONE}") {{ known }} }}'),
        (
            '{ a: user(id: "42") { known } b: user(id: "43") { known } book(id: "42") { title } }',
            f'{{ a: user(id: "{ONE}") {{ known }} b: user(id: "{TWO}") {{ known }} book(id: "42") {{ title }} }}',
        ),
        (
            'query($u: ID! = "42", $b: ID = "42") { explain(userId: $u, bookId: $b) { rank } }',
            f'query($u: ID! = "{ONE}", $b: ID = "42") {{ explain(userId: $u, bookId: $b) {{ rank }} }}',
        ),
        (
            'mutation { recordEvents(events: [{userId: "42", bookId: "42"}]) { accepted } }',
            f'mutation {{ recordEvents(events: [{{userId: "{ONE}", bookId: "42"}}]) {{ accepted }} }}',
        ),
        (
            'query A { trending { totalCount } } query B { user(id: "42") { known } }',
            f'query A {{ trending {{ totalCount }} }} query B {{ user(id: "{ONE}") {{ known }} }}',
        ),
        (
            'subscription { recommendationsChanged(userId: "42") { totalCount } }',
            f'subscription {{ recommendationsChanged(userId: "{ONE}") {{ totalCount }} }}',
        ),
    ],
)
def test_readers_that_are_written_out(document: str, expected: str) -> None:
    name = "A" if "query A" in document else None
    for _ in range(2):
        assert hidden(document, name=name).document == print_ast(parse(expected))


@given(st.integers(0, 10_000))
def test_of_any_document_the_readers_have_pseudonyms_and_the_books_their_ids(seed: int) -> None:
    query = RandomQuery(SCHEMA._schema, Random(seed), IDS)
    document = query.document()
    plain = parse_request({"query": document, "variables": query.variables}).operation(document)
    other = NAMES.hidden(plain)
    tags = PLANS.of(plain).tags(plain.variables)
    expected = {
        f"user:{BY.of(tag.removeprefix('user:'))}" if tag.startswith("user:") else tag for tag in tags
    }
    assert PLANS.of(other).tags(other.variables) == expected
    # an id that is hidden once stays so
    assert NAMES.hidden(other) == other
    assert PLANS.of(plain).policy == PLANS.of(other).policy


def test_the_random_documents_do_name_readers() -> None:
    def tags(seed: int) -> frozenset[str]:
        query = RandomQuery(SCHEMA._schema, Random(seed), IDS)
        operation = parse_request({"query": query.document(), "variables": query.variables})
        return PLANS.of(operation.operation(query.document())).tags(query.variables)

    named = frozenset().union(*(tags(seed) for seed in range(100)))
    assert {tag for tag in named if tag.startswith("user:")} >= {
        "user:somebody-1",
        "user:somebody-3",
        "user:somebody-4",
    }
    assert {tag for tag in named if tag.startswith("book:")} >= {"book:book-1", "book:book-2"}


def test_a_variable_of_two_operations_is_what_each_makes_of_it() -> None:
    document = "query A($x: ID!) { user(id: $x) { known } } query B($x: ID!) { book(id: $x) { title } }"
    assert hidden(document, {"x": "42"}, "A").variables == {"x": ONE}
    assert hidden(document, {"x": "42"}, "B").variables == {"x": "42"}


def test_a_variable_is_not_a_reader_and_a_book() -> None:
    with pytest.raises(RequestError, match=r"\$x stands for a reader, and for something else: use two"):
        hidden("query($x: ID!) { user(id: $x) { known } book(id: $x) { title } }", {"x": "42"})


@pytest.mark.parametrize(
    "document", ['{ user(id: "42"', '{ users(id: "42") { known } }', "query A { bundle { version } }"]
)
def test_what_is_not_valid_stays_as_it_is(document: str) -> None:
    assert hidden(document, {"u": "42"}, "B").document == document
