"""Learning that is watched: the capability of a model to stop where a validation part is served best."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Model

M = TypeVar("M", bound=Model)


class Judge(Protocol):
    """Says how good lists are by interactions that the model does not see; `recs_core.evaluation.judge` has one."""

    @property
    def users(self) -> NDArray[np.int32]:
        """`int32[m]`, the rows of the users whose lists are judged."""
        ...

    @property
    def k(self) -> int:
        """How long the lists must be."""
        ...

    def __call__(self, recs: TopK) -> float:
        """The worth of the lists of `users`, higher is better."""
        ...


@runtime_checkable
class Validated(Protocol):
    """The capability to learn under the eyes of a judge; absent from models that learn at one go."""

    def fit_validated(
        self,
        train: InteractionSet,
        features: ContentFeatures | None,
        *,
        judge: Judge,
        rng: np.random.Generator,
    ) -> Self:
        """Learn from `train` alone, and keep what the judge found best; return self."""
        ...


def fit_model(
    model: M,
    train: InteractionSet,
    features: ContentFeatures | None,
    *,
    judge: Judge,
    rng: np.random.Generator,
) -> M:
    """Fit a model, before a judge if it can make use of one."""
    if isinstance(model, Validated):
        return model.fit_validated(train, features, judge=judge, rng=rng)
    return model.fit(train, features, rng=rng)
