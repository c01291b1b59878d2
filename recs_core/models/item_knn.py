"""Item-based nearest neighbours, fitted by implicit.

Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", WWW 2001;
BM25 as a weighting of interactions: Robertson et al., "Okapi at TREC-3", 1995.
"""

from __future__ import annotations

import warnings
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, csr_matrix

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.item_item import ItemItemModel, without_diagonal
from recs_core.models.registry import register


class ItemKNNConfig(ModelConfig):
    """How neighbours are found."""

    neighbours: int = Field(gt=0, description="weights kept a book")
    weighting: Literal["cosine", "tfidf", "bm25"] = "cosine"


@register
class ItemKNN(ItemItemModel):
    """A book counts for its nearest neighbours among the books, by who reads both."""

    kind: ClassVar[str] = "item_knn"
    Config: ClassVar[type[ModelConfig]] = ItemKNNConfig
    config: ItemKNNConfig

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        # imported here: the API serves the weights and never needs implicit
        from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
        from implicit.utils import ParameterWarning

        trainers = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}
        trainer = trainers[self.config.weighting](K=self.config.neighbours + 1)
        with warnings.catch_warnings():
            # implicit weighs the transpose and then warns that its own result is not CSR
            warnings.simplefilter("ignore", ParameterWarning)
            trainer.fit(csr_matrix(train.matrix), show_progress=False)
        self.weights = without_diagonal(csr_array(trainer.similarity).astype(np.float32))
        return self
