from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.artifacts.reading import (
    WINDOWS,
    newest_time,
    reading_arrays,
    reading_counts,
    reading_from_arrays,
)
from recs_core.data.interactions import InteractionSet
from recs_core.testing.tiny import tiny_interactions

NEWEST = np.datetime64("2024-02-29T12:00:00", "s")


def with_ages(ages_in_hours: list[int | None]) -> InteractionSet:
    """The tiny interactions, the first so many hours old, all others older than any window or without a time."""
    interactions = tiny_interactions()
    times = np.full(len(interactions), np.datetime64("NaT", "s"))
    times[0] = NEWEST
    for place, age in enumerate(ages_in_hours, 1):
        times[place] = np.datetime64("NaT", "s") if age is None else NEWEST - np.timedelta64(age, "h")
    return replace(interactions, times=times)


@given(ages=st.lists(st.one_of(st.none(), st.integers(0, 24 * 500)), max_size=200))
def test_a_window_counts_the_readers_of_its_days_up_to_the_newest(ages: list[int | None]) -> None:
    history = with_ages(ages)
    counts = reading_counts(history)
    rows = history.matrix.indices.tolist()
    for name, days in WINDOWS.items():
        expected = np.zeros(len(history.books), dtype=np.int64)
        expected[rows[0]] += 1
        for row, age in zip(rows[1:], ages, strict=False):
            expected[row] += age is not None and age < 24 * days
        assert counts[name].tolist() == expected.tolist(), name
        assert counts[name].dtype == np.int32
    assert counts["all"].tolist() == history.book_counts.tolist()


@pytest.mark.parametrize("times", [None, "NaT"])
def test_without_times_there_is_no_window_but_that_of_all(times: str | None) -> None:
    history = tiny_interactions()
    if times is not None:
        history = replace(history, times=np.full(len(history), np.datetime64(times, "s")))
    assert list(reading_counts(history)) == ["all"]
    assert newest_time(history) is None


def test_counts_come_back_from_arrays_the_shortest_window_first() -> None:
    counts = reading_counts(with_ages([1, 30, 24 * 20]))
    again = reading_from_arrays(reading_arrays(counts, "reading."), "reading.")
    assert list(again) == ["day", "week", "month", "year", "all"]
    assert all(np.array_equal(again[name], counts[name]) for name in counts)
    with pytest.raises(KeyError, match="all"):
        reading_from_arrays({}, "reading.")
