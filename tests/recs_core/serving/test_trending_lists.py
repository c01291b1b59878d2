import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from recs_core.serving.trending_lists import WINDOWS, TrendingBook, TrendingIndex, Window

N_BOOKS = 12
counts = arrays(np.int32, N_BOOKS, elements=st.integers(0, 3))
readings = st.dictionaries(st.sampled_from(WINDOWS[:-1]), counts)


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
    known = reading | {"all": ever}
    found = TrendingIndex(known).best(window, k=k, allowed=allowed)
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
    counts = {"day": [0, 0], "week": [1, 0], "all": [5, 9]}
    reading = {name: np.array(count, dtype=np.int32) for name, count in counts.items()}
    assert TrendingIndex(reading).best(asked, k=1, allowed=None).window == used


def test_data_without_times_trend_by_all_readers() -> None:
    found = TrendingIndex({"all": np.array([2, 0, 7], dtype=np.int32)}).best("day", k=5, allowed=None)
    assert found.window == "all"
    assert found.books == [TrendingBook(2, 7, 1), TrendingBook(0, 2, 2)]
