"""The arithmetic of a bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphql_api.rate.bucket import Bucket, Rate

TAKEN = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40)), max_size=60)
"""Seconds since the one before, and units."""


@given(st.integers(1, 200), st.floats(1, 120), TAKEN)
def test_in_any_time_no_more_is_given_than_all_units_and_what_came_back(
    units: int, window_s: float, asked: list[tuple[float, int]]
) -> None:
    rate = Rate(units, window_s)
    bucket, now, given_at = Bucket(rate.units, 0.0), 0.0, []
    for pause, wanted in asked:
        now += pause
        if bucket.take(wanted, rate, now):
            given_at.append((now, wanted))
        assert -1e-6 <= bucket.level <= units
    for first, (begin, _) in enumerate(given_at):
        total = 0
        for end, taken in given_at[first:]:
            total += taken
            assert total <= units + (end - begin) * rate.per_s + 1e-6


@given(st.integers(1, 100), st.integers(1, 100))
def test_who_waits_as_told_is_served(units: int, wanted: int) -> None:
    rate = Rate(units)
    wanted = min(wanted, units)
    bucket = Bucket(0.0, 0.0)
    assert not bucket.take(wanted, rate, 0.0)
    assert bucket.take(wanted, rate, float(bucket.wait_s(wanted, rate)))


def test_a_clock_that_goes_back_gives_nothing() -> None:
    rate = Rate(60)
    bucket = Bucket(0.0, 100.0)
    assert not bucket.take(1, rate, 0.0)
