"""Tables on disk."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs_core.data.arrays import replacing_file


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table by rename; the same table gives the same bytes."""
    with replacing_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
