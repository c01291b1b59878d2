"""The typed Python client asks what the schema has, and understands every answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from api_server import ApiServer
from graphql import GraphQLEnumType, build_schema, parse, validate

from graphql_api.client import BookVerse, BookVerseError, answers, documents

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema((ROOT / "graphql_api/schema.graphql").read_text(encoding="utf-8"))
DOCUMENTS = [documents.READERS, documents.RECOMMENDATIONS, documents.EXPLAIN, documents.SEARCH]


@pytest.fixture
def books(server: ApiServer) -> Iterator[BookVerse]:
    with BookVerse(f"{server.client.base_url}/graphql") as client:
        yield client


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.split()[1].partition("(")[0])
def test_a_document_is_valid(document: str) -> None:
    assert validate(SCHEMA, parse(document)) == []


@pytest.mark.parametrize("name", ["ReasonKind", "ServedFrom", "Absence"])
def test_an_enum_has_the_values_of_the_schema(name: str) -> None:
    declared = SCHEMA.type_map[name]
    assert isinstance(declared, GraphQLEnumType)
    assert set(get_args(getattr(answers, name))) == set(declared.values)


def test_pages_are_the_list_in_pieces(books: BookVerse) -> None:
    (reader,) = books.readers(first=1)
    pages = list(itertools.islice(books.pages(reader, first=4), 3))
    assert [len(page.nodes) for page in pages] == [4, 4, 4]
    pieces = [item for page in pages for item in page.nodes]
    assert pieces == books.recommendations(reader, first=12).nodes
    assert [item.rank for item in pieces] == list(range(1, 13))
    assert all(item.reasons for item in pieces)


def test_the_pages_end_where_the_list_ends(books: BookVerse) -> None:
    (reader,) = books.readers(first=1)
    *_, last = books.pages(reader, first=20)
    assert not last.page_info.has_next_page
    assert last.nodes[-1].rank == sum(len(page.nodes) for page in books.pages(reader, first=20))


def test_the_best_book_is_explained(books: BookVerse) -> None:
    (reader,) = books.readers(first=1)
    best = books.recommendations(reader, first=1).nodes[0]
    why = books.explain(reader, best.book.book_id)
    assert (why.rank, why.book, why.why_not) == (1, best.book, None)
    assert why.contributions
    assert why.counterfactuals


def test_a_book_far_down_is_said_to_be_below(books: BookVerse) -> None:
    (reader,) = books.readers(first=1)
    far = books.recommendations(reader, first=30).nodes[-1]
    why_not = books.explain(reader, far.book.book_id).why_not
    assert why_not is not None
    assert (why_not.rule, why_not.rank) == ("BELOW", 30)


def test_a_search_finds_a_title(books: BookVerse) -> None:
    (reader,) = books.readers(first=1)
    wanted = books.recommendations(reader, first=1).nodes[0].book
    hits = books.search(wanted.title)
    assert wanted in [hit.book for hit in hits]
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_a_refusal_has_its_code_and_message(books: BookVerse) -> None:
    with pytest.raises(BookVerseError, match="nosuchbook") as refused:
        books.explain("u001", "nosuchbook")
    assert refused.value.code == "BOOK_NOT_FOUND"


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_an_address_that_speaks_no_graphql_is_named(server: ApiServer, path: str) -> None:
    url = f"{server.client.base_url}{path}"
    with BookVerse(url) as client, pytest.raises(BookVerseError, match=url) as refused:
        client.readers()
    assert refused.value.code is None
