"""Why a book is, or is not, in a list."""

from __future__ import annotations

import pytest
from api_server import ApiServer

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

EXPLAIN = """query($user: ID, $books: [ID!], $book: ID!, $filter: BookFilterInput) {
  explain(userId: $user, bookIds: $books, bookId: $book, first: 5, filter: $filter) {
    rank score book { bookId }
    contributions(first: 100) { kind amount }
    counterfactuals { said true exact book { bookId } }
    whyNot { rule filters rank score lastScore comparison { part book last } }
    artifact { version model strategy }
  }
}"""


@pytest.fixture(scope="module")
def recommender(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def test_a_listed_book_has_its_rank_and_parts_that_add_up(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    answer = recommender.recommend("u001", k=5)
    for ranked in answer.ranked:
        book = str(bundle.books.array[ranked.book_row])
        found = server.data(EXPLAIN, user="u001", book=book)["explain"]
        assert (found["rank"], found["score"], found["whyNot"]) == (ranked.rank, ranked.score, None)
        assert sum(part["amount"] for part in found["contributions"]) == pytest.approx(ranked.score, rel=1e-5)
        expected = recommender.counterfactuals(answer, ranked.book_row, first=3)
        assert [each["true"] for each in found["counterfactuals"]] == [each.true for each in expected]
        assert found["artifact"] == {"version": bundle.version, "model": "hybrid", "strategy": "tuned"}


def test_a_known_book_is_not_listed_because_it_is_known(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    known = str(bundle.books.array[recommender.history_rows("u001")[0]])
    found = server.data(EXPLAIN, user="u001", book=known)["explain"]
    assert found["whyNot"]["rule"] == "SEEN"
    assert (found["rank"], found["score"]) == (None, None)
    assert found["contributions"] == found["counterfactuals"] == []


def test_a_book_below_the_list_is_compared_with_the_last_of_it(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    longer = recommender.recommend("u001", k=8)
    book = str(bundle.books.array[longer.ranked[7].book_row])
    found = server.data(EXPLAIN, user="u001", book=book)["explain"]
    why = found["whyNot"]
    assert (why["rule"], why["rank"]) == ("BELOW", 8)
    assert why["lastScore"] == longer.ranked[4].score > why["score"] == found["score"]
    assert sum(side["book"] for side in why["comparison"]) == pytest.approx(why["score"], rel=1e-5)
    assert sum(side["last"] for side in why["comparison"]) == pytest.approx(why["lastScore"], rel=1e-5)


def test_the_conditions_that_a_book_fails_are_named_as_in_the_request(
    server: ApiServer, bundle: Bundle, recommender: ServingRecommender
) -> None:
    book = str(bundle.books.array[recommender.recommend("u001", k=1).ranked[0].book_row])
    found = server.data(EXPLAIN, user="u001", book=book, filter={"yearFrom": 3000})["explain"]
    assert (found["whyNot"]["rule"], found["whyNot"]["filters"]) == ("FILTERED", ["yearFrom"])


def test_a_session_is_explained_like_a_reader(server: ApiServer, bundle: Bundle) -> None:
    liked = [str(bundle.books.array[row]) for row in (1, 2)]
    query = "query($books: [ID!]!) { personalized(bookIds: $books, first: 1) { nodes { score book { bookId } } } }"
    (first,) = server.data(query, books=liked)["personalized"]["nodes"]
    found = server.data(EXPLAIN, books=liked, book=first["book"]["bookId"])["explain"]
    assert (found["rank"], found["score"]) == (1, first["score"])


@pytest.mark.parametrize("whose", [{}, {"user": "u001", "books": ["b000"]}])
def test_whose_list_it_is_must_be_said_once(
    server: ApiServer, bundle: Bundle, whose: dict[str, object]
) -> None:
    error = server.error(EXPLAIN, book=str(bundle.books.array[0]), **whose)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_an_unknown_book_is_an_error(server: ApiServer) -> None:
    assert server.error(EXPLAIN, user="u001", book="nowhere")["extensions"]["code"] == "BOOK_NOT_FOUND"
