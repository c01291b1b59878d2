"""What models whose scores are sparse share; among them those with a books x books weight matrix."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import csr_from_arrays, csr_to_arrays
from recs_core.data.topk import TopK
from recs_core.models.base import Contributions, ModelConfig, Recommender, single_histories
from recs_core.models.one_reader import block_of, weighted_sum
from recs_core.models.sparse import rank_sparse


class SparseModel(Recommender):
    """Knows something of a few books only for each reader: no list takes a dense row of scores."""

    zero_means_unknown = True

    @abstractmethod
    def sparse_scores(self, history: csr_array) -> csr_array:
        """The scores for each history, `float32[n, n_books]`; what has no entry is unknown."""

    @abstractmethod
    def scores_of_one(self, history: csr_array) -> NDArray[np.float32]:
        """The scores for a single history, `float32[n_books]`: those of a batch, to the bit."""

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        if history.shape[0] == 1:
            scores = self.scores_of_one(history)[None, :]
        else:
            scores = np.asarray(self.sparse_scores(history).toarray(), dtype=np.float32)
        return scores if candidates is None else scores[:, candidates]

    def recommend(
        self,
        history: csr_array,
        *,
        k: int,
        exclude_seen: bool = True,
        candidates: NDArray[np.int32] | None = None,
    ) -> TopK:
        """See `Recommender.recommend`; the same lists."""
        seen = history if exclude_seen else None
        return rank_sparse(self.sparse_scores(history), k, seen=seen, candidates=candidates)


class ItemItemModel(SparseModel):
    """Scores are `history @ weights`; weights are `float32[n_books, n_books]`, CSR, a few a row."""

    linear_in_history = True
    weights: csr_array

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.weights.shape[0])

    def sparse_scores(self, history: csr_array) -> csr_array:
        """See `SparseModel.sparse_scores`."""
        return csr_array(history @ self.weights)

    def scores_of_one(self, history: csr_array) -> NDArray[np.float32]:
        """See `SparseModel.scores_of_one`."""
        return weighted_sum(self.weights, history.indices, history.data)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        block = block_of(self.weights, history.indices, book_rows)
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
