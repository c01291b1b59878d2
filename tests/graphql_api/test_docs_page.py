"""docs/api.md is made of the schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from graphql_api import export_docs
from graphql_api.docs_page import page


def test_the_committed_page_is_that_of_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert export_docs.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_page_that_is_not_current_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export_docs, "COMMITTED", tmp_path / "api.md")
    assert export_docs.main(["--check"]) == 1
    assert "make schema" in capsys.readouterr().out
    assert export_docs.main([]) == 0
    assert export_docs.main(["--check"]) == 0


def test_fields_arguments_values_and_defaults_are_listed() -> None:
    schema = build_schema(
        """
        "All." type Query { "A list." list("How many." first: Int! = 3, "Which." kind: Kind): [Thing!]! }
        "A thing." type Thing { "Its | name." name: String! }
        "A kind." enum Kind { "The good one." GOOD }
        """
    )
    made = page(schema)
    assert "### list\n\nA list.\n\nReturns `[`[`Thing`](#thing)`!]!`." in made
    assert "| `first` | `Int!` | `3` | How many. |" in made
    assert "| `kind` | [`Kind`](#kind) |  | Which. |" in made
    assert "| `name` | `String!` | Its \\| name. |" in made
    assert "| `GOOD` | The good one. |" in made
    assert "| `BOOK_NOT_FOUND` | The bundle has no such book. |" in made
