"""The report's numbers against definitions that are written out pair by pair."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from recs_core.data.report import density_blocks, gini, headline, lorenz_curve, over_time, top_share
from recs_core.errors import DataError

Counts = NDArray[np.int64]
some_counts = arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 50)).filter(lambda c: c.sum() > 0)


def gini_by_pairs(counts: Counts) -> float:
    """Half the mean difference of all pairs, relative to the mean: the definition, without any curve."""
    differences = np.abs(counts[:, None] - counts[None, :]).mean()
    return float(differences / (2 * counts.mean()))


@given(counts=some_counts)
def test_gini_is_half_the_relative_mean_difference(counts: Counts) -> None:
    assert gini(counts) == pytest.approx(gini_by_pairs(counts))


def test_gini_of_equals_is_zero_and_of_one_who_has_all_is_near_one() -> None:
    assert gini(np.array([4, 4, 4])) == pytest.approx(0)
    assert gini(np.array([0] * 99 + [7])) == pytest.approx(0.99)


@given(counts=some_counts)
def test_the_lorenz_curve_rises_from_corner_to_corner_below_the_diagonal(counts: Counts) -> None:
    share, cumulative = lorenz_curve(counts)
    assert (share[0], cumulative[0]) == (0, 0)
    assert (share[-1], cumulative[-1]) == pytest.approx((1, 1))
    assert np.all(np.diff(cumulative) >= 0)
    assert np.all(cumulative <= share + 1e-12)


def test_the_lorenz_curve_of_three_books() -> None:
    share, cumulative = lorenz_curve(np.array([6, 1, 3]))
    np.testing.assert_allclose(share, [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(cumulative, [0, 0.1, 0.4, 1])


@pytest.mark.parametrize(("share", "expected"), [(0.01, 0.5), (0.25, 0.5), (0.26, 0.8), (1.0, 1.0)])
def test_the_share_of_the_top(share: float, expected: float) -> None:
    assert top_share(np.array([1, 5, 1, 3]), share) == pytest.approx(expected)


def test_the_headline_counts_only_who_has_interactions() -> None:
    assert headline(np.array([2, 0, 1]), np.array([1, 1, 1, 0])) == {
        "interactions": 3,
        "readers": 2,
        "books": 3,
        "density": 0.5,
        "median_books_per_reader": 1.5,
        "median_readers_per_book": 1.0,
        "gini_of_popularity": pytest.approx(0),
        "top_1_percent_share": pytest.approx(1 / 3),
    }


@pytest.mark.parametrize("function", [lorenz_curve, gini, lambda counts: headline(counts, counts)])
def test_no_interaction_is_an_error(function: Any) -> None:
    with pytest.raises(DataError, match="there is no interaction to report on"):
        function(np.zeros(3, dtype=np.int64))


def rows_of(matrix: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    users, books = np.nonzero(matrix)
    return users.astype(np.int32), books.astype(np.int32)


def test_blocks_go_from_the_busiest_corner_to_the_emptiest() -> None:
    matrix = np.array([[0, 0, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0], [0, 1, 1, 1]])
    # readers 1 and 3, then 0 and 2; books 2 and 1, then 3 and 0
    np.testing.assert_allclose(density_blocks(*rows_of(matrix), blocks=2), [[1, 0.75], [0.5, 0]])


@given(
    matrix=arrays(
        np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 1)
    ).filter(lambda m: bool(m.any(axis=0).all() and m.any(axis=1).all())),
    blocks=st.integers(1, 5),
)
def test_every_pair_is_in_one_block(matrix: NDArray[np.int64], blocks: int) -> None:
    found = density_blocks(*rows_of(matrix), blocks=blocks)
    readers, books = matrix.shape
    by_activity = matrix[np.argsort(-matrix.sum(axis=1), kind="stable")]
    ordered = by_activity[:, np.argsort(-matrix.sum(axis=0), kind="stable")]
    groups = [
        [rank for rank in range(size) if rank * found.shape[axis] // size == group]
        for axis, size in enumerate((readers, books))
        for group in range(found.shape[axis])
    ]
    of_users, of_books = groups[: found.shape[0]], groups[found.shape[0] :]
    for row, users in enumerate(of_users):
        for column, titles in enumerate(of_books):
            assert found[row, column] == pytest.approx(ordered[np.ix_(users, titles)].mean())


def days(*texts: str) -> NDArray[np.datetime64]:
    return np.array(texts, dtype="datetime64[s]")


def test_a_short_time_is_counted_by_week_from_monday_without_gaps() -> None:
    starts, counts, period = over_time(days("2024-01-07T23:59:59", "2024-01-08", "2024-01-25", "NaT"))
    assert period == "week"
    assert starts.astype(str).tolist() == ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"]
    assert counts.tolist() == [1, 1, 0, 1]


def test_a_long_time_is_counted_by_month_before_1970_too() -> None:
    starts, counts, period = over_time(days("1969-11-30", "1970-01-01", "1971-01-31T12:00"))
    assert period == "month"
    assert starts[[0, 1, -1]].astype(str).tolist() == ["1969-11-01", "1969-12-01", "1971-01-01"]
    assert (counts[0], counts[1], counts[2], counts[-1], counts.sum()) == (1, 0, 1, 1, 3)


def test_times_that_are_all_unknown_are_an_error() -> None:
    with pytest.raises(DataError, match="no interaction has a time"):
        over_time(days("NaT"))
