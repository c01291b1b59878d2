"""What is new: the books of the latest publication years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NewArrival:
    """A book of the list: its row, its publication year, and its rank from 1."""

    book_row: int
    year: int
    rank: int


@dataclass(frozen=True, slots=True)
class NewArrivals:
    """Books by falling year.

    Args:
        books: the list.
        total: how many books could be listed.
    """

    books: list[NewArrival]
    total: int


class ArrivalIndex:
    """The books of a known year, newest first; of one year those read more, then the lower row.

    Nothing in it changes, so any number of threads may ask.

    Args:
        years: `float64[n_books]`, each fits `int16`; NaN where one is unknown, and such a book is never listed.
        readers: `int[n_books]`.
    """

    def __init__(self, years: NDArray[np.float64], readers: NDArray[np.integer]) -> None:
        dated = np.flatnonzero(~np.isnan(years))
        # by readers, and then by years without disturbing that: numbers of two bytes are sorted by counting
        dated = dated[np.argsort(-readers[dated], kind="stable")]
        newest_first = np.argsort(-years[dated].astype(np.int16), kind="stable")
        self._books = dated[newest_first].astype(np.int32)
        self._years = years[self._books].astype(np.int64)

    def newest(self, *, k: int, allowed: NDArray[np.bool_] | None, newest_year: int | None) -> NewArrivals:
        """The k newest books.

        Args:
            k: length of the list.
            allowed: `bool[n_books]`, which books may be listed; all where None.
            newest_year: a later year is taken for a mistake of the catalogue, and such a book is not listed.
        """
        books, years = self._books, self._years
        if newest_year is not None:
            first = int(np.searchsorted(-years, -newest_year))
            books, years = books[first:], years[first:]
        if allowed is not None:
            kept = allowed[books]
            books, years = books[kept], years[kept]
        pairs = zip(books[:k].tolist(), years[:k].tolist(), strict=True)
        ranked = [NewArrival(book, year, rank) for rank, (book, year) in enumerate(pairs, 1)]
        return NewArrivals(ranked, books.size)
