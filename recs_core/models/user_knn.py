"""User-based nearest neighbours: readers like the reader vote with the books that they have read.

Resnick et al., "GroupLens: An Open Architecture for Collaborative Filtering of Netnews", CSCW 1994; neighbours and
their similarities for ranking: Aiolli, "Efficient Top-N Recommendation for Very Large Scale Binary Rated Datasets",
RecSys 2013, where the power of a similarity is his locality; BM25: Robertson et al., "Okapi at TREC-3", 1995;
shrinkage of a similarity to which few shared books testify, n / (n + shrinkage): Koren, "Factorization Meets the
Neighborhood", KDD 2008.

The neighbours are readers of the training data, the history is an argument: a reader who has never been seen gets
neighbours like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig
from recs_core.models.one_reader import block_of, entries_of, largest, scattered, weighted_sum
from recs_core.models.registry import register
from recs_core.models.sparse import keep_largest, narrow, ones_like, rows_of, shrink
from recs_core.models.sparse_scores import SparseModel


class UserKNNConfig(ModelConfig):
    """How neighbours are found, and how they count."""

    neighbours: int = Field(100, gt=0, description="readers whose books count")
    weighting: Literal["cosine", "tfidf", "bm25"] = "bm25"
    k1: float = Field(1.2, ge=0, description="BM25: how slowly larger values of an interaction saturate")
    b: float = Field(0.75, ge=0, le=1, description="BM25: how much a long history counts against a reader")
    shrinkage: float = Field(3.0, ge=0, description="shared books at which a similarity counts by half")
    power: float = Field(1.0, gt=0, description="exponent of a similarity when its reader votes")


@register
class UserKNN(SparseModel):
    """A book's score is the sum of the similarities of the nearest readers who have read it, to a power."""

    kind: ClassVar[str] = "user_knn"
    Config: ClassVar[type[ModelConfig]] = UserKNNConfig
    config: UserKNNConfig
    readers: csr_array
    """Interactions of the training data, `float32[n_users, n_books]`."""
    weighted: csr_array
    """The same, weighted and by book, `float32[n_books, n_users]`: a history times this is its similarities."""
    rarity: NDArray[np.float32]
    """What the reading of a book says, `float32[n_books]`: its inverse document frequency, or 1 for cosine."""
    average: NDArray[np.float32]
    """The average sum of a training user's values, `float32[1]`."""

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.rarity.size)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        matrix = train.matrix
        readers_of_book = np.bincount(matrix.indices, minlength=matrix.shape[1])
        self.rarity = np.ones(matrix.shape[1], dtype=np.float32)
        if self.config.weighting != "cosine":
            self.rarity = (np.log1p(matrix.shape[0]) - np.log1p(readers_of_book)).astype(np.float32)
        self.average = np.array(
            [matrix.data.sum(dtype=np.float64) / max(1, matrix.shape[0])], dtype=np.float32
        )
        self.readers = narrow(matrix)
        self.weighted = narrow(csr_array(self._weigh(matrix).T))
        return self

    def sparse_scores(self, history: csr_array) -> csr_array:
        """See `SparseModel.sparse_scores`."""
        return csr_array(self.votes(history) @ self.readers)

    def votes(self, history: csr_array) -> csr_array:
        """How much each neighbour counts for each history, `float32[n, n_users]`, at most `neighbours` a row."""
        similarities = csr_array(self._weigh(history) @ self.weighted)
        if self.config.shrinkage > 0:
            shared = csr_array(ones_like(history) @ ones_like(self.weighted))
            similarities = shrink(similarities, shared, self.config.shrinkage)
        votes = keep_largest(similarities, self.config.neighbours)
        if self.config.power != 1:
            votes.data **= np.float32(self.config.power)
        return votes

    def scores_of_one(self, history: csr_array) -> NDArray[np.float32]:
        """See `SparseModel.scores_of_one`."""
        neighbours, votes = self.votes_for_one(history)
        return weighted_sum(self.readers, neighbours, votes)

    def votes_for_one(self, history: csr_array) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """`votes` for a single history, to the bit: the neighbours' rows, ascending, and how much each counts."""
        places, counts = entries_of(self.weighted, history.indices)
        users = self.weighted.indices[places].astype(np.intp)
        products = np.repeat(self._values(history), counts) * self.weighted.data[places]
        similarities = scattered(users, products, self.weighted.shape[1])
        found = np.flatnonzero(similarities)
        votes = similarities[found]
        if self.config.shrinkage > 0:
            shared = np.bincount(users, minlength=similarities.size)[found].astype(np.float32)
            votes *= shared / (shared + np.float32(self.config.shrinkage))
        nearest = largest(votes, self.config.neighbours)
        votes = votes[nearest]
        if self.config.power != 1:
            votes **= np.float32(self.config.power)
        return found[nearest], votes

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`.

        A similarity is a sum over the shared books, over lengths; its share of each is what that book gives. Exact in
        that the parts are the whole score, at this history's length, neighbours and numbers of shared books; with
        another history these are others, so a book's removal may change a score by more or less than its part.
        """
        neighbours, votes = self.votes_for_one(history)
        shared = block_of(self.weighted, history.indices, neighbours)
        given = self._values(history).astype(np.float64)[:, None] * shared
        # proportional to what each shared book adds to the similarity
        sums = given.sum(axis=0)
        share = np.divide(given, sums, out=np.zeros_like(given), where=sums > 0) * votes
        read = block_of(self.readers, neighbours, book_rows)
        return Contributions(history.indices.astype(np.int32), {"collaborative": (share @ read).T}, {})

    def _weigh(self, history: csr_array) -> csr_array:
        """Histories as vectors whose product is their similarity, `float32[n, n_books]`."""
        return csr_array((self._values(history), history.indices, history.indptr), shape=history.shape)

    def _values(self, history: csr_array) -> NDArray[np.float32]:
        """The entries of these vectors, `float32[nnz]`."""
        config, rows, values = self.config, rows_of(history), history.data
        if config.weighting == "tfidf":
            values = np.sqrt(values)
        elif config.weighting == "bm25":
            sums = np.bincount(rows, weights=values, minlength=history.shape[0]).astype(np.float32)
            length = 1 - config.b + config.b * sums / max(self.average[0], np.float32(1e-6))
            values = values * np.float32(config.k1 + 1) / (np.float32(config.k1) * length[rows] + values)
        values = (values * self.rarity[history.indices]).astype(np.float32)
        if config.weighting != "bm25":
            lengths = np.sqrt(np.bincount(rows, weights=values**2, minlength=history.shape[0]))[rows]
            values = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
        return values

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {
            **csr_to_arrays(self.readers, "readers."),
            **csr_to_arrays(self.weighted, "weighted."),
            "rarity": self.rarity,
            "average": self.average,
        }

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        # plain views of mapped arrays: a memmap runs Python code each time that a part of it is taken
        model.rarity, model.average = np.asarray(state["rarity"]), np.asarray(state["average"])
        n_users = state["readers.indptr"].size - 1
        model.readers = csr_from_arrays(state, n_columns=model.rarity.size, prefix="readers.")
        model.weighted = csr_from_arrays(state, n_columns=n_users, prefix="weighted.")
        return model
