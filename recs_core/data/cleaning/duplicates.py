"""Several interactions of one user with one book become one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.data.cleaning.interactions import Gathered
from recs_core.data.dictionaries import Codes

Policy = Literal["last", "max", "sum"]


def sort_pairs(rows: Gathered) -> None:
    """Bring rows into the order of user and book, in place; equal ones stay in the order of reading."""
    keys = rows.users.codes.astype(np.int64)
    keys *= len(rows.books.texts)
    keys += rows.books.codes
    if bool(np.all(keys[:-1] <= keys[1:])):
        return
    order = np.argsort(keys, kind="stable")
    del keys
    _take(rows, order)


def merge_repeats(rows: Gathered, policy: Policy) -> int:
    """Leave one row of each user and book, in place.

    Args:
        rows: sorted by `sort_pairs`.
        policy: "last": the latest by time, and where times are equal or missing by the order of reading; "max": the
            one of the greatest value, an unknown value being the lowest, and of equal ones the latest; "sum": the
            latest, with the sum of the known values and the event of the latest that has one.

    Returns:
        How many rows were merged into another.
    """
    same = _repeats(rows)
    if not same.any():
        return 0
    # all rows of a pair that has several
    several = same.copy()
    several[:-1] |= same[1:]
    places = np.flatnonzero(several)
    group = np.cumsum(~same[places]) - 1
    latest: tuple[NDArray[np.generic], ...] = (places,)
    if rows.time is not None:
        # a missing time is the lowest of all
        latest = (places, rows.time[places])
    value = rows.value[places]
    by_value = (np.where(np.isnan(value), -np.inf, value),) if policy == "max" else ()
    order = np.lexsort((*latest, *by_value, group))
    last = np.append(np.diff(group[order]) != 0, True)
    chosen = places[order[last]]
    if policy == "sum":
        known = ~np.isnan(value)
        sums = np.bincount(group[known], value[known], minlength=chosen.size).astype(np.float32)
        some = np.bincount(group[known], minlength=chosen.size) > 0
        rows.value[chosen] = np.where(some, sums, np.float32(np.nan))
        # the event goes with the value: that of the latest row that has one
        valued = order[known[order]]
        ends = valued[np.append(np.diff(group[valued]) != 0, True)] if valued.size else valued
        rows.event[chosen[group[ends]]] = rows.event[places[ends]]
    keep = ~several
    keep[chosen] = True
    _take(rows, keep)
    return int(places.size - chosen.size)


def _take(rows: Gathered, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> None:
    """Keep some rows, in place: column by column, so that no more than one is there twice."""
    rows.users = Codes(rows.users.texts, rows.users.codes[chosen])
    rows.books = Codes(rows.books.texts, rows.books.codes[chosen])
    rows.value = rows.value[chosen]
    rows.event = rows.event[chosen]
    if rows.time is not None:
        rows.time = rows.time[chosen]


def _repeats(rows: Gathered) -> NDArray[np.bool_]:
    """Which of sorted rows are of the same user and book as the row before, `bool[n]`."""
    same = np.zeros(len(rows), dtype=np.bool_)
    users, books = rows.users.codes, rows.books.codes
    same[1:] = (users[1:] == users[:-1]) & (books[1:] == books[:-1])
    return same
