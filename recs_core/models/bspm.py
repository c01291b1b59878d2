"""BSPM: histories are blurred along the graph of readers and books, then sharpened.

Choi et al., "Blurring-Sharpening Process Models for Collaborative Filtering", SIGIR 2023. Blurring is one Euler
step of the heat equation over a time of 1, `history @ R~^T R~`, and beside it the ideal low-pass filter of GF-CF;
sharpening is dS/dt = -S R~^T R~, by Euler's method. Every step is linear in the history, and so is the whole.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.models.base import ModelConfig
from recs_core.models.graph_filter import GraphFilterConfig, GraphFilterModel
from recs_core.models.registry import register


class BSPMConfig(GraphFilterConfig):
    """How much is blurred and sharpened."""

    beta: float = Field(0.1, ge=0, description="weight of the ideal low-pass filter beside the heat equation")
    sharpening_time: float = Field(
        0.7,
        ge=0,
        description="how long the sharpening goes on; a single step of 1 wipes out the smoothest signal",
    )
    sharpening_steps: int = Field(1, gt=0, description="Euler steps of the sharpening")
    merge: Literal["early", "late"] = Field(
        "early", description="whether the ideal low-pass filter is added before the sharpening or after"
    )


@register
class BSPM(GraphFilterModel):
    """`history @ (P + beta ideal) @ (I - time/steps P)^steps` with P = R~^T R~, where the two are merged early."""

    kind: ClassVar[str] = "bspm"
    Config: ClassVar[type[ModelConfig]] = BSPMConfig
    config: BSPMConfig

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        ideal = self.low_pass.filter(history)
        ideal *= np.float32(self.config.beta)
        blurred = self.graph.smooth(history)
        if self.config.merge == "early":
            scores = self._sharpened(blurred + ideal)
        else:
            scores = self._sharpened(blurred) + ideal
        return scores if candidates is None else scores[:, candidates]

    def _sharpened(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        step = np.float32(self.config.sharpening_time / self.config.sharpening_steps)
        for _ in range(self.config.sharpening_steps):
            signals = signals - step * self.graph.smooth(signals)
        return signals
