"""How far what readers do now is from what the served bundle was trained on.

Books are put into buckets by their popularity in the bundle, so that each bucket has about the same share of its
interactions; books that the bundle does not know are a bucket of their own. The drift is the Jensen-Shannon
divergence of the new interactions over these buckets from the trained ones, in bits: 0 where the shares are equal, 1
where they have no bucket in common (J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on
Information Theory 37(1), 1991). A fifth of the new interactions with unknown books, the others as before, is 0.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.data.sources.with_events import COUNTED

BUCKETS: Final = 10
"""Of known books."""

LEAST: Final = 200
"""New interactions from which on a drift says something: chance alone makes one of about 0.01 of so many."""


@dataclass(frozen=True)
class Drift:
    """How far the new interactions are from the trained ones.

    Args:
        interactions: how many are new; of one reader and book there is one.
        divergence: 0 to 1; None where they are too few to say.
    """

    interactions: int
    divergence: float | None


def drift_from(bundle: Bundle, events: pa.Table) -> Drift:
    """The drift of events from what a bundle was trained on.

    Args:
        events: columns of `pipelines.event_table`; those that are no interactions do not count.
    """
    counted = events.filter(pc.is_in(events["event"], value_set=pa.array(COUNTED, pa.string())))
    pairs = counted.group_by(["user_id", "book_id"]).aggregate([])
    if pairs.num_rows < LEAST:
        return Drift(pairs.num_rows, None)
    trained = np.bincount(bundle.history.matrix.indices, minlength=len(bundle.books))
    buckets = popularity_buckets(trained)
    rows = bundle.books.rows(pairs["book_id"].to_pylist(), missing="pad")
    of_new = np.where(rows == PAD, BUCKETS, buckets[rows])
    before = np.bincount(buckets, weights=trained, minlength=BUCKETS + 1).astype(np.float64)
    now = np.bincount(of_new, minlength=BUCKETS + 1).astype(np.float64)
    return Drift(pairs.num_rows, jensen_shannon(before, now))


def popularity_buckets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket of each book, 0 for the most popular; of equally popular books the first go before.

    Args:
        counts: interactions of each book.
    """
    order = np.argsort(-counts, kind="stable")
    ranked = counts[order]
    # a book lies where the middle of its interactions does
    middle = (np.cumsum(ranked) - ranked / 2) / max(1, ranked.sum())
    buckets = np.empty(len(counts), np.int64)
    buckets[order] = np.minimum(middle * BUCKETS, BUCKETS - 1).astype(np.int64)
    return buckets


def jensen_shannon(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The Jensen-Shannon divergence of two distributions, in bits.

    Args:
        one, other: weights, not negative, some above 0; they need not add up to 1.
    """
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    # rounding may leave a hair's breadth outside
    return float(np.clip((_divergence(p, middle) + _divergence(q, middle)) / 2, 0, 1))


def _divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """The Kullback-Leibler divergence in bits; `q` is above 0 where `p` is."""
    some = p > 0
    return float(np.sum(p[some] * np.log2(p[some] / q[some])))
