"""RP3beta: three steps of a random walk over readers and books, with popular books held back.

Paudel, Christoffel, Newell and Bernstein, "Updatable, Accurate, Diverse, and Scalable Recommendations for
Interactive Applications", ACM TiiS 7(1), 2017.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, diags_array, vstack

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.item_item import ItemItemModel, keep_largest, without_diagonal
from recs_core.models.registry import register
from recs_core.progress import progress

BLOCK = 512
"""Rows of the product computed at once: bounds the memory before pruning."""

THREADS = 2


class RP3BetaConfig(ModelConfig):
    """How the walk goes."""

    alpha: float = Field(gt=0, description="exponent of the transition probabilities")
    beta: float = Field(ge=0, description="exponent of the popularity that a book's weight is divided by")
    neighbours: int = Field(gt=0, description="weights kept a book")


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
    starts = range(0, matrix.shape[1], BLOCK)

    def one_block(start: int) -> csr_array:
        block = csr_array(to_users[start : start + BLOCK] @ to_books)
        block.sort_indices()
        return keep_largest(without_diagonal(block, first_row=start), config.neighbours)

    # the product's blocks do not depend on each other, so any number of threads gives the same bytes
    with ThreadPoolExecutor(THREADS) as pool:
        blocks = progress(pool.map(one_block, starts), "walk from book to book", total=len(starts))
        weights = csr_array(vstack(list(blocks), format="csr"))
    return weights.astype(np.float32)


def _transitions(matrix: csr_array, alpha: float) -> csr_array:
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0).astype(np.float32)
    chances = csr_array(diags_array(scale) @ matrix)
    chances.data **= np.float32(alpha)
    return chances
