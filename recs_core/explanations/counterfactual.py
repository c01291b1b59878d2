"""What a score would be without a book of the history: what the explanation says, and what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.models.base import BATCH, Contributions, part_kind


class ExplainableScores(Protocol):
    """A `Recommender` that is `Explainable`."""

    linear_in_history: ClassVar[bool]

    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """See `Recommender.score`."""
        ...

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`."""
        ...


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One book of the history taken away.

    Args:
        book_row: the book of the history.
        said: by how much the score falls as the explanation says: what the book gives to it.
        true: by how much it falls when the shorter history is scored. Equal to `said`, but for rounding, where
            `exact`.
        exact: the model is linear in the history. Elsewhere the other books count differently when one is gone:
            a hybrid's scales, a reader's neighbours, the factors of ALS; `said` is then an approximation.
    """

    book_row: int
    said: float
    true: float
    exact: bool


def counterfactuals(
    model: ExplainableScores,
    history: csr_array,
    book_row: int,
    *,
    first: int,
    are_enough: Callable[[int, int], bool] = lambda book_row, other_row: True,
) -> list[Counterfactual]:
    """What a book's score would lose with each of the books that give most to it, the largest amount first.

    Args:
        model: the model that scored.
        history: `float32[1, n_books]`.
        book_row: the scored book.
        first: how many books of the history to take away, one at a time.
        are_enough: whether of two books so many readers read both that it may be told; a book that gives by its
            readers is passed over where they are not.
    """
    asked = np.array([book_row], dtype=np.int32)
    blocks = model.contributions(history, asked).from_history
    said = np.sum([block[0] for block in blocks.values()], axis=0) if blocks else np.zeros(history.nnz)
    of_readers = [block[0] != 0 for name, block in blocks.items() if part_kind(name) == "collaborative"]
    needs_readers = np.any(of_readers, axis=0) if of_readers else np.zeros(history.nnz, dtype=np.bool_)
    order = np.argsort(-np.abs(said), kind="stable")
    told = (
        place
        for place in order
        if not needs_readers[place] or are_enough(int(history.indices[place]), book_row)
    )
    places = np.fromiter(islice(told, first), dtype=np.intp)
    score = float(model.score(history, asked)[0, 0])
    shorter = without_each(history, places)
    after = [
        model.score(shorter[start : start + BATCH], asked)[:, 0] for start in range(0, places.size, BATCH)
    ]
    lost = score - np.concatenate(after).astype(np.float64) if after else np.empty(0)
    return [
        Counterfactual(int(history.indices[place]), float(said[place]), float(true), model.linear_in_history)
        for place, true in zip(places, lost, strict=True)
    ]


def without_each(history: csr_array, places: NDArray[np.integer]) -> csr_array:
    """The history without one of its books, once for each of `places` in its indices: `float32[m, n_books]`."""
    size = history.nnz
    kept = np.arange(size) != places[:, None]
    indices = np.broadcast_to(history.indices, kept.shape)[kept]
    data = np.broadcast_to(history.data, kept.shape)[kept]
    indptr = np.arange(places.size + 1) * max(0, size - 1)
    return csr_array((data, indices, indptr), shape=(places.size, history.shape[1]))
