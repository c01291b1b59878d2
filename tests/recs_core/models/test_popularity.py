import numpy as np

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.models.popularity import Popularity, PopularityConfig


def fitted(readers: list[int]) -> Popularity:
    """A model of books with so many readers each."""
    users = IdMap.from_ids([f"u{n}" for n in range(max(1, *readers))], space="user")
    books = IdMap.from_ids([f"b{n}" for n in range(len(readers))], space="book")
    pairs = [(user, book) for book, count in enumerate(readers) for user in range(count)]
    user_rows, book_rows = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    train = InteractionSet.from_rows(users, books, user_rows, book_rows)
    return Popularity(PopularityConfig()).fit(train, None, rng=np.random.default_rng(7))


def test_scores_are_logarithms_of_readers_up_to_one() -> None:
    model = fitted([3, 0, 7, 1])
    np.testing.assert_allclose(model.popularity, np.log([4, 1, 8, 2]) / np.log(8), rtol=1e-6)


def test_books_that_nobody_reads_score_zero() -> None:
    assert fitted([0, 0]).popularity.tolist() == [0, 0]


def test_who_asks_does_not_matter_but_for_what_they_have_read() -> None:
    model = fitted([3, 0, 7, 1])
    histories = [history_of(np.array(rows, dtype=np.int32), 4) for rows in ([], [2], [0, 2])]
    assert [model.recommend(history, k=2).books[0].tolist() for history in histories] == [
        [2, 0],
        [0, 3],
        [3, 1],
    ]
