"""Which interactions count as "this reader likes this book": what models learn from and are judged on."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def likes(interactions: pa.Table, *, min_value: float, keep_unrated: bool) -> pa.Table:
    """The interactions that count, in their order.

    Args:
        interactions: a table with the column `value`, null where no value was given.
        min_value: a lower value does not count.
        keep_unrated: whether an interaction without a value counts.
    """
    enough = pc.greater_equal(interactions["value"], pa.scalar(min_value, pa.float32()))
    return interactions.filter(pc.fill_null(enough, keep_unrated))
