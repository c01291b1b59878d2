"""What is compiled and what is left to graphql-core."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import strawberry
from graphql import parse
from graphql.execution.values import VariableValues
from strawberry.extensions import FieldExtension, SchemaExtension

from graphql_api.compiled.document import Document
from graphql_api.compiled.documents import PLANS, CompiledDocuments
from graphql_api.compiled.fields import NotCoveredError
from graphql_api.compiled.plan import plan_of
from graphql_api.schema import Schema, build_schema
from graphql_api.settings import Settings

LIST = 'recommendations(userId: "u001", first: 3)'


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(f"{{ {LIST} {{ nodes {{ rank }} }} {LIST} {{ nodes {{ score rank }} }} }}", id="merged"),
        pytest.param(
            f"{{ {LIST} {{ ...a ...b nodes {{ book {{ title }} }} }} }}"
            "fragment a on RecommendationConnection { nodes { book { id } ...c } }"
            "fragment b on RecommendationConnection { nodes { ...c rank } }"
            "fragment c on Recommendation { rank book { authors } reasons(first: 1) { book { title } } }",
            id="fragments",
        ),
        pytest.param(f"{{ {LIST} {{ nodes {{ __typename }} }} __typename }}", id="nothing but type names"),
        pytest.param(f"{{ {LIST} {{ nodes {{ rank @skip(if: true) }} }} }}", id="nothing at all"),
        pytest.param('{ node(id: "Qm9vazow") { __typename id } }', id="null of an interface"),
        pytest.param('{ books(ids: ["nowhere"]) { title } }', id="null in a list"),
        pytest.param("{ books(ids: []) { title } }", id="empty list"),
        pytest.param(
            '{ user(id: "nobody") { known history { nodes { title } totalCount } } }', id="no history"
        ),
        pytest.param(
            "{ strategies { name weights { content } perAuthor } models { name metrics { mean low } } }",
            id="workbench",
        ),
        pytest.param(
            f"query A {{ {LIST} {{ totalCount pageInfo {{ hasNextPage endCursor }} }} }}", id="named"
        ),
    ],
)
def test_it_is_compiled_and_equal(pair: Any, document: str) -> None:
    expected, found = pair.ask(document)
    assert found == expected
    assert b"errors" not in found.body
    assert pair.is_compiled(document)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        pytest.param("{ __schema { queryType { name } } }", {}, id="introspection"),
        pytest.param('{ book(id: "nowhere") { title } }', {}, id="an error"),
        pytest.param(
            f"{{ {LIST} {{ nodes {{ reasons(first: 0) {{ text }} }} }} }}", {}, id="an error far below"
        ),
        pytest.param(
            "query Q($n: Int!) { readers(first: $n) }", {"n": "three"}, id="a variable of a wrong type"
        ),
        pytest.param("query Q($n: Int!) { readers(first: $n) }", {}, id="no variable"),
        pytest.param(
            "query Q($i: [ID!]!) { books(ids: $i) { id } }", {"i": ["b"] * 101}, id="too long a list"
        ),
        pytest.param(
            "query Q($n: Int!) { recommendations(userId: 1, first: $n) "
            "{ nodes { reasons(first: $n) { book { id } } } } }",
            {"n": 100},
            id="too dear",
        ),
    ],
)
def test_it_is_left_to_graphql_core(pair: Any, document: str, variables: dict[str, Any]) -> None:
    expected, found = pair.ask(document, variables)
    assert found == expected
    assert not pair.is_compiled(document, variables)


def test_a_document_that_is_new_is_not_compiled(pair: Any) -> None:
    assert not pair.is_compiled("{ bundle { version seed } }")


def test_of_several_operations_the_named_one_is_executed(pair: Any) -> None:
    document = "query A { bundle { version } } query B { bundle { seed } }"
    for name in ("A", "B"):
        expected, found = pair.ask(document, name=name)
        assert found == expected
        assert pair.is_compiled(document, name=name)
    assert not pair.is_compiled(document)


def test_variables_that_leave_parts_out_have_plans_of_their_own(pair: Any) -> None:
    names = ["a", "b", "c", "d"]
    fields = " ".join(f"{name}: title @include(if: ${name})" for name in names)
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    document = f'query Q({declared}) {{ books(ids: ["{_book(pair)}"]) {{ id {fields} }} }}'
    for number in range(2 * PLANS):
        variables = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        expected, found = pair.ask(document, variables)
        assert found == expected
        (answered,) = orjson.loads(found.body)["data"]["books"]
        assert set(answered) == {"id", *(name for name in names if variables[name])}
        assert pair.is_compiled(document, variables)
    assert max(len(each.plans) for each in pair.documents._compiled.values()) == PLANS


def test_an_extension_that_would_see_nothing_is_refused() -> None:
    class Watches(SchemaExtension):
        """Looks at every operation."""

    schema = build_schema(Settings.load())
    schema.extensions = (*schema.extensions, Watches)
    with pytest.raises(ValueError, match="would go past Watches"):
        CompiledDocuments(schema)


def test_a_field_with_an_extension_is_left_to_graphql_core() -> None:
    class Guards(FieldExtension):
        def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
            return next_(source, info, **kwargs)

    @strawberry.type
    class Query:
        @strawberry.field(extensions=[Guards()])
        def secret(self) -> str:
            return "secret"

    schema = Schema(query=Query)
    document = Document.of(schema._schema, parse("{ secret }"), None)
    assert document is not None
    with pytest.raises(NotCoveredError, match="secret"):
        plan_of(document, VariableValues({}, {}), schema.schema_converter)


def _book(pair: Any) -> str:
    return str(pair.snapshot.recommender.bundle.books.array[0])
