"""All metrics of one model's lists, for everybody and for each cohort, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.evaluation.bootstrap import jackknife_interval, mean_intervals
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged, Metric

EVERYBODY = "all"
"""The cohort of all users and books."""

Masks = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Estimate:
    """A metric's mean over users, and how sure it is.

    Args:
        metric: the metric's name.
        k: the length of the lists.
        cohort: "all"; a cohort of users, of whom the mean is; or a cohort of books, the only ones that then count as
            held out.
        mean: over the users that have a value; for a metric of all users at once, its value.
        low, high: 95 % interval, see `recs_core.evaluation.bootstrap`; null for fewer than `bootstrap.FEWEST` users.
        users: how many users have a value.
    """

    metric: str
    k: int
    cohort: str
    mean: float
    low: float | None
    high: float | None
    users: int

    def as_dict(self) -> dict[str, str | int | float | None]:
        """The estimate as JSON-able facts."""
        return asdict(self)


@dataclass(frozen=True)
class Evaluation:
    """What is known of one model's lists.

    Args:
        estimates: by cohort, cut-off and metric.
        values: cohort to "ndcg@10" to `float64[n_users]`, every metric of each user at every cut-off; NaN where it is
            not defined and for users who are not of the cohort. Cohorts of books have the metrics of hits alone.
    """

    estimates: list[Estimate]
    values: dict[str, dict[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class _Column:
    """The values of one metric for one cohort."""

    metric: str
    k: int
    cohort: str
    values: NDArray[np.float64]


def evaluate(
    recs: TopK,
    data: EvaluationData,
    *,
    cutoffs: Sequence[int],
    user_cohorts: Masks,
    book_cohorts: Masks,
    resamples: int,
    rng: np.random.Generator,
) -> Evaluation:
    """Every registered metric that the data allows, at every cut-off.

    Metrics of hits are estimated for each cohort of books, too; metrics of all users at once for everybody alone, for
    they depend on how many users there are.

    Args:
        recs: lists for all users, at least as long as the largest cut-off.
        data: what they are judged by.
        cutoffs: the values of k.
        user_cohorts: name to `bool[n_users]`.
        book_cohorts: name to `bool[n_books]`.
        resamples: of the users, for the intervals.
        rng: draws them.

    Raises:
        ParameterError: a cut-off is longer than the lists.
    """
    if max(cutoffs) > recs.k:
        raise ParameterError(f"evaluation.cutoffs asks for {max(cutoffs)} but the lists have {recs.k} books")
    possible = [metric for metric in METRICS.values() if not metric.missing(data)]
    of_users = [metric for metric in possible if metric.per_user]
    judged = Judged(recs, data)
    everybody = _columns(judged, of_users, cutoffs, EVERYBODY)
    columns = list(everybody)
    for cohort, users in user_cohorts.items():
        columns += [
            replace(one, cohort=cohort, values=np.where(users, one.values, np.nan)) for one in everybody
        ]
    of_hits = [metric for metric in of_users if "truth" in metric.needs]
    for cohort, books in book_cohorts.items():
        few = Judged(recs, replace(data, truth=_only(data.truth, books)))
        columns += _columns(few, of_hits, cutoffs, cohort)
    estimates = _estimates(columns, resamples=resamples, rng=rng)
    estimates += [
        _at_once(judged, metric, k, rng=rng) for k in cutoffs for metric in possible if not metric.per_user
    ]
    values: dict[str, dict[str, NDArray[np.float64]]] = {}
    for one in columns:
        values.setdefault(one.cohort, {})[f"{one.metric}@{one.k}"] = one.values
    return Evaluation(estimates, values)


def _columns(judged: Judged, metrics: Sequence[Metric], cutoffs: Sequence[int], cohort: str) -> list[_Column]:
    return [_Column(one.name, k, cohort, one.values(judged, k=k)) for k in cutoffs for one in metrics]


def _only(truth: csr_array, books: NDArray[np.bool_]) -> csr_array:
    """The interactions with some of the books, `bool[n_books]`."""
    kept = csr_array(truth.multiply(books.astype(np.float32)[None, :]))
    kept.eliminate_zeros()
    return kept


def _estimates(columns: Sequence[_Column], *, resamples: int, rng: np.random.Generator) -> list[Estimate]:
    table = np.stack([column.values for column in columns], axis=1)
    intervals = mean_intervals(table, resamples=resamples, rng=rng)
    found = []
    for column, interval in zip(columns, intervals.tolist(), strict=True):
        values = column.values[~np.isnan(column.values)]
        low, high = (None if np.isnan(end) else end for end in interval)
        mean = float(values.mean()) if values.size else 0.0
        found.append(Estimate(column.metric, column.k, column.cohort, mean, low, high, int(values.size)))
    return found


def _at_once(judged: Judged, metric: Metric, k: int, *, rng: np.random.Generator) -> Estimate:
    of_exposure = metric.of_exposure
    assert of_exposure is not None  # noqa: S101 - a metric of all users at once
    n_users = len(judged.recs)
    interval = jackknife_interval(lambda users: of_exposure(judged.exposure(k, users)), n_users, rng=rng)
    # every metric of exposure is a share
    low, high = (None, None) if interval is None else (max(0.0, interval[0]), min(1.0, interval[1]))
    mean = float(metric.values(judged, k=k)[0])
    return Estimate(metric.name, k, EVERYBODY, mean, low, high, n_users)
