"""A fitted hybrid that takes in books of which nothing but the content is known.

What readers did says nothing of a book that nobody could have read: the other components give it 0. Its score is what
its content gives, on the reader's own scale: that of a book that was in the catalogue and that nobody has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, Evidence, Explainable, ModelConfig, Recommender
from recs_core.models.content import Content
from recs_core.models.hybrid import Hybrid
from recs_core.models.popularity import Popularity
from recs_core.models.transductive import AnyModel


def can_grow(model: AnyModel) -> bool:
    """Whether a fitted model can take in new books: a hybrid to which content counts."""
    return isinstance(model, Hybrid) and any(
        isinstance(model.components[name], Content) for name in model.weights
    )


def grown(model: Hybrid, tfidf: csr_array) -> Hybrid:
    """A hybrid that knows more books, after those that it knew; it shares what was learned with `model`.

    Args:
        model: fitted; see `can_grow`.
        tfidf: `float32[m, n_features]`, the content of the new books, as the indexer of the model's features has it.
    """
    other = Hybrid(model.config)
    other.components = {name: _grown(component, tfidf) for name, component in model.components.items()}
    return other


def _grown(component: Recommender, tfidf: csr_array) -> Recommender:
    if isinstance(component, Content):
        content = Content(component.config)
        n_columns = max(component.tfidf.shape[1], tfidf.shape[1])
        content.tfidf = csr_array(vstack([_wide(component.tfidf, n_columns), _wide(tfidf, n_columns)], "csr"))
        return content
    if isinstance(component, Popularity):
        nobody = np.zeros(tfidf.shape[0], dtype=np.float32)
        popularity = {"popularity": np.concatenate([component.popularity, nobody])}
        return Popularity.from_state(component.config, popularity)
    return BesideStrangers(component, tfidf.shape[0])


def _wide(matrix: csr_array, n_columns: int) -> csr_array:
    """The same entries in a matrix of more columns."""
    return csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], n_columns))


class BesideStrangers(Recommender):
    """A component beside books that it knows nothing of: they have 0, and in a history they count for nothing.

    Args:
        known: the fitted component.
        strangers: how many books come after its own.
    """

    kind: ClassVar[str] = "beside_strangers"
    Config: ClassVar[type[ModelConfig]] = ModelConfig

    def __init__(self, known: Recommender, strangers: int) -> None:
        super().__init__(known.config)
        self._known = known
        self._strangers = strangers
        self.evidence: Evidence = known.evidence  # type: ignore[misc]

    @property
    def n_books(self) -> int:
        """How many books there are, strangers included."""
        return self._known.n_books + self._strangers

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """Never: it is made of a fitted model."""
        raise NotImplementedError("a model that has grown is not fitted again")

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        scores = np.pad(self._known.score(self._of_known(history)), ((0, 0), (0, self._strangers)))
        return scores if candidates is None else scores[:, candidates]

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`."""
        assert isinstance(self._known, Explainable)  # noqa: S101  # nosec B101 - so are all of a hybrid's
        mine, given = book_rows < self._known.n_books, history.indices < self._known.n_books
        parts = self._known.contributions(self._of_known(history), book_rows[mine])
        blocks, constant = {}, {}
        for name, part in parts.from_history.items():
            blocks[name] = np.zeros((book_rows.size, given.size))
            blocks[name][np.ix_(mine, given)] = part
        for name, column in parts.constant.items():
            constant[name] = np.zeros(book_rows.size)
            constant[name][mine] = column
        return Contributions(history.indices.astype(np.int32), blocks, constant)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """That of the model that it is made of."""
        return self._known.state()

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """Never: it is made of a fitted model."""
        raise NotImplementedError("a model that has grown is not stored")

    def _of_known(self, history: csr_array) -> csr_array:
        """A history without the strangers."""
        n_known = self._known.n_books
        if history.nnz and int(history.indices.max()) >= n_known:
            return csr_array(history[:, :n_known])
        return csr_array((history.data, history.indices, history.indptr), shape=(history.shape[0], n_known))
