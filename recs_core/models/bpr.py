"""Bayesian personalised ranking: factors that rank the books of a reader above the others, fitted by implicit.

Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI
2009, with a bias for each book.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, csr_matrix

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender
from recs_core.models.factors import most_alike, progress_callback
from recs_core.models.registry import register


class BPRConfig(ModelConfig):
    """Size of the factorisation, and how its factors are learned."""

    factors: int = Field(64, gt=0, description="length of a factor vector, beside the bias")
    learning_rate: float = Field(0.05, gt=0, description="step of the stochastic gradient")
    regularization: float = Field(0.01, ge=0, description="weight of the factors' squared length")
    iterations: int = Field(100, gt=0, description="passes over the interactions")


@register
class BPR(Recommender):
    """A book's score is its bias and the product of its factors with the reader's, which are approximated.

    The objective has no closed form for a reader's factors, and the trained ones are of the training data's readers
    alone. So every reader, trained or not, is folded in by an approximation: one step of gradient ascent from zero.
    There every book of the history pulls with equal force away from a book taken at random (but for the biases,
    which are left out of this), so the gradient points from the mean of all books' factors to the mean of the
    history's. The length of the step is the one that comes closest, by least squares, to the trained readers.
    """

    kind: ClassVar[str] = "bpr"
    Config: ClassVar[type[ModelConfig]] = BPRConfig
    config: BPRConfig
    factors: NDArray[np.float32]
    """`float32[n_books, f]`, less their mean, so that the mean of a history's is the direction of the step."""
    bias: NDArray[np.float32]
    """`float32[n_books]`."""
    step: NDArray[np.float32]
    """`float32[1]`."""

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.bias.size)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        # imported here: the API serves the factors and never needs implicit
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        config = self.config
        trainer = BayesianPersonalizedRanking(
            factors=config.factors,
            learning_rate=config.learning_rate,
            regularization=config.regularization,
            iterations=config.iterations,
            # several threads would write the same factors at once, and no two fits would be alike
            num_threads=1,
            random_state=int(rng.integers(2**31)),
        )
        advance = progress_callback(config.iterations, "factorise by BPR")
        # copied, for implicit refuses arrays that are mapped read-only
        trainer.fit(csr_matrix(train.matrix, copy=True), show_progress=False, callback=advance)
        # implicit keeps the bias as one more factor, which is 1 for every reader
        factors = np.asarray(trainer.item_factors[:, :-1], dtype=np.float32)
        self.bias = np.asarray(trainer.item_factors[:, -1], dtype=np.float32)
        self.factors = factors - factors.mean(axis=0)
        self.step = fitted_step(self._directions(train.matrix), trainer.user_factors[:, :-1])
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        chosen = slice(None) if candidates is None else candidates
        scores = (self._directions(history) * self.step) @ self.factors[chosen].T
        scores += self.bias[chosen]
        return np.asarray(scores, dtype=np.float32)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, at this history's sum of values. The bias is "popularity"."""
        shares = history.data.astype(np.float64) * float(self.step[0]) / max(1e-12, float(history.data.sum()))
        known = self.factors[history.indices].astype(np.float64)
        given = self.factors[book_rows].astype(np.float64) @ (shares[:, None] * known).T
        constant = {"popularity": self.bias[book_rows].astype(np.float64)}
        return Contributions(history.indices.astype(np.int32), {"collaborative": given}, constant)

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the factors, less their mean."""
        products = self.factors[book_rows] @ self.factors.T
        return most_alike(products, np.linalg.norm(self.factors, axis=1), book_rows, k=k)

    def _directions(self, history: csr_array) -> NDArray[np.float32]:
        """The mean of each history's factors, weighted by its values, `float32[n, f]`; 0 for an empty one."""
        sums = np.asarray(history.sum(axis=1), dtype=np.float32)[:, None]
        totals = np.asarray(history @ self.factors, dtype=np.float32)
        return np.divide(totals, sums, out=np.zeros_like(totals), where=sums > 0)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"factors": self.factors, "bias": self.bias, "step": self.step}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.factors, model.bias, model.step = state["factors"], state["bias"], state["step"]
        return model


def fitted_step(directions: NDArray[np.float32], readers: NDArray[np.float32]) -> NDArray[np.float32]:
    """The s, `float32[1]`, for which `s * directions` is closest to `readers`, both `float32[n_users, f]`."""
    wide = directions.astype(np.float64)
    length = float(np.sum(wide * wide))
    return np.array([np.sum(wide * readers) / length if length > 0 else 0.0], dtype=np.float32)
