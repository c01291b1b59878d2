"""How much each book is read, of late and ever: counted when the bundle is made, so that a server looks it up.

Windows end at the newest interaction, not today: the same data give the same counts on any day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recs_core.data.interactions import InteractionSet

EVER: Final = "all"
"""The window of all interactions, with or without a time."""

WINDOWS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Window to its length in days."""


def newest_time(history: InteractionSet) -> np.datetime64 | None:
    """The time of the newest interaction, `datetime64[s]`; None where no interaction has a time."""
    if history.times is None or bool(np.isnat(history.times).all()):
        return None
    newest: np.datetime64 = np.nanmax(history.times)
    return newest


def reading_counts(history: InteractionSet) -> dict[str, NDArray[np.int32]]:
    """How many readers of each book there were in each window, `int32[n_books]`.

    An interaction is in a window if it is less than the window's length older than the newest. `EVER` is always
    there; the others are where any interaction has a time, and do not count those that have none.
    """
    counts = {EVER: history.book_counts}
    newest = newest_time(history)
    if newest is not None and history.times is not None:
        for name, days in WINDOWS.items():
            # a missing time is not after anything
            within = history.times > newest - np.timedelta64(days, "D")
            counts[name] = np.bincount(history.matrix.indices[within], minlength=len(history.books))
    return {name: count.astype(np.int32) for name, count in counts.items()}


def reading_arrays(counts: Mapping[str, NDArray[np.int32]], prefix: str) -> dict[str, NDArray[Any]]:
    """Counts as named arrays."""
    return {f"{prefix}{name}": count for name, count in counts.items()}


def reading_from_arrays(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[np.int32]]:
    """What `reading_arrays` named, without a copy, the shortest window first and `EVER` last.

    Raises:
        KeyError: the counts of all interactions are missing.
    """
    there = [name for name in WINDOWS if f"{prefix}{name}" in arrays]
    return {name: arrays[f"{prefix}{name}"] for name in (*there, EVER)}
