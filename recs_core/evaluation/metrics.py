"""Metrics of ranked lists, in a registry: one value a user.

| metric | value for a user | source |
|---|---|---|
| precision | hits in the first k / k | |
| recall | hits in the first k / books in truth | |
| f1 | harmonic mean of precision and recall; 0 where both are 0 | |
| hit_rate | 1 if any of the first k is in truth | |
| mrr | 1 / rank of the first hit in the first k, or 0 | Voorhees, TREC 1999 |
| ndcg | DCG with gain 1 and discount log2(rank + 1) / the best possible of length k | Järvelin, TOIS 2002 |
| novelty | mean of -log2(share of the users who know the book) over the recommended books | Zhou, PNAS 2010 |
| diversity | mean of 1 - cosine over the pairs of the recommended books' content vectors | Ziegler, WWW 2005 |
| coverage | share of all books that are in anyone's first k; one value for all users | Ge, RecSys 2010 |

A user with empty truth has no accuracy (NaN) and is left out of the mean. A list with fewer than k books keeps the
denominator k in precision; novelty and diversity are means over the books that are there, NaN without any (for
diversity: without two).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK

Values = NDArray[np.float64]
Needs = Literal["truth", "train", "vectors"]


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    Args:
        name: its name in reports.
        needs: its second argument: the held-out interactions, those of training, or the content vectors.
        per_user: whether it gives one value a user, or one for all.
        function: `(recs, needed, *, k) -> float64[n_users]`, or `float64[1]`.
    """

    name: str
    needs: Needs
    per_user: bool
    function: Callable[..., Values]


METRICS: dict[str, Metric] = {}
"""Name to metric, in the order of registration."""


def metric(
    name: str, *, needs: Needs = "truth", per_user: bool = True
) -> Callable[[Callable[..., Values]], Callable[..., Values]]:
    """Decorator: register a metric function."""

    def add(function: Callable[..., Values]) -> Callable[..., Values]:
        METRICS[name] = Metric(name, needs, per_user, function)
        return function

    return add


def hits(recs: TopK, truth: csr_array, *, k: int) -> NDArray[np.bool_]:
    """Which of the first k books are in truth, `bool[n_users, k]`."""
    books = recs.books[:, :k].astype(np.int64)
    n_users, n_books = truth.shape
    users = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(truth.indptr))
    keys = users * n_books + truth.indices
    asked = np.arange(n_users, dtype=np.int64)[:, None] * n_books + books
    found: NDArray[np.bool_] = np.isin(asked, keys) & (books != PAD)
    return found


def _relevant(truth: csr_array) -> Values:
    counts = np.diff(truth.indptr).astype(np.float64)
    return np.where(counts > 0, counts, np.nan)


@metric("precision")
def precision(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    return np.where(np.isnan(_relevant(truth)), np.nan, hits(recs, truth, k=k).sum(axis=1) / k)


@metric("recall")
def recall(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    return np.asarray(hits(recs, truth, k=k).sum(axis=1) / _relevant(truth))


@metric("f1")
def f1(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    # 2PR / (P + R) with P = h / k and R = h / n is 2h / (k + n), which needs no rule for 0
    return np.asarray(2 * hits(recs, truth, k=k).sum(axis=1) / (k + _relevant(truth)))


@metric("hit_rate")
def hit_rate(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    return np.where(np.isnan(_relevant(truth)), np.nan, hits(recs, truth, k=k).any(axis=1))


@metric("mrr")
def mrr(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    found = hits(recs, truth, k=k)
    reciprocal = np.where(found.any(axis=1), 1.0 / (1 + found.argmax(axis=1)), 0.0)
    return np.where(np.isnan(_relevant(truth)), np.nan, reciprocal)


@metric("ndcg")
def ndcg(recs: TopK, truth: csr_array, *, k: int) -> Values:
    """See the table above."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    relevant = _relevant(truth)
    found = hits(recs, truth, k=k)
    best = np.cumsum(discount)[np.minimum(np.nan_to_num(relevant, nan=1), k).astype(int) - 1]
    gained = found @ discount[: found.shape[1]]
    return np.where(np.isnan(relevant), np.nan, gained / best)


@metric("novelty", needs="train")
def novelty(recs: TopK, train: csr_array, *, k: int) -> Values:
    """See the table above; a book that nobody knows counts as known by one."""
    readers = np.bincount(train.indices, minlength=train.shape[1])
    information = -np.log2(np.maximum(readers, 1) / train.shape[0])
    books = recs.books[:, :k]
    there = books != PAD
    return _mean(np.where(there, information[books], 0.0).sum(axis=1), there.sum(axis=1))


@metric("diversity", needs="vectors")
def diversity(recs: TopK, vectors: NDArray[np.float32], *, k: int) -> Values:
    """See the table above; vectors have length 1 (or 0, which is unlike everything)."""
    books = recs.books[:, :k]
    there = books != PAD
    n = there.sum(axis=1)
    result = np.empty(len(recs))
    for start in range(0, len(recs), 4_096):
        batch = slice(start, start + 4_096)
        vector = np.where(there[batch][:, :, None], vectors[books[batch]], 0).astype(np.float64)
        # the sum over all pairs of cosines from the length of the sum: |sum v|^2 = sum |v|^2 + 2 sum of pairs
        total = (vector.sum(axis=1) ** 2).sum(axis=1) - (vector**2).sum(axis=(1, 2))
        pairs = n[batch] * (n[batch] - 1)
        result[batch] = _mean(pairs - total, pairs)
    return result


@metric("coverage", needs="train", per_user=False)
def coverage(recs: TopK, train: csr_array, *, k: int) -> Values:
    """See the table above."""
    books = recs.books[:, :k]
    return np.array([np.unique(books[books != PAD]).size / train.shape[1]])


def _mean(total: NDArray[np.floating], count: NDArray[np.integer]) -> Values:
    mean: Values = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
