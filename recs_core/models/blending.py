"""How a hybrid brings its components together: one scale for all, and weights that heed how much is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.models.base import mask_seen

BEST = 20
"""How many of a component's best scores make its scale: about a list."""

GROUPS = 512
"""Into how many groups scores are divided to see quickly which of them may be among the best."""


def reader_scale(scores: NDArray[np.float32], history: csr_array) -> NDArray[np.float32]:
    """What a component's scores are divided by: the mean of its best positive scores of unread books.

    The best are up to `BEST`; where none is positive, the scale is 1. So each component's best books have about 1,
    whatever the length of the history and however far the very first stands out.

    Args:
        scores: `float32[n, n_books]`; changed for a moment, and put right again.
        history: `float32[n, n_books]`.

    Returns:
        `float32[n]`, positive.
    """
    users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    read = scores[users, history.indices]
    mask_seen(scores, history)
    scales = np.ones(history.shape[0], dtype=np.float32)
    for row, line in enumerate(scores):
        best = _best_positive(line)
        if best.size:
            scales[row] = best.mean(dtype=np.float64)
    scores[users, history.indices] = read
    return scales


def scale_of_all(
    line: NDArray[np.float32], leading: NDArray[np.int32], history: csr_array
) -> NDArray[np.float32] | None:
    """`reader_scale` of scores that are the same for all readers, to the bit, without a look at every book.

    Args:
        line: `float32[n_books]`, the scores.
        leading: `int32[m]`, the books of the highest, best first.
        history: `float32[n, n_books]`.

    Returns:
        `float32[n]`; None where a history is so long that its best unread books may not be among `leading`.
    """
    scales = np.ones(history.shape[0], dtype=np.float32)
    for row, (begin, end) in enumerate(pairwise(history.indptr.tolist())):
        near = leading[: BEST + end - begin]
        if near.size < min(BEST + end - begin, line.size):
            return None
        unread = line[near[~np.isin(near, history.indices[begin:end])][:BEST]]
        best = unread[unread > 0]
        if best.size:
            scales[row] = best.mean(dtype=np.float64)
    return scales


def _best_positive(line: NDArray[np.float32]) -> NDArray[np.float32]:
    """The `BEST` largest of the positive values of a line, or all of them where they are fewer."""
    best = _may_be_best(line)
    best = best[best > 0]
    return best if best.size <= BEST else np.partition(best, best.size - BEST)[-BEST:]


def _may_be_best(line: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values of a line in their order, the `BEST` largest positive ones among them."""
    in_each = line.size // GROUPS
    if in_each < 2:
        return line
    groups = line[: in_each * GROUPS].reshape(GROUPS, in_each)
    heads = groups.max(axis=1)
    # the largest of each of many groups are as many different values: what is below the BEST-th of them is out
    floor = np.partition(heads, GROUPS - BEST)[GROUPS - BEST]
    open_ = groups[(heads >= floor) & (heads > 0)]
    return np.concatenate((open_.ravel(), line[in_each * GROUPS :]))


def weights_by_history(
    weights: NDArray[np.float64],
    collaborative: NDArray[np.bool_],
    counts: NDArray[np.integer],
    *,
    half: float,
) -> NDArray[np.float64]:
    """How much each component counts for each reader: who has read little is served by what books are, not by others.

    With n books in the history a collaborative weight counts by n / (n + half). What it loses goes to the other
    components in the proportion of their weights, so that the sum stays the same. Where no other component has a
    weight, or `half` is 0, every weight counts in full.

    Args:
        weights: `float64[c]`.
        collaborative: `bool[c]`, which components are.
        counts: `int[n]`, books of each history.
        half: the number of books at which collaborative weights count by half.

    Returns:
        `float64[n, c]`.
    """
    found = np.repeat(weights[None, :], counts.size, axis=0)
    others = float(weights[~collaborative].sum())
    if half == 0 or others == 0:
        return found
    trust = counts / (counts + half)
    freed = float(weights[collaborative].sum()) * (1 - trust)
    found[:, collaborative] *= trust[:, None]
    found[:, ~collaborative] += freed[:, None] * (weights[~collaborative] / others)
    return found
