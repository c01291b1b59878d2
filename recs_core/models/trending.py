"""Trending: what is read now. Popularity in which an interaction counts the less the older it is.

Exponential decay as a weight of interactions: Ding and Li, "Time Weight Collaborative Filtering", CIKM 2005; as a
measure of popularity: Ji, Sun, Zhang and Li, "A Re-visit of the Popularity Baseline in Recommender Systems", SIGIR
2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.errors import DataError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Contributions, ModelConfig, Recommender
from recs_core.models.registry import register

DAY = np.timedelta64(1, "D")


class TrendingConfig(ModelConfig):
    """What counts as now."""

    half_life_days: float = Field(30.0, gt=0, description="age at which an interaction counts by half")
    window_days: float | None = Field(
        None, gt=0, description="older interactions do not count at all; no such limit where null"
    )


@register
class Trending(Recommender):
    """A book's score is log(1 + decayed readers), divided by that of the book that trends most: from 0 to 1.

    Ages are counted from the latest interaction of the training data, not from today, so that the same data give
    the same scores on any day. An interaction without a time does not count.
    """

    kind: ClassVar[str] = "trending"
    Config: ClassVar[type[ModelConfig]] = TrendingConfig
    evidence = "popularity"
    linear_in_history = True
    config: TrendingConfig
    trend: NDArray[np.float32]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.trend.size)

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Recommender.fit`; raises `DataError` where the interactions have no times."""
        readers = decayed_readers(train, self.config)
        self.trend = np.asarray(np.log1p(readers) / np.log1p(readers.max()), dtype=np.float32)
        return self

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        line = self.trend if candidates is None else self.trend[candidates]
        return np.repeat(line[None, :], history.shape[0], axis=0)

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`."""
        constant = self.trend[book_rows].astype(np.float64)
        return Contributions(history.indices.astype(np.int32), {}, {"popularity": constant})

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Recommender.state`."""
        return {"trend": self.trend}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Recommender.from_state`."""
        model = cls(config)
        model.trend = state["trend"]
        return model


def decayed_readers(train: InteractionSet, config: TrendingConfig) -> NDArray[np.float64]:
    """The readers of each book, each counted by 2 ** (-age / half-life), `float64[n_books]`.

    Raises:
        DataError: no interaction has a time.
    """
    if train.times is None or bool(np.isnat(train.times).all()):
        raise DataError(
            "the model 'trending' needs the times of interactions, and these have none: "
            "choose a source that has times, or the model 'popularity'"
        )
    known = ~np.isnat(train.times)
    ages = (train.times[known].max() - train.times[known]) / DAY
    weights = np.exp2(-ages / config.half_life_days)
    if config.window_days is not None:
        weights[ages > config.window_days] = 0
    decayed = np.bincount(train.matrix.indices[known], weights=weights, minlength=len(train.books))
    return np.asarray(decayed, dtype=np.float64)
