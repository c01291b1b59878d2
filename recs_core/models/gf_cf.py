"""GF-CF: the linear and the ideal low-pass filter of the graph of readers and books, side by side.

Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array

from recs_core.models.base import ModelConfig
from recs_core.models.graph_filter import GraphFilterConfig, GraphFilterModel
from recs_core.models.registry import register


class GFCFConfig(GraphFilterConfig):
    """The paper's own setting is exponents of 0.5, 256 factors and an alpha of 0.3."""

    alpha: float = Field(0.1, ge=0, description="weight of the ideal low-pass filter beside the linear one")


@register
class GFCF(GraphFilterModel):
    """`history @ (R~^T R~ + alpha D^-b V V^T D^b)`; for the letters see `graph_filter`."""

    kind: ClassVar[str] = "gf_cf"
    Config: ClassVar[type[ModelConfig]] = GFCFConfig
    config: GFCFConfig

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        scores = self.low_pass.filter(history)
        scores *= np.float32(self.config.alpha)
        scores += self.graph.smooth(history)
        return scores if candidates is None else scores[:, candidates]
