"""Implicit-feedback matrix factorisation by alternating least squares, fitted by implicit.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008. Histories are folded
in by the paper's closed form, so that any reader is served, and its section 5 takes a score apart exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender
from recs_core.models.registry import register


class ALSConfig(ModelConfig):
    """Size and weights of the factorisation."""

    factors: int = Field(gt=0, description="length of a factor vector")
    regularization: float = Field(gt=0, description="weight of the factors' squared length")
    alpha: float = Field(gt=0, description="confidence in an interaction; 1 in its absence")
    iterations: int = Field(gt=0)


@register
class ALS(Recommender):
    """A book's score is the product of its factors with the reader's, which the history determines."""

    kind: ClassVar[str] = "als"
    Config: ClassVar[type[ModelConfig]] = ALSConfig
    config: ALSConfig
    factors: NDArray[np.float32]
    gram: NDArray[np.float64]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.factors.shape[0])

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        # imported here: the API serves the factors and never needs implicit
        from implicit.als import AlternatingLeastSquares

        # implicit asks for one BLAS thread beside its own; each user's and book's solution is independent of theirs
        with threadpool_limits(1, user_api="blas"):
            trainer = AlternatingLeastSquares(
                factors=self.config.factors,
                regularization=self.config.regularization,
                alpha=self.config.alpha,
                iterations=self.config.iterations,
                random_state=int(rng.integers(2**31)),
            )
            trainer.fit(csr_matrix(train.matrix), show_progress=False)
            self._set_factors(np.asarray(trainer.item_factors, dtype=np.float32))
        return self

    def _set_factors(self, factors: NDArray[np.float32]) -> None:
        self.factors = factors
        wide = factors.astype(np.float64)
        self.gram = wide.T @ wide + self.config.regularization * np.eye(factors.shape[1])

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        readers = np.zeros((history.shape[0], self.factors.shape[1]), dtype=np.float32)
        for row in range(history.shape[0]):
            books, confidence = self._row(history, row)
            if books.size:
                y = self.factors[books].astype(np.float64)
                readers[row] = np.linalg.solve(self._system(y, confidence), confidence @ y)
        factors = self.factors if candidates is None else self.factors[candidates]
        return np.asarray(readers @ factors.T, dtype=np.float32)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, with the reader's system of equations held fixed."""
        books, confidence = self._row(history, 0)
        y = self.factors[books].astype(np.float64)
        solved = np.linalg.solve(self._system(y, confidence), self.factors[book_rows].astype(np.float64).T)
        return Contributions(books, {"collaborative": solved.T @ (confidence[:, None] * y).T}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the factors."""
        lengths = np.linalg.norm(self.factors, axis=1, keepdims=True)
        directions = self.factors / np.where(lengths > 0, lengths, 1)
        scores = np.asarray(directions[book_rows] @ directions.T, dtype=np.float32)
        scores[np.arange(book_rows.size), book_rows] = -np.inf
        return top_k(scores, k)

    def _row(self, history: csr_array, row: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        span = slice(history.indptr[row], history.indptr[row + 1])
        confidence = self.config.alpha * history.data[span].astype(np.float64)
        return history.indices[span].astype(np.int32), confidence

    def _system(self, y: NDArray[np.float64], confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.gram + y.T @ ((confidence - 1)[:, None] * y)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"factors": self.factors, "gram": self.gram}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.factors, model.gram = state["factors"], state["gram"]
        return model
