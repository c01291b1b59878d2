"""Equal requests have equal keys, and different ones different keys."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult, build_schema, get_named_type, graphql_sync
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.cache.key import Key, name_of, size_of
from graphql_api.cache.plan import Plan, Plans
from graphql_api.cache.tags import KINDS
from graphql_api.operation import Operation, parse_json, parse_request
from graphql_api.schema import build_schema as build_real_schema
from graphql_api.settings import Settings
from graphql_api.types.node import global_id

SDL = "type Query { echo(n: Int, x: Float, s: String, i: ID, l: [Int], b: Boolean): String }"
SCHEMA = build_schema(SDL)
DOCUMENT = """query($n: Int = 10, $x: Float = 1e999, $s: String = "a", $i: ID = 5, $l: [Int] = [1, 2], $b: Boolean) {
  echo(n: $n, x: $x, s: $s, i: $i, l: $l, b: $b)
}"""


def echo(_root: object, _info: object, **given: Any) -> str:
    return repr(sorted(given.items()))


SCHEMA.query_type.fields["echo"].resolve = echo  # type: ignore[union-attr]


def plans(sdl: str = SDL) -> Plans:
    return Plans(SCHEMA, sdl, longest=60, max_tokens=1_000)


def operation(document: str, variables: dict[str, Any], name: str | None = None) -> Operation:
    request = {"query": document, "variables": variables, "operationName": name}
    return parse_request(request).operation(document)


def key(document: str, variables: dict[str, Any], name: str | None = None) -> Key:
    asked = operation(document, variables, name)
    return plans().of(asked).key(asked, "v1")


VALUES = {
    "n": st.one_of(st.none(), st.integers(8, 12)),
    "x": st.one_of(st.none(), st.sampled_from([0.5, 1, 1.0])),
    "s": st.one_of(st.none(), st.sampled_from(["a", "b", "a\x00", 'a"'])),
    "i": st.one_of(st.none(), st.sampled_from(["5", 5, "6"])),
    "l": st.one_of(st.none(), st.lists(st.integers(1, 2), max_size=3)),
    "b": st.one_of(st.none(), st.booleans()),
    "unused": st.integers(),
}
VARIABLES = st.fixed_dictionaries({}, optional=VALUES)


def answered(variables: dict[str, Any]) -> ExecutionResult:
    return graphql_sync(SCHEMA, DOCUMENT, variable_values=variables)


@given(VARIABLES, VARIABLES)
def test_requests_with_equal_keys_have_equal_answers(one: dict[str, Any], other: dict[str, Any]) -> None:
    if key(DOCUMENT, one) == key(DOCUMENT, other):
        assert answered(one) == answered(other)


@given(VARIABLES, st.randoms())
def test_order_what_nobody_reads_and_written_defaults_change_no_key(
    variables: dict[str, Any], random: Any
) -> None:
    shuffled = list(variables.items())
    random.shuffle(shuffled)
    written = {"n": 10, "s": "a", "l": [1, 2], **dict(shuffled), "another": 1}
    assert key(DOCUMENT, written) == key(DOCUMENT, variables)
    assert answered(written) == answered(variables)


def test_an_explicit_null_is_not_a_default() -> None:
    assert key(DOCUMENT, {"n": None}) != key(DOCUMENT, {})
    # infinity, which JSON would write as null
    assert key(DOCUMENT, {"x": None}) != key(DOCUMENT, {})


PARTS = st.tuples(
    st.binary(max_size=3), st.binary(max_size=3), *[st.text("ab", max_size=3) for _ in range(3)]
)


@given(PARTS, PARTS)
def test_names_are_equal_where_keys_are(one: Key, other: Key) -> None:
    assert (name_of(one) == name_of(other)) == (one == other)


def test_documents_operations_schemas_bundles_experiments_and_audiences_have_their_own_keys() -> None:
    two = "query A { __typename } query B { __typename }"
    keys = {
        key("{ __typename }", {}),
        key("{ __typename } ", {}),
        key(two, {}, "A"),
        key(two, {}, "B"),
    }
    asked = operation("{ __typename }", {})
    keys |= {
        plans(SDL + " ").of(asked).key(asked, "v1"),
        plans().of(asked).key(asked, "v2"),
        plans().of(asked).key(asked, "v1", experiment="b"),
    }
    assert len(keys) == 7


REAL = build_real_schema(Settings())


def real_plan(document: str) -> tuple[Plan, Operation]:
    asked = operation(document, {})
    return Plans(REAL._schema, "", longest=60, max_tokens=1_000).of(asked), asked


def test_private_answers_are_kept_for_each_audience_and_public_ones_for_all() -> None:
    own, asked = real_plan('{ recommendations(userId: "1") { nodes { rank } } }')
    assert own.key(asked, "v", audience="a") != own.key(asked, "v", audience="b")
    all_the_same, asked = real_plan('{ similarBooks(bookId: "1") { nodes { rank } } }')
    assert all_the_same.key(asked, "v", audience="a") == all_the_same.key(asked, "v", audience="b")


@pytest.mark.parametrize(
    ("document", "variables", "tags"),
    [
        ("query($u: ID!) { recommendations(userId: $u) { nodes { rank } } }", {"u": "42"}, {"user:42"}),
        ("query($u: ID = 7) { recommendations(userId: $u) { nodes { rank } } }", {}, {"user:7"}),
        ("query($u: ID!) { user(id: $u) { known } }", {"u": 42.0}, {"user:42"}),
        ('{ user(id: 42) { known } book(id: "7") { title } }', {}, {"user:42", "book:7"}),
        ('{ books(ids: ["1", "2"]) { title } }', {}, {"book:1", "book:2"}),
        (
            "query($f: BookFilterInput) { personalized(bookIds: [1], dislikes: [2], filter: $f) { nodes { rank } } }",
            {"f": {"excludeBookIds": ["3"], "genres": ["x"]}},
            {"book:1", "book:2", "book:3"},
        ),
        ("query($n: ID!) { node(id: $n) { id } }", {"n": global_id("User", "42")}, {"user:42"}),
        ("query($n: ID!) { node(id: $n) { id } }", {"n": "no global id"}, set()),
        ('{ explain(userId: "1", bookId: "2") { rank } }', {}, {"user:1", "book:2"}),
    ],
)
def test_the_readers_and_books_that_a_request_names_are_its_tags(
    document: str, variables: dict[str, Any], tags: set[str]
) -> None:
    assert real_plan(document)[0].tags(variables) == tags


NAMES_NOTHING = {"eventId", "jobId"}
"""Ids of what is kept nowhere in an answer."""


def test_every_argument_that_takes_ids_is_known_to_name_something() -> None:
    forgotten = []
    for kind in REAL._schema.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            # a field of an input is an argument of its own
            for argument, found in getattr(field, "args", {name: field}).items():
                known = argument in KINDS.keys() | NAMES_NOTHING or f"{kind.name}.{name}.{argument}" in KINDS
                if get_named_type(found.type).name == "ID" and not known:
                    forgotten.append(f"{kind.name}.{name}.{argument}")
    assert forgotten == []


def test_a_body_is_read_as_the_key_has_it() -> None:
    # numbers that JSON tells apart and Python may not stay apart, and big ones become what is executed
    body = parse_json(b'{"query": "{ x }", "variables": {"a": 123456789012345678901234567890}}')
    assert parse_request(body).canonical_variables == b'{"a":1.2345678901234568e+29}'


def test_variables_count_as_memory() -> None:
    short, long = ((b"digest", variables, "version", "", "") for variables in (b"{}", b"x" * 60_000))
    assert size_of(long) - size_of(short) == 60_000 - 2
