"""Content: books like those of the history, by what their metadata says alone.

A book's score is the sum of its cosines with the books of the history, in the space of weighted TF-IDF: of all words
and names, not of the few directions that truncated SVD keeps, for the author or the series of a book is one rare
feature each (on the validation part of Book-Crossing recall@20 is twice that of 128 directions).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender, single_histories
from recs_core.models.one_reader import block_of, entries_of, scattered, weighted_sum
from recs_core.models.registry import register
from recs_core.models.sparse import narrow, transposed

SPARSE = 6
"""One scattered addition takes as long as so many in a row: a reader of more features is scored book by book."""


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
        if history.shape[0] == 1 and candidates is None:
            return self._scores_of_one(history)[None, :]
        readers = (history @ self.tfidf).toarray()
        books = self.tfidf if candidates is None else self.tfidf[candidates]
        return transposed(np.asarray(books @ readers.T, dtype=np.float32))

    def _scores_of_one(self, history: csr_array) -> NDArray[np.float32]:
        """The scores for a single history, `float32[n_books]`: those of a batch, to the bit.

        Each book's sum goes over the features in rising order, as a row of `tfidf` does; those that the books of the
        history lack would add 0, and are left out.
        """
        places, counts = entries_of(self.tfidf, history.indices)
        features, at = np.unique(self.tfidf.indices[places], return_inverse=True)
        reader = scattered(at, np.repeat(history.data, counts) * self.tfidf.data[places], features.size)
        features, reader = features[reader != 0], reader[reader != 0]
        of_features = self._by_feature.indptr[features + 1] - self._by_feature.indptr[features]
        if int(of_features.sum()) * SPARSE > self.tfidf.nnz:
            return np.asarray(self.tfidf @ scattered(features, reader, self.tfidf.shape[1]), dtype=np.float32)
        return weighted_sum(self._by_feature, features, reader)

    @cached_property
    def _by_feature(self) -> csr_array:
        """`tfidf` transposed, `float32[n_features, n_books]`: a copy in memory, made when the first reader asks."""
        return narrow(csr_array(self.tfidf.T.tocsr()))

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        places, _ = entries_of(self.tfidf, book_rows)
        # what no scored book has adds nothing
        features = np.unique(self.tfidf.indices[places])
        known = block_of(self.tfidf, history.indices, features)
        given = (block_of(self.tfidf, book_rows, features) @ known.T) * history.data
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
