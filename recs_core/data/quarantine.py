"""Rows that cannot be used are set aside with their reason, never dropped in silence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""One row a set-aside row: the file and line it stood on (header is line 1), why, and what it said."""


class Quarantine:
    """Collects set-aside rows while a source is read."""

    def __init__(self) -> None:
        self._frames: list[pd.DataFrame] = []

    def add_one(self, file: str, line: int, reason: str, text: str) -> None:
        """Set one raw line aside."""
        entry = {"file": file, "line": line, "reason": reason, "text": text}
        self._frames.append(pd.DataFrame([entry]))

    def check(
        self, frame: pd.DataFrame, file: str, faults: Mapping[str, pd.Series[bool]]
    ) -> NDArray[np.bool_]:
        """Set aside every row with a fault, under the first fault that it has.

        Args:
            frame: raw rows; its column `line` is the line in `file`.
            file: the file that the rows come from.
            faults: reason to a mask of the rows that have it, gravest first.

        Returns:
            Mask of the rows to keep, `bool[n]`.
        """
        keep = np.ones(len(frame), dtype=np.bool_)
        for reason, mask in faults.items():
            bad = mask.to_numpy(dtype=np.bool_) & keep
            keep &= ~bad
            rows = frame[bad]
            text = [";".join(fields) for fields in rows.drop(columns="line").itertuples(index=False)]
            self._frames.append(
                pd.DataFrame({"file": file, "line": rows["line"], "reason": reason, "text": text})
            )
        return keep

    def table(self) -> pa.Table:
        """Everything that was set aside, by file and line."""
        frames = [frame for frame in self._frames if len(frame)]
        if not frames:
            return SCHEMA.empty_table()
        everything = pd.concat(frames).sort_values(["file", "line"], kind="stable")
        table = pa.Table.from_pandas(everything, schema=SCHEMA, preserve_index=False)
        return table.replace_schema_metadata()
