"""One's own data: a CSV, TSV, Parquet or Arrow file of interactions, and where there is one, another of books."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.cleaning.intake import Intake
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.reading.any_file import file_at
from recs_core.data.reading.raw import RawFile
from recs_core.data.sources.base import SourceTables, check_names, takes_options
from recs_core.errors import ParameterError


class Table:
    """Reads files of the user.

    Args:
        interactions: the file of interactions; CSV and TSV may be gzipped.
        columns: `user_id` and `book_id`, and where there are any `value`, `time` and `event`, to the file's names. A
            time is in seconds since 1970 or in ISO 8601 with hyphens (20040601 is a number of seconds); an event says
            what happened, such as "view" or "purchase".
        books: the file of books; without one a book's title is its id.
        book_columns: the catalogue's columns to the names in `books`; `book_id` and `title` at least. A price is a
            number of at least 0; availability is true or false, 1 or 0, yes or no, "in stock" or "out of stock".
        delimiter: of CSV and TSV; found out from the header where None.
        encoding: of CSV and TSV; found out where None: UTF-8 if the first megabyte is, Latin-1 otherwise.
        list_separator: what stands between several authors or genres.
        low, high: the scale of the values, both or neither; None where anything goes.
        last_year: a later year is a mistake.

    Raises:
        ParameterError: a column is missing or unknown, the scale is none, the encoding is unknown, or both files have
            one name.
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
        delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None,
        encoding: str | None = None,
        list_separator: str = "|",
        low: float | None = None,
        high: float | None = None,
        last_year: Annotated[int, Field(le=2100)] = 2100,
    ) -> None:
        where = f"data.sources.{self.name}"
        check_names(columns, {"user_id", "book_id"}, {"value", "time", "event"}, where=f"{where}.columns")
        if books:
            fields = set(CATALOGUE_SCHEMA.names)
            check_names(book_columns or {}, {"book_id", "title"}, fields, where=f"{where}.book_columns")
            if Path(books).name == Path(interactions).name:
                raise ParameterError(
                    f"{where}: interactions and books are both called {Path(books).name}; accounts go by the files' "
                    "names, so rename one"
                )
        if (low is None) != (high is None) or (low is not None and high is not None and low > high):
            raise ParameterError(
                f"{where}: low and high are {low} and {high}; give both, the lower first, or neither"
            )
        if encoding is not None:
            _check_encoding(encoding, where=where)
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


def _check_encoding(encoding: str, *, where: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ParameterError(f"{where}.encoding: there is no encoding {encoding!r}") from None
