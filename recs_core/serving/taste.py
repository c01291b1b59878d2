"""Fold-in: what is known of a reader's taste, from the bundle and from a moment ago, as one history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD, IdMap
from recs_core.errors import ParameterError

Event: TypeAlias = tuple[str, float]
"""A book id and what it says: above 0 a value of the history, 1 for a plain read; below 0 a dislike."""


@dataclass(frozen=True)
class Taste:
    """What a reader likes and dislikes.

    Args:
        history: `float32[1, n_books]`, sorted indices.
        disliked: `int32[d]`, book rows, ascending; none of them in the history.
        unknown_ids: books of the events that are not served, in their order, each once.
    """

    history: csr_array
    disliked: NDArray[np.int32]
    unknown_ids: tuple[str, ...] = ()


def fold_in(known: csr_array, events: Iterable[Event], books: IdMap) -> Taste:
    """Add events to a history.

    Of several events of one book the last counts. A liked book that the history has keeps the larger value, as
    `InteractionSet.union` has it. A disliked book leaves the history: it says nothing of what the reader likes. How
    far below 0 a dislike is makes no difference.

    Args:
        known: `float32[1, n_books]`, the history so far.
        events: in the order in which they happened.
        books: the id map of the history's columns.

    Raises:
        ParameterError: a weight is 0 or no finite number.
    """
    # the last event of a book, in the order of the last events
    last: dict[str, float] = {}
    for book_id, weight in events:
        if weight == 0 or not math.isfinite(weight):
            raise ParameterError(
                f"the weight of book {book_id!r} is {weight}: give a positive one for a book that was liked, a "
                "negative one for a dislike, and leave out a book that says nothing"
            )
        last.pop(book_id, None)
        last[book_id] = weight
    if not last:
        return Taste(known, np.empty(0, dtype=np.int32))
    ids = list(last)
    rows = books.rows(ids, missing="pad")
    values = dict(zip(known.indices.tolist(), known.data.tolist(), strict=True))
    disliked = []
    for row, weight in zip(rows.tolist(), last.values(), strict=True):
        if row == PAD:
            continue
        if weight > 0:
            values[row] = max(weight, values.get(row, 0.0))
        else:
            values.pop(row, None)
            disliked.append(row)
    unknown = tuple(book_id for book_id, row in zip(ids, rows.tolist(), strict=True) if row == PAD)
    return Taste(_history(values, len(books)), np.array(sorted(disliked), dtype=np.int32), unknown)


def session_events(
    book_ids: Sequence[str], weights: Sequence[float] | None, dislikes: Sequence[str]
) -> list[Event]:
    """The events of an anonymous session; a book has the weight 1 where no weights are given.

    Raises:
        ParameterError: there are not as many weights as books.
    """
    if weights is not None and len(weights) != len(book_ids):
        raise ParameterError(f"{len(weights)} weights are given for {len(book_ids)} books")
    liked = zip(book_ids, weights if weights is not None else [1.0] * len(book_ids), strict=True)
    return [*liked, *((book_id, -1.0) for book_id in dislikes)]


def _history(values: dict[int, float], n_books: int) -> csr_array:
    rows = np.array(sorted(values), dtype=np.int32)
    data = np.array([values[row] for row in rows.tolist()], dtype=np.float32)
    indptr = np.array([0, rows.size], dtype=np.int32)
    return csr_array((data, rows, indptr), shape=(1, n_books))
