"""Is one model better than another? Paired tests on the same users, and words that claim no more.

A pair of models is tested by the sign-flip randomisation test of the mean difference (Fisher, "The Design of
Experiments", 1935; for retrieval Smucker, Allan and Carterette, CIKM 2007): were the models alike, each user's
difference could as well have the other sign. All pairs by one metric in one cohort are one family, of
which Holm's procedure (Scandinavian Journal of Statistics, 1979) keeps the chance of any false claim below 0.05.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recs_core.evaluation.bootstrap import mean_intervals
from recs_core.evaluation.evaluate import EVERYBODY

ALPHA = 0.05
"""The chance of a false claim among all pairs by a metric in a cohort, where no model differs."""

AT_ONCE = 500
"""Randomisations of which the signs are held at once."""

BETTER, WORSE, ALIKE = "better", "worse", "not distinguishable"

COLUMNS = (
    "metric",
    "cohort",
    "model",
    "baseline",
    "difference",
    "low",
    "high",
    "users",
    "p",
    "p_adjusted",
    "verdict",
)


def sign_flip_p(
    differences: NDArray[np.float64], *, permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Two-sided p-values of the hypothesis that the differences are symmetric around 0, `float64[m]`.

    Args:
        differences: `float64[n_users, m]`, one column a pair of models.
        permutations: random signs that are tried; the least p is 1 / (permutations + 1).
        rng: draws the signs, the same for all columns.
    """
    observed = np.abs(differences.sum(axis=0))
    # sums of equal numbers in another order differ in the last digits, and are to count as equal
    border = observed * (1 - 1e-9)
    reached = np.zeros(differences.shape[1], dtype=np.int64)
    with threadpool_limits(1, user_api="blas"):
        for start in range(0, permutations, AT_ONCE):
            size = min(AT_ONCE, permutations - start)
            signs = (
                rng.integers(2, size=(size, differences.shape[0]), dtype=np.int8).astype(np.float64) * 2 - 1
            )
            reached += (np.abs(signs @ differences) >= border).sum(axis=0)
    return (1 + reached) / (permutations + 1)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's adjusted p-values of one family, `float64[m]`."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(p.size)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(p.size, 0, -1)))
    return adjusted


def compare_models(
    values: Mapping[str, Mapping[str, NDArray[np.float64]]],
    metrics: Sequence[str],
    *,
    cohort: str = EVERYBODY,
    permutations: int,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Every pair of models by every metric, on the users for whom both have a value.

    Args:
        values: model to "ndcg@10" to `float64[n_users]`, of the same users.
        metrics: the names that are compared; each is a family of its own.
        cohort: whose values they are, for the table.
        permutations: of the test.
        resamples: of the interval.
        rng: of both.

    Returns:
        `COLUMNS`, a row a pair: the mean of model less baseline, its 95 % interval (of this pair alone; NaN for fewer
        than `bootstrap.FEWEST` users), the number of users compared, the p-value, Holm's, and what the model is to
        the baseline: better, worse or not distinguishable.
    """
    pairs = list(combinations(values, 2))
    if not pairs or not metrics:
        return pd.DataFrame(columns=list(COLUMNS))
    tables = []
    for metric in metrics:
        differences = np.stack([values[a][metric] - values[b][metric] for a, b in pairs], axis=1)
        differences = differences[~np.isnan(differences).any(axis=1)]
        p = sign_flip_p(differences, permutations=permutations, rng=rng)
        adjusted = holm(p)
        means = differences.mean(axis=0) if len(differences) else np.zeros(len(pairs))
        intervals = mean_intervals(differences, resamples=resamples, rng=rng)
        verdicts = np.where(adjusted >= ALPHA, ALIKE, np.where(means > 0, BETTER, WORSE))
        first, second = zip(*pairs, strict=True)
        of_pairs = (first, second, means, *intervals.T, len(differences), p, adjusted, verdicts)
        tables.append(pd.DataFrame(dict(zip(COLUMNS, (metric, cohort, *of_pairs), strict=True))))
    return pd.concat(tables, ignore_index=True)


def compare_cohorts(
    values: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float64]]]],
    metrics: Sequence[str],
    *,
    permutations: int,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Every pair of models by every metric in every cohort, each a family of its own.

    Args:
        values: cohort to model to "ndcg@10" to `float64[n_users]`, see `Evaluation.values`.
        metrics: the names that are compared, in cohorts that have them.
        permutations, resamples, rng: see `compare_models`.

    Returns:
        See `compare_models`; a cohort in which nobody is compared by a metric has no row of it.
    """
    tables = [
        compare_models(
            of_models,
            [name for name in metrics if all(name in of_users for of_users in of_models.values())],
            cohort=cohort,
            permutations=permutations,
            resamples=resamples,
            rng=rng,
        )
        for cohort, of_models in values.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[table["users"] > 0].reset_index(drop=True)


def verdict_on(comparisons: pd.DataFrame, model: str, baseline: str, metric: str) -> str:
    """What a model is to another by a metric for everybody, whichever of the two stands first in the table."""
    of_metric = comparisons[(comparisons["metric"] == metric) & (comparisons["cohort"] == EVERYBODY)]
    there = of_metric[(of_metric["model"] == model) & (of_metric["baseline"] == baseline)]
    if len(there):
        return str(there["verdict"].iloc[0])
    other = of_metric[(of_metric["model"] == baseline) & (of_metric["baseline"] == model)]
    return {BETTER: WORSE, WORSE: BETTER, ALIKE: ALIKE}[str(other["verdict"].iloc[0])]
