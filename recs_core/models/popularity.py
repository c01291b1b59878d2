"""Popularity: what everybody reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import top_k
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender
from recs_core.models.registry import register

LEADING = 1_024
"""Books that are kept in order."""


class PopularityConfig(ModelConfig):
    """Popularity has nothing to set."""


@register
class Popularity(Recommender):
    """A book's score is log(1 + readers) / log(1 + readers of the most read book), from 0 to 1."""

    kind: ClassVar[str] = "popularity"
    Config: ClassVar[type[ModelConfig]] = PopularityConfig
    evidence = "popularity"
    linear_in_history = True
    popularity: NDArray[np.float32]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.popularity.size)

    @cached_property
    def leading(self) -> NDArray[np.int32]:
        """The books that most read, best first, up to `LEADING`: found once, and then looked up."""
        n = min(LEADING, self.n_books)
        return np.asarray(top_k(self.popularity[None, :], n).books[0], dtype=np.int32)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        self.popularity = log_popularity(train.matrix)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        line = self.popularity if candidates is None else self.popularity[candidates]
        return np.repeat(line[None, :], history.shape[0], axis=0)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`."""
        constant = self.popularity[book_rows].astype(np.float64)
        return Contributions(history.indices.astype(np.int32), {}, {"popularity": constant})

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"popularity": self.popularity}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.popularity = state["popularity"]
        return model


def log_popularity(matrix: csr_array) -> NDArray[np.float32]:
    """The scores, `float32[n_books]`, of a matrix of users x books."""
    readers = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.asarray(np.log1p(readers) / np.log1p(max(1, readers.max())), dtype=np.float32)
