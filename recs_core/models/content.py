"""Content: books like those of the history, by title, author and publisher alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender, single_histories
from recs_core.models.registry import register


class ContentModelConfig(ModelConfig):
    """The content model has nothing to set; `features` in params.yaml makes its vectors."""


@register
class Content(Recommender):
    """A book's score is the sum of its cosines with the books of the history."""

    kind: ClassVar[str] = "content"
    Config: ClassVar[type[ModelConfig]] = ContentModelConfig
    zero_means_unknown = True
    vectors: NDArray[np.float32]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.vectors.shape[0])

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`; raises `ParameterError` without features of the same books."""
        if features is None or features.books != train.books:
            raise ParameterError("the content model needs the features of the books that it is trained on")
        self.vectors = features.vectors
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        readers = history @ self.vectors
        vectors = self.vectors if candidates is None else self.vectors[candidates]
        return np.asarray(readers @ vectors.T, dtype=np.float32)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        known = self.vectors[history.indices].astype(np.float64) * history.data[:, None]
        given = self.vectors[book_rows].astype(np.float64) @ known.T
        return Contributions(history.indices.astype(np.int32), {"content": given}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the vectors."""
        return self.recommend(single_histories(book_rows, self.n_books), k=k)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"vectors": self.vectors}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.vectors = state["vectors"]
        return model
