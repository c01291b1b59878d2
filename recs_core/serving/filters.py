"""Business filters: which books may be listed at all, by what the catalogue knows of them.

A filter admits the books that are *known* to satisfy it. A book whose language, genre, year, price or stock is
unknown does not pass a filter that asks for it: a shop that is told "in stock, under 20" must not show what may be
neither. What the store does not sell now passes no filter, not even the empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from recs_core.data.catalogue import Catalogue
from recs_core.serving.columns import Labels, numbers, truths

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

CACHED = 64
"""Filters whose masks are kept: a shop has few, and asks the same again and again."""


class BookFilter(BaseModel):
    """What a listed book must be. Conditions that are not given admit every book.

    Args:
        in_stock: only books of which the catalogue says that they are available.
        languages: in any of these, as the catalogue writes them, in any case.
        genres: of any of these.
        without_genres: of none of these; a book whose genres are unknown passes.
        year_from, year_to: published then, both included.
        price_from, price_to: at that price in the catalogue's currency, both included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_stock: bool = False
    languages: tuple[Label, ...] = ()
    genres: tuple[Label, ...] = ()
    without_genres: tuple[Label, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    price_from: float | None = Field(None, ge=0, allow_inf_nan=False)
    price_to: float | None = Field(None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ranges_are_not_empty(self) -> Self:
        for name in ("year", "price"):
            low, high = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if low is not None and high is not None and low > high:
                raise ValueError(f"{name}_from={low} is above {name}_to={high}: no book can pass")
        return self


EVERY_BOOK = BookFilter()


class FilterIndex:
    """Which books may be listed, and the masks of the filters that were asked last.

    Args:
        columns: what is known of the books.
    """

    def __init__(self, columns: FilterColumns) -> None:
        self.columns = columns
        # of the columns, not of this: a cycle would keep a replaced bundle until the collector comes by
        self.mask: Callable[[BookFilter], NDArray[np.bool_]] = lru_cache(CACHED)(columns.mask)
        """Which books may be listed that pass a filter, `bool[n_books]`, read-only."""
        none = np.empty(0, dtype=np.int64)
        self._closed_rows = none if columns.closed is None else np.flatnonzero(columns.closed)

    def bar(self, scores: NDArray[np.float32], wanted: BookFilter) -> None:
        """Set the scores, `float32[n_books]`, of all books but `allowed` ones to -inf, in place."""
        # closed books are few, and a pass over a million others takes as long as all else that is done to a list
        scores[self._closed_rows if wanted == EVERY_BOOK else ~self.mask(wanted)] = -np.inf

    def allowed(self, wanted: BookFilter = EVERY_BOOK) -> NDArray[np.bool_] | None:
        """Which books may be listed that pass a filter, `bool[n_books]`, read-only; None where all may."""
        return None if wanted == EVERY_BOOK and self.columns.closed is None else self.mask(wanted)

    def is_closed(self, book_row: int) -> bool:
        """Whether a book must not be listed, whatever the filter."""
        return self.columns.closed is not None and bool(self.columns.closed[book_row])

    def failed(self, wanted: BookFilter, book_row: int) -> tuple[str, ...]:
        """The names of the conditions that a book does not pass."""
        return tuple(name for name, passes in self.columns.conditions(wanted) if not passes[book_row])


@dataclass(frozen=True, eq=False)
class FilterColumns:
    """The columns that filters ask for, as arrays, in the order of the rows.

    Args:
        languages, genres: of the books.
        years: `float64[n_books]`, NaN where unknown.
        prices: `float64[n_books]`, NaN where unknown.
        in_stock: `bool[n_books]`, known to be available.
        closed: `bool[n_books]`, must not be listed at all; None where every book may.
    """

    languages: Labels
    genres: Labels
    years: NDArray[np.float64]
    prices: NDArray[np.float64]
    in_stock: NDArray[np.bool_]
    closed: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, catalogue: Catalogue) -> Self:
        """Read a catalogue, of which every book may be listed."""
        table = catalogue.table
        return cls(
            languages=Labels.of(table["language"]),
            genres=Labels.of(table["genres"]),
            years=numbers(table["year"]),
            prices=numbers(table["price"]),
            in_stock=truths(table["available"]),
        )

    @property
    def n_books(self) -> int:
        """How many there are."""
        return int(self.years.size)

    def mask(self, wanted: BookFilter) -> NDArray[np.bool_]:
        """Which books may be listed that pass a filter, `bool[n_books]`, read-only."""
        mask = np.ones(self.n_books, dtype=np.bool_) if self.closed is None else ~self.closed
        for _, passes in self.conditions(wanted):
            mask &= passes
        mask.flags.writeable = False
        return mask

    def conditions(self, wanted: BookFilter) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Name and `bool[n_books]` of each condition that is given."""
        if wanted.in_stock:
            yield "in_stock", self.in_stock
        if wanted.languages:
            yield "languages", self.languages.mask(wanted.languages)
        if wanted.genres:
            yield "genres", self.genres.mask(wanted.genres)
        if wanted.without_genres:
            yield "without_genres", ~self.genres.mask(wanted.without_genres)
        # nothing compares with NaN, so what is unknown does not pass
        for name, column in (("year", self.years), ("price", self.prices)):
            low, high = getattr(wanted, f"{name}_from"), getattr(wanted, f"{name}_to")
            if low is not None:
                yield f"{name}_from", column >= low
            if high is not None:
                yield f"{name}_to", column <= high
