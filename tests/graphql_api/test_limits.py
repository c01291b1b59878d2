"""Limits before work: what a document and its variables may be, each at its edge, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import get_introspection_query, parse

from graphql_api.limits.measures import Measures, measure
from graphql_api.notebook.workbench import Workbench
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle


def asked(bundle: Bundle, limits: dict[str, Any], document: str, **variables: Any) -> dict[str, Any]:
    return Workbench(bundle.path, settings=Settings.load(api=limits)).ask(document, variables).response


@pytest.mark.parametrize(
    ("document", "measures"),
    [
        ("{ a }", Measures(selections=1)),
        ("{ a { b { c } } }", Measures(selections=3, depth=2)),
        ("{ x: a { y: b } c }", Measures(selections=3, aliases=2, depth=1)),
        ("{ ... on Q { x: a } }", Measures(selections=2, aliases=1)),
        ("query Q($v: Int @d) @d { a @d @d ... @d { b } }", Measures(selections=3, directives=5)),
        (
            "{ ...f ...f } fragment f on Q { x: a @d { b } }",
            Measures(selections=6, aliases=2, directives=2, depth=1),
        ),
        ("{ a { ...f } } fragment f on Q @d { b { c } }", Measures(selections=4, directives=1, depth=2)),
        ("{ __schema { types { name } } }", Measures(selections=3)),
        ("{ a(x: [1, 2, 3]) b(y: {z: [[1], [1, 2, 3, 4]]}) }", Measures(selections=2, longest_list=4)),
        ("{ a @d(x: [1, 2]) }", Measures(selections=1, directives=1, longest_list=2)),
        # validation refuses both
        ("{ ...f } fragment f on Q { a ...f }", Measures(selections=3)),
        ("{ ...nowhere }", Measures(selections=1)),
    ],
)
def test_a_document_is_measured_with_its_fragments_written_out(document: str, measures: Measures) -> None:
    assert measure(parse(document)) == measures


DEEPER = "{ user(id: 1) { history { edges { cursor } } } }"


@pytest.mark.parametrize(
    ("limit", "value", "within", "beyond"),
    [
        ("max_depth", 2, "{ user(id: 1) { history { totalCount } } }", DEEPER),
        ("max_aliases", 1, "{ a: readers }", "{ a: readers b: readers }"),
        (
            "max_directives",
            1,
            "{ readers @skip(if: false) }",
            "{ readers @skip(if: false) @skip(if: false) }",
        ),
        ("max_selections", 2, "{ readers readers }", "{ readers readers readers }"),
        ("max_tokens", 4, "{ readers }", "{ readers readers readers }"),
    ],
)
def test_each_limit_has_its_edge(bundle: Bundle, limit: str, value: int, within: str, beyond: str) -> None:
    assert "errors" not in asked(bundle, {limit: value}, within)
    (error,) = asked(bundle, {limit: value}, beyond)["errors"]
    assert str(value) in error["message"]
    assert error["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED")


@pytest.mark.parametrize(
    ("document", "variables", "where"),
    [
        ("{ book(id: [1, 2, 3]) { id } }", {}, "an argument"),
        ("query Q($x: ID!) { book(id: $x) { id } }", {"x": [1, 2, 3]}, "the variable x"),
        ("query Q($x: ID!) { book(id: $x) { id } }", {"x": {"deep": [[], [1, 2, 3]]}}, "the variable x"),
    ],
)
def test_long_lists_are_refused_wherever_they_are(
    bundle: Bundle, document: str, variables: dict[str, Any], where: str
) -> None:
    (error,) = asked(bundle, {"max_ids": 2}, document, **variables)["errors"]
    assert error["message"] == f"a list in {where} must have at most 2 items (got 3)"
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def test_a_chain_of_fragments_longer_than_the_stack_is_refused(bundle: Bundle) -> None:
    n = 2_000
    chain = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} }}" for i in range(n))
    document = f"{{ ...f0 }} {chain} fragment f{n} on Query {{ readers }}"
    limits = {"max_tokens": 10**6, "max_selections": 10**6, "max_body_bytes": 10**6}
    (error,) = asked(bundle, limits, document)["errors"]
    assert error["message"] == "the document is nested too deeply"
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_the_schema_is_told_only_where_it_may_be(bundle: Bundle) -> None:
    told = asked(bundle, {"introspection": True}, get_introspection_query())
    assert told["data"]["__schema"]["types"]
    refused = asked(bundle, {"introspection": False}, get_introspection_query())
    assert "data" not in refused
    assert {error["extensions"]["code"] for error in refused["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    named = asked(bundle, {"introspection": False}, "{ bundle { __typename } }")
    assert named["data"] == {"bundle": {"__typename": "Bundle"}}


def test_every_answer_says_its_cost(bundle: Bundle) -> None:
    document = "{ recommendations(userId: 1, first: 4) { nodes { rank book { id } } } }"
    answer = asked(bundle, {"max_cost": 19}, document)
    assert len(answer["data"]["recommendations"]["nodes"]) == 4
    assert answer["extensions"] == {"cost": {"requested": 19, "limit": 19}}


def test_what_costs_too_much_is_refused_with_both_figures(bundle: Bundle) -> None:
    document = "{ recommendations(userId: 1, first: 4) { nodes { rank book { id } } } }"
    answer = asked(bundle, {"max_cost": 18}, document)
    cost = {"requested": 19, "limit": 18}
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["message"].startswith("the operation costs 19; allowed are 18: ")
    assert error["extensions"] == {"code": "COST_LIMIT_EXCEEDED", "cost": cost}
    assert answer["extensions"] == {"cost": cost}


def test_what_is_not_valid_has_no_cost(bundle: Bundle) -> None:
    answer = asked(bundle, {"max_cost": 1}, "{ recommendations { nothing } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "extensions" not in answer


def test_too_long_a_list_is_a_bad_argument_and_not_a_cost(bundle: Bundle) -> None:
    document = "{ recommendations(userId: 1, first: 100000) { totalCount } }"
    (error,) = asked(bundle, {}, document)["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
