"""Rows as a file has them: strings, block by block, each with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.errors import DataError

Reject = Callable[[int, str, str], None]
"""Is told of a row that cannot be read as columns: its line, what is wrong with it, and its text."""


@dataclass(frozen=True)
class RawRows:
    """Some rows of a file, before anything is judged.

    Args:
        columns: strings, named as here and not as in the file; "" where there is nothing.
        lines: `int64[n]`, ascending; where each row stands in its file, the header being line 1.
    """

    columns: pa.RecordBatch
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.lines.size)

    def __contains__(self, name: str) -> bool:
        return name in self.columns.schema.names

    def with_column(self, name: str, values: pa.StringArray) -> RawRows:
        """The same rows with one column more, or another in place of one."""
        columns = {old: self.columns[old] for old in self.columns.schema.names} | {name: values}
        return RawRows(pa.RecordBatch.from_pydict(columns), self.lines)

    def filter(self, mask: NDArray[np.bool_]) -> RawRows:
        """The rows in the mask, `bool[n]`."""
        return RawRows(self.columns.filter(pa.array(mask)), self.lines[mask])


class RawFile(Protocol):
    """A file of rows that is read block by block, as often as need be."""

    @property
    def name(self) -> str:
        """What the file is called in messages and accounts."""
        ...

    def batches(self, reject: Reject) -> Iterator[RawRows]:
        """Read from the beginning, in the order of the lines; at least one batch, be it empty.

        Every data row is either in one of the batches or was told to `reject`.

        Raises:
            DataError: the file cannot be read, or lacks a column.
        """
        ...


def no_rows(columns: Iterable[str]) -> RawRows:
    """The columns of a file without rows."""
    empty = pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in columns})
    return RawRows(empty, np.empty(0, dtype=np.int64))


def joined(batches: Iterable[RawRows]) -> RawRows:
    """All rows of a file at once, for one that is small."""
    several = list(batches)
    return RawRows(
        pa.concat_batches([batch.columns for batch in several]),
        np.concatenate([batch.lines for batch in several]),
    )


def check_columns(columns: Mapping[str, str], header: list[str], file: str) -> None:
    """Look for what is to be read.

    Args:
        columns: name here to name in the file.
        header: the names in the file.
        file: what it is called.

    Raises:
        DataError: the file lacks one of them.
    """
    missing = [name for name in columns.values() if name not in header]
    if missing:
        raise DataError(f"{file} lacks the columns {missing}; it has {header}")
