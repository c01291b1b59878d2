"""One's own data: a CSV, TSV, Parquet or Arrow file of interactions, and where there is one, another of books."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from recs_core.data.cleaning import ValueRule, books_named_in, clean_books, clean_interactions
from recs_core.data.delimited import LINE, Dialect, open_maybe_gzipped, read_delimited, rename
from recs_core.data.quarantine import Quarantine
from recs_core.data.sources.base import USERS_SCHEMA, SourceTables, takes_options
from recs_core.errors import DataError

DELIMITERS = ",;\t|"
SNIFFED_BYTES = 2**20
COLUMNAR = {".parquet", ".arrow", ".feather"}


class Table:
    """Reads files of the user.

    Args:
        interactions: the file of interactions; CSV and TSV may be gzipped.
        columns: `user_id` and `book_id`, and where there are any `value` and `time`, to the file's names. A time is
            in seconds since 1970 or in ISO 8601.
        books: the file of books; without one a book's title is its id.
        book_columns: the catalogue's columns to the names in `books`; `book_id` and `title` at least.
        delimiter: of CSV and TSV; found out from the header where None.
        encoding: of CSV and TSV; found out where None: UTF-8 if the first megabyte is, Latin-1 otherwise.
        list_separator: what stands between several authors or genres.
        low, high: the scale of the values; None where anything goes.
        last_year: a later year is a mistake.
    """

    name: ClassVar[str] = "table"

    @takes_options
    def __init__(
        self,
        interactions: str,
        columns: dict[str, str],
        books: str | None = None,
        book_columns: dict[str, str] | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        list_separator: str = "|",
        low: float | None = None,
        high: float | None = None,
        last_year: int = 2100,
    ) -> None:
        self.interactions = Path(interactions)
        self.columns = columns
        self.books = Path(books) if books else None
        self.book_columns = book_columns or {}
        self.delimiter = delimiter
        self.encoding = encoding
        self.list_separator = list_separator
        self.rule = ValueRule(low, high)
        self.last_year = last_year

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check interactions and books.

        Raises:
            DataError: a file is missing, cannot be read, or lacks a column.
        """
        say(f"reading {self.interactions}" + (f" and {self.books}" if self.books else ""))
        quarantine = Quarantine()
        file = self.interactions.name
        frame = rename(self._read(self.interactions, quarantine), self.columns, file)
        if "time" in frame:
            frame["time"] = seconds_of(frame["time"])
        if self.books is None:
            books, books_file = books_named_in(frame), file
        else:
            books, books_file = self._read_books(self.books, quarantine), self.books.name
        catalogue = clean_books(books, books_file, quarantine, last_year=self.last_year)
        known = set(catalogue.books.array.tolist())
        interactions = clean_interactions(
            frame, file, quarantine, known=known, rule=self.rule, event="rating"
        )
        # the interactions last: without a file of books they are where the books come from too
        rows_read = {books_file: books.attrs["rows_read"], file: frame.attrs["rows_read"]}
        rows_kept = {books_file: len(catalogue), file: interactions.num_rows}
        nobody = USERS_SCHEMA.empty_table()
        return SourceTables(interactions, catalogue, nobody, quarantine.table(), rows_read, rows_kept)

    def _read_books(self, path: Path, quarantine: Quarantine) -> pd.DataFrame:
        books = rename(self._read(path, quarantine), self.book_columns, path.name)
        for name in ("authors", "genres"):
            if name in books:
                books[name] = books[name].str.split(self.list_separator, regex=False)
        return books

    def _read(self, path: Path, quarantine: Quarantine) -> pd.DataFrame:
        if path.suffix in COLUMNAR:
            return _read_columnar(path)
        with open_maybe_gzipped(path) as stream:
            dialect = self._dialect(stream, path)
        with open_maybe_gzipped(path) as stream:
            return read_delimited(stream, path.name, dialect, quarantine)

    def _dialect(self, stream: IO[bytes], path: Path) -> Dialect:
        start = stream.read(SNIFFED_BYTES)
        encoding = self.encoding or sniff_encoding(start)
        header = start.partition(b"\n")[0].decode(encoding, errors="replace")
        delimiter = self.delimiter or max(DELIMITERS, key=header.count)
        if delimiter not in header:
            raise DataError(
                f"{path.name}: {delimiter!r} does not stand in the header {header.strip()!r}; "
                "data.sources.table.delimiter can say what separates the columns"
            )
        return Dialect(delimiter=delimiter, encoding=encoding)


def sniff_encoding(start: bytes) -> str:
    """UTF-8 if the bytes are, but for a character that the end may cut; Latin-1 otherwise."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_at_the_end = error.start >= len(start) - 3 and error.reason == "unexpected end of data"
        return "utf-8" if cut_at_the_end else "latin-1"
    return "utf-8"


def seconds_of(column: pd.Series[str]) -> pd.Series[str]:
    """Times as strings of seconds since 1970; what is neither such a number nor ISO 8601 stays as it is."""
    numbers = pd.to_numeric(column, errors="coerce")
    dates = pd.to_datetime(column.where(numbers.isna()), errors="coerce", utc=True, format="ISO8601")
    seconds = dates.astype("datetime64[s, UTC]").astype("int64").astype(str)
    return column.where(dates.isna(), seconds)


def _read_columnar(path: Path) -> pd.DataFrame:
    """The rows of a Parquet or Arrow file as strings; a row's line is its number, as if after a header."""
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        strings = {name: table[name].cast(pa.string()).fill_null("") for name in table.column_names}
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    frame: pd.DataFrame = pa.table(strings).to_pandas()
    frame[LINE] = np.arange(2, len(frame) + 2)
    frame.attrs["rows_read"] = len(frame)
    return frame
