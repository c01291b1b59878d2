"""Means of metrics for lists beside held-out books: what early stopping and searches go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged


def mean_accuracy(recs: TopK, truth: csr_array, metrics: Sequence[str], *, k: int) -> dict[str, float]:
    """Metric to its mean over the users who have something held out; 0 where nobody has.

    Args:
        recs: a list for each user.
        truth: `float32[n_users, n_books]`.
        metrics: of those that need nothing but truth.
        k: the cut-off.

    Raises:
        ParameterError: a metric needs more than the lists and truth, or the lists are shorter than k.
    """
    judged = Judged(recs, EvaluationData(truth))
    if not truth.nnz:
        return dict.fromkeys(metrics, 0.0)
    return {name: float(np.nanmean(METRICS[name].values(judged, k=k))) for name in metrics}


@dataclass(frozen=True)
class ValidationJudge:
    """The mean of a metric over the users who have something held out. A `Judge` of `recs_core.models.validated`.

    Args:
        truth: `float32[n_users, n_books]`, the validation part.
        metric: a registered metric that needs nothing but a truth.
        k: the cut-off.

    Raises:
        ParameterError: there is no such metric.
    """

    truth: csr_array
    metric: str = "ndcg"
    k: int = 10

    def __post_init__(self) -> None:
        known = sorted(name for name, metric in METRICS.items() if metric.needs == ("truth",))
        if self.metric not in known:
            raise ParameterError(f"lists cannot be judged by {self.metric!r}; the metrics are {known}")

    @cached_property
    def users(self) -> NDArray[np.int32]:
        """`int32[m]`, the users who have something held out."""
        return np.flatnonzero(np.diff(self.truth.indptr)).astype(np.int32)

    def __call__(self, recs: TopK) -> float:
        """The metric of the lists of `users`, in their order; 0 where nothing is held out."""
        return mean_accuracy(recs, self.truth[self.users], [self.metric], k=self.k)[self.metric]
