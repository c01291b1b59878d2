from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import (
    InteractionRows,
    InteractionSet,
    csr_from_arrays,
    csr_to_arrays,
    history_of,
)
from recs_core.errors import ArtifactError, DataError

USERS = IdMap.from_ids(["u0", "u1", "u2"], space="user")
BOOKS = IdMap.from_ids(["b0", "b1", "b2", "b3"], space="book")


def of_pairs(pairs: list[tuple[int, int]], books: IdMap = BOOKS) -> InteractionSet:
    user_rows, book_rows = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    return InteractionSet.from_rows(USERS, books, user_rows, book_rows)


def test_pairs_in_any_order_become_ones_in_sorted_rows() -> None:
    matrix = of_pairs([(2, 3), (0, 2), (0, 0), (2, 1)]).matrix
    assert matrix.toarray().tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 1]]
    assert matrix.indices.tolist() == [0, 2, 1, 3]
    assert matrix.dtype == np.float32


def test_a_repeated_pair_counts_once() -> None:
    once = of_pairs([(1, 1), (1, 1), (1, 1), (0, 0)])
    assert len(once) == 2
    assert once.matrix.data.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("shape", "dtype"), [((3, 5), np.float32), ((4, 3), np.float32), ((3, 4), np.float64)]
)
def test_a_matrix_that_does_not_fit_the_ids_is_refused(shape: tuple[int, int], dtype: type) -> None:
    with pytest.raises(DataError, match=r"matrix (is|must be)"):
        InteractionSet(USERS, BOOKS, csr_array(shape, dtype=dtype))


def test_union_has_the_pairs_of_both() -> None:
    both = of_pairs([(0, 0), (1, 2)]).union(of_pairs([(0, 0), (0, 3)]))
    assert both.matrix.toarray().tolist() == of_pairs([(0, 0), (0, 3), (1, 2)]).matrix.toarray().tolist()
    assert both.matrix.indices.tolist() == [0, 3, 2]


def test_only_sets_of_the_same_ids_can_be_united() -> None:
    others = IdMap.from_ids(["b0", "b1", "b2", "x"], space="book")
    with pytest.raises(DataError, match="same users and books"):
        of_pairs([(0, 0)]).union(of_pairs([(0, 0)], books=others))


def test_save_and_load_keep_everything(interactions: InteractionSet, tmp_path: Path) -> None:
    interactions.save(tmp_path / "set")
    loaded = InteractionSet.load(tmp_path / "set")
    assert (loaded.users, loaded.books) == (interactions.users, interactions.books)
    assert np.array_equal(loaded.matrix.toarray(), interactions.matrix.toarray())


def test_a_loaded_set_is_mapped_not_copied(interactions: InteractionSet, tmp_path: Path) -> None:
    interactions.save(tmp_path / "set")
    matrix = InteractionSet.load(tmp_path / "set").matrix
    assert [array.flags.writeable for array in (matrix.data, matrix.indices, matrix.indptr)] == [False] * 3


def test_a_missing_folder_is_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        InteractionSet.load(tmp_path / "nowhere")


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_csr_arrays_are_put_together_without_a_copy(interactions: InteractionSet, index: type) -> None:
    matrix = interactions.matrix.copy()
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    arrays = csr_to_arrays(matrix, "history.")
    assert {name: array.dtype for name, array in arrays.items()} == {
        "history.indptr": np.int32,
        "history.indices": np.int32,
        "history.data": np.float32,
    }
    again = csr_from_arrays(arrays, n_columns=matrix.shape[1], prefix="history.")
    assert np.array_equal(again.toarray(), matrix.toarray())
    for name, part in (("indptr", again.indptr), ("indices", again.indices), ("data", again.data)):
        assert np.shares_memory(part, arrays[f"history.{name}"])


def test_a_history_has_each_book_once_in_order() -> None:
    history = history_of(np.array([3, 1, 3], dtype=np.int32), 5)
    assert history.toarray().tolist() == [[0, 1, 0, 1, 0]]
    assert history.indices.tolist() == [1, 3]
    assert history.dtype == np.float32


def test_an_empty_history_is_a_row_of_zeros() -> None:
    assert history_of(np.empty(0, dtype=np.int32), 3).toarray().tolist() == [[0, 0, 0]]


def test_a_notebook_shows_counts_and_density() -> None:
    shown = of_pairs([(0, 0), (1, 1), (2, 2)])._repr_html_()
    assert "<th>users</th><td>3</td>" in shown
    assert "<th>books</th><td>4</td>" in shown
    assert "<th>density</th><td>25.000%</td>" in shown


def test_counts_are_of_every_user_and_book_even_of_those_with_none() -> None:
    users, books = IdMap(np.array(["u", "v", "w"]), space="user"), IdMap(np.array(["a", "b"]), space="book")
    rows = InteractionRows(users, books, *np.array([[0, 0, 1], [0, 1, 0]], dtype=np.int32), None)
    assert rows.user_counts.tolist() == rows.to_set().user_counts.tolist() == [2, 1, 0]
    assert rows.to_set().book_counts.tolist() == [2, 1]


def test_rows_and_matrix_hold_the_same_pairs(interactions: InteractionSet) -> None:
    rows = InteractionRows.of(interactions)
    assert len(rows) == len(interactions)
    assert rows.times is None
    assert np.array_equal(rows.to_set().matrix.toarray(), interactions.matrix.toarray())
    mask = rows.user_rows == 3
    assert rows.to_set(mask).user_counts.sum() == interactions.user_counts[3] == mask.sum()


