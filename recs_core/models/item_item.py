"""What models with a books x books weight matrix share: a score is history times weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import csr_from_arrays, csr_to_arrays
from recs_core.data.topk import TopK
from recs_core.models.base import Contributions, ModelConfig, Recommender, single_histories


class ItemItemModel(Recommender):
    """Scores are `history @ weights`; weights are `float32[n_books, n_books]`, CSR, a few a row."""

    zero_means_unknown = True
    weights: csr_array

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.weights.shape[0])

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        scores = np.asarray((history @ self.weights).toarray(), dtype=np.float32)
        return scores if candidates is None else scores[:, candidates]

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        block = self.weights[history.indices][:, book_rows].toarray().astype(np.float64)
        given = (history.data.astype(np.float64)[:, None] * block).T
        return Contributions(history.indices.astype(np.int32), {"collaborative": given}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the largest weights of the book's row."""
        return self.recommend(single_histories(book_rows, self.n_books), k=k)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return csr_to_arrays(self.weights)

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.weights = csr_from_arrays(state, n_columns=state["indptr"].size - 1)
        return model


def keep_largest(block: csr_array, n: int) -> csr_array:
    """Keep the n largest entries of each row; of equal ones those of the lower columns."""
    kept = []
    for row in range(block.shape[0]):
        start, stop = block.indptr[row], block.indptr[row + 1]
        values = block.data[start:stop]
        if values.size <= n:
            kept.append(np.arange(start, stop))
            continue
        border = np.partition(values, values.size - n)[values.size - n]
        above = np.flatnonzero(values > border)
        at_border = np.flatnonzero(values == border)[: n - above.size]
        kept.append(start + np.sort(np.concatenate([above, at_border])))
    indptr = np.cumsum([0, *(rows.size for rows in kept)])
    places = np.concatenate(kept)
    return csr_array((block.data[places], block.indices[places], indptr), shape=block.shape)


def without_diagonal(block: csr_array, *, first_row: int = 0) -> csr_array:
    """Drop the diagonal: a book is no reason to recommend itself.

    Args:
        block: some rows of the weights.
        first_row: the row of the whole matrix that the block begins with.
    """
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    off = rows + first_row != block.indices
    indptr = np.append(0, np.cumsum(np.bincount(rows[off], minlength=block.shape[0])))
    return csr_array((block.data[off], block.indices[off], indptr), shape=block.shape)
