"""RP3beta: three steps of a random walk over readers and books, with popular books held back.

Paudel, Christoffel, Newell and Bernstein, "Updatable, Accurate, Diverse, and Scalable Recommendations for
Interactive Applications", ACM TiiS 7(1), 2017.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, diags_array

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.registry import register
from recs_core.models.sparse import keep_largest, product_in_blocks, without_diagonal
from recs_core.models.sparse_scores import ItemItemModel


class RP3BetaConfig(ModelConfig):
    """How the walk goes."""

    alpha: float = Field(0.4, gt=0, description="exponent of the transition probabilities")
    beta: float = Field(
        0.3, ge=0, description="exponent of the popularity that a book's weight is divided by"
    )
    neighbours: int = Field(100, gt=0, description="weights kept a book")


@register
class RP3Beta(ItemItemModel):
    """A weight is the chance to walk from a book over its readers to another, over popularity to the beta."""

    kind: ClassVar[str] = "rp3beta"
    Config: ClassVar[type[ModelConfig]] = RP3BetaConfig
    config: RP3BetaConfig

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        self.weights = walk_weights(train.matrix, self.config)
        return self


def walk_weights(matrix: csr_array, config: RP3BetaConfig) -> csr_array:
    """The pruned transition weights from book to book, `float32[n_books, n_books]`, without a diagonal."""
    to_books = _transitions(matrix, config.alpha)
    to_users = _transitions(csr_array(matrix.T), config.alpha)
    readers = np.bincount(matrix.indices, minlength=matrix.shape[1])
    held_back = diags_array((np.maximum(readers, 1).astype(np.float32)) ** np.float32(-config.beta))
    to_books = csr_array(to_books @ held_back)

    def prune(block: csr_array, first_row: int) -> csr_array:
        return keep_largest(without_diagonal(block, first_row=first_row), config.neighbours)

    return product_in_blocks(to_users, to_books, prune, what="walk from book to book")


def _transitions(matrix: csr_array, alpha: float) -> csr_array:
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0).astype(np.float32)
    chances = csr_array(diags_array(scale) @ matrix)
    chances.data **= np.float32(alpha)
    return chances
