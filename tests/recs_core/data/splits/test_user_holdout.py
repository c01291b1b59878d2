import numpy as np
import pytest

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.testing.timed_rows import rows_with_counts


def split_of(
    rows: InteractionRows,
    *,
    seed: int = 7,
    validation: float = 0.1,
    test: float = 0.2,
    fold_in: float = 0.8,
) -> Split:
    options = {"validation_share": validation, "test_share": test, "fold_in_share": fold_in}
    rng = np.random.default_rng(seed)
    return split_interactions(rows, "user_holdout", {"user_holdout": options}, source="tiny", rng=rng).split


def test_shares_are_of_users_and_a_held_out_user_is_whole_outside_train() -> None:
    rows = rows_with_counts([10] * 40)
    split = split_of(rows)
    validation, test, train = (part.user_counts for part in (split.validation, split.test, split.train))
    assert (np.count_nonzero(validation), np.count_nonzero(test)) == (4, 8)
    assert not np.any((validation > 0) & (test > 0))
    assert np.array_equal(train, np.where(validation + test > 0, 0, 10))
    assert np.array_equal(split.fold_in.user_counts, np.where(validation + test > 0, 8, 0))


@pytest.mark.parametrize(("share", "given"), [(0.01, 1), (0.5, 3), (0.8, 5), (0.99, 6)])
def test_something_is_given_and_something_asked_whatever_the_share(share: float, given: int) -> None:
    split = split_of(rows_with_counts([7] * 10), fold_in=share)
    held_out = split.fold_in.user_counts > 0
    assert set(split.fold_in.user_counts[held_out].tolist()) == {given}
    assert set((split.validation.user_counts + split.test.user_counts)[held_out].tolist()) == {7 - given}


def test_a_user_with_one_interaction_is_never_held_out() -> None:
    for seed in range(50):
        split = split_of(rows_with_counts([1, 1, 1, 5, 5, 5]), seed=seed)
        assert split.train.user_counts[:3].tolist() == [1, 1, 1]


def test_another_seed_holds_out_others_and_each_user_equally_often() -> None:
    rows = rows_with_counts([5] * 10)
    often = sum((split_of(rows, seed=seed).test.user_counts > 0).astype(int) for seed in range(500))
    # binomial with n = 500 and p = 0.2: five standard deviations are 45
    assert np.all(np.abs(often - 100) < 45)


def test_a_validation_users_truth_is_in_nobody_elses_history() -> None:
    split = split_of(rows_with_counts([10] * 40))
    tested = split.test.user_counts > 0
    assert np.array_equal(split.known_before_test.user_counts[tested], split.fold_in.user_counts[tested])
