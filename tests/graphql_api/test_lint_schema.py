"""The lint of the schema: the committed one is clean, and each rule finds what breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.export_schema import COMMITTED
from graphql_api.lint_schema import lint, main

CLEAN = '''
"""A cost."""
directive @cost(weight: String!) on OBJECT | FIELD_DEFINITION

"""A size."""
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION

"""A word."""
enum Word {
  """One."""
  ONE_WORD

  """Two."""
  TWO @deprecated(reason: "Use ONE_WORD.")
}

"""An input."""
input Filter {
  """Words."""
  words: [Word!]
}

"""A node."""
interface Node {
  """Its id."""
  id: ID!
}

"""A book."""
type Book implements Node @cost(weight: "2") {
  """Its id."""
  id: ID!

  """Names are a plain list."""
  names: [String!]!
}

"""An edge."""
type BookEdge {
  """Its place."""
  cursor: String!

  """Its book."""
  node: Book!
}

"""A page's place."""
type PageInfo {
  """Next."""
  hasNextPage: Boolean!

  """Previous."""
  hasPreviousPage: Boolean!

  """Start."""
  startCursor: String

  """End."""
  endCursor: String
}

"""A page."""
type BookConnection {
  """Edges."""
  edges: [BookEdge!]!

  """Its place."""
  pageInfo: PageInfo!
}

"""Everything."""
type Query {
  """Books."""
  books(
    """How many."""
    first: Int = 10

    """Where."""
    after: String

    """Which."""
    filter: Filter
  ): BookConnection! @listSize(slicingArguments: ["first"], sizedFields: ["edges"])

  """Some books."""
  some: [Book!]! @listSize(assumedSize: 5)
}
'''


def test_the_committed_schema_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == ""


def test_a_clean_schema_is_clean() -> None:
    assert lint(CLEAN) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"""A book."""\n', "", "Book: has no description"),
        ('"""Books."""\n', "", "Query.books: has no description"),
        ('"""How many."""\n', "", "Query.books(first:): has no description"),
        ('"""One."""\n', "", "Word.ONE_WORD: has no description"),
        ('"""Words."""\n', "", "Filter.words: has no description"),
        ('"""A cost."""\n', "", "@cost: has no description"),
        ('"""A book."""', '"""A book"""', "Book: its description does not end with a full stop"),
        ("PageInfo", "pageInfo", "pageInfo: its name is not of the form [A-Z]"),
        ("  some:", "  some_books:", "Query.some_books: its name is not of the form [a-z]"),
        ("  words:", "  Words:", "Filter.Words: its name is not of the form [a-z]"),
        ("after: String", "After: String", "Query.books(After:): its name is not of the form [a-z]"),
        ("ONE_WORD\n", "oneWord\n", "Word.oneWord: its name is not of the form [A-Z]"),
        ('(reason: "Use ONE_WORD.")', "", "Word.TWO: is deprecated without a reason"),
        ('(reason: "Use ONE_WORD.")', '(reason: "")', "Word.TWO: is deprecated without a reason"),
        (" @listSize(assumedSize: 5)", "", "Query.some: is a list without @listSize"),
        (
            ', sizedFields: ["edges"]',
            "",
            "BookConnection.edges: is a list without @listSize, and Query.books",
        ),
        (', sizedFields: ["edges"]', "", "Query.books: @listSize is on no list"),
        ("(assumedSize: 5)", "", "Query.some: @listSize needs slicingArguments or assumedSize"),
        ("assumedSize: 5", 'slicingArguments: ["n"]', "Query.some: @listSize names n, which is no argument"),
        (
            '["edges"]',
            '["edges", "nodes"]',
            "Query.books: @listSize names nodes, which is no list of BookConn",
        ),
        ("assumedSize: 5", 'assumedSize: 5, sizedFields: ["names"]', "but the field is a list itself"),
        ('weight: "2"', 'weight: "much"', "Book: the weight of @cost must be a whole number (got 'much')"),
        ("  pageInfo: PageInfo!\n", "  pageInfo: PageInfo\n", "must have the field pageInfo: PageInfo!"),
        ("  edges:", "  items:", "BookConnection: a connection must have edges"),
        ("  cursor: String!", "  cursor: Int!", "BookEdge: must have the field cursor: String!"),
        ("  node: Book!", "  book: Book!", "BookEdge: must have the field node"),
        (
            "hasNextPage: Boolean!",
            "hasNextPage: Boolean",
            "PageInfo: must have the field hasNextPage: Boolean!",
        ),
        ("after: String", "before: String", "Query.books: a connection is asked for with first and after"),
        ("  id: ID!", "  key: ID!", "Node: must have the field id: ID!"),
    ],
)
def test_a_fault_is_found(old: str, new: str, fault: str) -> None:
    assert old in CLEAN
    assert any(found.startswith(fault) or fault in found for found in lint(CLEAN.replace(old, new)))


def test_the_command_prints_the_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sdl = COMMITTED.read_text(encoding="utf-8").replace('  """The title as printed."""\n', "", 1)
    path = tmp_path / "schema.graphql"
    path.write_text(sdl, encoding="utf-8")
    assert main([str(path)]) == 1
    assert capsys.readouterr().out == "Book.title: has no description\n"
