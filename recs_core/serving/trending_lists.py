"""What is read now: the most read books of the last day, week, month or year of the data, or of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Window = Literal["day", "week", "month", "year", "all"]

WINDOWS: Final[tuple[Window, ...]] = ("day", "week", "month", "year", "all")
"""Shortest first."""


@dataclass(frozen=True, slots=True)
class TrendingBook:
    """A book of the list: its row, who read it within the window, and its rank from 1."""

    book_row: int
    readers: int
    rank: int


@dataclass(frozen=True, slots=True)
class TrendingList:
    """What is read within a window, most readers first.

    Args:
        books: the list.
        window: what was counted: what was asked for, or the next longer one that the data has.
        total: how many books could be listed.
    """

    books: list[TrendingBook]
    window: Window
    total: int


class TrendingIndex:
    """The books in the order of each window. Nothing in it changes.

    Args:
        reading: window to `int32[n_books]`, the readers of each book. "all" is always there; of the others those that
            the data have, and one that nobody read in is as if it were absent.
        min_readers: a book that fewer read within a window is as if nobody had.
    """

    def __init__(self, reading: Mapping[str, NDArray[np.int32]], *, min_readers: int = 1) -> None:
        self._lists: dict[Window, tuple[NDArray[np.int32], NDArray[np.int32]]] = {}
        for window in WINDOWS:
            counts = reading.get(window, np.zeros(0, dtype=np.int32))
            counts = np.where(counts < min_readers, 0, counts)
            if window == "all" or counts.any():
                books = _most_read_first(counts, reading["all"])
                self._lists[window] = books, counts[books]

    def best(self, window: Window, *, k: int, allowed: NDArray[np.bool_] | None) -> TrendingList:
        """The k most read books of a window; of equal ones those read more of all time, then the lower row.

        Books that nobody read within the window are not listed.

        Args:
            window: the window, or the shortest: a longer one is taken where the data has none of it.
            k: length of the list.
            allowed: `bool[n_books]`, which books may be listed; all where None.
        """
        used = next(longer for longer in WINDOWS[WINDOWS.index(window) :] if longer in self._lists)
        books, readers = self._lists[used]
        if allowed is not None:
            kept = allowed[books]
            books, readers = books[kept], readers[kept]
        pairs = zip(books[:k].tolist(), readers[:k].tolist(), strict=True)
        ranked = [TrendingBook(book, count, rank) for rank, (book, count) in enumerate(pairs, 1)]
        return TrendingList(ranked, used, books.size)


def _most_read_first(readers: NDArray[np.integer], ever: NDArray[np.integer]) -> NDArray[np.int32]:
    read = np.flatnonzero(readers)
    return read[np.lexsort((read, -ever[read], -readers[read]))].astype(np.int32)
