import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from recs_core.evaluation.bootstrap import FEWEST, jackknife_interval, mean_intervals, resampled_means


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_samples_are_those_of_a_loop() -> None:
    values = rng().normal(size=(30, 2))
    values[::4, 1] = np.nan
    found = resampled_means(values, resamples=120, rng=rng(3))
    drawing = rng(3)
    # drawn in batches of 100
    drawn = np.concatenate([drawing.integers(30, size=(size, 30)) for size in (100, 20)])
    expected = [[np.nanmean(values[users, column]) for column in (0, 1)] for users in drawn]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_interval_is_scipys_of_the_same_method() -> None:
    values = rng().gamma(0.5, size=200)
    low, high = mean_intervals(values[:, None], resamples=20_000, rng=rng())[0]
    scipys = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", random_state=rng(8))
    width = scipys.confidence_interval.high - scipys.confidence_interval.low
    assert abs(low - scipys.confidence_interval.low) < 0.05 * width
    assert abs(high - scipys.confidence_interval.high) < 0.05 * width


def test_of_100_intervals_about_95_hold_the_mean_of_skewed_values() -> None:
    # each column is a sample of its own
    samples = (rng().random((300, 400)) < 0.06).astype(np.float64)
    intervals = mean_intervals(samples, resamples=400, rng=rng(8))
    held = np.mean((intervals[:, 0] <= 0.06) & (intervals[:, 1] >= 0.06))
    assert 0.91 < held < 0.98


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.0, 0.0, 0.25, 1.0]), min_size=FEWEST, max_size=60), st.integers(0, 99))
def test_an_interval_lies_within_the_values_and_users_without_one_change_nothing(
    given_values: list[float], seed: int
) -> None:
    values = np.array(given_values)
    low, high = mean_intervals(values[:, None], resamples=100, rng=rng(seed))[0]
    assert values.min() <= low <= high <= values.max()
    if values.min() == values.max():
        assert low == high == values[0]


def test_of_few_users_or_nobody_no_interval_is_told() -> None:
    values = np.full((FEWEST, 3), np.nan)
    values[1:, 0], values[:, 1] = 0.25, 0.5
    found = mean_intervals(values, resamples=100, rng=rng())
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True]
    assert mean_intervals(np.empty((0, 3)), resamples=100, rng=rng()).shape == (3, 2)


def test_columns_are_resampled_alike() -> None:
    values = rng().normal(size=(50, 1))
    found = resampled_means(np.hstack([values, values + 1]), resamples=100, rng=rng())
    np.testing.assert_allclose(found[:, 1] - found[:, 0], 1, rtol=1e-12)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = rng().normal(size=50)
    interval = jackknife_interval(lambda users: float(values[users].mean()), 50, rng=rng())
    assert interval is not None
    # groups of one: the formula of the standard error, exactly
    reach = stats.norm.ppf(0.975) * values.std(ddof=1) / 50**0.5
    np.testing.assert_allclose(interval, [values.mean() - reach, values.mean() + reach], rtol=1e-9)


def test_of_100_intervals_of_coverage_about_95_hold_the_expected_one() -> None:
    # each of 400 users is shown one of 300 books by chance: the share that anybody is shown is known
    expected = 1 - (1 - 1 / 300) ** 400
    held = 0
    for seed in range(200):
        shown = rng(seed).integers(300, size=400)
        interval = jackknife_interval(
            lambda users, shown=shown: np.unique(shown[users]).size / 300, 400, rng=rng(seed)
        )
        assert interval is not None
        held += interval[0] <= expected <= interval[1]
    # the jackknife is known to err to the wide side here
    assert held >= 184


@pytest.mark.parametrize("n_users", [0, 1, FEWEST - 1])
def test_few_users_have_no_jackknife(n_users: int) -> None:
    assert jackknife_interval(lambda users: 0.0, n_users, rng=rng()) is None
