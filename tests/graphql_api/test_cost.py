"""Prices on a schema of a test's own: connections, interfaces, fragments, variables, conditions."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse, validate

from graphql_api.limits.cost import Priced, price
from graphql_api.limits.cost_limit import Pricer
from graphql_api.limits.directives import Cost, ListSize
from graphql_api.limits.prices import PriceList

MAX_LIST = 100


@strawberry.interface
class Thing:
    id: strawberry.ID


@strawberry.type
class Plain(Thing):
    word: str
    thing: Thing | None = None


@strawberry.type(directives=[Cost(weight="7")])
class Dear(Thing):
    plain: Plain | None = strawberry.field(default=None, directives=[Cost(weight="2")])


@strawberry.type
class Edge:
    node: Plain


@strawberry.type
class Page:
    edges: list[Edge]
    nodes: list[Plain]
    info: Plain


def _page(first: int = 10) -> Page:
    raise NotImplementedError


def _choice(first: int | None = None, last: int | None = None) -> list[Plain]:
    raise NotImplementedError


def _by_ids(ids: list[strawberry.ID]) -> list[Plain]:
    raise NotImplementedError


@strawberry.type
class Query:
    word: str
    dear_word: str = strawberry.field(directives=[Cost(weight="3")])
    plain: Plain
    thing: Thing
    unsized: list[Plain]
    five: list[Plain] = strawberry.field(directives=[ListSize(assumed_size=5)])
    page: Page = strawberry.field(
        resolver=_page,
        directives=[
            Cost(weight="10"),
            ListSize(slicing_arguments=["first"], sized_fields=["edges", "nodes"]),
        ],
    )
    choice: list[Plain] = strawberry.field(
        resolver=_choice, directives=[ListSize(slicing_arguments=["first", "last"])]
    )
    free_choice: list[Plain] = strawberry.field(
        resolver=_choice,
        directives=[
            ListSize(assumed_size=4, slicing_arguments=["first", "last"], require_one_slicing_argument=False)
        ],
    )
    by_ids: list[Plain] = strawberry.field(resolver=_by_ids, directives=[ListSize(slicing_arguments=["ids"])])


SCHEMA = strawberry.Schema(Query, types=[Plain, Dear])._schema
PRICES = PriceList.of(SCHEMA)


def priced(document: str, operation_name: str | None = None, **variables: Any) -> Priced:
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    return price(parsed, operation_name, variables, PRICES, max_list=MAX_LIST)


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ word }", 0),
        ("{ dearWord }", 3),
        ("{ a: dearWord b: dearWord }", 6),
        ("{ plain { id word } }", 1),
        ("{ five { word } }", 5),
        ("{ unsized { word } }", MAX_LIST),
        # the page itself, and what it holds
        ("{ page { info { id } } }", 10 + 1 + 1),
        ("{ page { edges { node { id } } } }", 10 + 1 + 10 * 2),
        ("{ page(first: 3) { edges { node { id } } nodes { id } } }", 10 + 1 + 3 * 2 + 3),
        ("{ page(first: 0) { nodes { id } } }", 11),
        ("{ page(first: -5) { nodes { id } } }", 11),
        # a longer list than any that is returned
        ("{ page(first: 100000) { nodes { id } } }", 11 + MAX_LIST),
        ("{ page(first: 3) { ...p } } fragment p on Page { ... { nodes { id } } }", 11 + 3),
        ("{ page(first: 3) { ...p } b: page(first: 5) { ...p } } fragment p on Page { nodes { id } }", 30),
        ('{ byIds(ids: ["a", "b", "c"]) { id } }', 3),
        ("{ choice(last: 6) { id } }", 6),
        ("{ freeChoice(first: 2, last: 6) { id } }", 6),
        ("{ freeChoice { id } }", 4),
        # the dearest of what it may be
        ("{ thing { id } }", 7),
        ("{ thing { ... on Plain { thing { id } } } }", 8),
        ("{ thing { ... on Plain { thing { id } } ... on Dear { plain { word } } } }", 7 + 2 + 1),
        ("{ thing { ... on Thing { ... on Dear { plain { id } } ... on Plain { word } } } }", 10),
        ("{ dearWord @skip(if: true) plain @include(if: false) { id } }", 0),
        ("{ dearWord @skip(if: false) plain @include(if: true) { id } }", 4),
        ("{ ... @skip(if: true) { dearWord } ...f @include(if: false) } fragment f on Query { dearWord }", 0),
        ("{ __schema { types { fields { name } } } }", 0),
    ],
)
def test_the_cost_of_a_document(document: str, cost: int) -> None:
    assert priced(document).cost == cost


PAGE = "query Q($n: Int!) { page(first: $n) { nodes { id } } }"


@pytest.mark.parametrize(
    ("document", "variables", "size"),
    [
        (PAGE, {"n": 4}, 4),
        (PAGE, {"n": "4"}, MAX_LIST),
        (PAGE, {"n": 4.0}, MAX_LIST),
        (PAGE, {"n": None}, MAX_LIST),
        (PAGE, {"n": 10**30}, MAX_LIST),
        # the argument's default, as in execution
        (PAGE, {}, 10),
        (PAGE.replace("Int!", "Int! = 6"), {}, 6),
        (PAGE.replace("Int!", "Int! = 6"), {"n": 2}, 2),
    ],
)
def test_variables_say_how_long_a_list_is(document: str, variables: dict[str, Any], size: int) -> None:
    assert priced(document, **variables).cost == 11 + size


@pytest.mark.parametrize(
    ("variables", "size"),
    [({"ids": ["a", "b"]}, 2), ({"ids": "a"}, MAX_LIST), ({"ids": ["a"] * 1_000}, MAX_LIST)],
)
def test_a_list_in_a_variable_has_its_length(variables: dict[str, Any], size: int) -> None:
    assert priced("query Q($ids: [ID!]!) { byIds(ids: $ids) { id } }", **variables).cost == size


@pytest.mark.parametrize(("variables", "cost"), [({"yes": True}, 0), ({"yes": False}, 3), ({}, 0)])
def test_a_variable_may_leave_a_field_out(variables: dict[str, Any], cost: int) -> None:
    assert priced("query Q($yes: Boolean! = true) { dearWord @skip(if: $yes) }", **variables).cost == cost


def test_what_nobody_can_tell_yet_stays_in() -> None:
    assert priced("query Q($yes: Boolean!) { dearWord @skip(if: $yes) }").cost == 3


def test_the_named_operation_is_priced() -> None:
    document = "query A { dearWord } query B { plain { id } }"
    assert (priced(document, "A").cost, priced(document, "B").cost) == (3, 1)


@pytest.mark.parametrize("arguments", ["", "(first: 1, last: 2)"])
def test_a_list_that_needs_one_slicing_argument_says_so(arguments: str) -> None:
    with pytest.raises(GraphQLError, match="choice needs exactly one of first, last"):
        priced(f"{{ choice{arguments} {{ id }} }}")


def test_fragments_that_double_are_priced_once_each() -> None:
    levels = 60
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    document = f"{{ ...f0 }} {' '.join(fragments)} fragment f{levels} on Query {{ dearWord }}"
    # nobody would live to see 2^60 steps
    assert priced(document).cost == 3 * 2**levels


def test_only_decisive_variables_are_named() -> None:
    document = """query Q($n: Int!, $ids: [ID!]!, $no: Boolean!, $m: Int!) {
      page(first: $n) { info { id } }
      a: choice(first: $m) @skip(if: $no) { id }
      thing { id @include(if: true) }
      byIds(ids: $ids) { id }
    }"""
    skipped = priced(document, n=1, ids=[], no=True, m=9)
    assert skipped.variables == {"n", "ids", "no"}
    assert priced(document, n=1, ids=[], no=False, m=9).variables == {"n", "ids", "no", "m"}


def test_what_was_priced_is_remembered_by_its_decisive_variables() -> None:
    document = """query Q($no: Boolean!, $m: Int!, $x: Boolean = false) {
      choice(first: $m) @skip(if: $no) { id }
      word @include(if: $x)
    }"""
    pricer = Pricer(max_cost=1, max_list=MAX_LIST)

    def cost(**variables: Any) -> int:
        return pricer.cost(SCHEMA, parse(document), document, None, variables)

    asked = [(True, 9), (False, 9), (True, 5), (False, 5), (False, 9), (True, 9)]
    assert [cost(no=no, m=m) for no, m in asked] == [0, 9, 0, 5, 9, 0]


def test_other_documents_and_operations_are_not_mixed_up() -> None:
    pricer = Pricer(max_cost=1, max_list=MAX_LIST)
    document = "query A { dearWord } query B { plain { id } }"
    costs = [pricer.cost(SCHEMA, parse(document), document, name, {}) for name in "ABAB"]
    other = "query A { word }"
    assert costs == [3, 1, 3, 1]
    assert pricer.cost(SCHEMA, parse(other), other, "A", {}) == 0
