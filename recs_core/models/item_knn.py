"""Item-based nearest neighbours, weighted and multiplied by implicit.

Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", WWW 2001;
BM25 as a weighting of interactions: Robertson et al., "Okapi at TREC-3", 1995; shrinkage of a similarity to which few
readers testify, n / (n + shrinkage): Koren, "Factorization Meets the Neighborhood", KDD 2008.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, csr_matrix

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.registry import register
from recs_core.models.sparse import (
    THREADS,
    keep_largest,
    narrow,
    product_in_blocks,
    without_diagonal,
)
from recs_core.models.sparse_scores import ItemItemModel


class ItemKNNConfig(ModelConfig):
    """How neighbours are found."""

    neighbours: int = Field(100, gt=0, description="weights kept a book")
    weighting: Literal["cosine", "tfidf", "bm25"] = "bm25"
    k1: float = Field(1.2, ge=0, description="BM25: how slowly larger values of an interaction saturate")
    b: float = Field(0.75, ge=0, le=1, description="BM25: how much a book's readers count against it")
    shrinkage: float = Field(10.0, ge=0, description="shared readers at which a similarity counts by half")


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
        weighted = weighted_readers(train.matrix, self.config)
        if self.config.shrinkage > 0:
            self.weights = shrunk_similarities(weighted, self.config)
        else:
            self.weights = similarities(weighted, self.config)
        return self


def weighted_readers(matrix: csr_array, config: ItemKNNConfig) -> csr_matrix:
    """The interactions weighted so that the product of two columns is their books' similarity, CSR."""
    # imported here: the API serves the weights and never needs implicit
    from implicit.nearest_neighbours import bm25_weight, normalize, tfidf_weight

    readers = csr_matrix(matrix.T)
    if config.weighting == "bm25":
        weighted = bm25_weight(readers, config.k1, config.b)
    elif config.weighting == "tfidf":
        weighted = normalize(tfidf_weight(readers))
    else:
        weighted = normalize(readers)
    return csr_matrix(weighted.T)


def similarities(weighted: csr_matrix, config: ItemKNNConfig) -> csr_array:
    """The largest similarities of each book, `float32[n_books, n_books]`, by implicit's threaded product."""
    from implicit.nearest_neighbours import ItemItemRecommender

    trainer = ItemItemRecommender(K=config.neighbours + 1, num_threads=THREADS)
    trainer.fit(weighted, show_progress=False)
    return narrow(without_diagonal(csr_array(trainer.similarity).astype(np.float32)))


def shrunk_similarities(weighted: csr_matrix, config: ItemKNNConfig) -> csr_array:
    """The largest similarities of each book after shrinkage, `float32[n_books, n_books]`."""

    def prune(block: csr_array, first_row: int) -> csr_array:
        return keep_largest(without_diagonal(block, first_row=first_row), config.neighbours)

    right = csr_array(weighted).astype(np.float32)
    return product_in_blocks(
        csr_array(right.T), right, prune, what="compare books", shrinkage=config.shrinkage
    )
