"""How sure a mean over users is: intervals by resampling the users.

A metric of each user has the bias-corrected and accelerated bootstrap interval of its mean (Efron, "Better Bootstrap
Confidence Intervals", JASA 1987), for values such as recall are skewed. A metric of all users at once is no mean: a
bootstrap sample has only 63 of 100 users, so it covers too little of the catalogue, and its interval would be wrong.
Such a metric has an interval of the normal approximation with the variance of the delete-a-group jackknife (Kott,
Journal of Official Statistics 17, 2001; for coverage, Burnham and Overton, Biometrika 65, 1978).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

LEVEL = 0.95
"""Of every interval."""

FEWEST = 20
"""Of fewer users no interval is told. Few values are often all 0, and then the bootstrap sees no doubt at all."""

AT_ONCE = 100
"""Resamples of which the weights are held at once."""

GROUPS = 50
"""Of users, for the jackknife."""


def resampled_means(
    values: NDArray[np.float64], *, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The means of bootstrap samples of the users, `float64[resamples, m]`.

    Args:
        values: `float64[n_users, m]`, NaN where a user has no value, which then counts in no mean.
        resamples: how many samples. All columns are resampled alike, so that their differences can be taken.
        rng: draws the samples.
    """
    n = values.shape[0]
    there = ~np.isnan(values)
    filled, counted = np.where(there, values, 0.0), there.astype(np.float64)
    means = np.empty((resamples, values.shape[1]))
    # on one thread the bytes do not depend on the machine's cores
    with threadpool_limits(1, user_api="blas"):
        for start in range(0, resamples, AT_ONCE):
            size = min(AT_ONCE, resamples - start)
            drawn = rng.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
            weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
            total = weights @ counted
            part = np.divide(weights @ filled, total, out=np.full(total.shape, np.nan), where=total > 0)
            means[start : start + size] = part
    return means


def mean_intervals(
    values: NDArray[np.float64], *, resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The interval of the mean of each column, `float64[m, 2]`; NaN where fewer than `FEWEST` users have a value.

    Args:
        values: `float64[n_users, m]`, NaN where a user has no value.
        resamples, rng: see `resampled_means`.
    """
    found = np.full((values.shape[1], 2), np.nan)
    if not values.size:
        return found
    samples = resampled_means(values, resamples=resamples, rng=rng)
    for column in range(values.shape[1]):
        of_users = values[:, column][~np.isnan(values[:, column])]
        if of_users.size >= FEWEST:
            found[column] = _bca(of_users, samples[:, column])
    return found


def _bca(values: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    samples = samples[~np.isnan(samples)]
    from_mean = values - values.mean()
    spread = float(from_mean @ from_mean)
    if spread == 0:
        return np.full(2, values.mean())
    # ties with the mean count by half, as they do where the samples are few
    below = np.mean(samples < values.mean()) + np.mean(samples == values.mean()) / 2
    bias = ndtri(np.clip(below, 1 / (samples.size + 1), samples.size / (samples.size + 1)))
    acceleration = float((from_mean**3).sum()) / (6 * spread**1.5)
    shifted = bias + ndtri([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return np.asarray(np.quantile(samples, ndtr(bias + shifted / (1 - acceleration * shifted))))


def jackknife_interval(
    statistic: Callable[[NDArray[np.bool_]], float], n_users: int, *, rng: np.random.Generator
) -> tuple[float, float] | None:
    """The interval of a statistic of all users at once, or None for fewer than `FEWEST`.

    Args:
        statistic: given `bool[n_users]`, the value for those users alone.
        n_users: how many users there are.
        rng: puts the users into groups.
    """
    if n_users < FEWEST:
        return None
    n_groups = min(GROUPS, n_users)
    group = rng.permutation(n_users) % n_groups
    without = np.array([statistic(group != left_out) for left_out in range(n_groups)])
    variance = (n_groups - 1) / n_groups * float(((without - without.mean()) ** 2).sum())
    reach = float(ndtri((1 + LEVEL) / 2) * np.sqrt(variance))
    whole = statistic(np.ones(n_users, dtype=np.bool_))
    return whole - reach, whole + reach
