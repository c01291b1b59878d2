"""One's own data: a CSV, TSV, Parquet or Arrow file of interactions, and where there is one, another of books."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from recs_core.data.cleaning.intake import Intake
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.reading.any_file import file_at
from recs_core.data.reading.raw import RawFile
from recs_core.data.sources.base import SourceTables, takes_options


class Table:
    """Reads files of the user.

    Args:
        interactions: the file of interactions; CSV and TSV may be gzipped.
        columns: `user_id` and `book_id`, and where there are any `value`, `time` and `event`, to the file's names. A
            time is in seconds since 1970 or in ISO 8601; an event says what happened, such as "view" or "purchase".
        books: the file of books; without one a book's title is its id.
        book_columns: the catalogue's columns to the names in `books`; `book_id` and `title` at least. A price is a
            number of at least 0; availability is true or false, 1 or 0, yes or no, "in stock" or "out of stock".
        delimiter: of CSV and TSV; found out from the header where None.
        encoding: of CSV and TSV; found out where None: UTF-8 if the first megabyte is, Latin-1 otherwise.
        list_separator: what stands between several authors or genres.
        low, high: the scale of the values; None where anything goes.
        last_year: a later year is a mistake.
    """

    synthetic: ClassVar[bool] = False
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
        self.rule = ValueRule(low, high, optional=True)
        self.last_year = last_year

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check interactions and books.

        Raises:
            DataError: a file is missing, cannot be read, or lacks a column.
        """
        say(f"reading {self.interactions}" + (f" and {self.books}" if self.books else ""))
        intake = Intake(preparation, say=say)
        if self.books is not None:
            books = intake.read(self._file(self.books, self.book_columns))
            separators = dict.fromkeys(("authors", "genres"), self.list_separator)
            intake.add_books(books, self.books.name, last_year=self.last_year, separators=separators)
        intake.add_interactions(self._file(self.interactions, self.columns), InteractionRules(self.rule))
        return intake.tables()

    def _file(self, path: Path, columns: dict[str, str]) -> RawFile:
        return file_at(
            path,
            columns,
            where=f"data.sources.{self.name}",
            delimiter=self.delimiter,
            encoding=self.encoding,
        )
