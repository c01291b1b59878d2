"""What the store knows of each book, in an Arrow file that is memory-mapped where it is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
from numpy.typing import NDArray

from recs_core.data.arrays import replacing_file
from recs_core.data.cells import Cell, cells
from recs_core.data.idmap import IdMap
from recs_core.errors import ArtifactError, DataError

SCHEMA = pa.schema(
    [
        pa.field("book_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("authors", pa.list_(pa.string()), nullable=False),
        pa.field("year", pa.int16()),
        pa.field("publisher", pa.string()),
        pa.field("language", pa.string()),
        pa.field("genres", pa.list_(pa.string()), nullable=False),
        pa.field("description", pa.string()),
        pa.field("cover_url", pa.string()),
        pa.field("price", pa.float64()),
        pa.field("available", pa.bool_()),
    ]
)
"""The columns of a catalogue. What is unknown is null. A price is in the source's currency, at least 0."""


@dataclass(frozen=True, slots=True)
class BookRecord:
    """One book as a person would read of it."""

    book_id: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    publisher: str | None
    language: str | None
    genres: tuple[str, ...]
    description: str | None
    cover_url: str | None
    price: float | None = None
    available: bool | None = None


class Catalogue:
    """Books in the row order of their id map.

    Args:
        table: a table of `SCHEMA`, sorted by `book_id`.

    Raises:
        DataError: the table has other columns, is not sorted by `book_id`, or repeats one.
    """

    def __init__(self, table: pa.Table) -> None:
        if not table.schema.equals(SCHEMA):
            raise DataError(f"a catalogue has the columns {SCHEMA.names}, not {table.schema.names}")
        ids = table["book_id"]
        if len(ids) > 1 and not pc.all(pc.less(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py():
            raise DataError("a catalogue must be sorted by book_id, each of them once")
        self.table = table

    @cached_property
    def books(self) -> IdMap:
        """The id map of the rows."""
        return IdMap(np.asarray(self.table["book_id"].to_pylist(), dtype=np.str_), space="book")

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """Readers of single values by row, by the names of `SCHEMA`."""
        return cells(self.table)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def record(self, book_row: int) -> BookRecord:
        """The book of one row."""
        return self.records(np.array([book_row], dtype=np.int32))[0]

    def records(self, book_rows: NDArray[np.int32]) -> list[BookRecord]:
        """The books of many rows, in the order asked for.

        Raises:
            IndexError: a row is outside the catalogue.
        """
        found = self._take(book_rows).to_pylist()
        return [
            BookRecord(**(entry | {"authors": tuple(entry["authors"]), "genres": tuple(entry["genres"])}))
            for entry in found
        ]

    def select(self, books: IdMap) -> Catalogue:
        """The catalogue of the books in `books` alone.

        Raises:
            UnknownIdError: the catalogue lacks one of them.
        """
        return Catalogue(self._take(self.books.rows(books.array)).combine_chunks())

    def _take(self, book_rows: NDArray[np.int32]) -> pa.Table:
        # pa.array would import pandas, which the API does without
        buffer = pa.py_buffer(np.ascontiguousarray(book_rows, dtype=np.int32))
        return self.table.take(pa.Array.from_buffers(pa.int32(), len(book_rows), [None, buffer]))

    def save(self, path: Path) -> None:
        """Write as one Arrow IPC file, by rename."""
        with (
            replacing_file(path) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, SCHEMA) as writer,
        ):
            writer.write_table(self.table.combine_chunks())

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Memory-map what `save` wrote.

        Raises:
            ArtifactError: the file is missing or is no Arrow file.
        """
        try:
            return cls(pa.ipc.open_file(pa.memory_map(str(path))).read_all())
        except FileNotFoundError:
            raise ArtifactError(f"{path} is missing") from None
        except pa.ArrowInvalid as error:
            raise ArtifactError(f"{path} is no Arrow file: {error}") from error
