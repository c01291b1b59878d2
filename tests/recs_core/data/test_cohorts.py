import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recs_core.data.cohorts import book_cohorts, user_cohorts
from recs_core.errors import ParameterError

some_counts = st.lists(st.integers(0, 100), min_size=1).map(lambda counts: np.array(counts, dtype=np.int64))


def members(cohorts: dict[str, NDArray[np.bool_]]) -> dict[str, list[int]]:
    return {name: np.flatnonzero(mask).tolist() for name, mask in cohorts.items()}


def test_users_are_cold_medium_or_heavy_by_their_number_of_interactions() -> None:
    counts = np.array([0, 4, 5, 49, 50, 500])
    assert members(user_cohorts(counts)) == {"cold": [0, 1], "medium": [2, 3], "heavy": [4, 5]}
    assert members(user_cohorts(counts, cold_below=1, heavy_from=5)) == {
        "cold": [0],
        "medium": [1],
        "heavy": [2, 3, 4, 5],
    }


def test_books_are_head_torso_or_tail_by_the_reading_that_they_make() -> None:
    # of 100 interactions the first two make 50, the next two 30
    counts = np.array([5, 20, 30, 15, 5, 15, 10, 0])
    assert members(book_cohorts(counts)) == {"head": [1, 2], "torso": [3, 5], "tail": [0, 4, 6, 7]}


def test_the_book_that_reaches_a_share_is_still_in() -> None:
    counts = np.array([49, 2, 29, 2, 18])
    assert members(book_cohorts(counts)) == {"head": [0, 2], "torso": [4], "tail": [1, 3]}


def test_of_equally_read_books_the_lower_row_comes_first() -> None:
    assert members(book_cohorts(np.array([1, 1, 1, 1]))) == {"head": [0, 1], "torso": [2, 3], "tail": []}


def test_other_shares_make_other_cohorts() -> None:
    cohorts = book_cohorts(np.array([1, 1, 1, 1]), head_share=0.25, torso_share=0.5)
    assert members(cohorts) == {"head": [0], "torso": [1], "tail": [2, 3]}


def test_where_nobody_has_read_anything_all_is_tail() -> None:
    assert members(book_cohorts(np.array([0, 0]))) == {"head": [], "torso": [], "tail": [0, 1]}


@given(some_counts)
def test_everyone_is_in_exactly_one_cohort(counts: NDArray[np.int64]) -> None:
    for cohorts in (user_cohorts(counts), book_cohorts(counts)):
        assert np.array_equal(sum(mask.astype(int) for mask in cohorts.values()), np.ones(counts.size))


@given(some_counts)
def test_the_head_is_the_smallest_set_that_makes_half(counts: NDArray[np.int64]) -> None:
    head = book_cohorts(counts)["head"]
    assert counts[head].sum() * 2 >= counts.sum()
    if head.any():
        assert (counts[head].sum() - counts[head].min()) * 2 < counts.sum()
        assert counts[head].min() >= counts[~head].max(initial=0)


@pytest.mark.parametrize("bounds", [(0, 50), (50, 50), (60, 50)])
def test_user_bounds_that_do_not_follow_each_other_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match=f"not {bounds[0]} and {bounds[1]}"):
        user_cohorts(np.array([1]), cold_below=bounds[0], heavy_from=bounds[1])


@pytest.mark.parametrize("shares", [(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)])
def test_book_shares_that_do_not_follow_each_other_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ParameterError, match=f"not {shares[0]} and {shares[1]}"):
        book_cohorts(np.array([1]), head_share=shares[0], torso_share=shares[1])
