"""Why a book was recommended: amounts that add up to its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.models.base import Explainable

ReasonKind = Literal["COLLABORATIVE", "CONTENT", "POPULARITY", "OTHER"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score.

    Args:
        kind: COLLABORATIVE, readers of `book_row` read this too; CONTENT, it is like `book_row`; POPULARITY,
            many read it; OTHER, the sum of all smaller parts.
        book_row: the book of the history that gives it; None for POPULARITY and OTHER.
        amount: how much of the score.
    """

    kind: ReasonKind
    book_row: int | None
    amount: float


_KINDS: dict[str, ReasonKind] = {
    "collaborative": "COLLABORATIVE",
    "content": "CONTENT",
    "popularity": "POPULARITY",
}


def explain(
    model: Explainable,
    history: csr_array,
    book_rows: NDArray[np.int32],
    *,
    first: int,
) -> list[list[Reason]]:
    """The reasons of each book, largest first, summing to its score.

    Args:
        model: the model that scored.
        history: `float32[1, n_books]`.
        book_rows: `int32[m]`.
        first: how many reasons to name a book; the rest is summed up in one more, OTHER.

    Returns:
        A list a book.
    """
    parts = model.contributions(history, book_rows)
    labels: list[tuple[ReasonKind, int | None]] = []
    blocks = []
    for name, block in parts.from_history.items():
        labels += [(_KINDS[name], int(row)) for row in parts.history]
        blocks.append(block)
    for name, column in parts.constant.items():
        labels.append((_KINDS[name], None))
        blocks.append(column[:, None])
    amounts = np.hstack(blocks)
    order = np.argsort(-np.abs(amounts), axis=1, kind="stable")[:, :first]
    everything = []
    for line, chosen in zip(amounts, order, strict=True):
        reasons = []
        for place in chosen[line[chosen] != 0]:
            kind, book_row = labels[place]
            reasons.append(Reason(kind, book_row, float(line[place])))
        # subtracting instead of adding the others keeps the sum exact
        rest = float(line.sum() - line[chosen].sum())
        if np.count_nonzero(line) > len(reasons):
            reasons.append(Reason("OTHER", None, rest))
        everything.append(reasons)
    return everything
