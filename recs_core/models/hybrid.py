"""Hybrid: a weighted sum of any models that can explain themselves.

Weighted hybridisation (Burke, "Hybrid Recommender Systems", UMUAI 12, 2002). For each reader a component's
scores are divided by the mean of its best 20 of unread books, so that the best of each component come to about
1 whatever the length of the history, and the weights mean what they say. On the validation part of Book-
Crossing that ranks better than the largest score as the scale, and about as well as the standard deviation or
the Euclidean length, which leave the components on scales of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints, field_validator
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.features.content import ContentFeatures
from recs_core.models.base import (
    RULE,
    Contributions,
    Explainable,
    ModelConfig,
    Recommender,
    mask_seen,
    single_histories,
)
from recs_core.models.blending import reader_scale, scale_of_all, weights_by_history
from recs_core.models.popularity import Popularity
from recs_core.models.registry import ModelSpec, build_model, register

COLD_START = f"cold_start:{RULE}"
"""The part of a score that the cold-start rule adds or takes."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Component(ModelConfig):
    """A model of the blend."""

    kind: str
    config: dict[str, Any] = {}
    weight: float = Field(ge=0, description="how much it counts; 0: it is fitted but not asked")


class ColdStart(ModelConfig):
    """How collaborative components give way to the others where a history is short."""

    half: float = Field(
        0.25,
        ge=0,
        description="books of a history at which collaborative weights count by half; 0: no such rule",
    )


class HybridConfig(ModelConfig):
    """The components and how much each counts."""

    components: dict[Name, Component] = Field(
        {
            "collaborative": Component(kind="rp3beta", weight=0.4),
            "content": Component(kind="content", weight=0.4),
            "popularity": Component(kind="popularity", weight=0.2),
        },
        min_length=1,
    )
    cold_start: ColdStart = ColdStart()

    @field_validator("components")
    @classmethod
    def _can_be_blended(cls, components: dict[str, Component]) -> dict[str, Component]:
        for name, component in components.items():
            if component.kind == Hybrid.kind:
                raise ValueError(f"{name}: a hybrid is no component of a hybrid; name its components here")
            if not isinstance(build_component(name, component), Explainable):
                raise ValueError(f"{name}: {component.kind!r} cannot explain its scores, nor then the hybrid")
        if not any(component.weight for component in components.values()):
            raise ValueError("every weight is 0")
        return components


def build_component(name: str, component: Component) -> Recommender:
    """The unfitted model of a component."""
    return build_model(ModelSpec(kind=component.kind, config=component.config), where=name)


