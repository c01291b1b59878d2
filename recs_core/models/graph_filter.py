"""What filters of the graph of readers and books share: a history is a signal on the books, and is smoothed.

Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021: smoothing along the edges and
projecting on the smoothest signals are all that matters of a graph convolution, and neither needs training. The
degrees' exponents, 1/2 there, are free as in Turbo-CF (Park et al., SIGIR 2024); whatever they are, R~ is divided
by its largest singular value, which is 1 at 1/2, so that all filters have a gain of 1 for the smoothest signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.linear import LinearModel

OVERSAMPLING = 16
"""Directions that are iterated beyond those asked for; they make the last ones accurate."""

ITERATIONS = 5
"""Rounds of the subspace iteration; more change no ranking noticeably."""


class GraphFilterConfig(ModelConfig):
    """How the graph is normalised, and the width of its ideal low-pass filter."""

    user_exponent: float = Field(
        0.3, ge=0, description="interactions are divided by the reader's degree to this"
    )
    book_exponent: float = Field(0.35, ge=0, description="and by the book's degree to this")
    factors: int = Field(256, gt=0, description="directions that the ideal low-pass filter keeps")


@dataclass(frozen=True)
class BookGraph:
    """The normalised interactions R~, with the way from books to readers and back as two sparse matrices.

    Both are kept, for a sparse product goes by the rows of its right side: a single history then costs no more
    than the edges that it touches. The product of the two, books x books, is never made.

    Args:
        to_users: `float32[n_books, n_users]`, R~ transposed.
        to_books: `float32[n_users, n_books]`, R~.
    """

    to_users: csr_array
    to_books: csr_array

    def smooth(self, signals: csr_array | NDArray[np.float32]) -> NDArray[np.float32]:
        """`signals @ R~.T @ R~`, `float32[n, n_books]`: a book gets the sum over those that share readers with it.

        Args:
            signals: `float32[n, n_books]`; sparse ones, such as histories, stay sparse to the end.
        """
        smoothed = signals @ self.to_users @ self.to_books
        return smoothed if isinstance(smoothed, np.ndarray) else np.asarray(smoothed.toarray())


@dataclass(frozen=True)
class LowPass:
    """The ideal low-pass filter D^-b V V^T D^b: what of a signal lies in the smoothest directions.

    Args:
        vectors: `float32[n_books, f]`, V, the first right singular vectors of R~.
        weights: `float32[n_books]`, D^b, the books' degrees to the exponent that R~ is normalised by.
    """

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]

    def filter(self, signals: csr_array) -> NDArray[np.float32]:
        """The filtered signals, `float32[n, n_books]`.

        Args:
            signals: `float32[n, n_books]`.
        """
        weights = self.weights[signals.indices]
        # a book without readers has a zero vector, so it matters not what it is divided by
        data = signals.data / np.where(weights > 0, weights, np.float32(1))
        weighted = csr_array((data, signals.indices, signals.indptr), shape=signals.shape)
        filtered = np.asarray((weighted @ self.vectors) @ self.vectors.T, dtype=np.float32)
        filtered *= self.weights
        return filtered


class GraphFilterModel(LinearModel):
    """A model whose scores are some combination of the graph's linear and its ideal low-pass filter."""

    Config: ClassVar[type[ModelConfig]] = GraphFilterConfig
    config: GraphFilterConfig
    graph: BookGraph
    low_pass: LowPass

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.low_pass.weights.size)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        config = self.config
        normalised = normalise(train.matrix, config.user_exponent, config.book_exponent)
        vectors, largest = right_singular_vectors(normalised, config.factors, rng)
        normalised.data /= largest
        self.graph = BookGraph(csr_array(normalised.T), normalised)
        weights = powers(degrees(train.matrix, axis=0), config.book_exponent)
        self.low_pass = LowPass(vectors, weights.astype(np.float32))
        return self

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        to_users, to_books = self.graph.to_users, self.graph.to_books
        low_pass = {"vectors": self.low_pass.vectors, "weights": self.low_pass.weights}
        return csr_to_arrays(to_users, "to_users.") | csr_to_arrays(to_books, "to_books.") | low_pass

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.low_pass = LowPass(state["vectors"], state["weights"])
        n_users = state["to_books.indptr"].size - 1
        model.graph = BookGraph(
            csr_from_arrays(state, n_columns=n_users, prefix="to_users."),
            csr_from_arrays(state, n_columns=model.n_books, prefix="to_books."),
        )
        return model


def normalise(matrix: csr_array, user_exponent: float, book_exponent: float) -> csr_array:
    """R~ = D_U^-user_exponent R D_B^-book_exponent, `float32[n_users, n_books]`, of interactions R with degrees D."""
    users = diags_array(powers(degrees(matrix, axis=1), -user_exponent))
    books = diags_array(powers(degrees(matrix, axis=0), -book_exponent))
    return csr_array(users @ matrix @ books).astype(np.float32)


def degrees(matrix: csr_array, *, axis: int) -> NDArray[np.float64]:
    """The sums of interactions along an axis."""
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()


def powers(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Positive values raised to a power; 0 stays 0, so that who has no edges takes no part."""
    raised: NDArray[np.float64] = np.power(values, exponent, out=np.zeros_like(values), where=values > 0)
    return raised


def right_singular_vectors(
    matrix: csr_array, factors: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], np.float32]:
    """The right singular vectors for the largest singular values, `float32[n_books, f]`, and the largest value.

    By randomised subspace iteration (Halko, Martinsson and Tropp, SIAM Review 53(2), 2011, algorithm 4.4). The
    filter does not depend on the vectors' signs.

    Args:
        matrix: `float32[n_users, n_books]`.
        factors: how many; f is less where there are fewer users or books.
        rng: the directions to begin with.
    """
    size = min(factors + OVERSAMPLING, *matrix.shape)
    transposed = csr_array(matrix.T)
    # on one BLAS thread the bytes do not depend on the machine's cores
    with threadpool_limits(1, user_api="blas"):
        basis = matrix @ rng.standard_normal((matrix.shape[1], size)).astype(np.float32)
        for _ in range(ITERATIONS):
            basis = matrix @ (transposed @ np.linalg.qr(basis)[0])
        projected = np.asarray(transposed @ np.linalg.qr(basis)[0]).T
        _, values, rows = np.linalg.svd(projected, full_matrices=False)
    return np.ascontiguousarray(rows[: min(factors, size)].T, dtype=np.float32), np.float32(values[0])
