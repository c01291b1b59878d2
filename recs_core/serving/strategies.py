"""Strategies: named ways to make a list of one bundle, each a blend of the model's components and a re-ranking.

A strategy with weights of its own is a hybrid (Burke, "Hybrid Recommender Systems", UMUAI 12, 2002) of the components
that the bundle's hybrid has, shared and not copied, so it costs no memory to speak of, keeps the cold-start rule, and
its parts add up to its scores as those of any hybrid do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recs_core.errors import ParameterError
from recs_core.models.base import Evidence
from recs_core.models.hybrid import Hybrid
from recs_core.models.popularity import Popularity
from recs_core.models.transductive import AnyModel
from recs_core.serving.rerank import RerankConfig


class GroupWeights(BaseModel):
    """How much each kind of evidence counts; 0 leaves it out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: float = Field(ge=0, allow_inf_nan=False, description="What books are like.")
    collaborative: float = Field(ge=0, allow_inf_nan=False, description="What readers have read together.")
    popularity: float = Field(ge=0, allow_inf_nan=False, description="What everybody reads.")

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not any(self.by_evidence.values()):
            raise ValueError("every weight is 0: one at least must be above")
        return self

    @property
    def by_evidence(self) -> dict[Evidence, float]:
        """The weights by what the components of a group rest on."""
        return {
            "content": self.content,
            "collaborative": self.collaborative,
            "popularity": self.popularity,
        }


class StrategyConfig(BaseModel):
    """A named way to make a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    weights: GroupWeights | None = Field(None, description="null: the bundle's own model, as it was tuned")
    rerank: RerankConfig = Field(
        RerankConfig(), description="how lists are re-ranked where a request is silent"
    )


TUNED: Final = "tuned"
"""The strategy that there is where none is configured."""

OWN: Final[Mapping[str, StrategyConfig]] = MappingProxyType(
    {TUNED: StrategyConfig(description="The bundle's own model, as it was tuned.")}
)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy over one bundle.

    Args:
        name: by which requests ask for it.
        config: what was configured.
        model: what scores; the bundle's own where the configuration has no weights.
    """

    name: str
    config: StrategyConfig
    model: AnyModel

    @property
    def is_own(self) -> bool:
        """Whether the bundle's own model scores, so that the bundle's ready lists are its answers."""
        return self.config.weights is None

    def rerank(self, asked: RerankConfig | None) -> RerankConfig:
        """The rules of a list: those that a request asks for, or the strategy's own."""
        return self.config.rerank if asked is None else asked


class Strategies:
    """The strategies over one bundle.

    Args:
        configs: by name.
        default: the one that answers where a request names none.
        model: what the bundle serves.
        popular: popularity over the bundle's histories, for blends whose model has no such component.

    Raises:
        ParameterError: the default is none of them, or cannot be made of the served model.
    """

    def __init__(
        self, configs: Mapping[str, StrategyConfig], default: str, *, model: AnyModel, popular: Popularity
    ) -> None:
        self._strategies: dict[str, Strategy] = {}
        self.refused: dict[str, str] = {}
        """The strategies that cannot be made of the served model, and why: one configuration serves many bundles."""
        for name, config in configs.items():
            try:
                blended = (
                    model if config.weights is None else blend(model, config.weights, popular, name=name)
                )
            except ParameterError as error:
                self.refused[name] = str(error)
            else:
                self._strategies[name] = Strategy(name, config, blended)
        self.default = self.named(default)

    def named(self, name: str | None) -> Strategy:
        """The strategy of a name, or the default for None.

        Raises:
            ParameterError: there is none of that name, or it cannot be made of the served model.
        """
        if name is None:
            return self.default
        if name in self.refused:
            raise ParameterError(self.refused[name])
        try:
            return self._strategies[name]
        except KeyError:
            raise ParameterError(
                f"there is no strategy {name!r}; the strategies are {sorted(self._strategies)}"
            ) from None

    def all(self) -> tuple[Strategy, ...]:
        """Every strategy that can be asked for, in the order of the configuration."""
        return tuple(self._strategies.values())


def blend(model: AnyModel, weights: GroupWeights, popular: Popularity, *, name: str) -> Hybrid:
    """The served hybrid with other weights; its components are shared.

    A group's weight goes to its components in the proportion of their tuned weights, or in equal parts where all of
    these are 0. Popularity is added where the hybrid has none; nothing else could be made without training.

    Args:
        model: what the bundle serves.
        weights: of the groups.
        popular: popularity over the bundle's histories.
        name: of the strategy, for the message.

    Raises:
        ParameterError: the model is no hybrid, or has no component of a group that has a weight.
    """
    way_out = "give the strategy weights: null, or bundle another model (bundle.model in params.yaml)"
    if not isinstance(model, Hybrid):
        raise ParameterError(
            f"strategy {name!r} weighs the components of a hybrid, and the bundle serves {model.kind!r}: {way_out}"
        )
    components = dict(model.components)
    added = {}
    if weights.popularity > 0 and not any(c.evidence == "popularity" for c in components.values()):
        free = "popularity"
        while free in components:
            free += "_"
        added[free] = popular
    tuned = {key: model.config.components[key].weight for key in components} | dict.fromkeys(added, 0.0)
    found: dict[str, float] = {}
    for evidence, share in weights.by_evidence.items():
        group = [key for key, component in (components | added).items() if component.evidence == evidence]
        if share > 0 and not group:
            raise ParameterError(
                f"strategy {name!r} gives {evidence} the weight {share}, and the bundle's hybrid has no such "
                f"component: {way_out}, or give {evidence} the weight 0"
            )
        sum_of_tuned = sum(tuned[key] for key in group)
        for key in group:
            part = tuned[key] / sum_of_tuned if sum_of_tuned > 0 else 1 / len(group)
            found[key] = share * part
    return model.reweighted(found, added)
