"""goodbooks-10k (Zygmunt Zajac, 2017): ratings of the 10,000 most rated books of Goodreads, CC BY-SA 4.0.

Read from a folder with the data set's CSV files, gzipped or not. The complete ratings file and samples of it are read
alike; `ratings_file` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd

from recs_core.data.cleaning import ValueRule, clean_books, clean_interactions
from recs_core.data.delimited import Dialect, open_maybe_gzipped, read_delimited, rename
from recs_core.data.quarantine import Quarantine
from recs_core.data.sources.base import USERS_SCHEMA, SourceTables, takes_options
from recs_core.errors import DataError

BOOKS = "books.csv"
TO_READ = "to_read.csv"
GENRES = "book_genres_clean.csv"
COLLECTED_IN = 2017
DIALECT = Dialect()
BOOK_COLUMNS = {
    # the book_id of the other files; the column book_id is Goodreads' own id
    "book_id": "id",
    "title": "title",
    "authors": "authors",
    "year": "original_publication_year",
    "language": "language_code",
    "cover_url": "image_url",
}


class Goodbooks:
    """Reads goodbooks-10k.

    Args:
        folder: where the CSV files lie.
        interactions: "ratings" (1 to 5), or "to_read", the wish lists, whose interactions have no value.
        ratings_file: the file with the ratings, for example a sample.
    """

    name: ClassVar[str] = "goodbooks-10k"

    @takes_options
    def __init__(
        self,
        folder: str,
        interactions: Literal["ratings", "to_read"] = "ratings",
        ratings_file: str = "ratings.csv",
    ) -> None:
        self.folder = Path(folder)
        self.interactions = interactions
        self.ratings_file = ratings_file

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check books and ratings or wish lists.

        Raises:
            DataError: a file is missing or lacks a column.
        """
        rated = self.interactions == "ratings"
        file = self.ratings_file if rated else TO_READ
        say(f"reading {BOOKS} and {file} from {self.folder}")
        quarantine = Quarantine()
        books = self._books(quarantine)
        columns = {"user_id": "user_id", "book_id": "book_id"} | ({"value": "rating"} if rated else {})
        frame = rename(self._read(file, quarantine), columns, file)
        catalogue = clean_books(books, BOOKS, quarantine, last_year=COLLECTED_IN)
        interactions = clean_interactions(
            frame,
            file,
            quarantine,
            known=set(catalogue.books.array.tolist()),
            rule=ValueRule(1, 5, whole=True),
            event="rating",
        )
        rows_read = {BOOKS: books.attrs["rows_read"], file: frame.attrs["rows_read"]}
        rows_kept = {BOOKS: len(catalogue), file: interactions.num_rows}
        nobody = USERS_SCHEMA.empty_table()
        return SourceTables(interactions, catalogue, nobody, quarantine.table(), rows_read, rows_kept)

    def _books(self, quarantine: Quarantine) -> pd.DataFrame:
        books = rename(self._read(BOOKS, quarantine), BOOK_COLUMNS, BOOKS)
        books["authors"] = books["authors"].str.split(",")
        # 2008.0 for 2008; a negative one is of a book before our era
        books["year"] = books["year"].str.removesuffix(".0")
        if self._find(GENRES) is not None:
            # labels of books, no rows of their own: what is wrong with them is not missed
            genres = rename(
                self._read(GENRES, Quarantine()), {"book_id": "book_id", "genres": "genres"}, GENRES
            ).set_index("book_id")["genres"]
            books["genres"] = books["book_id"].map(genres).fillna("").str.split(",")
        return books

    def _read(self, name: str, quarantine: Quarantine) -> pd.DataFrame:
        path = self._find(name)
        if path is None:
            raise DataError(
                f"{self.folder / name} is missing, gzipped or not; data.sources.{self.name}.folder says where "
                "goodbooks-10k lies"
            )
        with open_maybe_gzipped(path) as stream:
            return read_delimited(stream, name, DIALECT, quarantine)

    def _find(self, name: str) -> Path | None:
        plain = self.folder / name
        zipped = self.folder / f"{name}.gz"
        return next((path for path in (plain, zipped) if path.is_file()), None)
