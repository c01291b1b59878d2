"""Content: books like those of the history, by what their metadata says alone.

A book's score is the sum of its cosines with the books of the history, in the space of weighted TF-IDF: of all words
and names, not of the few directions that truncated SVD keeps, for the author or the series of a book is one rare
feature each (on the validation part of Book-Crossing recall@20 is twice that of 128 directions).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender, single_histories
from recs_core.models.registry import register
from recs_core.models.sparse import transposed


class ContentModelConfig(ModelConfig):
    """The content model has nothing to set; `features` in params.yaml makes its features."""


@register
class Content(Recommender):
    """A book's score is the sum of its cosines with the books of the history."""

    kind: ClassVar[str] = "content"
    Config: ClassVar[type[ModelConfig]] = ContentModelConfig
    evidence = "content"
    zero_means_unknown = True
    linear_in_history = True
    tfidf: csr_array
    """`float32[n_books, n_features]`, rows of length 1 or 0."""

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.tfidf.shape[0])

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`; raises `ParameterError` without features of the same books.

        Vectors that were made without TF-IDF take its place.
        """
        if features is None or features.books != train.books:
            raise ParameterError("the content model needs the features of the books that it is trained on")
        self.tfidf = csr_array(features.vectors) if features.tfidf is None else features.tfidf
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        readers = (history @ self.tfidf).toarray()
        books = self.tfidf if candidates is None else self.tfidf[candidates]
        return transposed(np.asarray(books @ readers.T, dtype=np.float32))

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        known = self.tfidf[history.indices].astype(np.float64)
        given = (self.tfidf[book_rows].astype(np.float64) @ known.T).toarray() * history.data
        return Contributions(history.indices.astype(np.int32), {"content": given}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the features."""
        return self.recommend(single_histories(book_rows, self.n_books), k=k)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return csr_to_arrays(self.tfidf)

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        # columns after the last that any book has would add nothing
        n_columns = int(state["indices"].max(initial=-1)) + 1
        model.tfidf = csr_from_arrays(state, n_columns=n_columns)
        return model
