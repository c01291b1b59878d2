"""Columnar files (Parquet, Arrow IPC), read block by block as strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from recs_core.data.reading.raw import RawRows, Reject, check_columns, no_rows
from recs_core.errors import DataError

SUFFIXES = {".parquet", ".arrow", ".feather"}
BATCH_ROWS = 500_000
"""Read at once: bounds the memory."""


@dataclass(frozen=True)
class ColumnarFile:
    """A Parquet or Arrow file; see `RawFile`. A row's line is its number, as if after a header.

    Args:
        path: where it is; its ending says which of the two it is.
        columns: name here to name in the file; others are not read.
        batch_rows: how many rows are read at once.
    """

    path: Path
    columns: Mapping[str, str]
    batch_rows: int = BATCH_ROWS

    @property
    def name(self) -> str:
        """See `RawFile.name`."""
        return self.path.name

    def batches(self, reject: Reject) -> Iterator[RawRows]:
        """See `RawFile.batches`; no row is rejected."""
        first = 2
        try:
            for batch in self._typed_batches():
                strings = {new: _strings(batch[old]) for new, old in self.columns.items()}
                yield RawRows(
                    pa.RecordBatch.from_pydict(strings),
                    np.arange(first, first + batch.num_rows, dtype=np.int64),
                )
                first += batch.num_rows
            if first == 2:
                yield no_rows(self.columns)
        except FileNotFoundError:
            raise DataError(f"{self.path} is missing") from None
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"{self.path} cannot be read: {error}") from error

    def _typed_batches(self) -> Iterator[pa.RecordBatch]:
        wanted = list(dict.fromkeys(self.columns.values()))
        if self.path.suffix == ".parquet":
            with pq.ParquetFile(self.path) as parquet:
                check_columns(self.columns, parquet.schema_arrow.names, self.name)
                yield from parquet.iter_batches(self.batch_rows, columns=wanted)
            return
        with pa.memory_map(str(self.path)) as mapped:
            reader = pa.ipc.open_file(mapped)
            check_columns(self.columns, reader.schema.names, self.name)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number).select(wanted)
                for start in range(0, batch.num_rows, self.batch_rows):
                    yield batch.slice(start, self.batch_rows)


def _strings(column: pa.Array) -> pa.StringArray:
    texts = pc.fill_null(column.cast(pa.string()), "")
    if not pa.types.is_floating(column.type):
        return texts
    # ids that were whole numbers beside a missing one: Arrow writes large ones with an exponent, and others with ".0"
    numbers = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    whole = (np.abs(numbers) < 2**53) & (numbers % 1 == 0)
    digits = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(pa.string())
    return pc.if_else(pa.array(whole), digits, texts)
