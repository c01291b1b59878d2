"""Hybrid: a weighted sum of a collaborative model, content and popularity.

Weighted hybridisation (Burke, "Hybrid Recommender Systems", UMUAI 12, 2002). For each reader the collaborative and
the content scores are divided by the largest of an unread book, so that each component reaches up to 1 whatever
the length of the history, and the weights mean what they say; popularity is on that scale already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.features.content import ContentFeatures
from recs_core.models.base import (
    Contributions,
    Explainable,
    ModelConfig,
    Recommender,
    mask_seen,
    single_histories,
)
from recs_core.models.content import Content, ContentModelConfig
from recs_core.models.popularity import Popularity, PopularityConfig
from recs_core.models.registry import ModelSpec, build_model, register


class Weights(ModelConfig):
    """How much each component counts."""

    collaborative: float = Field(ge=0)
    content: float = Field(ge=0)
    popularity: float = Field(ge=0)


class HybridConfig(ModelConfig):
    """The components and their weights."""

    collaborative: ModelSpec
    weights: Weights

    @field_validator("collaborative")
    @classmethod
    def _is_explainable_model(cls, spec: ModelSpec) -> ModelSpec:
        # its parts of a score would be taken for those of the other components
        if spec.kind in (Content.kind, Popularity.kind, Hybrid.kind):
            raise ValueError(f"{spec.kind!r} is no collaborative model")
        model = build_model(spec, where="collaborative")
        if not isinstance(model, Explainable):
            raise ValueError(f"{spec.kind!r} cannot explain its scores, and so the hybrid could not")
        return spec


@register
class Hybrid(Recommender):
    """score = w_c collaborative / scale_c + w_b content / scale_b + w_p popularity, scales a reader's own."""

    kind: ClassVar[str] = "hybrid"
    Config: ClassVar[type[ModelConfig]] = HybridConfig
    config: HybridConfig

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.collaborative = build_model(self.config.collaborative, where="hybrid.collaborative")
        self.content = Content(ContentModelConfig())
        self.popularity = Popularity(PopularityConfig())

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return self.popularity.n_books

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`; fits each component."""
        for component in (self.collaborative, self.content, self.popularity):
            component.fit(train, features, rng=rng)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`. The scales are those of the whole catalogue whatever the candidates."""
        weights = self.config.weights
        scores = self.popularity.score(history) * np.float32(weights.popularity)
        for component, weight in self._of_history():
            part = component.score(history)
            part *= weight / reader_scale(part, history)
            scores += part
        return scores if candidates is None else scores[:, candidates]

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, at this history's scales."""
        given: dict[str, NDArray[np.float64]] = {}
        for component, weight in self._of_history():
            scale = reader_scale(component.score(history), history)[0, 0]
            explained = cast(Explainable, component).contributions(history, book_rows)
            for name, part in explained.from_history.items():
                given[name] = part * float(weight / scale)
        popularity = self.popularity.contributions(history, book_rows).constant["popularity"]
        constant = {"popularity": self.config.weights.popularity * popularity}
        return Contributions(history.indices.astype(np.int32), given, constant)

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: collaborative and content scores of the book alone; popularity is left out."""
        history = single_histories(book_rows, self.n_books)
        scores = np.zeros((book_rows.size, self.n_books), dtype=np.float32)
        for component, weight in self._of_history():
            part = component.score(history)
            scores += part * (weight / reader_scale(part, history))
        mask_seen(scores, history)
        return top_k(scores, k)

    def _of_history(self) -> tuple[tuple[Recommender, np.float32], ...]:
        weights = self.config.weights
        return (
            (self.collaborative, np.float32(weights.collaborative)),
            (self.content, np.float32(weights.content)),
        )

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`; the components' arrays are named after them."""
        return {
            f"{name}.{key}": array
            for name in ("collaborative", "content", "popularity")
            for key, array in getattr(self, name).state().items()
        }

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        for name in ("collaborative", "content", "popularity"):
            component: Recommender = getattr(model, name)
            of_component = {
                key.removeprefix(f"{name}."): array
                for key, array in state.items()
                if key.startswith(f"{name}.")
            }
            setattr(model, name, type(component).from_state(component.config, of_component))
        return model


def reader_scale(scores: NDArray[np.float32], history: csr_array) -> NDArray[np.float32]:
    """What a component's scores are divided by: the largest score of an unread book, or 1 if none is positive.

    Returns:
        `float32[n, 1]`, positive.
    """
    unread = scores.copy()
    mask_seen(unread, history)
    largest = unread.max(axis=1, keepdims=True)
    return np.where(largest > 0, largest, np.float32(1))
