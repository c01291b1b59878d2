"""goodbooks-10k (Zygmunt Zajac, 2017): ratings of the 10,000 most rated books of Goodreads, CC BY-SA 4.0.

Read from a folder with the data set's CSV files, gzipped or not. The complete ratings file and samples of it are read
alike; `ratings_file` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pyarrow.compute as pc
from pydantic import Field

from recs_core.data.cleaning.intake import Intake
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.reading.delimited import DelimitedFile, Dialect, open_maybe_gzipped
from recs_core.data.reading.raw import RawRows
from recs_core.data.sources.base import SourceTables, takes_options
from recs_core.data.sources.goodbooks_labels import looked_up, most_used_tags, read_labels, together
from recs_core.errors import DataError

BOOKS = "books.csv"
TO_READ = "to_read.csv"
GENRES = "book_genres_clean.csv"
TAGS = "tags.csv"
COLLECTED_IN = 2017
DIALECT = Dialect()
BOOK_COLUMNS = {
    # the book_id of the other files; the column book_id is Goodreads' own id
    "book_id": "id",
    "goodreads_book_id": "book_id",
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
        tags: so many of the tags that each book was given most often count as genres, beside the cleaned genres
            where there is a file of them; with 0 no tags are read.
        tags_file: the file that counts the tags of each book.
    """

    synthetic: ClassVar[bool] = False
    name: ClassVar[str] = "goodbooks-10k"

    @takes_options
    def __init__(
        self,
        folder: str,
        interactions: Literal["ratings", "to_read"] = "ratings",
        ratings_file: str = "ratings.csv",
        tags: Annotated[int, Field(ge=0)] = 0,
        tags_file: str = "book_tags.csv",
    ) -> None:
        self.folder = Path(folder)
        self.interactions = interactions
        self.ratings_file = ratings_file
        self.tags = tags
        self.tags_file = tags_file

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check books and ratings or wish lists.

        Raises:
            DataError: a file is missing or lacks a column.
        """
        rated = self.interactions == "ratings"
        file = self.ratings_file if rated else TO_READ
        say(f"reading {BOOKS} and {file} from {self.folder}")
        intake = Intake(preparation, say=say)
        books = self._with_genres(intake.read(self._file(BOOKS, BOOK_COLUMNS)))
        separators = {"authors": ",", "genres": ","}
        intake.add_books(books, BOOKS, last_year=COLLECTED_IN, separators=separators)
        columns = {"user_id": "user_id", "book_id": "book_id"} | ({"value": "rating"} if rated else {})
        intake.add_interactions(self._file(file, columns), InteractionRules(ValueRule(1, 5, whole=True)))
        return intake.tables()

    def _with_genres(self, books: RawRows) -> RawRows:
        # 2008.0 for 2008; a negative one is of a book before our era
        year = pc.replace_substring_regex(books.columns["year"], r"\.0$", "")
        books = books.with_column("year", year)
        labels = []
        if self._find(GENRES) is not None:
            genres = read_labels(self._file(GENRES, {"book_id": "book_id", "genres": "genres"}))
            labels.append(looked_up(genres, "book_id", books.columns["book_id"], "genres"))
        if self.tags:
            same_names = {name: name for name in ("goodreads_book_id", "tag_id", "count")}
            counts = read_labels(self._file(self.tags_file, same_names))
            names = read_labels(self._file(TAGS, {"tag_id": "tag_id", "tag_name": "tag_name"}))
            tags = most_used_tags(counts, names, most=self.tags)
            key = "goodreads_book_id"
            labels.append(looked_up(tags, key, books.columns[key], "tags"))
        return books.with_column("genres", together(*labels)) if labels else books

    def _file(self, name: str, columns: dict[str, str]) -> DelimitedFile:
        path = self._find(name)
        if path is None:
            raise DataError(
                f"{self.folder / name} is missing, gzipped or not; data.sources.{self.name}.folder says where "
                "goodbooks-10k lies"
            )
        return DelimitedFile(name, partial(open_maybe_gzipped, path), DIALECT, columns)

    def _find(self, name: str) -> Path | None:
        plain = self.folder / name
        zipped = self.folder / f"{name}.gz"
        return next((path for path in (plain, zipped) if path.is_file()), None)
