import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.testing.timed_rows import pairs_of, rows_with_counts


def split_of(rows: InteractionRows, *, seed: int = 7, validation: float = 0.1, test: float = 0.2) -> Split:
    options = {"random": {"validation_share": validation, "test_share": test}}
    return split_interactions(rows, "random", options, source="tiny", rng=np.random.default_rng(seed)).split


def test_shares_are_of_each_user_and_rounded_down_but_at_least_one() -> None:
    split = split_of(rows_with_counts([3, 9, 10, 25, 40]))
    assert split.test.user_counts.tolist() == [1, 1, 2, 5, 8]
    assert split.validation.user_counts.tolist() == [1, 1, 1, 2, 4]
    assert split.train.user_counts.tolist() == [1, 7, 7, 18, 28]


def test_who_has_fewer_than_three_stays_in_train() -> None:
    split = split_of(rows_with_counts([1, 2, 3]))
    assert split.train.user_counts.tolist() == [1, 2, 1]
    assert split.validation.user_counts.tolist() == split.test.user_counts.tolist() == [0, 0, 1]


@given(st.integers(3, 30), st.floats(0.01, 0.98), st.floats(0.01, 0.98))
@example(3, 0.01, 0.98)
@example(3, 0.98, 0.01)
def test_who_has_three_is_in_every_part_whatever_the_shares(count: int, one: float, other: float) -> None:
    total = max(1.0, (one + other) / 0.99)
    split = split_of(rows_with_counts([count]), validation=one / total, test=other / total)
    sizes = [len(split.train), len(split.validation), len(split.test)]
    assert sum(sizes) == count
    assert min(sizes) >= 1


def test_another_seed_makes_another_split() -> None:
    one, same, other = (split_of(rows_with_counts([20, 20]), seed=seed) for seed in (1, 1, 2))
    assert pairs_of(one.test) == pairs_of(same.test)
    assert pairs_of(one.test) != pairs_of(other.test)


def test_every_interaction_of_a_user_is_held_out_equally_often() -> None:
    rows = rows_with_counts([10])
    held_out = sum(split_of(rows, seed=seed).test.matrix.toarray()[0] for seed in range(500))
    # binomial with n = 500 and p = 0.2: five standard deviations are 45
    assert np.all(np.abs(held_out - 100) < 45)
