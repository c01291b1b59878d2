import numpy as np
import pytest

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.testing.timed_rows import pairs_of, rows_of, rows_with_counts


def split_of(rows: InteractionRows, n: int) -> Split:
    options = {"leave_last": {"n": n}}
    return split_interactions(rows, "leave_last", options, source="tiny", rng=np.random.default_rng(7)).split


def test_the_last_is_test_and_the_one_before_it_validation() -> None:
    split = split_of(rows_of({"u": {"a": 5, "b": 1, "c": 9, "d": 3}, "v": {"a": 2, "b": 1, "c": 0}}), 1)
    assert pairs_of(split.test) == {("u", "c"), ("v", "a")}
    assert pairs_of(split.validation) == {("u", "a"), ("v", "b")}
    assert pairs_of(split.train) == {("u", "b"), ("u", "d"), ("v", "c")}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_n_of_each_user_are_held_out_twice_where_something_is_left(n: int) -> None:
    split = split_of(rows_with_counts([2 * n, 2 * n + 1, 10]), n)
    assert split.test.user_counts.tolist() == split.validation.user_counts.tolist() == [0, n, n]
    assert split.train.user_counts.tolist() == [2 * n, 1, 10 - 2 * n]


def test_of_equal_times_the_later_row_is_the_later_interaction() -> None:
    split = split_of(rows_of({"u": {"d": 5, "b": 5, "c": 5, "a": 9, "e": 1}}), 1)
    assert pairs_of(split.test) == {("u", "a")}
    assert pairs_of(split.validation) == {("u", "d")}
