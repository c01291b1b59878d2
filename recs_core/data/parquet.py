"""Tables on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recs_core.data.arrays import replacing_file
from recs_core.data.dictionaries import Codes
from recs_core.data.sources.base import INTERACTIONS_SCHEMA
from recs_core.errors import ArtifactError

GROUP_ROWS = 2**20
"""Rows of a row group: what a reader takes in at once."""
DICTIONARY_BYTES = 2**26
"""A row group's texts stay a dictionary up to this size; beyond it parquet would write them out row by row."""


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table by rename; the same table gives the same bytes."""
    with (
        replacing_file(path) as temporary,
        pq.ParquetWriter(
            temporary, table.schema, compression="zstd", dictionary_pagesize_limit=DICTIONARY_BYTES
        ) as writer,
    ):
        for group in _groups(table):
            writer.write_table(group)


def read_interactions(path: Path) -> pa.Table:
    """Read the table of interactions that a source gave and `write_parquet` wrote.

    Returns:
        A table of `INTERACTIONS_SCHEMA`; its dictionaries are sorted and hold each text once, as id maps do.

    Raises:
        ArtifactError: the file is missing, or is no such table.
    """
    try:
        with pq.ParquetFile(path) as parquet:
            columns = [_read_column(parquet, field) for field in INTERACTIONS_SCHEMA]
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing") from None
    except (pa.ArrowInvalid, KeyError) as error:
        raise ArtifactError(f"{path} is no table of interactions: {error}") from error
    return pa.table(columns, schema=INTERACTIONS_SCHEMA)


def _groups(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(1, table.num_rows), GROUP_ROWS):
        group = table.slice(start, GROUP_ROWS)
        for number, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type):
                # only the texts that the group has, or each would carry those of the whole table
                column = Codes.of(group[field.name]).array(field.type.index_type)
                group = group.set_column(number, field, column)
        yield group


def _read_column(parquet: pq.ParquetFile, field: pa.Field) -> pa.Array:
    # one column at a time: no more than one is there twice
    column = parquet.read([field.name])[field.name]
    if not pa.types.is_dictionary(field.type):
        return column.cast(field.type).combine_chunks()
    return Codes.of(column).array(field.type.index_type)
