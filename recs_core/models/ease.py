"""EASE: each book's readers are regressed on those of all other books, in closed form.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. With fewer readers than books the same
weights are had from a readers x readers system, by the Woodbury identity
(X^T X + l I)^-1 = (I - X^T (X X^T + l I)^-1 X) / l, and are never written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import BATCH, ModelConfig
from recs_core.models.linear import LinearModel
from recs_core.models.registry import register
from recs_core.models.spd_inverse import invert_in_place

SPARSE_COST = 16
"""How many times more a multiplication costs in a sparse product than in a dense one, roughly."""


class EASEConfig(ModelConfig):
    """The regression's regularisation, and how much memory it may take."""

    regularization: float = Field(100.0, gt=0, description="weight of the squared length of a book's weights")
    max_gigabytes: float = Field(
        4.0, gt=0, description="the largest dense matrix that may be made, in 10^9 bytes"
    )


@dataclass(frozen=True)
class Primal:
    """The weights written out.

    Args:
        weights: `float32[n_books, n_books]`, from the book of the history to the scored one; the diagonal is 0.
    """

    weights: NDArray[np.float32]

    def score(self, history: csr_array) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        return np.asarray(history @ self.weights, dtype=np.float32)


@dataclass(frozen=True)
class Dual:
    """The weights as a product: (X^T K^-1 X - diag(leverage)) / (1 - leverage), K = X X^T + regularisation.

    Args:
        to_users: `float32[n_books, n_users]`, X^T.
        to_books: `float32[n_users, n_books]`, X.
        inverse: `float32[n_users, n_users]`, K^-1.
        leverage: `float32[n_books]`, the diagonal of X^T K^-1 X, below 1.
    """

    to_users: csr_array
    to_books: csr_array
    inverse: NDArray[np.float32]
    leverage: NDArray[np.float32]

    def score(self, history: csr_array) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        shared = csr_array(history @ self.to_users)
        # a sparse product costs so much more a number that it pays only where few readers are touched
        few = shared.nnz * SPARSE_COST < shared.shape[0] * shared.shape[1]
        readers = (shared if few else shared.toarray()) @ self.inverse
        scores = np.asarray(readers @ self.to_books, dtype=np.float32)
        users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        scores[users, history.indices] -= history.data * self.leverage[history.indices]
        scores /= 1 - self.leverage
        return scores


@register
class EASE(LinearModel):
    """`history @ B`, where B minimises |X - X B|^2 + regularization |B|^2 with a diagonal of 0."""

    kind: ClassVar[str] = "ease"
    Config: ClassVar[type[ModelConfig]] = EASEConfig
    config: EASEConfig
    solution: Primal | Dual

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        if isinstance(self.solution, Primal):
            return int(self.solution.weights.shape[0])
        return int(self.solution.leverage.size)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`.

        Raises:
            ParameterError: the smaller system does not fit into `max_gigabytes`.
        """
        n_users, n_books = train.matrix.shape
        gigabytes = 4 * min(n_users, n_books) ** 2 / 1e9
        if gigabytes > self.config.max_gigabytes:
            raise ParameterError(
                f"ease needs {gigabytes:.1f} GB for {n_users:,} users and {n_books:,} books, and max_gigabytes is "
                f"{self.config.max_gigabytes}; raise it, or use sparse_ease"
            )
        solve = solve_dual if n_users < n_books else solve_primal
        self.solution = solve(train.matrix, self.config.regularization)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        scores = self.solution.score(history)
        return scores if candidates is None else scores[:, candidates]

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`; "weights", or the four parts of the dual."""
        if isinstance(self.solution, Primal):
            return {"weights": self.solution.weights}
        return {
            **csr_to_arrays(self.solution.to_users, "to_users."),
            **csr_to_arrays(self.solution.to_books, "to_books."),
            "inverse": self.solution.inverse,
            "leverage": self.solution.leverage,
        }

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        if "weights" in state:
            model.solution = Primal(state["weights"])
            return model
        inverse, leverage = state["inverse"], state["leverage"]
        to_users = csr_from_arrays(state, n_columns=inverse.shape[0], prefix="to_users.")
        to_books = csr_from_arrays(state, n_columns=leverage.size, prefix="to_books.")
        model.solution = Dual(to_users, to_books, inverse, leverage)
        return model


def solve_primal(matrix: csr_array, regularization: float) -> Primal:
    """The weights by the books x books system of `matrix`, `float32[n_users, n_books]`."""
    weights = _regularised_gram(csr_array(matrix.T), matrix, regularization)
    invert_in_place(weights)
    weights /= -weights.diagonal()
    np.fill_diagonal(weights, 0)
    return Primal(weights)


def solve_dual(matrix: csr_array, regularization: float) -> Dual:
    """The same weights by the users x users system of `matrix`, `float32[n_users, n_books]`."""
    to_users = csr_array(matrix.T)
    inverse = _regularised_gram(matrix, to_users, regularization)
    invert_in_place(inverse)
    leverage = np.empty(matrix.shape[1], dtype=np.float32)
    for start in range(0, leverage.size, BATCH):
        of_books = to_users[start : start + BATCH]
        leverage[start : start + BATCH] = of_books.multiply(of_books @ inverse).sum(axis=1)
    return Dual(to_users, matrix, inverse, leverage)


def _regularised_gram(rows: csr_array, columns: csr_array, regularization: float) -> NDArray[np.float32]:
    gram = np.empty((rows.shape[0], rows.shape[0]), dtype=np.float32)
    # the sparse product of all rows would take more memory than the dense result
    for start in range(0, gram.shape[0], BATCH):
        gram[start : start + BATCH] = (rows[start : start + BATCH] @ columns).toarray()
    np.einsum("ii->i", gram)[:] += np.float32(regularization)
    return gram
