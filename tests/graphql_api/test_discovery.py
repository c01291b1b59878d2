"""Lists that are of no reader: what the library finds is what the client gets."""

from __future__ import annotations

from typing import Any

import pytest
from api_server import ApiServer

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender


@pytest.fixture(scope="module")
def recommender(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def book_id(bundle: Bundle, row: int) -> str:
    return str(bundle.books.array[row])


def test_also_read_is_what_the_library_counts(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    query = (
        "query($id: ID!) { alsoRead(bookId: $id, first: 5) { nodes { rank readers share book { bookId } } } }"
    )
    expected = [
        {
            "rank": each.rank,
            "readers": each.readers,
            "share": each.share,
            "book": {"bookId": book_id(bundle, each.book_row)},
        }
        for each in recommender.discovery.also_read(book_id(bundle, 3), k=5)
    ]
    assert server.data(query, id=book_id(bundle, 3))["alsoRead"]["nodes"] == expected
    assert expected


def test_trends_of_data_without_times_are_of_all_time(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    query = "{ trending(window: WEEK, first: 8) { window nodes { rank readers book { bookId } } } }"
    found = server.data(query)["trending"]
    readers = bundle.history.matrix.sum(axis=0)
    assert found["window"] == "ALL"
    assert [node["rank"] for node in found["nodes"]] == list(range(1, 9))
    assert [node["readers"] for node in found["nodes"]] == sorted(readers.astype(int).tolist(), reverse=True)[
        :8
    ]


def test_new_arrivals_are_the_last_published(server: ApiServer, bundle: Bundle) -> None:
    found = server.data("{ newArrivals(first: 100) { nodes { bookId year } } }")["newArrivals"]["nodes"]
    years = [node["year"] for node in found]
    assert years == sorted(years, reverse=True)
    known = [year for year in bundle.catalogue.table["year"].to_pylist() if year is not None]
    assert len(found) == len(known)


def test_a_genre_leaves_out_all_others(server: ApiServer, bundle: Bundle) -> None:
    genre = next(genres[0] for genres in bundle.catalogue.table["genres"].to_pylist() if genres)
    query = """query($genre: String!) {
      newArrivals(genre: $genre, first: 100) { nodes { genres } }
      trending(genre: $genre, first: 100) { nodes { book { genres } } }
    }"""
    data = server.data(query, genre=genre.upper())
    assert data["newArrivals"]["nodes"]
    assert all(genre in node["genres"] for node in data["newArrivals"]["nodes"])
    assert all(genre in node["book"]["genres"] for node in data["trending"]["nodes"])


def test_a_search_finds_by_the_beginning_of_a_word_and_in_pages(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    title = bundle.catalogue.record(7).title
    query = "query($text: String!, $after: String) { search(text: $text, first: 2, after: $after) "
    query += "{ edges { cursor node { rank score book { bookId } } } pageInfo { hasNextPage endCursor } } }"
    text = title[:-1]
    pages: list[dict[str, Any]] = [server.data(query, text=text)["search"]]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(server.data(query, text=text, after=pages[-1]["pageInfo"]["endCursor"])["search"])
    found = [edge["node"]["book"]["bookId"] for page in pages for edge in page["edges"]]
    expected = recommender.discovery.search(text, k=1_000)
    assert found == [book_id(bundle, each.book_row) for each in expected]
    assert book_id(bundle, 7) in found


def test_a_filter_narrows_a_search(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    record = bundle.catalogue.record(7)
    query = """query($text: String!, $filter: BookFilterInput) {
      search(text: $text, filter: $filter, first: 100) { nodes { book { bookId } } }
    }"""
    hits = server.data(query, text=record.title, filter={"excludeBookIds": [record.book_id]})["search"][
        "nodes"
    ]
    assert record.book_id not in [hit["book"]["bookId"] for hit in hits]
    expected = recommender.discovery.search(record.title, k=100, filters=BookFilter(year_from=3000))
    assert expected == []
    assert server.data(query, text=record.title, filter={"yearFrom": 3000})["search"]["nodes"] == []


@pytest.mark.parametrize("text", ["", "   ", "…", "\x00"])
def test_a_search_for_nothing_finds_nothing(server: ApiServer, text: str) -> None:
    query = "query($text: String!) { search(text: $text) { nodes { rank } pageInfo { hasNextPage } } }"
    assert server.data(query, text=text)["search"] == {"nodes": [], "pageInfo": {"hasNextPage": False}}
