"""What the store sells now: its books as the bundle has them, and what has changed since.

A change is the state of a book in the words of the store's events: columns of the catalogue, `stock` and `withdrawn`.
A book that is withdrawn, or of which there is none, is closed: nobody is shown it in a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self, TypeAlias

import numpy as np

from recs_core.data.catalogue import Catalogue
from recs_core.serving.filters import FilterColumns, FilterIndex

BookState: TypeAlias = Mapping[str, Any]
"""What the store changed of a book: `price`, `stock`, `withdrawn`, `title` and other columns, those that it did."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """The books of a bundle as they are sold now. It never changes: a change makes a new one.

    Args:
        printed: the columns as the bundle has them.
        filters: says which books may be listed.
        cells: book row to what has changed of it, by columns of the catalogue.
    """

    printed: FilterColumns
    filters: FilterIndex
    cells: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, catalogue: Catalogue) -> Self:
        """As the bundle has them."""
        columns = FilterColumns.of(catalogue)
        return cls(columns, FilterIndex(columns))

    def with_states(self, states: Mapping[int, BookState]) -> Self:
        """The shelf after changes.

        Args:
            states: book row to all that the store changed of the book since the bundle was made.
        """
        columns = self.filters.columns
        closed = np.zeros(columns.n_books, np.bool_) if columns.closed is None else columns.closed.copy()
        prices, in_stock = columns.prices.copy(), columns.in_stock.copy()
        changed: dict[int, Mapping[str, Any]] = {row: _cells(state) for row, state in states.items()}
        for row, now in changed.items():
            closed[row] = now.get("available") is False
            in_stock[row] = now.get("available", self.printed.in_stock[row])
            price = now.get("price", self.printed.prices[row])
            prices[row] = np.nan if price is None else price
        after = replace(columns, prices=prices, in_stock=in_stock, closed=closed if closed.any() else None)
        cells = MappingProxyType({**self.cells, **changed})
        return replace(self, filters=FilterIndex(after), cells=cells)


def _cells(state: BookState) -> dict[str, Any]:
    """A state by the catalogue's columns; `available` is absent where the store has not said."""
    cells = {name: value for name, value in state.items() if name not in ("stock", "withdrawn")}
    stock = state.get("stock")
    if state.get("withdrawn"):
        cells["available"] = False
    elif stock is not None:
        cells["available"] = stock > 0
    return cells
