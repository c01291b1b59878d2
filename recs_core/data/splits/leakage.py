"""The check that nothing held out is given away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.data.interactions import InteractionRows, InteractionSet
from recs_core.data.splits.split import Split
from recs_core.errors import DataError

FOUND_AT_ONCE = 2**20
"""How many interactions of a part are looked up at once."""


@dataclass(frozen=True)
class Promises:
    """What a strategy keeps beyond disjoint parts.

    Args:
        order: "global": everything in train is before anything in validation, and that before anything in test;
            "per_user": so it is among the interactions of each user; "none": times have no part in it.
        gap_days: with "global", the days between train and what follows.
        held_out_users: no user of validation or test is in train, and none is in both.
        history: every user with a truth has a history to be asked with.
    """

    order: Literal["none", "per_user", "global"] = "none"
    gap_days: int = 0
    held_out_users: bool = False
    history: bool = True


def assert_no_leakage(split: Split, rows: InteractionRows, promises: Promises) -> None:
    """Check a split against the interactions that it was made of.

    It looks at the finished parts only, so that it finds what went wrong wherever it did.

    Args:
        split: the parts.
        rows: all interactions, with times where `promises.order` is not "none".
        promises: what the strategy keeps.

    Raises:
        DataError: parts overlap, hold what is not in the data, or a promise is broken; every fault is named with
            its count.
    """
    faults = list(_overlaps(split, rows))
    if promises.order == "global":
        faults += _global_order(split, rows, gap=np.timedelta64(promises.gap_days, "D"))
    if promises.order == "per_user":
        faults += _order_of_each_user(split, rows)
    if promises.held_out_users:
        faults += _held_out_users(split)
    if promises.history:
        faults += _histories(split)
    if faults:
        raise DataError("the split leaks: " + "; ".join(faults))


def _overlaps(split: Split, rows: InteractionRows) -> Iterator[str]:
    keys = rows.keys
    # one bit a part for every interaction of the data
    marks = np.zeros(len(rows), dtype=np.uint8)
    invented: dict[str, NDArray[np.int64]] = {}
    for bit, (name, part) in enumerate(split.parts().items()):
        of_part = part.keys
        places, found = _find(of_part, keys)
        marks[places] |= np.uint8(1 << bit)
        invented[name] = of_part[~found]
    for (bit, one), (other_bit, other) in combinations(enumerate(invented), 2):
        both = np.uint8(1 << bit | 1 << other_bit)
        shared = int(np.count_nonzero((marks & both) == both))
        shared += np.intersect1d(invented[one], invented[other], assume_unique=True).size
        if shared:
            yield f"{shared:,} interactions are in both {one} and {other}"
    for name, unknown in invented.items():
        if unknown.size:
            yield f"{unknown.size:,} interactions of {name} are not in the data"


def _find(wanted: NDArray[np.int64], keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The places in `keys`, which ascend, of those wanted that are there; and which are there, `bool[n]`."""
    places = np.empty(wanted.size, dtype=np.int64)
    found = np.empty(wanted.size, dtype=np.bool_)
    # bit by bit, for the sake of memory
    for start in range(0, wanted.size, FOUND_AT_ONCE):
        span = slice(start, start + FOUND_AT_ONCE)
        places[span] = np.searchsorted(keys[:-1], wanted[span])
        found[span] = keys[places[span]] == wanted[span]
    return (places if found.all() else places[found]), found


def _global_order(split: Split, rows: InteractionRows, *, gap: np.timedelta64) -> Iterator[str]:
    train, validation, test = (_timed(part, rows)[1] for part in (split.train, split.validation, split.test))
    cut = min(validation.min(), test.min()) - gap
    late = int(np.count_nonzero(train >= cut))
    if late:
        yield f"{late:,} interactions of train are not before the cut at {cut}"
    late = int(np.count_nonzero(validation >= test.min()))
    if late:
        yield f"{late:,} interactions of validation are not before the test, which begins at {test.min()}"


def _order_of_each_user(split: Split, rows: InteractionRows) -> Iterator[str]:
    # when what follows a part begins for each user: never, until something is found
    first = np.full(len(rows.users), np.datetime64(np.iinfo(np.int64).max, "s"))
    for name, follows in (("validation", "test"), ("train", "validation")):
        np.minimum.at(first, *_timed(split.parts()[follows], rows))
        users, times = _timed(split.parts()[name], rows)
        late = int(np.count_nonzero(times > first[users]))
        if late:
            yield f"{late:,} interactions of {name} are later than what is held out of their user after it"


def _held_out_users(split: Split) -> Iterator[str]:
    reads = {name: part.user_counts > 0 for name, part in split.parts().items()}
    for name in ("validation", "test", "fold_in"):
        users = int(np.count_nonzero(reads[name] & reads["train"]))
        if users:
            yield f"{users:,} held-out users of {name} are in train"
    users = int(np.count_nonzero(reads["validation"] & reads["test"]))
    if users:
        yield f"{users:,} users are held out for both validation and test"


def _histories(split: Split) -> Iterator[str]:
    # what models are asked with: `Split.known_before_validation` and `known_before_test`
    before_validation = split.train.user_counts + split.fold_in.user_counts
    asked = {
        "validation": (split.validation, before_validation),
        "test": (split.test, before_validation + split.validation.user_counts),
    }
    for name, (truth, known) in asked.items():
        users = int(np.count_nonzero((truth.user_counts > 0) & (known == 0)))
        if users:
            yield f"{users:,} users of {name} have no history"


def _timed(part: InteractionSet, rows: InteractionRows) -> tuple[NDArray[np.int32], NDArray[np.datetime64]]:
    """User row and time of each interaction of a part that is in the data."""
    if rows.times is None:
        raise DataError("the order of a split can only be checked with times")
    found, _ = _find(part.keys, rows.keys)
    return rows.user_rows[found], rows.times[found]
