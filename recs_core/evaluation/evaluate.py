"""All metrics of one model's lists, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.evaluation.metrics import METRICS


@dataclass(frozen=True)
class Estimate:
    """A metric's mean over users, and how sure it is.

    Args:
        metric: the metric's name.
        k: the length of the lists.
        mean: over the users that have a value.
        low, high: 95 % interval of the mean by the normal approximation; null for a metric of all users at once.
        users: how many users have a value.
    """

    metric: str
    k: int
    mean: float
    low: float | None
    high: float | None
    users: int

    def as_dict(self) -> dict[str, str | int | float | None]:
        """The estimate as JSON-able facts."""
        return asdict(self)


def evaluate(
    recs: TopK,
    *,
    truth: csr_array,
    train: csr_array,
    vectors: NDArray[np.float32],
    cutoffs: Sequence[int],
) -> list[Estimate]:
    """Every registered metric at every cut-off.

    Args:
        recs: lists for all users, at least as long as the largest cut-off.
        truth: `float32[n_users, n_books]`, the held-out interactions.
        train: `float32[n_users, n_books]`, what the model learned from.
        vectors: `float32[n_books, d]`, content vectors of length 1.
        cutoffs: the values of k.

    Raises:
        ParameterError: a cut-off is longer than the lists.
    """
    if max(cutoffs) > recs.k:
        raise ParameterError(f"evaluation.cutoffs asks for {max(cutoffs)} but the lists have {recs.k} books")
    needed = {"truth": truth, "train": train, "vectors": vectors}
    return [
        _estimate(name, k, entry.function(recs, needed[entry.needs], k=k), per_user=entry.per_user)
        for k in cutoffs
        for name, entry in METRICS.items()
    ]


def _estimate(name: str, k: int, values: NDArray[np.float64], *, per_user: bool) -> Estimate:
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if values.size else 0.0
    if not per_user or values.size < 2:
        return Estimate(name, k, mean, None, None, int(values.size))
    reach = 1.96 * float(values.std(ddof=1)) / float(np.sqrt(values.size))
    return Estimate(name, k, mean, mean - reach, mean + reach, int(values.size))
