"""Books that come after those of a catalogue: rows that were given stay what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.data.catalogue import Catalogue
from recs_core.data.cells import Cell
from recs_core.data.idmap import PAD, IdMap
from recs_core.errors import DataError, UnknownIdError


class AppendedIds(IdMap):
    """The ids of a map, and others after them.

    Args:
        base: the map.
        more: the others.

    Raises:
        DataError: an id is in both.
    """

    def __init__(self, base: IdMap, more: IdMap) -> None:
        if bool(np.any(base.rows(more.array, missing="pad") != PAD)):
            raise DataError(f"a {base.space} id that is appended must be new")
        self.space = base.space
        self._base, self._more = base, more
        self._ids = np.concatenate([base.array, more.array])

    def row(self, external_id: str) -> int:
        """See `IdMap.row`."""
        row = self._base.row(external_id)
        if row != PAD:
            return row
        row = self._more.row(external_id)
        return PAD if row == PAD else len(self._base) + row

    def rows(
        self, ids: Sequence[str] | NDArray[Any], *, missing: Literal["raise", "pad"] = "raise"
    ) -> NDArray[np.int32]:
        """See `IdMap.rows`."""
        rows = self._base.rows(ids, missing="pad")
        others = self._more.rows(ids, missing="pad")
        rows = np.where(others == PAD, rows, others + np.int32(len(self._base))).astype(np.int32)
        if missing == "raise" and bool(np.any(rows == PAD)):
            raise UnknownIdError(self.space, np.asarray(ids, dtype=np.str_)[rows == PAD].tolist())
        return rows


class AppendedCatalogue(Catalogue):
    """The books of a catalogue, and others after them.

    Args:
        base: the catalogue.
        more: the others.

    Raises:
        DataError: a book is in both.
    """

    def __init__(self, base: Catalogue, more: Catalogue) -> None:
        self._base, self._more = base, more
        self._books = AppendedIds(base.books, more.books)
        self.table = pa.concat_tables([base.table, more.table])

    @cached_property
    def books(self) -> IdMap:
        """The id map of the rows."""
        return self._books

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """See `Catalogue.cells`."""
        first, n_first = self._base.cells, len(self._base)
        return {name: _either(first[name], second, n_first) for name, second in self._more.cells.items()}


def _either(first: Cell, second: Cell, n_first: int) -> Cell:
    return lambda row: first(row) if row < n_first else second(row - n_first)
