from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.params import load_params
from recs_core.artifacts.bundle import Bundle
from recs_core.data.interactions import InteractionSet
from recs_core.errors import UnknownIdError
from recs_core.models.base import Recommender, SimilarBooks
from recs_core.models.popularity import Popularity
from recs_core.models.registry import ModelSpec, build_model
from recs_core.serving.recommender import ServedFrom, ServingRecommender
from recs_core.testing.tiny import BOOKS, tiny_catalogue, tiny_features, tiny_interactions

ROOT = Path(__file__).parents[3]


def fitted(kind: str) -> Recommender:
    config = load_params(ROOT / "params.yaml").models[kind].config
    model = build_model(ModelSpec(kind=kind, config=config), where=kind)
    train = tiny_interactions()
    return model.fit(train, tiny_features(tiny_catalogue(train.books)), rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def serving(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def test_nobody_is_recommended_what_they_have_read(serving: ServingRecommender) -> None:
    for user_id in serving.bundle.users.array.tolist():
        answer = serving.recommend(user_id, k=BOOKS)
        read = set(serving.history_rows(user_id).tolist())
        assert {book.book_row for book in answer.ranked} == set(range(BOOKS)) - read


def test_a_known_reader_is_answered_by_the_model(serving: ServingRecommender, bundle: Bundle) -> None:
    answer = serving.recommend("u007", k=5)
    best = bundle.model.recommend(bundle.history.matrix[[bundle.users.row("u007")]], k=5)
    assert answer.served_from is ServedFrom.MODEL
    assert [book.book_row for book in answer.ranked] == best.books[0].tolist()
    assert [book.score for book in answer.ranked] == best.scores[0].tolist()
    assert [book.rank for book in answer.ranked] == [1, 2, 3, 4, 5]


def test_the_history_is_that_of_the_reader_in_order(serving: ServingRecommender, bundle: Bundle) -> None:
    row = bundle.users.row("u007")
    assert (
        serving.history_rows("u007").tolist() == np.flatnonzero(bundle.history.matrix.toarray()[row]).tolist()
    )
    assert serving.recommend("u007", k=1).history.indices.tolist() == serving.history_rows("u007").tolist()


@pytest.mark.parametrize("kind", ["hybrid", "als", "rp3beta", "content"])
def test_an_unknown_reader_gets_what_is_popular_whatever_model_is_served(bundle: Bundle, kind: str) -> None:
    serving = ServingRecommender(replace(bundle, model=fitted(kind)))
    answer = serving.recommend("nobody", k=10)
    assert answer.served_from is ServedFrom.POPULAR
    assert answer.history.nnz == 0
    assert serving.history_rows("nobody").tolist() == []
    readers = np.bincount(bundle.history.matrix.indices, minlength=BOOKS)
    expected = sorted(range(BOOKS), key=lambda book: (-readers[book], book))[:10]
    assert [book.book_row for book in answer.ranked] == expected
    reasons = serving.reasons(answer, np.array(expected, dtype=np.int32), first=3)
    assert [[reason.kind for reason in of_book] for of_book in reasons] == [["POPULARITY"]] * 10
    assert [of_book[0].amount for of_book in reasons] == [book.score for book in answer.ranked]


def test_a_list_has_no_padding(serving: ServingRecommender) -> None:
    read = serving.history_rows("u001").size
    ranked = serving.recommend("u001", k=BOOKS + 10).ranked
    assert [book.rank for book in ranked] == list(range(1, BOOKS - read + 1))
    assert min(book.book_row for book in ranked) >= 0


def test_reasons_of_an_answer_add_up_to_its_scores(serving: ServingRecommender) -> None:
    answer = serving.recommend("u001", k=5)
    rows = np.array([book.book_row for book in answer.ranked], dtype=np.int32)
    sums = [sum(reason.amount for reason in reasons) for reasons in serving.reasons(answer, rows, first=2)]
    np.testing.assert_allclose(sums, [book.score for book in answer.ranked], rtol=1e-5)


def test_similar_books_are_others_of_the_same_taste_first(
    serving: ServingRecommender, bundle: Bundle
) -> None:
    same_taste = 0
    for row, book_id in enumerate(bundle.books.array.tolist()):
        ranked = serving.similar(book_id, k=5)
        assert row not in {book.book_row for book in ranked}
        assert [book.rank for book in ranked] == [1, 2, 3, 4, 5]
        same_taste += ranked[0].book_row % 5 == row % 5
    assert same_taste > 0.9 * BOOKS


@pytest.mark.parametrize("ask", ["similar", "book_row"])
def test_an_unknown_book_is_named(serving: ServingRecommender, ask: str) -> None:
    with pytest.raises(UnknownIdError, match="unknown book id: 'nowhere'"):
        serving.similar("nowhere", k=3) if ask == "similar" else serving.book_row("nowhere")


def test_a_model_without_likeness_has_no_similar_books(bundle: Bundle) -> None:
    popularity = build_model(ModelSpec(kind="popularity"), where="popularity")
    popularity.fit(bundle.history, None, rng=np.random.default_rng(7))
    assert not isinstance(popularity, SimilarBooks)
    serving = ServingRecommender(replace(bundle, model=popularity))
    assert serving.similar(str(bundle.books.array[0]), k=3) == []


def test_a_model_that_cannot_explain_gives_no_reasons(bundle: Bundle) -> None:
    class Silent(Popularity):
        contributions = None  # type: ignore[assignment]

    silent: Recommender = Silent.from_state(
        build_model(ModelSpec(kind="popularity"), where="popularity").config,
        {"popularity": bundle.model.state()["popularity.popularity"]},
    )
    serving = ServingRecommender(replace(bundle, model=silent))
    answer = serving.recommend("u001", k=2)
    rows = np.array([book.book_row for book in answer.ranked], dtype=np.int32)
    assert serving.reasons(answer, rows, first=3) == [[], []]


def test_many_threads_get_the_answers_of_one(serving: ServingRecommender) -> None:
    users = serving.bundle.users.array.tolist() * 5

    def rows(user_id: str) -> list[int]:
        return [book.book_row for book in serving.recommend(user_id, k=10).ranked]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(rows, users))
    assert together == [rows(user_id) for user_id in users]


def test_a_reader_with_no_books_counts_as_unknown(bundle: Bundle) -> None:
    nobody = np.empty(0, dtype=np.int32)
    history = InteractionSet.from_rows(bundle.users, bundle.books, nobody, nobody)
    serving = ServingRecommender(replace(bundle, history=history))
    first = str(bundle.users.array[0])
    assert serving.recommend(first, k=3).served_from is ServedFrom.POPULAR
