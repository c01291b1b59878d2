"""Rows that cannot be used are set aside with their reason, never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

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
column's value, and the whole row. Column and value are null where the row as a whole is wrong."""


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
    rows: pd.Series[bool]


class Quarantine:
    """Collects set-aside rows while a source is read."""

    def __init__(self) -> None:
        self._frames: list[pd.DataFrame] = []

    def add_one(self, file: str, line: int, reason: str, text: str) -> None:
        """Set one raw line aside."""
        entry = {"file": file, "line": line, "column": None, "reason": reason, "value": None, "text": text}
        self._frames.append(pd.DataFrame([entry]))

    def check(self, frame: pd.DataFrame, file: str, faults: list[Fault]) -> NDArray[np.bool_]:
        """Set aside every row with a fault, under the first fault that it has.

        Args:
            frame: raw rows; its column `line` is the line in `file`.
            file: the file that the rows come from.
            faults: gravest first.

        Returns:
            Mask of the rows to keep, `bool[n]`.
        """
        keep = np.ones(len(frame), dtype=np.bool_)
        for fault in faults:
            bad = fault.rows.to_numpy(dtype=np.bool_) & keep
            keep &= ~bad
            rows = frame[bad]
            entry = {
                "file": file,
                "line": rows["line"],
                "column": fault.column,
                "reason": fault.reason,
                "value": rows[fault.column].astype(str) if fault.column else None,
                "text": [
                    ";".join(map(str, row)) for row in rows.drop(columns="line").itertuples(index=False)
                ],
            }
            self._frames.append(pd.DataFrame(entry, index=rows.index))
        return keep

    def table(self) -> pa.Table:
        """Everything that was set aside, by file and line."""
        frames = [frame for frame in self._frames if len(frame)]
        if not frames:
            return SCHEMA.empty_table()
        parts = [pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False) for frame in frames]
        everything = pa.concat_tables(parts).replace_schema_metadata()
        return everything.sort_by([("file", "ascending"), ("line", "ascending")])
