"""Sparse EASE: each book's readers are regressed on those of its nearest books alone.

The regression of EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019) for each book on a
few others, chosen beforehand by cosine, as fsSLIM does (Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N
Recommender Systems", ICDM 2011). Each book is a small system of its own, so time and memory grow with the books
and not with their square. Books that share no reader are never neighbours; where all share one, and there are as
many neighbours as books, it is EASE.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.registry import register
from recs_core.models.sparse import keep_largest, product_in_blocks, without_diagonal
from recs_core.models.sparse_scores import ItemItemModel


class SparseEASEConfig(ModelConfig):
    """The size of the systems and their regularisation."""

    neighbours: int = Field(50, gt=0, description="books that a book is regressed on")
    regularization: float = Field(30.0, gt=0, description="weight of the squared length of a book's weights")


@register
class SparseEASE(ItemItemModel):
    """The weights to a book minimise the squared error of its readers, and are 0 but for its nearest books."""

    kind: ClassVar[str] = "sparse_ease"
    Config: ClassVar[type[ModelConfig]] = SparseEASEConfig
    config: SparseEASEConfig

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        self.weights = regression_weights(train.matrix, self.config)
        return self


def regression_weights(matrix: csr_array, config: SparseEASEConfig) -> csr_array:
    """The weights, `float32[n_books, n_books]`, of interactions `float32[n_users, n_books]`."""
    readers = csr_array(matrix.T)
    lengths = np.sqrt(np.asarray(matrix.power(2).sum(axis=0)).ravel())
    scale = diags_array(np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0))
    directions = csr_array(matrix @ scale)

    def regressed(cosines: csr_array, first_row: int) -> csr_array:
        nearest = keep_largest(without_diagonal(cosines, first_row=first_row), config.neighbours)
        for row in range(nearest.shape[0]):
            span = slice(nearest.indptr[row], nearest.indptr[row + 1])
            on = nearest.indices[span]
            nearest.data[span] = _regress(readers, first_row + row, on, config.regularization)
        return nearest

    with threadpool_limits(1, user_api="blas"):
        to_each_book = product_in_blocks(
            csr_array(directions.T), directions, regressed, what="regress each book on its nearest"
        )
    return csr_array(to_each_book.T)


def _regress(
    readers: csr_array, book: int, on: NDArray[np.int32], regularization: float
) -> NDArray[np.float32]:
    """The weights, `float32[m]`, of the ridge regression of a book's readers on those of the books `on`."""
    # the book itself stands last: one product makes both sides of the equations
    rows = readers[np.append(on, book)]
    shared = (rows @ rows.T).toarray()
    gram, to_book = shared[:-1, :-1], shared[:-1, -1]
    np.einsum("ii->i", gram)[:] += np.float32(regularization)
    return np.linalg.solve(gram, to_book)
