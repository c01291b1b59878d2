import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.data.interactions import history_of
from recs_core.models import base
from recs_core.models.base import Contributions, mask_seen, recommend_all, single_histories, users_at_once
from recs_core.models.popularity import Popularity, PopularityConfig

N = 9
row_sets = st.sets(st.integers(0, N - 1))


def rows_of(chosen: set[int]) -> np.ndarray:
    return np.array(sorted(chosen), dtype=np.int32)


@given(row_sets, st.none() | row_sets)
def test_mask_seen_masks_the_history_and_nothing_else(read: set[int], candidates: set[int] | None) -> None:
    columns = list(range(N)) if candidates is None else sorted(candidates)
    scores = np.zeros((1, len(columns)), dtype=np.float32)
    mask_seen(scores, history_of(rows_of(read), N), None if candidates is None else rows_of(candidates))
    assert [score == -np.inf for score in scores[0]] == [column in read for column in columns]


def test_single_histories_are_one_book_each() -> None:
    histories = single_histories(np.array([2, 0, 2], dtype=np.int32), 3)
    assert histories.toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert histories.dtype == np.float32


def test_the_total_of_contributions_is_the_sum_of_all_parts() -> None:
    parts = Contributions(
        np.array([4, 7], dtype=np.int32),
        {
            "collaborative": np.array([[1.0, 2.0], [0.0, 4.0]]),
            "content": np.array([[8.0, 0.0], [16.0, 32.0]]),
        },
        {"popularity": np.array([64.0, 128.0])},
    )
    assert parts.total().tolist() == [75.0, 180.0]


@pytest.mark.parametrize("n_users", [0, 1, 256, 257])
def test_everybody_gets_a_list_at_the_borders_of_a_batch(n_users: int) -> None:
    model = Popularity.from_state(PopularityConfig(), {"popularity": np.array([1, 3, 2], dtype=np.float32)})
    lists = recommend_all(model, csr_array((n_users, 3), dtype=np.float32), k=2)
    assert lists.books.tolist() == [[1, 2]] * n_users


@pytest.mark.parametrize(("n_books", "users"), [(0, 256), (100, 256), (2**14, 256), (2**15, 128), (10**9, 1)])
def test_the_scores_of_a_batch_are_few_enough_in_bytes(n_books: int, users: int) -> None:
    assert users_at_once(n_books) == users


def test_lists_do_not_depend_on_how_many_users_are_scored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    popularity = np.array([1, 3, 2], dtype=np.float32)
    model = Popularity.from_state(PopularityConfig(), {"popularity": popularity})
    histories = csr_array((np.arange(30).reshape(10, 3) % 7 == 0).astype(np.float32))
    at_once = recommend_all(model, histories, k=2)
    monkeypatch.setattr(base, "SCORES_BYTES", 3 * 4 * 4)
    in_fours = recommend_all(model, histories, k=2)
    np.testing.assert_array_equal(in_fours.books, at_once.books)
    np.testing.assert_array_equal(in_fours.scores, at_once.scores)
