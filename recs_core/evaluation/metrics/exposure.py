"""How the lists of all users together treat the catalogue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recs_core.evaluation.metrics.registry import exposure_metric


@exposure_metric(
    "coverage", "share of all books that are in anyone's first k", source="Ge et al., RecSys 2010"
)
def coverage(exposure: NDArray[np.integer]) -> float:
    """See the registration."""
    return float(np.count_nonzero(exposure) / exposure.size)


@exposure_metric(
    "gini",
    "Gini coefficient of how often each book of the catalogue is listed: 0 where all are equally often, near 1 where "
    "one is alone",
    source="Gini, 1912; for recommendations Fleder and Hosanagar, Management Science 2009",
    better="lower",
)
def gini(exposure: NDArray[np.integer]) -> float:
    """See the registration."""
    ordered = np.sort(exposure).astype(np.float64)
    total = ordered.sum()
    if not total:
        return 0.0
    ranks = np.arange(1, ordered.size + 1)
    return float(((2 * ranks - ordered.size - 1) @ ordered) / (ordered.size * total))
