"""Lists that are of no reader: by likeness, by what readers share, by what is read, by what is new, by words."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.errors import UnknownIdError
from recs_core.serving.answer import RankedBook
from recs_core.serving.arrivals import ArrivalIndex, NewArrivals
from recs_core.serving.co_reading import CoRead, CoReading
from recs_core.serving.discretion import MIN_READERS
from recs_core.serving.filters import EVERY_BOOK, BookFilter, FilterIndex
from recs_core.serving.similar import similar_books
from recs_core.serving.trending_lists import TrendingIndex, TrendingList, Window


class Discovery:
    """Finds books in one bundle. Nothing in it changes, so any number of threads may ask.

    Args:
        bundle: an opened bundle.
        filters: of its catalogue.
        min_readers: of how many anything that is said of readers must be, at least.
    """

    def __init__(self, bundle: Bundle, filters: FilterIndex, *, min_readers: int = MIN_READERS) -> None:
        self._bundle = bundle
        self._filters = filters
        self._min_readers = min_readers
        self.co_reading = CoReading(bundle.history.matrix)
        self._arrivals = ArrivalIndex(filters.columns.years, bundle.reading["all"])
        self._trending = TrendingIndex(bundle.reading, min_readers=min_readers)

    def with_filters(self, filters: FilterIndex) -> Self:
        """The same books, of which others may be listed."""
        other = copy(self)
        other._filters = filters
        return other

    def similar(self, book_id: str, *, k: int) -> list[RankedBook]:
        """The k books most like a book: to the model, or by their content where it knows no likeness.

        Raises:
            UnknownIdError: the book is not in the bundle.
        """
        book_row, allowed = self.book_row(book_id), self._filters.allowed()
        return similar_books(self._bundle.model, self._bundle.vectors, book_row, k=k, allowed=allowed)

    def also_read(self, book_id: str, *, k: int) -> list[CoRead]:
        """The k books that readers of a book read too, those that go best with it first; see `CoReading`.

        Args:
            book_id: the book.
            k: length of the list; it is shorter where fewer books have the readers.

        Raises:
            UnknownIdError: the book is not in the bundle.
        """
        book_row, allowed = self.book_row(book_id), self._filters.allowed()
        return self.co_reading.also_read(book_row, k=k, min_readers=self._min_readers, allowed=allowed)

    def trending(self, window: Window, *, k: int, filters: BookFilter = EVERY_BOOK) -> TrendingList:
        """The k books that most readers read within a window; see `TrendingIndex`.

        Args:
            window: how far to look back from the newest reading; a longer one is taken where the data has none of it.
            k: length of the list.
            filters: what a listed book must be.
        """
        return self._trending.best(window, k=k, allowed=self._filters.allowed(filters))

    def new_arrivals(
        self, *, k: int, filters: BookFilter = EVERY_BOOK, newest_year: int | None = None
    ) -> NewArrivals:
        """The k books of the latest publication years, of one year those read more; none of an unknown year.

        Args:
            k: length of the list.
            filters: what a listed book must be.
            newest_year: a later year is taken for a mistake of the catalogue, and such a book is not listed.
        """
        return self._arrivals.newest(k=k, allowed=self._filters.allowed(filters), newest_year=newest_year)

    def search(
        self, text: str, *, k: int, filters: BookFilter = EVERY_BOOK, exclude: tuple[str, ...] = ()
    ) -> list[RankedBook]:
        """The k books that a text means best, as it was typed so far and in spite of typing errors.

        Their scores are those of the search: higher is better within one list, and no list compares with another.

        Args:
            text: words of title, author, series or genre, or an ISBN; one without a word finds nothing.
            k: how many, at least 1; the list is shorter where fewer books match.
            filters: what a listed book must be.
            exclude: ids of books that must not be listed; unknown ones do no harm.

        The books with all words are looked for among those that pass: a filter never leaves an empty list where it
        admits a book that has a word of the text.
        """
        mask = self._filters.allowed(filters)
        if exclude:
            rows = self._bundle.books.rows(exclude, missing="pad")
            mask = np.ones(len(self._bundle.books), dtype=np.bool_) if mask is None else mask.copy()
            mask[rows[rows != PAD]] = False
        found, scores = self._bundle.search.search(text, k=k, mask=mask)
        pairs = zip(found.tolist(), scores.tolist(), strict=True)
        return [RankedBook(row, score, rank) for rank, (row, score) in enumerate(pairs, 1)]

    def book_row(self, book_id: str) -> int:
        """The row of a book.

        Raises:
            UnknownIdError: the book is not in the bundle.
        """
        row = self._bundle.books.row(book_id)
        if row == PAD:
            raise UnknownIdError("book", [book_id])
        return row
