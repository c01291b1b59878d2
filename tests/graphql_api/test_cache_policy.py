"""What `@cacheControl` makes of a document: told from document and schema alone."""

from __future__ import annotations

import re
from random import Random

import pytest
import strawberry
from graphql import get_named_type, is_leaf_type, parse
from random_queries import RandomQuery

from graphql_api.cache.control import CacheControl, CacheScope, private, public
from graphql_api.cache.plan import Plan, Plans
from graphql_api.operation import parse_request
from graphql_api.schema import Schema, build_schema
from graphql_api.settings import Settings

LONGEST = 900


@strawberry.type(directives=[CacheControl(inherit_max_age=True)])
class Shelf:
    name: str
    price: int = strawberry.field(directives=[public(5)])
    number: int = strawberry.field(directives=[public(100_000)])


@strawberry.type
class Silent:
    name: str


@strawberry.type(directives=[CacheControl(max_age=30, scope=CacheScope.PRIVATE)])
class Card:
    name: str


@strawberry.interface
class Thing:
    name: str


@strawberry.type(directives=[public(200)])
class Fast(Thing):
    pass


@strawberry.type(directives=[public(20)])
class Slow(Thing):
    pass


@strawberry.type
class Query:
    said: str = strawberry.field(directives=[public(60)])
    unsaid: str
    own: str = strawberry.field(directives=[private(60)])
    shelf: Shelf = strawberry.field(directives=[public(60)])
    unsaid_shelf: Shelf
    silent: Silent = strawberry.field(directives=[public(60)])
    unsaid_silent: Silent
    card: Card
    thing: Thing


@strawberry.type
class Mutation:
    write: str = strawberry.field(directives=[public(60)])


SMALL = Schema(query=Query, mutation=Mutation, types=[Fast, Slow])
REAL = build_schema(Settings())


def plan(document: str, schema: Schema = SMALL, name: str | None = None) -> Plan:
    plans = Plans(schema._schema, schema.as_str(), longest=LONGEST, max_tokens=1_000)
    return plans.of(parse_request({"query": document, "operationName": name}).operation(document))


@pytest.mark.parametrize(
    ("document", "max_age", "is_private"),
    [
        ("{ said }", 60, False),
        ("{ unsaid }", 0, False),
        ("{ said unsaid }", 0, False),
        ("{ own }", 60, True),
        ("{ said own }", 60, True),
        ("{ shelf { name } }", 60, False),
        ("{ shelf { name price } }", 5, False),
        ("{ shelf { number } }", 60, False),
        # a root field goes with nothing, so its type's inheritance says nothing
        ("{ unsaidShelf { name } }", 0, False),
        ("{ silent { name } }", 60, False),
        ("{ unsaidSilent { name } }", 0, False),
        ("{ card { name } }", 30, True),
        # of an interface the least of what it may turn out to be
        ("{ thing { name } }", 20, False),
        ("{ __typename }", LONGEST, False),
        ("{ __schema { types { name } } said }", 60, False),
        ("{ ...a } fragment a on Query { shelf { ...b } } fragment b on Shelf { price }", 5, False),
        ("query($x: Boolean!) { said unsaid @include(if: $x) }", 0, False),
    ],
)
def test_an_answer_is_kept_as_long_as_the_least_of_its_parts(
    document: str, max_age: int, is_private: bool
) -> None:
    policy = plan(document).policy
    assert (policy.max_age, policy.private) == (max_age, is_private)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "{ nothing }",
        "{ said { name } }",
        "{ ...a }",
        "{ ...a } fragment a on Query { ...a nothing }",
        "{ ...a } fragment a on Nothing { said }",
        "mutation { write }",
        "query A { said } query B { said }",
        "fragment a on Query { said }",
        "{ " + "shelf { " * 2_000,
    ],
)
def test_what_is_no_valid_query_is_not_kept(document: str) -> None:
    assert plan(document).policy.max_age == 0


def test_each_operation_of_a_document_has_its_own_policy() -> None:
    document = "query A { said } query B { own }"
    assert not plan(document, name="A").policy.private
    assert plan(document, name="B").policy.private


NEVER_KEPT = {"exportUser", "jobs"}
"""What is as of this moment, or a person's data: a copy of it would be stale, or one copy too many."""


def test_every_part_of_the_real_schema_says_how_long_it_is_kept() -> None:
    schema = REAL._schema
    assert schema.query_type is not None
    for name, field in schema.query_type.fields.items():
        returned = get_named_type(field.type)
        selected = "" if is_leaf_type(returned) else "{ __typename }"
        required = {
            "id": '"1"',
            "ids": '["1"]',
            "userId": '"1"',
            "bookId": '"1"',
            "bookIds": "[]",
            "text": '"a"',
        }
        given = ", ".join(f"{each}: {required[each]}" for each in field.args if each in required)
        document = f"{{ {name}{f'({given})' if given else ''} {selected} }}"
        assert (plan(document, REAL).policy.max_age > 0) == (name not in NEVER_KEPT), document


def test_random_queries_are_kept_unless_they_ask_for_what_never_is(random_documents: list[str]) -> None:
    for document in random_documents:
        asks_for_what_never_is = not NEVER_KEPT.isdisjoint(re.findall(r"\w+", document))
        assert (plan(document, REAL).policy.max_age > 0) != asks_for_what_never_is, document
    assert {plan(document, REAL).policy.private for document in random_documents} == {True, False}


@pytest.fixture
def random_documents() -> list[str]:
    ids = {"userId": ["u001"], "bookId": ["b001"], "id": ["b001"], "ids": ["b001"], "bookIds": ["b001"]}
    documents = [RandomQuery(REAL._schema, Random(seed), ids).document() for seed in range(60)]
    for document in documents:
        parse(document)
    return documents


@pytest.mark.parametrize("field", ["recommendations", "explain", "user", "node", "nodes"])
def test_what_is_a_readers_own_is_private(field: str) -> None:
    schema = REAL._schema
    assert schema.query_type is not None
    carried = schema.query_type.fields[field].extensions["strawberry-definition"].directives
    assert any(isinstance(each, CacheControl) and each.scope is CacheScope.PRIVATE for each in carried)