def test_the_rank_within_a_user_is_by_what_is_given_and_then_by_row() -> None:
    users, books = IdMap(np.array(["u", "v"]), space="user"), IdMap(np.array(["a", "b", "c"]), space="book")
    pairs = np.array([[0, 0, 0, 1, 1], [0, 1, 2, 0, 2]], dtype=np.int32)
    rows = InteractionRows(users, books, *pairs, None)
    assert rows.rank_within_user(np.array([5, 1, 5, 9, 3])).tolist() == [1, 0, 2, 1, 0]


@pytest.mark.parametrize(
    ("user_rows", "book_rows", "n_times", "message"),
    [
        ([0, 0], [1, 0], 2, "sorted by user and book, each pair once"),
        ([1, 0], [0, 1], 2, "sorted by user and book, each pair once"),
        ([0, 0], [1, 1], 2, "sorted by user and book, each pair once"),
        ([0, 0], [0, 1], 3, r"must be of one length, not \[2, 3\]"),
        ([0, 0], [0], 2, r"must be of one length, not \[1, 2\]"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    user_rows: list[int], book_rows: list[int], n_times: int, message: str
) -> None:
    users, books = IdMap(np.array(["u", "v"]), space="user"), IdMap(np.array(["a", "b"]), space="book")
    times = np.zeros(n_times, dtype="datetime64[s]")
    rows = np.array(user_rows, dtype=np.int32), np.array(book_rows, dtype=np.int32)
    with pytest.raises(DataError, match=message):
        InteractionRows(users, books, *rows, times)


def timed_rows(weights: list[float] | None = None) -> InteractionRows:
    times = np.array([10, 20, "NaT", 40], dtype="datetime64[s]")
    pairs = np.array([[0, 0, 1, 2], [1, 3, 0, 2]], dtype=np.int32)
    given = None if weights is None else np.array(weights, dtype=np.float32)
    return InteractionRows(USERS, BOOKS, *pairs, times, given)


def test_times_stay_with_their_interactions_and_are_saved(tmp_path: Path) -> None:
    part = timed_rows().to_set(np.array([False, True, True, True]))
    part.save(tmp_path / "set")
    for found in (part, InteractionSet.load(tmp_path / "set")):
        assert found.times is not None
        assert found.times.dtype == np.dtype("datetime64[s]")
        assert found.matrix.indices.tolist() == [3, 0, 2]
        assert found.times.astype(np.int64).tolist() == [20, np.iinfo(np.int64).min, 40]
    assert np.load(tmp_path / "set" / "times.npy").dtype == np.int64


def test_a_set_without_times_is_saved_without(tmp_path: Path) -> None:
    of_pairs([(0, 0)]).save(tmp_path / "set")
    assert InteractionSet.load(tmp_path / "set").times is None
    assert not (tmp_path / "set" / "times.npy").exists()


def test_times_that_do_not_fit_the_matrix_are_refused() -> None:
    with pytest.raises(DataError, match="2 times are given for 1 interactions"):
        InteractionSet(USERS, BOOKS, of_pairs([(0, 0)]).matrix, np.zeros(2, dtype="datetime64[s]"))


def test_a_union_keeps_the_times_and_of_a_shared_pair_the_later() -> None:
    rows = timed_rows()
    one = rows.to_set(np.array([True, True, False, False]))
    later = InteractionRows(
        USERS,
        BOOKS,
        np.array([0, 2], dtype=np.int32),
        np.array([3, 2], dtype=np.int32),
        np.array([25, 40], dtype="datetime64[s]"),
    ).to_set()
    both = one.union(later)
    assert both.times is not None
    assert both.matrix.indices.tolist() == [1, 3, 2]
    assert both.times.astype(np.int64).tolist() == [10, 25, 40]
    timeless = one.union(of_pairs([(0, 0)]))
    assert timeless.times is not None
    assert np.isnat(timeless.times).tolist() == [True, False, False]


def test_a_weight_is_the_value_in_the_matrix() -> None:
    rows = timed_rows([1.0, 2.5, 4.0, 0.5])
    assert rows.to_set().matrix.toarray().tolist() == [[0, 1, 0, 2.5], [4, 0, 0, 0], [0, 0, 0.5, 0]]
    some = rows.to_set(np.array([False, True, False, True]))
    assert some.matrix.data.tolist() == [2.5, 0.5]
    assert some.union(rows.to_set(np.array([True, False, True, False]))).matrix.data.tolist() == [
        1,
        2.5,
        4,
        0.5,
    ]


def test_weights_or_parts_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"must be of one length, not \[2, 4\]"):
        timed_rows([1.0, 2.0])


def test_keys_of_rows_and_of_their_matrix_are_the_same(interactions: InteractionSet) -> None:
    rows = InteractionRows.of(interactions)
    assert rows.keys.tolist() == interactions.keys.tolist() == sorted(set(rows.keys.tolist()))


def test_ranks_within_users_do_not_depend_on_how_many_are_sorted_at_once(
    interactions: InteractionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = InteractionRows.of(interactions)
    order = np.random.default_rng(7).integers(0, 3, len(rows))
    whole = rows.rank_within_user(order)
    monkeypatch.setattr("recs_core.data.interactions.SORTED_AT_ONCE", 5)
    assert rows.rank_within_user(order).tolist() == whole.tolist()
    for user in range(len(rows.users)):
        mine = np.flatnonzero(rows.user_rows == user)
        assert sorted(mine, key=lambda row: whole[row]) == sorted(mine, key=lambda row: order[row])
