import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from recs_core.serving.trending_lists import WINDOWS, TrendingBook, TrendingIndex, Window

N_BOOKS = 12
counts = arrays(np.int32, N_BOOKS, elements=st.integers(0, 3))
readings = st.dictionaries(st.sampled_from(WINDOWS), counts)


@given(
    readings, counts, st.sampled_from(WINDOWS), st.integers(1, N_BOOKS), arrays(np.bool_, N_BOOKS) | st.none()
)
def test_the_list_is_the_sorted_counts_of_the_window_or_the_next_longer_one(
    reading: dict[Window, NDArray[np.int32]],
    ever: NDArray[np.int32],
    window: Window,
    k: int,
    allowed: NDArray[np.bool_] | None,
) -> None:
    found = TrendingIndex(reading, ever).best(window, k=k, allowed=allowed)
    known = {"all": ever} | reading
    longer = WINDOWS[WINDOWS.index(window) :]
    used = next(name for name in longer if name == "all" or (name in known and known[name].sum() > 0))
    assert found.window == used
    listed = [b for b in range(N_BOOKS) if known[used][b] > 0 and (allowed is None or allowed[b])]
    listed.sort(key=lambda book: (-known[used][book], -ever[book], book))
    assert [(one.book_row, one.readers, one.rank) for one in found.books] == [
        (book, known[used][book], rank) for rank, book in enumerate(listed[:k], 1)
    ]
    assert found.total == len(listed)


@pytest.mark.parametrize(
    ("asked", "used"), [("day", "week"), ("week", "week"), ("month", "all"), ("year", "all"), ("all", "all")]
)
def test_a_window_that_the_data_do_not_have_is_the_next_longer_one(asked: Window, used: Window) -> None:
    ever = np.array([5, 9], dtype=np.int64)
    reading = {"day": np.zeros(2, np.int32), "week": np.array([1, 0], np.int32)}
    assert TrendingIndex(reading, ever).best(asked, k=1, allowed=None).window == used


def test_data_without_times_trend_by_all_readers() -> None:
    found = TrendingIndex({}, np.array([2, 0, 7])).best("day", k=5, allowed=None)
    assert found.window == "all"
    assert found.books == [TrendingBook(2, 7, 1), TrendingBook(0, 2, 2)]
