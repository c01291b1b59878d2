"""What readers are recommended, and why."""

from __future__ import annotations

import numpy as np
import pytest
from api_server import RECOMMENDATIONS, ApiServer, app_client
from numpy.typing import NDArray

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.explanations.reasons import Reason
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender

ALL_BOOKS = """query($userId: ID!) {
  user(id: $userId) { historySize history(first: 100) { nodes { bookId } } }
  recommendations(userId: $userId, first: 100) { nodes { rank score servedFrom book { bookId } } }
}"""


def test_no_book_of_the_history_is_recommended(server: ApiServer, bundle: Bundle) -> None:
    for user_id in bundle.users.array.tolist():
        data = server.data(ALL_BOOKS, userId=user_id)
        known = {book["bookId"] for book in data["user"]["history"]["nodes"]}
        recommended = [entry["book"]["bookId"] for entry in data["recommendations"]["nodes"]]
        assert len(known) == data["user"]["historySize"] > 0
        assert not known.intersection(recommended)
        assert len(set(recommended)) == len(recommended)


def test_the_list_is_what_the_library_ranks(server: ApiServer, bundle: Bundle) -> None:
    answer = ServingRecommender(bundle).recommend("u007", k=10)
    expected = [
        {
            "rank": ranked.rank,
            "score": ranked.score,
            "servedFrom": "MODEL",
            "book": {"bookId": str(bundle.books.array[ranked.book_row])},
        }
        for ranked in answer.ranked
    ]
    assert server.data(ALL_BOOKS, userId="u007")["recommendations"]["nodes"][:10] == expected


def test_ranks_count_up_and_scores_go_down(server: ApiServer) -> None:
    entries = server.data(ALL_BOOKS, userId="u001")["recommendations"]["nodes"]
    scores = [entry["score"] for entry in entries]
    assert [entry["rank"] for entry in entries] == list(range(1, len(entries) + 1))
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("first", [1, 2, 10, 100])
def test_the_list_has_the_length_that_is_asked_for(server: ApiServer, bundle: Bundle, first: int) -> None:
    unread = len(bundle.books) - server.data('{ user(id: "u002") { historySize } }')["user"]["historySize"]
    found = server.data(RECOMMENDATIONS, userId="u002", first=first)["recommendations"]["nodes"]
    assert len(found) == min(first, unread)


@pytest.mark.parametrize("first", [1, 2, 3, 100])
@pytest.mark.parametrize("user_id", ["u001", "u033", "nobody"])
def test_reasons_add_up_to_the_score_however_many_are_named(
    server: ApiServer, user_id: str, first: int
) -> None:
    query = """query($id: ID!, $first: Int!) {
      recommendations(userId: $id, first: 20) { nodes { score reasons(first: $first) { kind amount } } }
    }"""
    for entry in server.data(query, id=user_id, first=first)["recommendations"]["nodes"]:
        amounts = [reason["amount"] for reason in entry["reasons"]]
        named = [reason["kind"] for reason in entry["reasons"] if reason["kind"] != "OTHER"]
        assert sum(amounts) == pytest.approx(entry["score"], rel=1e-5)
        assert len(named) <= first
        assert amounts[: len(named)] == sorted(amounts[: len(named)], key=abs, reverse=True)


def test_a_reason_says_what_it_comes_from(server: ApiServer, bundle: Bundle) -> None:
    query = """{ recommendations(userId: "u001") {
      nodes { reasons(first: 100) { kind amount text rule book { bookId title } } }
    } }"""
    history = ServingRecommender(bundle).history_rows("u001")
    known = {book.book_id: book.title for book in bundle.catalogue.records(history)}
    kinds = set()
    for entry in server.data(query)["recommendations"]["nodes"]:
        for reason in entry["reasons"]:
            kinds.add(reason["kind"])
            of_no_book = {"POPULARITY": "popular with many readers", "OTHER": "other parts together"}
            if reason["kind"] == "RULE":
                assert reason["rule"] == "cold_start"
                assert reason["text"].startswith("as the history is short")
                continue
            if reason["kind"] in of_no_book:
                assert reason["text"] == of_no_book[reason["kind"]]
                assert reason["book"] is None
                continue
            title = known[reason["book"]["bookId"]]
            likeness = "like" if reason["amount"] > 0 else "unlike"
            assert reason["book"]["title"] == title
            assert (
                reason["text"]
                == {
                    "COLLABORATIVE": f"because you read “{title}”",
                    "CONTENT": f"{likeness} “{title}” in title, author or publisher",
                }[reason["kind"]]
            )
    # what too few readers are behind is in OTHER
    assert kinds == {"COLLABORATIVE", "CONTENT", "POPULARITY", "RULE", "OTHER"}


def test_what_is_not_named_is_one_reason_more(server: ApiServer) -> None:
    query = (
        '{ recommendations(userId: "u001") { nodes { reasons(first: 1) { kind text book { bookId } } } } }'
    )
    for entry in server.data(query)["recommendations"]["nodes"]:
        assert entry["reasons"][-1] == {"kind": "OTHER", "text": "other parts together", "book": None}


def test_an_unknown_reader_gets_what_is_popular_and_is_told(server: ApiServer) -> None:
    query = """{
      user(id: "nobody") { userId known historySize history { nodes { bookId } } }
      recommendations(userId: "nobody") { nodes { servedFrom reasons { kind } } }
    }"""
    data = server.data(query)
    assert data["user"] == {"userId": "nobody", "known": False, "historySize": 0, "history": {"nodes": []}}
    assert len(data["recommendations"]["nodes"]) == 10
    for entry in data["recommendations"]["nodes"]:
        assert entry == {"servedFrom": "POPULAR", "reasons": [{"kind": "POPULARITY"}]}


def test_similar_books_are_what_the_library_finds(server: ApiServer, bundle: Bundle) -> None:
    book_id = str(bundle.books.array[12])
    query = "query($id: ID!) { similarBooks(bookId: $id, first: 5) { nodes { rank score book { bookId } } } }"
    expected = [
        {
            "rank": found.rank,
            "score": found.score,
            "book": {"bookId": str(bundle.books.array[found.book_row])},
        }
        for found in ServingRecommender(bundle).discovery.similar(book_id, k=5)
    ]
    found = server.data(query, id=book_id)["similarBooks"]["nodes"]
    assert found == expected
    assert book_id not in [entry["book"]["bookId"] for entry in found]


class CountingRecommender(ServingRecommender):
    """Counts how often it explains."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        # what is served is a copy, which has the same list
        self.explained: list[int] = []

    def reasons(self, answer: Answer, book_rows: NDArray[np.int32], *, first: int) -> list[list[Reason]]:
        self.explained.append(book_rows.size)
        return super().reasons(answer, book_rows, first=first)


@pytest.mark.anyio
async def test_one_explanation_serves_the_whole_list(bundle: Bundle) -> None:
    recommender = CountingRecommender(bundle)
    query = """{ recommendations(userId: "u001", first: 20) {
      nodes { book { title } reasons { text book { bookId } } }
    } }"""
    async with app_client(Settings.load(), recommender) as client:
        answer = (await client.post("/graphql", json={"query": query})).json()
    assert len(answer["data"]["recommendations"]["nodes"]) == 20
    assert recommender.explained == [20]
