"""Business filters: which books may be listed at all, by what the catalogue knows of them.

A filter admits the books that are *known* to satisfy it. A book whose language, genre, year, price or stock is
unknown does not pass a filter that asks for it: a shop that is told "in stock, under 20" must not show what may be
neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    """The columns that filters ask for, as arrays, and the masks of the filters that were asked last.

    Args:
        catalogue: the books, in the order of the rows.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._columns = FilterColumns(catalogue)
        self.years = self._columns.years
        # of the columns, not of this: a cycle would keep a replaced bundle until the collector comes by
        self.mask: Callable[[BookFilter], NDArray[np.bool_]] = lru_cache(CACHED)(self._columns.mask)
        """Which books pass a filter, `bool[n_books]`, read-only."""

    def allowed(self, wanted: BookFilter) -> NDArray[np.bool_] | None:
        """Which books pass a filter, `bool[n_books]`, read-only; None where all do."""
        return None if wanted == EVERY_BOOK else self.mask(wanted)

    def failed(self, wanted: BookFilter, book_row: int) -> tuple[str, ...]:
        """The names of the conditions that a book does not pass."""
        return tuple(name for name, passes in self._columns.conditions(wanted) if not passes[book_row])


class FilterColumns:
    """The columns that filters ask for, as arrays.

    Args:
        catalogue: the books, in the order of the rows.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        table = catalogue.table
        self.n_books = len(catalogue)
        self.languages = Labels.of(table["language"])
        self.genres = Labels.of(table["genres"])
        self.years = numbers(table["year"])
        self.prices = numbers(table["price"])
        self.in_stock = truths(table["available"])

    def mask(self, wanted: BookFilter) -> NDArray[np.bool_]:
        """Which books pass a filter, `bool[n_books]`, read-only."""
        mask = np.ones(self.n_books, dtype=np.bool_)
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
