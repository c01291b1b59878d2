"""Rows that cannot be used are set aside with their reason, never dropped in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.reading.raw import RawRows

SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("column", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""One row a set-aside row: the file and line it stood on (header is line 1), which column was wrong and why, the
column's value, and all columns that are read, joined by ";" (a row of a wrong width as it stands in the file). Column
and value are null where the row as a whole is wrong."""


@dataclass(frozen=True)
class Fault:
    """What may be wrong with a row.

    Args:
        column: the column to blame; None for the row as a whole.
        reason: what is wrong with it.
        rows: the rows that have the fault, `bool[n]`.
    """

    column: str | None
    reason: str
    rows: NDArray[np.bool_]


class Quarantine:
    """Collects set-aside rows while a source is read."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._single: list[dict[str, object]] = []
        self._counts: Counter[str] = Counter()

    def count(self, file: str) -> int:
        """How many rows of a file are set aside by now."""
        return self._counts[file]

    def add_one(self, file: str, line: int, reason: str, text: str) -> None:
        """Set one raw line aside."""
        self._single.append({"file": file, "line": line, "reason": reason, "text": text})
        self._counts[file] += 1

    def add(self, rows: RawRows, file: str, column: str | None, reason: str) -> None:
        """Set rows aside that all have the same fault.

        Args:
            rows: the rows.
            file: the file that they come from.
            column: the column to blame; None for the rows as a whole.
            reason: what is wrong with them.
        """
        if not len(rows):
            return
        nothing = pa.nulls(len(rows), pa.string())
        columns = {
            "file": pa.repeat(pa.scalar(file), len(rows)),
            "line": pa.array(rows.lines),
            "column": pa.repeat(pa.scalar(column), len(rows)) if column else nothing,
            "reason": pa.repeat(pa.scalar(reason), len(rows)),
            "value": rows.columns[column] if column else nothing,
            "text": pc.binary_join_element_wise(*rows.columns.columns, ";"),
        }
        self._tables.append(pa.table(columns, schema=SCHEMA))
        self._counts[file] += len(rows)

    def check(self, rows: RawRows, file: str, faults: list[Fault]) -> NDArray[np.bool_]:
        """Set aside every row with a fault, under the first fault that it has.

        Args:
            rows: raw rows.
            file: the file that they come from.
            faults: gravest first.

        Returns:
            Mask of the rows to keep, `bool[n]`.
        """
        keep = np.ones(len(rows), dtype=np.bool_)
        for fault in faults:
            bad = fault.rows & keep
            if bad.any():
                keep &= ~bad
                self.add(rows.filter(bad), file, fault.column, fault.reason)
        return keep

    def table(self) -> pa.Table:
        """Everything that was set aside, by file and line."""
        single = pa.Table.from_pylist(self._single, schema=SCHEMA)
        everything = pa.concat_tables([single, *self._tables])
        return everything.sort_by([("file", "ascending"), ("line", "ascending")]).combine_chunks()


def without_content(table: pa.Table, *, but: str | None) -> pa.Table:
    """What was set aside without what the rows said, which is about people.

    Args:
        table: of `SCHEMA`.
        but: the file of books, of which the content stays; None where there is none.
    """
    stays = pc.equal(table["file"], but or "")
    value = pc.if_else(stays, table["value"], pa.scalar(None, pa.string()))
    text = pc.if_else(stays, table["text"], "")
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return pa.table(columns | {"value": value, "text": text}, schema=SCHEMA)
