"""How well lists find what was held out."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recs_core.evaluation.metrics.judged import Judged, Values, mean_or_nan
from recs_core.evaluation.metrics.registry import metric

GAMMA = 2.0
"""Of `debiased_recall`: the exponent of the power law by which popular books are observed more often."""


@metric("precision", "hits in the first k / k")
def precision(judged: Judged, k: int) -> Values:
    """See the registration."""
    return np.where(np.isnan(judged.relevant), np.nan, judged.hits_at(k) / k)


@metric("recall", "hits in the first k / books in truth")
def recall(judged: Judged, k: int) -> Values:
    """See the registration."""
    return judged.hits_at(k) / judged.relevant


@metric("f1", "harmonic mean of precision and recall; 0 where both are 0")
def f1(judged: Judged, k: int) -> Values:
    """See the registration."""
    # 2PR / (P + R) with P = h / k and R = h / n is 2h / (k + n), which needs no rule for 0
    return 2 * judged.hits_at(k) / (k + judged.relevant)


@metric("hit_rate", "1 if any of the first k is in truth, else 0")
def hit_rate(judged: Judged, k: int) -> Values:
    """See the registration."""
    return np.where(np.isnan(judged.relevant), np.nan, judged.hits_at(k) > 0)


@metric("mrr", "1 / rank of the first hit in the first k, or 0", source="Voorhees, TREC-8 1999")
def mrr(judged: Judged, k: int) -> Values:
    """See the registration."""
    first = judged.hits.ordinals == 1
    return judged.sum_hits(first / judged.hits.ranks, k)


@metric(
    "map",
    "sum of the precision at the rank of each hit in the first k / books in truth (all of them, also beyond k)",
    source="Buckley and Voorhees, SIGIR 2000",
)
def average_precision(judged: Judged, k: int) -> Values:
    """See the registration."""
    return judged.sum_hits(judged.hits.ordinals / judged.hits.ranks, k) / judged.relevant


@metric(
    "ndcg",
    "DCG with gain 1 and discount 1 / log2(rank + 1) / the best possible of length k",
    source="Järvelin and Kekäläinen, TOIS 2002",
)
def ndcg(judged: Judged, k: int) -> Values:
    """See the registration."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    best: Values = np.cumsum(discount)[np.minimum(np.nan_to_num(judged.relevant, nan=1), k).astype(int) - 1]
    return judged.sum_hits(1 / np.log2(judged.hits.ranks + 1), k) / best


@metric(
    "r_precision",
    "with R books in truth: hits in the first R of the first k / R",
    source="Manning et al., Introduction to Information Retrieval, 2008, section 8.4",
)
def r_precision(judged: Judged, k: int) -> Values:
    """See the registration."""
    among_first = judged.hits.ranks <= judged.relevant[judged.hits.users]
    return judged.sum_hits(among_first.astype(np.float64), k) / judged.relevant


@metric(
    "debiased_recall",
    "recall in which a book counts by the inverse of its propensity to be observed, readers^((2 + 1) / 2) with the "
    "readers of train, at least 1; self-normalised for each user",
    source="Yang et al., RecSys 2018, SNIPS with gamma 2",
    needs=("truth", "train"),
)
def debiased_recall(judged: Judged, k: int) -> Values:
    """See the registration."""
    weights = np.maximum(judged.data.readers, 1.0) ** (-(GAMMA + 1) / 2)
    truth = judged.data.truth
    weighted = csr_array((weights[truth.indices], truth.indices, truth.indptr), shape=truth.shape)
    total = np.asarray(weighted.sum(axis=1), dtype=np.float64)
    return mean_or_nan(judged.sum_hits(weights[judged.hits.books], k), total)