@register
class Hybrid(Recommender):
    """score = the sum of weight x component / scale, with a scale and weights of the reader's own."""

    kind: ClassVar[str] = "hybrid"
    Config: ClassVar[type[ModelConfig]] = HybridConfig
    config: HybridConfig

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        # in the order of names: JSON does not keep another, and sums of floats depend on it
        self.components = {
            name: build_component(name, component)
            for name, component in sorted(self.config.components.items())
        }

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return next(iter(self.components.values())).n_books

    @property
    def weights(self) -> dict[str, float]:
        """What each component counts that counts at all."""
        configured = {name: self.config.components[name].weight for name in self.components}
        return {name: weight for name, weight in configured.items() if weight > 0}

    def reweighted(self, weights: Mapping[str, float], added: Mapping[str, Recommender]) -> Self:
        """A hybrid of the same fitted components, which are shared and not copied, and of `added`.

        Args:
            weights: of every component, those of `added` among them.
            added: more fitted components, by names that are not taken.
        """
        configured = self.config.components | {
            name: Component(kind=model.kind, config=model.config.model_dump(), weight=0)
            for name, model in added.items()
        }
        components = {
            name: component.model_copy(update={"weight": weights[name]})
            for name, component in configured.items()
        }
        other = type(self)(HybridConfig(components=components, cold_start=self.config.cold_start))
        fitted = self.components | dict(added)
        other.components = {name: fitted[name] for name in other.components}
        return other

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`; fits each component."""
        for component in self.components.values():
            component.fit(train, features, rng=rng)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`. The scales are those of the whole catalogue whatever the candidates."""
        scores, _ = self.score_scaled(history)
        return scores if candidates is None else scores[:, candidates]

    def score_scaled(self, history: csr_array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Scaled.score_scaled`: a scale for each component that counts, in the order of their names."""
        weights = self._weights_of(history)
        scales = np.empty(weights.shape, dtype=np.float32)
        scores = None
        for place, name in enumerate(self.weights):
            part, scales[:, place] = self._weighed(self.components[name], weights[:, place], history)
            scores = part if scores is None else np.add(scores, part, out=scores)
        if scores is None:
            scores = np.zeros((history.shape[0], self.n_books), dtype=np.float32)
        return scores, scales

    @staticmethod
    def _weighed(
        model: Recommender, weights: NDArray[np.float64], history: csr_array
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A component's scores at its scale and the readers' weights, and that scale."""
        if isinstance(model, Popularity):
            scales = scale_of_all(model.popularity, model.leading, history)
            if scales is not None:
                return model.popularity * (weights / scales).astype(np.float32)[:, None], scales
        part = model.score(history)
        scales = reader_scale(part, history)
        part *= (weights / scales).astype(np.float32)[:, None]
        return part, scales

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, at this history's scales."""
        _, scales = self.score_scaled(history)
        return self.contributions_at(history, book_rows, scales)

    def contributions_at(
        self, history: csr_array, book_rows: NDArray[np.int32], scales: NDArray[np.float32]
    ) -> Contributions:
        """See `Scaled.contributions_at`.

        Components give what they would with the weights of the configuration; what the cold-start rule makes of it
        is a part of its own.
        """
        given: dict[str, NDArray[np.float64]] = {}
        constant: dict[str, NDArray[np.float64]] = {}
        moved = np.zeros(book_rows.size)
        of_reader = self._weights_of(history)[0]
        for place, (name, weight) in enumerate(self.weights.items()):
            parts = cast(Explainable, self.components[name]).contributions(history, book_rows)
            scale = float(scales[0, place])
            for kind, block in parts.from_history.items():
                given[f"{name}:{kind}"] = block * (weight / scale)
            for kind, column in parts.constant.items():
                constant[f"{name}:{kind}"] = column * (weight / scale)
            moved += parts.total() * ((of_reader[place] - weight) / scale)
        if self.config.cold_start.half > 0:
            constant[COLD_START] = moved
        return Contributions(history.indices.astype(np.int32), given, constant)

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the scores for who has read the book alone; popularity is left out."""
        history = single_histories(book_rows, self.n_books)
        scores = np.zeros((book_rows.size, self.n_books), dtype=np.float32)
        for name, weight in self.weights.items():
            if self.components[name].evidence != "popularity":
                part = self.components[name].score(history)
                scores += part * (np.float32(weight) / reader_scale(part, history))[:, None]
        mask_seen(scores, history)
        return top_k(scores, k)

    def _weights_of(self, history: csr_array) -> NDArray[np.float64]:
        """How much each component that counts does for each reader, `float64[n, c]`."""
        weights = self.weights
        collaborative = [self.components[name].evidence == "collaborative" for name in weights]
        return weights_by_history(
            np.array(list(weights.values())),
            np.array(collaborative, dtype=np.bool_),
            np.diff(history.indptr),
            half=self.config.cold_start.half,
        )

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`; the components' arrays are named after them."""
        return {
            f"{name}.{key}": array
            for name, component in self.components.items()
            for key, array in component.state().items()
        }

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        for name, component in model.components.items():
            of_component = {
                key.removeprefix(f"{name}."): array
                for key, array in state.items()
                if key.startswith(f"{name}.")
            }
            model.components[name] = type(component).from_state(component.config, of_component)
        return model
