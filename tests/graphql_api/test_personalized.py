"""Lists for somebody of whom nothing but books is known, and what a request may ask of any list."""

from __future__ import annotations

import pytest
from api_server import ApiServer

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.answer import Rules
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig

CART = """query($books: [ID!]!, $weights: [Float!], $dislikes: [ID!]) {
  personalized(bookIds: $books, weights: $weights, dislikes: $dislikes, first: 8) {
    nodes { score book { bookId } }
    unknownBookIds
  }
}"""


@pytest.fixture(scope="module")
def recommender(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def ids(bundle: Bundle, *rows: int) -> list[str]:
    return [str(bundle.books.array[row]) for row in rows]


def test_a_cart_gets_what_the_library_ranks(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    books, weights, dislikes = ids(bundle, 1, 2), [1.0, 0.5], ids(bundle, 9)
    found = server.data(CART, books=[*books, "no-such"], weights=[*weights, 1], dislikes=dislikes)[
        "personalized"
    ]
    answer = recommender.personalized(books, k=8, weights=weights, dislikes=dislikes)
    assert [node["book"]["bookId"] for node in found["nodes"]] == bundle.books.ids(answer.book_rows).tolist()
    assert [node["score"] for node in found["nodes"]] == [ranked.score for ranked in answer.ranked]
    assert found["unknownBookIds"] == ["no-such"]


def test_an_empty_cart_gets_what_is_popular(server: ApiServer) -> None:
    query = "{ personalized(bookIds: []) { nodes { servedFrom } } }"
    assert {node["servedFrom"] for node in server.data(query)["personalized"]["nodes"]} == {"POPULAR"}


def test_a_filter_and_a_rerank_are_the_librarys(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    query = """query($filter: BookFilterInput, $rerank: RerankInput) {
      recommendations(userId: "u001", first: 10, filter: $filter, rerank: $rerank) { nodes { book { bookId } } }
    }"""
    excluded = ids(bundle, 20, 21)
    found = server.data(
        query,
        filter={"yearFrom": 1900, "excludeBookIds": excluded},
        rerank={"diversity": 0.4, "perAuthor": 1},
    )["recommendations"]["nodes"]
    rules = Rules(
        filters=BookFilter(year_from=1900),
        exclude=tuple(excluded),
        rerank=RerankConfig(diversity=0.4, per_author=1),
    )
    answer = recommender.recommend("u001", k=10, rules=rules)
    assert [node["book"]["bookId"] for node in found] == bundle.books.ids(answer.book_rows).tolist()


def test_each_strategy_is_listed_and_says_that_it_made_the_list(server: ApiServer) -> None:
    strategies = server.data("{ strategies { name isDefault weights { content } diversity } }")["strategies"]
    assert [each["name"] for each in strategies if each["isDefault"]] == ["tuned"]
    query = """query($name: String) { recommendations(userId: "u001", strategy: $name, first: 2) {
      nodes { score artifact { strategy } reasons(first: 100) { amount } }
    } }"""
    for each in strategies:
        for node in server.data(query, name=each["name"])["recommendations"]["nodes"]:
            assert node["artifact"]["strategy"] == each["name"]
            assert sum(reason["amount"] for reason in node["reasons"]) == pytest.approx(
                node["score"], rel=1e-5
            )
    default = server.data(query, name=None)["recommendations"]["nodes"]
    assert {node["artifact"]["strategy"] for node in default} == {"tuned"}
