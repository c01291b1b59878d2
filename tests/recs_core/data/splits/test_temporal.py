from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import SplitResult, split_interactions
from recs_core.data.splits.temporal import TemporalConfig
from recs_core.testing.timed_rows import pairs_of, rows_of

OPTIONS: dict[str, Any] = {"validation": 0.2, "test": 0.3, "gap_days": 0, "new_users": "keep"}


def result_of(rows: InteractionRows, **changed: Any) -> SplitResult:
    options = {"temporal": OPTIONS | changed}
    return split_interactions(rows, "temporal", options, source="tiny", rng=np.random.default_rng(7))


def one_a_day(days: int) -> InteractionRows:
    return rows_of({"u": {f"b{day:03d}": day for day in range(days)}})


def days_of(part: set[tuple[str, str]]) -> list[int]:
    return sorted(int(book[1:]) for _, book in part)


@given(st.integers(5, 60), st.floats(0.05, 0.45), st.floats(0.05, 0.45))
def test_shares_are_of_all_interactions_and_rounded_down_but_at_least_one(
    days: int, validation: float, test: float
) -> None:
    split = result_of(one_a_day(days), validation=validation, test=test).split
    n_validation, n_test = max(1, int(days * validation)), max(1, int(days * test))
    train = days - n_validation - n_test
    assert days_of(pairs_of(split.train)) == list(range(train))
    assert days_of(pairs_of(split.validation)) == list(range(train, train + n_validation))
    assert days_of(pairs_of(split.test)) == list(range(train + n_validation, days))


def test_dates_are_the_first_days_of_the_windows() -> None:
    split = result_of(one_a_day(100), validation="2004-02-01", test="2004-03-01").split
    # day 31 is the first of February, day 60 that of March: 2004 is a leap year
    assert days_of(pairs_of(split.train)) == list(range(31))
    assert days_of(pairs_of(split.validation)) == list(range(31, 60))
    assert days_of(pairs_of(split.test)) == list(range(60, 100))


def test_the_gap_before_validation_is_dropped_and_counted() -> None:
    result = result_of(one_a_day(100), gap_days=7)
    assert days_of(pairs_of(result.split.train)) == list(range(43))
    assert days_of(pairs_of(result.split.dropped)) == list(range(43, 50))
    assert days_of(pairs_of(result.split.validation)) == list(range(50, 70))
    assert result.dropped == {"in the gap before validation": 7, "of users with nothing in train": 0}
    assert result.promises.gap_days == 7


def test_one_moment_is_never_torn_apart() -> None:
    reads = {f"b{number}": day for number, day in enumerate([0, 1, 2, 2, 4, 5, 8, 8, 8, 9])}
    split = result_of(rows_of({"u": reads}), validation=0.5, test=0.2).split
    # test would be two and validation five, but day 8 and day 2 stay whole
    assert days_of(pairs_of(split.test)) == [6, 7, 8, 9]
    assert days_of(pairs_of(split.validation)) == [2, 3, 4, 5]


@pytest.mark.parametrize("new_users", ["keep", "drop"])
def test_new_users_are_kept_or_dropped(new_users: str) -> None:
    rows = rows_of(
        {"old": {f"b{day}": day for day in range(10)}, "mid": {"b1": 6, "b2": 9}, "new": {"b1": 8, "b2": 9}}
    )
    result = result_of(rows, validation="2004-01-06", test="2004-01-09", new_users=new_users)
    of_new = {("mid", "b1"), ("mid", "b2"), ("new", "b1"), ("new", "b2")}
    held_out = pairs_of(result.split.validation) | pairs_of(result.split.test)
    assert held_out & of_new == (of_new if new_users == "keep" else set())
    assert result.dropped["of users with nothing in train"] == (0 if new_users == "keep" else 4)
    assert result.promises.history is (new_users == "drop")


def test_what_a_new_user_read_in_the_gap_counts_as_the_gap() -> None:
    rows = rows_of({"old": {f"b{day}": day for day in range(10)}, "new": {"b1": 4, "b2": 9}})
    windows = {"validation": "2004-01-06", "test": "2004-01-09"}
    result = result_of(rows, **windows, gap_days=2, new_users="drop")
    # days 3 and 4 of old, day 4 of new
    assert result.dropped == {"in the gap before validation": 3, "of users with nothing in train": 1}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"validation": 0.6, "test": 0.4}, "must leave something to train on"),
        ({"validation": "2004-06-01", "test": "2004-06-01"}, "validation must begin before test"),
        ({"validation": 0.1, "test": "2004-06-01"}, "must both be shares or both be dates"),
        ({"validation": 0.0}, "must be a share of the interactions"),
        ({"validation": 1}, "must be a share of the interactions"),
        ({"test": "2004-02-30"}, "or a first day such as 2004-06-01"),
        ({"gap_days": -1}, "greater than or equal to 0"),
        ({"gap_days": 0.5}, "valid integer"),
        ({"new_users": "maybe"}, "'keep' or 'drop'"),
    ],
)
def test_options_that_make_no_sense_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TemporalConfig(**(OPTIONS | changed))
