"""The schema as a contract: committed, described, and bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_server import ApiServer
from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    build_schema,
    get_introspection_query,
    is_introspection_type,
    is_specified_scalar_type,
)

from graphql_api import export_schema


def test_the_committed_schema_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert export_schema.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_changed_schema_is_shown_as_a_diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sdl = export_schema.COMMITTED.read_text(encoding="utf-8")
    old = tmp_path / "schema.graphql"
    old.write_text(sdl.replace("  rank: Int!\n", "  place: Int!\n", 1), encoding="utf-8")
    monkeypatch.setattr(export_schema, "COMMITTED", old)
    assert export_schema.main(["--check"]) == 1
    diff = capsys.readouterr().out.splitlines()
    assert "-  place: Int!" in diff
    assert "+  rank: Int!" in diff
    assert export_schema.main([]) == 0
    assert old.read_text(encoding="utf-8") == sdl


def test_everything_in_the_schema_is_described() -> None:
    schema = build_schema(export_schema.COMMITTED.read_text(encoding="utf-8"))
    undescribed = []
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        parts = {name: kind}
        if isinstance(kind, GraphQLObjectType):
            for field_name, field in kind.fields.items():
                parts[f"{name}.{field_name}"] = field
                parts |= {f"{name}.{field_name}({argument})": found for argument, found in field.args.items()}
        if isinstance(kind, GraphQLEnumType):
            parts |= {f"{name}.{value}": found for value, found in kind.values.items()}
        undescribed += [part for part, found in parts.items() if not found.description]
    assert undescribed == []


def test_tools_can_read_the_schema_from_the_server(server: ApiServer) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    names = {kind["name"] for kind in server.data(query)["__schema"]["types"]}
    assert {"Query", "Recommendation", "Book", "ServedFrom"} <= names


def nested(levels: int) -> str:
    return "{ user(id: 1) " + "{ history " * levels + "{ id }" + " }" * levels + " }"


def doubling(levels: int) -> str:
    """A kilobyte that names two to the power of `levels` fields."""
    fragments = (f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels))
    return f"{{ ...f0 }} {' '.join(fragments)} fragment f{levels} on Query {{ readers }}"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{" + "readers " * 1_001 + "}", "more than 1000 tokens"),
        (nested(9), "has 10 levels of selections with its fragments written out; allowed are 8"),
        (
            "{" + " ".join(f"a{n}: readers" for n in range(16)) + "}",
            "has 16 aliases with its fragments written out; allowed are 15",
        ),
        ("{ readers" + " @skip(if: false)" * 21 + " }", "has 21 directives"),
        (doubling(50), "selections with its fragments written out; allowed are 1000"),
        ("query A { readers } query B { readers }", "operationName must say which"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "Cannot spread fragment 'a'"),
        ("{ readers(first: " + "[" * 900 + ") }", "nested too deeply"),
    ],
)
@pytest.mark.timeout(60)  # what is not refused before work would go on for years
def test_a_document_beyond_the_limits_is_refused_at_once(server: ApiServer, query: str, message: str) -> None:
    errors = server.post(query).json()["errors"]
    assert any(message in error["message"] for error in errors)
    assert {error["extensions"]["code"] for error in errors} <= {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
    }


def test_fragments_are_fine_within_the_limit(server: ApiServer) -> None:
    assert server.data(doubling(5)) == server.data("{ readers }")
