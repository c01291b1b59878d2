"""Implicit-feedback matrix factorisation by alternating least squares, fitted by implicit.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008. Histories are folded
in by the paper's closed form, so that any reader is served, and its section 5 takes a score apart exactly.

In the paper's words a reader of preferences 1 and confidences c for the books of the history, whose factors are
the rows of Y, has the factors x that solve (G + Y'(C - I)Y) x = Y'c, where G is the Gram matrix of all books' factors
plus the regularisation. Here everything is written in the basis in which G is the identity, Z = Y T with T'GT = I,
for there the same reader is found from a system as small as the history (the push-through identity): x = T w with
w = Z's and (I + (C - I)ZZ') s = c. A score is the same product in either basis, Yx = Zw, so Z alone is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender
from recs_core.models.factors import THREADS, most_alike, progress_callback
from recs_core.models.registry import register

STACK = 2**22
"""Numbers in the factors of the readers that are folded in at once, unless one alone has more: 32 MB."""


class ALSConfig(ModelConfig):
    """Size and weights of the factorisation."""

    factors: int = Field(128, gt=0, description="length of a factor vector")
    regularization: float = Field(50.0, gt=0, description="weight of the factors' squared length")
    alpha: float = Field(10.0, gt=0, description="confidence in an interaction; 1 in its absence")
    iterations: int = Field(15, gt=0)


@register
class ALS(Recommender):
    """A book's score is the product of its factors with the reader's, which the history determines."""

    kind: ClassVar[str] = "als"
    Config: ClassVar[type[ModelConfig]] = ALSConfig
    config: ALSConfig
    books: NDArray[np.float32]
    """Z: `float32[n_books, factors]`."""
    lengths: NDArray[np.float32]
    """Of the rows of Y, `float32[n_books]`: what a cosine of two books is divided by."""
    basis: NDArray[np.float64]
    """T: `float64[factors, factors]`."""

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.books.shape[0])

    @property
    def factors(self) -> NDArray[np.float64]:
        """Y, the paper's factors of the books, `float64[n_books, factors]`; computed anew from Z."""
        return np.asarray(solve_triangular(self.basis, self.books.T.astype(np.float64), trans="T").T)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        # imported here: the API serves the factors and never needs implicit
        from implicit.cpu.als import AlternatingLeastSquares

        # implicit asks for one BLAS thread beside its own; each user's and book's solution is independent of theirs
        with threadpool_limits(1, user_api="blas"):
            trainer = AlternatingLeastSquares(
                factors=self.config.factors,
                regularization=self.config.regularization,
                alpha=self.config.alpha,
                iterations=self.config.iterations,
                num_threads=THREADS,
                random_state=int(rng.integers(2**31)),
            )
            advance = progress_callback(self.config.iterations, "factorise by ALS")
            # copied, for it refuses arrays that are mapped read-only, which it copies itself unless alpha is 1
            trainer.fit(csr_matrix(train.matrix, copy=True), show_progress=False, callback=advance)
            factors = np.asarray(trainer.item_factors, dtype=np.float64)
            self.basis = identity_basis(factors, self.config.regularization)
            self.books = (factors @ self.basis).astype(np.float32)
            self.lengths = np.linalg.norm(factors, axis=1).astype(np.float32)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        books = self.books if candidates is None else self.books[candidates]
        return np.asarray(self.fold_in(history) @ books.T, dtype=np.float32)

    def fold_in(self, history: csr_array) -> NDArray[np.float32]:
        """The readers' w, `float32[n, factors]`, by the closed form; zeros for an empty history."""
        size = self.basis.shape[0]
        readers = np.zeros((history.shape[0], size))
        counts = np.diff(history.indptr)
        for rows, width in stacks(counts, size):
            places = history.indptr[rows][:, None] + np.arange(width)
            given = np.arange(width) < counts[rows][:, None]
            places = np.where(given, places, 0)
            # a place without a book has confidence 0 and factors 0, and changes nothing
            z = self.books[history.indices[places]].astype(np.float64) * given[:, :, None]
            confidence = np.where(given, self.config.alpha * history.data[places].astype(np.float64), 0.0)
            readers[rows] = solve_readers(z, confidence, given)
        return readers.astype(np.float32)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, with the reader's system of equations held fixed."""
        confidence = self.config.alpha * history.data.astype(np.float64)
        z = self.books[history.indices].astype(np.float64)
        scored = self.books[book_rows].astype(np.float64)
        system = np.eye(self.basis.shape[0]) + z.T @ ((confidence - 1)[:, None] * z)
        given = np.linalg.solve(system, scored.T).T @ (confidence[:, None] * z).T
        return Contributions(history.indices.astype(np.int32), {"collaborative": given}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the factors."""
        # the product of two rows of Y is that of one of Z with another that went through T twice
        inverse = solve_triangular(self.basis, np.eye(self.basis.shape[0]))
        asked = (self.books[book_rows] @ (inverse @ inverse.T)).astype(np.float32)
        return most_alike(asked @ self.books.T, self.lengths, book_rows, k=k)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"books": self.books, "lengths": self.lengths, "basis": self.basis}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.books, model.lengths, model.basis = state["books"], state["lengths"], state["basis"]
        return model


def identity_basis(factors: NDArray[np.float64], regularization: float) -> NDArray[np.float64]:
    """T with T'(Y'Y + regularization I)T = I, upper triangular, `float64[f, f]`, of Y `float64[n_books, f]`."""
    identity = np.eye(factors.shape[1])
    lower = np.linalg.cholesky(factors.T @ factors + regularization * identity)
    return np.asarray(solve_triangular(lower, identity, lower=True).T)


def stacks(counts: NDArray[np.integer], size: int) -> list[tuple[NDArray[np.int64], int]]:
    """Divide readers into stacks of about equal history, so that little is padded and memory is bounded.

    Args:
        counts: `int[n]`, books in each history; empty histories are in no stack.
        size: the length of a factor vector.

    Returns:
        Rows of readers, and the width to which their histories are padded: the least power of 2 that holds them
        all, or the longest of the stack where that is less.
    """
    found = []
    widths = np.where(counts > 0, 2 ** np.ceil(np.log2(np.maximum(counts, 1))), 0).astype(np.int64)
    for width in np.unique(widths[widths > 0]).tolist():
        rows = np.flatnonzero(widths == width)
        longest = int(counts[rows].max())
        at_once = max(1, STACK // (longest * size))
        found += [(rows[start : start + at_once], longest) for start in range(0, rows.size, at_once)]
    return found


def solve_readers(
    z: NDArray[np.float64], confidence: NDArray[np.float64], given: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The readers' factors in the basis of Z, by the smaller of the two systems that determine them.

    Args:
        z: `float64[n, h, f]`, the rows of Z of the histories' books.
        confidence: `float64[n, h]`.
        given: `bool[n, h]`, False where there is no book.

    Returns:
        `float64[n, f]`.
    """
    across = np.swapaxes(z, 1, 2)
    above_one = np.where(given, confidence - 1, 0.0)[:, :, None]
    if z.shape[1] < z.shape[2]:
        system = above_one * (z @ across)
        system += np.eye(z.shape[1])
        return np.asarray((across @ np.linalg.solve(system, confidence[:, :, None]))[:, :, 0])
    system = across @ (above_one * z)
    system += np.eye(z.shape[2])
    return np.asarray(np.linalg.solve(system, across @ confidence[:, :, None])[:, :, 0])
