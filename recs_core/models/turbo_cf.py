"""Turbo-CF: a polynomial low-pass filter of the graph of books, without any decomposition.

Park et al., "Turbo-CF: Matrix Decomposition-Free Graph Filtering for Fast Recommendation", SIGIR 2024. The graph is
P = (R~^T R~)^s, entry by entry; the exponents of the degrees in R~, which add up to 1 there, are free here, and P
is divided by its largest eigenvalue, since the polynomials are made for a spectrum up to 1. An entry's power cannot
be had without the entry, so the graph is made in blocks, and only its heaviest edges are kept, before the polynomial
and after it.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig
from recs_core.models.graph_filter import normalise
from recs_core.models.registry import register
from recs_core.models.sparse import keep_largest, product_in_blocks, without_diagonal
from recs_core.models.sparse_scores import ItemItemModel

ITERATIONS = 100
"""Steps of the power iteration; the radius is only a scale."""


class TurboCFConfig(ModelConfig):
    """The graph and the polynomial."""

    user_exponent: float = Field(
        0.3, ge=0, description="interactions are divided by the reader's degree to this"
    )
    book_exponent: float = Field(0.35, ge=0, description="and by the book's degree to this")
    power: float = Field(1.0, gt=0, description="what the weight of an edge between books is raised to")
    order: Literal[1, 2, 3] = Field(1, description="P, 2P - P^2 or P + 0.01 (-P^3 + 10 P^2 - 29 P)")
    neighbours: int = Field(100, gt=0, description="edges kept a book")


@register
class TurboCF(ItemItemModel):
    """The weights are a polynomial of the graph of books."""

    kind: ClassVar[str] = "turbo_cf"
    Config: ClassVar[type[ModelConfig]] = TurboCFConfig
    config: TurboCFConfig

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`."""
        self.weights = filter_weights(train.matrix, self.config)
        return self


def filter_weights(matrix: csr_array, config: TurboCFConfig) -> csr_array:
    """The weights, `float32[n_books, n_books]`, no diagonal, of interactions `float32[n_users, n_books]`."""
    normalised = normalise(matrix, config.user_exponent, config.book_exponent)

    def to_edges(block: csr_array, first_row: int) -> csr_array:
        block.data **= np.float32(config.power)
        if config.order == 1:
            block = without_diagonal(block, first_row=first_row)
        return keep_largest(block, config.neighbours)

    graph = product_in_blocks(csr_array(normalised.T), normalised, to_edges, what="graph of books")
    graph.data /= spectral_radius(graph)
    if config.order == 1:
        return graph

    def to_filter(squared: csr_array, first_row: int) -> csr_array:
        once = graph[first_row : first_row + squared.shape[0]]
        if config.order == 2:
            block = 2 * once - squared
        else:
            block = once + 0.01 * (10 * squared - squared @ graph - 29 * once)
        return keep_largest(without_diagonal(csr_array(block), first_row=first_row), config.neighbours)

    return product_in_blocks(graph, graph, to_filter, what="filter the graph").astype(np.float32)


def spectral_radius(graph: csr_array) -> np.float32:
    """The largest eigenvalue of a matrix without negative entries, by power iteration (Perron and Frobenius); or 1.

    It is 1 where the matrix has no cycle, and so no eigenvalue but 0.
    """
    vector: NDArray[np.float64] = np.ones(graph.shape[0])
    growth = 0.0
    for _ in range(ITERATIONS):
        vector = graph @ vector
        growth = float(np.linalg.norm(vector))
        if growth == 0:
            return np.float32(1)
        vector /= growth
    return np.float32(growth)
