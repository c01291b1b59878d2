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
            many read it; RULE, a rule of the shop adds or takes it; OTHER, the sum of all smaller parts.
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
    labels, amounts = _labelled(parts)
    order = np.argsort(-np.abs(amounts), axis=1, kind="stable")[:, :first]
    everything = []
    for line, chosen in zip(amounts, order, strict=True):
        reasons = []
        for place in chosen[line[chosen] != 0]:
            kind, book_row, rule = labels[place]
            reasons.append(Reason(kind, book_row, float(line[place]), rule))
        # subtracting instead of adding the others keeps the sum exact
        rest = float(line.sum() - line[chosen].sum())
        if np.count_nonzero(line) > len(reasons):
            reasons.append(Reason("OTHER", None, rest))
        everything.append(reasons)
    return everything


def _labelled(
    parts: Contributions,
) -> tuple[list[tuple[ReasonKind, int | None, str | None]], NDArray[np.float64]]:
    """What each reason is, and its amounts, `float64[m, reasons]`."""
    given: dict[ReasonKind, NDArray[np.float64]] = {}
    for name, block in parts.from_history.items():
        kind = _KINDS[part_kind(name)]
        given[kind] = given[kind] + block if kind in given else block
    constant: dict[tuple[ReasonKind, str | None], NDArray[np.float64]] = {}
    for name, column in parts.constant.items():
        kind = _KINDS[part_kind(name)]
        key = (kind, name.partition(":")[0] if kind == "RULE" else None)
        constant[key] = constant[key] + column if key in constant else column
    labels: list[tuple[ReasonKind, int | None, str | None]] = []
    for kind in given:
        labels += [(kind, row, None) for row in parts.history.tolist()]
    labels += [(kind, None, rule) for kind, rule in constant]
    blocks = [*given.values(), *(column[:, None] for column in constant.values())]
    return labels, np.hstack(blocks)
