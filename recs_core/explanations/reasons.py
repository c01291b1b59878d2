"""Why a book was recommended: amounts that add up to its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.models.base import RULE, Contributions, part_kind

ReasonKind = Literal["COLLABORATIVE", "CONTENT", "POPULARITY", "RULE", "OTHER"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score.

    Args:
        kind: COLLABORATIVE, readers of `book_row` read this too; CONTENT, it is like `book_row`; POPULARITY,
            many read it; RULE, a rule of the shop adds or takes it; OTHER, the sum of all other parts.
        book_row: the book of the history that gives it; None for POPULARITY, RULE and OTHER.
        amount: how much of the score.
        rule: the name of a RULE; None for the other kinds.
    """

    kind: ReasonKind
    book_row: int | None
    amount: float
    rule: str | None = None


_KINDS: dict[str, ReasonKind] = {
    "collaborative": "COLLABORATIVE",
    "content": "CONTENT",
    "popularity": "POPULARITY",
    RULE: "RULE",
}


def reasons_of(parts: Contributions, *, first: int) -> list[list[Reason]]:
    """The reasons of each book, largest first, summing to its score.

    What several components of one kind make of one book of the history is one reason; a rule is one by itself.

    Args:
        parts: what the scores are made of.
        first: how many reasons to name a book; the rest is summed up in one more, OTHER.

    Returns:
        A list a book.
    """
    sources, amounts = _grouped(parts)
    order = np.argsort(-np.abs(amounts), axis=1, kind="stable")[:, :first]
    largest = np.take_along_axis(amounts, order, axis=1)
    # subtracting instead of adding the others keeps the sum exact
    rests = (amounts.sum(axis=1) - largest.sum(axis=1)).tolist()
    counts = np.count_nonzero(amounts, axis=1).tolist()
    everything = []
    for places, values, rest, count in zip(order.tolist(), largest.tolist(), rests, counts, strict=True):
        reasons = [
            sources.reason(place, amount) for place, amount in zip(places, values, strict=True) if amount
        ]
        if count > len(reasons):
            reasons.append(Reason("OTHER", None, rest))
        everything.append(reasons)
    return everything


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the columns of amounts are of: each book of the history, kind after kind; then what does not depend on it.

    Args:
        kinds: of what the history gives.
        history: `int32[h]`, book rows.
        constant: kind, and name where it is a RULE, of the other columns.
    """

    kinds: list[ReasonKind]
    history: NDArray[np.int32]
    constant: list[tuple[ReasonKind, str | None]]

    def reason(self, place: int, amount: float) -> Reason:
        """The reason that a column is."""
        given = len(self.kinds) * self.history.size
        if place < given:
            kind, book = divmod(place, self.history.size)
            return Reason(self.kinds[kind], int(self.history[book]), amount)
        of_constant, rule = self.constant[place - given]
        return Reason(of_constant, None, amount, rule)


def _grouped(parts: Contributions) -> tuple[_Sources, NDArray[np.float64]]:
    """What the reasons could be, and their amounts, `float64[m, reasons]`."""
    given: dict[ReasonKind, NDArray[np.float64]] = {}
    for name, block in parts.from_history.items():
        kind = _KINDS[part_kind(name)]
        given[kind] = given[kind] + block if kind in given else block
    constant: dict[tuple[ReasonKind, str | None], NDArray[np.float64]] = {}
    for name, column in parts.constant.items():
        kind = _KINDS[part_kind(name)]
        key = (kind, name.partition(":")[0] if kind == "RULE" else None)
        constant[key] = constant[key] + column if key in constant else column
    blocks = [*given.values(), *(column[:, None] for column in constant.values())]
    return _Sources(list(given), parts.history, list(constant)), np.hstack(blocks)
