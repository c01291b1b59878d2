"""Which interactions count as "this reader likes this book", and how sure that is: what models learn from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.errors import ParameterError


def likes(interactions: pa.Table, *, min_value: float, keep_unrated: bool) -> pa.Table:
    """The interactions that count, in their order; the same table where all do.

    Args:
        interactions: a table with the column `value`, null where no value was given.
        min_value: a lower value does not count.
        keep_unrated: whether an interaction without a value counts.
    """
    enough = pc.greater_equal(interactions["value"], pa.scalar(min_value, pa.float32()))
    kept = pc.fill_null(enough, keep_unrated)
    return interactions if pc.all(kept).as_py() else interactions.filter(kept)


def confidence_weights(
    liked: pa.Table, *, min_value: float, slope: float, unrated: float
) -> NDArray[np.float32] | None:
    """How sure it is that each interaction is a like (Hu, Koren and Volinsky, ICDM 2008, section 4).

    Args:
        liked: what `likes` gave.
        min_value: the value of least confidence, whose weight is 1.
        slope: how much each step of the value above it adds.
        unrated: the weight of an interaction without a value.

    Returns:
        `float32[n]`: 1 + slope * (value - min_value), or `unrated`; None where every weight would be 1.

    Raises:
        ParameterError: a weight could be 0 or less.
    """
    if slope < 0:
        raise ParameterError(f"data.confidence.slope is {slope}; it must be at least 0")
    if unrated <= 0:
        raise ParameterError(f"data.confidence.unrated is {unrated}; it must be above 0")
    if slope == 0 and unrated == 1:
        return None
    value = liked["value"].to_numpy()
    return np.where(np.isnan(value), unrated, 1 + slope * (value - min_value)).astype(np.float32)
